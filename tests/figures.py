"""What the benches reckon from what they measured: shares, gaps, frames that came too late, growth, and what Linux says
of a process.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from pathlib import Path

Say = Callable[[str, str], None]
"""Prints one row: what was measured, and the figure."""


def share(values: Sequence[float], part: float) -> float:
    """Return the least of the values that at least this part of them doesn't exceed (the nearest rank)."""
    if not values:
        raise ValueError("a share of nothing")
    return sorted(values)[max(0, ceil(part * len(values)) - 1)]


def spread(values: Sequence[float], digits: int = 1) -> str:
    """Return the median, the 99th percentile and the largest; "none" if nothing was measured."""
    if not values:
        return "none"
    return " / ".join(f"{share(values, part):.{digits}f}" for part in (0.5, 0.99, 1.0))


def gaps_ms(at_s: Sequence[float]) -> list[float]:
    """Return the times between moments, ms."""
    return [1000 * (b - a) for a, b in pairwise(at_s)]


def short_a_minute(at_s: Sequence[float], every_s: float) -> float:
    """Return how many moments are missing in a minute between the first and the last, had one come every so often."""
    span_s = at_s[-1] - at_s[0]
    return (span_s / every_s + 1 - len(at_s)) * 60 / span_s


def late_a_minute(at_s: Sequence[float], most_s: float) -> float:
    """Return how many moments in a minute came later than this after the one before."""
    return sum(gap > 1000 * most_s for gap in gaps_ms(at_s)) * 60 / (at_s[-1] - at_s[0])


@dataclass(frozen=True, slots=True)
class Holding:
    """What a process holds at a moment. `database` is the journal with what SQLite keeps beside it, bytes."""

    hours: float
    sessions: int
    rss_mb: float
    files: int
    tasks: int
    database: int

    @property
    def row(self) -> str:
        return (
            f"{self.rss_mb:.1f} MB, {self.files} files, {self.tasks} tasks, "
            f"{self.sessions} sessions, {self.database:,} bytes of database"
        )


def a_session(early: Holding, late: Holding) -> float:
    """Return by how many bytes the database has grown for each session in between."""
    return (late.database - early.database) / max(1, late.sessions - early.sessions)


def rss_mb(pid: int | str) -> float:
    """Return what a process holds of the memory, MB; "self" is this one."""
    return rss_of(Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))


def rss_of(status: str) -> float:
    """Return the same from the text of its status (proc(5))."""
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


def cpu_s(pid: int | str) -> float:
    """Return the processor time that the threads of a process have taken, s: its own file tells of the first alone."""
    files = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(file.read_text(encoding="ascii").split()[0]) for file in files) / 1e9


def files_open(pid: int | str) -> int:
    """Return how many file descriptors a process has open."""
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
