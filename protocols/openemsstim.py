"""openEMSstim, an open-hardware gate before somebody's own stimulator: text commands, each valid for its own time only.

1. `C0I50T2000G`: channel, percent of a potentiometer, milliseconds. The unit goes off by itself when the time is over,
   so a level that stays is said again well before that. It makes no pulses: another unit does, set by hand.
2. I0 is not off: about a fifth of the pot still leaks while the relay is on. Off is `C0I0T0G`, or the end of the time.
3. It never says anything. The reply to a write is its radio module's, before the board has read the command: enough to
   believe a level, but zero is proved only when every time that was asked for is over.

Source: PedroLopes/openEMSstim (GitHub): Arduino sketch, EMSSystem, EMSChannel and Rn4020BTLe; its Android app.
"""

from collections import Counter
from dataclasses import dataclass, replace
from math import floor, inf
from re import fullmatch

from protocols.belief import Belief, Change, How
from protocols.driver import Direction, Family, Forms
from protocols.score import Part, Playable, Score, Steady, lasts_s, part_at, slotted, texture, unchanged_s
from protocols.vocabulary import (
    Advert,
    AirError,
    BadPacket,
    Can,
    Capabilities,
    Channel,
    Control,
    Endpoint,
    Event,
    Level,
    Match,
    Mode,
    OffBy,
    Op,
    Out,
    Pause,
    Reported,
    Wanted,
    Write,
    Zero,
    ZeroBy,
)

SERVICE = "454d532d-5365-7276-6963-652d424c4531"
COMMAND = Endpoint("EMS-Steuerung-CH", SERVICE, "454d532d-5374-6575-6572-756e672d4348", Can.WRITE | Can.NOTIFY)
VALUE_MAX = 32  # bytes that the characteristic holds

LEASE_MAX_S, LEASE_S, SLOT_S = 5.0, 2.0, 0.25
"""What the firmware cuts every time to; what is asked for, and again at its half, so that a lost command isn't felt.
Into a slot fit two channels, each with a reply of about two connection intervals (the apps' patterns use 120 ms)."""

ARRIVES_S, BOARD_S = 6.0, 0.3
"""Until a write without a reply is there, or lost with its link. From the radio module's reply to the board's act: it
reads at 19200 baud, may write 170 characters of debug text as slowly, and waits 50 ms while it switches one off."""

REPLY_S, ASK_S, LATE_S, TICK_S = 1.0, 0.3, 0.1, 0.001
"""A command without a reply is given up; a stop is said again; a burst that begins so late is played in full."""

IDLE_S = {Mode.PLAY: 2.0, Mode.READY: 5.0, Mode.OFF: 5.0, Mode.WATCH: inf}
"""How old the last reply may get before a silent unit is asked for one, by a stop: seldom, since its relay clicks."""

STEADY = Score((Part("steady", 0.0, inf, Steady(100.0), Steady(200.0)),))


@dataclass(frozen=True, slots=True)
class Command:
    """`order` is that of the letters; channel 0-1, intensity in % of the pot, on_ms as sent (the unit cuts to 5000)."""

    channel: int
    intensity: int
    on_ms: int
    order: str = "CIT"


class Text:
    """The form of a command: letters C, I and T in any order, each with its number, then G; nothing before or after."""

    name = "command"
    head = b""

    def framed(self, data: bytes) -> None:
        """Raise BadPacket for more than the characteristic holds."""
        if not 0 < len(data) <= VALUE_MAX:
            raise BadPacket(f"command: 1 to {VALUE_MAX} bytes, not {len(data)}")

    def starts(self, data: bytes) -> bool:
        """Say whether it may be one: every text may."""
        return bool(data)

    def parse(self, data: bytes) -> Command:
        """Return the command; raise BadPacket for what the unit would take for a shut-down, or not at all."""
        self.framed(data)
        text = data.decode("ascii", errors="replace")
        found = fullmatch(r"([CIT])(\d{1,10})([CIT])(\d{1,10})([CIT])(\d{1,10})G", text, 256)  # ASCII digits only
        letters = "".join(found.groups()[::2]) if found else ""
        if found is None or len(set(letters)) < 3:
            raise BadPacket(f"command: C, I and T with their numbers and G, such as C0I50T2000G, not {text!r}")
        value = dict(zip(letters, map(int, found.groups()[1::2]), strict=True))
        command = Command(value["C"], value["I"], value["T"], letters)
        if self.build(command) != data:
            raise BadPacket(f"command: numbers have no zeros in front, {text!r}")
        return command

    def build(self, packet: Command) -> bytes:
        """Return the text; raise BadPacket for a channel, intensity or time that the grammar doesn't have."""
        if packet.channel not in (0, 1) or not 0 <= packet.intensity <= 100 or not 0 <= packet.on_ms < 2**31:
            raise BadPacket(f"command: C is 0 or 1, I 0 to 100, T 0 to {2**31 - 1}, not {packet}")
        number = {"C": packet.channel, "I": packet.intensity, "T": packet.on_ms}
        return ("".join(f"{letter}{number[letter]}" for letter in packet.order) + "G").encode()


