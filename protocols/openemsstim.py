"""openEMSstim, an open-hardware gate before somebody's own stimulator: text commands, each valid for its own time only.

1. `C0I50T2000G`: channel, percent of a potentiometer, milliseconds. The unit goes off by itself when the time is over,
   so a level that stays is said again well before that. It makes no pulses: another unit does, set by hand.
2. I0 is not off: about a fifth of the pot still leaks while the relay is on. Off is `C0I0T0G`, or the end of the time.
3. It never says anything. The reply to a write is the only answer, and a time that is over the only other proof.

Source: firmware and apps of PedroLopes/openEMSstim (GitHub): Arduino sketch, EMSSystem, EMSChannel, Rn4020BTLe for
grammar, 5 s cap, calibration and what a lost connection does; its Android app for the stop and for renewing at 0.75 T.
"""

from collections import Counter
from dataclasses import dataclass
from math import floor, inf
from re import fullmatch

from protocols.belief import Belief, Change, How
from protocols.driver import Direction, Driver, Family, Forms
from protocols.score import Playable, lasts_s, slotted, texture, unchanged_s
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

NAME = "openemsstim"
SERVICE = "454d532d-5365-7276-6963-652d424c4531"
COMMAND = Endpoint("EMS-Steuerung-CH", SERVICE, "454d532d-5374-6575-6572-756e672d4348", Can.WRITE | Can.NOTIFY)
VALUE_MAX = 32
"""Longest value of the characteristic, bytes."""

LEASE_MAX_S = 5.0
"""The firmware cuts every time to this."""

LEASE_S, RENEW_S = 2.0, 1.0
"""What is asked for, and when it is asked for again: one lost command is not felt."""

OVER_S = 0.1
"""How much later it is over at the latest: the unit waits 50 ms with the pot at its minimum, then opens the relay."""

SLOT_S = 0.25
"""Two channels, each with a reply of about two connection intervals, fit into it; the apps' own patterns use 120 ms."""

TICK_S = 0.001
ASK_S, REPLY_S, IDLE_S = 0.3, 1.0, 2.0
"""Before a stop is said again; before a reply is given up; between two stops that only ask if the unit is there."""


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

CHANNELS = (Channel.A, Channel.B)
CAPS = Capabilities(
    family=NAME,
    channels=CHANNELS,
    scale=Level(100),
    step=2,
    first=Level(1),
    raise_gap_s=0.5,
    ask_s=ASK_S,
    stale_s=3.0,
    fault_s=10.0,
    stop_s=6.0,  # a lease of 5 s that somebody else left behind, and a second
    control=Control.LEASE,
    off_by=OffBy.LEASE,
    pause=Pause.HOLD,
    zero_by=ZeroBy.LEASE,
)


@dataclass(slots=True)
class Lane:
    """One channel: the last command's intensity is `said`, the level behind it `meant` (-1: none), its end `ends_s`.

    `over_s` is when the relay is open at the latest, whichever of the commands arrived. The belief is about the level
    that is being played; in the rests of a burst it stands, as the level of any unit does between two bursts.
    """

    channel: Channel
    number: int
    belief: Belief
    over_s: float
    again_s: float
    said: int = -1
    meant: int = -1
    ends_s: float = -inf
    asking: int = 0


@dataclass(frozen=True, slots=True)
class Sent:
    """A command on its way: whose it is, the level that it stands for, for how long, and when it is given up."""

    lane: Lane
    level: int
    on_s: float
    late_s: float


