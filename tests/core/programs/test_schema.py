"""The JSON schema of program files and their loader agree on everything that a schema can say."""

import json
import tomllib
from copy import deepcopy
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from estim.core.programs import fields as fields
from estim.core.programs.file import problems_in
from estim.core.programs.schema import rules, schema
from estim.core.toml_table import Number
from tests.drawn import Data, right_ones
from tests.effort import DRAWN

VALIDATOR = Draft202012Validator(schema())
PROGRAMS = sorted(files("estim").joinpath("programs").iterdir(), key=lambda entry: entry.name)

TIES = (
    "their lengths add up to",
    "is current for",
    "hold less than one pulse",
    "one cycle takes",
    "a change of width takes",
    "shows another place than",
)
"""What the loader says where fields don't fit each other; a schema can't."""

Path = tuple[str | int, ...]

FULL: Data = {
    "schema": 1,
    "id": "my-own",
    "title": "My own",
    "kind": "pain",
    "site": ["ankle-left"],
    "source": "my physiotherapist",
    "pads": "either side of the tendon",
    "pad_cm2": 25,
    "phases": [
        {"title": "steady", "rate_hz": 100, "width_us": 200, "length_s": 300, "burst": {"on_s": 0.1, "off_s": 0.4}},
        {
            "title": "sweep",
            "rate_hz": {"first": 50, "second": 150, "cycle_s": 2},
            "width_us": {"first": 50, "second": 100, "cycle_s": 2},
            "length_s": 300,
            "envelope": {"up_s": 1, "on_s": 5, "down_s": 1, "off_s": 8},
            "level_pct": 50,
            "note": "softly",
        },
        {"title": "turns", "alternate": [{"rate_hz": 2, "length_s": 3}], "width_us": 99, "length_s": 300},
        {
            "title": "turns of their own width",
            "alternate": [{"rate_hz": 2, "width_us": 99, "length_s": 3}, {"rate_hz": 4, "width_us": 80, "length_s": 3}],
            "length_s": 300,
        },
    ],
    "rule": {"target": "sensory", "text": "Strong.", "reraise": {"step": 1, "every_s": 300, "max": 3}},
    "caps": {"minutes": 20, "per_day": 2, "level_pct": 50},
    "device": {"em70": {"program": 9}},
}


def agreed(data: Data) -> bool:
    """Return whether a program is right as far as a schema can say; both must say the same."""
    alone = [problem for problem in problems_in(data) if not any(tie in problem for tie in TIES)]
    errors = [error.message for error in VALIDATOR.iter_errors(data)]
    assert bool(alone) == bool(errors), f"loader: {alone}, schema: {errors}"
    return not alone


def places(value: object, at: Path = ()) -> list[Path]:
    """Return the way to every value below this one."""
    inner: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [path for key, item in inner for path in ((*at, key), *places(item, (*at, key)))]


def holder(data: Data, path: Path) -> Any:
    for key in path[:-1]:
        data = data[key]  # type: ignore[index]  # a path holds the keys of dicts and lists in turn
    return data


def put(data: Data, path: Path, value: object) -> Data:
    made = deepcopy(data)
    holder(made, path)[path[-1]] = value
    return made


def without(data: Data, path: Path) -> Data:
    made = deepcopy(data)
    del holder(made, path)[path[-1]]
    return made


def test_the_schema_is_one_and_the_shipped_file_is_it() -> None:
    Draft202012Validator.check_schema(schema())
    shipped = files("estim").joinpath("program.schema.json").read_text(encoding="utf-8")
    assert json.loads(shipped) == schema(), "behind: estim programs schema > estim/program.schema.json"
    assert all(rule in str(schema()["description"]) for rule in rules())


@pytest.mark.parametrize("entry", PROGRAMS, ids=lambda entry: entry.name)
def test_what_ships_is_right_by_the_schema(entry: Any) -> None:
    assert agreed(tomllib.loads(entry.read_text(encoding="utf-8")))


