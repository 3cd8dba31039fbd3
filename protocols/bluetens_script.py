"""Scripts of the Bluetens family ("Loki"): a score compiled into one, and one read back with its exact duration.

1. A script has sections in braces, a section has blocks that begin with a bar. A block is R times (C pulses at F Hz, or
   T tenths of a Hz, then I ms of pause); each pulse is P µs wide. R and I before the first block are the section's own.
2. A block takes over every value that it doesn't name from the block before it in its section.
3. The real pulse is 3 µs narrower than P (8 µs on the first hardware), so P is asked for 3 µs wider: then the second
   hardware plays the width that is meant, and the first a little less.
4. A cut-off is looked at between blocks only, so a block is a second long at most.

Source: the vendor's firmware (GitHub lubinx/bluetens): loki.cpp, its factory scripts, the notes beside them.
"""

from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import floor
from re import fullmatch, sub

from protocols.score import Alternate, Part, Score, Steady, Sweep, texture
from protocols.vocabulary import BadPacket

SCRIPT_MAX = 8 * 1024
"""Bytes of one script of ours; the unit holds about 60 KiB in all."""

SECTIONS_MAX, ORDER_MAX, VALUE_MAX, ENDLESS = 64, 512, 0xFFFF, 65535
P_MIN_US, P_MAX_US = 20, 400
NARROWER_US = 3
BLOCK_S, SLICE_S = 1.0, 0.1
DEFAULTS = {"P": 100, "F": 50, "C": 1, "I": 0, "R": 1, "N": 0}


@dataclass(frozen=True, slots=True)
class Block:
    """`pulses` at `tenth_hz` (tenths of a Hz), each `width_us` (P, not the real width), then `pause_ms`; `repeats`."""

    repeats: int
    pulses: int
    tenth_hz: int
    width_us: int
    pause_ms: int

    @property
    def duration_ms(self) -> float:
        """How long it takes with all its repeats."""
        return (10_000 / self.tenth_hz * self.pulses + self.pause_ms) * self.repeats


@dataclass(frozen=True, slots=True)
class Section:
    """Blocks in a row, `repeats` times, each time followed by `pause_ms`."""

    repeats: int
    pause_ms: int
    blocks: tuple[Block, ...]

    @property
    def duration_ms(self) -> float:
        """How long it takes with all its repeats."""
        return (sum(block.duration_ms for block in self.blocks) + self.pause_ms) * self.repeats


@dataclass(frozen=True, slots=True)
class Script:
    """A script as packet: version, number base, waveform (-1: not named), sections, what is played after them, text."""

    version: int
    base: int
    waveform: int
    duration_ms: float
    sections: tuple[Section, ...]
    again: tuple[int, ...] = ()
    text: str = ""


# Reading


def read_script(text: str) -> Script:
    """Return a script; raise BadPacket for one that the firmware would not play to its end."""
    bare = sub(r"[ \t\r\n]+", "", text)
    found = fullmatch(r"V(\d)(?:D(10|16))?(?:M([0-2]))?((?:\{[^{}]*\})+)(?:<((?:S\d+)+)>)?", bare)
    if found is None:
        raise BadPacket("script: V1, perhaps D16, then sections in braces, such as V1D16{R4b0|R50Pc8F50}")
    version, base = int(found[1]), int(found[2] or 10)
    if version not in (1, 2):
        raise BadPacket(f"script: version 1 or 2, not {version}")
    sections = tuple(_section(body, base) for body in found[4].strip("{}").split("}{"))
    again = tuple(int(number) for number in (found[5] or "").split("S") if number)
    if len(sections) > SECTIONS_MAX or len(again) > ORDER_MAX or any(not 1 <= n <= len(sections) for n in again):
        raise BadPacket(f"script: at most {SECTIONS_MAX} sections, and {ORDER_MAX} entries that name one of them")
    order = [section.duration_ms for section in sections] + [sections[number - 1].duration_ms for number in again]
    return Script(version, base, int(found[3] or -1), round(sum(order), 6), sections, again, text)


