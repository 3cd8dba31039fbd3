"""What a person reads in a session: how old it is, what isn't known, what is wrong, and what has ended how."""

import asyncio

import pytest
from textual.widgets import Button, Input

from estim.client.follower import SILENT_TICKS, TRY_GAP_S
from estim.core.messages.commands import Acknowledge, Arm, Refusal, SetLevel, Start, Status, Watch
from estim.core.messages.events import Alarmed
from estim.core.messages.lowering import Stop
from estim.core.values import replace
from estim.core.vocabulary import Priority, Reason, State
from estim.tui.app import LEAVE_S
from estim.tui.choose import Choose
from estim.tui.keys import Keys
from estim.tui.session import Session
from estim.tui.summary import Summary
from protocols.vocabulary import Channel
from tests.tui.scripted import (
    ALARM,
    ENDED,
    IDLE,
    LANES,
    RUNNING,
    Pulse,
    ScriptedClient,
    Successors,
    app_in,
    let_go,
    screen_of,
    settle,
    text_of,
)
from tests.tui.test_every_place import seen


async def test_it_watches_and_asks_for_what_is_already_running() -> None:
    client = ScriptedClient(RUNNING)
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        assert client.asked == [Watch(), Status()]
        assert isinstance(pilot.app.screen, Session)
        assert text_of(pilot, "#program") == "TENS for a sore ankle (tens-ankle)"
        assert text_of(pilot, "#unit") == "coyote3 · Coyote 3"
        assert text_of(pilot, "#phase") == "phase 1 of 3: build-up"
        assert text_of(pilot, "#differs") == "width 152 µs instead of 200"
        assert text_of(pilot, "#left-of") == "left of 20:00"
        assert "battery 87 %" in text_of(pilot, "#link")


@pytest.mark.control("C-27")
async def test_old_figures_are_grey_and_say_so_in_words() -> None:
    client = ScriptedClient(RUNNING)
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        lane = pilot.app.screen.query_one("#lane-A")
        assert "STALE" not in text_of(pilot, ".lane-level")
        assert not lane.has_class("-stale")
        client.show(replace(RUNNING, stale=True, told_age_s=4.2))
        await settle(pilot)
        assert lane.has_class("-stale")
        assert "STALE" in text_of(pilot, ".lane-level")
        assert text_of(pilot, "#link").startswith("STALE: level reported 4 s ago")


@pytest.mark.control("C-27")
async def test_a_silent_controller_makes_the_picture_old() -> None:
    client = ScriptedClient(RUNNING)
    pulse = Pulse()
    async with screen_of(client, pulse=pulse).run_test() as pilot:
        client.show(RUNNING)
        await settle(pilot)
        assert "STALE" not in text_of(pilot, "#link")
        await pulse.advance(SILENT_TICKS)
        await settle(pilot)
        assert text_of(pilot, "#link").startswith("STALE: the controller says nothing")
        assert RUNNING.by_hand in text_of(pilot, "#note")
        client.show(RUNNING)
        await settle(pilot)
        assert "STALE" not in text_of(pilot, "#link")


async def test_an_unknown_level_is_a_span() -> None:
    lane = replace(LANES[0], lo=12, hi=14, held_by="waiting for the unit to say its level")
    client = ScriptedClient(replace(RUNNING, lanes=(lane, LANES[1])))
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        text = text_of(pilot, ".lane-level")
        assert "level 12–14" in text
        assert "█" in text
        assert "▒" in text
        assert text_of(pilot, ".lane-held").strip() == "held: waiting for the unit to say its level"
        assert text_of(pilot, ".lane-goal") == "goal 20 · asked 13 · unit says 12–14 · cap 70 of 200"
        client.show(replace(RUNNING, lanes=(replace(LANES[0], goal=12, request=12), LANES[1])))
        await settle(pilot)
        assert text_of(pilot, ".lane-goal") == "goal 12 · cap 70 of 200: 35 % of the scale"


@pytest.mark.control("C-40")
@pytest.mark.parametrize("simulated", [True, False])
async def test_simulated_is_said_on_every_screen(simulated: bool) -> None:
    client = ScriptedClient(replace(IDLE, simulated=simulated))
    async with screen_of(client).run_test() as pilot:
        for face in (Choose, Session, Summary):
            if face is Session:
                client.show(replace(RUNNING, simulated=simulated))
            if face is Summary:
                client.show(replace(RUNNING, simulated=simulated, state=State.ENDED, out="off"))
                client.tell(replace(ENDED, simulated=simulated))
            await settle(pilot)
            assert isinstance(pilot.app.screen, face)
            assert ("SIMULATED" in text_of(pilot, "#banner")) is simulated


