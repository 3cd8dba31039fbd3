"""Programs: read and checked, fitted to a family as a course, and their dose."""
