"""Known units survive, keep their names apart, and are found by name or address."""

import fcntl
import json
import resource
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estim.config.paths import Home, find_home
from estim.config.units import UNITS_MAX, Units
from estim.core.errors import EstimError, Exit
from protocols.vocabulary import Channel

ADDED = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return find_home(str(tmp_path))


def test_a_unit_is_there_for_the_next_process(home: Home) -> None:
    Units.load(home).add("F0:F1", "coyote3", ADDED)
    Units.load(home).set_cap("coyote3", {Channel.A: 40})
    [unit] = Units.load(home)
    assert (unit.name, unit.address, unit.family, unit.added_utc) == ("coyote3", "F0:F1", "coyote3", ADDED)
    assert unit.cap == {Channel.A: 40}
    assert home.units_file.stat().st_mode & 0o077 == 0


def test_names_come_from_the_family_and_never_twice(home: Home) -> None:
    units = Units.load(home)
    names = [units.add(f"F0:{number}", "coyote3", ADDED).name for number in range(3)]
    assert names == ["coyote3", "coyote3-2", "coyote3-3"]
    units.forget("coyote3-2")
    assert units.free_name("coyote3") == "coyote3-2"
    assert units.free_name("em70") == "em70"


def test_it_is_found_by_name_or_address_whatever_the_case(home: Home) -> None:
    units = Units.load(home)
    added = units.add("F0:AB", "coyote3", ADDED, name="Left calf")
    assert units.find("left CALF") == units.find(" f0:ab ") == added
    assert units.get("nobody") is None


def test_an_unknown_one_suggests_the_nearest(home: Home) -> None:
    units = Units.load(home)
    with pytest.raises(EstimError, match="no unit is known yet"):
        units.find("coyote3")
    units.add("F0:AB", "coyote3", ADDED)
    with pytest.raises(EstimError, match="did you mean coyote3") as told:
        units.find("cojote3")
    assert (told.value.code, told.value.nearest) == (Exit.NO_DEVICE, ("coyote3",))
    with pytest.raises(EstimError, match="known: coyote3"):
        units.forget("zzzzzz")


def test_the_same_address_again_is_the_same_unit(home: Home) -> None:
    units = Units.load(home)
    units.add("F0:AB", "coyote3", ADDED)
    units.set_cap("coyote3", {Channel.A: 40})
    again = units.add("f0:ab", "coyote3", ADDED, name="calf", pinned=True)
    assert (len(units), again.name, again.cap, again.pinned) == (1, "calf", {Channel.A: 40}, True)
    assert units.add("f0:ab", "coyote3", ADDED).pinned


@pytest.mark.control("C-06")
def test_a_cap_is_not_taken_over_to_another_scale(home: Home) -> None:
    units = Units.load(home)
    units.add("F0:AB", "coyote3", ADDED)
    units.set_cap("coyote3", {Channel.A: 40})
    assert units.add("F0:AB", "em70", ADDED).cap is None


@pytest.mark.parametrize(
    "name", ["", " left", "left ", "a\nb", "a\x1b[2Jb", "a\u202eb", "a\x9bb", "x" * 65, "COYOTE3", "f0:ab"]
)
def test_a_name_that_is_impossible_or_taken_changes_nothing(home: Home, name: str) -> None:
    units = Units.load(home)
    units.add("F0:AB", "coyote3", ADDED)
    units.add("F0:CD", "em70", ADDED)
    before = home.units_file.read_text()
    with pytest.raises(EstimError) as told:
        units.rename("em70", name)
    assert told.value.code is Exit.USAGE
    assert home.units_file.read_text() == before
    assert units.rename("em70", "EM70").name == "EM70"


def test_an_impossible_cap_is_refused(home: Home) -> None:
    units = Units.load(home)
    units.add("F0:AB", "coyote3", ADDED)
    with pytest.raises(EstimError, match="a cap is a level from 0 to 10000"):
        units.set_cap("coyote3", {Channel.A: -1})
    assert units.find("coyote3").cap is None


def test_two_processes_can_not_undo_each_other(home: Home) -> None:
    one = Units.load(home)
    other = Units.load(home)
    one.add("F0:AB", "coyote3", ADDED)
    other.add("F0:CD", "em70", ADDED)
    assert {unit.name for unit in Units.load(home)} == {"coyote3", "em70"}
    with home.units_file.with_suffix(".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(EstimError, match="try again") as told:
            one.forget("em70")
    assert told.value.code is Exit.TRY_LATER
    assert one.forget("em70").name == "em70"


def test_more_than_anybody_owns_is_refused(home: Home) -> None:
    units = Units.load(home)
    for number in range(UNITS_MAX):
        units.add(f"F0:{number}", "em70", ADDED)
    with pytest.raises(EstimError, match="no more than"):
        units.add("F0:AB", "em70", ADDED)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "isn't a list of units"),
        ('{"schema": 2, "units": [{"new": 1}]}', "newer estim"),
        ('{"schema": 1, "units": [], "zones": []}', "zones"),
        ('{"units": [{"name": "a", "address": "b", "family": "c", "added_utc": "2026-03-01T08:00:00"}]}', "offset"),
        ('{"units": [{"name": "a", "address": "b", "family": "c", "added_utc": "monday"}]}', "added_utc"),
        ('{"units": [{"name": "a", "address": "b", "family": "c", "cap": {"E": 3}}]}', "cap"),
    ],
)
def test_a_file_that_is_not_understood_is_refused_and_kept(home: Home, text: str, says: str) -> None:
    home.units_file.write_text(text)
    for act in (lambda: Units.load(home), lambda: Units(home.units_file).add("F0", "em70", ADDED)):
        with pytest.raises(EstimError, match=says) as told:
            act()
        assert told.value.code is Exit.CONFIG
        assert str(home.units_file) in told.value.text
    assert home.units_file.read_text() == text


def test_a_full_disk_leaves_the_old_file(home: Home) -> None:
    units = Units.load(home)
    units.add("F0:AB", "coyote3", ADDED)
    before = home.units_file.read_text()
    room, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, most))
    try:
        with pytest.raises(EstimError, match="unchanged") as told:
            units.add("F0:CD", "em70", ADDED)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, most))
    assert told.value.code is Exit.CANT_CREATE
    assert home.units_file.read_text() == before
    assert [unit.name for unit in units] == ["coyote3"]
    assert sorted(path.name for path in home.state.iterdir()) == ["units.json", "units.lock"]


@given(
    st.binary(max_size=200)
    | st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=5).map(
        lambda value: json.dumps({"schema": 1, "units": value}).encode()
    )
)
def test_whatever_the_file_holds_it_loads_or_is_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    home = find_home(str(tmp_path_factory.mktemp("home")))
    home.units_file.write_bytes(content)
    try:
        loaded = tuple(Units.load(home))
        code = Exit.DONE
    except EstimError as error:
        loaded = ()
        code = error.code
    assert code in (Exit.DONE, Exit.CONFIG)
    assert all(unit.name and unit.address for unit in loaded)
    assert home.units_file.read_bytes() == content
