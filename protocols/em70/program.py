"""What else the state of an EM 70 tells: how long its own timer runs, and whether it plays the program that it shall.

1. The timer belongs to the program, counts only while the level is above 0, and is loaded again by every stop.
2. A program is selected only at a proved zero, and is right only when a state says so; after TRIES it is refused.
"""

from math import inf

from protocols.em70.packets import LongState, State

TIMER_MAX_S = 1800.0
"""The longest timer of the unit (constant of the app)."""

SLOW = 2 / 60
"""The countdown was seen to be off by a second or two a minute at most: so slow may the unit's clock be."""

SLACK_S = 5.0
"""Reserve for what was under way when the timer was told."""

TIMER_END_S = 3.0
"""A level that falls to zero with less than this on the timer fell because the timer ran out."""

SELECT_S = 1.0
"""How long a selected program may take to show in the state."""

TRIES = 3

OLD_S = 5.0
"""A state that shows another program may have been asked before the selection, until this long after it."""


class Timer:
    """The unit's own timer, as last told."""

    def __init__(self) -> None:
        self._told_s = -inf
        self._left_s: float | None = None
        self._runs = False
        self._slack_s = SLACK_S

    def told(self, now_s: float, state: State | LongState) -> None:
        """Take the timer of a state."""
        seconds = state.seconds if isinstance(state, State) else (60 - state.spent) % 60
        self._told_s = now_s
        self._left_s = state.minutes * 60.0 + seconds
        self._runs = state.level > 0
        # The long state's seconds may be meant the other way round.
        self._slack_s = SLACK_S + (60.0 if isinstance(state, LongState) else 0.0)

    def left_s(self, now_s: float) -> float | None:
        """Return what is left, counted on since it was told; None if it never was."""
        if self._left_s is None:
            return None
        return max(0.0, self._left_s - (now_s - self._told_s)) if self._runs else self._left_s

    def may_run_s(self, now_s: float) -> float:
        """Return how long from now output is possible at most if nobody stops it."""
        left_s = self.left_s(now_s)
        return (TIMER_MAX_S if left_s is None else left_s) * (1 + SLOW) + self._slack_s

    def runs_out(self, now_s: float) -> bool:
        """Say whether it is at its end."""
        left_s = self.left_s(now_s)
        return self._runs and left_s is not None and left_s < TIMER_END_S


class Choice:
    """The program that the unit shall play; None: whatever it has."""

    def __init__(self) -> None:
        self.number: int | None = None
        self.told: int | None = None
        self.refused = ""
        self._tries = 0
        self._sent_s = -inf

    def choose(self, number: int | None) -> bool:
        """Take the number; return whether it is another one than before."""
        if number == self.number:
            return False
        self.number = number
        self.refused = ""
        self._tries = 0
        self._sent_s = -inf
        return True

    def right(self) -> bool:
        """Say whether the unit has it, as last told."""
        return self.number is None or self.told == self.number

    def due(self, now_s: float) -> bool:
        """Say whether it has to be selected now."""
        wrong = self.told is not None and not self.right()
        return wrong and self._tries < TRIES and now_s >= self._sent_s + SELECT_S

    def sent(self, now_s: float) -> None:
        """A selection goes out."""
        self._tries = self._tries + 1
        self._sent_s = now_s

    def fails(self, now_s: float) -> bool:
        """Say, once, that the unit doesn't take it."""
        if self.right() or self.refused or self._tries < TRIES or now_s < self._sent_s + SELECT_S:
            return False
        self.refused = f"the unit stays at its program {self.told} and doesn't take program {self.number}"
        return True

    def strayed(self, now_s: float) -> bool:
        """Say whether the unit has left it for another one."""
        return not self.right() and now_s > self._sent_s + OLD_S
