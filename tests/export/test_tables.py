"""A journal leaves as tables and comes back as it was; a table with a mistake in it is refused with its line."""

import csv
import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estim.core.days.diary import (
    NOTE_MAX,
    Break,
    Check,
    Diary,
    Note,
    Pain,
    Played,
    Regime,
    Run,
    Topic,
    When,
)
from estim.core.errors import EstimError, Exit
from estim.export.columns import TABLES, numbered
from estim.export.tables import MISTAKES_MAX, from_csv, to_csv
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
        assert header == [column.name for column in table.columns]
        assert len(rows) == len(table.of(diary))
        assert {len(row) for row in rows} <= {len(header)}
    back = from_csv({name: text.encode().decode() for name, text in files.items()})
    assert to_csv(back) == files
    for table in TABLES:
        written = table.of(numbered(diary))
        read = table.of(back)
        assert [entry.at.isoformat() for entry in read] == [entry.at.isoformat() for entry in written]
        assert [entry.id for entry in read] == list(range(1, len(written) + 1))
        assert [replace(entry, id=0) for entry in read] == [replace(entry, id=0) for entry in written]


def test_a_session_is_written_with_units_in_its_names_and_offsets_in_its_moments() -> None:
    assert to_csv(Diary(sessions=(PLAYED,)))["sessions.csv"] == (
        "number,at,ended,program,unit,family,sites,simulated,length_s,output_s,delivered_until,duration_s,level_max,"
        "goal,reason,stop_confirmed,message,overrides\r\n"
        "1,2026-06-10T08:00:00+02:00,2026-06-10T08:20:00.250000+02:00,tens-ankle,left,em70,ankle-left;calf-left,"
        "false,1200,1180.5,2026-06-10T08:20:00+02:00,1200.25,A=12;B=8,A=10,completed,true,,\r\n"
    )


def test_each_rule_of_a_regime_is_a_line_as_it_was_typed() -> None:
    rules = ("RRULE:FREQ=DAILY;BYHOUR=8,20", "RRULE:FREQ=WEEKLY;BYDAY=SU;BYHOUR=12")
    text = to_csv(Diary(regimes=(Regime(at=MORNING, rules=rules, zone="Europe/Berlin"),)))["regimes.csv"]
    assert f'"{rules[0]}\n{rules[1]}",Europe/Berlin\r\n' in text


def test_a_note_that_looks_like_a_formula_is_left_alone() -> None:
    text = to_csv(Diary(notes=(Note(at=MORNING, text='=SUM("a";1)'),)))["notes.csv"]
    assert text.endswith('2026-06-10T08:00:00+02:00,"=SUM(""a"";1)"\r\n')


def test_what_is_not_known_is_an_empty_cell() -> None:
    run = Run(at=MORNING, km=5)
    gap = Break(at=MORNING, first=date(2026, 6, 10), last=None)
    files = to_csv(Diary(runs=(run,), breaks=(gap,)))
    assert files["runs.csv"].endswith("+02:00,5,,,\r\n")
    assert files["breaks.csv"].endswith("+02:00,2026-06-10,,false\r\n")
    back = from_csv(files)
    assert (back.runs[0].minutes, back.runs[0].pain, back.breaks[0].last) == (None, None, None)


def test_a_check_finds_its_session_again_although_both_got_new_numbers() -> None:
    earlier = replace(PLAYED, at=MORNING - timedelta(hours=12), id=30)
    checks = (Check(at=MORNING, topic=Topic.SKIN, answer="ok", session=17), Check(at=MORNING, topic=Topic.FEEL))
    back = from_csv(to_csv(Diary(sessions=(earlier, PLAYED), checks=checks)))
    assert [played.id for played in back.sessions] == [1, 2]
    assert [check.session for check in back.checks] == [2, None]


def test_a_check_about_a_session_that_was_left_out_is_about_none() -> None:
    check = Check(at=MORNING, topic=Topic.SKIN, answer="ok", session=17)
    assert from_csv(to_csv(Diary(checks=(check,)))).checks[0].session is None


def test_rows_and_columns_may_come_in_another_order() -> None:
    text = (
        "when,note,at,score\n"
        "rest,later,2026-06-10T08:00:00+02:00,3\n"
        "\n"
        'morning,"two\nlines",2026-06-10T07:30:00+02:00,4\n'
    )
    pains = from_csv({"pain.csv": f"\ufeff{text}"}).pains
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
            [cell.replace(".", ",") if name.endswith(("_s", "_km", "_min")) else cell for name, cell in cells]
        )
    return "\ufeff" + out.getvalue()


def test_tables_with_semicolons_and_decimal_commas_are_read() -> None:
    run = Run(at=MORNING, km=5.25, minutes=31.5, pain=2, note="slow; then, with\r\na break, easy")
    diary = Diary(sessions=(PLAYED,), runs=(run,), notes=(Note(at=MORNING, text="a;b"),))
    tables = {name: as_a_spreadsheet_saves(text) for name, text in to_csv(diary).items()}
    assert "1200,25" in tables["sessions.csv"]
    assert from_csv(tables) == from_csv(to_csv(diary))


