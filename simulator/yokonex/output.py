"""The output stage of one YOKONEX channel: pulses at the very rate that is told, kept as trains of the last minute.

1. A pulse comes as soon as the time since the last one has reached the period of now (assumed, as measured elsewhere).
2. The period is exact, since nothing is known of a grid of time in these units.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor, inf

from simulator.twin import Pulse

KEPT_S = 60.0
TRAINS_MAX = 20_000
"""Bound of the memory: a minute in which everything changes each 100 ms, thirty times over."""

_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class _Train:
    first_s: float
    period_s: float
    count: int
    width_us: float
    current_ma: float


class Trains:
    """One channel. Time never goes backwards."""

    def __init__(self, channel: str) -> None:
        self._channel = channel
        self._period_s = 1.0
        self._width_us = 0.0
        self._current_ma = 0.0
        self._now_s = 0.0
        self._last_s = -inf
        self._past: deque[_Train] = deque(maxlen=TRAINS_MAX)

    def play(self, now_s: float, rate_hz: float, width_us: float, current_ma: float) -> None:
        """Play this from now on; a width or current of 0 is silence."""
        self.live(now_s)
        self._period_s = 1.0 / rate_hz
        self._width_us = width_us
        self._current_ma = current_ma

    def live(self, now_s: float) -> None:
        """Play on until now."""
        since_s = self._now_s
        self._now_s = max(self._now_s, now_s)
        if self._width_us <= 0.0 or self._current_ma <= 0.0:
            return
        first_s = max(since_s, self._last_s + self._period_s)
        count = ceil((now_s - first_s) / self._period_s - _SLACK)
        if count < 1:
            return
        self._last_s = first_s + (count - 1) * self._period_s
        self._past.append(_Train(first_s, self._period_s, count, self._width_us, self._current_ma))
        while self._past[0].first_s + self._past[0].count * self._past[0].period_s < now_s - KEPT_S:
            self._past.popleft()

    def pulses(self, since_s: float, until_s: float) -> Iterator[Pulse]:
        """Return the pulses from `since_s` (included) to `until_s` (not included), as far as it has lived."""
        for train in self._past:
            begin = max(0, floor((since_s - train.first_s) / train.period_s))
            for index in range(begin, train.count):
                at_s = train.first_s + index * train.period_s
                if at_s >= until_s:
                    break
                if at_s >= since_s:
                    yield Pulse(at_s, self._channel, train.width_us, train.current_ma, 1)
