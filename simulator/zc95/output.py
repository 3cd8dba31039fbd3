"""What the electrodes of a zc95 see: one train of pulses a channel in whole microseconds, streamed ones among them.

1. A change takes effect when it is due; what is due later than a cut-off is forgotten with it.
2. A channel's timer never rests: it runs on in silence, so a burst begins with its next turn (choice: nobody knows). A
   new rate holds from the last turn on.
3. Isolation: a pulse begins no sooner than 150 µs after the end of the last one of any channel; it is delayed.
4. Kept are the stretches in which nothing changed, of the last minute; pulses are made when asked for.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from protocols.zc95.packets import Message
from simulator.twin import Pulse

KEPT_US = 60_000_000
"""How far back pulses can be asked for."""

STRETCHES_MAX = 20_000
REST_US = 150
LEAD_US = 100_000
"""How far before a stretch of time the delays of isolation are followed."""

QUEUE_MAX = 50
"""Streamed pulses that wait on a channel."""

AHEAD_US = 1_000_000
POSITIVE = 1


def us_at(now_s: float) -> int:
    """Return a time in whole microseconds."""
    return round(now_s * 1e6)


@dataclass(slots=True)
class _Stretch:
    """A time in which nothing changed, from its start to the next one's; `first_us` is the first turn of the timer."""

    start_us: int
    period_us: int
    width_us: int
    current_ma: float
    first_us: int

    @property
    def silent(self) -> bool:
        return self.width_us == 0 or self.current_ma == 0.0

    def last_us(self, end_us: int) -> int:
        """Return the last turn of the timer before an end, which may lie before the stretch itself."""
        return self.first_us + (end_us - 1 - self.first_us) // self.period_us * self.period_us


class Train:
    """The pulses that one channel makes by itself."""

    def __init__(self, channel: str) -> None:
        self._channel = channel
        self._past: deque[_Stretch] = deque([_Stretch(0, 10**6, 0, 0.0, 0)], maxlen=STRETCHES_MAX)

    def play(self, at_us: int, rate_hz: int, width_us: int, current_ma: float) -> None:
        """Play so from a time on, not before what is due already."""
        last = self._past[-1]
        at_us = max(at_us, last.start_us)
        period_us = 10**6 // rate_hz
        if (last.period_us, last.width_us, last.current_ma) == (period_us, width_us, current_ma):
            return
        first_us = max(at_us, last.last_us(at_us) + period_us)
        if at_us == last.start_us and len(self._past) > 1:
            self._past.pop()
        self._past.append(_Stretch(at_us, period_us, width_us, current_ma, first_us))
        while len(self._past) > 1 and self._past[1].start_us < at_us - KEPT_US:
            self._past.popleft()

    def cut(self, at_us: int) -> None:
        """Be silent at once, whatever was due later."""
        while len(self._past) > 1 and self._past[-1].start_us >= at_us:
            self._past.pop()
        last = self._past[-1]
        self.play(at_us, 10**6 // last.period_us, 0, 0.0)

    def pulses(self, since_us: int, until_us: int) -> Iterator[Pulse]:
        """Return its pulses of a stretch of time, its end excluded."""
        past = list(self._past)
        for at, stretch in enumerate(past):
            end_us = min(until_us, past[at + 1].start_us if at + 1 < len(past) else until_us)
            if stretch.silent or end_us <= since_us:
                continue
            behind_us = max(0, since_us - stretch.first_us)
            pulse_us = stretch.first_us - (-behind_us // stretch.period_us) * stretch.period_us
            while pulse_us < end_us:
                yield Pulse(pulse_us / 1e6, self._channel, stretch.width_us, stretch.current_ma, POSITIVE)
                pulse_us += stretch.period_us


class Streamed:
    """Pulses that came by packets: times count from the last START."""

    def __init__(self) -> None:
        self._zero_us: int | None = None
        self._past: deque[Pulse] = deque(maxlen=STRETCHES_MAX)

    def take(self, now_us: int, message: Message, channels: Iterable[str], current_ma: dict[str, float]) -> str:
        """Obey one message; return why it was dropped, or nothing."""
        if message.command == 1:
            self._zero_us = now_us
            return ""
        if self._zero_us is None:
            return "a pulse before any start"
        at_us = self._zero_us + message.time_us
        if not now_us <= at_us <= now_us + AHEAD_US:
            return "a pulse of the past" if at_us < now_us else "a pulse more than 1 s ahead"
        width_us = max(message.positive_us, message.negative_us)
        for index, channel in enumerate(channels):
            waiting = sum(pulse.at_s * 1e6 > now_us and pulse.channel == channel for pulse in self._past)
            if not message.mask >> 2 * index & 3 or not width_us or not current_ma[channel]:
                continue
            if waiting >= QUEUE_MAX:
                return f"{QUEUE_MAX} pulses wait on {channel}"
            self._past.append(Pulse(at_us / 1e6, channel, width_us, current_ma[channel], POSITIVE))
        return ""

    def cut(self, at_us: int) -> None:
        """Forget what is still to come."""
        self._zero_us = None
        self._past = deque((pulse for pulse in self._past if us_at(pulse.at_s) < at_us), maxlen=STRETCHES_MAX)

    def pulses(self, since_us: int, until_us: int) -> Iterator[Pulse]:
        """Return the pulses of a stretch of time, its end excluded."""
        return (pulse for pulse in self._past if since_us <= us_at(pulse.at_s) < until_us)


def isolate(pulses: Iterable[Pulse]) -> Iterator[Pulse]:
    """Delay pulses, which come in order, so that no two overlap and each pair is REST_US away from the next."""
    free_us = 0
    for pulse in pulses:
        at_us = max(us_at(pulse.at_s), free_us)
        free_us = at_us + 2 * round(pulse.width_us) + REST_US
        yield Pulse(at_us / 1e6, pulse.channel, pulse.width_us, pulse.current_ma, pulse.first)
