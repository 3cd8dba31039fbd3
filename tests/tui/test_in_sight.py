"""What must be in sight on every terminal: each channel that may carry current, what a lost unit may do, and STOP."""

from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input

from estim.client.follower import SILENT_TICKS
from estim.client.stop_keys import STOP_LETTERS
from estim.core.messages.commands import SetLevel, Start
from estim.core.messages.shown import ChannelView, PhaseView, PulseView
from estim.core.values import replace
from estim.core.values import replace as replaced
from estim.core.vocabulary import State
from estim.tui import wording
from estim.tui.choose import Choose
from estim.tui.keys import Keys
from estim.tui.model import View
from estim.tui.room import Room, cut, rows_of
from estim.tui.rows import session_rows
from estim.tui.session import Session
from estim.tui.summary import Summary, summary_rows
from estim.tui.widgets import LaneView, Line
from protocols.vocabulary import Channel
from tests.tui.scripted import ALARM, ENDED, RUNNING, Pulse, ScriptedClient, app_in, screen_of, settle, text_of

PHASES = tuple(PhaseView(title=title, length_s=400.0) for title in ("build-up", "main", "cool-down"))
PULSE = PulseView(rate_hz=80.0, width_us=152.0, gate=1.0, into_s=72.5, burst_s=(0.25, 0.25))

SIZES = [(40, 12), (44, 14), (59, 20), (60, 13), (80, 24), (132, 12), (200, 60)]


def lanes(count: int, lo: int = 5) -> tuple[ChannelView, ...]:
    return tuple(
        ChannelView(channel=channel, lo=lo + number, hi=lo + number, goal=7, request=7, cap=350, cap_why="35 %",
             scale=1000,              held_by="one step each 0.5 s")
        for number, channel in enumerate(tuple(Channel)[:count])
    )  # fmt: skip


FOUR = replace(RUNNING, unit="zc95", lanes=lanes(4), simulated=True)
LOST = replace(
    FOUR,
    state=State.STOPPING,
    stale=True,
    lost_at="2026-03-01T14:03:12+01:00",
    on_until="2026-03-01T14:04:20+01:00",
    on_left_s=57.4,
    alarms=(replace(ALARM, text="link lost: output may be on until 2026-03-01T14:04:20+01:00"),),
)

# as a clock on the reader's wall shows them
LOST_AT = datetime.fromisoformat("2026-03-01T14:03:12+01:00").astimezone().strftime("%H:%M:%S")
ON_UNTIL = datetime.fromisoformat("2026-03-01T14:04:20+01:00").astimezone().strftime("%H:%M:%S")


def in_sight(pilot: Pilot[int], selector: str) -> str:
    """Return the text of a part, which must be drawn as a whole within the screen."""
    part = pilot.app.screen.query(selector).first()
    assert part.display, selector
    assert part.region.height >= 1, selector
    assert pilot.app.screen.region.contains_region(part.region), (selector, part.region)
    return text_of(pilot, selector)


@pytest.mark.control("C-56")
@pytest.mark.parametrize("what", ["plain", "lost", "alarms", "note"])
async def test_every_channel_is_in_sight_at_every_size(what: str) -> None:
    shown = LOST if what == "lost" else FOUR
    if what == "alarms":
        shown = replace(FOUR, alarms=tuple(replace(ALARM, number=number, text="x" * 90) for number in range(7)))
    async with screen_of(ScriptedClient(shown)).run_test(size=SIZES[0]) as pilot:
        await settle(pilot)
        if what == "note":
            app_in(pilot).model.say("a note that is long enough for several rows " * 5)
        for size in SIZES:
            await pilot.resize_terminal(*size)
            await settle(pilot)
            assert pilot.app.screen.size == size
            regions = []
            for lane in shown.lanes:
                text = in_sight(pilot, f"#lane-{lane.channel} .lane-level")
                assert f"{lane.channel}" in text
                assert f"{lane.lo}" in text.split("cap")[0]
                regions.append(pilot.app.screen.query_one(f"#lane-{lane.channel}").region)
            assert all(one.bottom <= other.y for one, other in pairwise(regions))
            in_sight(pilot, "#stop")
            in_sight(pilot, "#state")
            in_sight(pilot, "#banner")
            if what == "alarms":
                assert "ALARM" in in_sight(pilot, "#alarm-0")


