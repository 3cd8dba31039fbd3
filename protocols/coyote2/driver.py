"""The driver of a Coyote 2.0: order on a link, when output may flow, what goes out when, and how a stop is made.

1. Order on a link: zero (strengths and both waves), its proof by a reading, the highest strength from 1507; only then
   can a wave go out.
2. A stop is three urgent words at once (1504, 1506, 1505), and again as soon as a reading contradicts, or each 0.3 s.
3. Waves are written one after the other, A first, each when the one before is done; words of strengths go before them.
4. A wheel is never fought: what it did is told, and the difference to what is wanted is all that is written.
5. The box falls silent unfed and keeps its strength, so the next wave would be felt at full level. A channel whose
   wave the air has not taken for UNFED_MAX_S, or a host that has not looked for as long, is an interruption: a stop,
   and output again only after the next stop number. At most one word waits in the radio then, since none is handed
   over while another one is under way.
"""

from collections import Counter
from dataclasses import replace
from math import inf

from protocols.coyote2.packets import (
    BATTERY,
    CAPS,
    CHARGE,
    CONFIG_WORD,
    FRAME_S,
    SILENCE,
    STRENGTH_WORD,
    STRENGTHS,
    WAVE_A,
    WAVE_B,
)
from protocols.coyote2.packets import Strengths as Word
from protocols.coyote2.readings import ECHO_S, SETTLE_S, Questions
from protocols.coyote2.strength import BOTH, Levels, Strengths
from protocols.coyote2.wave import Feed
from protocols.pace import Reading, Turn
from protocols.vocabulary import (
    UNFED_MAX_S,
    AirError,
    BadPacket,
    Capabilities,
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

COMMAND_S = 0.5
"""A command whose outcome nobody told by then no longer holds up the next one. No shorter than UNFED_MAX_S, so that no
second wave is handed over behind one that hangs."""

REACHED_S = 1.0
"""A wave that the air took counts as having fed the box only if the box was heard this lately: a Bluetooth stack takes
writes for as long as its buffers last, also when the radio carries none."""

LOOK_S = 0.2
"""While it plays, it is looked at so often even if no wave is due, so that a host that stood still is noticed."""

SLACK_S = 1e-6
"""Rounding of sums of times."""

STARVE_S = 0.2
"""Pulses end this long after the last wave: it lasts 100 ms and may reach the box up to 100 ms late."""

VAIN = 3
"""So many vain readings are told."""

WAVES = {Channel.A: WAVE_A, Channel.B: WAVE_B}
_LOST = "pulses end within 0.2 s, but the strength may stay set: turn the wheels down to 0 and switch the box off"


class Coyote2:
    """One link. All times are seconds on the caller's monotonic clock, `now_s` the moment of connecting."""

    def __init__(self, now_s: float) -> None:
        self._wanted = Wanted(Mode.WATCH)
        self._caps = CAPS
        self._target: Levels = dict.fromkeys(BOTH, 0)
        self._strengths = Strengths()
        self._open = False
        self._feed = Feed()
        self._waves: dict[Channel, bytes] = {}
        self._flows_s = now_s  # the last moment a wave with pulses may have arrived; a predecessor's, at first
        self._fed_s: dict[Channel, float] = {}  # until when each channel that plays has got what it was due
        self._gap_s: float | None = None  # what was told of it when feeding was interrupted
        self._feeds: dict[int, tuple[Channel, float]] = {}  # waves whose outcome nobody told, and when they were made
        self._tag = 0
        self._command: Turn | None = None
        self._questions = Questions(now_s)
        self._maximum: int | None = None
        self._percent: int | None = None
        self._heard_s = -inf
        self._opened_s = -inf
        self._looked_s = -inf
        self._counts: Counter[str] = Counter()

    @property
    def caps(self) -> Capabilities:
        """See Driver. The scale ends where 1507 says, and never above what a real box told."""
        return self._caps

    @property
    def due_s(self) -> float:
        """See Driver."""
        dues_s = [self._questions.due_s]
        if self._command is not None:
            dues_s.append(self._command.until_s)
        if self._open:
            dues_s.append(self._wanted.end_s)
            if self._fed_s:
                dues_s.append(min(self._fed_s.values()) + UNFED_MAX_S + SLACK_S)
                dues_s.append(inf if self._owes else self._looked_s + LOOK_S)
            if self._wanted.score is not None:
                dues_s.append(self._feed.due_s)
            if self._command is None:
                dues_s.append(-inf if self._waves else self._strengths.fall_due_s(self._target))
        elif self._wanted.mode is not Mode.WATCH:
            dues_s.append(self._strengths.zero_due_s)
        return min(dues_s)

    def want(self, now_s: float, wanted: Wanted) -> None:
        """See Driver. A new stop number, leaving PLAY, and the first OFF begin a stop: urgent, with the next poll."""
        before = self._wanted
        self._wanted = wanted
        self._aim()
        if wanted.stop != before.stop:
            self._gap_s = None
        match wanted.mode:
            case Mode.WATCH:
                self._open = False
                self._waves.clear()
                self._strengths.begin_play()
            case _ if wanted.stop != before.stop:
                self._begin_stop(now_s)
            case Mode.OFF if before.mode is not Mode.OFF:
                self._begin_stop(now_s)
            case Mode.READY if before.mode in (Mode.PLAY, Mode.WATCH):
                self._begin_stop(now_s)
            case Mode.PLAY if before.mode is Mode.WATCH:
                self._begin_stop(now_s)
            case Mode.PLAY if self._open and wanted.origin_s != before.origin_s:
                self._feed.begin(now_s, wanted.origin_s)
            case _:
                pass
        self._turn(now_s)

    def receive(self, now_s: float, endpoint: Endpoint, data: bytes) -> list[Event]:
        """See Driver. A notification is a reason to read, and hardly ever more."""
        events = list[Event]()
        try:
            if endpoint == STRENGTHS:
                told = STRENGTH_WORD.parse(data)
                events, odd = self._strengths.hear(now_s, {Channel.A: told.a, Channel.B: told.b})
                if odd:
                    self._counts["hints"] += 1
                    self._questions.hurry()
            elif endpoint == BATTERY:
                self._percent = CHARGE.parse(data).percent
            else:
                self._counts["unknown_packets"] += 1
                return []
        except BadPacket:
            self._counts["bad_packets"] += 1
            return []
        self._heard_s = now_s
        return events

    def done(self, now_s: float, tag: int, data: bytes, error: AirError | None) -> list[Event]:
        """See Driver. A word that is out is followed by a reading. A wave that the air took fed its channel when it was
        made, at the earliest: when it was taken is not told, since a host that stood still hears of it late.
        """
        fed = self._feeds.pop(tag, None)
        if fed is not None:
            channel, made_s = fed
            self._flows_s = now_s
            if error is None:  # and so were all before it
                self._feeds = {later: wave for later, wave in self._feeds.items() if later > tag}
                if channel in self._fed_s:
                    self._fed_s[channel] = max(self._fed_s[channel], min(made_s, self._reached_s + REACHED_S))
        reading = self._questions.of(tag)
        if reading is not None or self._strengths.awaits(tag):
            return self._take(now_s, tag, reading, data, error)
        self._counts["writes_failed"] += error is not None
        if self._command is not None and tag == self._command.tag:
            self._command = None
        if self._strengths.out(tag, failed=error is not None):
            self._questions.hurry()
            self._questions.hold(now_s)
        return []

    def poll(self, now_s: float) -> list[Op]:
        """See Driver."""
        if self._command is not None and now_s >= self._command.until_s:
            self._command = None
        self._questions.give_up(now_s)
        self._turn(now_s)
        ops: list[Op] = []
        if self._open:
            ops += self._playing(now_s)
        elif self._wanted.mode is not Mode.WATCH and now_s >= self._strengths.zero_due_s:
            ops += self._zeros(now_s)
        if self._open and now_s >= self._reached_s + ECHO_S:
            self._questions.echo()
        return ops + self._reads(now_s)

    def reported(self, now_s: float) -> Reported:
        """See Driver."""
        vain = self._questions.vain
        trouble = f"the box left {vain} readings unanswered" if vain >= VAIN else ""
        if not trouble and not self._maximum and (self._maximum == 0 or self._questions.failed):
            trouble = "the box doesn't report its highest strength (1507)"
        return self._tell(now_s, trouble)

    def lost(self, now_s: float) -> Reported:
        """See Driver. The box falls silent unfed, but nobody can say what becomes of its strength."""
        self._open = False
        proved = self._strengths.zero is Zero.CONFIRMED
        if not proved:
            self._strengths.zero = Zero.NO
        return self._tell(now_s, "" if proved else _LOST)

    @property
    def _reached_s(self) -> float:
        """Return when the box was heard last, or output was opened on what it had proved."""
        return max(self._heard_s, self._opened_s)

    # What goes out

    def _begin_stop(self, now_s: float) -> None:
        self._open = False
        self._waves.clear()
        self._fed_s.clear()
        self._strengths.begin_stop(now_s)

    def _turn(self, now_s: float) -> None:
        """Open output once all is proved, and end it when its time is over."""
        if self._open and self._fed_s:
            fed_s = min(self._fed_s.values())
            if now_s >= fed_s + UNFED_MAX_S + SLACK_S:
                self._gap_s = fed_s
                self._counts["gaps"] += 1
                self._begin_stop(now_s)
        plays = self._wanted.mode is Mode.PLAY and now_s < self._wanted.end_s and self._gap_s is None
        if self._open and not plays:
            self._begin_stop(now_s)
        elif plays and not self._open and self._maximum and self._strengths.zero is Zero.CONFIRMED:
            self._open = True
            self._opened_s = now_s
            self._strengths.begin_play()
            self._feed.begin(now_s, self._wanted.origin_s)

    def _aim(self) -> None:
        """Work out where the strengths are to be while output is open."""
        wanted = self._wanted
        top = self._caps.scale
        self._target = {ch: min(wanted.level.get(ch, Level(0)), wanted.ceiling.get(ch, Level(0)), top) for ch in BOTH}

    def _zeros(self, now_s: float) -> list[Op]:
        """Return the words of a stop, past everything that waits."""
        self._tag += 1
        self._strengths.stop(now_s, self._tag)
        self._questions.hold(now_s + SETTLE_S)
        ops: list[Op] = [Write(self._tag, STRENGTHS, SILENCE, response=False, urgent=True)]
        for wave in WAVES.values():
            self._tag += 1
            ops.append(Write(self._tag, wave, SILENCE, response=False, urgent=True))
        return ops

    def _playing(self, now_s: float) -> list[Op]:
        """Return what is due while output is open: strengths first (urgent if that ends a channel), or else a wave."""
        target = self._target
        score = self._wanted.score
        if score is not None and now_s >= self._feed.due_s:
            word = self._feed.take(now_s, score, self._wanted.end_s)
            if word is not None:
                waits = [*self._waves, *(channel for channel in BOTH if channel not in self._waves)]
                self._waves = dict.fromkeys(waits, word)
            self._counts["frames_late"] = self._feed.late
        self._waves = {channel: word for channel, word in self._waves.items() if target[channel] > 0}
        self._look_after(now_s)
        ops: list[Op] = []
        falls = self._strengths.falls(now_s, target)
        if falls and any(target[channel] == 0 < self._strengths.span[channel].hi for channel in BOTH):
            ops.append(self._strength_word(now_s, target, urgent=True))
            falls = False
        if self._command is not None:
            return ops
        if falls or (self._strengths.rises(target) and self._strengths.fresh(now_s)):
            return [*ops, self._strength_word(now_s, target, urgent=False)]
        for channel in tuple(self._waves)[:1]:
            word = self._waves.pop(channel)
            if word != SILENCE:
                self._flows_s = now_s
            ops.append(self._write(now_s, WAVES[channel], word, urgent=False))
            self._feeds[self._tag] = channel, now_s
        return ops

    @property
    def _owes(self) -> bool:
        """Say whether a wave that was due has not been taken yet."""
        return bool(self._waves or self._feeds)

    def _look_after(self, now_s: float) -> None:
        """A channel that is to play and is owed no wave, since none was due, has been looked after until now; but no
        longer than the box was heard: what the air took may lie in a buffer.
        """
        self._looked_s = now_s
        after_s = min(now_s, self._reached_s + REACHED_S)
        waits = {channel for channel, _ in self._feeds.values()} | self._waves.keys()
        score = self._wanted.score
        plays = [channel for channel in BOTH if score is not None and self._target[channel] > 0]
        self._fed_s = {channel: self._fed_s.get(channel, now_s) if channel in waits else after_s for channel in plays}

    def _strength_word(self, now_s: float, target: Levels, *, urgent: bool) -> Write:
        levels = self._strengths.order(now_s, self._tag + 1, target)
        data = STRENGTH_WORD.build(Word(0, levels[Channel.A], levels[Channel.B]))
        self._questions.hold(now_s + SETTLE_S)
        return self._write(now_s, STRENGTHS, data, urgent=urgent)

    def _write(self, now_s: float, endpoint: Endpoint, data: bytes, *, urgent: bool) -> Write:
        self._tag += 1
        if not urgent:
            self._command = Turn(self._tag, now_s + COMMAND_S)
        return Write(self._tag, endpoint, data, response=False, urgent=urgent)

    def _reads(self, now_s: float) -> list[Op]:
        """Return the one reading that is due; the strengths are read at once before a raise."""
        if self._open and self._wanted.rises and now_s - self._strengths.told_s > CAPS.ask_s:
            self._questions.raises()
        elif self._open and self._strengths.rises(self._target) and not self._strengths.fresh(now_s):
            self._questions.hurry()
        if self._open and self._wanted.score is not None:
            self._questions.keep_clear(now_s, wave_s=self._feed.due_s, waits=bool(self._waves))
        endpoint = self._questions.ask(now_s, self._tag + 1)
        if endpoint is None:
            return []
        self._tag += 1
        if endpoint == STRENGTHS:
            self._strengths.asked(now_s, self._tag)
        return [Read(self._tag, endpoint)]

    def _take(
        self, now_s: float, tag: int, reading: Reading | None, data: bytes, error: AirError | None
    ) -> list[Event]:
        """Take what was read; without a reading under way it is one of the strengths that comes late."""
        questions = self._questions
        events = list[Event]()
        try:
            if error is not None:
                raise error
            if reading is questions.config:
                self._tighten(CONFIG_WORD.parse(data).maximum)
            elif reading is questions.charge:
                self._percent = CHARGE.parse(data).percent
            else:
                told = STRENGTH_WORD.parse(data)
                events = self._strengths.read(now_s, tag, {Channel.A: told.a, Channel.B: told.b})
                questions.vain = 0
        except (AirError, BadPacket):
            if reading is not None:
                questions.fail(now_s, reading)
            return []
        self._heard_s = now_s
        if reading is not None:
            reading.took()
        if self._strengths.unsettled:
            questions.hurry()
        self._turn(now_s)
        return events

    def _tighten(self, maximum: int) -> None:
        self._maximum = maximum
        top = min(maximum, CAPS.scale)
        self._strengths.maximum = maximum
        if top > 0:
            self._caps = replace(CAPS, scale=Level(top), step=max(1, min(CAPS.step, top * 2 // 100)))
            self._aim()

    def _tell(self, now_s: float, trouble: str) -> Reported:
        strengths = self._strengths
        if strengths.zero is Zero.CONFIRMED:
            self._feeds.clear()  # they came before that zero, or never
        until_s = (now_s if self._feeds else self._flows_s) + STARVE_S
        fed_s = min(self._fed_s.values()) if self._fed_s else self._gap_s
        live = now_s < until_s and strengths.over_zero and strengths.zero is not Zero.CONFIRMED
        top = Level(0) if self._maximum == 0 else self._caps.scale
        return Reported(
            ready=self._open or (bool(self._maximum) and strengths.zero is Zero.CONFIRMED),
            closable=self._wanted.mode is Mode.WATCH or (not self._open and now_s >= self._flows_s + FRAME_S),
            level=strengths.span,
            settled_s=strengths.settled_s,
            ceiling=dict.fromkeys(BOTH, top),
            out=(Out.ON if self._open else Out.MAYBE) if live else Out.OFF,
            zero=strengths.zero,
            until_s=until_s,
            heard_s=self._heard_s,
            told_s=strengths.told_s,
            battery=self._percent,
            trouble=trouble,
            counts={**self._counts, "reads_failed": self._questions.failed},
            stop=self._wanted.stop,
            fed_s=fed_s,
        )
