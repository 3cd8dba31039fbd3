"""Tells a counted diary: as text for a terminal and as one page for whoever treats the person."""
