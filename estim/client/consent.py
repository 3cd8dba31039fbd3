"""Whether a key that begins output is a consent: pressed anew, not the one that led here, however long it is held.

A terminal tells no release. A key that is held repeats after a quarter of a second to a second, as its keyboard is set,
then many times a second; one that bounces, or that somebody presses again because nothing has happened yet, comes
sooner. So consent is what comes a second or more after what led here, and after the last key that was none.

An answer to a question begins no output, and somebody who answers fourteen of them doesn't wait a second longer for
each press that came too soon: there it is enough that the question could be read, and that the key doesn't come as fast
as one that is held.
"""

import asyncio
from collections.abc import Callable
from math import inf

APART_S = 1.0
"""Longest wait before a held key repeats that keyboards are set to, s."""

READ_S = 0.7
"""What comes sooner after a question is no answer, s: most held keys begin to repeat by then, and nobody reads so
fast."""

HELD_S = 0.6
"""What comes sooner after the key before it is one that is held, s: it repeats every 0.03 to 0.1 s as a rule, and every
0.5 s at the slowest settings."""


def loop_time_s() -> float:
    """Return the running loop's time, s."""
    return asyncio.get_running_loop().time()


class Consent:
    """What led here, and when; `now_s` tells the time, s, and `apart_s` is how long a key has to be let go."""

    def __init__(self, now_s: Callable[[], float] = loop_time_s, apart_s: float = APART_S) -> None:
        self._now_s = now_s
        self._apart_s = apart_s
        self._led_at_s = -inf

    def led_here(self) -> None:
        """Something has just come into sight, or a key means something else now: the one that did it may be held."""
        self._led_at_s = self._now_s()

    def given(self) -> bool:
        """Say whether a key pressed now is a consent; one that is none is waited for to be let go."""
        now_s = self._now_s()
        anew = now_s - self._led_at_s >= self._apart_s
        if not anew:
            self._led_at_s = now_s
        return anew


class OneEach:
    """Answers to questions: one press is one answer. `now_s` tells the time, s."""

    def __init__(self, now_s: Callable[[], float] = loop_time_s) -> None:
        self._now_s = now_s
        self._asked_at_s = -inf
        self._pressed_at_s = -inf

    def asked(self) -> None:
        """Another question has come into sight; the key that led to it may be held."""
        self._asked_at_s = self._now_s()

    def given(self) -> bool:
        """Say whether a key pressed now is an answer; a press that came too soon doesn't make the wait a longer one."""
        now_s = self._now_s()
        held = now_s - self._pressed_at_s < HELD_S
        self._pressed_at_s = now_s
        return not held and now_s - self._asked_at_s >= READ_S
