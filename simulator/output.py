"""The output stage of one channel: from what is to be played and how strongly, the pulses that the electrodes saw.

Rules (measured on a coyote3, public scope captures of firmware 0407; used for other families as an assumption):
1. Pulses sit on a grid of 1 ms. A tick is a whole number of milliseconds of the twin's time.
2. A pulse comes as soon as the time since the last one has reached the period of the slot that plays now.
3. That time runs on across slots, frames and silence, so a silent stretch is followed by a pulse at once.
4. Only the phase is worked out as time goes by, a few operations for each stretch; pulses are made when asked for.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from simulator.twin import Pulse

KEPT_MS = 60_000
"""How far back pulses can be asked for."""
STRETCHES_MAX = 20_000
"""Bound of the memory: 60 s in which every slot of 25 ms differs, eight times over."""
ENDLESS_MS = 10**12
"""A run that plays until something else does: 30 years."""
NEGATIVE = -1


LOAD_OHM = 500.0


@dataclass(frozen=True, slots=True)
class Run:
    """So many ms of one texture. Width 0 is silence."""

    length_ms: int
    period_ms: int
    width_us: float


@dataclass(slots=True)
class _Stretch:
    """A time in which nothing changed; `first_tick` is its first pulse, -1 if it has none. It grows while it lasts."""

    start_tick: int
    end_tick: int
    period_ms: int
    width_us: float
    peak_ma: float
    first_tick: int


def tick_at(now_s: float) -> int:
    """Return the first tick that is not before now."""
    return ceil(now_s * 1000.0 - 1e-6)


class Stage:
    """One channel. Ticks never go backwards."""

    def __init__(self, channel: str, first: int = NEGATIVE) -> None:
        self._channel = channel
        self._first = first
        self._peak_ma = 0.0
        self._runs: tuple[Run, ...] = ()
        self._next = 0  # of the runs, and how much of the one before it is left
        self._left_ms = 0
        self._again = False
        self._tick = 0
        self._pulse_tick = -ENDLESS_MS
        self._past: deque[_Stretch] = deque(maxlen=STRETCHES_MAX)

    def play(self, tick: int, runs: tuple[Run, ...], *, again: bool = False) -> None:
        """Play these runs from now, in place of what is left of the former; `again`: over and over."""
        self.live(tick)
        self._runs = runs
        self._next = 0
        self._left_ms = 0
        self._again = again and bool(runs)

    def strength(self, tick: int, peak_ma: float) -> None:
        """Set the height of a pulse from now on; at 0 none comes."""
        if peak_ma != self._peak_ma:
            self.live(tick)
            self._peak_ma = peak_ma

    def live(self, tick: int) -> None:
        """Play on until a tick."""
        while self._tick < tick:
            if self._left_ms == 0:
                if self._next == len(self._runs):
                    if not self._again:
                        self._tick = tick
                        return
                    self._next = 0
                self._left_ms = self._runs[self._next].length_ms
                self._next += 1
            end_tick = min(tick, self._tick + self._left_ms)
            self._left_ms -= end_tick - self._tick
            self._pass(self._runs[self._next - 1], self._tick, end_tick)
            self._tick = end_tick

    def pulses(self, since_s: float, until_s: float) -> Iterator[Pulse]:
        """Return the pulses from `since_s` (included) to `until_s` (not included), as far as it has lived."""
        since = tick_at(since_s)
        until = tick_at(until_s)
        for stretch in self._past:
            if stretch.first_tick < 0 or stretch.end_tick <= since or stretch.start_tick >= until:
                continue
            behind = max(0, since - stretch.first_tick)
            tick = stretch.first_tick + -(-behind // stretch.period_ms) * stretch.period_ms
            while tick < min(stretch.end_tick, until):
                yield Pulse(tick / 1000.0, self._channel, stretch.width_us, stretch.peak_ma, self._first)
                tick += stretch.period_ms

    def _pass(self, run: Run, start_tick: int, end_tick: int) -> None:
        first_tick = -1
        if run.width_us > 0.0 and self._peak_ma > 0.0:
            due_tick = max(start_tick, self._pulse_tick + run.period_ms)
            if due_tick < end_tick:
                first_tick = due_tick
                self._pulse_tick = due_tick + (end_tick - 1 - due_tick) // run.period_ms * run.period_ms
        self._keep(run, start_tick, end_tick, first_tick)

    def _keep(self, run: Run, start_tick: int, end_tick: int, first_tick: int) -> None:
        past = self._past
        last = past[-1] if past else None
        if (
            last is not None
            and last.end_tick == start_tick
            and last.period_ms == run.period_ms
            and last.width_us == run.width_us
            and last.peak_ma == self._peak_ma
        ):
            last.end_tick = end_tick
            if last.first_tick < 0:
                last.first_tick = first_tick
            return
        past.append(_Stretch(start_tick, end_tick, run.period_ms, run.width_us, self._peak_ma, first_tick))
        while past[0].end_tick < end_tick - KEPT_MS:
            past.popleft()


@dataclass(frozen=True, slots=True)
class Skin:
    """The load of one channel."""

    load_ohm: float = LOAD_OHM
    pads_on: bool = True

    def current_ma(self, volts: float) -> float:
        """Return the current that a voltage drives; none flows while the pads are off."""
        return volts / self.load_ohm * 1000.0 if self.pads_on else 0.0
