"""The software ZC95: what the unit does, its faults included, written from its fact sheet."""
