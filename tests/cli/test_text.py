"""The line that is drawn over itself: on every terminal its level and its state are there."""

import time
from collections.abc import Iterator, Mapping
from io import StringIO
from itertools import product

import pytest

from estim.cli import answer
from estim.cli.log_view import session_lines
from estim.cli.text import Screen, line_of, named, said, status
from estim.core.errors import EstimError, Exit
from estim.core.messages.commands import Done, Overview, Refusal
from estim.core.messages.events import Alarmed, Happened, LinkLost, Paused
from estim.core.messages.shown import Snapshot
from estim.core.values import replace
from estim.core.vocabulary import Priority, Reason, State
from estim.journal.reader import Details
from tests.tui.scripted import ALARM, ENDED, RUNNING


@pytest.mark.control("C-56")
@pytest.mark.parametrize(("width", "simulated"), list(product((30, 40, 52, 60, 79, 99, 200), (False, True))))
def test_level_state_and_time_are_there_at_every_width(width: int, simulated: bool) -> None:
    for state in (State.RUNNING, State.RAMPING, State.PAUSED, State.STOPPING):
        shown = replace(RUNNING, state=state, simulated=simulated, stale=state is State.PAUSED, phase="steady " * 9)
        seen = line_of(shown, width)[:width]
        assert "A 12" in seen
        assert state is State.RUNNING or state.value in seen
        assert ":" in seen or width == 30
        assert ("(old)" in seen) == shown.stale
        assert ("SIM" in seen) == simulated


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Paused(unit="u", why="paused by a person", at_s=61.0), "  1:01  paused by a person"),
        (Paused(unit="u", why="the unit was left alone", at_s=61.0), "  1:01  paused: the unit was left alone"),
        (
            LinkLost(unit="u", on_until=None, text="the link was lost; the unit was off"),
            "!!! link lost: the unit was off; looking for it, to stop it",
        ),
        (
            replace(ENDED, reason=Reason.LINK_LOST, started_at=None, message="the link was lost; u is off"),
            "ended: the link was lost; u is off",
        ),
        (
            replace(ENDED, reason=Reason.STOPPED, started_at=None, message="stopped by a person; u is at zero"),
            "stopped by a person; u is at zero",
        ),
        (
            replace(ENDED, reason=Reason.COMPLETED, started_at=None, message="the time is up; u is at zero"),
            "completed: the time is up; u is at zero",
        ),
    ],
)
def test_nothing_is_said_twice_in_one_line(event: Happened, line: str) -> None:
    assert said(event) == line


UNTIL = "2026-03-01T13:04:20+00:00"
"""A moment as a host writes it; where the reader is it is 22:04:20."""


@pytest.fixture
def in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_tokyo")
def test_a_lost_link_is_told_once_with_the_readers_own_time() -> None:
    terminal = StringIO()
    screen = Screen(terminal, {})
    on = f"output may be on until {UNTIL}"
    screen.tell(LinkLost(unit="u", on_until=UNTIL, text=f"the link was lost; {on}"))
    screen.tell(Alarmed(unit="u", priority=Priority.HIGH, text=f"link lost: {on}", do="switch it off"))
    screen.tell(Alarmed(unit="u", priority=Priority.HIGH, text="the stop is not confirmed", do="switch it off"))
    assert terminal.getvalue().splitlines() == [
        "!!! link lost: output may be on until 22:04:20; looking for it, to stop it",
        "      switch it off",
        "!!! the stop is not confirmed",
        "      switch it off",
    ]


@pytest.mark.usefixtures("in_tokyo")
def test_every_moment_of_a_unit_that_may_be_on_is_the_readers_own() -> None:
    ended = replace(ENDED, may_be_on=True, on_until=UNTIL, message=f"output may be on until {UNTIL}")
    alarm = replace(ALARM, text=f"link lost: output may be on until {UNTIL}")
    searched = replace(RUNNING, program="", state=State.STOPPING, on_until=UNTIL)
    overview = Overview(pid=1, simulated=False, units=(replace(RUNNING, alarms=(alarm,)), searched))
    for told in (said(ended), status(overview)):
        assert UNTIL not in told
        assert told.count("22:04:20") == 2


