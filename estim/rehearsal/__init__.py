"""Whole sessions without radio or clock: driver against software unit, and what its electrodes saw."""
