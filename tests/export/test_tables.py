"""A journal leaves as tables and comes back as it was; a table with a mistake in it is refused with its line."""

import csv
import io
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estim.core.days.diary import (
    NOTE_MAX,
    Break,
    Check,
    Diary,
    Entry,
    Note,
    Pain,
    Played,
    Regime,
    Run,
    Topic,
    When,
)
from estim.core.errors import EstimError, Exit
from estim.core.values import replace
from estim.export.cells import DAY, MOMENT, SLOT
from estim.export.columns import TABLES, numbered
from estim.export.tables import MISTAKES_MAX, NoZone, from_csv, to_csv
from tests.export.diaries import diaries

BERLIN = timezone(timedelta(hours=2))
MORNING = datetime(2026, 6, 10, 8, 0, tzinfo=BERLIN)

PLAYED = Played(
    at=MORNING,
    id=17,
    program="tens-ankle",
    unit="left",
    family="em70",
    sites=("ankle-left", "calf-left"),
    simulated=False,
    length_s=1200.0,
    output_s=1180.5,
    delivered_until=MORNING + timedelta(minutes=20),
    ended=MORNING + timedelta(minutes=20, microseconds=250000),
    reason="completed",
    duration_s=1200.25,
    level_max={"A": 12, "B": 8},
    goal={"A": 10},
    stop_confirmed=True,
)


def read(files: Mapping[str, str]) -> Diary:
    return from_csv(files).diary


def mistakes_of(**files: str) -> list[str]:
    return mistakes_in({f"{name}.csv": text for name, text in files.items()})


def mistakes_in(files: Mapping[str, str]) -> list[str]:
    with pytest.raises(EstimError) as caught:
        from_csv(files)
    assert caught.value.code is Exit.BAD_DATA
    first, *mistakes = caught.value.text.splitlines()
    assert first.startswith("nothing was read")
    return mistakes


def pain(row: str) -> str:
    return f"at,score,when,note\r\n{row}\r\n"


@pytest.mark.control("C-28")
@given(diary=diaries())
def test_a_journal_survives_the_way_out_and_back_byte_for_byte(diary: Diary) -> None:
    files = to_csv(diary)
    for table in TABLES:  # as a foreign reader sees them
        header, *rows = csv.reader(io.StringIO(files[table.file], newline=""))
        assert [name for name in header if not name.endswith("_offset_s")] == [one.name for one in table.columns]
        assert len(rows) == len(table.of(diary))
        assert {len(row) for row in rows} <= {len(header)}
    back = read({name: text.encode().decode() for name, text in files.items()})
    assert to_csv(back) == files
    for table in TABLES:
        written = table.of(numbered(diary))
        came = table.of(back)
        assert [entry.at.isoformat() for entry in came] == [entry.at.isoformat() for entry in written]
        assert [entry.id for entry in came] == list(range(1, len(written) + 1))
        assert [replace(entry, id=0) for entry in came] == [replace(entry, id=0) for entry in written]


def test_a_session_is_written_with_units_in_its_names_and_moments_in_utc() -> None:
    assert to_csv(Diary(sessions=(PLAYED,)))["sessions.csv"] == (
        "number,at,at_offset_s,ended,ended_offset_s,program,unit,family,sites,simulated,length_s,output_s,"
        "delivered_until,delivered_until_offset_s,duration_s,level_max,goal,reason,stop_confirmed,message,overrides,"
        "usual_s,by_hand\r\n"
        "1,2026-06-10T06:00:00.000000Z,7200,2026-06-10T06:20:00.250000Z,7200,tens-ankle,left,em70,"
        "ankle-left;calf-left,false,1200,1180.5,2026-06-10T06:20:00.000000Z,7200,1200.25,A=12;B=8,A=10,completed,"
        "true,,,,false\r\n"
    )


def test_each_rule_of_a_regime_is_a_line_as_it_was_typed() -> None:
    rules = ("RRULE:FREQ=DAILY;BYHOUR=8,20", "RRULE:FREQ=WEEKLY;BYDAY=SU;BYHOUR=12")
    text = to_csv(Diary(regimes=(Regime(at=MORNING, rules=rules, zone="Europe/Berlin"),)))["regimes.csv"]
    assert f'"{rules[0]}\n{rules[1]}",Europe/Berlin\r\n' in text


