"""Compiles a score, or what is left of it from a position on, into a script of the Bluetens family.

1. The real pulse is 3 µs narrower than P (8 µs on the first hardware), so P is asked for 3 µs wider: the second
   hardware plays the width that is meant, the first one 5 µs less. Rates go down to tenths of a Hz. Never stronger.
2. A cut-off is looked at between blocks only, so a block lasts a second at most, or one pulse of a slow rate.
3. What moves (sweeps, contractions, cross-fades) goes in slices: as many pulses of one rate and width as fit. They are
   as fine as a script of SCRIPT_MAX bytes allows.
4. What returns is written once, as a section that is repeated. A rest takes up what a cycle of pulses misses of its
   time; without one a cycle is longer by less than a pulse, and its turns come that much later.

Source of the 3 and 8 µs, and of the rule of the blocks: the vendor's firmware (GitHub lubinx/bluetens), loki.cpp.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from math import floor, inf, lcm

from protocols.bluetens.script import NARROWER_US, P_MAX_US, P_MIN_US, SECTIONS_MAX, VALUE_MAX, Block
from protocols.score import FADE_S, Alternate, Envelope, Part, Score, Sweep, texture

SCRIPT_MAX = 2400
"""Bytes of one script of ours: 120 writes, which take some 6 s. The unit's memory holds about 60 KiB."""

BLOCK_S = 1.0
SLICES_S = (0.1, 0.2, 0.4)
"""Lengths of the slices of what moves, the finest first."""

SHORTEST_S = 0.005
"""Where another rate begins, the pulse before it is that much sooner than its own rate says, down to this."""

LEAST_S = 0.05
"""What is left of a part and shorter than this is left out."""


@lru_cache(maxsize=32)
def compiled(score: Score, from_s: float = 0.0, more_s: float = 0.0) -> str:
    """Return the script of a score from a position on, its last part `more_s` longer.

    Raises ValueError with a sentence if the unit can't play it.
    """
    text = ""
    for slice_s in SLICES_S:
        sections = list(_sections(score, from_s, more_s, slice_s))
        text = "V1" + "".join(_written(repeats, row) for repeats, row in sections)
        if len(sections) > SECTIONS_MAX:
            raise ValueError(f"it needs {len(sections)} sections of a script, the unit knows {SECTIONS_MAX}")
        if len(text) <= SCRIPT_MAX:
            return text
    raise ValueError(f"its script has {len(text)} bytes, {SCRIPT_MAX} are the most that is sent to the unit")


def lasts_s(envelope: Envelope) -> float:
    """Return the length of a contraction cycle."""
    return envelope.up_s + envelope.on_s + envelope.down_s + envelope.off_s


def refuses(score: Score) -> str:
    """Return why a score can't be compiled, "" if it can."""
    try:
        compiled(score, 0.0, 10.0)
    except ValueError as error:
        return str(error)
    return ""


@dataclass(slots=True)
class _Row:
    """Blocks of one section; `silent_ms` is silence in front of them, which a section has only at its end."""

    blocks: list[Block] = field(default_factory=list)
    silent_ms: float = 0.0
    _owed_ms: float = 0.0

    @property
    def length_s(self) -> float:
        return (sum(block.duration_ms for block in self.blocks) + round(self.silent_ms)) / 1000

    def play(self, pulses: int, tenth_hz: int, p_us: int) -> None:
        if p_us >= 3_750_000 / tenth_hz:
            raise ValueError(f"pulses of {p_us - NARROWER_US} µs don't fit into {tenth_hz / 10:g} Hz on this unit")
        last = self.blocks[-1] if self.blocks else None
        if last and (last.tenth_hz, last.width_us, last.pause_ms) == (tenth_hz, p_us, 0):
            longer = replace(last, pulses=last.pulses + pulses)
            if longer.duration_ms <= BLOCK_S * 1000:
                self.blocks[-1] = longer
                return
        self.blocks.append(Block(1, pulses, tenth_hz, p_us, 0))

    def rest(self, rest_ms: float) -> None:
        """Be silent, in the pause of the last block. A rest in front of all is had at the end of the section."""
        if not self.blocks:
            self.silent_ms += rest_ms
            return
        self._owed_ms += rest_ms
        whole_ms = round(self._owed_ms)
        self._owed_ms -= whole_ms
        last = self.blocks[-1]
        if last.pause_ms + whole_ms > VALUE_MAX:
            raise ValueError("it has a rest of more than a minute, and the unit's longest is 65.5 s")
        self.blocks[-1] = replace(last, pause_ms=last.pause_ms + whole_ms)


