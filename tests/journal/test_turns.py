"""Whose turn it is in a home: by the unit that was played last, or the ones that are named."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from estim.config.options import HostOptions
from estim.config.paths import Home, find_home
from estim.config.units import Units
from estim.core.days.diary import Played
from estim.core.days.schedule import Schedule
from estim.core.values import replace
from estim.journal.journal import Journal
from estim.journal.today import Today
from estim.journal.turns import families_named, families_of, turn_of
from tests.core.days.journals import at, played

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SCHEDULE = Schedule(programs=("tens-ankle", "tens-al"))


def home_with(folder: Path, *families: str) -> Home:
    home = find_home(str(folder))
    home.prepare()
    units = Units.load(home)
    for number, family in enumerate(families):
        units.add(f"F0:00:00:00:00:0{number}", family, NOW)
    return home


def test_the_unit_that_was_played_last_decides_and_else_any_that_is_remembered(tmp_path: Path) -> None:
    home = home_with(tmp_path, "em70", "coyote3")
    old = replace(played(at(1)), unit="coyote3")
    new = replace(played(at(2)), unit="EM70")
    assert families_of(home, ()) == ("em70", "coyote3")
    assert families_of(home, (old, new)) == ("em70",)
    assert families_of(home, (new, old)) == ("coyote3",)
    assert families_of(home, (new, old, replace(new, simulated=True))) == ("coyote3",)
    assert families_of(home, (new, old, replace(new, output_s=0.0))) == ("coyote3",), "that one never began"
    assert families_of(home, (replace(old, unit="sold"),)) == ("em70", "coyote3")


def test_units_that_are_named_are_known_by_name_address_or_family(tmp_path: Path) -> None:
    home = home_with(tmp_path, "em70")
    assert families_named(home, ["EM70"]) == ("em70",)
    assert families_named(home, ["F0:00:00:00:00:00", "coyote3"]) == ("em70", "coyote3")
    assert families_named(home, ["neighbour"]) == ()


def test_a_home_whose_units_cannot_be_read_refuses_nothing(tmp_path: Path) -> None:
    home = home_with(tmp_path, "em70")
    home.units_file.write_text("no units")
    assert families_of(home, ()) == ()
    assert families_named(home, ["em70"]) == ()


def test_the_turn_of_a_program_that_is_refused_goes_to_the_next(tmp_path: Path) -> None:
    home = home_with(tmp_path, "em70")
    days = [NOW + timedelta(days=number) for number in range(4)]
    assert {turn_of(home, SCHEDULE, ("em70",))(day) for day in days} == {"tens-ankle"}
    assert {turn_of(home, SCHEDULE, ())(day) for day in days} == {"tens-ankle", "tens-al"}
    assert {turn_of(home, SCHEDULE, ("em70", "coyote3"))(day) for day in days} == {"tens-ankle", "tens-al"}
    assert {turn_of(home, SCHEDULE, ("em70", "coyote3"), by_any=True)(day) for day in days} == {"tens-ankle"}


def last_level(home: Home, session: Played) -> str:
    journal = Journal.open(home.journal)
    journal.adopt([session], [], {}, session.at)
    journal.close()
    found = Today(HostOptions(home=str(home.journal.parent))).last_level(session.program)
    return "" if found is None else found.goal


def played_today(unit: str, *sites: str) -> Played:
    start = datetime.now(UTC) - timedelta(hours=5)
    return replace(played(start, program="tens-al"), unit=unit, sites=sites, goal={"A": 7}, duration_s=1200.0)


def test_no_level_is_offered_of_a_program_that_its_unit_refuses(tmp_path: Path) -> None:
    home = home_with(tmp_path, "em70", "coyote3")
    assert last_level(home, played_today("em70", "calf-left")) == ""
    assert last_level(home, played_today("coyote3", "calf-left")) == "A=7"


def test_the_last_level_of_the_usual_leg_is_found_on_other_sites_of_it_and_not_on_the_other_leg(
    tmp_path: Path,
) -> None:
    home = home_with(tmp_path, "coyote3")
    home.settings_file.write_text('site = "ankle-left"\n')
    assert last_level(home, played_today("coyote3", "calf-right")) == ""
    assert last_level(home, played_today("coyote3", "calf-left")) == "A=7"
