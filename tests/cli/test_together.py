"""`estim run` for two units: one session with one stop, a key for each, and one end."""

import asyncio

import pytest

from estim.cli.together import Together
from estim.client.follower import Follower
from estim.config.options import HostOptions
from estim.core.errors import Exit
from estim.core.messages.commands import Arm, Ask, Resume, Start
from estim.core.messages.lowering import Pause, Stop
from estim.core.messages.shown import Snapshot
from estim.core.values import replace
from estim.core.vocabulary import State
from tests.cli.line import Person
from tests.cli.playing import hosted
from tests.tui.scripted import RUNNING, ScriptedClient, Successors

BOTH = ("--simulate", "coyote3", "--simulate", "em70", "--speed", "max", "run", "tens-ankle")
SITES = ("--site", "ankle-left", "--site", "ankle-right")
UNITS = ("--unit", "coyote3", "--unit", "em70", *SITES, "--pads-on")


def ends(rows: list[dict[str, object]]) -> dict[object, object]:
    return {row["unit"]: row["reason"] for row in rows if row["event"] == "ended"}


def test_two_units_play_as_one_session_and_each_line_says_of_which_it_is(person: Person) -> None:
    with hosted(person, "coyote3;em70"):
        said = person.types(*BOTH, *UNITS, "--level", "4", "--minutes", "1", json_=True)
    assert (said.code, ends(said.rows)) == (0, {"coyote3": "completed", "em70": "completed"})
    levels = {row["unit"]: row["level_max"]["A"] for row in said.rows if row["event"] == "ended"}
    assert levels == {"coyote3": 4, "em70": 4}
    started = [row["unit"] for row in said.rows if row["event"] == "started"]
    assert sorted(started) == ["coyote3", "em70"]


def test_in_plain_text_each_line_begins_with_its_unit(person: Person) -> None:
    with hosted(person, "coyote3;em70"):
        said = person.types(*BOTH, *UNITS, "--level", "4", "--minutes", "1")
    lines = [line for line in said.out.splitlines() if "started" in line]
    assert sorted(line.split(": ")[0] for line in lines) == ["coyote3", "em70"]


@pytest.mark.control("C-07")
def test_what_ends_one_before_its_time_stops_the_other(person: Person) -> None:
    with hosted(person, "coyote3;em70:cut=20"):
        same = ["em70:cut=20" if word == "em70" else word for word in BOTH]
        said = person.types(*same, *UNITS, "--level", "4", "--minutes", "5", json_=True)
    assert ends(said.rows) == {"em70": "link_lost", "coyote3": "interrupted"}
    assert said.code not in (0, None)


def test_one_that_is_not_there_leaves_the_other_at_zero(person: Person) -> None:
    with hosted(person, "coyote3;em70"):
        said = person.types(
            *BOTH, "--unit", "coyote3", "--unit", "nobody", *SITES, "--pads-on", "--level", "4", json_=True
        )
    told = ends(said.rows)
    assert set(told) == {"coyote3", "nobody"}
    assert told["coyote3"] == "interrupted"
    assert said.code == Exit.NO_DEVICE


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--unit", "a", "--unit", "b", "--unit", "c"), "2 units at most"),
        (("--unit", "a", "--unit", "A"), "name two units"),
        (("--unit", "a", "--unit", "b"), "--site for each"),
        (("--unit", "a", "--unit", "b", "--site", "ankle-left"), "--site for each"),
        (("--unit", "a", "--unit", "b", "--site", "ankle-left", "--site", "Ankle-left"), "--site for each"),
        (("--site", "ankle-left", "--site", "ankle-right"), "one for each unit"),
        (("--unit", "a", "--unit", "b", *SITES, "--at-slot"), "--at-slot arms one unit"),
    ],
)
def test_what_makes_no_pair_gets_a_sentence(person: Person, words: tuple[str, ...], sentence: str) -> None:
    said = person.types("run", "tens-ankle", *words)
    assert said.code == Exit.USAGE
    assert sentence in said.err


class Terminal:
    """Two units at one terminal, on scripted hosts, with what was said to them."""

    def __init__(self, *shown: Snapshot) -> None:
        starts = [Start(program="tens-ankle", unit=one.unit) for one in shown]
        self.together = Together(HostOptions(), starts, None, may_ask=False, at_slot=False)
        self.clients = [ScriptedClient() for _ in shown]
        for run, client, one in zip(self.together._runs, self.clients, shown, strict=True):
            run._follower = Follower(client, run, Successors())
            run._unit = one.unit
            run._record.last = one

    async def press(self, keys: str) -> list[list[Ask]]:
        for key in keys:
            self.together.key(key)
            await asyncio.sleep(0)  # each key has a task of its own
        return [client.asked for client in self.clients]


def shown(unit: str, state: State) -> Snapshot:
    return replace(RUNNING, unit=unit, state=state)


@pytest.mark.control("C-38")
@pytest.mark.parametrize("key", ["s", "q", "ы"])
async def test_one_key_stops_both(key: str) -> None:
    terminal = Terminal(shown("left", State.RUNNING), shown("right", State.PAUSED))
    assert await terminal.press(key) == [[Stop(unit="left")], [Stop(unit="right")]]


async def test_a_stop_for_both_ends_well_for_both() -> None:
    terminal = Terminal(shown("left", State.RUNNING), shown("right", State.RUNNING))
    runs = terminal.together._runs
    assert [run.stops for run in runs] == [False, False]
    await terminal.press("q")
    assert [run.stops for run in runs] == [True, True]


@pytest.mark.control("C-13")
async def test_each_unit_is_started_by_its_own_key_and_by_no_other() -> None:
    terminal = Terminal(shown("left", State.READY), shown("right", State.READY))
    assert await terminal.press("\n\r3") == [[], []]
    assert await terminal.press("2") == [[], [Arm("right")]]
    assert await terminal.press("1") == [[Arm("left")], [Arm("right")]]


async def test_a_level_key_moves_the_unit_that_was_chosen_and_no_other() -> None:
    terminal = Terminal(shown("left", State.RUNNING), shown("right", State.RUNNING))
    left, right = await terminal.press("+2+-1-")
    assert [getattr(one, "by", None) for one in left] == [1, -1]
    assert [getattr(one, "by", None) for one in right] == [1, -1]
    assert {getattr(one, "unit", None) for one in left} == {"left"}


@pytest.mark.control("C-44")
async def test_space_pauses_both_and_leads_up_again_only_when_both_are_paused() -> None:
    terminal = Terminal(shown("left", State.RUNNING), shown("right", State.PAUSED))
    assert await terminal.press(" ") == [[Pause("left")], []]
    terminal = Terminal(shown("left", State.PAUSED), shown("right", State.PAUSED))
    assert await terminal.press(" ") == [[Resume("left")], [Resume("right")]]
