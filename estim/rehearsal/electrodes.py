"""What the electrodes would see of a program: a rehearsal on a software unit, its pulses kept and measured."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from msgspec import Struct

from estim.core.errors import EstimError, Exit
from estim.core.messages.events import Ended
from estim.core.programs.course import Course, fit
from estim.core.programs.program import Program
from estim.core.session.guard import Limits, family_cap
from estim.core.session.order import Order
from estim.core.translation import tr
from estim.core.vocabulary import Reason, State
from estim.rehearsal.world import Rehearsal
from protocols.family import Family
from protocols.score import Alternate, Curve, Score, Steady, Sweep, slotted, texture, unvaried
from protocols.vocabulary import Channel, Level
from simulator.registry import make, read_line
from simulator.trace import silent
from simulator.twin import Pulse

LEVEL_PCT = 15
"""Where a rehearsal goes without being told, % of the unit's scale; what is drawn is the same at any level."""

CHUNK_S = 10.0
"""How often pulses are fetched: a twin keeps the last 60 s."""

MORE_S = 60.0
"""Time beyond the session's own for connecting, preparing and the stop."""

GAP_PERIODS = 1.5
"""A pulse that comes later than so many periods after the last one begins a new train."""

POINT_S = 0.005
"""How finely a score is integrated."""


class Seen(Struct, frozen=True):
    """What came out on one channel, times in seconds from the session's start.

    `level` holds (time, level) at each change, `last` is the session's last word.
    """

    course: Course
    pulses: tuple[Pulse, ...]
    level: tuple[tuple[float, int], ...]
    last: Ended
    scale: int

    def full_s(self) -> tuple[float, float]:
        """Return from when to when the level stood at its highest; (0, 0) if it never left 0."""
        top = max((level for _, level in self.level), default=0)
        begins = [at_s for at_s, level in self.level if level == top and top]
        ends = [after_s for (_, level), (after_s, _) in pairwise(self.level) if level == top and top]
        return (begins[0], ends[-1]) if begins and ends else (0.0, 0.0)


class Sum(Struct, frozen=True):
    """A stretch in figures: pulses, seconds in which pulses flowed, and the mean width of one phase."""

    pulses: float
    on_s: float
    width_us: float

    @property
    def rate_hz(self) -> float:
        """Pulses a second while they flow."""
        return self.pulses / self.on_s if self.on_s else 0.0


