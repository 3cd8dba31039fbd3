"""A software YOKONEX EMS of either protocol: two channels that go on until they are told, contact, errors, battery.

Rules (re-published V1.6 document and public drivers, see the family's file; "choice" where nobody knows):
1. It speaks one protocol, by option. A frame of the other with ten bytes means something else to it: V1.6's "A on" is
   V2.0's "A at 256 and more". A frame of another length is an error 04, told or dropped by option.
2. A channel frame is told at each change, and on a question; a pad that comes off is told, and nothing flows then.
3. Nothing ends by itself. A lost link changes nothing (choice, hence an option).
4. Its current isn't known: 0.36 mA for each step into 500 ohm is assumed; an own program is taken for 50 Hz of 50 µs.
"""

from dataclasses import dataclass
from math import inf
from typing import Any

from protocols.driver import Direction
from protocols.layout import pick
from protocols.vocabulary import Advert, BadPacket, Endpoint
from protocols.yokonex import (
    CHARGE,
    CUSTOM,
    ERROR,
    IN,
    LAYOUTS,
    LAYOUTS_V2,
    MOTOR,
    MOTOR_TOLD,
    OUT,
    QUERY,
    START,
    STEPS,
    TOLD,
    TOP,
    V1,
    V2,
    Custom,
    Fixed,
    Listed,
    Order,
    Steps,
    Told,
    Value,
)
from simulator.chance import Chance
from simulator.kind import Kind
from simulator.options import acts, number, one_of, option, pair, whole, word, yes
from simulator.outbox import Act, Agenda, Outbox
from simulator.output import Run, Stage, tick_at
from simulator.trace import silent
from simulator.twin import Log, Pulse, Said, Twin, WriteRefused

LETTERS = "AB"
MA_A_STEP = 0.36
OWN_HZ, OWN_US, DEFAULT_US = 50, 50, 20
SUM_WRONG, HEAD_WRONG, COMMAND_WRONG, DATA_WRONG = 1, 2, 3, 4
TOLD_S = 0.02


@dataclass(frozen=True, slots=True)
class YokonexOptions:
    """How a unit reads what its sheet leaves open, and what goes wrong."""

    version: str = option(V1, "V1.6|V2.0", "the protocol that it speaks", one_of(V1, V2))
    range_check: bool = option(False, "yes|no", "frames with values out of range are refused, not clamped", yes)
    errors: bool = option(True, "yes|no", "what is wrong is answered by an error", yes)
    strength: tuple[int, int] = option((0, 0), "A/B", "intensity that they run at already (0-276)", pair(TOP))
    battery: int = option(90, "N", "battery in %", whole(0, 100))
    low_battery: float = option(inf, "T", "the battery falls to 5 % after T s", number(0))
    name: str = option("YCY-DJQ-V2", "NAME", "name in the adverts", word)
    adv_service: bool = option(True, "yes|no", "adverts name its service", yes)
    hand: tuple[Act, ...] = option((), "ACT@T;…", "acts of a person, as A+@30;A-5@40;power-off@60", acts())
    pads_off: float = option(inf, "T", "the pads come off after T s", number(0))
    load_ohm: float = option(500.0, "OHM", "load between the pads (no effect on its assumed current)", number(1))
    stop_ignored: int = option(0, "N", "the next N frames that switch off have no effect", whole(0, 10**6))
    zero_width: str = option("none", "none|default", "a width of 0 is no pulse, or 20 µs", one_of("none", "default"))
    repeats: bool = option(True, "yes|no", "channel frames are told twice", yes)
    link_loss: str = option("run", "run|stop", "what a lost link does to the output", one_of("run", "stop"))


@dataclass(slots=True)
class Output:
    """One channel."""

    on: bool = False
    intensity: int = 0
    mode: int = 0
    rate_hz: int = 0
    width_us: int = 0


