"""A software openEMSstim: a pot and a relay for each of two channels, opened by text commands that end by themselves.

Rules (firmware of PedroLopes/openEMSstim, see the family's file):
1. Letters C, I and T are each looked for by their first occurrence, the digits behind are their number. T sets the time
   (cut to 5 s), I the pot at once, and G switches the relay on until now + time. Without a channel G shuts all down.
2. The board does one thing at a time. When a time is over the pot goes to its minimum, then it stands still for 50 ms
   until the relay opens; what was written meanwhile waits, and so does the end of the other channel.
3. A connection that ends shuts all, one channel after the other. The board learns of it by a line, like of a command.
4. It is the radio module that replies to a write, whether or not the board ever sees the command. It hands the value on
   by a serial line with a small buffer (openemsstim_serial): a slow board is behind, and a flooded one loses letters.
5. It makes no pulses: those of the unit before it are assumed (options), and a share of them passes, by the pot.
"""

import re
from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from math import inf

from protocols.openemsstim.packets import COMMAND, SERVICE, VALUE_MAX
from protocols.vocabulary import Advert, Endpoint
from simulator.chance import Chance
from simulator.openemsstim.serial import ENDED, Serial, command_in
from simulator.options import acts, number, one_of, option, pair, whole, word, yes
from simulator.outbox import Act, Agenda
from simulator.output import ENDLESS_MS, Run, Stage, tick_at
from simulator.twin import Kind, Log, Pulse, Said, Twin, WriteRefused

LETTERS = "AB"
POT_MIN = 55
"""Calibration of the firmware, in steps of the pot: 0 is the least current here."""

POT_MAX = 215
"""The most that the firmware sets."""

POT_TOP = 255
"""The wiper is at this less the step."""

ON_MAX_MS = 5000
OPENS_S = 0.05
SHORT = 20
"""Longest value that fits into one packet of the smallest kind, bytes."""


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
    slow: float = option(
        0.0, "S", "the board takes S seconds for each command (its debug text takes 0.09), others wait", number(0, 1)
    )
    buffer: int = option(79, "N", "characters that wait for the board; a command has 25 to 35", whole(40, 10**4))
    drops: str = option(
        "letters",
        "letters|newest|oldest",
        "what a full buffer loses: what comes, letter by letter, or a whole line",
        one_of("letters", "newest", "oldest"),
    )
    refuse: int = option(0, "N", "the next N writes are refused with an error", whole(0, 10**6))
    link_loss: bool = option(True, "yes|no", "a connection that ends shuts all down; no: the time goes on", yes)
    long: str = option(
        "refused",
        "refused|cut|whole",
        f"a value of more than {SHORT} bytes is refused, cut there, or taken",
        one_of("refused", "cut", "whole"),
    )


