"""Two units started from the screen as one session: chosen, placed, ordered at zero, begun each by its number."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from estim.client.consent import APART_S, READ_S
from estim.config.options import HostOptions
from estim.core.messages.commands import Arm, Ask, Done, Found, Refusal, Reply, Scan, Sighting, Start
from estim.core.messages.lowering import Stop
from estim.core.values import replace
from estim.core.vocabulary import Reason, State
from estim.tui.app import SessionApp
from estim.tui.choice import Candidate, Choice, wrong_of
from estim.tui.choose import Choose
from estim.tui.pane import Pane
from estim.tui.pick import Pick
from estim.tui.place import Place
from estim.tui.session import Session
from estim.tui.summary import Summary
from estim.tui.widgets import Line
from estim.tui.wording import Offer, goals_of
from protocols.vocabulary import Channel
from tests.tui.scripted import ENDED, IDLE, LANES, RUNNING, Pulse, ScriptedClient, Successors, let_go, settle, text_of
from tests.tui.test_in_sight import in_sight
from tests.tui.test_today import assert_seen

SITES = ("ankle-left", "ankle-right")
OFFERS = (Offer("tens-ankle", "TENS for a sore ankle", 20, "strong but pleasant", sites=SITES),)
LEFT = Sighting(address="C0:00:00:00:00:01", name="47L121000", family="coyote3", sure=True, known_as="left")
RIGHT = Sighting(address="C0:00:00:00:00:02", name="47L121000", family="coyote3", sure=True, known_as="right")
THIRD = Sighting(address="C0:00:00:00:00:03", name="47L121000", family="coyote3", sure=True)
OFF = tuple(replace(lane, lo=0, hi=0, request=0) for lane in LANES)


class Two(ScriptedClient):
    """A host with units on the air: a start connects and waits for its key; a stop ends whom it names."""

    def __init__(self, *found: Sighting, refuse: str = "", late: bool = False) -> None:
        super().__init__()
        self.found = found or (LEFT, RIGHT)
        self.refused = refuse
        self.late = late

    async def ask(self, command: Ask) -> Reply:
        match command:
            case Scan():
                self.asked.append(command)
                return Found(units=self.found)
            case Start() if command.unit == self.refused:
                self.asked.append(command)
                return Refusal(code=77, text="the calf was rested for 40 minutes only")
            case Start():
                assert command.unit is not None
                self.asked.append(command)
                self.become(command.unit, State.CONNECTING if self.late else State.READY)
                return Done(unit=command.unit)
            case Arm():
                self.asked.append(command)
                assert command.unit is not None
                self.become(command.unit, State.RUNNING)
                return Done()
            case _:
                return await super().ask(command)

    def become(self, unit: str, state: State, reason: Reason | None = None) -> None:
        """Let a unit come into a state."""
        shown = replace(RUNNING, unit=unit, state=state, reason=reason, out="off", lanes=OFF, address=unit)
        self.show(shown)

    def end(self, unit: str, reason: Reason) -> None:
        """Let a unit's session end."""
        self.become(unit, State.ENDED, reason)
        self.tell(replace(ENDED, unit=unit, reason=reason))

    def _stop(self, command: Stop) -> None:
        for unit in tuple(self.units.values()):
            if command.unit in (None, unit.unit) and unit.state not in (State.IDLE, State.ENDED):
                self.end(unit.unit, Reason(command.reason))

    @property
    def starts(self) -> list[Start]:
        """What was ordered, without when."""
        return [replace(one, typed_s=None) for one in self.asked if isinstance(one, Start)]

    @property
    def armed(self) -> list[str | None]:
        """The units whose pads-on act came."""
        return [one.unit for one in self.asked if isinstance(one, Arm)]


@asynccontextmanager
async def shown(
    client: ScriptedClient,
    size: tuple[int, int] = (80, 24),
    options: HostOptions | None = None,
    offers: tuple[Offer, ...] = OFFERS,
) -> AsyncIterator[tuple[Pilot[int], Pulse]]:
    """Show a host, before a start."""
    pulse = Pulse()
    app = SessionApp(client, offers, Successors(), pulse, options=options)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        yield pilot, pulse


async def press(pilot: Pilot[int], *keys: str) -> None:
    """Press keys, each after what the one before has led to."""
    for key in keys:
        await asyncio.sleep(READ_S)
        await pilot.press(key)
        for _ in range(3):
            await settle(pilot)