def test_a_note_that_looks_like_a_formula_is_left_alone() -> None:
    text = to_csv(Diary(notes=(Note(at=MORNING, text='=SUM("a";1)'),)))["notes.csv"]
    assert text.endswith('2026-06-10T06:00:00.000000Z,7200,"=SUM(""a"";1)"\r\n')


def test_what_is_not_known_is_an_empty_cell() -> None:
    run = Run(at=MORNING, km=5)
    gap = Break(at=MORNING, first=date(2026, 6, 10), last=None)
    files = to_csv(Diary(runs=(run,), breaks=(gap,)))
    assert files["runs.csv"].endswith("Z,7200,5,,,,\r\n")
    assert files["breaks.csv"].endswith("Z,7200,2026-06-10,,false\r\n")
    back = read(files)
    assert (back.runs[0].minutes, back.runs[0].pain, back.breaks[0].last) == (None, None, None)


def test_a_check_finds_its_session_again_although_both_got_new_numbers() -> None:
    earlier = replace(PLAYED, at=MORNING - timedelta(hours=12), id=30)
    checks = (Check(at=MORNING, topic=Topic.SKIN, answer="ok", session=17), Check(at=MORNING, topic=Topic.FEEL))
    back = read(to_csv(Diary(sessions=(earlier, PLAYED), checks=checks)))
    assert [played.id for played in back.sessions] == [1, 2]
    assert [check.session for check in back.checks] == [2, None]


def test_a_check_about_a_session_that_was_left_out_is_about_none() -> None:
    check = Check(at=MORNING, topic=Topic.SKIN, answer="ok", session=17)
    assert read(to_csv(Diary(checks=(check,)))).checks[0].session is None


def test_rows_and_columns_may_come_in_another_order() -> None:
    text = (
        "when,note,at,score\n"
        "rest,later,2026-06-10T08:00:00+02:00,3\n"
        "\n"
        'morning,"two\nlines",2026-06-10T07:30:00+02:00,4\n'
    )
    pains = read({"pain.csv": f"\ufeff{text}"}).pains
    assert [(one.id, one.score, one.note) for one in pains] == [(1, 4, "two\nlines"), (2, 3, "later")]
    assert pains[0] == Pain(at=MORNING - timedelta(minutes=30), id=1, score=4, when=When.MORNING, note="two\nlines")


def as_a_spreadsheet_saves(text: str) -> str:
    """Return a table as it is written where a comma is the decimal sign: semicolons, and a byte order mark."""
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    writer.writerow(header)
    for row in rows:
        cells = zip(header, row, strict=True)
        writer.writerow(
            [
                cell.replace(".", ",")
                if name.endswith(("_s", "_km", "_min")) and not name.endswith("_offset_s")
                else cell
                for name, cell in cells
            ]
        )
    return "\ufeff" + out.getvalue()


def test_tables_with_semicolons_and_decimal_commas_are_read() -> None:
    run = Run(at=MORNING, km=5.25, minutes=31.5, pain=2, note="slow; then, with\r\na break, easy")
    diary = Diary(sessions=(PLAYED,), runs=(run,), notes=(Note(at=MORNING, text="a;b"),))
    tables = {name: as_a_spreadsheet_saves(text) for name, text in to_csv(diary).items()}
    assert "1200,25" in tables["sessions.csv"]
    assert read(tables) == read(to_csv(diary))


@pytest.mark.control("C-55")
def test_a_number_of_a_semicolon_table_that_can_mean_two_things_is_a_mistake() -> None:
    header = "at;distance_km;duration_min;pain;note\r\n"
    row = "2026-06-10T08:00:00+02:00;{};20,5;2;slow; easy\r\n".replace("slow; easy", '"slow; easy"')
    (run,) = read({"runs.csv": header + row.format("3,25")}).runs
    assert (run.km, run.minutes, run.note) == (3.25, 20.5, "slow; easy")
    for typed in ("3,250", "1.000", "1.234,5"):
        (mistake,) = mistakes_in({"runs.csv": header + row.format(typed)})
        assert mistake.startswith(
            f"runs.csv line 2: distance_km is '{typed}', which can be thousands or a fraction, allowed"
        )


