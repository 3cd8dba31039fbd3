"""Everything that can hurt somebody, decided in pure code: no radio, no clock, no task."""