TEXT = Text()
LAYOUTS: Forms = {
    Direction.TO_DEVICE: {COMMAND.name: (TEXT,)},
    Direction.FROM_DEVICE: {COMMAND.name: ()},
}

CAPS = Capabilities(
    family="openemsstim",
    channels=(Channel.A, Channel.B),
    scale=Level(100),
    step=2,
    first=Level(1),
    raise_gap_s=0.5,
    ask_s=ASK_S,
    fresh_s=3.0,
    stale_s=3.0,
    fault_s=10.0,
    stop_s=9.0,  # the longest proof: a write that arrives at the last moment, its time, and the board's
    control=Control.LEASE,
    off_by=OffBy.LEASE,
    pause=Pause.HOLD,
    zero_by=ZeroBy.LEASE,
)


@dataclass(slots=True)
class Lane:
    """One channel. It was `said` an intensity (-1: none) until `ends_s`, and is to be said again at `again_s`.

    By `renew_s` a reply has to be there, by `over_s` all that surely arrived is over. While `shut` it is silent
    whatever is wanted: until zero is proved and no more than a first step is wanted.
    """

    channel: Channel
    number: int
    belief: Belief
    over_s: float
    again_s: float = -inf
    ends_s: float = -inf
    renew_s: float = inf
    said: int = -1
    shut: bool = True


@dataclass(slots=True)
class Sent:
    """A command without a reply, for which others wait until `awaited_s`; with a reply it holds until `renew_s`."""

    lane: Lane
    level: int
    on_s: float
    awaited_s: float
    renew_s: float
    over_s: float