def test_between_commas_a_comma_is_no_decimal_sign() -> None:
    text = 'at,distance_km,duration_min,pain,note\r\n2026-06-10T08:00:00+02:00,"5,2",20.5,2,\r\n'
    (mistake,) = mistakes_in({"runs.csv": text})
    assert mistake.startswith("runs.csv line 2: distance_km is '5,2', allowed: a number, 0 or more, such as 5.2")


def test_order_is_by_moment_and_not_by_clock_face() -> None:
    text = pain("2026-06-10T08:00:00+02:00,1,rest,\r\n2026-06-10T07:00:00+00:00,2,rest,")
    assert [one.score for one in read({"pain.csv": text}).pains] == [1, 2]
    assert read({"pain.csv": text}).pains[1].at == datetime(2026, 6, 10, 7, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("2026-06-10T08:00:00+02:00,11,rest,", "score is '11', allowed: a whole number from 0 to 10"),
        ("2026-06-10T08:00:00+02:00,-1,rest,", "score is '-1', allowed: a whole number from 0 to 10"),
        ("2026-06-10T08:00:00+02:00,3.5,rest,", "score is '3.5', allowed: a whole number from 0 to 10"),
        ("2026-06-10T08:00:00+02:00,,rest,", "score is empty, allowed: a whole number from 0 to 10"),
        (
            "2026-06-10T08:00:00,3,rest,",
            "at is '2026-06-10T08:00:00' without an offset: say in which zone it was written (--zone Europe/Berlin), "
            "or write +02:00 or Z behind it",
        ),
        (
            "yesterday,3,rest,",
            "at is 'yesterday', allowed: a moment such as 2026-06-10T06:00:00Z or 2026-06-10T08:00:00+02:00",
        ),
        (
            "0001-01-01T00:00:00+02:00,3,rest,",
            "at is '0001-01-01T00:00:00+02:00', "
            "allowed: a moment such as 2026-06-10T06:00:00Z or 2026-06-10T08:00:00+02:00",
        ),
        ("2026-06-10T08:00:00+02:00,3,noon,", "when is 'noon', allowed: morning, rest, worst, run"),
        (
            f"2026-06-10T08:00:00+02:00,3,rest,{'x' * (NOTE_MAX + 1)}",
            f"note has {NOTE_MAX + 1} characters, allowed: a text of at most {NOTE_MAX} characters",
        ),
        ("2026-06-10T08:00:00+02:00,3", "there are 2 cells, allowed: 4, one for each column"),
    ],
)
def test_a_wrong_cell_is_told_with_its_line_and_what_is_allowed(row: str, told: str) -> None:
    assert mistakes_of(pain=pain(row)) == [f"pain.csv line 2: {told}"]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("runs", "at,distance_km,duration_min,pain,note\n2026-06-10T08:00Z,-5,,,\n", "line 2: distance_km is '-5'"),
        ("runs", "at,distance_km,duration_min,pain,note\n2026-06-10T08:00Z,nan,,,\n", "line 2: distance_km is 'nan'"),
        ("runs", "at,distance_km,duration_min,pain,note\n2026-06-10T08:00Z,1e999,,,\n", "line 2: distance_km is "),
        ("runs", "at,distance_km,duration_min,pain,note\n2026-06-10T08:00Z,5,,11,\n", "to 10, or nothing"),
        ("runs", "at,distance_km,duration_min\n2026-06-10T08:00Z,,\n", "neither distance_km nor duration_min"),
        ("marks", "at,slot,what\n2026-06-10T08:00Z,2026-06-10T08:00Z,skipped\n", "slot is '2026-06-10T08:00Z'"),
        ("marks", "at,slot,what\n2026-06-10T08:00Z,2026-06-10T08:00,done\n", "reminded, nagged, snoozed, skipped"),
        ("breaks", "at,first,last,holiday\n2026-06-10T08:00Z,2026-06-10,2026-06-09,true\n", "last is 2026-06-09"),
        ("breaks", "at,first,last,holiday\n2026-06-10T08:00Z,2026-06-10,,perhaps\n", "allowed: true or false"),
        ("regimes", "at,rules,zone\n2026-06-10T08:00Z,,Nowhere/Town\n", "zone is 'Nowhere/Town'"),
        ("regimes", "at,rules,zone\n2026-06-10T08:00Z,RRULE:\\,UTC\n", "rules ends with a backslash"),
        ("regimes", "at,rules,zone\n2026-06-10T08:00Z,FREQ=DAILY,UTC\n", "rules can't be followed ('FREQ=DAILY' isn't"),
        ("regimes", "at,rules,zone\n2026-06-10T08:00Z,FREQ=DAILY;INTERVAL=0;BYHOUR=8,UTC\n", "has an INTERVAL"),
        ("regimes", "at,rules,zone\n2026-06-10T08:00Z,FREQ=MONTHLY;BYDAY=9MO;BYHOUR=8,UTC\n", "can't be followed"),
        ("notes", 'at,text\n2026-06-10T08:00Z,"never ended\n', "line 2: unexpected end of data"),
        ("notes", "", "line 1: there is no header, allowed: at,at_offset_s,text"),
    ],
)
def test_other_tables_are_checked_as_well(name: str, text: str, told: str) -> None:
    (mistake,) = mistakes_of(**{name: text})
    assert mistake.startswith(f"{name}.csv line ")
    assert told in mistake