def _sections(score: Score, from_s: float, more_s: float, slice_s: float) -> Iterator[tuple[int, _Row]]:
    """Return each section with its repeats, parts in order; those that are over are left out."""
    for part in score.parts:
        last = part is score.parts[-1]
        length_s = part.length_s + (more_s if last else 0.0)
        since_s = max(0.0, from_s - part.start_s)
        if length_s - since_s > LEAST_S or last:
            yield from _of_part(replace(part, start_s=0.0, length_s=inf), since_s, max(length_s, since_s + 1), slice_s)


def _of_part(part: Part, since_s: float, until_s: float, slice_s: float) -> Iterator[tuple[int, _Row]]:
    """Return what comes but once in a part (a cross-fade), its cycle over and over, and what is left at its end."""
    begin_s = max(since_s, _once_s(part))
    cycle_s = _cycle_s(part)
    if cycle_s is None or begin_s + cycle_s > until_s:
        yield 1, _row(part, since_s, until_s, slice_s)
        return
    if begin_s - since_s > LEAST_S:
        yield 1, _row(part, since_s, begin_s, slice_s)
    row = _row(part, begin_s, begin_s + cycle_s, slice_s)
    times = floor((until_s - begin_s) / row.length_s + 1e-6)
    left_s = until_s - begin_s - times * row.length_s
    while times > 0:
        yield min(times, VALUE_MAX - 1), row
        times -= min(times, VALUE_MAX - 1)
    left = _row(part, begin_s, begin_s + left_s, slice_s) if left_s > LEAST_S else _Row()
    if left.blocks:
        yield 1, left


def _once_s(part: Part) -> float:
    """Return how long it takes until all in a part returns: its cross-fade, or the first turn of widths in turn."""
    turn_s = sum(length_s for _, length_s in part.width_us.steps) if isinstance(part.width_us, Alternate) else 0.0
    return max(FADE_S if part.fade_us is not None else 0.0, turn_s)


def _cycle_s(part: Part) -> float | None:
    """Return after how long all that moves is where it was, BLOCK_S if nothing moves, None if nobody can say."""
    cycles_s = []
    for curve in (part.rate_hz, part.width_us):
        if isinstance(curve, Sweep):
            cycles_s.append(curve.cycle_s)
        elif isinstance(curve, Alternate):
            cycles_s.append(sum(length_s for _, length_s in curve.steps))
    if part.burst is not None:
        cycles_s.append(part.burst.on_s + part.burst.off_s)
    if part.envelope is not None:
        cycles_s.append(lasts_s(part.envelope))
    if not cycles_s:
        return BLOCK_S
    whole_ms = [round(cycle_s * 1000) for cycle_s in cycles_s]
    if any(abs(ms - cycle_s * 1000) > 1e-3 for ms, cycle_s in zip(whole_ms, cycles_s, strict=True)):
        return cycles_s[0] if len(set(cycles_s)) == 1 else None
    return lcm(*whole_ms) / 1000


