"""A few days at the command line: what is written is read again, in words, as JSON, and by other programs."""

import io
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from icalendar import Calendar

from estim.cli.questions import ask_after, ask_leg, ask_signs, todays_program
from estim.config.options import HostOptions
from estim.config.settings import read_settings
from estim.core.days.diary import Break, Note, Played, Regime
from estim.core.errors import Exit
from estim.core.messages.commands import Start
from estim.journal.journal import Journal
from estim.journal.sessions_table import SessionsTable
from tests.cli.line import Person
from tests.cli.line import typed as type_line
from tests.export.strict_calendar import Phone

SHIPPED = Path(__file__).parents[2] / "estim" / "programs" / "tens-ankle.toml"


def played(person: Person, *, ended: bool = True) -> None:
    at = datetime.now(UTC) - timedelta(hours=30)
    over = at + timedelta(minutes=20)
    session = Played(
        id=1, at=at, program="tens-ankle", unit="one", family="coyote3", sites=("ankle-left",), simulated=False,
        length_s=1200, output_s=1190, delivered_until=over, ended=over if ended else None, goal={"A": 7},
        duration_s=1200,
    )  # fmt: skip
    journal = Journal.open(person.home / "log.sqlite")
    journal.adopt([session], [], {}, at)
    journal.close()


def test_what_is_written_down_is_in_the_log_and_the_last_of_it_can_be_undone(person: Person) -> None:
    assert person.types("pain", "add", "3", "--when", "morning", "--note", "stiff").code == 0
    assert person.types("run-log", "add", "3,2km", "--pain", "2").code == 0
    assert person.types("note", "add", "new shoes").code == 0
    assert person.types("pads", "new").code == 0
    told = [line.split("  ", 1)[1] for line in person.types("log").out.splitlines()]
    assert told == ["pain 3, morning: stiff", "run 3.2 km, pain 2", "new shoes", "new pads"]
    assert "undone" in person.types("undo").out
    assert "new pads" not in person.types("log").out
    rows = person.types("log", json_=True).rows
    assert [row["kind"] for row in rows] == ["pain", "run", "note"]
    assert all(row["schema"] == "estim.entry" and row["version"] == 1 for row in rows)


def test_a_score_is_typed_in_words_of_any_order_without_add(person: Person) -> None:
    said = person.types("pain", "2", "stiff", "10min", "left")
    assert said.out.startswith("pain 2, morning, stiff for 10 min, left, ")
    assert person.types("pain", "1", "right", "5", "min", "stiff").out.startswith("pain 1, morning, stiff for 5 min, r")
    assert person.types("pain", "add", "1", "both", "rest").out.startswith("pain 1, rest, both, ")
    (row,) = person.types("pain", "0", "stiff", "0", json_=True).rows
    assert (row["when"], row["stiffness_min"], row["side"]) == ("morning", 0, None)
    lines = [line.split("  ", 1)[1] for line in person.types("log").out.splitlines()]
    assert lines == [
        "pain 2, morning, stiff for 10 min, left",
        "pain 1, morning, stiff for 5 min, right",
        "pain 1, rest, both",
        "pain 0, morning, not stiff",
    ]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("3 stuff 10min", "“stuff” isn't understood behind a score: say morning, rest, worst or run; stiff 10min;"),
        ("3 stiff", "stiff for how long? Say the minutes, 0 for not at all"),
        ("3 10min", "what are the minutes of? Say stiff"),
        ("3 stiff 1441", "stiff for “1441”: it takes 0 to 1440 minutes"),
        ("3 left right", "the side is said twice (left and right)"),
        ("3 worst stiff 10min", "stiff goes with the morning, not with worst"),
        ("3 rest --when worst", "--when worst and rest: say one of them"),
        ("left 3", "pain “left” isn't a number"),
        ("11 left", "pain “11”: it takes 0 to 10"),
    ],
)
def test_what_is_wrong_behind_a_score_is_named_and_nothing_is_written(person: Person, line: str, why: str) -> None:
    said = person.types("pain", *line.split())
    assert (said.code, why in said.err) == (Exit.USAGE, True), said.err
    assert person.counts().get("pain", 0) == 0


