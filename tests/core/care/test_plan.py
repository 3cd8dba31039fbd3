"""The care plan's file: the shipped one holds the eight steps, and every mistake in another is told with its field."""

from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estim.config.care_plan import shipped
from estim.core.care.plan import Plan, Stage, Tick, read_plan
from estim.core.errors import EstimError, Exit

GOOD = """
schema = 1
title = "My own way back"
honesty = "Rest alone heals no tendon."

[[steps]]
id = "walk"
title = "Walk"
text = "Every day."
stages = ["rest", "trial", "morning", "build"]
tick = "daily"

[[steps]]
id = "pads"
title = "Pads on"
text = "Twice."
stages = ["rest"]
tick = "sessions"
times = 2
programs = ["tens-ankle"]
"""


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


def problems(text: str) -> list[str]:
    with pytest.raises(EstimError) as caught:
        read_plan(text, "own.toml")
    assert caught.value.code is Exit.CONFIG
    return caught.value.text.splitlines()


def plan() -> Plan:
    return read_plan(shipped(), "eight-steps.toml")


def test_the_shipped_plan_holds_the_eight_steps_in_their_order() -> None:
    steps = plan().numbered
    assert [step.id for step in steps] == [
        "rest",
        "cross-training",
        "shoes",
        "stretching",
        "cold",
        "tens",
        "trial-run",
        "pattern",
    ]
    ticks = ["daily", "daily", "once", "daily", "daily", "sessions", "run", "none"]
    assert [step.tick for step in steps] == ticks
    assert [plan().leading(stage) for stage in Stage] == [
        "",
        "rest",
        "trial-run",
        "trial-run",
        "pattern",
        "pattern",
        "",
    ]


def test_the_shipped_plan_has_the_figures_of_the_pain_monitoring_model_and_stricter_gates() -> None:
    own = read_plan(GOOD, "own.toml")
    for one in (plan(), own):
        assert (one.rest_days, one.calm_pain, one.calm_days) == (7, 2, 2)
        assert (one.run_pain_safe, one.run_pain_stop) == (3, 5)
        assert (one.quiet_before_run_h, one.extra_within_h, one.growth_pct) == (4, 3, 10)
        assert (one.worse_by, one.days_off, one.first_km) == (2, 1, 3)


@pytest.mark.control("C-30")
def test_the_shipped_plan_says_what_must_never_be_done() -> None:
    warns = {step.id: step.warn for step in plan().steps}
    assert "Never cold and pads together" in warns["cold"]
    assert "numb skin" in warns["cold"]
    assert "No sessions for 4 h before a run" in warns["tens"]
    assert "don't heal by rest alone" in plan().honesty
    assert "TENS is pain relief" in plan().honesty


def test_the_programs_of_the_shipped_plan_are_shipped_and_none_holds_a_muscle_contracted() -> None:
    names = {name for step in plan().steps for name in step.programs}
    assert names
    for name in names:
        text = files("estim").joinpath("programs", f"{name}.toml").read_text(encoding="utf-8")
        assert 'kind = "tetanic"' not in text