async def both_ready(pilot: Pilot[int], pulse: Pulse) -> None:
    """Choose two units and the sites of their pads, and order a program on both."""
    await press(pilot, "u", "b", "1", "1", "enter", "enter")
    await let_go()
    await pulse.advance(3)
    await settle(pilot)


@pytest.mark.control("C-62")
async def test_two_units_are_chosen_placed_ordered_without_output_and_begun_each_by_its_number() -> None:
    client = Two(LEFT, RIGHT, THIRD)
    async with shown(client) as (pilot, _pulse):
        await press(pilot, "u", "b")
        assert "Where are the pads of left?" in text_of(pilot, "#question")
        await press(pilot, "1")
        assert "Where are the pads of right?" in text_of(pilot, "#question")
        assert "1  ankle-right" in text_of(pilot, "#question"), "the other side is the first guess"
        await press(pilot, "2")
        assert "two units are on two sites" in text_of(pilot, "#question")
        await press(pilot, "1")
        chosen = in_sight(pilot, "#unit")
        assert " ".join(chosen.split()).startswith("units: left on ankle-left · right on ankle-right")
        pilot.app.screen.query_one("#goal", Input).value = "12 / 8"
        await pilot.press("enter", "enter", "enter", "enter")
        for _ in range(4):
            await settle(pilot)
        assert client.starts == [
            Start(
                program="tens-ankle", minutes=20, unit=unit, site=site, level={Channel.A: level}, wait_after_loss=True
            )
            for unit, site, level in (("left", "ankle-left", 12), ("right", "ankle-right", 8))
        ]
        assert isinstance(pilot.app.screen, Session)
        assert [pane.number for pane in pilot.app.screen.query(Pane)] == [1, 2]
        assert ["press 1" in str(pane.query_one("#state").render()) for pane in pilot.app.screen.query(Pane)] == [
            True,
            False,
        ]
        await press(pilot, "enter", "enter")
        assert client.armed == [], "an Enter that bounces begins nothing"
        assert "press its number" in text_of(pilot, "#note")
        assert isinstance(pilot.app, SessionApp)
        pilot.app._desk.start(Start(program="tens-ankle", unit="third", pads_on=True))
        await settle(pilot)
        assert len(client.starts) == 2, "a third one isn't started beside them from a place"
        await let_go()
        await press(pilot, "2")
        assert client.armed == ["right"]
        await press(pilot, "2", "plus")
        assert client.armed == ["right"], "it plays already"
        assert getattr(client.asked[-1], "unit", "") == "right", "and its number says whose level + moves"
        await press(pilot, "1")
        assert client.armed == ["right", "left"]
        await press(pilot, "f12")
        assert client.stops[0] == Stop(reason="panic"), "one stop for both"
        assert {stop.reason for stop in client.stops} == {"panic"}, "and none that would say another reason"
        assert isinstance(pilot.app.screen, Summary)


@pytest.mark.control("C-07")
@pytest.mark.control("C-62")
async def test_what_ends_one_before_its_time_stops_the_other_and_what_completes_lets_it_go_on() -> None:
    for reason, stops in ((Reason.FAULT, [Stop(unit="right", reason="interrupted")]), (Reason.COMPLETED, [])):
        client = Two()
        client.units["right"] = replace(IDLE, unit="right")  # met before the left one: its number is 2 all the same
        async with shown(client) as (pilot, pulse):
            await both_ready(pilot, pulse)
            assert [pane.unit for pane in pilot.app.screen.query(Pane)] == ["left", "right"]
            await press(pilot, "1", "2")
            assert client.armed == ["left", "right"]
            client.end("left", reason)
            for _ in range(3):
                await settle(pilot)
            assert client.stops == stops
            if stops:
                assert isinstance(pilot.app.screen, Summary)
                assert "left has ended before its time (ended by a fault)" in text_of(pilot, "#note")
            else:
                assert isinstance(pilot.app.screen, Session)


async def test_a_fault_stops_the_other_before_it_has_ended_and_while_nothing_is_drawn() -> None:
    client = Two()
    async with shown(client) as (pilot, pulse):
        await both_ready(pilot, pulse)
        await press(pilot, "1", "2")
        app = pilot.app
        assert isinstance(app, SessionApp)
        await app.push_screen(Pick("?", {"1": "1"}))
        app.pair.heard(replace(client.units["left"], state=State.FAULT, reason=Reason.FAULT))
        await settle(pilot)
        assert client.stops == [Stop(unit="right", reason="interrupted")]