@pytest.mark.control("C-56", "C-11")
async def test_a_lost_link_is_told_at_every_size_with_what_may_be_on_until_when_and_what_to_do() -> None:
    client = ScriptedClient(LOST)
    async with screen_of(client).run_test(size=SIZES[0]) as pilot:
        for size in SIZES:
            client.show(LOST)
            await pilot.resize_terminal(*size)
            await settle(pilot)
            text = in_sight(pilot, "#lost")
            for word in (
                f"LINK LOST since {LOST_AT}",
                "A 5, B 6, C 7, D 8",
                f"until {ON_UNTIL} (0:58 left)",
                "searched for",
            ):
                assert word in text, word
            assert LOST.by_hand in text
            line = pilot.app.screen.query_one("#lost")
            assert line.region.height == rows_of(text, size[0] - 2), "in full"
            assert "LINK LOST" in in_sight(pilot, "#state")
            assert "running" not in text_of(pilot, "#state")
            client.show(replace(LOST, lost_at=None, on_until=None, on_left_s=None))
            await settle(pilot)
            assert not text_of(pilot, "#lost")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"on_until": None, "on_left_s": None}, "may be on and does not end by itself"),
        ({"on_until": None, "on_left_s": 0.0, "zero": "no"}, "should have fallen silent, but that isn't proved"),
        ({"on_until": None, "on_left_s": 0.0, "zero": "confirmed"}, "the unit was off"),
        ({"lost_at": None, "program": "", "heard_age_s": None}, "LEFT ON by an earlier session, perhaps"),
    ],
)
def test_what_a_lost_unit_may_do_is_said_as_it_is_known(change: dict[str, Any], word: str) -> None:
    assert word in wording.lost(replace(LOST, **change))


@pytest.mark.control("C-56")
async def test_each_channel_has_its_key_and_a_raise_goes_to_the_lit_one_only() -> None:
    client = ScriptedClient(FOUR)
    async with screen_of(client).run_test(size=(40, 12)) as pilot:
        await settle(pilot)
        for key in ("a", "b", "c", "d", "A", "B", "C", "D"):
            client.asked.clear()
            await pilot.press(key, "plus")
            lit = [view.channel.value for view in pilot.app.screen.query(LaneView) if view.has_class("-chosen")]
            assert lit == [key.upper()]
            assert text_of(pilot, f"#lane-{key.upper()} .lane-level").startswith("▶")
            assert client.asked == [SetLevel(channel=Channel(key.upper()), by=1, unit="zc95")]


@pytest.mark.control("C-56")
async def test_a_key_for_a_channel_that_is_not_there_is_told_and_raises_nothing_unseen() -> None:
    client = ScriptedClient(RUNNING)
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        await pilot.press("b", "c", "plus")
        await settle(pilot)
        assert client.asked[-1] == SetLevel(channel=Channel.B, by=1, unit="coyote3")
        assert "this unit has no channel C" in text_of(pilot, "#note")
        assert pilot.app.screen.query_one("#lane-B").has_class("-chosen")


@pytest.mark.control("C-56")
async def test_a_raise_never_goes_to_a_unit_that_came_to_the_fore_and_is_not_drawn_yet() -> None:
    other = replace(RUNNING, unit="em70", title="EM 70", lanes=(RUNNING.lanes[0],))
    client = ScriptedClient(RUNNING, other)
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, Session)
        client.units["coyote3"] = replace(RUNNING, state=State.ENDED, out="off")
        app_in(pilot).model.heard(client.units["coyote3"])
        app_in(pilot).action_move(1)
        await settle(pilot)
        raises = [command for command in client.asked if isinstance(command, SetLevel)]
        assert [command.unit for command in raises] == ["coyote3"], "what was on the screen when the key was pressed"
        assert screen.lit == ("em70", Channel.A)