class Yokonex:
    """The twin; see simulator.twin.Twin for its methods."""

    family = "yokonex"
    endpoints: tuple[Endpoint, ...] = (IN, OUT)

    def __init__(self, address: str, options: YokonexOptions, _chance: Chance, log: Log = silent) -> None:
        self.address = address
        self.on = True
        self._options = options
        self._log = log
        self._out = [Output(), Output()]
        self._stages = [Stage(letter) for letter in LETTERS]
        self._battery, self._motor = options.battery, 0
        self._pads_on = True
        self._met = False
        self._ignored = 0
        self._heard: set[Endpoint] = set()
        self._outbox = Outbox()
        timed = (Act(options.pads_off, "pads-off"), Act(options.low_battery, "low-battery"))
        self._agenda = Agenda((*options.hand, *(act for act in timed if act.at_s < inf)))
        forms = LAYOUTS if options.version == V1 else LAYOUTS_V2
        self._forms = forms[Direction.TO_DEVICE][IN.name]

    @property
    def advert(self) -> Advert:
        """See Twin."""
        return Advert(self.address, self._options.name, (IN.service,) if self._options.adv_service else ())

    @property
    def due_s(self) -> float:
        """See Twin."""
        return min(self._outbox.due_s, self._agenda.due_s)

    def level(self, channel: str = "A") -> int:
        """Return the intensity that a channel is on with, 0 if it is off."""
        out = self._out[LETTERS.index(channel)]
        return out.intensity if out.on else 0

    def advance(self, now_s: float) -> list[Said]:
        """See Twin."""
        self._live(now_s)
        said = [one for one in self._outbox.take(now_s) if one.endpoint in self._heard]
        for one in said:
            self._log(now_s, "notify", {"endpoint": one.endpoint.name, "hex": one.data.hex()})
        return said

    def connect(self, now_s: float) -> None:
        """See Twin."""
        self._agenda.begin(now_s)
        self._live(now_s)
        if not self._met:
            for index, intensity in enumerate(self._options.strength):
                if intensity:
                    self._set(now_s, index, Output(True, intensity, 3), "before")
        self._met = True
        self._log(now_s, "connect", {"level": self._levels()})

    def disconnect(self, now_s: float) -> None:
        """See Twin."""
        self._live(now_s)
        self._heard.clear()
        self._outbox.clear()
        self._log(now_s, "disconnect", {"level": self._levels()})
        if self._options.link_loss == "stop":
            self._all_off(now_s, "link")

    def subscribe(self, now_s: float, endpoint: Endpoint, on: bool) -> None:
        """See Twin."""
        self._live(now_s)
        (self._heard.add if on else self._heard.discard)(endpoint)

    def write(self, now_s: float, endpoint: Endpoint, data: bytes, response: bool) -> None:
        """See Twin: without response only."""
        self._live(now_s)
        if not self.on:
            return
        fields = {"endpoint": endpoint.name, "hex": data.hex(), "response": response}
        if endpoint != IN or response:
            self._log(now_s, "refused", {**fields, "code": 0x03})
            raise WriteRefused(0x03, f"{endpoint.name} takes no write {'with' if response else 'without'} response")
        self._log(now_s, "write", fields)
        wrong = self._wrong(data)
        if wrong:
            self._err(now_s, wrong, data)
            return
        try:
            _, packet = pick(self._forms, data)
        except BadPacket as error:
            self._log(now_s, "ignored", {"hex": data.hex(), "why": str(error)})
            clamped = None if self._options.range_check else self._clamped(data)
            if clamped is None:
                self._err(now_s, DATA_WRONG, data)
                return
            packet = clamped
        self._obey(now_s, packet, data)

    def read(self, now_s: float, endpoint: Endpoint) -> bytes:
        """See Twin: nothing can be read."""
        raise WriteRefused(0x02, f"{endpoint.name} can't be read")

    def hand(self, now_s: float, act: str) -> None:
        """See Twin."""
        self._live(now_s)
        self._log(now_s, "hand", {"act": act})
        match act:
            case "pads-off" | "pads-on":
                self._pads_on = act == "pads-on"
                for index in range(2):
                    self._flow(now_s, index, act)
                    self._tell(now_s, index)
            case "power-off":
                self.on = False
                self._all_off(now_s, "power")
            case "power-on":
                self.on = True
            case "low-battery":
                self._battery = min(self._battery, 5)
            case _ if act[:2] in ("A+", "A-", "B+", "B-"):
                index = LETTERS.index(act[0])
                out = self._out[index]
                level = max(0, min(TOP, self.level(act[0]) + int(f"{act[1]}{act[2:] or 1}")))
                self._set(now_s, index, Output(level > 0, level, out.mode, out.rate_hz, out.width_us), "hand")
            case _:
                raise ValueError(f"a hand can't do {act!r} to a {self.family}")

    def pulses(self, since_s: float, until_s: float) -> list[Pulse]:
        """See Twin; the current is an assumption, rule 4."""
        self._live(until_s)
        found: list[Pulse] = []
        for stage in self._stages:
            stage.live(tick_at(until_s))
            found += stage.pulses(since_s, until_s)
        return sorted(found, key=lambda pulse: pulse.at_s)

    def _levels(self) -> dict[str, int]:
        return {letter: self.level(letter) for letter in LETTERS}

    def _live(self, now_s: float) -> None:
        while self._agenda.due_s <= now_s:
            self.hand(*self._agenda.take())

    def _wrong(self, data: bytes) -> int:
        """Return the error of a frame that is none, 0 if start, sum and command are right."""
        if data[:1] != bytes((START,)) or len(data) < 3:
            return HEAD_WRONG
        if sum(data[:-1]) & 0xFF != data[-1]:
            return SUM_WRONG
        return 0 if data[1] in (0x11, 0x12, 0x13, 0x14, 0x71) else COMMAND_WRONG

    def _clamped(self, data: bytes) -> Fixed | None:
        """Return what a V2.0 unit without range checks makes of ten bytes: V1.6's orders are among them."""
        if self._options.version == V1 or len(data) != 10 or data[1:3] != b"\x11\x01":
            return None
        a, b = int.from_bytes(data[3:5], "big"), int.from_bytes(data[6:8], "big")
        return Fixed(min(TOP, a), data[5], min(TOP, b), data[8])

    def _err(self, now_s: float, code: int, data: bytes) -> None:
        self._log(now_s, "ignored", {"hex": data.hex(), "why": f"error {code}"})
        if self._options.errors:
            self._outbox.put(now_s + TOLD_S, OUT, ERROR.build(Value(code)))

    def _obey(self, now_s: float, packet: Any, data: bytes) -> None:
        match packet:
            case Order():
                indices = (0, 1) if packet.channel == 3 else (packet.channel - 1,)
                fresh = Output(bool(packet.on), packet.intensity, packet.mode, packet.rate_hz, packet.width_us)
                self._order(now_s, {index: fresh if packet.on else Output() for index in indices})
            case Fixed():
                lanes = (packet.intensity_a, packet.mode_a), (packet.intensity_b, packet.mode_b)
                self._order(now_s, {i: Output(n > 0, n, mode) for i, (n, mode) in enumerate(lanes)})
            case Custom():
                a = packet.intensity_a, packet.rate_a_hz, packet.width_a_us
                b = packet.intensity_b, packet.rate_b_hz, packet.width_b_us
                self._order(now_s, {i: Output(n > 0, n, CUSTOM, *rest) for i, (n, *rest) in enumerate((a, b))})
            case Listed():
                first = packet.pairs[0]
                fresh = Output(packet.intensity > 0, packet.intensity, CUSTOM, first.rate_hz, first.width_us)
                self._order(now_s, {packet.channel - 1: fresh})
            case Value(value) if data[1] == QUERY.head[1]:
                self._answer(now_s, value)
            case Value(value) if data[1] == MOTOR.head[1]:
                self._motor = value
            case _:
                pass

    def _order(self, now_s: float, orders: dict[int, Output]) -> None:
        stops = all(not out.on for out in orders.values()) and any(self.level(LETTERS[index]) for index in orders)
        if stops and self._ignored < self._options.stop_ignored:
            self._ignored += 1
            self._log(now_s, "ignored", {"why": "option stop_ignored"})
            return
        for index, out in orders.items():
            self._set(now_s, index, out, "host")

    def _set(self, now_s: float, index: int, out: Output, by: str) -> None:
        letter, before = LETTERS[index], self._out[index]
        was = self.level(letter)
        self._out[index] = out
        if self.level(letter) != was:
            self._log(now_s, "level", {"channel": letter, "level": self.level(letter), "by": by})
        self._flow(now_s, index, by)
        if (out.on, out.intensity, out.mode) != (before.on, before.intensity, before.mode):
            self._tell(now_s, index)

    def _all_off(self, now_s: float, by: str) -> None:
        for index in range(2):
            self._set(now_s, index, Output(), by)

    def _answer(self, now_s: float, what: int) -> None:
        if what in (1, 2):
            self._tell(now_s, what - 1)
        elif what == 3:
            self._outbox.put(now_s + TOLD_S, OUT, MOTOR_TOLD.build(Value(self._motor)))
        elif what == 4:
            self._outbox.put(now_s + TOLD_S, OUT, CHARGE.build(Value(self._battery)))
        elif what == 5:
            self._outbox.put(now_s + TOLD_S, OUT, STEPS.build(Steps(0)))

    def _tell(self, now_s: float, index: int) -> None:
        out = self._out[index]
        contact = 0 if not self._pads_on else 1 if out.on else 2
        data = TOLD.build(Told(index + 1, contact, int(out.on), out.intensity, out.mode))
        for _ in range(2 if self._options.repeats else 1):
            self._outbox.put(now_s + TOLD_S, OUT, data)

    def _flow(self, now_s: float, index: int, why: str) -> None:
        out, tick = self._out[index], tick_at(now_s)
        width_us = out.width_us or (DEFAULT_US if self._options.zero_width == "default" else 0)
        rate_hz = out.rate_hz
        if out.mode != CUSTOM:
            rate_hz, width_us = OWN_HZ, OWN_US
        period_ms = max(1, round(1000 / max(1, rate_hz)))
        self._stages[index].play(tick, (Run(period_ms, period_ms, float(width_us)),), again=True)
        current_ma = round(self.level(LETTERS[index]) * MA_A_STEP, 3) if self._pads_on and width_us else 0.0
        self._stages[index].strength(tick, current_ma)
        self._log(now_s, "output", {"channel": LETTERS[index], "current_ma": current_ma, "why": why})


def _make(address: str, options: YokonexOptions, chance: Chance, log: Log) -> Twin:
    return Yokonex(address, options, chance, log)


KIND = Kind("yokonex", "YOKONEX EMS", "YCX-OTHER", "E5:30:31:32:00", YokonexOptions(), _make)