@pytest.mark.parametrize("levels", ["A", "=3", "A=", "A=-1", "A=3;A=4", "A=1.5"])
def test_levels_are_whole_numbers_by_channel(levels: str) -> None:
    header, row = to_csv(Diary(sessions=(PLAYED,)))["sessions.csv"].split("\r\n")[:2]
    (mistake,) = mistakes_of(sessions=f"{header}\n{row.replace('A=12;B=8', levels)}\n")
    assert "level_max" in mistake
    assert mistake.endswith("allowed: levels by channel such as A=12;B=8")


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("at,scor,when,note", "there is no column 'scor' (is score meant?)"),
        ("at,score,When,note", "there is no column 'When' (is when meant?)"),
        ("at,score,note", "the column when is missing"),
        ("score,at_offset_s", "the column at, when is missing"),
        ("at,score,when,note,note", "the column note is there twice"),
        ("at;score;when;note", "there is no column 'at;score;when;note'"),
    ],
)
def test_a_wrong_header_names_the_nearest_column(header: str, told: str) -> None:
    (mistake,) = mistakes_of(pain=f"{header}\n2026-06-10T08:00:00+02:00,99,rest,\n")
    assert mistake.startswith(f"pain.csv line 1: {told}")
    assert mistake.endswith("allowed: at,at_offset_s,score,when,note,stiffness_min,side")


def test_a_file_that_is_no_table_is_told_with_the_nearest_name() -> None:
    (mistake,) = mistakes_of(pains=pain(""))
    assert mistake.startswith("pains.csv isn't a table of a journal (is pain.csv meant?)")


def test_two_sessions_never_share_a_number_and_a_check_names_one_that_is_there() -> None:
    files = to_csv(Diary(sessions=(PLAYED,)))
    header, row = files["sessions.csv"].split("\r\n")[:2]
    assert mistakes_of(sessions=f"{header}\n{row}\n{row}\n") == [
        "sessions.csv line 3: number 1 is there twice, allowed: another number for each"
    ]
    checks = "at,topic,about,answer,session,note\n2026-06-10T08:30:00+02:00,skin,,ok,2,\n"
    assert mistakes_of(sessions=files["sessions.csv"], checks=checks) == [
        "checks.csv line 2: there is no session 2, allowed: a number of sessions.csv, or nothing"
    ]


def test_mistakes_of_all_tables_are_told_at_once_and_no_more_than_ten() -> None:
    bad = "2026-06-10T08:00:00+02:00,11,noon,"
    told = mistakes_of(pain=pain("\r\n".join([bad] * 3)), notes="at,text\nnow,a\n")
    assert [line.split(":")[0] for line in told] == [
        *(f"pain.csv line {n}" for n in (2, 2, 3, 3, 4, 4)),
        "notes.csv line 2",
    ]
    many = mistakes_of(pain=pain("\r\n".join([bad] * 30)))
    assert len(many) == MISTAKES_MAX + 1
    assert many[-1] == "and 50 more: pain.csv lines 7-31"


def test_the_line_is_that_on_which_a_row_begins() -> None:
    text = 'at,text\n2026-06-10T08:00:00+02:00,"one\ntwo\nthree"\nnow,b\n'
    assert mistakes_of(notes=text)[0].startswith("notes.csv line 5: at is 'now'")