@pytest.mark.control("C-56")
async def test_a_unit_without_a_session_never_hides_one_with_and_another_one_that_is_on_is_told() -> None:
    other = replace(FOUR, unit="zc95", simulated=False)
    client = ScriptedClient(RUNNING, other)
    async with screen_of(client).run_test(size=(40, 12)) as pilot:
        await settle(pilot)
        assert in_sight(pilot, "#others") == "also on: zc95: A 5, B 6, C 7, D 8 (u)"
        await pilot.press("u")
        await settle(pilot)
        assert "coyote3: A 12" in in_sight(pilot, "#others")
        client.show(replace(other, state=State.ENDED, out="off"))
        await settle(pilot)
        assert isinstance(pilot.app.screen, Session)
        assert len(pilot.app.screen.query(LaneView)) == 2
        assert not pilot.app.screen.query_one("#others").display, "its last word is that it is off"


@pytest.mark.control("C-56")
async def test_the_list_of_keys_and_an_unproved_end_go_on_telling_what_may_be_on() -> None:
    client = ScriptedClient(FOUR)
    async with screen_of(client).run_test(size=(40, 12)) as pilot:
        await settle(pilot)
        await pilot.press("question_mark")
        await settle(pilot)
        assert isinstance(pilot.app.screen, Keys)
        assert in_sight(pilot, "#strip") == "A 5, B 6, C 7, D 8 · 18:48 left"
        in_sight(pilot, "#stop")
        client.tell(replace(ENDED, unit="zc95", stop_confirmed=False))
        client.show(replace(FOUR, state=State.ENDED, out="maybe"))
        await settle(pilot)
        assert isinstance(pilot.app.screen, Summary)
        assert "A 5, B 6, C 7, D 8" in in_sight(pilot, "#sum-on")


@given(
    width=st.integers(20, 200),
    height=st.integers(12, 70),
    count=st.integers(1, 4),
    alarms=st.integers(0, 9),
    note=st.text("abc ", max_size=300),
    lost=st.booleans(),
    alone=st.booleans(),
    phases=st.integers(0, 3),
)
def test_no_more_rows_are_given_away_than_there_are(
    width: int, height: int, count: int, alarms: int, note: str, lost: bool, alone: bool, phases: int
) -> None:
    snapshot = replace(
        LOST if lost else FOUR, lanes=lanes(count), alarms=(ALARM,) * alarms, phases=PHASES[:phases], pulse=PULSE
    )
    view = View(snapshot=snapshot, simulated=True, note=note)
    views = (view,) if alone else (replaced(view, lit=True), replaced(view, lit=False))
    rows = session_rows(view if alone else replaced(view, panes=views), width, height)
    own = rows.width
    assert own == width if alone or width < 80 else own == width // 2
    clock = 4 if rows.clock else 0
    time = rows.state + rows.phase + rows.differs
    time = max(time, clock) if own >= 60 else time + clock
    below = own - 7 - (13 if rows.lanes.big else 0)
    goals = [
        rows_of(wording.goal_in(lane, snapshot, None, below), below) if rows.lanes.goal is None else rows.lanes.goal
        for lane in snapshot.lanes
    ]
    helds = [
        rows_of(wording.held(lane), below) if rows.lanes.held is None else rows.lanes.held for lane in snapshot.lanes
    ]
    lane_rows = [1 + goal + held + rows.lanes.trace for goal, held in zip(goals, helds, strict=True)]
    used = rows.stop + rows.banner + rows.others + rows.alarms + rows.note + rows.footer + rows.link + rows.program
    used += rows.unit + time + sum(max(3, one) if rows.lanes.big else one for one in lane_rows) + (count + 2) * rows.gap
    used += rows.way + rows.names + rows.pulse + rows.picture + rows.says
    assert used <= height
    assert min(rows.stop, rows.state, rows.banner) == 1 or rows.stop == 3


