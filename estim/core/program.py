"""A program: phases with rate, width, burst and envelope, for sites of the body; portable, it knows no unit.

Rates are pulses per second, widths one phase of the pulse in µs (makers quote either one or both phases; here always
one), levels % of what the user set. The limits below are those of consumer units; every file is checked against them
when it is loaded, and the Guard's caps hold all the same.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from estim.core.errors import ProgramError
from estim.core.reading import Table
from protocols.score import Alternate, Burst, Curve, Envelope, Steady, Sweep, value_at

RATE_HZ = 0.5, 150.0
"""Pulse rates of consumer units (programs.md section 9: 1-150 Hz)."""

WIDTH_US = 20.0, 450.0
"""One phase; consumer units end at 250 to 450 µs (programs.md section 9)."""

DUTY_MAX = 0.10
"""Share of time with current, both phases counted (programs.md section 8)."""

LENGTH_MAX_S = 30 * 60
RISE_MIN_S = 1.0
"""A contraction that rises faster is uncomfortable (programs.md section 4, ramp rule)."""

KINDS = ("pain", "twitch", "tetanic")
TARGETS = ("sensory", "motor")
PLACES = ("ankle", "calf", "lower-leg", "foot", "knee", "thigh")
SITES = tuple(f"{place}-{side}" for place in PLACES for side in ("left", "right"))
"""Only legs: neck, head, chest and back need somebody who can judge them (safety.md section 6)."""


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch with constant rules."""

    title: str
    length_s: float
    rate_hz: Curve
    width_us: Curve
    burst: Burst | None = None
    envelope: Envelope | None = None
    level_pct: int = 100
    note: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """How strong it should feel, for the person to set: `target` sensory or motor, `text` in plain words."""

    target: str
    text: str


@dataclass(frozen=True, slots=True)
class Caps:
    """`minutes` a session, `per_day` sessions, `level_pct` of a unit's scale (None: no cap of the program's own)."""

    minutes: float = 30.0
    per_day: int = 4
    level_pct: int | None = None


@dataclass(frozen=True, slots=True)
class Program:
    """One checked program. `numbers` holds the unit's own program number per family that plays by number."""

    id: str
    title: str
    kind: str
    site: tuple[str, ...]
    source: str
    pads: str
    phases: tuple[Phase, ...]
    rule: Rule
    caps: Caps = field(default_factory=Caps)
    numbers: Mapping[str, int] = field(default_factory=dict)

    @property
    def length_s(self) -> float:
        return sum(phase.length_s for phase in self.phases)

    def lasting(self, minutes: float) -> "Program":
        """Return the same program with its longest phase made so long that all phases last `minutes` together.

        If that phase would vanish, all phases are scaled alike.
        """
        wanted_s = minutes * 60
        longest = max(range(len(self.phases)), key=lambda index: self.phases[index].length_s)
        rest_s = self.length_s - self.phases[longest].length_s
        if wanted_s - rest_s >= self.phases[longest].length_s / 2 or len(self.phases) == 1:
            lengths = [phase.length_s for phase in self.phases]
            lengths[longest] = wanted_s - rest_s
        else:
            lengths = [phase.length_s * wanted_s / self.length_s for phase in self.phases]
        pairs = zip(self.phases, lengths, strict=True)
        return replace(self, phases=tuple(replace(phase, length_s=length_s) for phase, length_s in pairs))