def test_a_file_becomes_a_plan() -> None:
    own = read_plan(GOOD, "own.toml")
    assert (own.title, own.honesty) == ("My own way back", "Rest alone heals no tendon.")
    walk, pads = own.steps
    assert walk.stages == (Stage.REST, Stage.TRIAL, Stage.MORNING, Stage.BUILD)
    assert (pads.tick, pads.times, pads.programs, pads.warn) == (Tick.SESSIONS, 2, ("tens-ankle",), "")
    assert own.leading(Stage.REST) == "pads"
    assert own.leading(Stage.BUILD) == "walk"
    assert [step.id for step in own.of_stage(Stage.REST)] == ["walk", "pads"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("schema = 1", "schema = 2", "own.toml: schema = 2: it takes a whole number from 1 to 1 (this estim knows"),
        (
            "schema = 1",
            "schema = 1\nrest_day = 3",
            "own.toml: rest_day: there is no such field; did you mean rest_days?",
        ),
        (
            "schema = 1",
            "schema = 1\nrest_days = 0",
            "own.toml: rest_days = 0: it takes a whole number from 1 to 60 days",
        ),
        (
            "schema = 1",
            "schema = 1\ncalm_pain = true",
            "own.toml: calm_pain = True: it takes a whole number from 0 to 5",
        ),
        ("schema = 1", "schema = 1\nrun_pain_stop = 2", "own.toml: run_pain_safe: 3 is more than run_pain_stop (2)"),
        (
            "schema = 1",
            "schema = 1\nrun_pain_stop = 8",
            "own.toml: run_pain_stop = 8: it takes a whole number from 0 to 5",
        ),
        (
            '["rest"]',
            '["rest", "biuld"]',
            "own.toml: steps[1].stages = 'biuld': it takes only rest, trial, morning, build",
        ),
        ('["rest"]', '["ended"]', "own.toml: steps[1].stages = 'ended': it takes only rest"),
        ('["rest"]', "[]", "own.toml: steps[1].stages: a step without a stage is never shown"),
        (', "build"]', "]", 'own.toml: steps: no step has the stage "build"'),
        (
            '"daily"',
            '"dayly"',
            "own.toml: steps[0].tick = 'dayly': it takes one of daily, once, sessions, run, load, none;",
        ),
        ('"daily"', '"daily"\ntimes = 2', 'own.toml: steps[0].times: only a step with tick = "sessions" is counted'),
        ('"pads"', '"walk"', "own.toml: steps[1].id: walk is the id of steps[0] too"),
        ('["tens-ankle"]', '"tens-ankle"', "own.toml: steps[1].programs = 'tens-ankle': it takes a list of up to 8"),
        ('["tens-ankle"]', '["Tens Ankle"]', "own.toml: steps[1].programs = 'Tens Ankle': it takes a list of up to 8"),
        ('["tens-ankle"]', "[1]", "own.toml: steps[1].programs = 1: it takes a list of up to 8"),
        ("times = 2", "time = 2", "own.toml: steps[1].time: there is no such field; did you mean times?"),
        ('title = "Walk"', "", "own.toml: steps[0].title is missing: it takes a text of 1 to 60"),
    ],
)
def test_a_mistake_is_told_with_file_field_and_what_is_allowed(old: str, new: str, told: str) -> None:
    (problem,) = problems(changed(old, new))
    assert problem.startswith(told)


def test_all_mistakes_are_told_at_once() -> None:
    text = changed('"daily"', '"dayly"').replace("times = 2", "times = 9").replace("schema = 1", "schema = 1\nzeal = 1")
    assert [problem.split(" ")[1].rstrip(":") for problem in problems(text)] == [
        "steps[0].tick",
        "steps[1].times",
        "zeal",
    ]


@pytest.mark.parametrize("steps", ["steps = []", "steps = 3", "steps = [1]"])
def test_a_plan_without_steps_is_none(steps: str) -> None:
    head = GOOD[: GOOD.index("[[steps]]")]
    assert problems(head + steps)[0].startswith("own.toml: steps = ")


def test_a_broken_file_is_one_sentence_with_its_line() -> None:
    (problem,) = problems("schema = 1\ntitle = \n")
    assert problem.startswith("own.toml: not TOML: ")
    assert "line 2" in problem


@pytest.mark.control("C-30")
@pytest.mark.parametrize("hours", ["0", "3.9", "-4", "nan", "25"])
def test_the_hours_without_current_before_a_run_cant_be_made_fewer(hours: str) -> None:
    (problem,) = problems(changed("schema = 1", f"schema = 1\nquiet_before_run_h = {hours}"))
    assert "quiet_before_run_h" in problem
    assert "from 4 to 24 hours" in problem


@given(st.text(max_size=200))
def test_any_text_is_a_plan_or_a_sentence(text: str) -> None:
    with pytest.raises(EstimError, match=r"^own\.toml: "):
        read_plan(text, "own.toml")


@given(
    field=st.sampled_from(["schema", "title", "honesty", "rest_days", "growth_pct", "steps", "zzz"]),
    value=st.sampled_from(['"x"', "1", "-1", "1e400", "nan", "[]", "{}", "[[1]]", "true", "2026-11-01", "[{}]"]),
)
def test_any_value_in_any_field_is_taken_or_told(field: str, value: str) -> None:
    lines = [line for line in GOOD[: GOOD.index("[[steps]]")].splitlines() if not line.startswith(f"{field} =")]
    text = "\n".join([*lines, f"{field} = {value}", "" if field == "steps" else GOOD[GOOD.index("[[steps]]") :]])
    try:
        read_plan(text, "own.toml")
        told = ""
    except EstimError as error:
        told = error.text
    assert told == "" or field in told