async def test_an_alarm_has_a_mark_a_text_and_what_to_do_until_it_is_acknowledged() -> None:
    client = ScriptedClient(RUNNING)
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        await pilot.press("question_mark")
        assert isinstance(pilot.app.screen, Keys)
        client.show(replace(RUNNING, alarms=(ALARM,)))
        client.tell(Alarmed(unit="coyote3", priority=Priority.HIGH, text=ALARM.text, do=ALARM.do))
        await settle(pilot)
        assert isinstance(pilot.app.screen, Session), "an alarm of high priority is never covered"
        assert text_of(pilot, "#alarm-0") == f"!!! ALARM: {ALARM.text} → {ALARM.do}"
        client.show(replace(RUNNING, alarms=(ALARM,)))
        await settle(pilot)
        assert text_of(pilot, "#alarm-0"), "it stays"
        await pilot.press("k")
        await settle(pilot)
        assert client.asked[-1] == Acknowledge(7)
        assert not text_of(pilot, "#alarm-0")


async def test_more_alarms_than_rows_are_counted() -> None:
    alarms = tuple(replace(ALARM, number=number, priority=Priority.LOW) for number in range(6))
    client = ScriptedClient(replace(RUNNING, alarms=alarms))
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        assert text_of(pilot, "#alarms-more").startswith("and 2 more")


@pytest.mark.control("C-41")
async def test_a_lost_controller_is_an_alarm_and_another_one_is_started() -> None:
    client = ScriptedClient(RUNNING)
    pulse = Pulse()
    second = ScriptedClient(replace(IDLE, state=State.ENDED))
    again = Successors(OSError("the socket is in use"), second)
    async with screen_of(client, again, pulse).run_test() as pilot:
        client.show(RUNNING)
        await settle(pilot)
        client.die()
        await settle(pilot)
        text = text_of(pilot, "#gone")
        told = f"the controller has gone, and output may be on; at the unit: {RUNNING.by_hand}"
        assert text.startswith(f"!!! ALARM: {told}"), "one order, and none that speaks against it"
        assert "no new controller yet: the socket is in use" in text
        assert text_of(pilot, "#state") == "NOT KNOWN any more"
        await pilot.press("k")
        assert text_of(pilot, "#gone"), "nobody can acknowledge it while there is no controller"
        await pilot.press("f12")
        await settle(pilot)
        assert "THE STOP WAS NOT ANSWERED" in text_of(pilot, "#note")
        await pulse.advance(TRY_GAP_S)
        await settle(pilot)
        assert again.calls == 2
        assert second.asked == [Stop(reason="panic"), Watch(), Status()], "the owed stop is the first word"
        assert "a new one is running, and knows of nothing that is on" in text_of(pilot, "#gone")
        assert "NOT KNOWN" not in seen(pilot)
        await pilot.press("k")
        await settle(pilot)
        assert not text_of(pilot, "#gone")


@pytest.mark.control("C-41")
async def test_what_a_lost_controller_left_on_is_told_as_its_session_once_the_next_one_has_stopped_it() -> None:
    unsure = replace(RUNNING, lanes=(LANES[0], replace(LANES[1], lo=0, hi=200)))
    client = ScriptedClient(RUNNING)
    left_on = replace(RUNNING, state=State.STOPPING, program="", program_title="", elapsed_s=0.0, heard_age_s=None)
    second = ScriptedClient(replace(left_on, out="maybe"))
    async with screen_of(client, Successors(second), Pulse()).run_test() as pilot:
        client.show(unsure)
        await settle(pilot)
        client.die()
        await settle(pilot)
        assert "a new one is running and stops what was left on" in text_of(pilot, "#gone")
        assert "NOT KNOWN" not in seen(pilot)
        second.show(replace(left_on, state=State.ENDED, out="off", stop_confirmed=True))
        second.tell(replace(ENDED, program="", started_at=None, duration_s=0.0, level_max={Channel.A: 0, Channel.B: 0}))
        await settle(pilot)
        await asyncio.sleep(1)
        assert "and knows of nothing that is on" in text_of(pilot, "#gone")
        told = seen(pilot)
        assert all(word in told for word in ("tens-ankle", "1:13 min", "A 12")), "what was played is not forgotten"
        assert "may be on" not in told
        assert "200" not in told, "what may have been is no level"


