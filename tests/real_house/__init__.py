"""A real Home Assistant beside a real host: run by hand, since it needs a Python and a house of its own."""