@pytest.mark.control("C-62")
@pytest.mark.parametrize(("refuse", "starts"), [("left", ["left"]), ("right", ["left", "right"])])
async def test_if_one_is_refused_nothing_of_the_other_stays(refuse: str, starts: list[str]) -> None:
    client = Two(refuse=refuse)
    async with shown(client) as (pilot, pulse):
        await both_ready(pilot, pulse)
        assert [one.unit for one in client.starts] == starts
        assert client.stops == [Stop(unit="left", reason="interrupted")] * (refuse == "right")
        assert not any(unit.live for unit in client.units.values())
        note = " ".join(text_of(pilot, "#note").split())
        assert note.startswith(f"{refuse} can't be started, so")
        assert "rested for 40 minutes only" in note
        await press(pilot, "1", "2")
        assert client.armed == []


async def test_a_unit_that_is_not_found_keeps_the_other_from_beginning() -> None:
    client = Two(late=True)
    async with shown(client) as (pilot, pulse):
        await both_ready(pilot, pulse)
        client.become("left", State.READY)
        await settle(pilot)
        await let_go()
        await press(pilot, "1", "enter")
        assert client.armed == [], "each begins when both are ready"
        states = [str(line.render()) for line in pilot.app.screen.query("#state").results(Line)]
        assert any(line.startswith("ready: waits for the other unit") for line in states)
        assert not any("press 1" in line for line in states)
        client.end("right", Reason.NO_DEVICE)
        for _ in range(3):
            await settle(pilot)
        assert client.stops == [Stop(unit="left", reason="interrupted")]
        assert isinstance(pilot.app.screen, Summary)
        for size in ((80, 24), (40, 12)):
            await pilot.resize_terminal(*size)
            await settle(pilot)
            told = " ".join(in_sight(pilot, "#sum-others").split())
            assert "yes, the unit says zero" in in_sight(pilot, "#sum-stop"), size
            assert told.endswith("yes, the unit says zero"), size
            assert {"left", "right"} == {one for one in ("left", "right") if one in told + in_sight(pilot, "#program")}
            assert "right has ended before its time (no unit), so left" in " ".join(in_sight(pilot, "#note").split())
            in_sight(pilot, "#stop")


async def test_a_stop_between_the_two_orders_keeps_the_second_from_being_sent() -> None:
    client = Two()

    class Slow(Two):
        async def ask(self, command: Ask) -> Reply:
            if isinstance(command, Start):
                reply = await super().ask(command)
                app.action_panic()
                return reply
            return await super().ask(command)

        def _stop(self, command: Stop) -> None:
            """Take a while: no end of the first one says yet that it was stopped."""

    client = Slow()
    async with shown(client) as (pilot, pulse):
        assert isinstance(pilot.app, SessionApp)
        app = pilot.app
        await both_ready(pilot, pulse)
        assert [one.unit for one in client.starts] == ["left"]
        assert set(client.stops) == {Stop(reason="panic")}, "said again when the start was answered"


async def test_why_one_of_two_was_stopped_is_not_said_again_of_a_later_stop() -> None:
    client = Two()
    async with shown(client) as (pilot, pulse):
        assert isinstance(pilot.app, SessionApp)
        await both_ready(pilot, pulse)
        client.end("right", Reason.FAULT)
        await settle(pilot)
        assert "right has ended before its time" in pilot.app.model.view.note
        pilot.app.model.say("another session")
        pilot.app.follower.send(Stop(unit="left", soft=True))
        await settle(pilot)
        assert pilot.app.model.view.note == "another session", "that was the stop before this one"


@pytest.mark.control("C-75")
async def test_a_number_that_led_back_from_a_place_begins_nothing_however_long_it_is_held() -> None:
    client = Two()
    async with shown(client) as (pilot, pulse):
        await both_ready(pilot, pulse)
        await press(pilot, "5")
        assert isinstance(pilot.app.screen, Place)
        await press(pilot, *("2" for _ in range(5)))
        assert isinstance(pilot.app.screen, Session)
        await asyncio.sleep(APART_S / 2)
        await pilot.press("2")
        await settle(pilot)
        assert client.armed == []
        assert "wait a moment, then press 2 again" in " ".join(text_of(pilot, "#note").split())
        await let_go()
        await press(pilot, "2")
        assert client.armed == ["right"]


