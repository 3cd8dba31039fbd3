"""Courses: what a unit will play of a program, in what it differs, and what is refused."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estim.core.errors import CourseError, Exit, ProgramError
from estim.core.programs.course import Course, fit
from estim.core.programs.file import read_program
from estim.core.programs.program import Caps, Phase, Program, Rule, least, most
from estim.core.values import replace
from protocols.family import Family
from protocols.registry import family, names
from protocols.score import (
    FADE_S,
    Alternate,
    Burst,
    Curve,
    Envelope,
    Playable,
    Score,
    Steady,
    Sweep,
    as_asked,
    part_at,
    texture,
)

REAL = family("coyote3")
COYOTE = replace(REAL, playable=replace(REAL.playable, rate=as_asked, width=as_asked))
"""A unit as fine as a program asks for, with the ranges and slots of a coyote3."""
EM70 = family("em70")
STEADY = Phase("steady", 1200.0, Steady(100.0), Steady(200.0))
FELT = Rule("sensory", "Strong but comfortable.")


def program(*phases: Phase, kind: str = "pain", rule: Rule = FELT, **numbers: int) -> Program:
    return Program(
        "mine", "Mine", kind, ("ankle-left",), "a manual", "here", phases or (STEADY,), rule, Caps(), numbers
    )


def refused(made: Program, unit: Family, minutes: float | None = None) -> str:
    with pytest.raises(CourseError) as caught:
        fit(made, unit, minutes)
    assert caught.value.code == Exit.REFUSED
    return caught.value.text


def test_what_fits_differs_in_nothing() -> None:
    course = fit(program(replace(STEADY, width_us=Steady(150.0))), COYOTE)
    assert course.differs == ()
    assert course.score.number is None
    assert course.score.length_s == 1200
    assert texture(course.score, 600).width_us == 150


def test_a_wide_pulse_becomes_the_widest_and_is_told() -> None:
    course = fit(program(), COYOTE)
    assert course.differs == ("width 152 µs instead of 200 (the widest this unit has)",)
    assert texture(course.score, 0).width_us == 152


def test_a_fast_rate_becomes_the_highest_and_is_told() -> None:
    course = fit(program(replace(STEADY, rate_hz=Steady(150.0), width_us=Steady(100.0))), COYOTE)
    assert course.differs == ("rate 100 Hz instead of 150 (the highest this unit has)",)


def test_what_still_moves_and_what_no_longer_does_is_told() -> None:
    sweep = fit(program(replace(STEADY, rate_hz=Sweep(50, 150, 2), width_us=Sweep(200, 330, 1))), COYOTE)
    assert sweep.differs == (
        "rate 50 to 100 Hz and back each 2 s instead of 50 to 150 Hz and back each 2 s (the highest is 100)",
        "width 152 µs all the time instead of 200 to 330 µs and back each 1 s (the widest is 152)",
    )
    assert sweep.score.parts[0].width_us == Steady(152)
    turns = fit(program(replace(STEADY, rate_hz=Alternate(((2, 3), (120, 3))), width_us=Steady(100))), COYOTE)
    assert turns.score.parts[0].rate_hz == Alternate(((2, 3), (100, 3)))


def test_a_rate_below_the_lowest_would_get_stronger_so_it_is_refused() -> None:
    slow = program(replace(STEADY, rate_hz=Steady(0.5)), kind="twitch")
    assert refused(slow, COYOTE) == "DG-LAB Coyote 3.0 can't play a rate of 0.5 Hz: its lowest is 1"


def test_a_burst_goes_to_the_slots_never_longer_on_never_shorter_off() -> None:
    course = fit(program(replace(STEADY, width_us=Steady(100), burst=Burst(0.11, 0.41))), COYOTE)
    assert course.score.parts[0].burst == Burst(0.1, 0.425)
    assert course.differs == ("burst 100 ms on, 425 ms off instead of 110 and 410 (the unit's time slots are 25 ms)",)
    coarse = replace(COYOTE, playable=replace(COYOTE.playable, slot_s=0.2))
    assert "can't play bursts of 110 ms: its time slots are 200 ms" in refused(
        program(replace(STEADY, burst=Burst(0.11, 0.41))), coarse
    )


def test_an_envelope_goes_in_slots_and_that_is_told() -> None:
    course = fit(program(replace(STEADY, width_us=Steady(100), envelope=Envelope(2, 5, 1, 10))), COYOTE, unlocked=True)
    assert course.differs == ("rise and fall go in steps of 25 ms (the unit's time slots)",)


def test_a_sentence_is_told_once_for_all_phases() -> None:
    course = fit(program(replace(STEADY, length_s=600.0), replace(STEADY, title="two", length_s=600.0)), COYOTE)
    assert len(course.differs) == 1


def test_a_unit_with_programs_of_its_own() -> None:
    held = program(replace(STEADY, envelope=Envelope(2, 5, 1, 10), burst=Burst(0.1, 0.1)), em70=16)
    course = fit(held, EM70, unlocked=True)
    assert course.score.number == 16
    assert course.differs == (
        "the unit plays its own program 16; its rate and width are not published",
        "20:00 kept by the host, the unit's own timer is 30:00",
        "a pause is a stop: the unit's program and timer begin again",
    )
    (part,) = course.score.parts
    assert (part.burst, part.envelope, part.fade_us) == (None, None, None), "no gate that the unit knows nothing of"


def test_only_a_sensory_pain_program_gets_the_usual_number() -> None:
    slow = replace(STEADY, rate_hz=Steady(5.0))
    course = fit(program(), EM70)
    assert course.score.number == 9
    assert "mine names no program for this unit: its program 9 stands in" in course.differs[0]
    assert "add [device.em70] with program = N" in refused(program(slow, kind="twitch"), EM70)
    assert "add [device.em70] with program = N" in refused(program(slow, rule=Rule("motor", "A twitch.")), EM70)
    assert fit(program(slow, kind="twitch", em70=19), EM70).score.number == 19


def test_the_units_own_timer() -> None:
    assert "program 19 ends by itself after 23:00, sooner than 25:00" in refused(program(em70=19), EM70, 25)
    assert "20:00 kept by the host, the unit's own timer is 23:00" in fit(program(em70=19), EM70).differs
    assert "20:00 kept by the host, the unit's own timer is unknown" in fit(program(em70=77), EM70).differs


def test_levels_of_phases_are_kept_on_a_unit_with_numbers() -> None:
    soft = replace(STEADY, title="soft", length_s=600.0, level_pct=50)
    course = fit(program(replace(STEADY, length_s=600.0), soft, em70=9), EM70)
    assert [part.level_pct for part in course.score.parts] == [100, 50]
    assert "phases are kept as levels only: the unit knows one program at a time" in course.differs


@pytest.mark.control("C-36")
def test_what_holds_a_muscle_is_locked_whatever_it_calls_itself() -> None:
    held = replace(STEADY, rate_hz=Steady(35.0), envelope=Envelope(2, 5, 1, 10))
    steady = replace(STEADY, rate_hz=Steady(35.0))
    for locked in (program(held), program(held, kind="twitch"), program(steady, kind="twitch")):
        assert "not unlocked" in refused(locked, COYOTE)
    assert "not unlocked" in refused(program(steady, rule=Rule("motor", "Strong.")), COYOTE)
    slow = replace(held, rate_hz=Steady(10.0))
    for free in (program(steady), program(slow, kind="twitch"), program(replace(steady, burst=Burst(0.1, 0.4)))):
        assert fit(free, COYOTE).score.parts


@pytest.mark.parametrize("unit", [COYOTE, EM70])
def test_held_contractions_are_refused(unit: Family) -> None:
    held = program(replace(STEADY, envelope=Envelope(2, 5, 1, 10)), kind="tetanic", em70=9)
    assert "not unlocked" in refused(held, unit)


@pytest.mark.control("C-15")
@pytest.mark.parametrize("unit", [COYOTE, EM70])
def test_minutes_have_limits(unit: Family) -> None:
    assert fit(program(), unit, 30).score.length_s == 1800
    assert fit(program(), unit, 0.5).score.length_s == 30
    assert refused(program(), unit, 31) == "mine lasts up to 30 minutes, not 31: ask for less"
    assert refused(program(), unit, 0) == "a session of 0 minutes is too short: ask for more than 0"
    assert refused(program(), unit, float("nan")) == "a session of nan minutes is too short: ask for more than 0"
    short = replace(program(), caps=Caps(minutes=20))
    assert refused(short, unit, 21) == "mine lasts up to 20 minutes, not 21: ask for less"


def test_no_phase_gets_shorter_than_a_cross_fade() -> None:
    phases = [replace(STEADY, title=str(number), length_s=100.0) for number in range(9)]
    text = refused(program(*phases), COYOTE, 0.2)
    assert text == "mine has 9 phases, and a change between two takes 2 s: ask for 0.3 minutes or more"
    assert fit(program(*phases), COYOTE, 0.3).score.length_s == pytest.approx(18)


def test_a_wider_phase_fades_in() -> None:
    thin, wide = (Phase(str(us), 600.0, Steady(80), Steady(us)) for us in (60.0, 140.0))
    score = fit(program(thin, wide), COYOTE).score
    assert [part.fade_us for part in score.parts] == [None, 60]
    assert [texture(score, at_s).width_us for at_s in (599.9, 600, 601, 602)] == [60, 60, 100, 140]


def test_after_a_rest_the_next_phase_fades_in_from_nothing() -> None:
    waves = Phase("waves", 36.0, Steady(80), Steady(100), envelope=Envelope(2, 5, 1, 10))
    score = fit(program(waves, Phase("steady", 64.0, Steady(80), Steady(100))), COYOTE, unlocked=True).score
    assert [texture(score, at_s).width_us for at_s in (35.9, 36, 37, 38)] == [0, 0, 50, 100]


def test_steps_of_another_width_fade_in() -> None:
    steps = Alternate(((100.0, 3.0), (140.0, 3.0)))
    score = fit(program(Phase("turns", 60.0, Steady(80), steps)), COYOTE).score
    widths = [texture(score, at_s).width_us for at_s in (0, 2.9, 3, 4, 5, 5.9, 6, 7, 8, 8.9)]
    assert widths == [100, 100, 100, 120, 140, 140, 140, 120, 100, 100]


_PLAYABLES = (COYOTE, EM70, replace(COYOTE, playable=Playable((0.5, 150), (20, 450))))
_level = st.integers(1, 100)
_length = st.one_of(st.floats(2, 10), st.floats(2, 400), st.integers(2, 400))


def _number(lo: float, hi: float) -> st.SearchStrategy[str]:
    return st.floats(lo, hi).map(lambda value: f"{value:.3f}")


@st.composite
def _phase_text(draw: st.DrawFn) -> str:
    rate = _number(0.5, 150)
    width = _number(20, 450)
    lines = ["[[phases]]", 'title = "p"', f"length_s = {draw(_length)}", f"level_pct = {draw(_level)}"]
    form = draw(st.sampled_from(("steady", "sweep", "turns", "wide turns")))
    length = _number(2, 20)
    if form == "steady":
        lines += [f"rate_hz = {draw(rate)}", f"width_us = {draw(width)}"]
    elif form == "sweep":
        lines.append(f"rate_hz = {{ first = {draw(rate)}, second = {draw(rate)}, cycle_s = {draw(length)} }}")
        lines.append(f"width_us = {{ first = {draw(width)}, second = {draw(width)}, cycle_s = {draw(length)} }}")
    else:
        widths = [f", width_us = {draw(width)}" if form == "wide turns" else "" for _ in range(2)]
        steps = ", ".join(f"{{ rate_hz = {draw(rate)}, length_s = {draw(length)}{each} }}" for each in widths)
        lines += [f"alternate = [{steps}]", *([f"width_us = {draw(width)}"] if form == "turns" else [])]
    if draw(st.booleans()):
        lines.append(f"burst = {{ on_s = {draw(_number(0.025, 2))}, off_s = {draw(_number(0.025, 2))} }}")
    if draw(st.booleans()):
        up, on, down, off = (draw(_number(*limits)) for limits in ((1, 9), (0, 9), (0.5, 9), (0, 9)))
        lines.append(f"envelope = {{ up_s = {up}, on_s = {on}, down_s = {down}, off_s = {off} }}")
    return "\n".join(lines)


@st.composite
def _program_text(draw: st.DrawFn) -> str:
    phases = "\n".join(draw(st.lists(_phase_text(), min_size=1, max_size=4)))
    kind = draw(st.sampled_from(("pain", "twitch")))
    target = draw(st.sampled_from(("sensory", "motor")))
    return (
        f'schema = 1\nid = "p"\ntitle = "P"\nkind = "{kind}"\nsource = "s"\npads = "p"\n{phases}\n'
        f'[rule]\ntarget = "{target}"\ntext = "t"\n[device.em70]\nprogram = {draw(st.sampled_from((9, 19, 40)))}\n'
    )


def _fitted(text: str, unit: Family, minutes: float | None) -> Course | None:
    """Return a course, or None where file or course is refused."""
    try:
        return fit(read_program(text, "f"), unit, minutes)
    except (ProgramError, CourseError):
        return None


@given(_program_text(), st.sampled_from(_PLAYABLES), st.none() | st.floats(0.01, 30))
def test_any_program_fits_within_what_the_unit_has_or_is_refused(
    text: str, unit: Family, minutes: float | None
) -> None:
    course = _fitted(text, unit, minutes)
    if course is None:
        return
    score = course.score
    playable = unit.playable
    wanted_s = course.program.length_s if minutes is None else minutes * 60
    assert score.length_s == pytest.approx(wanted_s, abs=1e-6)
    at_s = 0.0
    for part in score.parts:
        assert part.start_s == at_s, "without gaps"
        assert part.length_s > 0
        at_s = part.start_s + part.length_s
        for curve, (lo, hi) in ((part.rate_hz, playable.rate_hz), (part.width_us, playable.width_us)):
            assert lo <= least(curve) <= most(curve) <= hi
    for part, phase in zip(score.parts, course.program.phases, strict=True):
        assert most(part.width_us) <= most(phase.width_us), "never wider than written"
        assert most(part.rate_hz) <= most(phase.rate_hz), "never faster than written"


def _span(curve: Curve, all_us: float) -> float:
    """Return how fast a width may move at most, µs per second: in a sweep as written, else `all_us` in a fade."""
    return 2 * abs(curve.first - curve.second) / curve.cycle_s if isinstance(curve, Sweep) else all_us / FADE_S


def _steepest(score: Score) -> float:
    widest = max(most(part.width_us) for part in score.parts)
    rises = [widest / part.envelope.up_s for part in score.parts if part.envelope is not None]
    return sum([max(rises, default=0.0), widest / FADE_S, max(_span(part.width_us, widest) for part in score.parts)])


@given(_program_text(), st.sampled_from(_PLAYABLES[::2]), st.lists(st.floats(0, 1), min_size=20, max_size=20))
def test_no_width_jumps_up(text: str, unit: Family, places: list[float]) -> None:
    course = _fitted(text, unit, None)
    if course is None:
        return
    score = course.score
    step_s = 0.01
    limit_us = _steepest(score) * step_s + 1e-6
    turns = [part.start_s for part in score.parts]
    moments = turns + [turn - step_s for turn in turns[1:]] + [place * score.length_s for place in places]
    for at_s in moments:
        before, after = (texture(score, min(moment, score.length_s)).width_us for moment in (at_s, at_s + step_s))
        assert after - before <= limit_us, f"at {at_s} s in {part_at(score, at_s)}"


def test_every_family_says_what_it_can_play() -> None:
    for name in names():
        playable = family(name).playable
        for lo, hi in (playable.rate_hz, playable.width_us):
            assert 0 < lo < hi
        assert playable.number is None or playable.number in playable.timers


def test_values_that_a_unit_does_not_have_become_slower_and_narrower_and_are_told() -> None:
    course = fit(program(replace(STEADY, rate_hz=Steady(80.0), width_us=Steady(150.0))), REAL)
    assert course.differs == ("rate 76.9 Hz instead of 80 Hz (the unit's own steps)",), "149 µs need no words"
    assert (course.score.parts[0].rate_hz, course.score.parts[0].width_us) == (Steady(1000 / 13), Steady(149.0))
    sweep = fit(program(replace(STEADY, rate_hz=Sweep(50, 100, 2), width_us=Steady(100))), REAL)
    assert sweep.differs == ("rate of 72.2 Hz on average instead of 75 (the unit's own steps)",)


COARSE = replace(COYOTE, playable=replace(COYOTE.playable, slot_s=0.25))


def test_sweeps_go_in_slots_or_not_at_all() -> None:
    course = fit(program(replace(STEADY, rate_hz=Sweep(50, 100, 2), width_us=Steady(100))), COARSE)
    assert course.differs == ("sweeps go in steps of 250 ms (the unit's time slots)",)
    fast = program(replace(STEADY, rate_hz=Sweep(50, 100, 0.8), width_us=Steady(100)))
    assert refused(fast, COARSE) == "DG-LAB Coyote 3.0 can't sweep within 0.8 s: its time slots are 250 ms"


ELSEWHERE = replace(COYOTE, playable=replace(COARSE.playable, made_elsewhere=True, notes=("level 1 is felt",)))


def test_pulses_that_another_unit_makes_are_set_there_and_never_change() -> None:
    course = fit(program(replace(STEADY, burst=Burst(0.3, 0.2))), ELSEWHERE)
    assert course.differs == (
        "another unit makes the pulses: set that one to 100 Hz and 200 µs before you start",
        "burst 250 ms on, 250 ms off instead of 300 and 200 (the unit's time slots are 250 ms)",
        "level 1 is felt",
    )
    for changing in (replace(STEADY, rate_hz=Sweep(50, 100, 2)), replace(STEADY, rate_hz=Alternate(((2, 3), (9, 3))))):
        assert "mine changes them within a session" in refused(program(changing), ELSEWHERE)
    ladder = program(replace(STEADY, length_s=600.0), replace(STEADY, length_s=600.0, rate_hz=Steady(50)))
    assert "mine changes them within a session" in refused(ladder, ELSEWHERE)


def test_what_only_the_family_knows_is_refused_in_its_own_words() -> None:
    narrow = replace(COYOTE, playable=replace(COYOTE.playable, refuses=lambda score: f"{len(score.parts)} parts"))
    assert refused(program(), narrow) == "DG-LAB Coyote 3.0 can't play mine: 1 parts"


def test_a_family_that_can_do_both_plays_by_number_where_the_program_names_one() -> None:
    both = replace(COYOTE, playable=replace(COYOTE.playable, timers={3: inf}))
    course = fit(program(coyote3=3), both)
    assert course.score.number == 3
    assert "20:00 kept by the host, the unit has no timer of its own" in course.differs
    assert fit(program(), both).score.number is None
