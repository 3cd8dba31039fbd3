"""Lines of JSON hold the whole journal in order of time, with the types of JSON."""

import json
from collections import Counter
from datetime import datetime, timedelta, timezone
from typing import Any

from hypothesis import given, settings

from estim.core.days.diary import Break, Check, Diary, Note, Pain, Played, Topic, When
from estim.export.columns import TABLES, entries_of
from estim.export.jsonl import to_jsonl
from tests.effort import DRAWN
from tests.export.diaries import diaries

MORNING = datetime(2026, 6, 10, 8, 0, tzinfo=timezone(timedelta(hours=2)))
HEAD = ["schema", "version", "table"]


def objects(diary: Diary) -> list[dict[str, Any]]:
    return [json.loads(line) for line in to_jsonl(diary).split("\n")[:-1]]


@settings(max_examples=DRAWN)
@given(diary=diaries())
def test_every_entry_is_one_line_in_order_of_time_with_the_names_of_its_table(diary: Diary) -> None:
    found = objects(diary)
    assert Counter(one["table"] for one in found) == Counter(table.name for table, _ in entries_of(diary))
    moments = [datetime.fromisoformat(one["at"]) for one in found]
    assert moments == sorted(moments)
    columns = {table.name: [column.name for column in table.columns] for table in TABLES}
    for one in found:
        assert list(one) == HEAD + columns[one["table"]]
        assert (one["schema"], one["version"]) == ("estim.entry", 1)


def test_a_pain_score_is_a_number_and_a_moment_keeps_its_offset() -> None:
    pain = Pain(at=MORNING, score=4, when=When.REST, note='a "b"\nc é')
    assert to_jsonl(Diary(pains=(pain,))) == (
        '{"schema": "estim.entry", "version": 1, "table": "pain", "at": "2026-06-10T08:00:00+02:00", '
        '"score": 4, "when": "rest", "note": "a \\"b\\"\\nc é", "stiffness_min": null, "side": null}\n'
    )


def test_a_list_is_a_list_and_levels_are_an_object_and_the_unknown_is_null() -> None:
    played = Played(
        at=MORNING,
        id=40,
        program="tens-ankle",
        unit="left",
        family="em70",
        sites=("ankle-left", "calf-left"),
        simulated=False,
        length_s=1200.0,
        output_s=60.5,
        delivered_until=MORNING + timedelta(minutes=20),
        ended=None,
        level_max={"A": 12},
    )
    check = Check(at=MORNING, topic=Topic.SKIN, answer="ok", session=40)
    first, second = objects(Diary(sessions=(played,), checks=(check,)))
    assert first["sites"] == ["ankle-left", "calf-left"]
    assert (first["level_max"], first["goal"]) == ({"A": 12}, {})
    assert (first["output_s"], first["simulated"], first["ended"], first["stop_confirmed"]) == (60.5, False, None, None)
    assert (first["number"], second["session"]) == (1, 1)


def test_days_are_days_and_kinds_are_mixed_by_time() -> None:
    gap = Break(at=MORNING, first=MORNING.date(), last=None, holiday=True)
    note = Note(at=MORNING - timedelta(hours=1), text="before")
    found = objects(Diary(breaks=(gap,), notes=(note,)))
    assert [one["table"] for one in found] == ["notes", "breaks"]
    assert (found[1]["first"], found[1]["last"], found[1]["holiday"]) == ("2026-06-10", None, True)


def test_an_empty_journal_has_no_lines() -> None:
    assert to_jsonl(Diary()) == ""
