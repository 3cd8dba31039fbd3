"""The ways in which a person is told that a session is due: on the desktop, in a terminal, and on other devices."""