@pytest.mark.control("C-09")
@pytest.mark.parametrize("key", ["s", "f12", "q"])
async def test_of_a_unit_without_a_link_no_stop_is_told_as_sent(key: str) -> None:
    client = ScriptedClient(RUNNING, zeroes=False)
    async with screen_of(client).run_test() as pilot:
        client.show(replace(RUNNING, state=State.STOPPING, lost_at="2026-03-01T08:01:00+00:00", out="maybe"))
        await settle(pilot)
        await pilot.press(key)
        await settle(pilot)
        assert f"no link to coyote3: it can't be stopped from here now; {RUNNING.by_hand}" in text_of(pilot, "#note")
        assert "stop sent" not in text_of(pilot, "#note")
        assert "It is stopped as soon as it is found" in text_of(pilot, "#note")
        assert client.stops, "it is asked for all the same"


@pytest.mark.control("C-09")
async def test_of_two_units_the_stop_of_one_is_told_as_sent_and_the_other_ones_by_hand_is_its_own() -> None:
    box = replace(RUNNING, unit="box", address="C0:FF:EE:00:00:04", by_hand="pull its plug", out="maybe")
    client = ScriptedClient(RUNNING, box, zeroes=False)
    async with screen_of(client).run_test() as pilot:
        client.show(RUNNING)
        client.show(replace(box, state=State.STOPPING, lost_at="2026-03-01T08:01:00+00:00"))
        await settle(pilot)
        await pilot.press("s")
        await settle(pilot)
        told = text_of(pilot, "#note")
        assert "stop sent, waiting" in told
        assert "no link to box: it can't be stopped from here now; pull its plug" in told


async def test_leaving_without_a_controller_needs_a_second_q_and_is_not_confirmed() -> None:
    client = ScriptedClient(RUNNING)
    pulse = Pulse()
    async with screen_of(client, Successors(), pulse).run_test() as pilot:
        client.show(RUNNING)
        await settle(pilot)
        client.die()
        await settle(pilot)
        await pilot.press("q")
        assert pilot.app.return_code is None
        await pulse.advance(20)
        await settle(pilot)
        await pilot.press("q")
    assert pilot.app.return_code == 80


async def test_enter_on_the_program_and_on_the_button_starts_with_the_pads_on() -> None:
    client = ScriptedClient()
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        await pilot.press("down", "enter")
        assert isinstance(pilot.app.focused, Button)
        assert pilot.app.screen.query_one("#minutes", Input).value == "25"
        pilot.app.screen.query_one("#goal", Input).value = "A=12,B=8"
        await let_go()
        await pilot.press("enter")
        await settle(pilot)
        started = [command for command in client.asked if isinstance(command, Start)]
        goal = {Channel.A: 12, Channel.B: 8}
        assert started == [
            Start(program="tens-burst", minutes=25.0, level=goal, pads_on=True, wait_after_loss=True),
        ]
        assert isinstance(pilot.app.screen, Session)


async def test_enter_in_a_field_never_starts() -> None:
    client = ScriptedClient()
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        pilot.app.screen.query_one("#minutes", Input).focus()
        await pilot.press("enter")
        assert pilot.app.focused is pilot.app.screen.query_one("#goal")
        await pilot.press("enter")
        assert isinstance(pilot.app.focused, Button)
        assert not any(isinstance(command, Start) for command in client.asked)


@pytest.mark.parametrize(
    ("field", "text", "word"), [("minutes", "31", "it takes 0.1 to 30"), ("goal", "A12", "isn't a level")]
)
async def test_a_wrong_field_is_told_and_starts_nothing(field: str, text: str, word: str) -> None:
    client = ScriptedClient()
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        pilot.app.screen.query_one(f"#{field}", Input).value = text
        pilot.app.screen.query_one("#start", Button).press()
        await settle(pilot)
        assert word in text_of(pilot, "#wrong")
        assert not any(isinstance(command, Start) for command in client.asked)


async def test_a_refused_start_stays_at_the_list_with_the_reason() -> None:
    client = ScriptedClient()
    client.refuse = Refusal(code=77, text="goal 99 is above the cap 70", nearest=("tens-al",))
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        await pilot.press("enter")
        await let_go()
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(pilot.app.screen, Choose)
        assert text_of(pilot, "#note") == "refused: goal 99 is above the cap 70 (do you mean tens-al?)"
        assert not pilot.app.screen.query_one("#start", Button).disabled


async def test_a_session_that_waits_for_the_pads_takes_enter() -> None:
    client = ScriptedClient(replace(RUNNING, state=State.READY, out="off"))
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        assert "press Enter when the pads are on" in text_of(pilot, "#state")
        await let_go()
        await pilot.press("enter")
        assert client.asked[-1] == Arm("coyote3")


