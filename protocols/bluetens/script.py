"""Scripts of the Bluetens family ("Loki") as they are written in a file: read with all rules, and their exact duration.

1. A script has sections in braces, a section has blocks that begin with a bar. A block is R times (C pulses at F Hz, or
   T tenths of a Hz, then I ms of pause); each pulse is P µs wide. R and I before the first block are the section's own.
2. A block takes over every value that it doesn't name from the block before it in its section.
3. A block that breaks a rule ends the program early on the unit, so here the whole script is refused.

Source: the vendor's firmware (GitHub lubinx/bluetens): loki.cpp, its factory scripts, the notes beside them.
"""

from dataclasses import dataclass
from itertools import pairwise
from re import fullmatch, sub

from protocols.vocabulary import BadPacket

NARROWER_US = 3


SECTIONS_MAX = 64
"""Sections of a script."""

ORDER_MAX = 512
"""Entries behind them."""

VALUE_MAX = 0xFFFF
"""The highest number (an R of 65535 repeats without end)."""

P_MIN_US = 20
"""Narrowest P of the firmware."""

P_MAX_US = 400
"""Widest P of the app."""

ENDLESS = 65535
DEFAULTS = {"P": 100, "T": 500, "C": 1, "I": 0, "R": 1, "N": 0}


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
    """A script as packet: version, number base, waveform (-1: not named), sections, what is played after them, text.

    `duration_ms` is -1 if something in it repeats without end.
    """

    version: int
    base: int
    waveform: int
    duration_ms: float
    sections: tuple[Section, ...]
    again: tuple[int, ...] = ()
    text: str = ""


def read_script(text: str) -> Script:
    """Return a script; raise BadPacket for one that the firmware would not play to its end."""
    bare = sub(r"[ \t\r\n]+", "", text)
    found = fullmatch(r"V(\d)(?:D(10|16))?(?:M([0-2]))?((?:\{[^{}]*\})+)(?:<((?:S\d+)+)>)?", bare)
    if found is None:
        raise BadPacket("script: V1, perhaps D16, then sections in braces, such as V1D16{R4b0|R50Pc8F50}")
    version = int(found[1])
    base = int(found[2] or 10)
    if version not in (1, 2):
        raise BadPacket(f"script: version 1 or 2, not {version}")
    sections = tuple(_section(body, base) for body in found[4].strip("{}").split("}{"))
    again = tuple(int(number) for number in (found[5] or "").split("S") if number)
    if len(sections) > SECTIONS_MAX or len(again) > ORDER_MAX or any(not 1 <= n <= len(sections) for n in again):
        raise BadPacket(f"script: at most {SECTIONS_MAX} sections, and {ORDER_MAX} entries that name one of them")
    repeats = [n for one in sections for n in (one.repeats, *(block.repeats for block in one.blocks))]
    ends = ENDLESS not in repeats
    order = [section.duration_ms for section in sections] + [sections[number - 1].duration_ms for number in again]
    return Script(version, base, int(found[3] or -1), round(sum(order), 6) if ends else -1.0, sections, again, text)


def _section(body: str, base: int) -> Section:
    # a block in square brackets is one that a bar opens
    head, *blocks = body.replace("[", "|").replace("]", "").split("|")
    own = _values(head, base)
    if set(own) - {"R", "I", "N"} or not blocks:
        raise BadPacket("script: a section begins with R, I or N of its own, then blocks that begin with a bar")
    values = dict(DEFAULTS)
    made = []
    for block in blocks:
        fresh = _values(block, base)
        if "F" in fresh:
            fresh["T"] = 10 * fresh["F"]
        values.update(fresh)
        made.append(_checked(Block(values["R"], values["C"], values["T"], values["P"], values["I"])))
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