def read_program(text: str, name: str) -> Program:
    """Return the program of a file's text; raise ProgramError with every mistake, each on a line of its own."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProgramError(f"{name}: not TOML: {error}") from error
    problems: list[str] = []
    program = _program(Table(data, "", problems))
    if problems:
        raise ProgramError("\n".join(f"{name}: {problem}" for problem in problems))
    return program


def _program(table: Table) -> Program:
    table.whole("schema", 1, 1, "(this estim knows schema 1)")
    program = Program(
        id=table.text("id", 40),
        title=table.text("title", 60),
        kind=table.word("kind", KINDS),
        site=table.words("site", SITES),
        source=table.text("source", 600),
        pads=table.text("pads", 1200),
        phases=tuple(_phase(phase) for phase in table.tables("phases", 60)),
        rule=_rule(table.table("rule")),
        caps=_caps(table.table("caps")),
        numbers=_numbers(table.table("device")),
    )
    table.close()
    if program.phases:
        most_s = program.caps.minutes * 60
        if program.length_s > most_s + 1e-6:
            table.problems.append(
                f"phases: their lengths add up to {program.length_s:g} s: at most {most_s:g} s (caps.minutes)"
            )
    return program


def _phase(table: Table) -> Phase:
    alternate = table.tables("alternate", 8) if table.has("alternate") else []
    if table.has("alternate") and table.has("rate_hz"):
        table.problems.append(f"{table.at('rate_hz')}: say either rate_hz or alternate, not both")
    rate, width = _alternating(alternate, table) if alternate else (_curve(table, "rate_hz", RATE_HZ, "Hz"), None)
    phase = Phase(
        title=table.text("title", 60),
        length_s=table.number("length_s", 1, LENGTH_MAX_S, "seconds"),
        rate_hz=rate,
        width_us=_curve(table, "width_us", WIDTH_US, "µs") if width is None else width,
        burst=_burst(table.table("burst")) if table.has("burst") else None,
        envelope=_envelope(table.table("envelope")) if table.has("envelope") else None,
        level_pct=table.whole("level_pct", 1, 100, "%", 100),
        note=table.text("note", 300, ""),
    )
    table.close()
    duty = 2 * most(phase.rate_hz) * most(phase.width_us) / 1e6
    if duty > DUTY_MAX + 1e-9:
        table.problems.append(
            f"{table.at('width_us')}: {most(phase.rate_hz):g} Hz of {most(phase.width_us):g} µs is current for "
            f"{duty:.1%} of the time: at most {DUTY_MAX:.0%} (both phases counted); make one of them smaller"
        )
    return phase


def _curve(table: Table, key: str, limits: tuple[float, float], unit: str) -> Curve:
    lo, hi = limits
    if not table.is_table(key):
        return Steady(table.number(key, lo, hi, f"{unit} (or a sweep: {{ first, second, cycle_s }})"))
    sweep = table.table(key)
    curve = Sweep(
        sweep.number("first", lo, hi, unit),
        sweep.number("second", lo, hi, unit),
        sweep.number("cycle_s", 0.2, 600, "seconds"),
    )
    sweep.close()
    return curve


def _alternating(steps: list[Table], phase: Table) -> tuple[Curve, Curve | None]:
    rates, widths = [], []
    for step in steps:
        length_s = step.number("length_s", 0.5, 600, "seconds")
        rates.append((step.number("rate_hz", *RATE_HZ, "Hz"), length_s))
        if step.has("width_us"):
            widths.append((step.number("width_us", *WIDTH_US, "µs"), length_s))
        step.close()
    if widths and len(widths) != len(rates):
        phase.problems.append(f"{phase.at('alternate')}: give width_us in every step or in none")
        widths = []
    return Alternate(tuple(rates)), Alternate(tuple(widths)) if widths else None


def _burst(table: Table) -> Burst:
    burst = Burst(table.number("on_s", 0.025, 10, "seconds"), table.number("off_s", 0.025, 10, "seconds"))
    table.close()
    return burst


def _envelope(table: Table) -> Envelope:
    envelope = Envelope(
        table.number("up_s", RISE_MIN_S, 30, "seconds (a faster rise is uncomfortable)"),
        table.number("on_s", 0, 60, "seconds"),
        table.number("down_s", 0.5, 30, "seconds"),
        table.number("off_s", 0, 120, "seconds"),
    )
    table.close()
    return envelope


def _rule(table: Table) -> Rule:
    rule = Rule(table.word("target", TARGETS), table.text("text", 400))
    table.close()
    return rule


def _caps(table: Table) -> Caps:
    caps = Caps(
        minutes=table.number("minutes", 1, LENGTH_MAX_S / 60, "minutes", 30.0),
        per_day=table.whole("per_day", 1, 4, "sessions", 4),
        level_pct=table.whole("level_pct", 1, 100, "% of the scale") if table.has("level_pct") else None,
    )
    table.close()
    return caps


def _numbers(table: Table) -> dict[str, int]:
    found: dict[str, int] = {}
    for family in table.names():
        entry = table.table(family)
        found[family] = entry.whole("program", 1, 255, "(the unit's own program number)")
        entry.close()
    return found


def most(curve: Curve) -> float:
    """Return the largest value of a curve."""
    match curve:
        case Steady(value):
            return value
        case Sweep(first, second, _):
            return max(first, second)
        case Alternate(steps):
            return max(value for value, _ in steps)


def least(curve: Curve) -> float:
    """Return the smallest value of a curve."""
    match curve:
        case Steady(value):
            return value
        case Sweep(first, second, _):
            return min(first, second)
        case Alternate(steps):
            return min(value for value, _ in steps)


def words(curve: Curve, unit: str) -> str:
    """Return a curve in words, such as "50 to 150 Hz and back each 2 s"."""
    match curve:
        case Steady(value):
            return f"{value:g} {unit}"
        case Sweep(first, second, cycle_s):
            return f"{first:g} to {second:g} {unit} and back each {cycle_s:g} s"
        case Alternate(steps):
            return " / ".join(f"{value:g} {unit} for {length_s:g} s" for value, length_s in steps)


def start(curve: Curve) -> float:
    """Return a curve's first value."""
    return value_at(curve, 0.0)