@pytest.mark.control("C-09")
async def test_the_summary_says_whether_the_stop_is_proved() -> None:
    client = ScriptedClient(replace(RUNNING, state=State.ENDED, out="off"), zeroes=False)
    pulse = Pulse()
    async with screen_of(client, pulse=pulse).run_test() as pilot:
        client.tell(replace(ENDED, reason=Reason.LINK_LOST, duration_s=61.0, stop_confirmed=False))
        await settle(pilot)
        assert isinstance(pilot.app.screen, Summary)
        assert text_of(pilot, "#sum-reason").endswith("the link was lost")
        assert text_of(pilot, "#sum-minutes").endswith("1:01 min")
        assert text_of(pilot, "#sum-highest").endswith("A 20, B 0")
        assert "NO: look at the unit" in text_of(pilot, "#sum-stop")
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(pilot.app.screen, Choose)
        await pilot.press("q")
        assert client.stops == [Stop()], "what isn't proved is tried again before leaving"
        await pulse.advance(LEAVE_S)
        await settle(pilot)
        await pilot.press("q")
    assert pilot.app.return_code == 80


async def test_a_second_unit_is_named_and_u_shows_it() -> None:
    other = replace(RUNNING, unit="em70", title="EM 70", lanes=(LANES[0],))
    client = ScriptedClient(RUNNING, other)
    async with screen_of(client).run_test(size=(79, 24)) as pilot:
        await settle(pilot)
        assert text_of(pilot, "#unit") == "coyote3 · Coyote 3 · also: em70 (u)"
        await pilot.press("u")
        await settle(pilot)
        assert text_of(pilot, "#unit").startswith("em70 · EM 70")
        assert len(pilot.app.screen.query(".lane")) == 1
        await pilot.press("plus")
        assert client.asked[-1] == SetLevel(channel=Channel.A, by=1, unit="em70")


async def test_below_sixty_columns_there_is_one_column_and_everything_is_in_sight() -> None:
    client = ScriptedClient(RUNNING)
    async with screen_of(client).run_test(size=(58, 24)) as pilot:
        await settle(pilot)
        clock = pilot.app.screen.query_one("#clock")
        doing = pilot.app.screen.query_one("#doing")
        assert doing.region.y >= clock.region.bottom
        for part in ("#clock", "#state", "#lane-A", "#lane-B", "#stop"):
            assert pilot.app.screen.region.contains_region(pilot.app.screen.query_one(part).region), part


async def test_without_colour_every_word_is_still_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    client = ScriptedClient(replace(RUNNING, stale=True, simulated=True, alarms=(ALARM,)))
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        assert pilot.app.no_color
        assert "SIMULATED" in text_of(pilot, "#banner")
        assert "STALE" in text_of(pilot, "#link")
        assert "ALARM" in text_of(pilot, "#alarm-0")


@pytest.mark.control("C-27", "C-41")
@pytest.mark.parametrize("still", [True, False])
async def test_a_silent_controller_that_does_not_answer_either_rings_and_says_what_to_do(still: bool) -> None:
    client = ScriptedClient(RUNNING)
    client.still = still
    pulse = Pulse()
    async with screen_of(client, pulse=pulse).run_test() as pilot:
        client.show(RUNNING)
        await settle(pilot)
        await pilot.press("question_mark")
        await pulse.advance(SILENT_TICKS)
        await settle(pilot)
        assert isinstance(pilot.app.screen, Session if still else Keys), "an alarm takes the list of keys away"
        says = "the controller does not answer, and output may be on" if still else "the controller says nothing"
        assert app_in(pilot).model.view.note.startswith(says)
        assert RUNNING.by_hand in app_in(pilot).model.view.note


async def test_a_controller_that_speaks_again_while_it_is_asked_is_no_alarm() -> None:
    client = ScriptedClient(RUNNING)
    async with screen_of(client).run_test() as pilot:
        client.show(RUNNING)
        await settle(pilot)
        app_in(pilot).model.stands_still()
        await settle(pilot)
        assert text_of(pilot, "#note") == ""


@pytest.mark.parametrize("size", [(80, 30), (120, 40)])
async def test_nothing_moves_while_a_level_does(size: tuple[int, int]) -> None:
    client = ScriptedClient(RUNNING)
    async with screen_of(client).run_test(size=size) as pilot:
        places = []
        for lo, hi, request, held in (
            (12, 12, 12, ""),
            (12, 12, 13, ""),
            (9, 110, 120, "one step each 0.5 s"),
            (13, 13, 13, ""),
        ):
            client.show(
                replace(RUNNING, lanes=(replace(LANES[0], lo=lo, hi=hi, request=request, held_by=held), LANES[1]))
            )
            await settle(pilot)
            if request == 13:
                await pilot.press("plus")  # a note comes
            await settle(pilot)
            places.append(
                [
                    (part.id, part.region)
                    for part in pilot.app.screen.query("#time, LaneView, #stop, .lane-trace, #says")
                ]
            )
        assert all(place == places[0] for place in places)
        assert len(places[0]) >= 6
