"""The software openEMSstim: what the unit does, its faults included, written from its fact sheet."""