@pytest.mark.control("C-75")
async def test_in_forty_columns_the_one_that_is_not_drawn_is_told_and_is_not_begun_unseen() -> None:
    client = Two()
    async with shown(client, (40, 12)) as (pilot, pulse):
        await press(pilot, "u", "b", "1", "1")
        assert " ".join(in_sight(pilot, "#unit").split()).startswith("units: left on ankle-left · right on ankle-right")
        await press(pilot, "enter", "enter")
        await let_go()
        await pulse.advance(3)
        await settle(pilot)
        assert "right waits too: press 2" in " ".join(in_sight(pilot, "#others").split())
        await press(pilot, "2")
        assert client.armed == []
        assert "left waits too: press 1" in " ".join(in_sight(pilot, "#others").split())
        await let_go()
        await press(pilot, "2")
        assert client.armed == ["right"]


async def test_remembered_units_are_offered_without_a_scan_and_one_that_refuses_the_program_is_told(
    tmp_path: Path,
) -> None:
    (tmp_path / "config.toml").write_text('site = "right"\n', encoding="utf-8")
    units = [("left", LEFT.address, "coyote3"), ("stim", RIGHT.address, "em70")]
    rows = ",".join(
        f'{{"name":"{name}","address":"{address}","family":"{family}","added_utc":"2026-01-01T00:00:00Z"}}'
        for name, address, family in units
    )
    options = HostOptions(home=str(tmp_path))
    options.place.prepare()
    options.place.units_file.write_text(f'{{"units":[{rows}]}}', encoding="utf-8")
    client = Two()
    offers = (Offer("tens-burst", "TENS in bursts", 20, sites=("calf-left", "calf-right")),)
    async with shown(client, options=options, offers=offers) as (pilot, _pulse):
        await pilot.press("b")
        await assert_seen(pilot, lambda: "1  calf-right" in text_of(pilot, "#question"))  # the usual side is first
        assert not any(isinstance(command, Scan) for command in client.asked)
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, Choose)
        assert "left, site not said · stim, site not said" in " ".join(in_sight(pilot, "#unit").split())
        await press(pilot, "enter", "enter", "1", "1")
        await assert_seen(
            pilot, lambda: "stim can't play it: Beurer EM 70" in " ".join(text_of(pilot, "#note").split())
        )
        assert client.starts == [], "it is told before anything is ordered"
        await press(pilot, "b")
        await assert_seen(pilot, lambda: "unit: left" in text_of(pilot, "#unit"))


def test_what_makes_no_pair_gets_a_sentence() -> None:
    assert wrong_of([("left", "ankle-left"), ("right", "ankle-right")]) == ""
    assert "chosen twice" in wrong_of([("left", "ankle-left"), ("LEFT", "ankle-right")])
    assert "two sites" in wrong_of([("left", "ankle-left"), ("right", "Ankle-left")])
    assert "2 units at most" in wrong_of([("left", "ankle-left"), ("right", "ankle-right")], ["third"])


def test_the_second_unit_steps_through_the_others_and_then_none_and_is_never_the_first() -> None:
    choice = Choice()
    assert "no second unit is known" in choice.next_second()
    choice.take([Candidate(one.address, one.family, one.known_as or "") for one in (LEFT, RIGHT)])
    choice.remembered = (
        Candidate(LEFT.address.lower(), "coyote3", "left"),
        Candidate(THIRD.address, "coyote3", "third"),
    )
    seconds = []
    for _ in range(4):
        assert choice.next_second() == ""
        seconds.append(choice.second.name if choice.second else "")
    assert seconds == ["right", "third", "", "right"]
    choice.next_first()
    assert choice.two is None, "the second is passed over, and behind the last one there is none"


def test_one_goal_is_for_both_and_two_with_a_stroke_are_for_each() -> None:
    assert goals_of("12") == ({Channel.A: 12}, {Channel.A: 12})
    assert goals_of("A=12,B=3 / 8") == ({Channel.A: 12, Channel.B: 3}, {Channel.A: 8})
    assert goals_of("") == ({}, {})


@pytest.mark.parametrize("ready", [False, True], ids=["two-are-chosen", "two-are-ready"])
@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["small", "wide"])
def test_pictures_of_two_before_and_after_the_order(
    snap_compare: Callable[..., bool], size: tuple[int, int], ready: bool
) -> None:
    pulse = Pulse()

    async def before(pilot: Pilot[int]) -> None:
        await settle(pilot)
        await press(pilot, "u", "b", "1", "1", *(("enter", "enter") if ready else ()))

    app = SessionApp(Two(), OFFERS, Successors(), pulse)
    assert snap_compare(app, terminal_size=size, run_before=before)