def _section(body: str, base: int) -> Section:
    # a block in square brackets is one that a bar opens
    head, *blocks = body.replace("[", "|").replace("]", "").split("|")
    own = _values(head, base)
    if set(own) - {"R", "I", "N"} or not blocks:
        raise BadPacket("script: a section begins with R, I or N of its own, then blocks that begin with a bar")
    values, made = dict(DEFAULTS), []
    for block in blocks:
        fresh = _values(block, base)
        if "T" in fresh:
            fresh["F"] = fresh.pop("T") / 10  # type: ignore[assignment]
        values.update(fresh)
        tenth_hz = round(values["F"] * 10)
        made.append(_checked(Block(values["R"], values["C"], tenth_hz, values["P"], values["I"])))
    return Section(own.get("R", 1), own.get("I", 0), tuple(made))


def _checked(block: Block) -> Block:
    if not 1 <= block.tenth_hz <= 12_000:
        raise BadPacket(f"script: 0.1 to 1200 Hz, not {block.tenth_hz / 10:g}")
    if not P_MIN_US <= block.width_us < 3_750_000 / block.tenth_hz:
        raise BadPacket(
            f"script: P from {P_MIN_US} to less than {3_750_000 / block.tenth_hz:g} µs at {block.tenth_hz / 10:g} Hz, "
            f"not {block.width_us}"
        )
    if block.pulses < 1 or block.repeats < 1:
        raise BadPacket("script: C and R are 1 or more")
    return block


def _values(text: str, base: int) -> dict[str, int]:
    """Return letters with their numbers; hexadecimal digits are small letters."""
    if not fullmatch(r"(?:[RIFTPCN][0-9a-f]{1,8})*", text):
        raise BadPacket(f"script: letters R I F T P C N with a number each, not {text[:40]!r}")
    values: dict[str, int] = {}
    for letter, digits in _tokens(text):
        if base == 10 and not digits.isdecimal():
            raise BadPacket(f"script: {digits!r} is no decimal number (D16 makes them hexadecimal)")
        values[letter] = int(digits, base)
        if values[letter] > VALUE_MAX:
            raise BadPacket(f"script: {letter}{digits} is above {VALUE_MAX}")
    return values


def _tokens(text: str) -> list[tuple[str, str]]:
    starts = [at for at, letter in enumerate(text) if letter.isupper()] + [len(text)]
    return [(text[at], text[at + 1 : end]) for at, end in pairwise(starts)]


# Writing


@dataclass(slots=True)
class _Row:
    """Blocks that are being put in a row; `silent_ms` is silence before the first of them."""

    blocks: list[Block] = field(default_factory=list)
    silent_ms: float = 0.0

    def rest(self, ms: float) -> None:
        if not self.blocks:
            self.silent_ms += ms
            return
        last = self.blocks[-1]
        self.blocks[-1] = replace(last, pause_ms=last.pause_ms + round(ms))

    def play(self, pulses: int, tenth_hz: int, width_us: int) -> None:
        self.blocks.append(Block(1, pulses, tenth_hz, width_us, 0))


def compiled(score: Score, more_s: float = 0.0) -> str:
    """Return the script of a score, its last part `more_s` longer; raise ValueError with a sentence if it can't be."""
    last = score.parts[-1]
    parts = (*score.parts[:-1], replace(last, length_s=last.length_s + more_s))
    sections: list[str] = []
    for part in parts:
        sections += _of_part(part)
    text = "V1" + "".join(sections)
    if len(sections) > SECTIONS_MAX:
        raise ValueError(f"it needs {len(sections)} sections, the unit knows {SECTIONS_MAX}")
    if len(text) > SCRIPT_MAX:
        raise ValueError(f"its script has {len(text)} bytes, at most {SCRIPT_MAX} are sent")
    return text


def after(score: Score, at_s: float) -> Score:
    """Return what is left of a score from a position on."""
    left = []
    for part in score.parts:
        end_s = part.start_s + part.length_s
        if end_s - at_s > SLICE_S or part is score.parts[-1]:
            start_s = max(0.0, part.start_s - at_s)
            left.append(replace(part, start_s=start_s, length_s=max(SLICE_S, end_s - at_s - start_s)))
    return Score(tuple(left), score.number)


def refuses(score: Score) -> str:
    """Return why a score can't be compiled, "" if it can."""
    try:
        compiled(score, 10.0)
    except ValueError as error:
        return str(error)
    return ""


