"""The driver of a YOKONEX EMS: proves which protocol a unit speaks before anything is felt, then sends what differs.

1. The proof: after zero is told by both channels, channel B is switched on at intensity 1 with rate 1 Hz and a width of
   0 µs, which carries nothing; the unit must tell just that, and zero again after the stop. Frames of the one protocol
   are too short or too long for the other in that place, so neither can take the proof for something stronger. (The
   sheet would have a first "on" of 1 on channel B; a width of 0 makes it safer still.) Without it nothing plays.
2. A level is believed from the channel's own report: one that comes LATE_S after the last order, or says the same.
3. Orders go out at most each 100 ms, for a change only, since the unit plays on by itself. Rests of a burst are a width
   of 0. A stop is urgent, in both protocols while it isn't known which one is spoken, and said again until it is told.
"""

from collections import Counter
from dataclasses import dataclass
from math import inf

from protocols.belief import ASK, Answer, Belief, Change, How
from protocols.driver import Direction
from protocols.layout import pick
from protocols.pace import Turn
from protocols.score import slotted, texture, unchanged_s
from protocols.vocabulary import (
    AirError,
    BadPacket,
    Capabilities,
    Channel,
    Contact,
    Endpoint,
    Event,
    Hand,
    Level,
    Mode,
    Op,
    Out,
    Refused,
    Reported,
    Wanted,
    Write,
    Zero,
)
from protocols.yokonex import (
    CAPS,
    CHARGE,
    CUSTOM,
    ERROR,
    IN,
    LAYOUTS,
    PROGRAMS,
    QUERY,
    STOP_V1,
    STOP_V2,
    TOP,
    V1,
    Playing,
    Told,
    Value,
    frames,
    rate_played,
    width_played,
)

GAP_S, SLOT_S = 0.1, 0.1
ASK_S, AGAIN_S, LATE_S = 1.0, 0.3, 0.25
"""Between questions while all is known; while something isn't; a report that comes so late is newer than the order."""

BATTERY_S, COMMAND_S, PROOF_S, TICK_S = 60.0, 0.3, 2.0, 0.001
BOTH = (Channel.A, Channel.B)


OFF, PROOF = Playing(0, 0, 0, 0), Playing(1, CUSTOM, 1, 0)


@dataclass(slots=True)
class Lane:
    """One channel: what it was told last, and what it tells."""

    channel: Channel
    belief: Belief
    told: Told | None = None
    sent: Playing | None = None
    sent_s: float = -inf
    asked_s: float = -inf
    off_s: float = -inf
    contact: bool = True


