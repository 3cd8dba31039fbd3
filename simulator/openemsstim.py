"""A software openEMSstim: a pot and a relay for each of two channels, opened by text commands that end by themselves.

Rules (firmware of PedroLopes/openEMSstim, see the family's file):
1. Letters C, I and T are each looked for by their first occurrence, the digits behind are their number. T sets the time
   (cut to 5 s), I the pot at once, and G switches the relay on until now + time. Without a channel G shuts all down.
2. When the time is over the pot goes to its minimum, 50 ms later the relay opens. A connection that ends shuts all.
3. The radio hands a value on as hex, and the board reads A-F as 0-5: what has such a digit arrives as something else.
4. It makes no pulses: those of the unit before it are assumed (options), and a share of them passes, by the pot.
"""

import re
from dataclasses import dataclass
from math import inf

from protocols.openemsstim import COMMAND, SERVICE, VALUE_MAX
from protocols.vocabulary import Advert, Endpoint
from simulator.chance import Chance
from simulator.kind import Kind
from simulator.options import acts, number, option, pair, whole, word, yes
from simulator.outbox import Act, Agenda
from simulator.output import Run, Stage, tick_at
from simulator.twin import Log, Pulse, Said, Twin, WriteRefused

LETTERS = "AB"
POT_MIN, POT_MAX = 55, 215
"""Calibration of the firmware, steps of the pot; 255 is the least current."""

ON_MAX_S = 5.0
OPENS_S = 0.05


@dataclass(frozen=True, slots=True)
class OpenEmsStimOptions:
    """What stands before the board, and what goes wrong."""

    strength: tuple[int, int] = option((0, 0), "A/B", "percent that they are on with when it is met", pair(100))
    name: str = option("openEMSstim01", "NAME", "name in the adverts", word)
    adv_service: bool = option(True, "yes|no", "adverts name its service", yes)
    hand: tuple[Act, ...] = option((), "ACT@T;…", "acts of a person: power-off@60;power-on@70", acts())
    pads_off: float = option(inf, "T", "the pads come off after T s", number(0))
    load_ohm: float = option(500.0, "OHM", "load between the pads (no effect)", number(1))
    rate_hz: float = option(100.0, "HZ", "rate of the unit that makes the pulses", number(1, 150))
    width_us: float = option(200.0, "US", "width of its pulses, one phase", number(20, 450))
    current_ma: float = option(60.0, "MA", "its current with the pot fully open", number(0, 100))
    stop_ignored: int = option(0, "N", "the next N commands with T0 have no effect, though replied to", whole(0, 10**6))
    refuse: int = option(0, "N", "the next N writes are refused with an error", whole(0, 10**6))
    link_loss: bool = option(True, "yes|no", "a connection that ends shuts all down; no: the time goes on", yes)


@dataclass(slots=True)
class Gate:
    """One channel: pot position (0 = least), relay, time to be on, when it ends, when its relay opens."""

    intensity: int = 0
    position: int = 0
    on: bool = False
    on_s: float = 0.001
    ends_s: float = inf
    opens_s: float = inf


