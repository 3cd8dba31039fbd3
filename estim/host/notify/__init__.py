"""Notices to a person: on the desktop, in a terminal, through services elsewhere."""
