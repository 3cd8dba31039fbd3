"""Which unit is meant: what is remembered decides, and nothing that can mean two units is guessed."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from estim.config.paths import find_home
from estim.config.units import Unit, Units
from estim.core.errors import EstimError, Exit
from estim.core.messages.commands import Sighting
from estim.host.discovery import choose, look
from estim.host.radio.link import Link, RadioBusy, Seen
from protocols.bluetens import packets as bluetens
from protocols.family import Family
from protocols.registry import family, names
from protocols.vocabulary import Advert

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
ONE = "C1:02:03:04:05:06"
OTHER = "C1:02:03:04:05:07"
THIRD = "C1:02:03:04:05:08"
COYOTE = "47L121000"
EM70 = "LT1102S"
FAMILIES = [family(name) for name in names()]


class Room:
    """A radio that hears what is said in it; `busy`: it has no time."""

    simulated = True

    def __init__(self, *adverts: Advert, attached: str = "", busy: bool = False) -> None:
        self._adverts = adverts
        self._attached = attached
        self._busy = busy

    async def scan(self, seconds: float) -> list[Seen]:
        if self._busy:
            raise RadioBusy("the radio is connecting: scan again in half a minute")
        return [Seen(advert, None, advert.address == self._attached) for advert in self._adverts]

    def link(self, address: str, family: Family, *, to_stop: bool = False) -> Link:
        raise AssertionError("nothing is opened to find out who is meant")

    async def release(self) -> None:
        pass


@pytest.fixture
def units(tmp_path: Path) -> Units:
    return Units.load(find_home(str(tmp_path)))


def seen(room: Room, units: Units) -> tuple[Sighting, ...]:
    return asyncio.run(look(room, 1.0, FAMILIES, units))


def meant(name: str | None, room: Room, units: Units) -> Unit:
    return asyncio.run(choose(name, room, FAMILIES, units, NOW))


def refused(name: str | None, room: Room, units: Units) -> EstimError:
    with pytest.raises(EstimError) as told:
        meant(name, room, units)
    return told.value


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("attached", ["", ONE])
@pytest.mark.parametrize("services", [(), (bluetens.SERVICE,), (family("coyote3").endpoints[0].service,)])
def test_a_remembered_unit_without_a_name_is_its_own_family_and_sure(
    units: Units, name: str, attached: str, services: tuple[str, ...]
) -> None:
    units.add(ONE.lower(), name, NOW, name="calf")
    [one] = seen(Room(Advert(ONE, "", services), attached=attached), units)
    assert (one.family, one.sure, one.known_as) == (name, True, "calf")


def test_a_remembered_unit_that_another_family_claims_stays_what_it_is(units: Units) -> None:
    units.add(ONE, "em70", NOW)
    [one] = seen(Room(Advert(ONE, COYOTE)), units)
    assert (one.family, one.sure) == ("em70", True)
    units.add(OTHER, "gone-plugin", NOW)
    [one] = seen(Room(Advert(OTHER, "")), units)
    assert (one.family, one.sure) == ("gone-plugin", True)


def test_a_name_that_reads_as_an_address_makes_no_other_unit_known(units: Units) -> None:
    for name in ("C10203040507", OTHER, "c1-02-03-04-05-07"):
        with pytest.raises(EstimError, match="reads as an address"):
            units.add(ONE, "em70", NOW, name=name)
    units.add(ONE, "em70", NOW)
    with pytest.raises(EstimError, match="reads as an address"):
        units.rename("em70", "C102.0304.0507")


def test_an_unknown_unit_is_of_the_family_that_knows_its_service_or_is_certain(units: Units) -> None:
    [one] = seen(Room(Advert(ONE, "", (bluetens.SERVICE,))), units)
    assert (one.family, one.sure) == ("bluetens", False)
    [one] = seen(Room(Advert(ONE, COYOTE, (bluetens.SERVICE,))), units)
    assert (one.family, one.sure) == ("coyote3", True)


@pytest.mark.control("C-55")
@pytest.mark.parametrize("name", ["coyote3", "COYOTE3", COYOTE, COYOTE.lower()])
def test_a_name_that_two_units_answer_to_is_refused_with_both(units: Units, name: str) -> None:
    room = Room(Advert(ONE, COYOTE), Advert(OTHER, COYOTE), Advert(THIRD, EM70))
    told = refused(name, room, units)
    assert told.code == Exit.USAGE
    assert all(address in told.text for address in (ONE, OTHER))
    assert THIRD not in told.text
    assert len(units) == 0
    assert meant(OTHER, room, units).address == OTHER


@pytest.mark.control("C-55")
def test_two_remembered_units_of_a_family_are_not_one_of_them(units: Units) -> None:
    units.add(ONE, "em70", NOW, name="left")
    units.add(OTHER, "em70", NOW, name="right")
    told = refused("em70", Room(Advert(ONE, EM70)), units)  # the other one is only switched off
    assert told.code == Exit.USAGE
    assert f"left ({ONE}, em70)" in told.text
    assert f"right ({OTHER}, em70)" in told.text
    assert meant("left", Room(), units).address == ONE


@pytest.mark.control("C-55")
def test_a_remembered_unit_and_a_stranger_of_its_family_are_two(units: Units) -> None:
    units.add(ONE, "em70", NOW, name="left")
    assert refused("em70", Room(Advert(OTHER, EM70)), units).code == Exit.USAGE
    assert meant("em70", Room(), units).address == ONE


@pytest.mark.control("C-55")
def test_a_familys_name_never_means_a_unit_that_may_be_something_else(units: Units) -> None:
    told = refused("coyote3", Room(Advert(ONE, "")), units)
    assert told.code == Exit.NO_DEVICE
    assert ONE in told.text
    assert len(units) == 0
    assert meant("coyote3", Room(Advert(ONE, ""), Advert(OTHER, COYOTE)), units).address == OTHER


@pytest.mark.control("C-55")
def test_without_a_name_two_units_in_range_are_listed(units: Units) -> None:
    told = refused(None, Room(Advert(ONE, COYOTE), Advert(OTHER, EM70)), units)
    assert told.code == Exit.USAGE
    assert f"{COYOTE} ({ONE}, coyote3)" in told.text
    assert f"{EM70} ({OTHER}, em70)" in told.text


@pytest.mark.parametrize(
    "text",
    [ONE, ONE.lower(), "c1-02-03-04-05-06", "C10203040506", "c102.0304.0506", "c1 02 03 04 05 06", f" {ONE} "],
)
def test_an_address_is_read_in_any_usual_form(units: Units, text: str) -> None:
    assert meant(text, Room(Advert(ONE, EM70), Advert(OTHER, EM70)), units).address == ONE
    assert units.find(text).address == ONE
    assert units.add(text, "em70", NOW, name="again").name == "again"
    assert len(units) == 1
    units.forget(text)
    assert units.add(text, "em70", NOW).address == ONE


@pytest.mark.parametrize("text", ["C1:02:03:04:05", "C1:02:03:04:05:0G", "C1:02-03:04:05:06", "C1020304050", "0" * 12])
def test_what_can_be_no_address_is_told_as_that(units: Units, text: str) -> None:
    units.add(ONE, "em70", NOW)
    told = refused(text, Room(), units)
    assert told.code == Exit.NO_DEVICE
    assert "isn't a Bluetooth address: one has 12 hex digits" in told.text


def test_an_address_that_nobody_hears_is_told_with_what_to_do(units: Units) -> None:
    told = refused("c10203040506", Room(), units)
    assert told.code == Exit.NO_DEVICE
    assert f"{ONE} is not on the air" in told.text
    assert f"devices add {ONE}" in told.text


@pytest.mark.control("C-57")
def test_a_radio_without_time_is_told_as_that_and_not_as_an_empty_room(units: Units) -> None:
    told = refused(None, Room(busy=True), units)
    assert told.code == Exit.TRY_LATER
    assert "scan again" in told.text