def rehearse(
    program: Program,
    family: Family,
    *,
    minutes: float | None = None,
    level: int | None = None,
    options: str = "",
    profile: str = "",
    progress: Callable[[float], None] = lambda share: None,
) -> Seen:
    """Play a program on a software unit of a family, in no time; channel A only.

    `options` are the software unit's, as after the colon of --simulate. `progress` is told the share done, 0 to 1.
    Raises EstimError for a program that the family can't play, a level above the scale, or a session that failed.
    """
    course = fit(program, family, minutes, unlocked=True)  # nobody feels a rehearsal
    caps = family.caps
    top = max(caps.first, caps.scale * LEVEL_PCT // 100) if level is None else level
    if not caps.first <= top <= caps.scale:
        text = tr(
            "level {level}: {family} goes from {first} to {scale}, so ask for that",
            level=top,
            family=family.title,
            first=caps.first,
            scale=caps.scale,
        )
        raise EstimError(text, code=Exit.USAGE)
    goal = {channel: Level(top if channel is Channel.A else 0) for channel in caps.channels}
    order = Order(course, goal, pads_on=True)
    by_hand = [_set_by_hand(course.score)] if family.playable.made_elsewhere else []
    line = f"{family.name}:{','.join([*by_hand, *filter(None, [options])])}"
    twin = make(read_line(line), lambda _unit: silent)[0]
    one = Rehearsal(family, twin, twin.level, order, Limits((family_cap(caps),)), profile=profile)
    one.link()
    pulses: list[Pulse] = []
    while one.session.state is not State.ENDED and one.now_s < course.score.length_s + MORE_S:
        since_s = one.now_s
        one.run(CHUNK_S)
        if course.score.number is None:  # what flows in a program of the unit's own is an assumption of its twin
            pulses += [pulse for pulse in twin.pulses(since_s, one.now_s) if pulse.channel == Channel.A]
        progress(min(1.0, one.now_s / course.score.length_s))
    last = one.seen.happened[-1] if one.seen.happened else None
    if not isinstance(last, Ended) or last.reason is not Reason.COMPLETED or one.session.started is None:
        why = last.message if isinstance(last, Ended) else tr("it never ended")
        text = tr("the rehearsal on a software {family} failed: {why}", family=family.name, why=why)
        raise EstimError(text, code=Exit.INTERNAL)
    start_s = one.session.started.mono_s
    levels = [(at_s - start_s, level) for at_s, channel, level in one.seen.levels if channel == Channel.A]
    moved = tuple(Pulse(p.at_s - start_s, p.channel, p.width_us, p.current_ma, p.first) for p in pulses)
    return Seen(course, moved, tuple(levels), last, caps.scale)


def _set_by_hand(score: Score) -> str:
    """Return the options of a twin whose pulses another unit makes: that one is set as the course asks for."""
    rate = score.parts[0].rate_hz
    width = score.parts[0].width_us
    assert isinstance(rate, Steady), "what is set by hand stays as it is"  # untranslated: a bug's words
    assert isinstance(width, Steady), "what is set by hand stays as it is"  # untranslated: a bug's words
    return f"rate_hz={rate.value:g},width_us={width.value:g}"


def measured(pulses: Sequence[Pulse], since_s: float, until_s: float, period_s: Callable[[float], float]) -> Sum:
    """Return what flowed in a stretch; `period_s` is the time between two pulses that is meant at a moment."""
    inside = [pulse for pulse in pulses if since_s <= pulse.at_s < until_s]
    if not inside:
        return Sum(0, 0.0, 0.0)
    on_s = 0.0
    meant_s = period_s(inside[0].at_s)
    for pulse, after in pairwise(inside):
        next_s = period_s(after.at_s)
        gap_s = after.at_s - pulse.at_s
        slowest_s = max(meant_s, next_s)  # where the rate changes, the gap belongs to either
        on_s += gap_s if gap_s <= GAP_PERIODS * slowest_s else meant_s
        meant_s = next_s
    on_s += min(meant_s, until_s - inside[-1].at_s)
    return Sum(len(inside), on_s, sum(pulse.width_us for pulse in inside) / len(inside))


def meant(score: Score, since_s: float, until_s: float, family: Family) -> Sum:
    """Return what a score means to flow in a stretch, in the steps of rate and width that the family really has."""
    playable = family.playable
    pulses = on_s = width_us = 0.0
    # what doesn't vary needs one point
    points = 1 if unvaried(score, since_s, until_s) else max(1, round((until_s - since_s) / POINT_S))
    each_s = (until_s - since_s) / points
    seen_s = None
    width = rate_hz = 0.0
    for point in range(points):
        at_s = since_s + (point + 0.5) * each_s
        if playable.slot_s:
            at_s = slotted(score, at_s, playable.slot_s)
        if at_s != seen_s:  # the points of one slot have one texture
            seen_s = at_s
            now = texture(score, at_s)
            width = playable.width(now.width_us) if now.on else 0.0
            rate_hz = playable.rate(now.rate_hz)
        if width <= 0:
            continue
        share = rate_hz * each_s
        pulses = pulses + share
        on_s = on_s + each_s
        width_us = width_us + share * width
    return Sum(pulses, on_s, width_us / pulses if pulses else 0.0)


def cycle_s(score: Score, at_s: float) -> float:
    """Return how long the pattern takes that plays at a position, seconds; a few pulses where it is steady."""
    part = next((part for part in score.parts if at_s < part.start_s + part.length_s), score.parts[-1])
    cycles = [_turn_s(part.rate_hz), _turn_s(part.width_us)]
    if part.burst is not None:
        cycles.append(part.burst.on_s + part.burst.off_s)
    if part.envelope is not None:
        one = part.envelope
        cycles.append(one.up_s + one.on_s + one.down_s + one.off_s)
    longest_s = max(cycles)
    return longest_s or 8 / texture(score, at_s).rate_hz


def _turn_s(curve: Curve) -> float:
    match curve:
        case Steady():
            return 0.0
        case Sweep(_, _, turn_s):
            return turn_s
        case Alternate(steps):
            return sum(length_s for _, length_s in steps)