@dataclass(slots=True)
class Gate:
    """One channel: intensity as last told, pot position (0 = least), relay, time to be on, and when it ends."""

    intensity: int = 0
    position: int = 0
    on: bool = False
    on_s: float = 0.001
    ends_s: float = inf

    @property
    def level(self) -> int:
        """The intensity that it is on with; I0 leaks as level 1 does."""
        return max(1, self.intensity) if self.on and self.position else 0


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
        self._serial = Serial(options.buffer, options.drops)
        self._doing: str | None = None  # the line that the board is at until it is free
        self._closing: deque[tuple[int, str]] = deque()  # gates to be shut in turn, and by whom
        self._free_s = -inf
        self._stages = [Stage(letter) for letter in LETTERS]
        for stage in self._stages:
            stage.play(0, _train(options.rate_hz, options.width_us), again=True)
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
        next_s = min(gate.ends_s for gate in self._gates)
        busy = self._closing or self._doing is not None or self._serial
        board_s = self._free_s if busy else max(self._free_s, next_s)
        return min(self._agenda.due_s, board_s)

    def level(self, channel: str = "A") -> int:
        """Return the intensity that a channel is on with, 0 if its pot is at the minimum or its relay open."""
        return self._gates[LETTERS.index(channel)].level

    def advance(self, now_s: float) -> list[Said]:
        """See Twin: it never says anything."""
        self._live(now_s)
        return []

    def connect(self, now_s: float) -> None:
        """See Twin."""
        self._agenda.begin(now_s)
        self._live(now_s)
        for index, intensity in enumerate(() if self._met else self._options.strength):
            if intensity:
                self._command(now_s, index, intensity, ON_MAX_MS, by="before")
        self._met = True
        self._log(now_s, "connect", {"level": self._levels()})

    def disconnect(self, now_s: float) -> None:
        """See Twin."""
        self._live(now_s)
        self._log(now_s, "disconnect", {"level": self._levels()})
        if self._options.link_loss:
            self._hand_on(now_s, self._serial.ended())

    def subscribe(self, now_s: float, endpoint: Endpoint, on: bool) -> None:
        """See Twin: the characteristic can notify, but never does."""
        self._live(now_s)

    def write(self, now_s: float, endpoint: Endpoint, data: bytes, response: bool) -> None:
        """See Twin: with response only, at most 32 bytes."""
        self._live(now_s)
        if not self.on:
            return
        fields = {"endpoint": endpoint.name, "hex": data.hex(), "response": response}
        long = VALUE_MAX if self._options.long != "refused" else SHORT
        code = 0x03 if not response else 0x0D if len(data) > long else 0
        if not code and self._refused < self._options.refuse:
            self._refused = self._refused + 1
            code = 0x0E
        if code:
            self._log(now_s, "refused", {**fields, "code": code})
            raise WriteRefused(code, f"{endpoint.name} refuses {len(data)} bytes")
        self._log(now_s, "write", fields)
        self._hand_on(now_s, self._serial.value(data[:SHORT] if self._options.long == "cut" else data))

    def read(self, now_s: float, endpoint: Endpoint) -> bytes:
        """See Twin: nothing can be read."""
        raise WriteRefused(0x02, f"{endpoint.name} can't be read")

    def hand(self, now_s: float, act: str) -> None:
        """See Twin: the board has no keys."""
        self._live(now_s)
        self._act(now_s, act)

    def pulses(self, since_s: float, until_s: float) -> list[Pulse]:
        """See Twin; an assumption, rule 5."""
        self._live(until_s)
        found: list[Pulse] = []
        for stage in self._stages:
            stage.live(tick_at(until_s))
            found += stage.pulses(since_s, until_s)
        return sorted(found, key=lambda pulse: pulse.at_s)

    def _hand_on(self, now_s: float, lost: int) -> None:
        """The radio module has told the board something; `lost` characters didn't fit."""
        if lost:
            self._log(now_s, "ignored", {"why": f"{lost} characters lost: the board's buffer is full"})
        self._free_s = max(self._free_s, now_s)
        self._live(now_s)

    def _levels(self) -> dict[str, int]:
        return {letter: self.level(letter) for letter in LETTERS}

    def _live(self, now_s: float) -> None:
        while (at_s := self.due_s) <= now_s:
            if at_s == self._agenda.due_s:
                self._act(*self._agenda.take())
            else:
                self._turn(at_s)

    def _act(self, now_s: float, act: str) -> None:
        self._log(now_s, "hand", {"act": act})
        match act:
            case "pads-off" | "pads-on":
                self._pads_on = act == "pads-on"
                for index in range(2):
                    self._flow(now_s, index, act)
            case "power-off":
                self.on = False
                self._serial.clear()
                self._doing = None
                self._closing.clear()
                for index in range(2):
                    self._least(now_s, index, "power")
                    self._gates[index].on = False
            case "power-on":
                self.on = True
            case _:
                raise ValueError(f"a hand can't do {act!r} to an {self.family}")

    def _turn(self, now_s: float) -> None:
        """Do the board's next thing: open a relay that was waited for, end a line, see whose time is over, read on."""
        if self._closing:
            index, _ = self._closing.popleft()
            self._gates[index].on = False
            if self._closing:
                self._least(now_s, *self._closing[0])
        elif self._doing is not None:
            line = self._doing
            self._doing = None
            self._end_line(now_s, line)
        elif over := [(i, "time") for i, gate in enumerate(self._gates) if gate.ends_s <= now_s]:
            self._close(now_s, over)
        else:
            self._doing = self._serial.take()
            self._free_s = now_s + self._options.slow

    def _end_line(self, now_s: float, line: str) -> None:
        """Do what a line says, after the time that the board has taken for it."""
        command = command_in(line)
        if line == ENDED:
            self._shut(now_s, "link")
        elif command is None:
            self._log(now_s, "ignored", {"why": f"no command in {line!r}"})
        else:
            self._obey(now_s, command)

    def _obey(self, now_s: float, text: str) -> None:
        if "G" not in text:
            self._log(now_s, "ignored", {"why": f"no G in {text!r}"})
            return
        channel, intensity, on_ms = (_number(text, letter) for letter in "CIT")
        if channel not in (0, 1):
            self._shut(now_s, "host")
        elif on_ms == 0 and self._ignored < self._options.stop_ignored and self._gates[channel].on:
            self._ignored += 1
            self._log(now_s, "ignored", {"why": "option stop_ignored"})
        else:
            self._command(now_s, channel, intensity, on_ms, by="host")

    def _command(self, now_s: float, index: int, intensity: int | None, on_ms: int | None, by: str) -> None:
        gate = self._gates[index]
        before = self._gates[index].level
        if on_ms is not None:
            gate.on_s = min(ON_MAX_MS, on_ms) / 1000
        if intensity is not None:
            gate.intensity = intensity
            gate.position = _position(intensity)
        if gate.on_s <= 0:  # over before the next look: too short for a pulse
            gate.on = True
            self._close(now_s, [(index, by)], before)
            return
        gate.on = True
        gate.ends_s = now_s + gate.on_s
        if gate.level != before:
            self._log(now_s, "level", {"channel": LETTERS[index], "level": gate.level, "by": by})
        self._flow(now_s, index, by)

    def _shut(self, now_s: float, by: str) -> None:
        self._close(now_s, [(0, by), (1, by)])

    def _close(self, now_s: float, whose: list[tuple[int, str]], before: int | None = None) -> None:
        """Shut channels in turn: each pot goes to its least, and 50 ms later the relay opens."""
        idle = not self._closing
        self._closing += whose
        if idle:
            self._least(now_s, *whose[0], before)

    def _least(self, now_s: float, index: int, by: str, before: int | None = None) -> None:
        gate = self._gates[index]
        was = gate.level if before is None else before
        gate.position = 0
        gate.ends_s = inf
        self._free_s = max(self._free_s, now_s) + OPENS_S
        if was:
            self._log(now_s, "level", {"channel": LETTERS[index], "level": 0, "by": by})
        self._flow(now_s, index, by)

    def _flow(self, now_s: float, index: int, why: str) -> None:
        gate = self._gates[index]
        share = gate.position / POT_TOP if gate.on and self._pads_on else 0.0
        current_ma = round(share * self._options.current_ma, 3)
        self._stages[index].strength(tick_at(now_s), current_ma)
        self._log(now_s, "output", {"channel": LETTERS[index], "current_ma": current_ma, "why": why})


