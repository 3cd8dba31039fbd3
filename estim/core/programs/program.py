"""A program: phases with rate, width, burst and envelope, for sites of the body; portable, it knows no unit.

Rates are pulses per second, widths one phase of the pulse in µs (makers quote either one or both phases; here always
one), levels % of what the user set.
"""

from collections.abc import Mapping

from msgspec import Struct, field

from estim.core.translation import figure, tr, tr_many, tr_text
from estim.core.values import replace
from protocols.score import FADE_S, Alternate, Burst, Curve, Envelope, Steady, Sweep

FUSED_HZ = 15.0
"""Above it single twitches begin to fuse into a contraction (programs.md 4: 1-10 Hz relax, 20-50 Hz train)."""


class Phase(Struct, frozen=True):
    """A stretch with constant rules."""

    title: str
    length_s: float
    rate_hz: Curve
    width_us: Curve
    burst: Burst | None = None
    envelope: Envelope | None = None
    level_pct: int = 100
    note: str = ""


class Reraise(Struct, frozen=True):
    """What may be offered when the feeling fades: `step` levels, once in `every_s` seconds, `max` times a session."""

    step: int
    every_s: float
    max: int

    @property
    def words(self) -> str:
        """Return it as a sentence."""
        return tr_many(
            "When the feeling fades: {count} step more, once in {minutes:g} min, at most {most} times.",
            "When the feeling fades: {count} steps more, once in {minutes:g} min, at most {most} times.",
            self.step,
            minutes=round(self.every_s / 60, 1),
            most=self.max,
        )


class Rule(Struct, frozen=True):
    """How strong it should feel, for the person to set: `target` sensory or motor, `said` in the file's own words.

    Nothing is ever raised by this rule: `reraise` is what the person may do.
    """

    target: str
    said: str
    reraise: Reraise | None = None

    @property
    def text(self) -> str:
        """Return all of it as the reader reads it."""
        said = tr_text(self.said)
        return said if self.reraise is None else f"{said} {self.reraise.words}"


class Caps(Struct, frozen=True):
    """`minutes` a session, `per_day` sessions, `level_pct` of a unit's scale (None: no cap of the program's own)."""

    minutes: float = 30.0
    per_day: int = 4
    level_pct: int | None = None


class Program(Struct, frozen=True):
    """One checked program. `numbers` holds the unit's own program number per family that plays by number.

    `pad_cm2` is the area of one pad, which the density is reckoned with; `pictures` show where the pads go (pads.py).
    """

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
    pad_cm2: float = 25.0
    pictures: tuple[str, ...] = ()

    @property
    def length_s(self) -> float:
        return sum(phase.length_s for phase in self.phases)

    @property
    def gated(self) -> bool:
        """Whether it holds a muscle contracted, and so needs to be unlocked first (safety.md, programs.md 1.9).

        What a file calls itself is not enough: whatever rises and holds at a rate that fuses twitches is one, and so is
        what wants a muscle to move at such a rate without a pause.
        """
        moves = self.kind == "twitch" or self.rule.target == "motor"
        return self.kind == "tetanic" or any(
            most(phase.rate_hz) > FUSED_HZ
            and (phase.envelope is not None or (moves and phase.burst is None and isinstance(phase.rate_hz, Steady)))
            for phase in self.phases
        )

    def lasting(self, minutes: float) -> "Program":
        """Return the same program with its longest phase made so long that all phases last `minutes` together.

        The warm-up and the steps around it keep their lengths that way. If less than half of that phase would be
        left, all phases are scaled alike.
        """
        wanted_s = minutes * 60
        lengths = [phase.length_s for phase in self.phases]
        longest = max(range(len(lengths)), key=lambda index: lengths[index])
        left_s = wanted_s - (self.length_s - lengths[longest])
        if len(lengths) == 1 or left_s >= max(FADE_S, lengths[longest] / 2):
            lengths[longest] = left_s
        else:
            lengths = [length_s * wanted_s / self.length_s for length_s in lengths]
        pairs = zip(self.phases, lengths, strict=True)
        return replace(self, phases=tuple(replace(phase, length_s=length_s) for phase, length_s in pairs))


def most(curve: Curve) -> float:
    match curve:
        case Steady(value):
            return value
        case Sweep(first, second, _):
            return max(first, second)
        case Alternate(steps):
            return max(value for value, _ in steps)


def least(curve: Curve) -> float:
    match curve:
        case Steady(value):
            return value
        case Sweep(first, second, _):
            return min(first, second)
        case Alternate(steps):
            return min(value for value, _ in steps)


def cycle_s(envelope: Envelope) -> float:
    """Return how long one contraction takes with its rest, seconds."""
    return envelope.up_s + envelope.on_s + envelope.down_s + envelope.off_s


def words(curve: Curve, unit: str) -> str:
    """Return a curve in words, such as "50 to 150 Hz and back each 2 s"."""
    match curve:
        case Steady(value):
            return f"{figure(value)} {unit}"
        case Sweep(first, second, cycle_s):
            return tr(
                "{first:g} to {second:g} {unit} and back each {seconds:g} s",
                first=first,
                second=second,
                unit=unit,
                seconds=cycle_s,
            )
        case Alternate(steps):
            return " / ".join(
                tr("{value:g} {unit} for {seconds:g} s", value=value, unit=unit, seconds=length_s)
                for value, length_s in steps
            )
