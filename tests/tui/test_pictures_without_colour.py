"""The same pictures of the places with NO_COLOR: what is told by a colour is told by a word or a sign too."""

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from tests.tui.scripted import Pulse, ScriptedClient, screen_of, settle
from tests.tui.test_pictures_of_places import GOING, PICTURES, Act

pytestmark = pytest.mark.usefixtures("in_utc")


@pytest.mark.parametrize(
    ("key", "act"), [one[1:] for one in PICTURES], ids=[one[0].replace(" ", "-") for one in PICTURES]
)
def test_a_promise_is_kept_without_colour(
    snap_compare: Callable[..., bool], monkeypatch: pytest.MonkeyPatch, key: str, act: Act
) -> None:
    async def before(pilot: Pilot[int]) -> None:
        await settle(pilot)
        await pilot.press(key)
        await settle(pilot)
        await act(pilot)
        await settle(pilot)
        assert pilot.app.no_color

    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(screen_of(ScriptedClient(GOING), pulse=Pulse()), terminal_size=(80, 24), run_before=before)
