"""Files that are written for a person to change: they read as the program, and explain every field."""

import re
import tomllib

import pytest
import tomlkit
from hypothesis import given, settings

from estim.catalogue.programs import shipped
from estim.core.programs import fields as fields
from estim.core.programs.blank import START, mine, written
from estim.core.programs.file import problems_of, read_program
from estim.core.programs.program import Program
from estim.core.programs.schema import schema
from estim.core.toml_table import Number, Text, Words
from tests.drawn import Data, right_ones
from tests.effort import DRAWN


@pytest.mark.parametrize("program", shipped(), ids=lambda program: program.id)
def test_a_written_program_reads_as_itself(program: Program) -> None:
    assert read_program(written(program), "file") == program


@settings(max_examples=DRAWN)
@given(right_ones())
def test_any_program_that_is_written_reads_as_itself(data: Data) -> None:
    program = read_program(tomlkit.dumps(data), "drawn")
    assert read_program(written(program), "written") == program


def test_the_blank_file_is_right_as_it_is() -> None:
    text = written(START)
    assert problems_of(text) == []
    program = read_program(text, "file")
    assert (program.kind, program.length_s, program.phases) == ("pain", 1200, START.phases)
    assert not program.gated


def names(table: object) -> set[str]:
    """Return the names of all fields of a schema."""
    if isinstance(table, list):
        return {name for item in table for name in names(item)}
    if not isinstance(table, dict):
        return set()
    own = set(table["properties"]) if isinstance(table.get("properties"), dict) else set()
    return own | {name for item in table.values() for name in names(item)}


def test_the_blank_file_shows_every_field_and_every_range() -> None:
    text = written(START)
    for name in names(schema()):
        assert re.search(rf"\b{name}\b", text), f"{name} is not in the file"
    flat = re.sub(r"\n#\s+", " ", text)
    for name, field in vars(fields).items():
        match field:
            case Number() if name != "SCHEMA":
                assert field.range in flat, name
            case Text():
                assert f"at most {field.longest} characters" in flat, name
            case Words():
                assert field.range in flat, name


def test_what_is_commented_out_is_right_too() -> None:
    text = written(START)
    for name in ("burst", "envelope", "level_pct", "device"):
        text, count = re.subn(rf"^# (\[?{name}\b.*)$", r"\1", text, flags=re.MULTILINE)
        assert count == 1, name
    text = text.replace("# program = 9", "program = 9")
    for name in ("rate_hz", "width_us"):
        text = re.sub(rf"^{name} = .*$", "", text, flags=re.MULTILINE)
        text = re.sub(rf"^# ({name} = .*)$", r"\1", text, flags=re.MULTILINE)
    assert problems_of(text) == []
    turns = re.sub(r"^# (alternate = .*)$", r"\1", written(START), flags=re.MULTILINE).replace("\nrate_hz = 100", "")
    assert problems_of(turns) == []
    assert len(tomllib.loads(turns)["phases"][0]["alternate"]) == 2


def test_a_copy_is_marked_as_the_persons_own() -> None:
    ankle = next(program for program in shipped() if program.id == "tens-ankle")
    copy = mine(ankle, "my-ankle")
    assert (copy.id, copy.title) == ("my-ankle", "Ankle and Achilles tendon (mine)")
    assert mine(copy, "again").title == copy.title
    long = mine(read_program(written(ankle).replace(ankle.title, "t" * 60), "file"), "long")
    assert len(long.title) == 60
    assert long.title.endswith("t (mine)")