class OpenEmsStim:
    """The driver, see protocols.driver.Driver."""

    def __init__(self, now_s: float) -> None:
        over_s = now_s + LEASE_MAX_S + OVER_S  # what a host before us may have left on
        self._wanted = Wanted(Mode.WATCH)
        self._lanes = [Lane(ch, number, Belief(CAPS.scale), over_s, now_s) for number, ch in enumerate(CHANNELS)]
        self._flight: dict[int, Sent] = {}
        self._tag = 0
        self._heard_s = -inf
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
        self._due_s = now_s if any(self._due(now_s, lane) <= now_s for lane in self._lanes) else self._due_s

    def receive(self, now_s: float, endpoint: Endpoint, data: bytes) -> list[Event]:
        self._counts["unknown"] += 1  # no firmware says anything
        return []

    def done(self, now_s: float, tag: int, data: bytes, error: AirError | None) -> list[Event]:
        sent = self._flight.pop(tag, None)
        if sent is None:
            return []
        lane = sent.lane
        if sent.on_s:
            lane.over_s = max(lane.over_s, now_s + sent.on_s + OVER_S)
        if error is not None:
            self._counts["errors"] += 1
            lane.again_s = min(lane.again_s, now_s + ASK_S)
        elif lane.belief.awaits(tag):
            self._heard_s = now_s
            lane.belief.answer(now_s, tag, sent.level)
            if sent.level == 0 and lane.asking == tag:
                lane.again_s = now_s + IDLE_S
        return []

    def poll(self, now_s: float) -> list[Op]:
        for tag in [tag for tag, sent in self._flight.items() if now_s >= sent.late_s]:
            self.done(now_s, tag, b"", AirError("no reply"))
        ops: list[Op] = []
        for lane in self._lanes:
            on_its_way = any(sent.lane is lane and sent.on_s for sent in self._flight.values())
            if now_s >= lane.over_s and lane.belief.span.hi and not on_its_way and not self._rests(now_s, lane):
                lane.belief.overhear(now_s, 0)  # its time is over, whatever was said before
            if now_s >= self._due(now_s, lane):
                ops += self._say(now_s, lane)
        waits_s = min((sent.late_s for sent in self._flight.values()), default=inf)
        overs_s = (lane.over_s for lane in self._lanes if lane.belief.span.hi and lane.over_s > now_s)
        due_s = min([waits_s, *overs_s, *(self._due(now_s, lane) for lane in self._lanes)])
        self._due_s = max(due_s, now_s + TICK_S)
        return ops

    def reported(self, now_s: float) -> Reported:
        spans = {lane.channel: lane.belief.span for lane in self._lanes}
        off = not any(span.hi for span in spans.values())
        until_s = now_s if off else min(max(lane.over_s for lane in self._lanes), now_s + LEASE_MAX_S + OVER_S)
        playing = self._wanted.mode is Mode.PLAY and now_s < self._wanted.end_s
        zero = Zero.NO if playing or self._wanted.mode is Mode.WATCH else Zero.CONFIRMED if off else Zero.SENT
        return Reported(
            ready=playing or zero is Zero.CONFIRMED,
            closable=True,
            level=spans,
            settled_s={lane.channel: lane.belief.settled_s for lane in self._lanes},
            ceiling=dict.fromkeys(CHANNELS, CAPS.scale),
            out=Out.OFF if off else Out.ON if any(span.lo for span in spans.values()) else Out.MAYBE,
            zero=zero,
            until_s=until_s,
            heard_s=self._heard_s,
            told_s=self._heard_s,
            counts=dict(self._counts),
        )

    def lost(self, now_s: float) -> Reported:
        """See Driver. The firmware goes off as soon as the connection ends; what is proved is the end of the time."""
        return self.reported(now_s)

    def _level(self, now_s: float, lane: Lane) -> int:
        """Return the level to play now, 0 for a stop; bursts and contractions are not in it yet."""
        if self._wanted.mode is not Mode.PLAY or self._wanted.end_s - now_s < TICK_S:
            return 0
        ceiling = self._wanted.ceiling.get(lane.channel, CAPS.scale)
        return min(self._wanted.level.get(lane.channel, Level(0)), ceiling, CAPS.scale)

    def _rests(self, now_s: float, lane: Lane) -> bool:
        """Say whether it is silent only between two bursts or contractions."""
        return self._level(now_s, lane) > 0 and self._intensity(now_s, lane) == 0

    def _intensity(self, now_s: float, lane: Lane) -> int:
        """Return the intensity to say now: the level, less what the envelope takes off, 0 in a rest."""
        level, score = self._level(now_s, lane), self._wanted.score
        if level == 0 or score is None:
            return level
        now = texture(score, slotted(score, now_s - self._wanted.origin_s, SLOT_S))
        return floor(level * now.gate + 1e-9) if now.on else 0

    def _due(self, now_s: float, lane: Lane) -> float:
        """Return when this lane has something to say next; never before the reply it has to wait for."""
        if self._wanted.mode is Mode.WATCH:
            return inf
        level, says = self._level(now_s, lane), self._intensity(now_s, lane)
        stops = level == 0 and lane.belief.span.hi > 0
        if stops and lane.meant != 0:
            return now_s
        if not stops and self._flight:
            return inf  # the reply, or its time-out, comes first
        ends_itself = says == 0 < level and lane.ends_s <= now_s + OVER_S
        due_s = lane.again_s if ends_itself or says == lane.said else now_s
        if says:
            due_s = min(due_s, lane.ends_s)  # the next burst: the time of the one before is over
        return due_s if level == 0 else min(due_s, self._turn_s(now_s))

    def _turn_s(self, now_s: float) -> float:
        """Return when the score changes next, at the earliest."""
        score = self._wanted.score
        if score is None:
            return self._wanted.end_s
        at_s = now_s - self._wanted.origin_s
        return min(self._wanted.end_s, now_s + unchanged_s(score, at_s, SLOT_S) + 1e-6)

    def _say(self, now_s: float, lane: Lane) -> list[Op]:
        level, says = self._level(now_s, lane), self._intensity(now_s, lane)
        on_s = 0.0
        if says:
            on_s = min(LEASE_S, self._wanted.end_s - now_s)
            if self._wanted.score is not None:
                at_s = now_s - self._wanted.origin_s
                on_s = min(on_s, lasts_s(self._wanted.score, at_s, SLOT_S))
            if on_s < TICK_S:
                return []
        self._tag += 1
        urgent = level == 0 and lane.belief.span.hi > 0
        self._flight[self._tag] = Sent(lane, level, on_s, now_s + REPLY_S)
        lane.belief.write(now_s, Change(How.SET, level), self._tag)
        lane.said, lane.meant, lane.ends_s, lane.asking = says, level, now_s + on_s, self._tag
        lane.again_s = now_s + (ASK_S if level == 0 else RENEW_S)
        if on_s:
            lane.over_s = max(lane.over_s, now_s + REPLY_S + on_s + OVER_S)
        data = TEXT.build(Command(lane.number, says, floor(on_s * 1000)))
        return [Write(self._tag, COMMAND, data, response=True, urgent=urgent)]


def match(advert: Advert) -> Match:
    """Say whether an advert is a board's: by its service, or the name it is sold by; owners may call it anything."""
    name = advert.name.casefold()
    if SERVICE in advert.services or name.startswith("openemsstim"):
        return Match.YES
    return Match.MAYBE if name == "test1" or fullmatch(r"ems\d\d.*", name) else Match.NO


def _connect(now_s: float, _profile: str) -> Driver:
    return OpenEmsStim(now_s)


FAMILY = Family(
    name=NAME,
    title="openEMSstim",
    caps=CAPS,
    endpoints=(COMMAND,),
    subscribe=(),
    layouts=LAYOUTS,
    match=match,
    connect=_connect,
    by_hand="switch the unit off that makes the pulses; the board itself ends within 5 s",
    evidence="A: firmware source; level 0 % still leaks, so off is always the stop command",
    playable=Playable(
        rate_hz=(0.5, 150.0),
        width_us=(20.0, 450.0),
        slot_s=SLOT_S,
        made_elsewhere=True,
        notes=("level 1 is about 21 % of the unit's range already, level 100 about 84 %: begin with that unit low",),
    ),
    text_end=b"",
)
