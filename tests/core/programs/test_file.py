"""Programs and their files: what is accepted, and that every mistake is told with its field and what is allowed."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estim.core.errors import Exit, ProgramError
from estim.core.programs.fields import DUTY_MAX, RATE_HZ, WIDTH_US
from estim.core.programs.file import problems_of, read_program
from estim.core.programs.program import Phase, Program, Reraise, least, most, words
from estim.core.values import replace
from protocols.score import Alternate, Burst, Envelope, Steady, Sweep

GOOD = """
schema = 1
id = "my-own"
title = "My own"
kind = "pain"
site = ["ankle-left"]
source = "my physiotherapist"
pads = "either side of the tendon"

[[phases]]
title = "steady"
rate_hz = 100
width_us = 200
length_s = 600

[[phases]]
title = "end"
rate_hz = 80
width_us = 150
length_s = 600
level_pct = 50

[rule]
target = "sensory"
text = "Strong but comfortable."

[caps]
minutes = 20
per_day = 2
"""


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


def test_a_file_becomes_a_program() -> None:
    program = read_program(GOOD, "my-own.toml")
    assert (program.id, program.kind, program.site, program.length_s) == ("my-own", "pain", ("ankle-left",), 1200)
    assert program.phases[0] == Phase("steady", 600.0, Steady(100.0), Steady(200.0))
    assert program.phases[1].level_pct == 50
    assert (program.caps.minutes, program.caps.per_day, program.caps.level_pct) == (20.0, 2, None)
    assert not program.gated
    assert problems_of(GOOD) == []


def test_all_forms_of_a_phase() -> None:
    text = changed(
        "rate_hz = 100\nwidth_us = 200",
        "alternate = [{ rate_hz = 2, width_us = 250, length_s = 3 }, { rate_hz = 100, width_us = 200, length_s = 3 }]\n"
        "note = 'set it in the slow part'",
    )
    text = text.replace(
        "rate_hz = 80\nwidth_us = 150",
        "rate_hz = { first = 50, second = 150, cycle_s = 2 }\nwidth_us = { first = 50, second = 100, cycle_s = 2 }\n"
        "burst = { on_s = 0.1, off_s = 0.4 }\nenvelope = { up_s = 1, on_s = 5, down_s = 1, off_s = 8 }",
    )
    text = text.replace("[caps]", "reraise = { step = 1, every_s = 300, max = 3 }\n[device.em70]\nprogram = 9\n[caps]")
    program = read_program(text, "forms")
    first, second = program.phases
    assert first.rate_hz == Alternate(((2.0, 3.0), (100.0, 3.0)))
    assert first.width_us == Alternate(((250.0, 3.0), (200.0, 3.0)))
    assert second.rate_hz == Sweep(50.0, 150.0, 2.0)
    assert second.width_us == Sweep(50.0, 100.0, 2.0)
    assert (second.burst, second.envelope) == (Burst(0.1, 0.4), Envelope(1.0, 5.0, 1.0, 8.0))
    assert program.numbers == {"em70": 9}
    assert program.rule.reraise == Reraise(1, 300.0, 3)
    assert program.rule.text.endswith("When the feeling fades: 1 step more, once in 5 min, at most 3 times.")


MISTAKES = [
    ("schema = 1", "schema = 2", "schema = 2: it takes a whole number from 1 to 1 (this estim knows schema 1)"),
    ('id = "my-own"', 'id = "../etc"', "id = '../etc': it takes small letters, digits and hyphens"),
    ('title = "My own"', 'title = "\\u001b[2J"', "title = '\\x1b[2J': it takes a text of 1 to 60 printable"),
    ('kind = "pain"', 'kind = "pian"', "kind = 'pian': it takes one of pain, twitch, tetanic; did you mean pain?"),
    ('kind = "pain"', "", "kind is missing: it takes one of pain, twitch, tetanic"),
    ('["ankle-left"]', '["neck"]', "site = 'neck': it takes only ankle-left, ankle-right, calf-left"),
    ('["ankle-left"]', '"ankle-left"', "site = 'ankle-left': it takes a list of"),
    ("rate_hz = 100", "rate_hz = 200", "phases[0].rate_hz = 200: it takes a number from 0.5 to 150 Hz"),
    ("rate_hz = 100", "rate_hz = true", "phases[0].rate_hz = True: it takes a number from 0.5 to 150 Hz"),
    ("rate_hz = 100", "rate_hz = nan", "phases[0].rate_hz = nan: it takes a number from 0.5 to 150 Hz"),
    ("rate_hz = 100", "rate_hz = [50, 100]", "phases[0].rate_hz = a list: it takes a number from 0.5 to 150 Hz"),
    ("rate_hz = 100", "rate_khz = 0.1", "phases[0].rate_khz: there is no such field; did you mean rate_hz?"),
    (
        "rate_hz = 80",
        "frobnicate = 80",
        "phases[1].frobnicate: there is no such field; here go alternate, burst, envelope",
    ),
    ("width_us = 200", "width_us = 10", "phases[0].width_us = 10: it takes a number from 20 to 450 µs"),
    ("width_us = 200", "width_us = 0x" + "f" * 9000, "phases[0].width_us = a huge number: it takes a number"),
    ("width_us = 200", "width_us = '200 µs'", "phases[0].width_us = '200 µs': it takes a number from 20 to 450 µs"),
    (
        "length_s = 600",
        "length_s = '10 min'",
        "phases[0].length_s = '10 min': it takes a number from 2 to 1800 seconds",
    ),
    ("length_s = 600", "length_s = 1000", "their lengths add up to 1600 s: at most 1200 s (caps.minutes)"),
    ("level_pct = 50", "level_pct = 101", "phases[1].level_pct = 101: it takes a whole number from 1 to 100 %"),
    ("level_pct = 50", "level_pct = 0", "phases[1].level_pct = 0: it takes a whole number from 1 to 100 %"),
    ("minutes = 20", "minutes = 31", "caps.minutes = 31: it takes a number from 1 to 30 minutes"),
    ("per_day = 2", "per_day = 9", "caps.per_day = 9: it takes a whole number from 1 to 4 sessions"),
    ('target = "sensory"', 'target = "strong"', "rule.target = 'strong': it takes one of sensory, motor"),
    ("[caps]", "reraise = 3\n[caps]", "rule.reraise = 3: it takes a table"),
    ("[caps]", "[device.em70]\nprogram = 0\n[caps]", "device.em70.program = 0: it takes a whole number from 1 to 255"),
    ("level_pct = 50", "burst = { on_s = 0.001, off_s = 1 }", "phases[1].burst.on_s = 0.001: it takes a number from"),
    ("level_pct = 50", "burst = { on_s = 0.1 }", "phases[1].burst.off_s is missing: it takes a number from 0.025"),
    (
        "level_pct = 50",
        "envelope = { up_s = 0.2, on_s = 1, down_s = 1, off_s = 1 }",
        "phases[1].envelope.up_s = 0.2: it takes a number from 1 to 30 seconds (a faster rise is uncomfortable)",
    ),
    (
        "level_pct = 50",
        "envelope = { up_s = 1, on_s = 60, down_s = 1, off_s = 120 }\nlength_s = 60",
        "not TOML: Cannot overwrite a value",
    ),
    (
        "width_us = 200",
        "width_us = { first = 100, second = 200, cycle_s = 0.5 }",
        "phases[0].width_us.cycle_s = 0.5: it takes a number from 1 to 600 seconds",
    ),
    (
        "width_us = 200",
        "width_us = 200\nalternate = [{ rate_hz = 2, length_s = 3 }]",
        "phases[0].rate_hz: say either rate_hz or alternate, not both",
    ),
    (
        "rate_hz = 100\nwidth_us = 200",
        "alternate = [{ rate_hz = 2, length_s = 3, width_us = 99 }, { rate_hz = 3, length_s = 3 }]",
        "phases[0].alternate: give width_us in every step or in none",
    ),
    (
        "rate_hz = 100\nwidth_us = 200",
        "alternate = [{ rate_hz = 2, length_s = 1, width_us = 99 }, { rate_hz = 3, length_s = 3, width_us = 200 }]",
        "phases[0].alternate: a change of width takes 2 s",
    ),
    ("rate_hz = 100\nwidth_us = 200", "alternate = []\nwidth_us = 99", "phases[0].alternate = a list: it takes 1 to 8"),
]


@pytest.mark.control("C-36")
@pytest.mark.parametrize(("old", "new", "sentence"), MISTAKES)
def test_a_mistake_names_file_field_and_what_is_allowed(old: str, new: str, sentence: str) -> None:
    with pytest.raises(ProgramError) as caught:
        read_program(changed(old, new), "my-own.toml")
    assert caught.value.code == Exit.BAD_DATA
    assert sentence in caught.value.text
    assert all(line.startswith("my-own.toml: ") for line in caught.value.text.splitlines())
    assert all(len(line) < 400 and line.isprintable() for line in caught.value.text.splitlines())


def test_one_mistake_is_told_once() -> None:
    for old, new, _ in MISTAKES:
        if "rate_khz" not in new and "frobnicate" not in new:  # there the right field is missing, too
            assert len(problems_of(changed(old, new))) == 1, new


def test_what_follows_from_a_mistake_is_no_second_one() -> None:
    text = changed("length_s = 600", "length_s = 1\nenvelope = { up_s = 1, on_s = 5, down_s = 1, off_s = 8 }")
    assert problems_of(text) == ["phases[0].length_s = 1: it takes a number from 2 to 1800 seconds"]


def test_all_mistakes_are_told_at_once() -> None:
    text = changed("rate_hz = 100", "rate_hz = 999").replace("per_day = 2", "per_dya = 2").replace("pain", "pane")
    told = "\n".join(problems_of(text))
    assert "phases[0].rate_hz = 999" in told
    assert "caps.per_dya: there is no such field; did you mean per_day?" in told
    assert "kind = 'pane'" in told


@pytest.mark.control("C-36")
def test_duty_is_limited_within_a_phase_and_while_the_width_changes() -> None:
    assert problems_of(changed("width_us = 200", "width_us = 450")) == []
    hot = changed("rate_hz = 100\nwidth_us = 200", "rate_hz = 150\nwidth_us = 400")
    assert problems_of(hot) == [
        "phases[0].width_us: 150 Hz of 400 µs is current for 12.0% of the time: at most 10% "
        "(both phases of a pulse counted); make one of them smaller"
    ]
    between = changed("rate_hz = 100\nwidth_us = 200", "rate_hz = 2\nwidth_us = 450").replace("= 80", "= 140")
    assert len(problems_of(between)) == 1
    assert problems_of(between)[0].startswith("phases[1].rate_hz: while the width changes, 140 Hz of 450 µs")


def test_a_burst_holds_at_least_one_pulse() -> None:
    text = changed("rate_hz = 80", "burst = { on_s = 0.1, off_s = 0.4 }\nrate_hz = 5")
    assert problems_of(text) == [
        "phases[1].burst.on_s: 0.1 s hold less than one pulse at 5 Hz: make it longer or the rate higher"
    ]


def test_a_cycle_fits_its_phase() -> None:
    text = changed("length_s = 600", "length_s = 10\nenvelope = { up_s = 1, on_s = 5, down_s = 1, off_s = 8 }")
    assert problems_of(text) == ["phases[0].envelope: one cycle takes 15 s, longer than the phase (10 s)"]


@pytest.mark.parametrize("text", ["", "= 3", "x" * 1000, "a = " + "[" * 60_000, "a = " + "9" * 60_000, "\x00"])
def test_what_is_no_program_is_told(text: str) -> None:
    with pytest.raises(ProgramError, match=r"^f\.toml: "):
        read_program(text, "f.toml")


_values: st.SearchStrategy[str] = st.one_of(
    st.integers().map(str),
    st.floats().map(lambda value: repr(value)),
    st.sampled_from(["true", "[]", "{}", "[[]]", "'x'", "[1, 2]", "{ first = 1 }", "1979-05-27", "[{}]", "'\\u001b'"]),
)


@given(st.data())
def test_any_value_in_any_field_is_accepted_within_the_limits_or_told(data: st.DataObject) -> None:
    lines = GOOD.splitlines()
    number = data.draw(st.sampled_from([index for index, line in enumerate(lines) if "=" in line]))
    lines[number] = f"{lines[number].split('=')[0]}= {data.draw(_values)}"
    text = "\n".join(lines)
    if problems_of(text):
        with pytest.raises(ProgramError):
            read_program(text, "f")
    else:
        within_limits(read_program(text, "f"))


def within_limits(program: Program) -> None:
    assert program.length_s <= program.caps.minutes * 60 + 1e-6 <= 1800 + 1e-5
    for phase in program.phases:
        assert RATE_HZ.lo <= least(phase.rate_hz) <= most(phase.rate_hz) <= RATE_HZ.hi
        assert WIDTH_US.lo <= least(phase.width_us) <= most(phase.width_us) <= WIDTH_US.hi
        assert 2e-6 * most(phase.rate_hz) * most(phase.width_us) <= DUTY_MAX + 1e-9
        assert 1 <= phase.level_pct <= 100


@given(st.text(max_size=200))
def test_any_text_is_read_or_told(text: str) -> None:
    assert problems_of(text), "no such text is a program"


@given(st.lists(st.integers(2, 600), min_size=1, max_size=9), st.floats(0.01, 30))
def test_minutes_go_to_the_longest_phase_or_to_all(lengths: list[int], minutes: float) -> None:
    base = read_program(GOOD, "base")
    phases = tuple(Phase(str(length), float(length), Steady(5.0), Steady(50.0)) for length in lengths)
    program = Program(base.id, base.title, base.kind, base.site, base.source, base.pads, phases, base.rule)
    made = program.lasting(minutes)
    assert made.length_s == pytest.approx(minutes * 60)
    assert all(phase.length_s > 0 for phase in made.phases)
    kept = [new.length_s == old.length_s for new, old in zip(made.phases, phases, strict=True)]
    factors = [new.length_s / old.length_s for new, old in zip(made.phases, phases, strict=True)]
    assert kept.count(False) <= 1 or max(factors) == pytest.approx(min(factors))


@pytest.mark.parametrize(
    ("minutes", "lengths"), [(20, [60, 1080, 60]), (8, [60, 360, 60]), (7, [60, 300, 60]), (6, [30, 300, 30])]
)
def test_warm_up_and_cool_down_keep_their_lengths_while_half_of_the_middle_is_left(
    minutes: float, lengths: list[float]
) -> None:
    base = read_program(GOOD, "base")
    phases = tuple(replace(base.phases[0], length_s=length) for length in (60.0, 600.0, 60.0))
    assert [phase.length_s for phase in replace(base, phases=phases).lasting(minutes).phases] == lengths


def test_curves_in_words() -> None:
    assert words(Steady(2.5), "Hz") == "2.5 Hz"
    assert words(Sweep(50, 150, 2), "Hz") == "50 to 150 Hz and back each 2 s"
    assert words(Alternate(((2, 3), (100, 3))), "Hz") == "2 Hz for 3 s / 100 Hz for 3 s"


def test_the_good_file_is_plain_toml() -> None:
    assert tomllib.loads(GOOD)["phases"][1]["level_pct"] == 50
