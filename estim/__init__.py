"""The session controller for the Bluetooth stimulator that somebody already owns."""

__version__ = "0.1.0"

BUILT = "2026-01-01"
"""The day before which this version can't have been used (UTC): a release sets it. A clock that says less is wrong."""
