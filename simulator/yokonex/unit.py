"""A software YOKONEX EMS of either protocol: two channels that go on until they are told, contact, errors, battery.

Rules (re-published V1.6 document and public drivers, see the family's file; "choice" where nobody knows):
1. It speaks one protocol. The other's frames mean something else to it, or nothing: read by V2.0, V1.6's "A on" is A at
   256 and more. A frame with a wrong start, sum, command or data does nothing and is answered by an error, or dropped.
2. A channel is told at each change, when it is asked for, and now and then; so is the battery at each per cent. Answers
   come in the order of the questions (choice).
3. Without an electrode nothing flows and the channel tells contact 0; whether it stays on is open, hence an option.
4. Nothing ends by itself. A lost link changes nothing (choice, hence an option).
5. Its current isn't known: 0.36 mA for each step into 500 ohm is assumed. Nor are its own programs: they are taken for
   50 Hz of 50 µs, and of a list of frequencies the first pair plays.
"""

from dataclasses import dataclass, replace
from math import inf
from typing import Any

from protocols.layout import T
from protocols.vocabulary import Advert, Endpoint
from protocols.yokonex.packets import (
    CHARGE,
    CUSTOM,
    ERROR,
    IN,
    MOTION,
    MOTOR,
    MOTOR_TOLD,
    OUT,
    QUERY,
    STEPS,
    TOLD,
    TOP,
    Custom,
    Fixed,
    Listed,
    Motion,
    Order,
    Steps,
    Told,
    Value,
)
from simulator.chance import Chance
from simulator.outbox import Act, Agenda, Outbox
from simulator.trace import silent
from simulator.twin import Kind, Log, Pulse, Said, Twin, WriteRefused
from simulator.yokonex.options import YokonexOptions
from simulator.yokonex.output import Trains
from simulator.yokonex.reading import NOT_MADE, read

LETTERS = "AB"
MA_A_STEP = 0.36
OWN_HZ = 50
OWN_US = 50
DEFAULT_US = 20
TOLD_S = 0.02
"""From a command's arrival to its answer (choice)."""