@given(st.integers(0, 9), st.integers(0, 9), st.booleans())
def test_room_gives_what_it_has_and_never_more(left: int, rows: int, whole: bool) -> None:
    room = Room(left)
    given_ = room.take(rows, whole=whole)
    assert room.left == left - given_ >= 0
    assert given_ == (rows if rows <= left else 0 if whole else left)


@given(text=st.text("abcd ·", max_size=300), width=st.integers(3, 80), rows=st.integers(1, 6))
def test_what_is_cut_says_so_and_fits(text: str, width: int, rows: int) -> None:
    shown = cut(text, width, rows)
    assert rows_of(shown, width) <= max(rows, 1)
    if rows_of(text, width) <= rows:
        assert shown == text
    else:
        assert shown.endswith("…")
        assert "".join(text.split()).startswith("".join(shown[:-1].split()))


def test_a_sentence_is_cut_between_words_where_it_can_be() -> None:
    assert cut("one leg a channel, never from leg to leg", 24, 1) == "one leg a channel, …"
    assert cut("unbreakable", 6, 1) == "unbr …"


async def test_after_a_proved_end_no_silence_is_an_alarm() -> None:
    client = ScriptedClient(RUNNING)
    pulse = Pulse()
    async with screen_of(client, pulse=pulse).run_test() as pilot:
        client.show(RUNNING)
        client.show(replace(RUNNING, state=State.STOPPING))
        client.tell(ENDED)
        await settle(pilot)
        assert isinstance(pilot.app.screen, Summary)
        await pulse.advance(5 * SILENT_TICKS)
        await settle(pilot)
        assert text_of(pilot, "#note") == ""
        assert not app_in(pilot).model.view.stale


@pytest.mark.control("C-38")
@pytest.mark.parametrize("face", [Session, Keys])
async def test_the_stop_key_stops_under_caps_lock_and_on_other_layouts(face: type[Screen[None]]) -> None:
    client = ScriptedClient(RUNNING, zeroes=False)
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        if face is Keys:
            await pilot.press("question_mark")
        for key in ("s", "S", "ы", "Ы", "і", "с", "σ", "ς", "ד", "س", "alt+s", "ctrl+ы"):
            assert isinstance(pilot.app.screen, face), key
            client.asked.clear()
            await pilot.press(key)
            assert len(client.stops) == 1, key


async def test_every_letter_that_stops_is_bound_on_the_screen() -> None:
    client = ScriptedClient(RUNNING, zeroes=False)
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        for number, letter in enumerate(sorted(STOP_LETTERS), 1):
            await pilot.press(letter)
            assert len(client.stops) == number, letter


@pytest.mark.control("C-38")
async def test_f12_stops_with_any_modifier() -> None:
    client = ScriptedClient(RUNNING, zeroes=False)
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        for key in ("shift+f12", "ctrl+f12", "alt+f12", "f24", "ctrl+f24", "ctrl+alt+f12"):
            client.asked.clear()
            await pilot.press(key)
            assert [stop.reason for stop in client.stops] == ["panic"], key


WRONG = (
    ("minutes", "2,5,", "Minutes"),
    ("goal", "2,5", "“2,5” isn't a level"),
    ("minutes", "1e1", "0.1 to 30"),
    ("goal", "12.5", "“12.5” isn't a level"),
    ("minutes", "25 min", "“25 min”"),
    ("goal", "A=1x", "write a whole number"),
    ("minutes", "0.02", "0.1 to 30"),
    ("goal", "E=3", "“E=3” isn't a level"),
)
"""What is typed, and a word of what is said of it, which no two neighbours share."""