def _row(part: Part, since_s: float, until_s: float, slice_s: float) -> _Row:
    """Return a stretch of a part as blocks: each as many pulses of one rate and width as begin in it, or silence."""
    score = Score((part,))
    row = _Row()
    at_s = since_s
    while at_s < until_s - 1e-6:
        alike_s, hard = _alike(part, at_s, slice_s)
        border_s = min(until_s, at_s + alike_s)
        now = texture(score, (at_s + border_s) / 2)
        tenth_hz = max(1, floor(now.rate_hz * 10 + 1e-6))
        p_us = floor(min(now.width_us, P_MAX_US - NARROWER_US) + 1e-6) + NARROWER_US
        if not now.on or p_us < P_MIN_US:
            row.rest((border_s - at_s) * 1000)
            at_s = border_s
            continue
        pulses, left_s = _fit(border_s - at_s, tenth_hz)
        if border_s < until_s - 1e-6:
            ends = hard and not texture(score, border_s + 1e-6).on
            cut = hard and not ends and left_s >= SHORTEST_S
            pulses = max(0 if cut else 1, pulses + (ends and left_s > 1e-6))
        else:
            cut = False
            pulses = pulses + (left_s * tenth_hz > 5)
            if pulses == 0 and row.blocks:
                break
            pulses = max(1, pulses)
        if pulses:
            row.play(pulses, tenth_hz, p_us)
            at_s += pulses * 10 / tenth_hz
        if cut:
            tenth_hz = floor(10 / left_s)
            row.play(1, tenth_hz, p_us)
            at_s += 10 / tenth_hz
    return row


def _fit(length_s: float, tenth_hz: int) -> tuple[int, float]:
    """Return how many pulses of a rate fit into a time with all of their period, and what is left of the time."""
    pulses = floor(length_s * tenth_hz / 10 + 1e-6)
    return pulses, max(0.0, length_s - pulses * 10 / tenth_hz)


def _alike(part: Part, at_s: float, slice_s: float) -> tuple[float, bool]:
    """Return for how long one block may stand for a part, and whether something else begins right after that."""
    soft_s = [BLOCK_S]
    hard_s = [inf]
    fades = part.fade_us is not None and at_s < FADE_S
    if fades or isinstance(part.rate_hz, Sweep) or isinstance(part.width_us, Sweep):
        soft_s.append(slice_s)
    for curve in (part.rate_hz, part.width_us):
        if isinstance(curve, Alternate):
            stands_s, left_s = _within([length_s for _, length_s in curve.steps], at_s)
            hard_s.append(left_s)
            if curve is part.width_us and stands_s < FADE_S - 1e-9:
                soft_s.append(slice_s)
    if part.burst is not None:
        hard_s.append(_within([part.burst.on_s, part.burst.off_s], at_s)[1])
    if part.envelope is not None:
        one = part.envelope
        hard_s.append(_within([one.up_s, one.on_s, one.down_s, one.off_s], at_s)[1])
        if 0.0 < texture(Score((replace(part, burst=None),)), at_s + 1e-6).gate < 1.0:
            soft_s.append(slice_s)
    return min(*soft_s, *hard_s), min(hard_s) <= min(soft_s)


def _within(steps_s: list[float], at_s: float) -> tuple[float, float]:
    """Return how long the step of a cycle that holds at a time has lasted, and how long it still does."""
    left_s = at_s % sum(steps_s)
    for length_s in steps_s:
        if left_s < length_s - 1e-6:
            return left_s, length_s - left_s
        left_s = max(0.0, left_s - length_s)
    return 0.0, steps_s[0]


def _written(repeats: int, row: _Row) -> str:
    """Return a section. A block names what differs from the one before, and always its pulses."""
    if not row.blocks:
        raise ValueError("a part of it is silent from end to end")
    words = []
    before = {"P": -1, "T": -1, "C": -1, "I": 0}
    for block in row.blocks:
        values = {"P": block.width_us, "T": block.tenth_hz, "C": block.pulses, "I": block.pause_ms}
        differs = [f"{key}{value}" for key, value in values.items() if key == "C" or before[key] != value]
        words.append("|" + "".join(differs))
        before = values
    head = (f"R{repeats}" if repeats != 1 else "") + (f"I{round(row.silent_ms)}" if row.silent_ms >= 0.5 else "")
    return "{" + head + "".join(words) + "}"
