"""A picture of what German makes of the screen: its words are longer, and must still fit into a small terminal."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from textual.pilot import Pilot

from estim import language
from estim.core.care.plan import Stage
from estim.core.care.standing import Item, Standing
from estim.core.days.diary import Diary, Pain, Played, Run, When
from estim.core.translation import LANGUAGE, English, tr
from estim.core.values import replace
from estim.tui import today
from protocols.vocabulary import Channel
from tests.tui.scripted import RUNNING, Pulse, ScriptedClient, screen_of, settle

pytestmark = pytest.mark.usefixtures("in_utc")

AT = datetime(2026, 3, 14, 8, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def german() -> Iterator[None]:
    """Speak German while the screen is built and drawn."""
    language.choose({"LANG": "de_DE.UTF-8"})
    yield
    LANGUAGE.speak("en", English())


def _played(number: int, ago: float) -> Played:
    at = AT - timedelta(days=ago)
    over = at + timedelta(minutes=20)
    return Played(
        id=number, at=at, program="tens-ankle", unit="coyote3", family="coyote3", sites=("ankle-left",),
        simulated=False, length_s=1200, output_s=1200, delivered_until=over, ended=over, reason="completed",
        duration_s=1200, level_max={"A": 12}, goal={"A": 12}, stop_confirmed=True,
    )  # fmt: skip


DIARY = Diary(
    sessions=(_played(1, 4), _played(2, 1.1), _played(3, 1)),
    pains=tuple(Pain(at=AT - timedelta(days=ago), score=ago, when=When.MORNING) for ago in (6, 4, 3, 1)),
    runs=(Run(at=AT - timedelta(days=1), km=2.5, pain=1),),
)
ITEMS = tuple(
    Item(step=f"step-{number}", title=title, done=number == 2, auto=number == 3, text="")
    for number, title in enumerate(("Rest", "Cross-training", "TENS"), 1)
)


def sheet() -> today.Sheet:
    """Return a day in the language that is spoken now."""
    days = [AT - timedelta(days=ago) for ago in range(today.DAYS - 1, -1, -1)]
    return today.Sheet(
        due=tr("DUE now: {at:%H:%M}, until {closes:%H:%M}", at=AT, closes=AT + timedelta(hours=2)),
        last=today.LastTime("tens-ankle", "coyote3", "ankle-left", 22.5, {Channel.A: 12}),
        stage=today._stage(Standing(stage=Stage.REST, since=AT.date(), day=4)),
        steps=tuple(enumerate(ITEMS, 1)),
        morning=today._morning(DIARY, AT),
        yesterday=today._yesterday(DIARY, days[-2]),
        week=today._week(DIARY, days),
        pads=tr("pads: used {uses} times of about {usual}", uses=12, usual=25),
    )


def test_today_fits_into_a_small_terminal_in_german(snap_compare: Callable[..., bool]) -> None:
    async def before(pilot: Pilot[int]) -> None:
        await settle(pilot)
        await pilot.press("1")
        await settle(pilot)
        place = pilot.app.screen
        assert isinstance(place, today.TodayPlace)
        place._show(sheet())
        await settle(pilot)

    going = replace(RUNNING, simulated=True)
    assert snap_compare(screen_of(ScriptedClient(going), pulse=Pulse()), terminal_size=(80, 24), run_before=before)