async def test_a_field_drops_no_character_and_says_what_it_would_take() -> None:
    client = ScriptedClient()
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        usual = {field: pilot.app.screen.query_one(f"#{field}", Input).value for field in ("minutes", "goal")}
        for field, typed, says in WRONG:
            assert says not in text_of(pilot, "#wrong"), typed
            await _type(pilot, field, typed)
            assert pilot.app.screen.query_one(f"#{field}", Input).value == typed
            await pilot.press("enter")
            await settle(pilot)
            assert says in text_of(pilot, "#wrong")
            assert pilot.app.focused is pilot.app.screen.query_one(f"#{field}"), "it isn't left like that"
            pilot.app.screen.query_one("#start").focus()
            await pilot.press("enter")
            await settle(pilot)
            assert isinstance(pilot.app.screen, Choose)
            assert says in text_of(pilot, "#wrong")
            assert not any(isinstance(command, SetLevel | Start) for command in client.asked)
            pilot.app.screen.query_one(f"#{field}", Input).value = usual[field]


async def test_two_and_a_half_minutes_with_a_comma_are_two_and_a_half_minutes() -> None:
    client = ScriptedClient()
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        await _type(pilot, "minutes", "2,5")
        pilot.app.screen.query_one("#start").focus()
        await pilot.press("enter")
        await settle(pilot)
        assert [command.minutes for command in client.asked if hasattr(command, "minutes")] == [2.5]


async def _type(pilot: Pilot[int], field: str, typed: str) -> None:
    entry = pilot.app.screen.query_one(f"#{field}", Input)
    entry.value = ""
    entry.focus()
    await pilot.pause()
    for sign in typed:
        await pilot.press({",": "comma", ".": "full_stop", " ": "space", "=": "equals_sign"}.get(sign, sign))
    await settle(pilot)


def asks_for_room(line: Line) -> bool:
    """Say whether the screen is to be laid out anew for it."""
    return line._layout_required


async def test_a_note_that_keeps_its_one_row_lays_nothing_out_anew() -> None:
    client = ScriptedClient(RUNNING)
    app = screen_of(client)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        note = app.screen.query_one("#note", Line)
        note.say("short", 2)
        await settle(pilot)
        note.say("longer, and still in one row", 2)
        assert asks_for_room(note) is False
        note.say("x" * 90, 2)
        assert asks_for_room(note), "two rows need room"
        await settle(pilot)
        assert note.size.height == 2
        note.say("short again", 2)
        assert asks_for_room(note)


@given(
    width=st.integers(30, 120),
    height=st.integers(12, 40),
    alarms=st.integers(0, 9),
    note=st.text("abc ", max_size=200),
    others=st.integers(0, 3),
)
def test_an_end_gives_no_more_rows_away_than_there_are_and_stop_has_one(
    width: int, height: int, alarms: int, note: str, others: int
) -> None:
    view = View(snapshot=replace(FOUR, alarms=(ALARM,) * alarms), note=note, simulated=True)
    texts = {"program": "x" * 90, "stop": "NO: look at the unit", "on": "A 5", "others": "\n".join(["other"] * others)}
    rows = summary_rows(view, texts, width, height)
    assert sum(rows.values()) <= height
    assert rows["bar"] >= 1
    assert rows["stop"] or height < 14


async def test_what_holds_a_channel_is_told_in_full_where_there_is_room() -> None:
    why = "the cap of this unit, which is 35 % of its scale, since it is new"
    shown = replace(RUNNING, lanes=(replace(RUNNING.lanes[0], held_by=why), RUNNING.lanes[1]))
    async with screen_of(ScriptedClient(shown)).run_test(size=(44, 60)) as pilot:
        await settle(pilot)
        assert in_sight(pilot, ".lane-held") == f"held: {why}"
