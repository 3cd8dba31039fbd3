"""A software Coyote 2.0: strengths that stay, waves that last 100 ms, wheels; crossed as the real one is.

Rules (the maker's open V2 document, see the family's file; "choice" where nobody knows):
1. 1504 sets both strengths at once, clamped to the maximum that 1507 tells. Words of another length are ignored.
2. 1506 is A's wave and 1505 is B's; each plays for 100 ms from its arrival, then the channel is silent.
3. A wave is X pulses in X ms, then Y ms of pause. With X = 1 the pause runs on over words and frames, as on the newer
   box (choice; by option each word begins with a pulse). A pause clock of 8 ms exists in old hardware (option).
4. A wheel goes by 7 and is told on 1504; whether a host's own word is told too is an option.
5. No voltage of this box is known: 0.064 mA for each step into 500 ohm is assumed (64 V at 2000, as the newer box).
"""

from dataclasses import dataclass
from math import inf

from protocols.coyote2 import (
    APP_STEP,
    BATTERY,
    CHARGE,
    CONFIG,
    CONFIG_WORD,
    FRAME_S,
    MAX_STRENGTH,
    MAX_TOLD,
    STRENGTH_WORD,
    STRENGTHS,
    WAVE_A,
    WAVE_B,
    WAVE_WORD,
    WIDTH_STEP_US,
    Charge,
    Config,
    Strengths,
    Wave,
)
from protocols.vocabulary import Advert, BadPacket, Endpoint
from simulator.chance import Chance
from simulator.kind import Kind
from simulator.options import acts, number, one_of, option, pair, whole, word, yes
from simulator.outbox import Act, Agenda, Outbox
from simulator.output import Run, Stage, tick_at
from simulator.trace import silent
from simulator.twin import Log, Pulse, Said, Twin, WriteRefused

LETTERS = "AB"
WAVES = (WAVE_A, WAVE_B)
MA_A_STEP = 0.064
FRAME_MS = round(FRAME_S * 1000)
NEVER_MS = 10**9
TOLD_S = 0.02


@dataclass(frozen=True, slots=True)
class Coyote2Options:
    """How a coyote2 reads what its fact sheet leaves open, and what goes wrong inside it."""

    strength: tuple[int, int] = option(
        (0, 0), "A/B", "strengths left in the box from before (0-2047)", pair(MAX_STRENGTH)
    )
    maximum: int = option(MAX_TOLD, "N", "highest strength that 1507 tells (0-2047)", whole(0, MAX_STRENGTH))
    clamps: bool = option(True, "yes|no", "strengths above the maximum are clamped to it", yes)
    battery: int = option(82, "N", "battery in %", whole(0, 100))
    low_battery: float = option(inf, "T", "the battery falls to 5 % after T s", number(0))
    name: str = option("D-LAB ESTIM01", "NAME", "name in the adverts", word)
    hand: tuple[Act, ...] = option((), "ACT@T;…", "acts of a person, as A+@30;A-5@40;power-off@60", acts())
    pads_off: float = option(inf, "T", "the pads come off after T s", number(0))
    load_ohm: float = option(500.0, "OHM", "load between the pads", number(1))
    stop_ignored: int = option(0, "N", "the next N stops (0/0) above 0 have no effect", whole(0, 10**6))
    echo: bool = option(True, "yes|no", "a host's own strengths are told as well", yes)
    reconnect: str = option("keep", "keep|zero", "what a lost link does to the strengths", one_of("keep", "zero"))
    restart: bool = option(False, "yes|no", "each word of a wave begins with a pulse", yes)
    slow_clock: bool = option(False, "yes|no", "the pause clock is 8 ms a step, as in old hardware", yes)


