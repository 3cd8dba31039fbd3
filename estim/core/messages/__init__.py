"""What front ends and host say to each other: commands, events, and the lines that carry them."""
