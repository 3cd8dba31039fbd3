"""The process that owns the radio: it does nothing else, so frames stay on time while a screen is drawn."""