MORE = """
[[steps]]
id = "raises"
part_of = "walk"
title = "Raises"
text = "Slowly."
stages = ["rest"]
tick = "load"
how = ["On the floor.", "A hand at the wall."]
how_long = "As agreed."
note = "Sets."
evidence = "The best there is."
sources = ["one"]
light = "Go on."

[[sources]]
id = "one"
text = "A trial"
"""


def test_a_step_may_be_a_part_and_say_how_how_long_what_to_note_and_by_what_it_is_supported() -> None:
    own = read_plan(GOOD + MORE, "own.toml")
    raises = own.steps[-1]
    assert raises.how == ("On the floor.", "A hand at the wall.")
    assert (raises.how_long, raises.note) == ("As agreed.", "Sets.")
    assert (raises.evidence, raises.sources, raises.part_of) == ("The best there is.", ("one",), "walk")
    assert [source.text for source in own.sources] == ["A trial"]
    assert [step.id for step in own.numbered] == ["walk", "pads"]
    assert own.parts_of(own.steps[0]) == (raises,)
    assert [(step.id, step.text) for step in own.of_stage(Stage.LIGHT)] == [("raises", "Go on.")]
    assert read_plan(GOOD, "own.toml").of_stage(Stage.LIGHT) == ()


@pytest.mark.parametrize(
    ("word", "found"),
    [("1", "rest"), ("4", "stretching"), ("8", "pattern"), ("stretching", "stretching"), ("cross", "cross-training"),
     ("loading", "loading"), ("s", None), ("9", None), ("0", None), ("", None), ("-1", None), ("runs", None)],
)  # fmt: skip
def test_a_step_is_found_by_its_number_its_name_or_the_beginning_of_one_name_only(word: str, found: str | None) -> None:
    step = plan().find(word)
    assert (None if step is None else step.id) == found


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"walk"\ntitle = "R', '"wolk"\ntitle = "R', "steps[2].part_of: wolk isn't a step with a number"),
        ('"walk"\ntitle = "R', '"raises"\ntitle = "R', "steps[2].part_of: raises isn't a step with a number"),
        ('["one"]', '["two"]', "steps[2].sources: there is no source two"),
        ('"daily"', '"load"', 'steps[2].tick: one step only has tick = "load"'),
        ("times = 2", 'times = 2\nkinds = ["bike"]', 'steps[1].kinds: only a step with tick = "daily" has kinds'),
        ('"On the floor."', "7", "steps[2].how[0] = 7: it takes a text of 1 to 300"),
        (
            '["On the floor.", "A hand at the wall."]',
            '"Slowly"',
            "steps[2].how = 'Slowly': it takes a list of up to 12",
        ),
        ("schema = 1", "schema = 1\nlight_after_days = 7", "light_after_days = 7: it takes a whole number from 28 to"),
        ('text = "A trial"', "", "sources[0].text is missing"),
    ],
)
def test_what_goes_on_below_a_step_is_checked_too(old: str, new: str, told: str) -> None:
    assert old in GOOD + MORE
    (problem,) = problems((GOOD + MORE).replace(old, new, 1))
    assert problem.removeprefix("own.toml: ").startswith(told)


def test_the_shipped_plan_is_what_a_physiotherapist_would_not_object_to() -> None:
    steps = {step.id: step for step in plan().steps}
    told = {
        name: " ".join((step.text, *step.how, step.how_long, step.evidence, step.warn)) for name, step in steps.items()
    }
    assert "best supported treatment" in told["loading"]
    assert "never with the heel below the edge of a step" in told["loading"], "where the tendon meets the bone"
    assert "fluoroquinolone antibiotic" in told["rest"]
    assert all("no treatment" in told[name] or "Weak" in told[name] for name in ("stretching", "cold", "shoes"))
    assert "presses the tendon against the bone" in told["stretching"]
    assert "nothing that hides pain" in told["trial-run"]
    assert "take none in order to run" in told["cold"]
    assert "without a claim" in told["cold"]
    assert "tennis elbow" in told["tens"]
    assert "a few weeks" in plan().honesty
