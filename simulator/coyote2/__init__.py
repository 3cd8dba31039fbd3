"""The software Coyote 2: what the unit does, its faults included, written from its fact sheet."""