def clock(minutes_ago: float) -> str:
    return f"{datetime.now().astimezone() - timedelta(minutes=minutes_ago):%Y-%m-%dT%H:%M}"


@pytest.mark.control("C-69")
def test_a_session_of_a_unit_by_itself_is_logged_counts_and_is_marked(person: Person, tmp_path: Path) -> None:
    said = person.types("log", "add", "tens-ankle", "20", "min", "--level", "12", "--site", "left-ankle")
    assert said.code == Exit.DONE
    assert "tens-ankle, logged by hand, 20:00 min, level A=12, " in said.out
    assert "it counts in the dose of ankle-left; the next session there from " in said.out
    table = SessionsTable(Journal.open(person.home / "log.sqlite"))
    since = datetime.now(UTC) - timedelta(days=1)
    (counted,) = table.sessions_of_site("ankle-left", since, False)
    assert (counted.output_s, table.sessions_of_site("ankle-right", since, False)) == (1200, [])
    assert table.open_sessions() == [], "no host ever looks for its unit"
    table.close()
    assert person.types("log", "add", "tens-ankle", "--site", "ankle-left").code == Exit.REFUSED
    assert person.types("log", "add", "tens-ankle", "--at", clock(5)).code == Exit.USAGE
    assert person.types("log", "add", "massage", "0min").code == Exit.USAGE
    assert "if you meant tens-ankle" in person.types("log", "add", "tens-ankel", "--at", clock(300)).out
    assert person.types("undo").out.endswith("tens-ankel, logged by hand, 20:00 min, level not said\n")
    table = SessionsTable(Journal.open(person.home / "log.sqlite"))
    assert table.sessions_of_site("ankle-left", since, False) == [counted], "what was taken back counts no more"
    table.close()
    assert [row["by_hand"] for row in person.types("log", json_=True).rows] == [True]
    assert "Logged by hand, and measured by nobody: 1 session." in " ".join(person.types("report").out.split())
    person.types("export", "csv", "--out", str(tmp_path))
    assert (tmp_path / "sessions.csv").read_text().splitlines()[1].endswith(",true")
    assert "written down by hand" in person.types("export", "fhir").out
    person.types("care", "after", "--skin", "ok")
    person.home = tmp_path / "other"
    assert person.types("import", str(tmp_path)).code == Exit.DONE
    assert [row["by_hand"] for row in person.types("log", json_=True).rows if row["kind"] == "played"] == [True]


def test_undo_takes_back_what_was_done_last_whether_entry_or_session_by_hand(person: Person) -> None:
    person.types("note", "add", "before")
    person.types("log", "add", "physio box", "15min", "--site", "calf-left", "--level", "A=3,B=4")
    person.types("note", "add", "after")
    undone = [person.types("undo").out.split(" ", 3)[3] for _ in range(3)]
    assert undone == ["after\n", "physio box, logged by hand, 15:00 min, level A=3, B=4\n", "before\n"]
    assert person.types("undo").code == 66
    assert person.types("log", "add", "physio box", "15min", "--site", "calf-left").code == Exit.DONE


def test_a_run_is_written_down_by_its_minutes(person: Person) -> None:
    said = person.types("run-log", "add", "30min", "--pain", "1", json_=True)
    assert (said.rows[0]["km"], said.rows[0]["minutes"]) == (None, 30)
    assert person.types("run-log", "add", "20 min").out.startswith("run 20 min, ")
    assert person.types("run-log", "add", "30min", "--minutes", "20").code == Exit.USAGE
    assert person.types("run-log", "add", "0min").code == Exit.USAGE
    assert "run 30 min, pain 1" in person.types("log").out


def test_several_steps_are_ticked_by_number_or_name_and_answered_in_one_line(person: Person) -> None:
    assert person.types("care", "tick", "1").out == "ticked: rest\n", "the plan isn't begun"
    person.types("undo")
    person.types("care", "begin")
    said = person.types("care", "tick", "1", "SHOES", "Gentle stretching", "1")
    assert said.out == "ticked: rest, shoes, stretching; still open: 2 cross-training, 5 cold\n"
    assert "ticked off by the sessions that you play" in person.types("care", "tick", "6").err
    refused = person.types("care", "tick", "2", "9")
    assert (refused.code, "“9” can't be ticked off" in refused.err) == (Exit.USAGE, True)
    assert person.counts()["check_in"] == 6, "all or nothing"
    assert person.types("care", "--short").out.splitlines()[0] == (
        "resting, day 1; open today: 2 cross-training, 5 cold, 6 tens"
    )
    assert person.types("care", "show", "--short", json_=True).rows == person.types("care", json_=True).rows
    assert "  [x] 1 rest: " in person.types("care").out