@given(diary=diaries(), data=st.data())
def test_whatever_is_done_to_a_table_it_is_read_or_refused_with_its_name(diary: Diary, data: st.DataObject) -> None:
    name, text = data.draw(st.sampled_from(sorted(to_csv(diary).items())))
    where = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 9))
    new = data.draw(st.text('0129-+:;=,."\\\r\n TZe\0é²', max_size=6))
    files = {name: text[:where] + new + text[where + length :]}
    try:
        again = to_csv(read(files))
    except EstimError:
        assert all(line.startswith((f"{name} line ", "and ")) for line in mistakes_in(files))
    else:
        assert to_csv(read(again)) == again


def test_no_table_at_all_is_an_empty_journal() -> None:
    assert read({}) == Diary()
    assert read(to_csv(Diary())) == Diary()


MOMENT_SHAPE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
LOCAL_SHAPE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}")
DAY_SHAPE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@pytest.mark.control("C-28")
@given(diary=diaries())
def test_every_column_of_times_has_one_shape_that_is_read_as_a_time(diary: Diary) -> None:
    """What a data-frame library asks of a column: every cell of it in one format, and all moments in one zone."""
    shapes = {
        "moment": MOMENT_SHAPE,
        "slot": LOCAL_SHAPE,
        "day": DAY_SHAPE,
    }
    times = {
        "at": "moment",
        "ended": "moment",
        "delivered_until": "moment",
        "slot": "slot",
        "first": "day",
        "last": "day",
    }
    for name, text in to_csv(diary).items():
        for row in csv.DictReader(io.StringIO(text, newline="")):
            for column in times.keys() & row.keys():
                cell = row[column]
                if not cell and column in ("ended", "last"):
                    continue
                assert shapes[times[column]].fullmatch(cell), (name, column, cell)
                found = datetime.fromisoformat(cell)
                if times[column] == "moment":
                    there = found + timedelta(seconds=int(row[f"{column}_offset_s"]))
                    assert found.utcoffset() == timedelta()
                    assert there.date() in {entry.at.date() for entry in all_of(diary)} or column != "at"


def all_of(diary: Diary) -> list[Entry]:
    return [entry for table in TABLES for entry in table.of(diary)]


def test_no_column_of_times_is_forgotten() -> None:
    kinds = {column.name for table in TABLES for column in table.columns if column.kind in (MOMENT, SLOT, DAY)}
    assert kinds == {"at", "ended", "delivered_until", "slot", "first", "last"}


def test_tables_as_they_were_written_before_are_read_as_well() -> None:
    text = pain("2026-06-10T08:00:00+02:00,3,rest,\r\n2026-06-10T08:00:00.250000-05:00,4,rest,")
    read_ = from_csv({"pain.csv": text})
    assert [one.at.isoformat() for one in read_.diary.pains] == [
        "2026-06-10T08:00:00+02:00",
        "2026-06-10T08:00:00.250000-05:00",
    ]
    assert read_.guesses == ()


def test_a_moment_without_an_offset_needs_a_zone_and_then_is_told_as_a_guess() -> None:
    text = pain("2026-06-10T08:00:00,3,rest,\r\n2026-12-10 08:00,4,rest,\r\n2026-12-10T08:00Z,5,rest,")
    with pytest.raises(NoZone, match="--zone Europe/Berlin"):
        from_csv({"pain.csv": text})
    found = from_csv({"pain.csv": text}, ZoneInfo("Europe/Berlin"))
    assert [one.at.isoformat() for one in found.diary.pains] == [
        "2026-06-10T08:00:00+02:00",
        "2026-12-10T08:00:00+01:00",
        "2026-12-10T08:00:00+00:00",
    ]
    assert found.guesses == ("pain.csv: 2 cells without an offset, read as time in Europe/Berlin",)


def test_a_column_that_may_be_empty_may_be_missing_and_is_told() -> None:
    found = from_csv(
        {"pain.csv": "at,score,when\n2026-06-10T08:00Z,3,rest\n", "notes.csv": to_csv(Diary())["notes.csv"]}
    )
    assert found.diary.pains == (Pain(id=1, at=datetime(2026, 6, 10, 8, tzinfo=UTC), score=3, when=When.REST),)
    assert found.guesses == ("pain.csv: there is no column note, taken as empty",)
    files = to_csv(Diary(sessions=(PLAYED, replace(PLAYED, id=18, at=MORNING + timedelta(hours=9)))))
    rows = list(csv.DictReader(io.StringIO(files["sessions.csv"], newline="")))
    kept = [
        name
        for name in rows[0]
        if name not in {"number", "ended", "ended_offset_s", "level_max", "goal", "overrides", "stop_confirmed"}
    ]
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, kept, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    sessions = read({"sessions.csv": out.getvalue()}).sessions
    assert [one.id for one in sessions] == [1, 2]
    assert all(one.ended is None and one.level_max == {} and one.overrides == () for one in sessions)


