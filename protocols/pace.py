"""When things may go out: an absolute grid that never catches up, one op that awaits its outcome, a value to be read.

1. A grid point that was missed is gone. A late frame carries the content of its own point, not of the moment.
2. Whatever is awaited has a time-out, after which the next one may go.
"""

from dataclasses import dataclass
from math import ceil, floor, inf

_SLACK_S = 1e-9
"""Rounding of sums of steps, so that a poll exactly at a point counts as at it."""


class Grid:
    """Points every `step_s` from `start_s` on; times in seconds on the caller's clock."""

    def __init__(self, start_s: float, step_s: float) -> None:
        self._start_s = start_s
        self._step_s = step_s
        self._next = 0

    @property
    def next_s(self) -> float:
        """When the next point is due."""
        return self._start_s + self._next * self._step_s

    def due(self, now_s: float) -> bool:
        """Say whether a point has come that was not taken yet."""
        return self._index(now_s) >= self._next

    def take(self, now_s: float) -> tuple[float, int]:
        """Take the latest point that has come: its time, and how many before it went by untaken."""
        index = max(self._index(now_s), self._next)
        missed = index - self._next
        self._next = index + 1
        return self._start_s + index * self._step_s, missed

    def skip(self, at_s: float) -> None:
        """Leave out all points before `at_s`: nothing was to be done at them."""
        self._next = self._first(at_s)

    def after(self, at_s: float) -> float:
        """Return the first untaken point that is not before `at_s`."""
        return self._start_s + self._first(at_s) * self._step_s

    def _first(self, at_s: float) -> int:
        return max(self._next, ceil((at_s - self._start_s - _SLACK_S) / self._step_s))

    def _index(self, now_s: float) -> int:
        return floor((now_s - self._start_s + _SLACK_S) / self._step_s)


@dataclass(frozen=True, slots=True)
class Turn:
    """An op that awaits its outcome until `until_s`."""

    tag: int
    until_s: float


class Reading:
    """One value that is read now and then: every `every_s`, again after `retry_s` if a read failed or timed out."""

    def __init__(self, now_s: float, *, every_s: float, retry_s: float, timeout_s: float) -> None:
        self._next_s = now_s
        self._every_s = every_s
        self._retry_s = retry_s
        self._timeout_s = timeout_s
        self._last_s = -inf
        self._turn: Turn | None = None

    @property
    def due_s(self) -> float:
        """When to read next, or when the read that is under way is given up."""
        return self._next_s if self._turn is None else self._turn.until_s

    @property
    def reads(self) -> bool:
        """Whether a read is under way."""
        return self._turn is not None

    def late(self, now_s: float) -> bool:
        """Give up a read that is over its time; return whether that was so."""
        if self._turn is None or now_s < self._turn.until_s:
            return False
        self.failed(now_s)
        return True

    def begin(self, now_s: float, tag: int) -> bool:
        """Begin a read if it is time for one; return whether it is."""
        if self._turn is not None or now_s < self._next_s:
            return False
        self._turn = Turn(tag, now_s + self._timeout_s)
        self._last_s = now_s
        return True

    def is_of(self, tag: int) -> bool:
        """Say whether the outcome with this tag is that of the read under way."""
        return self._turn is not None and self._turn.tag == tag

    def took(self) -> None:
        """The value came."""
        self._turn = None
        self._next_s = self._last_s + self._every_s

    def failed(self, now_s: float) -> None:
        """It did not."""
        self._turn = None
        self._next_s = now_s + self._retry_s

    def hurry(self, gap_s: float) -> None:
        """Read sooner than planned, but not sooner than `gap_s` after the last time."""
        self._next_s = min(self._next_s, self._last_s + gap_s)
