"""The command line: reads what a person typed, asks the host, prints what it says."""
