"""Device families as pure code: bytes and intentions in, bytes and reports out; no clock, no task, no radio."""
