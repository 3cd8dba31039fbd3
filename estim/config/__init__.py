"""What a home holds beside its journal: where it lies, its settings, units, plan and time zone."""
