"""One moment on both clocks: a monotonic one for whatever is measured, and UTC for whatever is told or kept."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Now:
    """`mono_s` counts suspend too and never jumps; `utc` is timezone-aware."""

    mono_s: float
    utc: datetime

    def iso(self) -> str:
        """Return the moment in the person's own zone, to the second, with its offset."""
        return self.utc.astimezone().isoformat(timespec="seconds")
