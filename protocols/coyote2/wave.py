"""Which wave of a Coyote 2.0 goes out when: words of single pulses, each written as its first pulse is due.

Nobody has said whether the pause of a wave runs on when its word is written again, or whether each word begins with a
pulse. These words give the same pulses either way:
1. A word lasts 100 ms. The next one follows after the fewest whole periods that take as long, so it comes exactly when
   a pulse is due. None is written sooner, but for the silence that ends a burst and where lone pulses turn fast.
2. Below 10 Hz each pulse has a word of its own, whose pause is longer than a word lasts.
3. Times are absolute. A word that is late by more than LATE_S is gone, and the train begins anew: nothing is caught up.
"""

from functools import lru_cache
from math import ceil, inf

from protocols.coyote2.packets import FRAME_S, SILENCE, WAVE_WORD, Wave, period_ms, z_for
from protocols.score import Score, texture, unchanged_s

LATE_S = 0.05
"""Half a word: later than that, its pulses would run into those of the next one."""

SINGLE_MS = 120
"""Period in the word of a lone pulse: a word that lasts 20 ms too long has still one, and the next is never held up."""

EARLY_S = 0.002
"""What is left of a word at the end of a burst is silenced if it is more than that."""

LOOKS = 16
"""Borders that may lie at one and the same moment, rounding included."""

_SLACK_S = 1e-6


class Feed:
    """The train of words; both channels get the same. Positions are seconds in the score, as in Score."""

    def __init__(self) -> None:
        self.late = 0
        self._origin_s = 0.0
        self._at_s = 0.0  # position of the next look
        self._left = 0.0  # share of a period until the next pulse, where words have but one
        self._lasts_s = 0.0  # position up to which the last word has more pulses
        self._pulse_s = -inf  # position of the last pulse of the last word

    @property
    def due_s(self) -> float:
        """When to look next, on the caller's clock."""
        return self._origin_s + self._at_s

    def begin(self, now_s: float, origin_s: float) -> None:
        """Begin a train now; position 0 was at `origin_s`."""
        self._origin_s = origin_s
        self._at_s = round(now_s - origin_s, 6)
        self._left = 0.0
        self._lasts_s = self._at_s
        self._pulse_s = -inf

    def take(self, now_s: float, score: Score, end_s: float) -> bytes | None:
        """Return the word that is due now, if one is; none that would outlast `end_s`. Then `due_s` is later."""
        if now_s > self.due_s + LATE_S:
            self.late += 1
            self.begin(now_s, self._origin_s)
        word = None
        for _ in range(LOOKS):
            if self.due_s > now_s:
                break
            word = self._look(score, end_s - self._origin_s) or word
        else:
            self._at_s = round(now_s - self._origin_s, 6) + FRAME_S
        return word

    def _look(self, score: Score, end_s: float) -> bytes | None:
        at_s = self._at_s
        now = texture(score, at_s)
        stays_s = unchanged_s(score, at_s, FRAME_S)
        z = z_for(now.width_us) if now.on else 0
        if not z:
            self._left = 0.0
            self._pulse_s = -inf
            self._go(stays_s)
            cuts = self._lasts_s > at_s + EARLY_S
            self._lasts_s = at_s
            return SILENCE if cuts else None
        period_s = period_ms(now.rate_hz) / 1000
        if self._left > 0.0:
            self._wait(period_s, stays_s)
            return None
        if at_s + FRAME_S > end_s + _SLACK_S:
            self._go(FRAME_S)
            return None
        if period_s > FRAME_S:
            self._left = 1.0
            self._lasts_s = at_s
            self._pulse_s = at_s
            self._wait(period_s, stays_s)
            return _word(z, min(SINGLE_MS, round(period_s * 1000)))
        early_s = self._pulse_s + period_s - at_s
        if early_s > _SLACK_S:  # the rate has fallen, and a box whose clock runs on waits for the longer period
            self._go(early_s)
            return None
        periods = ceil(FRAME_S / period_s - _SLACK_S)
        self._lasts_s = at_s + FRAME_S
        self._pulse_s = at_s + (periods - 1) * period_s
        self._go(_sounds_s(score, at_s, periods * period_s))
        return _word(z, round(period_s * 1000))

    def _wait(self, period_s: float, stays_s: float) -> None:
        """Go on to the next pulse, or to where its rate may change."""
        wait_s = self._left * period_s
        if wait_s <= stays_s + _SLACK_S:
            self._left = 0.0
            self._go(wait_s)
        else:
            self._left -= stays_s / period_s
            self._go(stays_s)

    def _go(self, seconds: float) -> None:
        self._at_s = round(self._at_s + max(seconds, _SLACK_S), 6)


def _sounds_s(score: Score, at_s: float, longest_s: float) -> float:
    """Return how long it sounds from a position on, until a gate closes: at most `longest_s`."""
    ahead_s = 0.0
    for _ in range(LOOKS):
        ahead_s += unchanged_s(score, at_s + ahead_s, FRAME_S)
        if ahead_s >= longest_s - _SLACK_S:
            break
        if not texture(score, round(at_s + ahead_s, 6)).on:
            return ahead_s
    return longest_s


@lru_cache(maxsize=1024)
def _word(z: int, period: int) -> bytes:
    """Return the word of single pulses each `period` ms; kept, since a program sends the same ones again and again."""
    return WAVE_WORD.build(Wave(0, z, period - 1, 1))
