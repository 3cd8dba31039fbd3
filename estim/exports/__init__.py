"""What leaves the journal and comes back: tables, lines, calendars, and a bundle for a clinic."""
