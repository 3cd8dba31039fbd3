"""The session controller for the Bluetooth stimulator that somebody already owns."""

__version__ = "0.1.0"
