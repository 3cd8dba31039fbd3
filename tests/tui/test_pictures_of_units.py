"""One picture for each dialog of the units, small, wide, in monochrome and in German: a session goes on beside them."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from textual.pilot import Pilot

from estim import language
from estim.config.caps import warning_of
from estim.config.options import HostOptions
from estim.config.units import Unit
from estim.core.days.diary import Check, Topic
from estim.core.errors import Exit
from estim.core.messages.commands import Sighting
from estim.core.translation import LANGUAGE, English, tr
from estim.core.values import replace
from estim.doctor.findings import bad, good, warning
from estim.tui.agree import Agree
from estim.tui.doctor import Doctor
from estim.tui.drill_guide import DrillGuide
from estim.tui.identify import Identify
from estim.tui.unit_rows import Shelf
from estim.tui.units import UnitsPlace
from protocols.vocabulary import Channel, Level
from tests.tui.scripted import IDLE, RUNNING, Pulse, ScriptedClient, screen_of, settle

pytestmark = pytest.mark.usefixtures("in_utc")

AT = datetime(2026, 3, 14, 8, 0, tzinfo=UTC)
FAR = "C0:70:7E:03:00:02"
SHELF = Shelf(
    (
        Unit(name="left", address="C0:70:7E:03:00:01", family="coyote3", added_utc=AT, cap={Channel.A: 40}),
        Unit(name="right", address=FAR, family="em70", added_utc=AT),
        Unit(name="calf", address=IDLE.address, family="coyote3", added_utc=AT),
    ),
    "ankle-left",
    drills=(Check(at=AT, topic=Topic.DRILL, about=FAR, answer="zero", note="right, level 1, 0.4 s"),),
)
NEAR = Sighting(address="C0:70:7E:03:00:01", name="47L121000", family="coyote3", sure=True, rssi_dbm=-48)
SEEN = (NEAR, replace(NEAR, address=FAR, name="LT1102S", family="em70", rssi_dbm=-83))


class Still(Doctor):
    """The doctor's dialog, with what a test lets it find."""

    def begin(self) -> None:
        """Look at nothing."""


def _place(pilot: Pilot[int]) -> UnitsPlace:
    place = pilot.app.screen
    assert isinstance(place, UnitsPlace)
    place._sightings = SEEN
    place._scanned = AT
    place._show(SHELF)
    return place


async def _rows(pilot: Pilot[int]) -> None:
    _place(pilot)
    await pilot.press("down")


async def _raise(pilot: Pilot[int]) -> None:
    place = _place(pilot)
    more = {Channel.A: (Level(40), Level(90)), Channel.B: (Level(70), Level(90))}
    keys = tr("y raises it, n leaves it as it is.")
    await pilot.app.push_screen(Agree(place.desk, keys, warning_of("left", more, 200)))


async def _identify(pilot: Pilot[int]) -> None:
    _place(pilot)
    await pilot.press("i")
    await settle(pilot)
    dialog = pilot.app.screen
    assert isinstance(dialog, Identify)
    dialog.take(SEEN, AT)
    dialog.take(SEEN[:1], AT + timedelta(seconds=3))


async def _drill(pilot: Pilot[int]) -> None:
    await pilot.app.push_screen(DrillGuide(_place(pilot).desk, "left"))
    await pilot.press("y")


async def _doctor(pilot: Pilot[int]) -> None:
    dialog = Still(_place(pilot).desk, HostOptions(home="/nowhere"), None)
    await pilot.app.push_screen(dialog)
    dialog.take(good("disk", tr("{mb} MB free for {folder}", mb="41 000", folder="/mnt/data/estim")))
    dialog.take(
        warning("units", tr("none is remembered yet"), tr("estim devices scan, then estim devices add ADDRESS"))
    )
    stop = tr("{unit} did not prove the stop", unit="left")
    dialog.take(
        bad("stop", stop, tr("switch the unit off by hand, and look at it before you use it"), Exit.NOT_CONFIRMED)
    )
    dialog.over()


Act = Callable[[Pilot[int]], Awaitable[None]]
PICTURES: tuple[tuple[str, Act], ...] = (
    ("a unit says how near it is and how its last drill went", _rows),
    ("a raise of a cap is asked for once more", _raise),
    ("the unit that is held close has the longest bar", _identify),
    ("a drill begins only after the pads are off", _drill),
    ("the doctor says what to do", _doctor),
)
ALL = pytest.mark.parametrize("act", [act for _, act in PICTURES], ids=[name.replace(" ", "-") for name, _ in PICTURES])


def pictured(snap_compare: Callable[..., bool], act: Act, size: tuple[int, int]) -> bool:
    """Compare a dialog over the place, beside a session, with its picture."""

    async def before(pilot: Pilot[int]) -> None:
        await settle(pilot)
        await pilot.press("6")
        await settle(pilot)
        await act(pilot)
        await settle(pilot)

    client = ScriptedClient(replace(RUNNING, unit="calf", simulated=True))
    return snap_compare(screen_of(client, pulse=Pulse()), terminal_size=size, run_before=before)


@pytest.fixture
def german() -> Iterator[None]:
    """Speak German while the screen is built and drawn."""
    language.choose({"LANG": "de_DE.UTF-8"})
    yield
    LANGUAGE.speak("en", English())


@ALL
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (40, 12)], ids=["small", "wide", "tiny"])
def test_a_dialog_of_the_units(snap_compare: Callable[..., bool], act: Act, size: tuple[int, int]) -> None:
    assert pictured(snap_compare, act, size)


@ALL
def test_a_dialog_of_the_units_without_colour(
    snap_compare: Callable[..., bool], monkeypatch: pytest.MonkeyPatch, act: Act
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert pictured(snap_compare, act, (80, 24))


@ALL
@pytest.mark.usefixtures("german")
def test_a_dialog_of_the_units_in_german(snap_compare: Callable[..., bool], act: Act) -> None:
    assert pictured(snap_compare, act, (80, 24))