def _train(rate_hz: float, width_us: float) -> tuple[Run, ...]:
    """Return pulses of a rate on a grid of 1 ms: other periods than whole ones are longer and shorter by turns."""
    period_ms = 1000 / rate_hz
    if abs(period_ms - round(period_ms)) < 1e-6:
        return (Run(ENDLESS_MS, round(period_ms), width_us),)
    count = next((n for n in range(2, 100) if abs(n * period_ms - round(n * period_ms)) < 1e-6), 100)
    borders = [round(n * period_ms) for n in range(count + 1)]
    return tuple(Run(end - start, end - start, width_us) for start, end in pairwise(borders))


def _position(intensity: int) -> int:
    """Return the pot's position, as a board of 16 bits works it out; above 100 only the pot's own ends hold."""
    product = ((POT_MAX - POT_MIN) * (intensity - 1) + 2**15) % 2**16 - 2**15
    return max(0, min(POT_TOP, int(product * 0.01 + 0.5) + POT_MIN))


def _number(text: str, letter: str) -> int | None:
    """Return the digits right after the first occurrence of a letter as 16 bits; None without it, -1 without digits."""
    found = re.search(rf"{letter}([0-9]*)", text)
    if found is None:
        return None
    return (int(found.group(1)) + 2**15) % 2**16 - 2**15 if found.group(1) else -1


def _make(address: str, options: OpenEmsStimOptions, chance: Chance, log: Log) -> Twin:
    return OpenEmsStim(address, options, chance, log)


KIND = Kind("openemsstim", "openEMSstim", "OTHER01", "4C:00:13:04:00", OpenEmsStimOptions(), _make)