@pytest.mark.control("C-55")
def test_a_number_of_a_semicolon_table_that_can_mean_two_things_is_a_mistake() -> None:
    header = "at;distance_km;duration_min;pain;note\r\n"
    row = "2026-06-10T08:00:00+02:00;{};20,5;2;slow; easy\r\n".replace("slow; easy", '"slow; easy"')
    (run,) = from_csv({"runs.csv": header + row.format("3,25")}).runs
    assert (run.km, run.minutes, run.note) == (3.25, 20.5, "slow; easy")
    for typed in ("3,250", "1.000", "1.234,5"):
        (mistake,) = mistakes_in({"runs.csv": header + row.format(typed)})
        assert mistake.startswith(
            f"runs.csv line 2: distance_km is '{typed}', which can be thousands or a fraction, allowed"
        )


def test_between_commas_a_comma_is_no_decimal_sign() -> None:
    text = 'at,distance_km,duration_min,pain,note\r\n2026-06-10T08:00:00+02:00,"5,2",20.5,2,\r\n'
    (mistake,) = mistakes_in({"runs.csv": text})
    assert mistake.startswith("runs.csv line 2: distance_km is '5,2', allowed: a number from 0 on such as 5.2")


def test_order_is_by_moment_and_not_by_clock_face() -> None:
    text = pain("2026-06-10T08:00:00+02:00,1,rest,\r\n2026-06-10T07:00:00+00:00,2,rest,")
    assert [one.score for one in from_csv({"pain.csv": text}).pains] == [1, 2]
    assert from_csv({"pain.csv": text}).pains[1].at == datetime(2026, 6, 10, 7, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("2026-06-10T08:00:00+02:00,11,rest,", "score is '11', allowed: a whole number from 0 to 10"),
        ("2026-06-10T08:00:00+02:00,-1,rest,", "score is '-1', allowed: a whole number from 0 to 10"),
        ("2026-06-10T08:00:00+02:00,3.5,rest,", "score is '3.5', allowed: a whole number from 0 to 10"),
        ("2026-06-10T08:00:00+02:00,,rest,", "score is empty, allowed: a whole number from 0 to 10"),
        (
            "2026-06-10T08:00:00,3,rest,",
            "at is '2026-06-10T08:00:00' without an offset, "
            "allowed: a moment with its offset such as 2026-06-10T08:00:00+02:00",
        ),
        (
            "yesterday,3,rest,",
            "at is 'yesterday', allowed: a moment with its offset such as 2026-06-10T08:00:00+02:00",
        ),
        (
            "0001-01-01T00:00:00+02:00,3,rest,",
            "at is '0001-01-01T00:00:00+02:00', allowed: a moment with its offset such as 2026-06-10T08:00:00+02:00",
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
        ("marks", "at,slot,what\n2026-06-10T08:00Z,2026-06-10T08:00Z,skipped\n", "slot is '2026-06-10T08:00Z'"),
        ("marks", "at,slot,what\n2026-06-10T08:00Z,2026-06-10T08:00,done\n", "reminded, nagged, snoozed, skipped"),
        ("breaks", "at,first,last,holiday\n2026-06-10T08:00Z,2026-06-10,2026-06-09,true\n", "last is 2026-06-09"),
        ("breaks", "at,first,last,holiday\n2026-06-10T08:00Z,2026-06-10,,perhaps\n", "allowed: true or false"),
        ("regimes", "at,rules,zone\n2026-06-10T08:00Z,,Nowhere/Town\n", "zone is 'Nowhere/Town'"),
        ("regimes", "at,rules,zone\n2026-06-10T08:00Z,RRULE:\\,UTC\n", "rules ends with a backslash"),
        ("regimes", "at,rules,zone\n2026-06-10T08:00Z,FREQ=DAILY,UTC\n", "rules can't be followed ('FREQ=DAILY' is no"),
        ("regimes", "at,rules,zone\n2026-06-10T08:00Z,FREQ=DAILY;INTERVAL=0;BYHOUR=8,UTC\n", "has an INTERVAL"),
        ("regimes", "at,rules,zone\n2026-06-10T08:00Z,FREQ=MONTHLY;BYDAY=9MO;BYHOUR=8,UTC\n", "can't be followed"),
        ("notes", 'at,text\n2026-06-10T08:00Z,"never ended\n', "line 2: unexpected end of data"),
        ("notes", "", "line 1: there is no header, allowed: at,text"),
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
        ("at,score,when,note,note", "the column note is there twice"),
        ("at;score;when;note", "there is no column 'at;score;when;note'"),
    ],
)
def test_a_wrong_header_names_the_nearest_column(header: str, told: str) -> None:
    (mistake,) = mistakes_of(pain=f"{header}\n2026-06-10T08:00:00+02:00,99,rest,\n")
    assert mistake.startswith(f"pain.csv line 1: {told}")
    assert mistake.endswith("allowed: at,score,when,note")


def test_a_file_that_is_no_table_is_told_with_the_nearest_name() -> None:
    (mistake,) = mistakes_of(pains=pain(""))
    assert mistake.startswith("pains.csv: is no table of a journal (is pain.csv meant?)")


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
    assert many[-1] == "and 50 more"


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
        again = to_csv(from_csv(files))
    except EstimError:
        assert all(line.startswith((f"{name} line ", "and ")) for line in mistakes_in(files))
    else:
        assert to_csv(from_csv(again)) == again


def test_no_table_at_all_is_an_empty_journal() -> None:
    assert from_csv({}) == Diary()
    assert from_csv(to_csv(Diary())) == Diary()
