"""The driver of a Coyote 3: what goes out each 100 ms, when output may flow, and how a stop is made and proved.

1. Order on a link: battery, limits, zero until it is proved; only then can a channel block be valid.
2. One frame for each point of an absolute grid, with the content of that point. What was missed is never caught up.
3. A stop is one urgent frame at once, then a zero on each point until it is proved; later one every 2 s asks again.
4. A wheel is never fought: what it did is told, and the difference to what is wanted is all that is written.
5. The box falls silent unfed and keeps its strength, so the next frame would be felt at full level. If the air has
   taken none for UNFED_MAX_S, that is an interruption: a stop, and output again only after the next stop number. At
   most one frame with a level waits in the radio then, since none is handed over while another one is under way.
"""

from collections import Counter
from functools import lru_cache
from math import inf

from protocols.coyote3.packets import (
    B0,
    B1,
    BATTERY,
    BF,
    CAPS,
    FRAME,
    IN,
    LAYOUTS,
    LIMITS,
    OFF_CODES,
    OFF_INTENSITIES,
    Charge,
    code_for,
    intensity_for,
)
from protocols.coyote3.strength import PROBE_S, VAIN, Strengths
from protocols.layout import Direction, pick
from protocols.pace import Grid, Reading, Turn
from protocols.score import Score, texture, unvaried
from protocols.vocabulary import (
    UNFED_MAX_S,
    AirError,
    BadPacket,
    Channel,
    Endpoint,
    Event,
    Level,
    Mode,
    Op,
    Out,
    Read,
    Reported,
    Wanted,
    Write,
    Zero,
)

FRAME_S = 0.1
SLOT_S = 0.025

COMMAND_S = 0.5
"""A command whose outcome nobody told by then no longer holds up the next one. No shorter than UNFED_MAX_S, so that no
second frame with a level is handed over behind one that hangs."""

SLACK_S = 1e-6
"""Rounding of sums of times."""

STARVE_S = 0.2
"""Pulses end this long after the last frame: it lasts 100 ms and may reach the unit up to 100 ms late."""

ECHO_S = 0.5
"""While it plays the box is to be heard this often: if nothing else comes, its battery is read."""

REACHED_S = 1.0
"""A frame that the air took counts as having fed the box only if the box was heard this lately: a Bluetooth stack takes
frames for as long as its buffers last, also when the radio carries none."""

BATTERY_S = 60.02
"""Odd, so that readings don't keep meeting frames (as one field client does)."""

BALANCE = 160, 160, 0, 0
"""Frequency balance A and B, intensity balance A and B: what most clients write."""

_LOST = (
    "pulses end within 0.2 s as far as is known (one report says that a box repeats its last frame), and the strength "
    "may stay set: switch the unit off by hand"
)
_Slots = tuple[int, int, int, int]
_Block = tuple[_Slots, _Slots]
_OFF: _Block = OFF_CODES, OFF_INTENSITIES


@lru_cache(maxsize=512)
def _bytes_of(steps: tuple[int, int, int, int, int], block_a: _Block, block_b: _Block) -> bytes:
    """Return the bytes of a frame; kept, since a program sends the same ones again and again."""
    return FRAME.build(B0(*steps, *block_a, *block_b))


@lru_cache(maxsize=512)
def _slot(rate_hz: float, width_us: float) -> tuple[int, int]:
    """Return code and intensity of one slot; rates beyond what the unit has are brought to its ends."""
    return code_for(rate_hz), intensity_for(width_us)


def _block(score: Score, at_s: float, left_s: float) -> _Block:
    """Return codes and intensities of the frame at a position; a slot that would outlast `left_s` is silent."""
    if left_s >= FRAME_S and unvaried(score, at_s, at_s + FRAME_S):
        now = texture(score, at_s)
        code, intensity = _slot(now.rate_hz, now.width_us)
        intensity = intensity if now.on else 0
        return (code, code, code, code), (intensity, intensity, intensity, intensity)
    codes = []
    intensities = []
    for slot in range(4):
        now = texture(score, round(at_s + slot * SLOT_S, 6))
        code, intensity = _slot(now.rate_hz, now.width_us)
        codes.append(code)
        intensities.append(intensity if now.on and (slot + 1) * SLOT_S <= left_s + 1e-9 else 0)
    return (codes[0], codes[1], codes[2], codes[3]), (intensities[0], intensities[1], intensities[2], intensities[3])


