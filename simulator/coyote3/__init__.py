"""The software Coyote 3: what the unit does, its faults included, written from its fact sheet."""
