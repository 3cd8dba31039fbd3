"""What must be seen wherever one is: old figures, a lost link, a unit that may be on, a controller that has gone.

The stop keys, STOP by mouse, alarms and every size are proved for each place in test_places.py, the session itself
in test_in_sight.py and test_session_screen.py.
"""

import pytest
from msgspec.structs import replace

from estim.core.messages.lowering import Stop
from estim.core.messages.shown import Snapshot
from estim.core.vocabulary import State
from estim.tui.model import View
from estim.tui.place import strip
from estim.tui.places import PLACES, SESSION, Listed
from tests.tui.scripted import RUNNING, Pulse, ScriptedClient, Successors, screen_of, settle, text_of
from tests.tui.test_in_sight import LOST

OTHERS = [one for one in PLACES if one.name != SESSION]
GOING = replace(RUNNING, simulated=True)
LEFT_ON = replace(GOING, state=State.ENDED, out="maybe", stop_confirmed=False)


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


@pytest.mark.control("C-56", "C-11")
@pytest.mark.parametrize("place", OTHERS, ids=lambda one: one.name)
async def test_a_lost_link_is_told_in_every_place_also_where_it_is_small(place: Listed) -> None:
    client = ScriptedClient(GOING)
    async with screen_of(client).run_test(size=(40, 12)) as pilot:
        await settle(pilot)
        await pilot.press(place.key)
        client.show(replace(LOST, unit=GOING.unit, address=GOING.address))
        await settle(pilot)
        line = pilot.app.screen.query_one("#strip")
        assert pilot.app.screen.region.contains_region(line.region)
        assert text_of(pilot, "#strip").startswith("LINK LOST A 5")


@pytest.mark.control("C-41")
@pytest.mark.parametrize("place", OTHERS, ids=lambda one: one.name)
async def test_a_controller_that_has_gone_rings_in_every_place_and_a_stop_is_owed(place: Listed) -> None:
    client = ScriptedClient(GOING)
    second = ScriptedClient(GOING)
    pulse = Pulse()
    async with screen_of(client, Successors(OSError("in use"), second), pulse).run_test(size=(40, 12)) as pilot:
        await settle(pilot)
        await pilot.press(place.key)
        await settle(pilot)
        client.die()
        await settle(pilot)
        assert "the controller has gone" in text_of(pilot, "#gone")
        assert "NOT KNOWN" in text_of(pilot, "#strip")
        line = pilot.app.screen.query_one("#gone")
        assert pilot.app.screen.region.contains_region(line.region)
        assert line.region.height
        await pilot.press("f12")
        await settle(pilot)
        await pulse.advance(10)
        await settle(pilot)
        assert second.asked[0] == Stop(reason="panic"), "the owed stop is the first word"
