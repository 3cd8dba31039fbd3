"""From where in a score a script begins, and when it may be started, so that it plays what the session thinks it does.

1. A score that is the same all through (one part, however it turns) always begins at its beginning.
2. Any other one is compiled for a position; a start that comes BEHIND_S later than that is compiled again.
3. Contractions begin when one begins to be full: a raise is allowed only then, so that is when a start comes.
"""

from dataclasses import dataclass
from math import ceil

from protocols.bluetens_compile import lasts_s
from protocols.score import Score, part_at

BEHIND_S = 3.0
"""So far may a script be behind the session; what is left is under way for half of that or more."""

TOGETHER_S = 0.35
"""So far may contractions be apart."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """The rules for one score; positions in seconds."""

    score: Score | None

    @property
    def _alike(self) -> bool:
        return self.score is None or (len(self.score.parts) == 1 and self.score.parts[0].fade_us is None)

    def from_s(self, at_s: float) -> float:
        """Return the position to compile from if it is to be played from `at_s` on."""
        if self.score is None:
            return 0.0
        _, part = part_at(self.score, 0.0 if self._alike else at_s)
        if part.envelope is None:
            return 0.0 if self._alike else at_s
        if self._alike:
            return part.envelope.up_s
        turns = ceil((at_s - part.start_s - part.envelope.up_s) / lasts_s(part.envelope) - 1e-6)
        begin_s = part.start_s + part.envelope.up_s + max(0, turns) * lasts_s(part.envelope)
        end_s = part.start_s + part.length_s
        return begin_s if begin_s < end_s or part is self.score.parts[-1] else self.from_s(end_s)

    def fits(self, at_s: float, from_s: float) -> bool:
        """Say whether a script from a position on may still be started at another one."""
        return self._alike or at_s <= from_s + BEHIND_S

    def now(self, at_s: float, from_s: float) -> bool:
        """Say whether this is the moment to start it."""
        if self.score is None:
            return False
        _, part = part_at(self.score, at_s)
        if part.envelope is not None:
            return (at_s - from_s) % lasts_s(part.envelope) < TOGETHER_S
        return self._alike or at_s >= from_s - TOGETHER_S