SAVED_BY_A_SPREADSHEET = (
    "\ufeffat;at_offset_s;distance_km;duration_min;pain;note;\r\n"
    "10.06.2026 08:00;;5,25;31,5;2;slow, easy;\r\n"
    '9.6.2026 7:05:30;;3;;;"two\r\nlines; and more";\r\n'
    "2026-06-08T05:00:00.000000Z;7200;2,5;20;0;;\r\n"
    ";;;;;;\r\n"
)


def test_every_row_of_a_spreadsheet_comes_in_and_what_was_guessed_is_told() -> None:
    found = from_csv({"runs.csv": SAVED_BY_A_SPREADSHEET}, ZoneInfo("Europe/Berlin"))
    assert [(f"{run.at:%d %H:%M:%S %z}", run.km, run.minutes, run.pain, run.note) for run in found.diary.runs] == [
        ("08 07:00:00 +0200", 2.5, 20, 0, ""),
        ("09 07:05:30 +0200", 3, None, None, "two\r\nlines; and more"),
        ("10 08:00:00 +0200", 5.25, 31.5, 2, "slow, easy"),
    ]
    assert found.guesses == (
        "runs.csv: semicolons between the cells, so a comma is a decimal sign",
        "runs.csv: 2 cells without an offset, read as time in Europe/Berlin",
        "runs.csv: 2 cells written like 10.06.2026, read as day.month.year",
    )


def test_the_row_of_a_spreadsheet_that_can_not_come_in_is_named() -> None:
    text = SAVED_BY_A_SPREADSHEET.replace("5,25", "5,250").replace("7200", "2:00").replace(";20;0;", ";20;11;")
    with pytest.raises(EstimError) as caught:
        from_csv({"runs.csv": text}, ZoneInfo("Europe/Berlin"))
    assert caught.value.text.splitlines()[1:] == [
        "runs.csv line 2: distance_km is '5,250', which can be thousands or a fraction, "
        "allowed: a number, 0 or more, such as 5.2, or nothing",
        "runs.csv line 5: at_offset_s is '2:00', allowed: seconds from UTC such as 7200, or nothing",
        "runs.csv line 5: pain is '11', allowed: a whole number from 0 to 10, or nothing",
    ]


def test_yes_and_no_are_read_as_a_german_spreadsheet_writes_them() -> None:
    text = "at;first;last;holiday\r\n10.06.2026 08:00;11.06.2026;12.06.2026;WAHR\r\n"
    (gap,) = from_csv({"breaks.csv": text}, ZoneInfo("Europe/Berlin")).diary.breaks
    assert (gap.first, gap.last, gap.holiday) == (date(2026, 6, 11), date(2026, 6, 12), True)


def test_a_slot_is_read_as_a_spreadsheet_writes_it_and_stays_a_local_time() -> None:
    rows = "10.06.2026 08:00;9.6.2026 8:00:00;skipped\r\n10.06.2026 08:00;2026-06-11 20:00:00;skipped\r\n"
    found = from_csv({"marks.csv": f"at;slot;what\r\n{rows}"}, ZoneInfo("Europe/Berlin")).diary
    assert [mark.slot for mark in found.marks] == ["2026-06-09T08:00", "2026-06-11T20:00"]
    for wrong in ("09.06.2026", "2026-06-09T08:00:30", "2026-06-09T08:00+02:00"):
        (mistake,) = mistakes_of(marks=f"at,slot,what\r\n2026-06-10T08:00Z,{wrong},skipped\r\n")
        assert "slot is" in mistake


def test_a_day_alone_is_no_moment() -> None:
    (mistake,) = mistakes_of(pain=pain("2026-06-10,3,rest,"))
    assert mistake.startswith("pain.csv line 2: at is '2026-06-10', allowed: a moment such as")
