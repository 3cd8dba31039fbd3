"""The session screen in German: nothing of what stops, and no level, is cut off by longer words."""

from collections.abc import Callable, Iterator

import pytest
from textual.pilot import Pilot

from estim import language
from estim.core.translation import LANGUAGE, English
from estim.core.values import replace
from estim.core.vocabulary import Priority, Reason, State
from estim.tui import wording
from estim.tui.offers import pads_of
from tests.pseudo import plain_words, pseudo
from tests.tui.scripted import LANES, RUNNING, Pulse, ScriptedClient, screen_of, settle

OWN = replace(RUNNING, simulated=True, program_title="TENS für den Knöchel", phase="Aufbau")
"""The texts of a person's own program: no catalogue has them."""


@pytest.fixture(autouse=True)
def german() -> Iterator[None]:
    """Speak German for one test."""
    language.choose({"LANG": "de_DE.UTF-8"})
    yield
    LANGUAGE.speak("en", English())


def test_a_session_in_german(snap_compare: Callable[..., bool]) -> None:
    async def before(pilot: Pilot[int]) -> None:
        await settle(pilot)

    assert snap_compare(screen_of(ScriptedClient(OWN), pulse=Pulse()), terminal_size=(80, 24), run_before=before)


class OneSentence(English):
    """A translation that has made one sentence of two."""

    def gettext(self, message: str, /) -> str:
        return "Auf die Wade, nicht in die Kniekehle." if message.startswith("On the calf") else message


def test_where_no_pad_may_go_is_told_apart_and_all_of_it_where_it_can_not_be() -> None:
    assert pads_of("On the calf. Not behind the knee.") == ("On the calf.", "Not behind the knee.")
    LANGUAGE.speak("xx", OneSentence())
    assert pads_of("On the calf. Not behind the knee.") == ("", "Auf die Wade, nicht in die Kniekehle.")


def test_every_state_every_reason_and_every_mark_has_its_translation() -> None:
    with pseudo():
        told = [wording.state(replace(RUNNING, state=state)) for state in State]
        told += [wording.reason(reason) for reason in Reason]
        told += [wording.symbol(priority) for priority in Priority]
        told += [wording.lane(LANES[0], 80, wording.LaneMarks(stale=True)), wording.goal(replace(LANES[0], cap_why=""))]
        told += [wording.link(RUNNING, silent) for silent in (False, True)]
        told += [wording.gone(""), wording.simulated(True, 80), wording.simulated(True, 20), wording.unit_says(RUNNING)]
    assert all(told)
    assert plain_words("\n".join(told)) == []
