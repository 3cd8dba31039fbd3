"""The care plan, decided without input or output: where it stands, what comes next, what may be done today."""
