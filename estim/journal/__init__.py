"""The journal: what was played and written down, in one database file and a marker beside it."""
