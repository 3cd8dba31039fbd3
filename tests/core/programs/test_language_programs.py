"""What is said of programs, their files and what is wrong with them: all of it translated, and in German readable."""

import re
from collections.abc import Iterator

import pytest

from estim import language
from estim.catalogue.families import families
from estim.catalogue.programs import shipped
from estim.core.programs import fields
from estim.core.programs.blank import START, mine, written
from estim.core.programs.course import fit
from estim.core.programs.dosimetry import CURRENT_MA, UNKNOWN, reckon
from estim.core.programs.file import problems_of, read_program
from estim.core.programs.matrix import matrix
from estim.core.programs.program import Program, words
from estim.core.programs.schema import schema
from estim.core.translation import LANGUAGE, English, tr_text
from protocols import registry
from tests.pseudo import plain_words, pseudo

FAMILIES = [family.title for family in families()]
IDS = [program.id for program in shipped()]
SIGNS = ("Hz", "ms", "mA", "mJ", "IEC")
KEYS = re.compile(r"# (\[|[a-z_]+ = )")
"""A field that stands in a comment, to be taken up."""

WRONG: list[tuple[str, ...]] = [
    ('title = "', 'titel = "'),
    ('kind = "pain"', 'kind = "pian"'),
    ("site = [", "site = 5 # ["),
    ("site = [", 'site = ["neck", '),
    ("schema = 1", "schema = 7"),
    ("schema = 1", "schema = 1\nnone = 1"),
    ("pads = ", "pads = true # "),
    ('id = "', 'id = "A '),
    ("[[phases]]", "[phases]"),
    ("[rule]", "rule = 5\n[rules]"),
    ("length_s = 1200", "length_s = 1900"),
    ("length_s = 1200", f"length_s = {'9' * 30}"),
    ("minutes = 30", "minutes = 10"),
    ("width_us = 200", "width_us = 200\nalternate = [{ rate_hz = 5, length_s = 1, width_us = 30 }]"),
    (
        "rate_hz = 100",
        "alternate = [{ rate_hz = 5, length_s = 1, width_us = 30 }, { rate_hz = 5, length_s = 1, width_us = 40 }]",
    ),
    ("rate_hz = 100", "alternate = [{ rate_hz = 5, length_s = 1, width_us = 30 }, { rate_hz = 5, length_s = 1 }]"),
    ("rate_hz = 100", "rate_hz = 150", "width_us = 200", "width_us = 450"),
    ("rate_hz = 100", "rate_hz = 5\nburst = { on_s = 0.1, off_s = 0.1 }"),
    (
        "rate_hz = 100",
        "rate_hz = 5\nenvelope = { up_s = 30, on_s = 60, down_s = 30, off_s = 120 }",
        "length_s = 1200",
        "length_s = 90",
    ),
    ("rate_hz = 100", "rate_hz = high"),
]
NAMES = (
    "titel", "title", "kind", "pian", "neck", "site", "schema", "pads", "pad_cm2", "caps", "minutes", "phases", "rules",
    "rule", "target", "text", "length_s", "width_us", "alternate", "rate_hz", "burst", "on_s", "off_s", "envelope",
    "level_pct", "note", "first", "second", "cycle_s", "id", "none", "True", "source", "device", "my-program",
    "pictures",
    *fields.KIND.words, *fields.TARGET.words, *fields.SITE.words, *SIGNS,
)  # fmt: skip


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    """Leave the language as it was."""
    yield
    LANGUAGE.speak("en", English())


def test_what_a_unit_makes_of_a_program_is_translated() -> None:
    with pseudo():
        told = {sentence for row in matrix(shipped(), families()) for cell in row for sentence in cell.sentences}
    assert len(told) > 40
    left = {sentence: plain_words(sentence, *FAMILIES, *IDS, *SIGNS, "device.", *registry.names()) for sentence in told}
    assert not {sentence: found for sentence, found in left.items() if found}


def test_why_a_session_can_not_be_had_is_translated() -> None:
    program = next(program for program in shipped() if program.id == "ems-recovery")
    locked = next(program for program in shipped() if program.kind == "tetanic")
    coyote = registry.family("coyote3")
    with pseudo():
        for wanted, minutes in ((program, 0), (program, 25), (program, 0.1), (locked, None)):
            with pytest.raises(Exception, match=r"[ａ-ｚ]{3}") as refusal:
                fit(wanted, coyote, minutes)
            assert plain_words(str(refusal.value), *IDS) == []


