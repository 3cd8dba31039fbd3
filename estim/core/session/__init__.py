"""A session, decided without input or output: its states, its level, the Guard and what is told."""
