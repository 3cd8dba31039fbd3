"""The Coyote 3 family: its packets, its driver, and on top how it is recognised and connected."""
