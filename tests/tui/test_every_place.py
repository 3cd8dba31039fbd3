"""Each screen and dialog x {panic key, STOP by mouse, old figures, lost link, alarm, resize, host gone}: one walk each.

What is told is read off the drawn screen, so what something else covers counts as not told. The line of a session is
besides proved for every width, and the size of everything on the session's own screen in test_in_sight.py.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest
from textual.pilot import Pilot

from estim.core.days.screening import QUESTIONS
from estim.core.messages.lowering import Stop
from estim.core.messages.shown import Snapshot
from estim.core.values import replace
from estim.core.vocabulary import State
from estim.tui.app import SessionApp
from estim.tui.frame import strip
from estim.tui.model import View
from estim.tui.pick import Pick, scores
from estim.tui.place import built
from estim.tui.places import FIRST_START, PLACES, SESSION
from estim.tui.press_key import PressKey
from estim.tui.questions import Questions
from estim.tui.typed import Typed
from estim.tui.widgets import StopBar
from tests.tui.scripted import ALARM, ENDED, RUNNING, Pulse, ScriptedClient, Successors, screen_of, settle
from tests.tui.test_in_sight import LOST

GOING = replace(RUNNING, simulated=True)
GOING_LOST = replace(LOST, unit=GOING.unit, address=GOING.address)
LEFT_ON = replace(GOING, state=State.ENDED, out="maybe", stop_confirmed=False)
LEFT_ON_LOST = replace(LEFT_ON, lost_at=LOST.lost_at, on_until=LOST.on_until, on_left_s=LOST.on_left_s, stale=True)

SIZES = [(40, 12), (120, 40), (200, 50), (80, 24)]

Open = Callable[[Pilot[int]], Awaitable[None]]


@pytest.mark.control("C-56", "C-11")
@pytest.mark.parametrize("width", [38, 40, 59, 80, 120, 200])
@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (replace(GOING, stale=True), ("STALE", "A 12")),
        (LOST, ("LOST", "A 5")),
        (replace(LOST, stale=False), ("LOST", "A 5")),
        (LEFT_ON, ("may be ON",)),
    ],
    ids=["stale", "lost and stale", "lost", "left on"],
)
def test_what_is_not_sure_is_in_the_line_of_a_session_at_every_width(
    shown: Snapshot, words: tuple[str, ...], width: int
) -> None:
    told = strip(View(snapshot=shown), width)
    assert all(word in told[:width] for word in words), told


def seen(pilot: Pilot[int]) -> str:
    """Return what is drawn, row by row."""
    return "\n".join("".join(part.text for part in row) for row in pilot.app.screen._compositor.render_strips())


def press(key: str) -> Open:
    async def opened(pilot: Pilot[int]) -> None:
        await pilot.press(key)

    return opened


async def nothing(pilot: Pilot[int]) -> None:
    """The screen is there by what the host says."""


async def pick(pilot: Pilot[int]) -> None:
    pilot.app.push_screen(Pick("Pain in the first steps this morning", scores()))


async def typed(pilot: Pilot[int]) -> None:
    pilot.app.push_screen(Typed("What is it to be called?"))


async def questions(pilot: Pilot[int]) -> None:
    pilot.app.push_screen(Questions(QUESTIONS[:3]))


async def press_key(pilot: Pilot[int]) -> None:
    pilot.app.push_screen(PressKey("pause", {}))


async def first_start(pilot: Pilot[int]) -> None:
    app = pilot.app
    assert isinstance(app, SessionApp)
    app.push_screen(built(FIRST_START.name, app._desk))


@dataclass(frozen=True)
class Shown:
    """One screen: how it is opened while `going` is what the host says; `below`: the place that a dialog is over."""

    name: str
    opened: Open
    going: Snapshot = GOING
    lost: Snapshot = GOING_LOST
    old: str = "STALE"
    below: str = ""

    def __str__(self) -> str:
        return self.name


DIALOGS: dict[str, Open] = {
    "a key": pick,
    "a line": typed,
    "questions": questions,
    "a key to be set": press_key,
    "help": press("question_mark"),
    "palette": press("ctrl+p"),
}
SCREENS = [
    Shown("choose", nothing, LEFT_ON, LEFT_ON_LOST, "may be ON after the session"),
    Shown("summary", nothing, LEFT_ON, LEFT_ON_LOST, "may be ON after the session"),
    Shown("session", nothing),
    *(Shown(one.name, press(one.key)) for one in PLACES if one.name != SESSION),
    Shown("first start", first_start),
    *(Shown(f"{name} over the session", opened) for name, opened in DIALOGS.items()),
    *(Shown(f"{name} over today", opened, below="1") for name, opened in DIALOGS.items()),
]


async def begin(pilot: Pilot[int], client: ScriptedClient, shown: Shown) -> None:
    """Come to the screen."""
    await settle(pilot)
    if shown.name == "summary":
        client.tell(replace(ENDED, stop_confirmed=False))
        await settle(pilot)
    if shown.below:
        await pilot.press(shown.below)
        await settle(pilot)
    await shown.opened(pilot)
    await settle(pilot)


@pytest.mark.control("C-38", "C-41", "C-56", "C-11")
@pytest.mark.parametrize("shown", SCREENS, ids=str)
async def test_nothing_that_matters_is_hidden_or_out_of_reach_on_any_screen(shown: Shown) -> None:
    client = ScriptedClient(shown.going, zeroes=False)
    second = ScriptedClient(shown.going)
    pulse = Pulse()
    async with screen_of(client, Successors(OSError("in use"), second), pulse).run_test(size=(80, 24)) as pilot:
        await begin(pilot, client, shown)
        where = pilot.app.screen
        client.asked.clear()
        await pilot.press("f12")
        assert client.stops == [Stop(reason="panic")]
        for bar in (bar for screen in pilot.app.screen_stack for bar in screen.query(StopBar)):
            if seen(pilot).split("\n")[bar.region.y + bar.region.height // 2].strip().startswith("STOP"):
                client.asked.clear()
                await pilot.click(offset=(bar.region.x + 1, bar.region.y))
                assert client.stops == [Stop()], "a STOP that can be seen works"
        if pilot.app.screen is not where:  # a press beside the palette's list takes it away
            await shown.opened(pilot)
            await settle(pilot)
            where = pilot.app.screen
        for wrong, words in (
            (replace(shown.going, stale=True), (shown.old,)),
            (shown.lost, ("LINK LOST",)),
            (replace(shown.going, alarms=(ALARM,)), ("ALARM", "not confirmed")),
        ):
            client.show(wrong)
            await settle(pilot)
            told = seen(pilot)
            assert all(word in told for word in words), told
            assert "SIMULATED" in told
        for size in SIZES:
            await pilot.resize_terminal(*size)
            await settle(pilot)
            told = seen(pilot)
            assert all(word in told for word in ("STOP", "ALARM", "SIMULATED")), (size, told)
            assert "A 12" in told or shown.going is LEFT_ON, (size, told)
        assert pilot.app.screen is where or shown.name.startswith("help"), "an alarm takes the list of keys away"
        await gone(pilot, client, second, pulse)


async def gone(pilot: Pilot[int], client: ScriptedClient, second: ScriptedClient, pulse: Pulse) -> None:
    """The host goes: it is told, and the stop that is pressed then is the first word to the next one."""
    client.die()
    await settle(pilot)
    assert "the controller has gone" in seen(pilot)
    await pilot.press("f12")
    await settle(pilot)
    await pulse.advance(10)
    await settle(pilot)
    assert second.asked[0] == Stop(reason="panic"), "the owed stop is the first word"
