"""The software EM70: what the unit does, its faults included, written from its fact sheet."""
