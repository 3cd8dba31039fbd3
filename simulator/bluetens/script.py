"""Plays a script of the Bluetens family: its blocks in time and each pulse of them, as the firmware does.

Written from the notes on the firmware, not from the compiler of `protocols`: the two are witnesses against each other.
An invalid block stops the parsing, so the program ends early; what follows is never played.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import inf

DIGITS = "0123456789abcdef"
ENDLESS = 65535


@dataclass(frozen=True, slots=True)
class Burst:
    """One repetition of a block: `pulses` every `period_ms`, `width_us` as asked for, then `pause_ms`."""

    pulses: int
    period_ms: float
    width_us: int
    pause_ms: int


@dataclass(frozen=True, slots=True)
class Step:
    """A block with its repeats: a cut-off is looked at before each of these only."""

    burst: Burst
    repeats: int


class BadScript(ValueError):
    """The file is no script at all."""


def play(text: str, *, bound: bool = False) -> Iterator[Step]:
    """Return the blocks of a script in the order of play; raise BadScript at once for what doesn't begin as one."""
    reader = _Reader("".join(text.split()))
    if reader.peek() != "V":
        raise BadScript("no version")
    return _steps(reader, bound)


def _steps(reader: "_Reader", bound: bool) -> Iterator[Step]:
    base = 10
    sections = []
    while reader.peek() in "VDMX":
        letter, value = reader.token(10)
        if letter == "D":
            base = value
    while reader.peek() == "{":
        section = _section(reader, base, bound)
        sections.append(section)
        yield from _repeated(section)
    if reader.peek() == "<":
        reader.take()
        while reader.peek() == "S":
            _, number = reader.token(10)
            if 1 <= number <= len(sections):
                yield from _repeated(sections[number - 1])


def _repeated(section: tuple[int, int, list[Step]]) -> Iterator[Step]:
    repeats, pause_ms, steps = section
    turn = 0
    while steps and (repeats == ENDLESS or turn < repeats):
        turn += 1
        yield from steps
        if pause_ms:
            yield Step(Burst(0, 0.0, 0, pause_ms), 1)


def _section(reader: "_Reader", base: int, bound: bool) -> tuple[int, int, list[Step]]:
    reader.take()
    own: dict[str, float] = {"R": 1, "I": 0}
    values: dict[str, float] = {"P": 100, "F": 50, "C": 1, "I": 0, "R": 1}
    steps: list[Step] = []
    inside = own
    while reader.peek() != "}":
        letter = reader.peek()
        if letter in "|[]":
            reader.take()
            if inside is values and letter != "[":
                _end_block(values, steps, bound)
            inside = values if letter != "]" else own
            continue
        letter, value = reader.token(base)
        inside.update({"F": value / 10} if letter == "T" else {letter: value})
    if inside is values:
        _end_block(values, steps, bound)
    reader.take()
    return int(own["R"]), int(own["I"]), steps


class _Invalid(Exception):
    """A block that the firmware refuses."""


def _end_block(values: dict[str, float], steps: list[Step], bound: bool) -> None:
    rate_hz = values["F"]
    width_us = int(values["P"])
    if not 0.1 <= rate_hz <= 1200 or width_us < 20 or values["C"] < 1 or values["R"] < 1:
        raise _Invalid
    widest_us = 3_750_000 / (10 * rate_hz)
    if width_us > widest_us or (width_us == widest_us and not bound):
        raise _Invalid
    burst = Burst(int(values["C"]), 1000 / rate_hz, width_us, int(values["I"]))
    steps.append(Step(burst, int(values["R"])))


class _Reader:
    """Tokens of a script: a letter and its digits."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def peek(self) -> str:
        return self._text[self._at] if self._at < len(self._text) else "}"

    def take(self) -> str:
        letter = self.peek()
        self._at += 1
        return letter

    def token(self, base: int) -> tuple[str, int]:
        letter = self.take()
        digits = ""
        while self._at < len(self._text) and self.peek() in DIGITS[:base] and len(digits) < 8:
            digits += self.take()
        return letter, int(digits or "0", base) & 0xFFFF


class Player:
    """A script that plays from `start_s` on, with a cut-off; pulses come out in the order of time.

    `preload`: so many repetitions are loaded already when the cut-off comes, and are played. `bound`: a pulse that is
    just as wide as its rate forbids passes.
    """

    def __init__(
        self, text: str, start_s: float, cut_s: float, narrower_us: int, preload: int = 0, *, bound: bool = False
    ) -> None:
        self._steps = play(text, bound=bound)
        self._start_s = start_s
        self._cut_s = cut_s
        self._narrower_us = narrower_us
        self._preload = preload
        self._step: Step | None = None
        self._turn = self._pulse = 0
        self._at_ms = 0.0
        self.ends_s = inf
        self._next_step()

    @property
    def pulse_s(self) -> float:
        """When the next pulse comes (inf: none)."""
        return self._start_s + self._at_ms / 1000 if self._step is not None else inf

    @property
    def width_us(self) -> float:
        """The real width of the next pulse."""
        return float(self._step.burst.width_us - self._narrower_us) if self._step is not None else 0.0

    def take(self) -> None:
        """Go on to the next pulse."""
        step = self._step
        assert step is not None, "only what plays has a next pulse"
        self._pulse += 1
        self._at_ms += step.burst.period_ms
        if self._pulse < step.burst.pulses:
            return
        self._pulse = 0
        self._turn = self._turn + 1
        self._at_ms += step.burst.pause_ms
        if self._turn >= step.repeats != ENDLESS:
            self._next_step()

    def _next_step(self) -> None:
        """Begin the next block that has pulses, unless the cut-off has come or nothing is left."""
        self._turn = 0
        while (step := self._loaded()) is not None:
            if step.burst.pulses:
                self._step = step
                return
            self._at_ms += step.burst.pause_ms * step.repeats
        self._step = None
        self.ends_s = self._start_s + self._at_ms / 1000

    def _loaded(self) -> Step | None:
        over = self._at_ms / 1000 >= self._cut_s - 1e-9
        if over and self._preload == 0:
            return None
        try:
            step = next(self._steps, None)
        except _Invalid:
            return None
        if step is None or not over:
            return step
        repeats = min(step.repeats, self._preload)
        self._preload -= repeats
        return replace(step, repeats=repeats)