class Coyote3:
    """One link. All times are seconds on the caller's monotonic clock, `now_s` the moment of connecting."""

    def __init__(self, now_s: float) -> None:
        self.caps = CAPS
        self._wanted = Wanted(Mode.WATCH)
        self._strengths = Strengths(now_s, CAPS)
        self._open = False
        self._rush = False
        self._grid = Grid(now_s, FRAME_S)
        self._streams = False
        self._flows_s = now_s  # the last moment a frame with pulses may have arrived; a predecessor's, at first
        self._fed_s: float | None = None  # when the last frame with a level was handed over that the air then took
        self._unfed = False
        self._feeds: dict[int, float] = {}  # frames with a level whose outcome nobody told, and when they were made
        self._tag = 0
        self._command: Turn | None = None
        self._limits_tag = 0
        self._limits_sent: tuple[Level, Level] | None = None
        self._limits_out = False
        self._limits_retry_s = now_s
        self._charge = Reading(now_s, every_s=BATTERY_S, retry_s=5.0, timeout_s=2.0)
        self._heard_s = -inf
        self._opened_s = -inf
        self._battery: int | None = None
        self._counts: Counter[str] = Counter()

    def want(self, now_s: float, wanted: Wanted) -> None:
        """See Driver. A new stop number, leaving PLAY, and the first OFF begin a stop: urgent, with the next poll."""
        before = self._wanted
        self._wanted = wanted
        if wanted.stop != before.stop:
            self._unfed = False
        match wanted.mode:
            case Mode.WATCH:
                self._open = self._streams = self._rush = False
                self._strengths.begin_play()  # what it proved before is of no stop of now
            case _ if wanted.stop != before.stop:
                self._begin_stop(now_s, rush=wanted.mode is Mode.OFF or before.mode is Mode.PLAY)
            case Mode.OFF if before.mode is not Mode.OFF:
                self._begin_stop(now_s, rush=True)
            case Mode.READY if before.mode in (Mode.PLAY, Mode.WATCH):
                self._begin_stop(now_s, rush=before.mode is Mode.PLAY)
            case Mode.PLAY if before.mode is Mode.WATCH:
                self._begin_stop(now_s, rush=False)
            case Mode.PLAY if self._open:
                # Down to nothing is as urgent as a stop, even if the session plays on.
                self._rush = not any(wanted.level.values()) and (self._rush or any(before.level.values()))
            case _:
                pass
        self._turn(now_s)

    @property
    def due_s(self) -> float:
        """See Driver."""
        due_s = self._charge.due_s if self._command is None else min(self._charge.due_s, self._command.until_s)
        if self._wanted.mode is Mode.WATCH or (self._command is not None and not self._open):
            return due_s
        if self._open:
            unfed_s = inf if self._fed_s is None else self._fed_s + UNFED_MAX_S + SLACK_S
            return min(due_s, self._wanted.end_s, self._grid.next_s, unfed_s)
        if self._needs_limits:
            due_s = min(due_s, self._limits_retry_s)
        return min(due_s, self._grid.after(self._strengths.ask_due_s) if self._quiet else self._grid.next_s)

    def receive(self, now_s: float, endpoint: Endpoint, data: bytes) -> list[Event]:
        """See Driver."""
        layouts = LAYOUTS[Direction.FROM_DEVICE].get(endpoint.name, ())
        try:
            _, packet = pick(layouts, data)
        except BadPacket:
            self._counts["bad_packets" if any(layout.starts(data) for layout in layouts) else "unknown_packets"] += 1
            return []
        self._heard_s = now_s
        events: list[Event] | None = []
        match packet:
            case B1(sequence=0):
                events = self._strengths.wheel(now_s, (packet.strength_a, packet.strength_b))
            case B1():
                levels = packet.strength_a, packet.strength_b
                events = self._strengths.answer(now_s, packet.sequence, levels, playing=self._open)
                self._counts["unexpected_answers"] += events is None
            case Charge():
                self._battery = packet.percent
            case _:
                self._counts["notes"] += 1
        self._turn(now_s)
        return events or []

    def done(self, now_s: float, tag: int, data: bytes, error: AirError | None) -> list[Event]:
        """See Driver. The outcome of an urgent write changes nothing. A frame that the air took fed the box when it was
        made, at the earliest: when it was taken is not told, since a host that stood still hears of it late.
        """
        made_s = self._feeds.pop(tag, None)
        if made_s is not None:
            self._flows_s = now_s
            if error is None:  # and so were all before it
                self._feeds = {later: at_s for later, at_s in self._feeds.items() if later > tag}
                if self._open and self._fed_s is not None:
                    self._fed_s = max(self._fed_s, min(made_s, self._reached_s + REACHED_S))
        if self._command is not None and tag == self._command.tag:
            self._command = None
            self._counts["writes_failed"] += error is not None
            self._limits_out = self._limits_out or (tag == self._limits_tag and error is None)
        elif self._charge.is_of(tag):
            self._take_charge(now_s, data, error)
        self._turn(now_s)
        return []

    def poll(self, now_s: float) -> list[Op]:
        """See Driver."""
        if self._command is not None and now_s >= self._command.until_s:
            self._command = None
        self._counts["reads_failed"] += self._charge.late(now_s)
        self._turn(now_s)
        ops = [] if self._wanted.mode is Mode.WATCH else self._writes(now_s)
        if self._open and now_s >= self._reached_s + ECHO_S:
            self._charge.hurry(gap_s=ECHO_S)
        elif self._strengths.asks >= VAIN:
            self._charge.hurry(gap_s=PROBE_S)
        if self._charge.begin(now_s, self._tag + 1):
            self._tag += 1
            ops.append(Read(self._tag, BATTERY))
        return ops

    def reported(self, now_s: float) -> Reported:
        """See Driver."""
        asks = self._strengths.asks
        return self._tell(now_s, f"the unit left {asks} questions unanswered" if asks >= VAIN else "")

    def lost(self, now_s: float) -> Reported:
        """See Driver. The box falls silent unfed, but nobody can say what becomes of its strength."""
        self._open = self._rush = False
        proved = self._strengths.zero is Zero.CONFIRMED
        if not proved:
            self._strengths.zero = Zero.NO
        return self._tell(now_s, "" if proved else _LOST)

    @property
    def _reached_s(self) -> float:
        """Return when the box was heard last, or output was opened on what it had proved."""
        return max(self._heard_s, self._opened_s)

    @property
    def _quiet(self) -> bool:
        return not self._open and self._strengths.zero is Zero.CONFIRMED

    def _begin_stop(self, now_s: float, *, rush: bool) -> None:
        self._open = self._streams = False
        self._rush = rush
        self._fed_s = self._fed_s if self._unfed else None
        self._strengths.begin_stop(now_s)

    def _turn(self, now_s: float) -> None:
        """Open output once all is proved, and end it when its time is over."""
        if self._open and self._fed_s is not None and now_s >= self._fed_s + UNFED_MAX_S + SLACK_S:
            self._unfed = True
            self._counts["gaps"] += 1
            self._begin_stop(now_s, rush=True)
        plays = self._wanted.mode is Mode.PLAY and now_s < self._wanted.end_s and not self._unfed
        if self._open and not plays:
            self._begin_stop(now_s, rush=True)
        elif plays and self._quiet and self._limited:
            self._open = True
            self._opened_s = now_s
            self._strengths.begin_play()
            self._grid.skip(now_s)

    @property
    def _ceiling(self) -> tuple[Level, Level]:
        ceiling = self._wanted.ceiling
        return ceiling.get(Channel.A, Level(0)), ceiling.get(Channel.B, Level(0))

    @property
    def _limited(self) -> bool:
        return self._limits_out and self._limits_sent == self._ceiling

    @property
    def _needs_limits(self) -> bool:
        """Say whether the unit has still to get the ceilings. A stop that was given none leaves its limits alone."""
        return not self._limited and (self._wanted.mode is not Mode.OFF or bool(self._wanted.ceiling))

    def _writes(self, now_s: float) -> list[Op]:
        ops: list[Op] = []
        if self._rush:
            self._rush = False
            ops.append(self._frame(now_s, now_s, urgent=True))
            if self._grid.due(now_s):
                self._grid.take(now_s)  # it has just been served
        if not self._open:
            ops += self._write_limits(now_s)
        asks = self._strengths.asks_at(now_s)
        rests = not self._open and (self._command is not None or (self._quiet and not asks))
        if self._grid.due(now_s) and not rests:
            at_s, missed = self._grid.take(now_s)
            self._counts["frames_late"] += missed if self._streams else 0
            if self._command is None:
                ops.append(self._frame(now_s, at_s, urgent=False))
            else:
                self._counts["frames_held"] += 1
            self._streams = self._open
        if self._open:
            ops += self._write_limits(now_s)
        return ops

    def _write_limits(self, now_s: float) -> list[Op]:
        limits = self._ceiling
        again = limits == self._limits_sent and now_s < self._limits_retry_s
        if not self._needs_limits or self._command is not None or again:
            return []
        self._limits_sent = limits
        self._limits_out = False
        self._limits_retry_s = now_s + COMMAND_S
        self._strengths.limit(now_s, dict(zip(CAPS.channels, limits, strict=True)))
        op = self._write(now_s, LIMITS.build(BF(*limits, *BALANCE)), urgent=False)
        self._limits_tag = op.tag
        return [op]

    def _frame(self, now_s: float, at_s: float, *, urgent: bool) -> Write:
        """Write the frame of a moment: changes of strength, and blocks where something is wanted."""
        blocks = [_OFF, _OFF]
        feeds = False
        if self._open:
            ceiling = dict(zip(CAPS.channels, self._ceiling, strict=True))
            target = {ch: min(self._wanted.level.get(ch, Level(0)), ceiling[ch]) for ch in CAPS.channels}
            order = self._strengths.approach(now_s, target)
            score = self._wanted.score
            if score is not None and any(target.values()):
                block = _block(score, at_s - self._wanted.origin_s, self._wanted.end_s - at_s)
                blocks = [block if target[channel] > 0 else _OFF for channel in CAPS.channels]
                feeds = True
        else:
            order = self._strengths.stop(now_s)
        self._counts["frames"] += 1
        steps = order.sequence, order.mode_a, order.mode_b, order.value_a, order.value_b
        write = self._write(now_s, _bytes_of(steps, *blocks), urgent=urgent)
        if feeds:
            self._feeds[write.tag] = self._flows_s = now_s
            self._fed_s = now_s if self._fed_s is None else self._fed_s
        elif self._open:
            self._fed_s = None  # nothing is to be fed
        return write

    def _write(self, now_s: float, data: bytes, *, urgent: bool) -> Write:
        self._tag += 1
        if not urgent:
            self._command = Turn(self._tag, now_s + COMMAND_S)
        return Write(self._tag, IN, data, response=False, urgent=urgent)

    def _take_charge(self, now_s: float, data: bytes, error: AirError | None) -> None:
        try:
            if error is not None:
                raise error
            _, packet = pick(LAYOUTS[Direction.FROM_DEVICE][BATTERY.name], data)
        except (AirError, BadPacket):
            self._charge.failed(now_s)
            self._counts["reads_failed"] += 1
            return
        self._charge.took()
        self._heard_s = now_s
        self._battery = packet.percent

    def _tell(self, now_s: float, trouble: str) -> Reported:
        strengths = self._strengths
        if strengths.zero is Zero.CONFIRMED:
            self._feeds.clear()  # they came before that zero, or never
        until_s = (now_s if self._feeds else self._flows_s) + STARVE_S
        live = now_s < until_s and strengths.over_zero and strengths.zero is not Zero.CONFIRMED
        limits = self._limits_sent or (CAPS.scale, CAPS.scale)
        return Reported(
            ready=self._open or (self._quiet and self._limited),
            closable=self._wanted.mode is Mode.WATCH or (not self._open and now_s >= self._flows_s + FRAME_S),
            level={channel: belief.span for channel, belief in strengths.belief.items()},
            settled_s={channel: belief.settled_s for channel, belief in strengths.belief.items()},
            ceiling=dict(zip(CAPS.channels, limits, strict=True)),
            out=(Out.ON if self._open else Out.MAYBE) if live else Out.OFF,
            zero=strengths.zero,
            until_s=until_s,
            heard_s=self._heard_s,
            told_s=strengths.told_s,
            battery=self._battery,
            trouble=trouble,
            counts=dict(self._counts),
            stop=self._wanted.stop,
            fed_s=self._fed_s,
        )