class Yokonex:
    """See the module and protocols.driver.Driver; `profile` is the protocol that a person has chosen."""

    def __init__(self, now_s: float, profile: str) -> None:
        self._profile = profile
        self._wanted = Wanted(Mode.WATCH)
        self._acting = Mode.WATCH
        self._lanes = [Lane(channel, Belief(TOP)) for channel in BOTH]
        self._stop_s: float | None = None
        self._again_s = now_s
        self._proof_s: float | None = None
        self._proved = self._refused = False
        self._command: Turn | None = None
        self._order_s = now_s
        self._charge_s = now_s
        self._percent: int | None = None
        self._tag = 0
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
        if self._stop_s == now_s or any(self._playing(now_s, lane) != lane.sent for lane in self._lanes):
            self._due_s = now_s

    def receive(self, now_s: float, endpoint: Endpoint, data: bytes) -> list[Event]:
        forms = LAYOUTS[Direction.FROM_DEVICE].get(endpoint.name, ())
        try:
            form, packet = pick(forms, data)
        except BadPacket:
            self._counts["bad"] += 1
            return []
        self._heard_s = now_s
        if isinstance(packet, Told):
            return self._told(now_s, self._lanes[packet.channel - 1], packet)
        if form is CHARGE:
            self._percent = packet.value
        self._counts[f"error {packet.value}" if form is ERROR else form.name] += 1
        return []

    def done(self, now_s: float, tag: int, data: bytes, error: AirError | None) -> list[Event]:
        if self._command is not None and tag == self._command.tag:
            self._command = None
            self._counts["errors"] += error is not None
        return []

    def poll(self, now_s: float) -> list[Op]:
        self._turn(now_s)
        if self._command is not None and now_s >= self._command.until_s:
            self._command = None
        ops = self._urgent(now_s)
        if self._command is None and not ops:
            ops = self._next(now_s)
        self._due_s = max(self._next_s(now_s), now_s + TICK_S)
        return ops

    def lost(self, now_s: float) -> Reported:
        """See Driver: nothing is known of what it does without a link, so it may go on for ever."""
        return self.reported(now_s)

    # What the unit says

    def _told(self, now_s: float, lane: Lane, told: Told) -> list[Event]:
        self._told_s = now_s
        level = told.intensity if told.on else 0
        lane.told, events = told, list[Event]()
        pending = lane.sent is not None and lane.sent_s > -inf and lane.belief.expected != lane.belief.span
        if not pending and lane.belief.span.known:
            how = lane.belief.overhear(now_s, level)
            if how is Answer.FELL:
                events.append(Hand(lane.channel, Level(level), rose=False))
        elif now_s >= lane.sent_s + LATE_S or (lane.sent is not None and level == lane.sent.intensity):
            self._tag += 1
            lane.belief.write(now_s, ASK, self._tag)
            if lane.belief.answer(now_s, self._tag, level) is Answer.FELL:
                events.append(Hand(lane.channel, Level(level), rose=False))
            if lane.sent is not None and level != lane.sent.intensity and now_s >= lane.sent_s + LATE_S:
                lane.sent = None  # the order did nothing, or not what it says: say it again
        if not told.on and lane.asked_s > lane.sent_s:
            lane.off_s = now_s
        if lane.contact != (told.contact != 0):
            lane.contact = told.contact != 0
            if told.on or lane.contact:
                events.append(Contact(lane.channel, lane.contact))
        return events + self._prove(now_s)

    def _prove(self, now_s: float) -> list[Event]:
        """Look whether the unit tells what the proof has told it."""
        told = self._lanes[1].told
        if self._proof_s is None or self._proved or told is None or self._lanes[1].asked_s <= self._proof_s:
            return []
        if told.on == 1 and told.intensity == PROOF.intensity and told.mode in (CUSTOM, 0):
            self._proved = True
            self._begin_stop(now_s)
        elif now_s >= self._proof_s + PROOF_S and not self._refused:
            self._refused = True
            self._begin_stop(now_s)
            return [Refused(self._trouble)]
        return []

    @property
    def _trouble(self) -> str:
        other = "V2.0" if self._profile == V1 else V1
        return (
            f"the unit does not answer as protocol {self._profile}: if yours speaks {other}, say "
            f"estim devices set NAME profile {other}"
        )

    # What goes out

    def _turn(self, now_s: float) -> None:
        mode = self._wanted.mode
        if mode is Mode.PLAY and now_s >= self._wanted.end_s:
            mode = Mode.OFF
        was, self._acting = self._acting, mode
        stopped = (Mode.OFF, Mode.READY)
        if mode in stopped and (self._stop_s is None or was not in stopped):
            self._begin_stop(now_s)
        elif mode in (Mode.PLAY, Mode.WATCH):
            self._stop_s = None

    def _begin_stop(self, now_s: float) -> None:
        self._stop_s = self._again_s = now_s
        for lane in self._lanes:
            lane.off_s = -inf

    @property
    def _is_off(self) -> bool:
        """Whether both channels have told, asked after the stop, that they are off."""
        stop_s = self._stop_s
        return stop_s is not None and all(lane.off_s >= stop_s and lane.belief.span.hi == 0 for lane in self._lanes)

    def _urgent(self, now_s: float) -> list[Op]:
        falls = [
            ln for ln in self._lanes if self._acting is Mode.PLAY and ln.sent not in (None, OFF) and not self._level(ln)
        ]
        if falls:
            return [self._say(now_s, data, urgent=True) for data in self._orders(now_s, falls)]
        proving = self._proof_s is not None and not self._proved and not self._refused
        if self._stop_s is None or self._is_off or now_s < self._again_s or proving:
            return []
        self._again_s = now_s + AGAIN_S
        for lane in self._lanes:
            lane.belief.write(now_s, Change(How.SET, 0), None)
            lane.sent, lane.sent_s = OFF, lane.sent_s if lane.sent == OFF else now_s
        own = STOP_V1 if self._profile == V1 else STOP_V2
        return [self._say(now_s, data, urgent=True) for data in ([own] if self._proved else [STOP_V1, STOP_V2])]

    def _next(self, now_s: float) -> list[Op]:
        """Return the one command that is due: an order, or a question."""
        if self._acting is Mode.WATCH:
            return self._ask(now_s)
        if self._acting is Mode.READY and self._is_off and not self._proved and self._proof_s is None:
            self._proof_s = now_s
            lane = self._lanes[1]
            lane.belief.write(now_s, Change(How.SET, PROOF.intensity), None)
            lane.sent, lane.sent_s = PROOF, now_s
            return [self._say(now_s, frames(self._profile, OFF, PROOF)[-1])]
        if self._acting is Mode.PLAY and self._proved and now_s >= self._order_s + GAP_S - 1e-9:
            differs = [lane for lane in self._lanes if self._playing(now_s, lane) != (lane.sent or OFF)]
            if differs:
                return [self._say(now_s, self._orders(now_s, differs[:1])[0])]
        return self._ask(now_s)

    def _orders(self, now_s: float, lanes: list[Lane]) -> list[bytes]:
        """Return the frames that tell these channels what to play now, and take note of it."""
        for lane in self._lanes:
            playing = self._playing(now_s, lane)
            if lane in lanes and playing != lane.sent:
                if lane.sent is None or playing.intensity != lane.sent.intensity:
                    lane.belief.write(now_s, Change(How.SET, playing.intensity), None)
                    lane.sent_s = now_s
                lane.sent = playing
        self._order_s = now_s
        both = frames(self._profile, self._lanes[0].sent or OFF, self._lanes[1].sent or OFF)
        return both if self._profile != V1 else [both[BOTH.index(lane.channel)] for lane in lanes]

    def _level(self, lane: Lane) -> int:
        if self._acting is not Mode.PLAY:
            return 0
        ceiling = self._wanted.ceiling.get(lane.channel, CAPS.scale)
        return min(self._wanted.level.get(lane.channel, Level(0)), ceiling, TOP)

    def _playing(self, now_s: float, lane: Lane) -> Playing:
        level, score = self._level(lane), self._wanted.score
        if level == 0 or score is None:
            return OFF
        if score.number is not None:
            return Playing(level, max(1, min(PROGRAMS, score.number)), 0, 0)
        now = texture(score, slotted(score, max(0.0, now_s - self._wanted.origin_s), SLOT_S))
        return Playing(level, CUSTOM, int(rate_played(now.rate_hz)), int(width_played(now.width_us)) if now.on else 0)

    def _ask(self, now_s: float) -> list[Op]:
        unsure = any(not lane.belief.span.known for lane in self._lanes)
        unsure = unsure or (self._stop_s is not None and not self._is_off)
        gap_s = AGAIN_S if unsure else ASK_S
        lane = min(self._lanes, key=lambda lane: lane.asked_s)
        if now_s >= lane.asked_s + gap_s:
            lane.asked_s = now_s
            return [self._say(now_s, QUERY.build(Value(BOTH.index(lane.channel) + 1)))]
        if now_s >= self._charge_s and self._lanes[1].asked_s > -inf:
            self._charge_s = now_s + (BATTERY_S if self._percent is not None else ASK_S)
            return [self._say(now_s, QUERY.build(Value(4)))]
        return []

    def _say(self, now_s: float, data: bytes, *, urgent: bool = False) -> Write:
        self._tag += 1
        if not urgent:
            self._command = Turn(self._tag, now_s + COMMAND_S)
        return Write(self._tag, IN, data, response=False, urgent=urgent)

    def _next_s(self, now_s: float) -> float:
        dues_s = [self._charge_s]
        if self._command is not None:
            dues_s = [self._command.until_s]
        elif self._acting is Mode.PLAY and self._wanted.score is not None:
            changes = any(self._playing(now_s, lane) != (lane.sent or OFF) for lane in self._lanes)
            at_s = now_s - self._wanted.origin_s
            dues_s.append(self._order_s + GAP_S if changes else now_s + unchanged_s(self._wanted.score, at_s, SLOT_S))
        dues_s += [min(lane.asked_s for lane in self._lanes) + gap_s for gap_s in (AGAIN_S, ASK_S)]
        dues_s += [self._again_s, self._wanted.end_s, self._order_s + GAP_S]
        return min([due_s for due_s in dues_s if due_s > now_s] or [now_s + AGAIN_S])

    # What is so

    def reported(self, now_s: float) -> Reported:
        spans = {lane.channel: lane.belief.span for lane in self._lanes}
        zero = Zero.NO if self._stop_s is None else Zero.CONFIRMED if self._is_off else Zero.SENT
        out = (
            Out.OFF
            if not any(s.hi for s in spans.values())
            else Out.ON
            if any(s.lo for s in spans.values())
            else Out.MAYBE
        )
        return Reported(
            ready=self._proved and (self._acting is Mode.PLAY or zero is Zero.CONFIRMED),
            closable=self._acting is Mode.WATCH or out is Out.OFF,
            level=spans,
            settled_s={lane.channel: lane.belief.settled_s for lane in self._lanes},
            ceiling=dict.fromkeys(BOTH, CAPS.scale),
            out=out,
            zero=zero,
            until_s=now_s if out is Out.OFF else inf,
            heard_s=self._heard_s,
            told_s=self._told_s,
            battery=self._percent,
            trouble=self._trouble if self._refused else "",
            counts=dict(self._counts),
        )
