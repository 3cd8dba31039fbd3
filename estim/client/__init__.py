"""What every front end needs of a host: its door, its connection, and how one is started."""
