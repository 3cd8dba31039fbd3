"""The driver of a Coyote 2.0: a wave each 100 ms, strengths believed from what 1504 tells, absolute words only.

1. One word sets both strengths, so a word for one channel says the other's again: as last told, never higher. A raise
   goes out only right after a reading (FRESH_S): a wheel that was turned in between is undone in that window at most.
2. Each word of strengths is followed by a reading. Zero is proved by a reading of 0/0 that was asked after the stop.
3. A rate of 10 Hz or more is the word's own; a slower one is made of single pulses, a word only in the frames in which
   one is due, since nobody knows whether a pause runs on when a word is written again.
"""

from collections import Counter
from dataclasses import dataclass
from math import floor, inf

from protocols.belief import ASK, Answer, Belief, Change, How
from protocols.coyote2 import (
    BATTERY,
    CAPS,
    CHARGE,
    CONFIG,
    CONFIG_WORD,
    FRAME_S,
    MAX_STRENGTH,
    SILENCE,
    STRENGTH_WORD,
    STRENGTHS,
    WAVE_A,
    WAVE_B,
    WAVE_WORD,
    Strengths,
    Wave,
    period_ms,
    z_for,
)
from protocols.pace import Grid, Reading, Turn
from protocols.score import texture
from protocols.vocabulary import (
    AirError,
    BadPacket,
    Capabilities,
    Channel,
    Endpoint,
    Event,
    Hand,
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

FRESH_S = 0.2
"""A raise may follow a reading this long; its own reply takes about 50 ms."""

READ_S, REPLY_S, COMMAND_S, BATTERY_S, TICK_S = 2.0, 1.0, 0.3, 60.0, 0.001
BOTH = (Channel.A, Channel.B)
WAVES = {Channel.A: WAVE_A, Channel.B: WAVE_B}


@dataclass(slots=True)
class Stop:
    """A stop: when its words go out again, and which reading (by tag) would prove it; 0: none asked yet."""

    again_s: float
    since_tag: int = 0
    proved: bool = False


class Coyote2:
    """See the module and protocols.driver.Driver."""

    def __init__(self, now_s: float) -> None:
        self._wanted = Wanted(Mode.WATCH)
        self._acting = Mode.WATCH
        self._belief = {channel: Belief(MAX_STRENGTH) for channel in BOTH}
        self._stop: Stop | None = None
        self._grid = Grid(now_s, FRAME_S)
        self._phase = dict.fromkeys(BOTH, 0.0)
        self._waves: list[tuple[Endpoint, bytes]] = []
        self._fed_s = now_s  # a killed predecessor may have fed it until now
        self._tag = 0
        self._command: Turn | None = None
        self._levels = Reading(now_s, every_s=READ_S, retry_s=CAPS.ask_s, timeout_s=REPLY_S)
        self._charge = Reading(now_s, every_s=BATTERY_S, retry_s=5.0, timeout_s=REPLY_S)
        self._config = Reading(now_s, every_s=inf, retry_s=CAPS.ask_s, timeout_s=REPLY_S)
        self._config_tries = 0
        self._maximum: int | None = None
        self._percent: int | None = None
        self._heard_s = self._told_s = -inf
        self._due_s = now_s
        self._counts: Counter[str] = Counter()

    @property
    def caps(self) -> Capabilities:
        return CAPS

    @property
    def due_s(self) -> float:
        return self._due_s

    def want(self, now_s: float, wanted: Wanted) -> None:
        self._wanted = wanted
        self._turn(now_s)
        changes = any(self._target(channel) != self._belief[channel].expected.hi for channel in BOTH)
        if changes or (self._stop is not None and self._stop.again_s <= now_s):
            self._due_s = now_s

    def receive(self, now_s: float, endpoint: Endpoint, data: bytes) -> list[Event]:
        try:
            told = STRENGTH_WORD.parse(data if endpoint == STRENGTHS else b"")
        except BadPacket:
            self._counts["bad"] += 1
            return []
        self._heard_s = self._told_s = now_s
        events: list[Event] = []
        for channel, level in zip(BOTH, (told.a, told.b), strict=True):
            how = self._belief[channel].overhear(now_s, level)
            if how in (Answer.ROSE, Answer.FELL):
                events.append(Hand(channel, Level(level), rose=how is Answer.ROSE))
        if any(self._belief[channel].span.hi for channel in BOTH) and self._stop is not None and self._stop.proved:
            self._stop = Stop(now_s)
        self._levels.hurry(CAPS.ask_s)
        return events

    def done(self, now_s: float, tag: int, data: bytes, error: AirError | None) -> list[Event]:
        if self._command is not None and tag == self._command.tag:
            self._command = None
            self._counts["errors"] += error is not None
        elif self._levels.is_of(tag):
            return self._read(now_s, tag, data, error)
        else:
            for reading in (self._charge, self._config):
                if reading.is_of(tag):
                    self._read_other(now_s, reading, data, error)
        return []

    def poll(self, now_s: float) -> list[Op]:
        self._turn(now_s)
        if self._command is not None and now_s >= self._command.until_s:
            self._command = None
        for reading in (self._levels, self._charge, self._config):
            self._counts["timeouts"] += reading.late(now_s)
        ops = self._urgent(now_s)
        if self._command is None:
            ops += self._next_command(now_s)
        if not any(isinstance(op, Read) for op in ops):
            ops += self._question(now_s)
        self._due_s = max(self._next_s(now_s), now_s + TICK_S)
        return ops

    def lost(self, now_s: float) -> Reported:
        """See Driver: unfed it falls silent within 100 ms; nobody can say what becomes of its strength."""
        return self.reported(now_s)

    # What the box says

    def _read(self, now_s: float, tag: int, data: bytes, error: AirError | None) -> list[Event]:
        try:
            if error is not None:
                raise BadPacket(str(error))
            told = STRENGTH_WORD.parse(data)
        except BadPacket:
            self._counts["bad"] += 1
            self._levels.failed(now_s)
            return []
        self._levels.took()
        self._heard_s = self._told_s = now_s
        events: list[Event] = []
        for channel, level in zip(BOTH, (told.a, told.b), strict=True):
            if not self._belief[channel].awaits(tag):
                continue
            how = self._belief[channel].answer(now_s, tag, level)
            if how is Answer.FELL:
                events.append(Hand(channel, Level(level), rose=False))
            if how is Answer.ODD:
                self._levels.hurry(TICK_S)  # a wheel, or a word that did nothing: the next reading decides
        if self._stop is not None and self._stop.since_tag:
            self._stop.proved = tag >= self._stop.since_tag and told.a == 0 and told.b == 0
        return events

    def _read_other(self, now_s: float, reading: Reading, data: bytes, error: AirError | None) -> None:
        try:
            if error is not None:
                raise BadPacket(str(error))
            if reading is self._charge:
                self._percent = CHARGE.parse(data).percent
            else:
                self._maximum = CONFIG_WORD.parse(data).maximum
        except BadPacket:
            self._counts["bad"] += 1
            reading.failed(now_s)
            return
        self._heard_s = now_s
        reading.took()

    # What goes out

    def _turn(self, now_s: float) -> None:
        mode = self._wanted.mode
        if mode is Mode.PLAY and now_s >= self._wanted.end_s:
            mode = Mode.OFF
        was, self._acting = self._acting, mode
        stopped = (Mode.OFF, Mode.READY)
        if mode in stopped and (self._stop is None or (was not in stopped)):
            self._stop = Stop(now_s)
        elif mode is Mode.PLAY and (was is not Mode.PLAY):
            self._stop = None
            self._grid.skip(now_s)
            self._phase = dict.fromkeys(BOTH, 0.0)
        elif mode is Mode.WATCH:
            self._stop = None

    def _target(self, channel: Channel) -> int:
        if self._acting is not Mode.PLAY:
            return 0
        level = min(self._wanted.level.get(channel, Level(0)), self._wanted.ceiling.get(channel, CAPS.scale))
        return min(level, CAPS.scale if self._maximum is None else self._maximum)

    def _urgent(self, now_s: float) -> list[Op]:
        """Return the words of a stop, past everything that waits; then its question."""
        if self._acting is Mode.PLAY:
            falls = [ch for ch in BOTH if self._target(ch) == 0 < self._belief[ch].expected.hi]
            return [self._strengths(now_s, urgent=True)] if falls else []
        stop = self._stop
        if stop is None or stop.proved or now_s < stop.again_s:
            return []
        stop.again_s = now_s + CAPS.ask_s
        ops: list[Op] = [self._strengths(now_s, urgent=True)]
        for wave in (WAVE_A, WAVE_B):
            self._tag += 1
            ops.append(Write(self._tag, wave, SILENCE, response=False, urgent=True))
        stop.since_tag = stop.since_tag or self._tag + 1
        self._levels.hurry(TICK_S)
        return ops

    def _next_command(self, now_s: float) -> list[Op]:
        """Return the one command that is due: strengths that changed, or a wave."""
        if self._acting is not Mode.PLAY:
            return []
        if self._grid.due(now_s):
            at_s, missed = self._grid.take(now_s)
            self._counts["frames_late"] += missed
            self._waves = self._frame(at_s, 1 + missed)
        if self._waves:
            wave, data = self._waves.pop(0)
            self._fed_s = now_s
            return [self._write(now_s, wave, data)]
        if self._wants_word(now_s):
            return [self._strengths(now_s, urgent=False)]
        return []

    def _wants_word(self, now_s: float) -> bool:
        """Say whether a word of strengths has to go out: at once to come down, after a fresh reading to go up."""
        rises = [ch for ch in BOTH if self._target(ch) > self._belief[ch].expected.hi]
        falls = [ch for ch in BOTH if self._target(ch) < self._belief[ch].expected.hi]
        known = all(self._belief[channel].span.known for channel in BOTH)
        return bool(falls) or (bool(rises) and known and now_s - self._told_s <= FRESH_S)

    def _strengths(self, now_s: float, *, urgent: bool) -> Write:
        """Return the word of both strengths: where a channel isn't to change, what was told of it, never more."""
        levels = {}
        for channel, belief in self._belief.items():
            target = self._target(channel)
            rises = target > belief.expected.hi and belief.span.known and now_s - self._told_s <= FRESH_S
            levels[channel] = target if rises else min(target, belief.span.lo)
            belief.write(now_s, Change(How.SET, levels[channel]), None)
        self._levels.hurry(TICK_S)
        data = STRENGTH_WORD.build(Strengths(0, levels[Channel.A], levels[Channel.B]))
        if not urgent:
            return self._write(now_s, STRENGTHS, data)
        self._tag += 1
        return Write(self._tag, STRENGTHS, data, response=False, urgent=True)

    def _frame(self, at_s: float, frames: int) -> list[tuple[Endpoint, bytes]]:
        """Return the waves of a frame; nothing for a channel that is silent in it, since the last one runs out."""
        score = self._wanted.score
        if score is None or at_s + FRAME_S > self._wanted.end_s + 1e-9:
            return []
        now = texture(score, round(at_s - self._wanted.origin_s, 6))
        z = z_for(now.width_us) if now.on else 0
        period = period_ms(now.rate_hz)
        found = []
        for channel in BOTH:
            before = self._phase[channel]
            self._phase[channel] = after = before + frames * FRAME_S * 1000 / period
            due = period <= FRAME_S * 1000 or before == 0.0 or floor(after - 1e-9) > floor(before - 1e-9)
            if z and due and (self._target(channel) or self._belief[channel].span.hi):
                found.append((WAVES[channel], WAVE_WORD.build(Wave(0, z, period - 1, 1))))
        return found

    def _write(self, now_s: float, endpoint: Endpoint, data: bytes) -> Write:
        self._tag += 1
        self._command = Turn(self._tag, now_s + COMMAND_S)
        return Write(self._tag, endpoint, data, response=False)

    def _question(self, now_s: float) -> list[Op]:
        """Return the one reading that is due, the strengths first; before a raise they are read at once."""
        rises = self._acting is Mode.PLAY and any(
            self._target(ch) > self._belief[ch].expected.hi and self._belief[ch].span.known for ch in BOTH
        )
        if rises and now_s - self._told_s > FRESH_S:
            self._levels.hurry(TICK_S)
        others = (self._config, self._charge) if self._levels.due_s > now_s else ()
        for reading, endpoint in ((self._levels, STRENGTHS), *zip(others, (CONFIG, BATTERY), strict=False)):
            if any(one.reads for one in (self._levels, self._config, self._charge)):
                return []
            self._tag += 1
            if not reading.begin(now_s, self._tag):
                continue
            if reading is self._levels:
                for belief in self._belief.values():
                    belief.write(now_s, ASK, self._tag)
            self._config_tries += reading is self._config
            return [Read(self._tag, endpoint)]
        return []

    def _next_s(self, now_s: float) -> float:
        dues_s = [reading.due_s for reading in (self._levels, self._charge, self._config)]
        if self._command is not None:
            dues_s.append(self._command.until_s)
        elif self._acting is Mode.PLAY:
            dues_s += [self._grid.next_s, self._wanted.end_s]
        if self._stop is not None and not self._stop.proved:
            dues_s.append(self._stop.again_s)
        return min([due_s for due_s in dues_s if due_s > now_s] or [now_s + FRAME_S])

    # What is so

    def reported(self, now_s: float) -> Reported:
        spans = {channel: belief.span for channel, belief in self._belief.items()}
        over_zero = any(span.hi for span in spans.values())
        proved = self._stop is not None and self._stop.proved and not over_zero
        zero = Zero.CONFIRMED if proved else Zero.NO if self._stop is None or not self._stop.since_tag else Zero.SENT
        until_s = self._fed_s + FRAME_S
        met = self._maximum is not None or self._config_tries > 2
        top = CAPS.scale if self._maximum is None else min(CAPS.scale, Level(self._maximum))
        live = now_s < until_s and over_zero
        return Reported(
            ready=self._acting is Mode.PLAY or (proved and met),
            closable=self._acting is Mode.WATCH or (self._acting is not Mode.PLAY and now_s >= until_s),
            level=spans,
            settled_s={channel: belief.settled_s for channel, belief in self._belief.items()},
            ceiling=dict.fromkeys(BOTH, top),
            out=Out.OFF if not live else Out.ON if self._acting is Mode.PLAY else Out.MAYBE,
            zero=zero,
            until_s=until_s,
            heard_s=self._heard_s,
            told_s=self._told_s,
            battery=self._percent,
            counts=dict(self._counts),
        )