class OpenEmsStim:
    """The driver, see protocols.driver.Driver."""

    caps = CAPS

    def __init__(self, now_s: float) -> None:
        over_s = now_s + LEASE_MAX_S + BOARD_S  # what a host before us may have left on
        self._wanted, self._score = Wanted(Mode.WATCH), STEADY
        self._lanes = [Lane(ch, number, Belief(CAPS.scale), over_s) for number, ch in enumerate(CAPS.channels)]
        self._sent: dict[int, Sent] = {}
        self._tag, self._heard_s, self.due_s = 0, -inf, now_s
        self._counts: Counter[str] = Counter()

    def want(self, now_s: float, wanted: Wanted) -> None:
        self._wanted, self._score = wanted, wanted.score or STEADY
        for lane in self._lanes:
            begins = wanted.mode is Mode.PLAY and wanted.level.get(lane.channel, 0) <= CAPS.step
            lane.shut = lane.shut and not (begins and lane.belief.span.hi == 0)
        self.due_s = now_s

    def receive(self, now_s: float, endpoint: Endpoint, data: bytes) -> list[Event]:
        self._counts["unknown"] += 1  # no firmware says anything
        return []

    def done(self, now_s: float, tag: int, data: bytes, error: AirError | None) -> list[Event]:
        sent = self._sent.get(tag)
        if sent is None:
            return []
        lane = sent.lane
        if error is not None:
            self._counts["errors"] += 1
            sent.awaited_s, lane.again_s = now_s, min(lane.again_s, now_s + ASK_S)
            if error.code is not None:
                del self._sent[tag]  # the module refused it, so the board never sees it
            return []
        self._heard_s = now_s
        self._arrived(now_s, [key for key, one in self._sent.items() if one.lane is lane and key <= tag])
        if sent.level == 0 and lane.shut and lane.belief.span.hi:
            lane.again_s = now_s + REPLY_S  # most likely off; said again until it surely is
        elif lane.belief.awaits(tag):
            lane.belief.answer(now_s, tag, sent.level)
            lane.renew_s = inf if lane.shut else sent.renew_s
        return []

    def poll(self, now_s: float) -> list[Op]:
        ops: list[Op] = []
        for lane in self._lanes:
            self._look(now_s, lane)
            if now_s >= self._next_s(now_s, lane):
                ops += self._say(now_s, lane)
        self._sent = {tag: sent for tag, sent in self._sent.items() if now_s < sent.over_s}
        due_s = [self._next_s(now_s, lane) for lane in self._lanes]
        due_s += [sent.awaited_s for sent in self._sent.values()] + [lane.renew_s for lane in self._lanes]
        due_s += [self._over_s(lane) for lane in self._lanes if lane.belief.span.hi]
        self.due_s = max(min((at_s for at_s in due_s if at_s > now_s), default=inf), now_s + TICK_S)
        return ops

    def reported(self, now_s: float) -> Reported:
        spans = {lane.channel: lane.belief.span for lane in self._lanes}
        off, on = all(span.hi == 0 for span in spans.values()), any(span.lo for span in spans.values())
        playing = self._wanted.mode is Mode.PLAY and now_s < self._wanted.end_s
        zero = Zero.NO if playing or self._wanted.mode is Mode.WATCH else Zero.CONFIRMED if off else Zero.SENT
        return Reported(
            ready=self._heard_s > -inf and (playing or zero is Zero.CONFIRMED),
            closable=True,
            level=spans,
            settled_s={lane.channel: lane.belief.settled_s + BOARD_S for lane in self._lanes},
            ceiling=dict.fromkeys(CAPS.channels, CAPS.scale),
            out=Out.OFF if off else Out.ON if on else Out.MAYBE,
            zero=zero,
            until_s=now_s if off else max(now_s, *(self._over_s(lane) for lane in self._lanes)),
            heard_s=self._heard_s,
            told_s=self._heard_s,
            trouble="" if self._heard_s > -inf else "it replies to no command",
            counts=dict(self._counts),
        )

    def lost(self, now_s: float) -> Reported:
        """See Driver. The firmware goes off as the connection ends, but learns of it later: the time is the proof."""
        self._arrived(now_s, list(self._sent))  # nothing arrives any more, and what did was there by now
        self._wanted = Wanted(Mode.OFF)
        for lane in self._lanes:
            lane.shut = True
            self._look(now_s, lane)
        last = self.reported(now_s)
        return last if last.out is Out.OFF else replace(last, out=Out.MAYBE, zero=Zero.NO)

    def _arrived(self, now_s: float, tags: list[int]) -> None:
        """Take it that these commands are there: order is kept, so what went before a reply is, too."""
        for tag in tags:
            sent = self._sent.pop(tag)
            if sent.on_s:
                sent.lane.over_s = max(sent.lane.over_s, now_s + sent.on_s + BOARD_S)

    def _over_s(self, lane: Lane) -> float:
        """Return when all that was ever said to a channel is over at the latest."""
        return max([lane.over_s, *(sent.over_s for sent in self._sent.values() if sent.lane is lane and sent.on_s)])

    def _look(self, now_s: float, lane: Lane) -> None:
        """See what the time has done: a level was not renewed, or a zero is proved."""
        if now_s >= lane.renew_s and self._now(now_s, lane)[0]:
            self._counts["lapsed"] += 1
            lane.shut, lane.said = True, -1  # it may be off by now, and must not be back at once when the air is
        if now_s >= self._over_s(lane) and lane.shut and lane.belief.span.hi:
            lane.belief = Belief(CAPS.scale)
            lane.belief.overhear(now_s, 0)

    def _now(self, now_s: float, lane: Lane) -> tuple[int, int]:
        """Return the level to play, 0 for a stop, and the intensity to say: less in a contraction, 0 in a rest."""
        if lane.shut or self._wanted.mode is not Mode.PLAY or self._wanted.end_s - now_s < TICK_S:
            return 0, 0
        level = min(self._wanted.level.get(lane.channel, 0), self._wanted.ceiling.get(lane.channel, 0), CAPS.scale)
        now = texture(self._score, slotted(self._score, now_s - self._wanted.origin_s, SLOT_S))
        return level, min(level, max(1, floor(level * now.gate + 1e-9))) if now.on else 0

    def _next_s(self, now_s: float, lane: Lane) -> float:
        """Return when this lane has something to say next; what is no stop waits for the reply before."""
        level, says = self._now(now_s, lane)
        if self._wanted.mode is Mode.WATCH:
            return inf
        if level == 0 and lane.belief.span.hi:
            return lane.again_s if lane.shut and lane.said == 0 else now_s
        if any(now_s < sent.awaited_s for sent in self._sent.values()):
            return inf
        if says:
            at_s = lane.again_s if says == lane.said and now_s < lane.ends_s else now_s
        elif lane.said > 0 and now_s < lane.ends_s - LATE_S:
            at_s = now_s  # a rest that doesn't come by itself
        else:
            at_s = max(lane.again_s if lane.said == 0 else -inf, self._heard_s + IDLE_S[self._wanted.mode])
        if level == 0:
            return at_s
        turn_s = now_s + unchanged_s(self._score, now_s - self._wanted.origin_s, SLOT_S) + 1e-6
        return min(at_s, turn_s, self._wanted.end_s)

    def _say(self, now_s: float, lane: Lane) -> list[Op]:
        level, says = self._now(now_s, lane)
        at_s, on_s = now_s - self._wanted.origin_s, 0.0
        if says:
            into_s = (at_s - part_at(self._score, at_s)[1].start_s) % SLOT_S
            began_s = at_s - into_s if into_s <= LATE_S else at_s
            on_s = min(LEASE_S, self._wanted.end_s - now_s, lasts_s(self._score, began_s, SLOT_S))
        if says and on_s < TICK_S:
            return []
        ends_s = now_s + on_s
        goes_on = says > 0 and texture(self._score, at_s + on_s + TICK_S).on and ends_s < self._wanted.end_s - TICK_S
        renew_s = ends_s - min(BOARD_S, on_s / 5) if goes_on else inf
        urgent = level == 0 and lane.belief.span.hi > 0
        self._tag += 1
        awaited_s = now_s if urgent else now_s + REPLY_S
        self._sent[self._tag] = Sent(lane, level, on_s, awaited_s, renew_s, ends_s + ARRIVES_S + BOARD_S)
        lane.belief.write(now_s, Change(How.SET, level), self._tag)
        lane.shut, lane.said, lane.ends_s = lane.shut or level == 0, says, ends_s
        lane.again_s = now_s + on_s / 2 if goes_on else inf if says else now_s + ASK_S
        lane.renew_s = min(lane.renew_s, now_s + REPLY_S) if says else inf
        command = Command(lane.number, says, floor(on_s * 1000))
        return [Write(self._tag, COMMAND, TEXT.build(command), response=True, urgent=urgent)]


def match(advert: Advert) -> Match:
    """Say whether an advert is a board's: by its service, or the name it is sold by; owners may call it anything."""
    name = advert.name.casefold()
    if SERVICE in advert.services or name.startswith("openemsstim"):
        return Match.YES
    return Match.MAYBE if name == "test1" or fullmatch(r"ems[a-z]?\d.*", name) else Match.NO


NOTES = ("level 1 is about 21 % of the other unit's strength already, level 100 about 84 %: begin with that unit low",)
FAMILY = Family(
    name=CAPS.family,
    title="openEMSstim",
    caps=CAPS,
    endpoints=(COMMAND,),
    subscribe=(),
    layouts=LAYOUTS,
    match=match,
    connect=lambda now_s, _profile: OpenEmsStim(now_s),
    by_hand="switch the unit off that makes the pulses; the board itself ends within 5 s",
    evidence="A: firmware source; level 0 % still leaks, so off is always the stop command",
    playable=Playable((0.5, 150.0), (20.0, 450.0), SLOT_S, made_elsewhere=True, notes=NOTES),
    text_end=b"",
)