def _of_part(part: Part) -> list[str]:
    """Return the sections of a part: its cross-fade, its pattern over and over, and what is left of it."""
    alone = Score((replace(part, start_s=0.0),))
    fade_s = 0.0
    sections = []
    if part.fade_us is not None:
        fade_s = min(2.0, part.length_s)
        sections += _written(_sliced(alone, 0.0, fade_s), 1)
    steady = Score((replace(part, start_s=0.0, fade_us=None),))
    cycle_s = _cycle_s(part)
    row = _sliced(steady, 0.0, cycle_s)
    taken_s = (sum(block.duration_ms for block in row.blocks) + row.silent_ms) / 1000
    times = floor((part.length_s - fade_s) / taken_s + 1e-6)
    left_s = part.length_s - fade_s - times * taken_s
    while times > 0:
        sections += _written(row, min(times, VALUE_MAX - 1))
        times -= min(times, VALUE_MAX - 1)
    if left_s > SLICE_S / 2:
        sections += _written(_sliced(steady, 0.0, left_s), 1)
    return sections


def _cycle_s(part: Part) -> float:
    """Return how long it takes until all that moves in a part is where it was."""
    cycles = []
    for curve in (part.rate_hz, part.width_us):
        if isinstance(curve, Sweep):
            cycles.append(curve.cycle_s)
        elif isinstance(curve, Alternate):
            cycles.append(sum(length_s for _, length_s in curve.steps))
    if part.burst is not None:
        cycles.append(part.burst.on_s + part.burst.off_s)
    if part.envelope is not None:
        one = part.envelope
        cycles.append(one.up_s + one.on_s + one.down_s + one.off_s)
    if not cycles:
        return BLOCK_S
    longest_s = max(cycles)
    if any(abs(longest_s / cycle_s - round(longest_s / cycle_s)) > 1e-6 for cycle_s in cycles):
        return part.length_s  # they never meet: the whole part is written out
    return longest_s


def _sliced(score: Score, since_s: float, until_s: float) -> _Row:
    """Return a stretch as blocks: each as many pulses of one rate and width as fit into it, and its silence."""
    row, at_s = _Row(), since_s
    while at_s < until_s - 1e-6:
        now = texture(score, at_s)
        tenth_hz = max(1, floor(now.rate_hz * 10 + 1e-6))
        period_s = 10 / tenth_hz
        border_s = min(until_s, at_s + max(_even_s(score, at_s), period_s))
        middle = texture(score, (at_s + border_s) / 2)
        width_us = floor(min(middle.width_us, P_MAX_US - NARROWER_US) + 1e-6) + NARROWER_US
        if not now.on or width_us < P_MIN_US:
            row.rest((border_s - at_s) * 1000)
            at_s = border_s
            continue
        if _moves(score):
            tenth_hz = max(1, floor(middle.rate_hz * 10 + 1e-6))
            period_s = 10 / tenth_hz
        pulses = max(1, floor((border_s - at_s) / period_s + 1e-6))
        row.play(pulses, tenth_hz, width_us)
        at_s += pulses * period_s
        if at_s < border_s - 1e-6 and not _moves(score) and score.parts[0].burst is not None:
            row.rest((border_s - at_s) * 1000)
            at_s = border_s
    return row


def _moves(score: Score) -> bool:
    part = score.parts[0]
    return not (isinstance(part.rate_hz, Steady) and isinstance(part.width_us, Steady)) or part.envelope is not None


def _even_s(score: Score, at_s: float) -> float:
    """Return for how long one block may stand for the score: a slice of what moves, a burst or its pause, a second."""
    part = score.parts[0]
    even_s = SLICE_S if _moves(score) or (part.fade_us is not None) else BLOCK_S
    if part.burst is not None:
        inside_s = at_s % (part.burst.on_s + part.burst.off_s)
        on = inside_s < part.burst.on_s - 1e-9
        even_s = min(even_s, (part.burst.on_s if on else part.burst.on_s + part.burst.off_s) - inside_s)
    return max(even_s, 1e-3)


def _written(row: _Row, repeats: int) -> list[str]:
    """Return a section; blocks that follow name only what differs, equal ones in a row become one if short enough."""
    if not row.blocks:
        raise ValueError("a part of it is silent from end to end")
    head = (f"R{repeats}" if repeats != 1 else "") + (f"I{round(row.silent_ms)}" if row.silent_ms >= 1 else "")
    words = []
    before = {"P": -1, "T": -1, "C": 1, "I": 0, "R": 1}
    for block in row.blocks:
        values = {"P": block.width_us, "T": block.tenth_hz, "C": block.pulses, "I": block.pause_ms, "R": block.repeats}
        words.append("|" + "".join(f"{key}{value}" for key, value in values.items() if before[key] != value))
        before = values
    return ["{" + head + "".join(words) + "}"]