def test_what_a_current_does_is_translated() -> None:
    with pseudo():
        made = [reckon(program, current, 5.0) for program in shipped() for current in (None, 30.0, 150.0, 500.0)]
        told = {*(notice for one in made for notice in one.notices), *(one.refused for one in made)}
        told |= {tr_text(UNKNOWN), tr_text(CURRENT_MA.says), CURRENT_MA.allowed}
    assert len(told) > 20
    assert [word for text in told for word in plain_words(text, *SIGNS)] == []


@pytest.mark.parametrize("change", WRONG)
def test_what_is_wrong_with_a_file_is_translated(change: tuple[str, ...]) -> None:
    text = written(START)
    for old, new in zip(change[::2], change[1::2], strict=True):
        assert f"\n{old}" in text
        text = text.replace(f"\n{old}", f"\n{new}", 1)
    with pseudo():
        problems = problems_of(text)
    assert problems
    for problem in problems:
        ours, _, tomls = problem.partition("ＴＯＭＬ: ")  # what comes after it are tomllib's own words
        assert re.search("[ａ-ｚ]{2}", ours)
        assert plain_words(ours, *NAMES) == [], tomls


def test_the_comments_of_a_new_file_are_translated_and_its_keys_are_not() -> None:
    english = [line for line in written(START).splitlines() if "=" in line and not line.startswith("#")]
    with pseudo():
        text = written(START)
    comments = [line for line in text.splitlines() if line.startswith("#") and not KEYS.match(line)]
    assert len(comments) > 30
    names = (*fields.SITE.words, *fields.PICTURES.words, *fields.KIND.words, *fields.TARGET.words, "Hz")
    assert [word for line in comments for word in plain_words(line, *names)] == []
    keys = [line.split(" = ")[0] for line in text.splitlines() if "=" in line and not line.startswith("#")]
    assert keys == [line.split(" = ")[0] for line in english]


def test_descriptions_for_editors_are_translated() -> None:
    def said(value: object) -> Iterator[str]:
        if isinstance(value, dict):
            told = value.get("description")
            yield from [told] if isinstance(told, str) else []
            for one in value.values():
                yield from said(one)

    with pseudo():
        told = list(said(schema()))
    assert len(told) > 30
    assert [word for text in told for word in plain_words(text, "Hz")] == []


def numbers(program: Program) -> list[object]:
    """Return what a program plays, without its texts."""
    of_phases = [
        (one.length_s, one.rate_hz, one.width_us, one.burst, one.envelope, one.level_pct) for one in program.phases
    ]
    return [
        program.kind,
        program.site,
        program.caps,
        program.numbers,
        program.rule.target,
        program.rule.reraise,
        of_phases,
    ]


@pytest.mark.parametrize("program", shipped(), ids=lambda program: program.id)
def test_a_program_that_is_copied_in_german_reads_as_the_same_one(program: Program) -> None:
    language.choose({"LANG": "de_DE.UTF-8"})
    for one in (program, mine(program, "meins")):
        again = read_program(written(one), "meins.toml")
        assert numbers(again) == numbers(program)
        assert again.pads == tr_text(program.pads) != program.pads
    assert again.title.endswith(" (eigenes)")


def test_a_sentence_has_a_comma_and_a_file_its_point() -> None:
    language.choose({"LANG": "de_DE.UTF-8"})
    sweep = next(program for program in shipped() if program.id == "ems-endurance")
    assert words(sweep.phases[1].rate_hz, "Hz") == "10 Hz"
    assert "0.5 bis 150 Hz" in fields.RATE_HZ.allowed
    found = problems_of(written(START).replace("rate_hz = 100", "rate_hz = 0.5\nburst = { on_s = 0.5, off_s = 0.5 }"))
    assert found[0].startswith("phases[0].burst.on_s: 0,5 s enthalten weniger als einen Impuls bei 0,5 Hz: ")


def test_a_rule_is_said_with_its_offer_and_kept_as_the_file_has_it() -> None:
    english = START.rule.text
    language.choose({"LANG": "de_DE.UTF-8"})
    assert START.rule.said in english
    assert START.rule.text == (
        "Kräftig, aber angenehm, kein Zucken. "
        "Wenn das Gefühl nachlässt: 1 Stufe mehr, einmal in 5 min, höchstens 3-mal."
    )