class OpenEmsStim:
    """The twin; see simulator.twin.Twin for its methods."""

    family = "openemsstim"
    endpoints: tuple[Endpoint, ...] = (COMMAND,)

    def __init__(self, address: str, options: OpenEmsStimOptions, _chance: Chance, log: Log) -> None:
        self.address = address
        self.on = True
        self._options = options
        self._log = log
        self._gates = [Gate(), Gate()]
        period_ms = max(1, round(1000 / options.rate_hz))
        self._stages = [Stage(letter) for letter in LETTERS]
        for stage in self._stages:
            stage.play(0, (Run(period_ms, period_ms, options.width_us),), again=True)
        self._agenda = Agenda((*options.hand, *([Act(options.pads_off, "pads-off")] if options.pads_off < inf else [])))
        self._pads_on = True
        self._met = False
        self._ignored = self._refused = 0

    @property
    def advert(self) -> Advert:
        """See Twin."""
        return Advert(self.address, self._options.name, (SERVICE,) if self._options.adv_service else ())

    @property
    def due_s(self) -> float:
        """See Twin."""
        return min(self._agenda.due_s, *(min(gate.ends_s, gate.opens_s) for gate in self._gates))

    def level(self, channel: str = "A") -> int:
        """Return the intensity that a channel is on with, 0 if its relay is open."""
        gate = self._gates[LETTERS.index(channel)]
        return gate.intensity if gate.on and gate.intensity else int(gate.on)

    def advance(self, now_s: float) -> list[Said]:
        """See Twin: it never says anything."""
        self._live(now_s)
        return []

    def connect(self, now_s: float) -> None:
        """See Twin."""
        self._agenda.begin(now_s)
        self._live(now_s)
        if not self._met and any(self._options.strength):
            for index, intensity in enumerate(self._options.strength):
                if intensity:
                    self._command(now_s, index, intensity, ON_MAX_S, by="before")
        self._met = True
        self._log(now_s, "connect", {"level": {letter: self.level(letter) for letter in LETTERS}})

    def disconnect(self, now_s: float) -> None:
        """See Twin."""
        self._live(now_s)
        self._log(now_s, "disconnect", {"level": {letter: self.level(letter) for letter in LETTERS}})
        if self._options.link_loss:
            self._shut(now_s, "link")

    def subscribe(self, now_s: float, endpoint: Endpoint, on: bool) -> None:
        """See Twin: the characteristic can notify, but never does."""
        self._live(now_s)

    def write(self, now_s: float, endpoint: Endpoint, data: bytes, response: bool) -> None:
        """See Twin: with response only, at most 32 bytes."""
        self._live(now_s)
        if not self.on:
            return
        fields = {"endpoint": endpoint.name, "hex": data.hex(), "response": response}
        code = 0x03 if not response else 0x0D if len(data) > VALUE_MAX else 0
        if not code and self._refused < self._options.refuse:
            self._refused, code = self._refused + 1, 0x0E
        if code:
            self._log(now_s, "refused", {**fields, "code": code})
            raise WriteRefused(code, f"{endpoint.name} refuses {len(data)} bytes")
        self._log(now_s, "write", fields)
        self._obey(now_s, _as_the_board_reads(data))

    def read(self, now_s: float, endpoint: Endpoint) -> bytes:
        """See Twin: nothing can be read."""
        raise WriteRefused(0x02, f"{endpoint.name} can't be read")

    def hand(self, now_s: float, act: str) -> None:
        """See Twin: the board has no keys."""
        self._live(now_s)
        self._log(now_s, "hand", {"act": act})
        match act:
            case "pads-off" | "pads-on":
                self._pads_on = act == "pads-on"
                for index in range(2):
                    self._flow(now_s, index, act)
            case "power-off":
                self.on = False
                self._shut(now_s, "power")
            case "power-on":
                self.on = True
            case _:
                raise ValueError(f"a hand can't do {act!r} to an {self.family}")

    def pulses(self, since_s: float, until_s: float) -> list[Pulse]:
        """See Twin; an assumption, rule 4."""
        self._live(until_s)
        found: list[Pulse] = []
        for stage in self._stages:
            stage.live(tick_at(until_s))
            found += stage.pulses(since_s, until_s)
        return sorted(found, key=lambda pulse: pulse.at_s)

    def _live(self, now_s: float) -> None:
        while (at_s := self.due_s) <= now_s:
            if at_s == self._agenda.due_s:
                self.hand(*self._agenda.take())
                continue
            for index, gate in enumerate(self._gates):
                if gate.ends_s == at_s:
                    gate.ends_s, gate.opens_s, gate.position = inf, at_s + OPENS_S, 0
                    self._flow(at_s, index, "time")
                elif gate.opens_s == at_s:
                    self._open(at_s, index, "time")

    def _obey(self, now_s: float, text: str) -> None:
        if "G" not in text:
            self._log(now_s, "ignored", {"why": f"no G in {text!r}"})
            return
        channel, intensity, on_ms = (_number(text, letter) for letter in "CIT")
        if channel not in (0, 1):
            self._shut(now_s, "host")
            return
        if on_ms == 0 and self._ignored < self._options.stop_ignored and self._gates[channel].on:
            self._ignored += 1
            self._log(now_s, "ignored", {"why": "option stop_ignored"})
            return
        on_s = None if on_ms is None else min(ON_MAX_S, on_ms / 1000)
        self._command(now_s, channel, intensity, on_s, by="host")

    def _command(self, now_s: float, index: int, intensity: int | None, on_s: float | None, by: str) -> None:
        gate = self._gates[index]
        before = self.level(LETTERS[index])
        if on_s is not None:
            gate.on_s = on_s
        if intensity is not None:
            gate.intensity = min(100, intensity)
        raw = int((POT_MAX - POT_MIN) * (gate.intensity - 1) / 100 + 0.5) + POT_MIN
        gate.position = max(0, min(255, raw))
        gate.on, gate.ends_s, gate.opens_s = True, now_s + gate.on_s, inf
        if gate.on_s == 0:
            self._open(now_s, index, by, before)
            return
        if self.level(LETTERS[index]) != before:
            self._log(now_s, "level", {"channel": LETTERS[index], "level": self.level(LETTERS[index]), "by": by})
        self._flow(now_s, index, by)

    def _open(self, now_s: float, index: int, by: str, before: int | None = None) -> None:
        """Open the relay: only then the channel is really off."""
        gate = self._gates[index]
        was = self.level(LETTERS[index]) if before is None else before
        gate.on, gate.position, gate.ends_s, gate.opens_s = False, 0, inf, inf
        if was:
            self._log(now_s, "level", {"channel": LETTERS[index], "level": 0, "by": by})
        self._flow(now_s, index, by)

    def _shut(self, now_s: float, by: str) -> None:
        for index in range(2):
            self._open(now_s, index, by)

    def _flow(self, now_s: float, index: int, why: str) -> None:
        gate = self._gates[index]
        share = gate.position / 255 if gate.on and self._pads_on else 0.0
        current_ma = round(share * self._options.current_ma, 3)
        self._stages[index].strength(tick_at(now_s), current_ma)
        self._log(now_s, "output", {"channel": LETTERS[index], "current_ma": current_ma, "why": why})


def _number(text: str, letter: str) -> int | None:
    """Return the digits right after the first occurrence of a letter, None if there are none."""
    found = re.search(rf"{letter}(\d*)", text)
    return int(found.group(1)[:9]) if found and found.group(1) else None


def _as_the_board_reads(data: bytes) -> str:
    """Return what is left of a value after the board's way of reading hex: A-F count as 0-5 (a bug of the firmware)."""
    digits = [int(digit, 16) for digit in data.hex()]
    low = [digit - 10 if digit > 9 else digit for digit in digits]
    return "".join(chr(16 * high + rest) for high, rest in zip(low[::2], low[1::2], strict=True))


def _make(address: str, options: OpenEmsStimOptions, chance: Chance, log: Log) -> Twin:
    return OpenEmsStim(address, options, chance, log)


KIND = Kind("openemsstim", "openEMSstim", "OTHER01", "4C:00:13:04:00", OpenEmsStimOptions(), _make)