STRANGE: tuple[object, ...] = (
    *(True, -1, 0, 1e9, 0.25, 2.0, "", " ", "\nx", "\u001b[2J", "x" * 1201, "x" * 50),
    *([], [{}], {}, {"first": 1}),
)


@pytest.mark.parametrize("path", places(FULL), ids=lambda path: ".".join(map(str, path)))
def test_every_field_missing_wrong_or_strange_is_seen_by_both(path: Path) -> None:
    assert agreed(FULL)
    agreed(without(FULL, path))
    for value in STRANGE:
        agreed(put(FULL, path, value))
    assert not agreed(put(FULL, path, [[]])), "nothing is a list of lists"
    if isinstance(holder(FULL, path), dict) and path[0] != "device":
        assert not agreed(put(FULL, (*path[:-1], "frobnicate"), 1))


NUMBERS = {
    (): {"pad_cm2": fields.PAD_CM2},
    ("phases", 0): {"length_s": fields.LENGTH_S, "rate_hz": fields.RATE_HZ, "width_us": fields.WIDTH_US},
    ("phases", 0, "burst"): {"on_s": fields.BURST_ON_S, "off_s": fields.BURST_OFF_S},
    ("phases", 1): {"level_pct": fields.LEVEL_PCT},
    ("phases", 1, "rate_hz"): {"first": fields.RATE_HZ, "second": fields.RATE_HZ, "cycle_s": fields.RATE_CYCLE_S},
    ("phases", 1, "width_us"): {"first": fields.WIDTH_US, "second": fields.WIDTH_US, "cycle_s": fields.WIDTH_CYCLE_S},
    ("phases", 1, "envelope"): {
        "up_s": fields.UP_S,
        "on_s": fields.ON_S,
        "down_s": fields.DOWN_S,
        "off_s": fields.OFF_S,
    },
    ("phases", 3, "alternate", 0): {
        "rate_hz": fields.RATE_HZ,
        "width_us": fields.WIDTH_US,
        "length_s": fields.STEP_S,
    },
    ("rule", "reraise"): {"step": fields.RERAISE_STEP, "every_s": fields.RERAISE_S, "max": fields.RERAISE_MAX},
    ("caps",): {"minutes": fields.MINUTES, "per_day": fields.PER_DAY, "level_pct": fields.CAP_LEVEL_PCT},
    ("device", "em70"): {"program": fields.DEVICE_PROGRAM},
}
EDGES = [((*at, key), field) for at, entries in NUMBERS.items() for key, field in entries.items()]


@pytest.mark.parametrize(("path", "field"), EDGES, ids=lambda value: str(value))
def test_both_end_at_the_same_numbers(path: Path, field: Number) -> None:
    for good in (field.lo, field.hi):
        assert agreed(put(FULL, path, good))
    for bad in (field.lo - 0.001, field.hi + 0.001):
        assert not agreed(put(FULL, path, bad))


@settings(max_examples=DRAWN)
@given(right_ones())
def test_what_is_right_is_right_for_both(data: Data) -> None:
    assert agreed(data)
    assert problems_in(data) == []


NAMES = ["first", "second", "cycle_s", "on_s", "off_s", "up_s", "rate_hz", "width_us", "length_s", "program", "x"]
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.booleans(), st.integers(), st.floats(allow_nan=False), st.text("ab- µ\n\t\0\x1b\x7f", max_size=70)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner, max_size=4)),
    max_leaves=6,
)


@pytest.mark.control("C-36")
@given(st.data())
def test_one_wrong_field_is_wrong_for_both(data: st.DataObject) -> None:
    right = data.draw(st.one_of(st.just(FULL), right_ones()))
    path = data.draw(st.sampled_from(places(right)))
    value = data.draw(VALUES)
    assume(path != ("id",) or not str(value).endswith("\n"))  # Python's $ also stands before a last line break
    agreed(put(right, path, value))
    agreed(without(right, path))
    assert problems_in(right) == []