def test_the_schedule_is_set_skipped_paused_and_resumed(person: Person) -> None:
    assert person.types("schedule", "set", "7:30", "19:30", "--zone", "America/New_York").code == 0
    slots = person.types("schedule", "show", "--days", "9", json_=True).rows
    ahead = [slot for slot in slots if slot["status"] == "upcoming"]
    assert {slot["slot"][11:] for slot in ahead} == {"07:30", "19:30"}
    assert person.types("schedule", "skip", ahead[-1]["slot"]).code == 0
    person.types("schedule", "holiday", ahead[3]["slot"][:10])
    slots = person.types("schedule", "show", "--days", "9", json_=True).rows
    assert [slot["status"] for slot in slots].count("off") == 2
    assert slots[-1]["status"] == "skipped"
    assert person.types("schedule", "pause").code == 0
    assert {slot["status"] for slot in person.types("schedule", "show", json_=True).rows[-2:]} == {"off"}
    assert person.types("schedule", "resume").code == 0
    after = person.types("schedule", "show", "--days", "9", json_=True).rows
    assert [slot["status"] for slot in after].count("off") == 2, "the holiday stays"


def test_what_was_off_is_told_with_its_reason_and_without_a_session_nothing_is_counted(
    person: Person, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    yesterday = now.date() - timedelta(days=1)
    rules = "RRULE:FREQ=DAILY;BYHOUR=0,6,12,18"
    regime = Regime(at=now - timedelta(days=3), rules=(rules,), zone="Etc/UTC")
    away = Break(at=regime.at, first=yesterday, last=yesterday, holiday=True)
    person.types("schedule", "set", "--rule", rules, "--zone", "Etc/UTC")
    journal = Journal.open(person.home / "log.sqlite")
    journal.enter([regime, Note(at=regime.at, text="new shoes"), away], regime.at)
    journal.close()
    off = [f"{yesterday}T{hour}:00" for hour in ("00", "06", "12", "18")]
    rows = [row for row in person.types("log", json_=True).rows if row["kind"] == "slot"]
    assert [(row["slot"], row["why"], row["text"]) for row in rows] == [
        (slot, "holiday", "slot off: holiday") for slot in off
    ]
    assert person.types("log").out.count("slot off: holiday") == 4
    (row,) = person.types("report", json_=True).rows
    assert row["off"] == [{"slot": slot, "why": "holiday"} for slot in off]
    assert (row["adherence"], row["counted"], row["legs"]) == (None, 0, [])
    text = " ".join(person.types("report").out.split())
    assert "nothing to count yet" in text
    assert "4 off (holiday)" in text
    assert "0 %" not in text
    page = tmp_path / "report.html"
    person.types("report", "--html", str(page))
    assert "4 off (holiday)" in page.read_text()
    assert "0 %" not in page.read_text()


def test_a_pause_says_how_it_ends_and_a_holiday_that_lies_ahead_is_taken_back(person: Person) -> None:
    today = datetime.now().astimezone().date()
    first = today + timedelta(days=20)
    last = today + timedelta(days=23)
    assert person.types("schedule", "pause").out == f"pause from {today} on, until you end it: estim schedule resume\n"
    assert f"pause from {today} on, until it is ended" in person.types("log").out
    assert person.types("schedule", "holiday", str(first), str(last)).out == f"holiday from {first} to {last}\n"
    assert person.types("schedule", "holiday", "tomorrow").out == f"holiday on {today + timedelta(days=1)}\n"
    assert person.types("schedule", "resume").code == 0
    refused = person.types("schedule", "resume")
    assert refused.code == 66
    assert f"ahead is {today + timedelta(days=1)}, and {first} to {last}" in refused.err
    assert person.types("schedule", "resume", str(last + timedelta(days=1))).code == 66
    assert person.types("schedule", "resume", "yesterday").code == Exit.USAGE
    said = person.types("schedule", "resume", str(first + timedelta(days=1)))
    assert said.out == f"the holiday from {first} to {last} is taken back\n"
    assert person.types("schedule", "resume", "tomorrow", json_=True).rows[0]["resumed"] == str(
        today + timedelta(days=1)
    )
    assert "holiday" not in person.types("log").out


@pytest.mark.control("C-45")
def test_the_plan_begins_is_ticked_and_ends_with_a_red_flag(person: Person) -> None:
    assert person.types("care", json_=True).rows[0]["stage"] == "not-begun"
    person.types("care", "begin")
    assert person.types("care", "tick", "rest").code == 0
    row = person.types("care", json_=True).rows[0]
    assert (row["stage"], row["day"], row["today"][0]["done"]) == ("rest", 1, True)
    assert person.types("run-log", "plan", "tomorrow").code == 77
    assert "get it looked at now" in person.types("care", "flag", "pop").out
    assert person.types("care", json_=True).rows[0]["stage"] == "ended"
    assert person.types("care", "begin").code == 77
    assert person.types("care", "begin", "--looked-at", "my doctor").code == 0
    assert person.types("care", json_=True).rows[0]["stage"] == "rest"


@pytest.mark.control("C-25")
def test_questions_are_answered_and_a_yes_has_to_be_cleared(person: Person) -> None:
    rows = person.types("care", "questions", json_=True).rows
    assert all(row["open"] for row in rows)
    said = person.types("care", "questions", "--answer", "implant=yes", "--none").out
    assert "estim care clear implant" in said
    assert person.types("care", "clear", "implant", "--reason", "the clinic agreed").code == 0
    assert not any(row["open"] for row in person.types("care", "questions", json_=True).rows)


def test_what_goes_wrong_while_it_is_asked_how_it_was_changes_nothing(
    person: Person, capsys: pytest.CaptureFixture[str]
) -> None:
    (person.home / "log.sqlite").write_bytes(b"no database " * 100)
    ask_after(HostOptions(home=str(person.home)))
    assert "damaged, or isn't a journal of estim" in capsys.readouterr().err


def test_after_a_session_it_is_said_how_it_was(person: Person) -> None:
    assert person.types("care", "after", "--skin", "ok").code == 66
    played(person)
    assert "noted for session 1: ok, weaker" in person.types("care", "after", "--skin", "ok", "--feel", "weaker").out


@pytest.mark.parametrize("ended", [True, False])
def test_tables_go_out_and_come_in_again_the_same(person: Person, tmp_path: Path, ended: bool) -> None:
    played(person, ended=ended)
    person.types("pain", "add", "3", "--note", 'a "word", and more')
    person.types("pain", "1", "stiff", "12.5min", "both")
    person.types("run-log", "add", "3km")
    person.types("run-log", "add", "25min")
    person.types("care", "after", "--skin", "ok")
    first = tmp_path / "first"
    second = tmp_path / "second"
    person.types("export", "csv", "--out", str(first))
    person.home = tmp_path / "other"
    assert person.types("import", str(first)).code == 0
    assert person.types("import", str(first)).out.startswith("0 entries read")
    person.types("export", "csv", "--out", str(second))
    names = sorted(path.name for path in first.iterdir())
    assert [(first / name).read_bytes() for name in names] == [(second / name).read_bytes() for name in names]
    table = SessionsTable(Journal.open(person.home / "log.sqlite"))
    assert table.open_sessions() == [], "an imported session never runs here"
    table.close()


def test_a_spreadsheets_moments_are_read_in_the_zone_that_is_named_or_asked_for(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pain.csv").write_bytes("\ufeffat;score;when\r\n10.06.2026 08:00;3;rest\r\n".encode())
    refused = person.types("import", str(tmp_path))
    assert refused.code == Exit.BAD_DATA
    assert "pain.csv line 2: at is '2026-06-10T08:00:00' without an offset" in refused.err
    assert person.types("import", str(tmp_path), "--zone", "Nowhere").code == Exit.USAGE
    said = person.types("import", str(tmp_path), "--zone", "America/New_York")
    assert said.out.splitlines() == [
        "1 entry read, 0 were there already",
        "guessed: pain.csv: there is no column note, taken as empty",
        "guessed: pain.csv: semicolons between the cells, so a comma is a decimal sign",
        "guessed: pain.csv: 1 cell without an offset, read as time in America/New_York",
        "guessed: pain.csv: 1 cell written like 10.06.2026, read as day.month.year",
    ]
    monkeypatch.setattr("estim.cli.keys.has_terminal", lambda: True)
    monkeypatch.setattr(sys, "stdin", io.StringIO("Europe/Berlin\n"))
    assert type_line(person.home, "import", str(tmp_path)) == 0
    out, err = capsys.readouterr()
    assert "In which zone were they written?" in err
    assert out.lstrip().startswith("1 entry read, 0 were there already"), "six hours earlier, so another entry"


def test_tables_may_begin_with_a_byte_order_mark(person: Person, tmp_path: Path) -> None:
    person.types("pain", "add", "3", "--note", "fühlt sich gut an")
    assert person.types("export", "csv", "--bom", "--out", str(tmp_path)).code == 0
    tables = list(tmp_path.glob("*.csv"))
    assert len(tables) == 9
    assert all(path.read_bytes().startswith(b"\xef\xbb\xbfat") for path in tables if path.name != "sessions.csv")
    assert person.types("import", str(tmp_path)).out.startswith("0 entries read, 2 were there already")
    assert person.types("export", "jsonl", "--bom").code == Exit.USAGE


def test_other_programs_read_what_is_exported(person: Person) -> None:
    played(person)
    person.types("pain", "add", "3")
    calendar = Calendar.from_ical(person.types("export", "ics").out)
    assert len(calendar.walk("VEVENT")) == 2
    bundle = json.loads(person.types("export", "fhir").out)
    assert [entry["resource"]["resourceType"] for entry in bundle["entry"]] == ["Observation", "Procedure"]
    assert bundle["entry"][1]["resource"]["code"]["text"].startswith("TENS")
    assert bundle["meta"]["profile"][0].endswith("Bundle|4.0.1")
    newer = json.loads(person.types("export", "fhir", "--fhir-version", "r5").out)
    assert newer["meta"]["profile"][0].endswith("Bundle|5.0.0")
    assert "occurrencePeriod" in newer["entry"][1]["resource"]
    assert person.types("export", "fhir", "--fhir-version", "R3").code == Exit.USAGE
    assert person.types("export", "jsonl", "--fhir-version", "R5").code == Exit.USAGE
    lines = [json.loads(line) for line in person.types("export", "jsonl").out.splitlines()]
    assert {line["table"] for line in lines} == {"sessions", "pain", "regimes"}
    counts = person.counts()
    assert (counts["session"], counts["pain"], counts["regime"]) == (1, 1, 1)


def test_a_calendar_that_is_exported_again_moves_its_events_and_leaves_a_holiday_out(person: Person) -> None:
    phone = Phone()
    phone.takes(person.types("export", "ics").out.encode())
    again = person.types("export", "ics").out
    phone.takes(again.encode())
    uids = set(phone.held)
    person.types("schedule", "set", "7:30", "20:00")
    person.types("schedule", "holiday", "tomorrow")
    phone.takes(person.types("export", "ics").out.encode())
    assert set(phone.held) == uids
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    shown = phone.shows(midnight + timedelta(days=3), midnight + timedelta(days=4))
    assert len(shown) == 2
    assert {at.minute for at in shown} == {30, 0}
    assert all("EXDATE" in [name for name, _, _ in part.lines] for part in phone.held.values())
    todo = person.types("export", "ics", "--todo").out
    assert todo.count("BEGIN:VTODO") == 2
    assert person.types("export", "csv", "--todo").code == Exit.USAGE


def test_a_report_is_text_json_or_a_page(person: Person, tmp_path: Path) -> None:
    played(person)
    assert "Sessions a day" in person.types("report").out
    assert person.types("report", json_=True).rows[0]["sessions"] == 1
    page = tmp_path / "page.html"
    assert person.types("report", "--all", "--html", str(page)).code == 0
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_a_clinics_page_has_the_name_that_was_typed_and_nothing_keeps_it(person: Person, tmp_path: Path) -> None:
    played(person)
    person.types("care", "begin")
    person.types("run-log", "add", "3km", "--pain", "7")
    page = tmp_path / "page.html"
    assert person.types("report", "--name", "Zora Unverwechselbar").code == Exit.USAGE
    assert person.types("report", "--html", str(page), "--name", "Zora Unverwechselbar").code == 0
    text = page.read_text(encoding="utf-8")
    assert "Zora Unverwechselbar" in text
    assert "<dd>left</dd>" in text
    assert "100 Hz" in text, "what a coyote3 makes of tens-ankle"
    assert "rest again; " in text, "the verdict on a run with a pain of 7"
    assert not any(b"Unverwechselbar" in path.read_bytes() for path in person.home.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    "verb", ["pain", "run-log", "note", "pads", "log", "undo", "schedule", "care", "report", "export", "import", "run"]
)
def test_help_teaches(person: Person, verb: str) -> None:
    said = person.types(verb, "--help")
    assert said.code == 0
    assert f"estim {verb}" in said.out


def test_nothing_was_written_where_nothing_was_asked(person: Person) -> None:
    for line in ("log", "report", "care", "schedule", "pads show", "export jsonl"):
        assert person.types(*line.split()).code == 0, line
    assert list(person.home.iterdir()) == []


def test_a_sign_that_is_not_understood_is_asked_for_again_and_never_taken_for_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for typed, signs in (("6\n1,3\n", ["pop", "toes"]), ("pop\n4 5 4\n", ["swelling", "calf"]), ("\n", [])):
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        assert ask_signs() == signs
    assert "“pop”: say such as 1, or 1 3, or nothing but Enter" in capsys.readouterr().err


def test_a_time_in_the_quiet_hours_is_set_with_a_word_about_it(person: Person) -> None:
    said = person.types("schedule", "set", "8:00", "22:30")
    assert said.code == Exit.DONE
    assert "note: 22:30 lies in the quiet hours, 22:00 to 07:00: you are reminded at the slot all the same" in said.out
    assert "quiet hours" not in person.types("schedule", "set", "8:00", "20:00").out
    rows = person.types("schedule", "set", "8:00", "22:30", json_=True).rows
    assert {row["slot"][11:]: row["quiet"] for row in rows} == {"08:00": False, "22:30": True}


def test_a_calendar_of_a_simulated_home_is_remembered_nowhere(person: Person) -> None:
    assert "BEGIN:VEVENT" in person.types("--simulate", "coyote3", "export", "ics").out
    assert not list(person.home.rglob("calendar.json"))
    person.types("export", "ics")
    assert len(list(person.home.rglob("calendar.json"))) == 1


@pytest.mark.control("C-58")
def test_a_run_over_its_cap_is_told_when_it_is_planned_and_when_it_is_logged(person: Person) -> None:
    days = [f"{datetime.now().astimezone() - timedelta(days=number):%Y-%m-%d}" for number in range(14)]
    person.types("care", "begin", "--at", days[13])
    for day in (days[5], days[4]):
        person.types("pain", "add", "1", "--at", day)
    person.types("pain", "add", "0", "--when", "morning", "--at", days[3])
    person.types("run-log", "add", "2.5km", "--pain", "0", "--at", days[3])
    person.types("pain", "add", "1", "--when", "morning", "--at", days[2])
    said = person.types("run-log", "plan", "tomorrow", "12km")
    assert (said.code, "12 km is more than the 3.0 km" in said.out) == (Exit.DONE, True)
    person.types("undo")
    said = person.types("run-log", "add", "12km", "--pain", "0", "--at", days[1])
    assert f"12 km on {days[1]}: at most 3.0 km were meant" in said.out
    said = person.types("run-log", "plan", "tomorrow")
    assert said.code == Exit.REFUSED


@pytest.mark.control("C-45")
def test_where_nobody_can_be_asked_the_signs_are_told_as_a_question_and_answered_by_a_verb(person: Person) -> None:
    assert "any of these?" in person.types("care", "begin").out
    assert person.types("care", "flag", "none").out == "noted: none of the signs\n"
    assert "any of these?" not in person.types("care").out
    assert "any of these?" in person.types("pain", "add", "3").out
    assert "any of these?" in person.types("run-log", "add", "1km", "--pain", "0", "--note", "felt a pop").out
    assert "no sign of a torn tendon or a clot" in person.types("log").out
    assert "urgent care today" in person.types("pain", "add", "1", "--red-flag", "calf").out
    assert person.types("care", "clear", "antibiotics", "--reason", "my doctor").code == 0


@pytest.mark.control("C-59")
def test_skin_that_was_not_ok_is_held_until_a_word_says_that_somebody_has_looked(person: Person) -> None:
    played(person)
    assert person.types("care", "skin", "ok").out == "no skin waits for a look\n"
    assert "no pads there until somebody has looked" in person.types("care", "after", "--skin", "bad").out
    assert person.types("care", "skin", "bad").code == Exit.USAGE
    assert person.types("care", "skin", "ok").out.startswith("noted: the skin is all right again")
    assert person.types("care", "after", "--skin", "ok", "--feel", "same").out == "noted for session 1: ok, same\n"
    rows = person.types("log", json_=True).rows
    assert [row["kind"] for row in rows].count("check") == 4


@pytest.mark.control("C-30")
def test_a_planned_run_is_cancelled_moved_and_fulfilled_without_undo(person: Person) -> None:
    assert person.types("run-log", "cancel").code == 66
    assert person.types("run-log", "move", "tomorrow").code == 66
    assert person.types("run-log", "plan", "tomorrow").code == 0
    day = f"{datetime.now().astimezone() + timedelta(days=2):%Y-%m-%d}"
    assert f"a run is planned at {day} 18:00" in person.types("run-log", "move", day, "2km").out
    assert f"the run of {day} 18:00 is cancelled" in person.types("run-log", "cancel").out
    assert person.types("run-log", "cancel").code == 66
    assert person.types("run-log", "plan", "tomorrow").code == 0


@pytest.mark.parametrize(
    ("typed", "kept", "site", "said"),
    [
        ("l\n", "left", "left", "Kept as the usual one"),
        ("lef\n", "left", "left", "Kept as the usual one"),
        ("neither\nright\n", "right", "right", "say left or right"),
        ("\n", "any", None, "count in the dose of both legs"),
    ],
)
def test_which_leg_is_asked_once_and_kept_as_the_usual_one(
    person: Person,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    typed: str,
    kept: str,
    site: str | None,
    said: str,
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    options = HostOptions(home=str(person.home))
    assert [one.site for one in ask_leg(options, [Start(program="tens-ankle")])] == [site]
    assert said in capsys.readouterr().err
    assert read_settings(person.home / "config.toml").site == kept
    assert ask_leg(options, [Start(program="tens-ankle")]) == [Start(program="tens-ankle")], "once"


def test_which_leg_is_not_asked_where_it_is_known_or_says_nothing(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))  # whoever asks, ends
    options = HostOptions(home=str(person.home))
    for start in (Start(program="tens-ankle", site="ankle-right"), Start(program="nowhere")):
        assert ask_leg(options, [start]) == [start]
    one_sided = person.home / "mine.toml"
    one_sided.write_text(SHIPPED.read_text().replace('["ankle-left", "ankle-right"]', '["ankle-left"]'))
    start = Start(program=str(one_sided))
    assert ask_leg(options, [start]) == [start]
    played(person)
    assert ask_leg(options, [Start(program="tens-ankle")]) == [Start(program="tens-ankle")], "a session has said it"
    assert not (person.home / "config.toml").exists()


def test_the_schedule_offers_no_program_that_the_unit_refuses_and_says_so(person: Person) -> None:
    person.types("devices", "add", "F0:00:00:00:00:01", "--family", "em70")
    said = person.types("schedule", "set", "8:00", "--program", "tens-al", "--program", "tens-ankle").out
    assert "note: left out of the turns: Beurer EM 70 Wireless plays only its own programs, and tens-al" in said
    rows = person.types("schedule", "show", "--days", "9", json_=True).rows
    assert {row["program"] for row in rows} == {"tens-ankle"}
    assert todays_program(HostOptions(home=str(person.home))) == "tens-ankle"
    person.types("schedule", "set", "--program", "tens-al")
    assert todays_program(HostOptions(home=str(person.home))) == "tens-al", "nothing else is there: the host says why"