class Coyote2:
    """The twin; see simulator.twin.Twin for its methods."""

    family = "coyote2"
    endpoints: tuple[Endpoint, ...] = (BATTERY, STRENGTHS, WAVE_B, WAVE_A, CONFIG)

    def __init__(self, address: str, options: Coyote2Options, _chance: Chance, log: Log = silent) -> None:
        self.address = address
        self.on = True
        self._options = options
        self._log = log
        self._strength = list(options.strength)
        self._waves: list[Wave | None] = [None, None]
        self._ends_s = [inf, inf]
        self._stages = [Stage(letter) for letter in LETTERS]
        self._battery = options.battery
        self._pads_on = True
        self._ignored = 0
        self._current = [0.0, 0.0]
        self._heard: set[Endpoint] = set()
        self._outbox = Outbox()
        timed = (Act(options.pads_off, "pads-off"), Act(options.low_battery, "low-battery"))
        self._agenda = Agenda((*options.hand, *(act for act in timed if act.at_s < inf)))

    @property
    def advert(self) -> Advert:
        """See Twin: it names no service."""
        return Advert(self.address, self._options.name)

    @property
    def due_s(self) -> float:
        """See Twin."""
        return min(self._outbox.due_s, self._agenda.due_s, *self._ends_s)

    def level(self, channel: str = "A") -> int:
        """Return the strength that a channel is really set to."""
        return self._strength[LETTERS.index(channel)]

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
        self._log(now_s, "connect", {"level": self._levels()})

    def disconnect(self, now_s: float) -> None:
        """See Twin. What is left of the last waves still plays."""
        self._live(now_s)
        self._heard.clear()
        self._outbox.clear()
        self._log(now_s, "disconnect", {"level": self._levels()})
        if self._options.reconnect == "zero":
            self._set(now_s, [0, 0], "link")

    def subscribe(self, now_s: float, endpoint: Endpoint, on: bool) -> None:
        """See Twin."""
        self._live(now_s)
        (self._heard.add if on else self._heard.discard)(endpoint)

    def write(self, now_s: float, endpoint: Endpoint, data: bytes, response: bool) -> None:
        """See Twin: without response only, as the copied table of a real box has it."""
        self._live(now_s)
        if not self.on:
            return
        fields = {"endpoint": endpoint.name, "hex": data.hex(), "response": response}
        if endpoint not in (STRENGTHS, *WAVES) or response:
            self._log(now_s, "refused", {**fields, "code": 0x03})
            raise WriteRefused(0x03, f"{endpoint.name} takes no write {'with' if response else 'without'} response")
        self._log(now_s, "write", fields)
        try:
            if endpoint == STRENGTHS:
                self._order(now_s, STRENGTH_WORD.parse(data))
            else:
                self._play(now_s, WAVES.index(endpoint), WAVE_WORD.parse(data))
        except BadPacket as error:
            self._log(now_s, "ignored", {"hex": data.hex(), "why": str(error)})

    def read(self, now_s: float, endpoint: Endpoint) -> bytes:
        """See Twin."""
        self._live(now_s)
        if endpoint == STRENGTHS:
            return STRENGTH_WORD.build(Strengths(0, *self._strength))
        if endpoint == CONFIG:
            return CONFIG_WORD.build(Config(0, self._options.maximum, APP_STEP))
        if endpoint == BATTERY:
            return CHARGE.build(Charge(self._battery))
        wave = self._waves[WAVES.index(endpoint)] if endpoint in WAVES else None
        return WAVE_WORD.build(wave) if wave is not None else bytes(3)

    def hand(self, now_s: float, act: str) -> None:
        """See Twin."""
        self._live(now_s)
        self._log(now_s, "hand", {"act": act})
        match act:
            case "pads-off" | "pads-on":
                self._pads_on = act == "pads-on"
                self._flow(now_s, act)
            case "power-off":
                self.on = False
                self._set(now_s, [0, 0], "power")
            case "power-on":
                self.on = True
            case "low-battery":
                self._battery = min(self._battery, 5)
            case _ if act[:2] in ("A+", "A-", "B+", "B-"):
                self._wheel(now_s, LETTERS.index(act[0]), int(f"{act[1]}{act[2:] or 1}"))
            case _:
                raise ValueError(f"a hand can't do {act!r} to a {self.family}")

    def pulses(self, since_s: float, until_s: float) -> list[Pulse]:
        """See Twin; the current is an assumption, rule 5."""
        self._live(until_s)
        found: list[Pulse] = []
        for stage in self._stages:
            stage.live(tick_at(until_s))
            found += stage.pulses(since_s, until_s)
        return sorted(found, key=lambda pulse: pulse.at_s)

    def _levels(self) -> dict[str, int]:
        return dict(zip(LETTERS, self._strength, strict=True))

    def _live(self, now_s: float) -> None:
        while (at_s := min(self._agenda.due_s, *self._ends_s)) <= now_s:
            if at_s == self._agenda.due_s:
                self.hand(*self._agenda.take())
                continue
            for index in range(2):
                if self._ends_s[index] == at_s:
                    self._ends_s[index], self._waves[index] = inf, None
            self._flow(at_s, "starved")

    def _order(self, now_s: float, order: Strengths) -> None:
        stops = order.a == order.b == 0 and any(self._strength)
        if stops and self._ignored < self._options.stop_ignored:
            self._ignored += 1
            self._log(now_s, "ignored", {"why": "option stop_ignored"})
            return
        top = self._options.maximum if self._options.clamps else MAX_STRENGTH
        before = list(self._strength)
        self._set(now_s, [min(top, order.a), min(top, order.b)], "host")
        if self._options.echo and self._strength != before:
            self._tell(now_s)

    def _wheel(self, now_s: float, index: int, steps: int) -> None:
        for _ in range(abs(steps)):
            levels = list(self._strength)
            step = APP_STEP if steps > 0 else -APP_STEP
            levels[index] = max(0, min(self._options.maximum, levels[index] + step))
            if levels != self._strength:
                self._set(now_s, levels, "hand")
                self._tell(now_s)

    def _tell(self, now_s: float) -> None:
        self._outbox.put(now_s + TOLD_S, STRENGTHS, STRENGTH_WORD.build(Strengths(0, *self._strength)))

    def _set(self, now_s: float, levels: list[int], by: str) -> None:
        for index, letter in enumerate(LETTERS):
            if levels[index] != self._strength[index]:
                self._strength[index] = levels[index]
                self._log(now_s, "level", {"channel": letter, "level": levels[index], "by": by})
        self._flow(now_s, by)

    def _play(self, now_s: float, index: int, wave: Wave) -> None:
        self._waves[index], self._ends_s[index] = wave, now_s + FRAME_S
        pause_ms = wave.y * (8 if self._options.slow_clock else 1)
        width_us = float(WIDTH_STEP_US * wave.z) if wave.x else 0.0
        tick = tick_at(now_s)
        if wave.x == 1 and not self._options.restart:
            runs: tuple[Run, ...] = (Run(FRAME_MS, 1 + pause_ms, width_us),)
        else:
            runs = _bursts(wave.x, pause_ms, width_us)
        self._stages[index].play(tick, runs)
        self._flow(now_s, "wave")

    def _flow(self, now_s: float, why: str) -> None:
        for index, letter in enumerate(LETTERS):
            wave = self._waves[index]
            peak_ma = (
                round(self._strength[index] * MA_A_STEP * 500 / self._options.load_ohm, 3) if self._pads_on else 0.0
            )
            self._stages[index].strength(tick_at(now_s), peak_ma)
            flows_ma = peak_ma if wave is not None and wave.z and wave.x else 0.0
            if flows_ma != self._current[index]:
                self._current[index] = flows_ma
                self._log(now_s, "output", {"channel": letter, "current_ma": flows_ma, "why": why})


def _bursts(pulses: int, pause_ms: int, width_us: float) -> tuple[Run, ...]:
    """Return 100 ms of a wave that begins with its pulses."""
    runs: list[Run] = []
    left_ms = FRAME_MS
    while left_ms > 0 and pulses:
        runs.append(Run(min(pulses, left_ms), 1, width_us))
        left_ms -= pulses
        if left_ms > 0 and pause_ms:
            runs.append(Run(min(pause_ms, left_ms), NEVER_MS, 0.0))
            left_ms -= pause_ms
    return tuple(runs)


def _make(address: str, options: Coyote2Options, chance: Chance, log: Log) -> Twin:
    return Coyote2(address, options, chance, log)


KIND = Kind("coyote2", "DG-LAB Coyote 2.0", "OTHER ESTIM01", "C2:70:7E:02:00", Coyote2Options(), _make)
