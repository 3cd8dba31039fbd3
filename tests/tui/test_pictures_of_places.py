"""One picture for each promise of a place, small and wide: what is in it is always the same."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList

from estim.catalogue.programs import shipped
from estim.config.settings import Settings
from estim.config.units import Unit
from estim.core.care.plan import Plan, Stage
from estim.core.care.progression import Said
from estim.core.care.standing import Gate, Item, Standing
from estim.core.days.diary import Note, Pain, Played, Run, When
from estim.core.messages.commands import Sighting
from estim.core.values import replace
from estim.journal.reader import Details, Rang
from estim.tui import care, log, programs, today, unit_rows, units
from estim.tui.alarms import AlarmsPlace
from estim.tui.place import Place
from estim.tui.settings import SettingsPlace
from protocols.vocabulary import Channel
from tests.tui.scripted import IDLE, RUNNING, Pulse, ScriptedClient, screen_of, settle

pytestmark = pytest.mark.usefixtures("in_utc")

Act = Callable[[Pilot[int]], Awaitable[None]]

AT = datetime(2026, 3, 14, 8, 0, tzinfo=UTC)


def _played(number: int, ago: int) -> Played:
    at = AT - timedelta(days=ago)
    over = at + timedelta(minutes=20)
    return Played(
        id=number, at=at, program="tens-ankle", unit="coyote3", family="coyote3", sites=("ankle-left",),
        simulated=False, length_s=1200, output_s=1200, delivered_until=over, ended=over, reason="completed",
        duration_s=1200, level_max={"A": 12}, goal={"A": 12}, stop_confirmed=True,
    )  # fmt: skip


ENTRIES = (
    Note(at=AT - timedelta(hours=1), text="new shoes"),
    Run(at=AT - timedelta(days=1), km=3, pain=2),
    *(Pain(at=AT - timedelta(days=ago), score=2 + ago // 5, when=When.MORNING) for ago in range(0, 28, 2)),
    *(_played(9 - ago, ago) for ago in range(1, 9)),
)
LEVELS = [
    *((4.0 * level, "A", level, "ramp") for level in range(12)),
    (400.0, "A", 12, "key"),
    (700.0, "A", 9, "hand"),
    (1198.0, "A", 0, "stop"),
]
DETAILS = Details(
    {"duration_s": 1200.0, "started_utc": AT.isoformat()},
    LEVELS,
    [((AT + timedelta(seconds=702)).isoformat(), "medium", "a pad lost contact", "look at the pads")],
)
GOING = replace(RUNNING, simulated=True)
ITEMS = tuple(
    Item(step=f"step-{number}", title=title, done=number == 2, auto=number == 3, text=f"What to do: {title.lower()}.")
    for number, title in enumerate(("Rest", "Cross-training", "TENS, twice a day"), 1)
)
PLAN = Plan(title="Eight steps", honesty="", steps=())
SHEET = today.Sheet(
    due="DUE now: 08:00, until 10:00",
    last=today.LastTime("tens-ankle", "coyote3", "ankle-left", 20, {Channel.A: 12}),
    stage="rest, day 4",
    steps=tuple(enumerate(ITEMS, 1)),
    morning="first steps this morning: not written down yet (m)",
    yesterday="yesterday: 2 sessions, 40 min · pain 3 (morning)",
    week=("week      Sun Mon Tue", "sessions    2   1   2", "morning     4   3   3"),
    pads="pads: used 12 times of about 25",
)
TOLD = care.Told(
    plan=PLAN,
    now=Standing(
        stage=Stage.REST, since=AT.date(), day=4, today=ITEMS, said=(Said("the skin there was not all right"),),
        gates=(Gate(True, "7 days of rest"), Gate(False, "two calm days in a row: 1 of 2")), programs=("tens-ankle",),
    ),
    run="no run is planned (n plans one)",
)  # fmt: skip
SHELF = unit_rows.Shelf((Unit(name="calf", address=IDLE.address, family="coyote3", added_utc=AT),), "ankle-left")
SEEN = (Sighting(address=IDLE.address, name="47L121000", family="coyote3", sure=True, rssi_dbm=-58),)


async def _nothing(_pilot: Pilot[int]) -> None:
    """Look at it as it is."""


def _in_place(pilot: Pilot[int]) -> Place:
    screen = pilot.app.screen
    assert isinstance(screen, Place)
    return screen


async def _today(pilot: Pilot[int]) -> None:
    place = _in_place(pilot)
    assert isinstance(place, today.TodayPlace)
    place._show(SHEET)


async def _log(pilot: Pilot[int]) -> None:
    place = _in_place(pilot)
    assert isinstance(place, log.LogPlace)
    place._show(log.Kept(ENTRIES, AT))


async def _curve(pilot: Pilot[int]) -> None:
    await _log(pilot)
    place = _in_place(pilot)
    assert isinstance(place, log.LogPlace)
    place._tell(_played(8, 1), DETAILS)


async def _trend(pilot: Pilot[int]) -> None:
    await _log(pilot)
    await pilot.press("g")


async def _programs(pilot: Pilot[int]) -> None:
    place = _in_place(pilot)
    assert isinstance(place, programs.ProgramsPlace)
    found = [one for one in shipped() if one.id in ("tens-ankle", "ems-strength", "tens-burst")]
    place._show(programs.Shelf(sorted(found, key=lambda one: one.id != "tens-ankle"), family="coyote3"))


async def _care(pilot: Pilot[int]) -> None:
    place = _in_place(pilot)
    assert isinstance(place, care.CarePlace)
    place._show(TOLD)


async def _units(pilot: Pilot[int]) -> None:
    place = _in_place(pilot)
    assert isinstance(place, units.UnitsPlace)
    place._sightings = SEEN
    place._scanned = AT
    place._show(SHELF)


async def _alarms(pilot: Pilot[int]) -> None:
    place = _in_place(pilot)
    assert isinstance(place, AlarmsPlace)
    place._show([Rang(9, AT, "high", "link lost", "take the pads off"), Rang(None, AT, "low", "battery low", "charge")])


async def _settings(pilot: Pilot[int]) -> None:
    place = _in_place(pilot)
    assert isinstance(place, SettingsPlace)
    place._show(Settings(minutes=15))


async def _press(pilot: Pilot[int]) -> None:
    await _settings(pilot)
    entries = pilot.app.screen.query_one("#entries", OptionList)
    entries.highlighted = next(
        number
        for number in range(entries.option_count)
        if str(entries.get_option_at_index(number).prompt).startswith("keys.log ")
    )
    await pilot.press("enter", "8")


async def _help(pilot: Pilot[int]) -> None:
    await pilot.press("question_mark")


PICTURES: tuple[tuple[str, str, Act], ...] = (
    ("today says what is due and begins as last time", "1", _today),
    ("the log is newest first", "3", _log),
    ("levels of a session with what happened", "3", _curve),
    ("pain over time has axes", "3", _trend),
    ("a program says where pads must not go", "4", _programs),
    ("the plan says what is still needed", "5", _care),
    ("a unit has signal and caps", "6", _units),
    ("every fault of a software unit has a key", "7", _nothing),
    ("what rang is kept", "8", _alarms),
    ("every setting says what is allowed", "9", _settings),
    ("help is that of the place", "3", _help),
    ("a key that another one has is told where it is pressed", "9", _press),
)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["small", "wide"])
@pytest.mark.parametrize(
    ("key", "act"), [one[1:] for one in PICTURES], ids=[one[0].replace(" ", "-") for one in PICTURES]
)
def test_a_promise_is_kept(snap_compare: Callable[..., bool], key: str, act: Act, size: tuple[int, int]) -> None:
    async def before(pilot: Pilot[int]) -> None:
        await settle(pilot)
        await pilot.press(key)
        await settle(pilot)
        await act(pilot)
        await settle(pilot)

    assert snap_compare(screen_of(ScriptedClient(GOING), pulse=Pulse()), terminal_size=size, run_before=before)