@dataclass(frozen=True, slots=True)
class State:
    """What one channel was told last."""

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
        self._states = [State(), State()]
        self._pads = [options.pads in ("both", letter) for letter in LETTERS]
        self._trains = [Trains(letter) for letter in LETTERS]
        self._current_ma = [0.0, 0.0]
        self._battery = options.battery
        self._motor = 0
        self._drained_s = self._again_s = inf
        self._met = False
        self._ignored = 0
        self._heard: set[Endpoint] = set()
        self._outbox = Outbox()
        timed = (Act(options.pads_off, "pads-off"), Act(options.low_battery, "low-battery"))
        self._agenda = Agenda((*options.hand, *(act for act in timed if act.at_s < inf)))

    @property
    def advert(self) -> Advert:
        """See Twin."""
        return Advert(self.address, self._options.name, (IN.service,) if self._options.adv_service else ())

    @property
    def due_s(self) -> float:
        """See Twin."""
        return min(self._outbox.due_s, self._agenda.due_s, self._drained_s, self._again_s)

    def level(self, channel: str = "A") -> int:
        """Return the intensity that a channel is on with, 0 if it is off."""
        state = self._states[LETTERS.index(channel)]
        return state.intensity if state.on else 0

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
                    self._set(now_s, index, State(True, intensity, 3), "before")
        self._met = True
        self._log(now_s, "connect", {"level": self._levels()})

    def disconnect(self, now_s: float) -> None:
        """See Twin."""
        self._live(now_s)
        self._heard.clear()
        self._outbox.clear()
        self._again_s = inf
        self._log(now_s, "disconnect", {"level": self._levels()})
        if self._options.link_loss == "stop":
            self._all_off(now_s, "link")

    def subscribe(self, now_s: float, endpoint: Endpoint, on: bool) -> None:
        """See Twin."""
        self._live(now_s)
        (self._heard.add if on else self._heard.discard)(endpoint)
        if endpoint == OUT:
            self._again_s = now_s + self._options.every_s if on and self._options.every_s else inf

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
        packet = read(data, self._options)
        if isinstance(packet, int):
            self._log(now_s, "ignored", {"hex": data.hex(), "why": f"error {packet:02X}"})
            self._err(now_s, packet)
        else:
            self._obey(now_s, packet, data[1])

    def read(self, now_s: float, endpoint: Endpoint) -> bytes:
        """See Twin: nothing can be read."""
        self._live(now_s)
        raise WriteRefused(0x02, f"{endpoint.name} can't be read")

    def hand(self, now_s: float, act: str) -> None:
        """See Twin."""
        self._live(now_s)
        self._act(now_s, act)

    def pulses(self, since_s: float, until_s: float) -> list[Pulse]:
        """See Twin; the current is an assumption, rule 5."""
        self._live(until_s)
        found: list[Pulse] = []
        for trains in self._trains:
            trains.live(until_s)
            found += trains.pulses(since_s, until_s)
        return sorted(found, key=lambda pulse: (pulse.at_s, pulse.channel))

    def _levels(self) -> dict[str, int]:
        return {letter: self.level(letter) for letter in LETTERS}

    def _live(self, now_s: float) -> None:
        while (at_s := min(self._agenda.due_s, self._drained_s, self._again_s)) <= now_s:
            if at_s == self._agenda.due_s:
                self._act(*self._agenda.take())
            elif at_s == self._drained_s:
                self._battery = max(0, self._battery - 1)
                self._drained_s = at_s + self._options.drain_s if any(self._levels().values()) else inf
                self._say(at_s, CHARGE, Value(self._battery))
            else:
                self._again_s = at_s + self._options.every_s
                for index in range(2):
                    self._tell(at_s, index)

    def _act(self, now_s: float, act: str) -> None:
        self._log(now_s, "hand", {"act": act})
        match act:
            case "pads-off" | "pads-on":
                for index in range(2):
                    self._wear(now_s, index, on=act == "pads-on")
            case "power-off" | "power-on":
                self.on = act == "power-on"
                self._all_off(now_s, "power")
            case "low-battery":
                self._battery = min(self._battery, 5)
                self._say(now_s, CHARGE, Value(self._battery))
            case _ if act[:2] in ("A+", "A-", "B+", "B-"):
                index = LETTERS.index(act[0])
                by = int(f"{act[1]}{act[2:] or 1}")
                level = max(0, min(TOP, self.level(act[0]) + by))
                mode = self._states[index].mode or 1
                self._set(now_s, index, replace(self._states[index], on=level > 0, intensity=level, mode=mode), "hand")
            case _:
                raise ValueError(f"a hand can't do {act!r} to a {self.family}")

    def _wear(self, now_s: float, index: int, *, on: bool) -> None:
        self._pads[index] = on
        if not on and self._options.bare == "off":
            self._set(now_s, index, State(), "pads")
        self._flow(now_s, index, "pads-on" if on else "pads-off")
        self._tell(now_s, index)

    def _err(self, now_s: float, code: int) -> None:
        if self._options.errors:
            self._say(now_s, ERROR, Value(code))

    def _obey(self, now_s: float, packet: Any, command: int) -> None:
        match packet:
            case Order():
                known = (0, 1) if self._options.both else (0,)
                indices = known if packet.channel == 3 else (packet.channel - 1,)
                told = State(packet.on == 1, packet.intensity, packet.mode, packet.rate_hz, packet.width_us)
                self._order(now_s, dict.fromkeys(indices, told if told.intensity else State()))
            case Fixed():
                channels = (packet.intensity_a, packet.mode_a), (packet.intensity_b, packet.mode_b)
                self._order(now_s, {at: State(n > 0, n, mode) for at, (n, mode) in enumerate(channels)})
            case Custom():
                a = packet.intensity_a, packet.rate_a_hz, packet.width_a_us
                b = packet.intensity_b, packet.rate_b_hz, packet.width_b_us
                self._order(now_s, {at: State(n > 0, n, CUSTOM, *rest) for at, (n, *rest) in enumerate((a, b))})
            case Listed():
                first = packet.pairs[0]
                level = packet.intensity
                told = State(level > 0, level, CUSTOM, first.rate_hz, first.width_us)
                self._order(now_s, {packet.channel - 1: told})
            case Value(value) if command == QUERY.head[1]:
                self._answer(now_s, value)
            case Value(value) if command == MOTOR.head[1]:
                self._motor = value
                self._say(now_s, MOTOR_TOLD, Value(value))
            case _:
                pass  # pedometer and motion sensor: they have no part in this

    def _order(self, now_s: float, orders: dict[int, State]) -> None:
        stops = not any(state.on for state in orders.values())
        if stops and any(self._states[at].on for at in orders) and self._ignored < self._options.stop_ignored:
            self._ignored += 1
            self._log(now_s, "ignored", {"why": "option stop_ignored"})
            return
        for index, state in orders.items():
            off = self._options.bare == "off" and not self._pads[index]
            self._set(now_s, index, State() if off else state, "host")

    def _set(self, now_s: float, index: int, state: State, by: str) -> None:
        letter = LETTERS[index]
        before = self._states[index]
        was = self.level(LETTERS[index])
        self._states[index] = state if state.on else replace(before, on=False) if self._options.off_keeps else State()
        level = self.level(letter)
        if level != was:
            self._log(now_s, "level", {"channel": letter, "level": level, "by": by})
        self._flow(now_s, index, "frame" if by == "host" else by)
        after = self._states[index]
        told_before = before.on, before.intensity, before.mode
        if by != "before" and (after.on, after.intensity, after.mode) != told_before:
            self._tell(now_s, index)
        if level and self._drained_s == inf:
            self._drained_s = now_s + self._options.drain_s

    def _all_off(self, now_s: float, by: str) -> None:
        for index in range(2):
            self._set(now_s, index, State(), by)

    def _answer(self, now_s: float, what: int) -> None:
        match what:
            case 1 | 2:
                self._tell(now_s, what - 1)
            case 3 if self._options.motor:
                self._say(now_s, MOTOR_TOLD, Value(self._motor))
            case 4:
                self._say(now_s, CHARGE, Value(self._battery))
            case 5:
                self._say(now_s, STEPS, Steps(0))
            case 6:
                self._say(now_s, MOTION, Motion(0, 0, 0, 0, 0, 0))
            case _:
                self._err(now_s, NOT_MADE)

    def _tell(self, now_s: float, index: int) -> None:
        state = self._states[index]
        contact = 0 if not self._pads[index] else 1 if state.on else 2
        data = TOLD.build(Told(index + 1, contact, int(state.on), state.intensity, state.mode))
        for _ in range(2 if self._options.repeats else 1):
            self._outbox.put(now_s + TOLD_S, OUT, data)

    def _say(self, now_s: float, form: Any, packet: T) -> None:
        self._outbox.put(now_s + TOLD_S, OUT, form.build(packet))

    def _flow(self, now_s: float, index: int, why: str) -> None:
        state = self._states[index]
        letter = LETTERS[index]
        rate_hz = state.rate_hz or 1
        width_us = state.width_us
        if state.mode != CUSTOM:
            rate_hz = OWN_HZ
            width_us = OWN_US
        elif width_us == 0 and self._options.zero_width == "default":
            width_us = DEFAULT_US
        flows = self._pads[index] and width_us > 0
        current_ma = round(self.level(letter) * MA_A_STEP, 3) if flows else 0.0
        self._trains[index].play(now_s, rate_hz, width_us, current_ma)
        if current_ma != self._current_ma[index]:
            self._current_ma[index] = current_ma
            self._log(now_s, "output", {"channel": letter, "current_ma": current_ma, "why": why})


def _make(address: str, options: YokonexOptions, chance: Chance, log: Log) -> Twin:
    return Yokonex(address, options, chance, log)


KIND = Kind("yokonex", "YOKONEX EMS", "YCX-OTHER", "E5:30:31:32:00", YokonexOptions(), _make)