class Narrow(StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


def test_two_units_are_beside_each_other_and_a_long_name_hides_no_level(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    environ: Mapping[str, str] = {"TERM": "xterm"}
    terminal = Narrow()
    screen = Screen(terminal, environ, several=True)
    for unit in ("a" * 64, "b" * 64):
        screen.show(replace(RUNNING, unit=unit, state=State.PAUSED))
    last = terminal.getvalue().split("\r")[-2]
    assert last.count("A 12") == 2
    assert last.count("paused") == 2
    assert named(replace(RUNNING, unit="left")).startswith("left A 12")


@pytest.mark.parametrize(("plain", "term"), [(True, "xterm"), (False, "dumb"), (False, "")])
def test_a_plain_terminal_gets_whole_lines_and_is_never_drawn_over(plain: bool, term: str) -> None:
    terminal = Narrow()
    screen = Screen(terminal, {"TERM": term}, plain=plain)
    for elapsed_s in range(0, 130, 10):
        screen.show(replace(RUNNING, elapsed_s=float(elapsed_s)))
    assert "\r" not in terminal.getvalue()
    assert "\x1b" not in terminal.getvalue()
    lines = terminal.getvalue().splitlines()
    assert len(lines) == 3, "one a minute"
    assert lines[1] == "running, 18:48 left, level A 12, build-up"
    assert all("A 12" in line for line in lines)


@pytest.mark.parametrize(
    ("shown", "line"),
    [
        (replace(RUNNING, simulated=True, stale=True), "SIMULATED running, 18:48 left, level A 12 (old), build-up"),
        (replace(RUNNING, state=State.READY, lanes=(), phase=""), "ready, 18:48 left, level 0"),
    ],
)
def test_a_line_that_is_read_aloud_has_words_and_no_bar(shown: Snapshot, line: str) -> None:
    terminal = StringIO()
    Screen(terminal, {}, plain=True).show(shown)
    assert terminal.getvalue() == f"{line}\n"


UNPROVED = replace(
    RUNNING, state=State.ENDED, simulated=True, stop_confirmed=False, message="stopped by a person", told_age_s=73.8
)


@pytest.mark.control("C-46")
@pytest.mark.usefixtures("in_tokyo")
@pytest.mark.parametrize(
    ("shown", "doubt"),
    [
        (
            replace(UNPROVED, on_until=UNTIL, on_left_s=9.0),
            "It may be on until 22:04:20, and is not being searched",
        ),
        (UNPROVED, "It may be on and doesn't end by itself, and is not being searched"),
        (replace(UNPROVED, on_left_s=0.0), "It should have gone off by itself by now, and is not being searched"),
        (replace(UNPROVED, stop_confirmed=True), ""),
        (replace(UNPROVED, stop_confirmed=None), ""),
    ],
)
def test_a_session_that_ended_without_a_proof_is_told_so_though_its_alarm_was_acknowledged(
    shown: Snapshot, doubt: str
) -> None:
    first, *rest = status(Overview(pid=1, simulated=True, units=(shown,))).splitlines()
    assert first.startswith("SIMULATED coyote3: ended, tens-ankle, played 1:12, level ")
    assert "(reported 73.8 s ago)" in first
    assert len(rest) == bool(doubt)
    for line in rest:
        assert line.startswith(f"!!! coyote3: the stop is NOT confirmed (stopped by a person). {doubt} for. ")
        assert line.endswith(shown.by_hand)


def test_a_software_unit_that_is_searched_for_is_told_as_one_and_its_alarms_too() -> None:
    searched = replace(RUNNING, program="", state=State.STOPPING, simulated=True, alarms=(ALARM,))
    told = status(Overview(pid=1, simulated=True, units=(searched,)))
    assert told.startswith("SIMULATED !!! coyote3 may be on and doesn't end by itself; it is being searched for")
    assert told.endswith("!!! the stop is not confirmed by the unit: take the pads off")


@pytest.mark.usefixtures("in_tokyo")
def test_a_host_s_answer_is_read_in_the_readers_own_time_and_stays_iso_in_json(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = f"left may be on until {UNTIL}, and is being searched for"
    for as_json in (False, True):
        answer.told(Done(text), as_json=as_json)
        answer.told(Refusal(code=Exit.NOT_CONFIRMED, text=text), as_json=as_json)
        answer.told_error(EstimError(text, code=Exit.NOT_CONFIRMED), as_json=as_json)
        both = "".join(capsys.readouterr())
        assert both.count(UNTIL if as_json else "22:04:20") == 3
        assert (UNTIL in both) is as_json


@pytest.mark.usefixtures("in_tokyo")
def test_a_session_s_row_and_its_alarms_are_told_in_the_readers_own_time() -> None:
    details = Details(
        {"id": 1, "started_utc": "2026-03-01T22:00:00.249+00:00", "undone_utc": None, "unit": "left"},
        [],
        [(UNTIL, "high", f"output may be on until {UNTIL}", "take the pads off")],
    )
    assert session_lines(details) == [
        "id: 1",
        "started: 2026-03-02 07:00:00",
        "undone: None",
        "unit: left",
        "2026-03-01 22:04:20  high: output may be on until 22:04:20 (take the pads off)",
    ]
