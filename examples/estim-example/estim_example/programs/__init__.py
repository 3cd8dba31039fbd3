"""Programs of this plug-in: every *.toml file in this folder."""
