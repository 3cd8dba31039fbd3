"""Descriptions and states of every family, held against the rules of Home Assistant."""

import json
from datetime import UTC, datetime

import pytest

from estim.core.messages.events import (
    Alarmed,
    Armed,
    Connected,
    Ended,
    Happened,
    LinkBack,
    LinkLost,
    Paused,
    Reminded,
    Resumed,
    Started,
)
from estim.core.messages.shown import Alarm, ChannelView, Snapshot
from estim.core.remote.discovery import UnitFacts, host_device, unit_device
from estim.core.remote.state import Day, event, host_state, idle_state, unit_state
from estim.core.remote.topics import HostTopics, id_of, unit_id
from estim.core.vocabulary import Priority, Reason, State
from protocols.registry import family as family_of
from protocols.registry import names
from tests.core.remote.home_assistant import described, happened, read

NOW = datetime(2026, 11, 29, 8, 0, tzinfo=UTC)
TOPICS = HostTopics("clinic-7")


def facts(family: str, address: str) -> UnitFacts:
    caps = family_of(family).caps
    return UnitFacts(unit_id(address), f"left {family}", address, family, family, caps.channels)


def shown(family: str, state: State = State.RUNNING, **more: object) -> Snapshot:
    caps = family_of(family).caps
    lanes = tuple(
        ChannelView(channel=one, lo=3, hi=5, goal=5, request=5, cap=9, cap_why="", scale=caps.scale)
        for one in caps.channels
    )
    plain: dict[str, object] = {
        "unit": f"left {family}",
        "address": "C1:02:03:04:05:06",
        "family": family,
        "title": family,
        "simulated": True,
        "state": state,
        "program": "tens-ankle",
        "program_title": "Ankle",
        "phase": "work",
        "lanes": lanes,
        "left_s": 61.7,
        "out": "on",
    }
    return Snapshot(**{**plain, **more})  # type: ignore[arg-type] # fields by name


@pytest.mark.parametrize("family", names())
def test_two_units_and_their_host_are_taken_whole(family: str) -> None:
    taken: set[str] = set()
    devices = [
        unit_device(TOPICS, facts(family, "C1:02:03:04:05:06")),
        unit_device(TOPICS, facts(family, "C1:02:03:04:05:07")),
        host_device(TOPICS, "clinic", health=True),
    ]
    counts = [len(described(json.dumps(device).encode(), taken)) for device in devices]
    assert min(counts[:2]) >= 15
    assert host_device(TOPICS, "clinic", health=False) != devices[2]
    described(json.dumps(host_device(HostTopics("other"), "other", health=False)).encode(), taken)


def test_what_is_told_of_a_unit_that_is_away_needs_only_the_host() -> None:
    device = unit_device(TOPICS, facts("coyote3", "C1:02:03:04:05:06"))
    entities = described(json.dumps(device).encode(), set())
    away = {key for key, entity in entities.items() if entity["avty"] == [{"t": TOPICS.bridge}]}
    assert away == {
        "stop",
        "link",
        "state",
        "reason",
        "may_be_on",
        "may_be_on_until",
        "alarm",
        "alarm_text",
        "event",
    }, "a lost link and an end are told when the unit can't be reached"


@pytest.mark.parametrize("family", names())
@pytest.mark.parametrize("health", [True, False])
def test_every_figure_of_every_state_can_be_read(family: str, health: bool) -> None:
    entities = described(json.dumps(unit_device(TOPICS, facts(family, "C1:02:03:04:05:06"))).encode(), set())
    own = TOPICS.unit("c10203040506", "state")
    alarm = Alarm(number=1, priority=Priority.HIGH, text="x" * 300, do="look", at="08:00")
    extras: tuple[dict[str, object], ...] = (
        {"out": "off", "lanes": ()},
        {"out": "maybe", "battery": 55, "heard_age_s": 1.5, "alarms": (alarm,)},
        {"lost_at": "2026-11-29T08:00:00+01:00", "on_until": "2026-11-29T08:20:00+01:00", "on_left_s": None},
    )
    kinds = [shown(family, state, **more) for state in State for more in extras]
    kinds += [
        shown(family, State.ENDED, reason=reason, stop_confirmed=proved)
        for reason in Reason
        for proved in (None, True, False)
    ]
    for one in kinds:
        fields = unit_state(one, NOW, health=health)
        payload = json.dumps(fields | {f"level_{x}": 1 for x in "abcd" if not one.lanes}).encode()
        for entity in entities.values():
            if entity.get("stat_t") == own and "val_tpl" in entity:
                read(entity, payload)
        assert health or fields["program"] is None


def test_a_level_is_the_highest_that_it_may_be_and_doubt_counts_as_on() -> None:
    fields = unit_state(shown("em70", out="maybe"), NOW, health=False)
    assert (fields["level"], fields["level_a"], fields["stimulating"], fields["may_be_on"]) == (5, 5, "ON", "ON")
    off = unit_state(shown("em70", State.ENDED, out="off", lost_at=None), NOW, health=False)
    assert (off["stimulating"], off["may_be_on"], off["left_s"], off["ends_at"]) == ("OFF", "OFF", None, None)
    lost = unit_state(shown("em70", out="on", lost_at="x", on_left_s=None), NOW, health=False)
    assert lost["may_be_on"] == "ON"
    over = unit_state(shown("em70", out="off", lost_at="x", on_left_s=0.0), NOW, health=False)
    assert over["may_be_on"] == "OFF"
    assert unit_state(shown("em70"), NOW, health=False)["ends_at"] == "2026-11-29T08:01:01+00:00"


@pytest.mark.parametrize("doubts", [(), ("it may be on",)])
def test_a_unit_at_rest_has_the_same_fields_and_is_off_only_where_nothing_was_left_on(doubts: tuple[str, ...]) -> None:
    one = shown("coyote3")
    channels = [lane.channel for lane in one.lanes]
    fields = idle_state("left", channels, doubts)
    assert set(fields) == set(unit_state(one, NOW, health=True))
    assert (fields["unit"], fields["state"], fields["stimulating"]) == ("left", "idle", "OFF")
    assert fields["may_be_on"] == ("ON" if doubts else "OFF")


@pytest.mark.parametrize("health", [True, False])
@pytest.mark.parametrize("day", [None, Day(False, None, 0, 0.0, None, None), Day(True, NOW, 2, 40.4, 66.6, 3)])
@pytest.mark.parametrize("doubts", [(), ("left may be on: no family of that name",) * 9])
def test_the_host_s_own_state_can_be_read(health: bool, day: Day | None, doubts: tuple[str, ...]) -> None:
    entities = described(json.dumps(host_device(TOPICS, "clinic", health=health)).encode(), set())
    fields = host_state(2, 1, {"early": 3, "long": 4}, doubts, day, health=health)
    payload = json.dumps(fields).encode()
    told = {
        key: read(entity, payload)
        for key, entity in entities.items()
        if entity.get("stat_t") == TOPICS.state and "val_tpl" in entity
    }
    assert told["orders_dropped"] == 7
    assert told["may_be_on"] == ("ON" if doubts else "OFF")
    assert set(fields) == set(host_state(0, 0, {}, (), None, health=True))
    assert len(str(fields["warning"])) <= 255
    if health and day is not None and day.pain is not None:
        assert (told["pain"], told["adherence"], told["minutes_today"]) == (3, 67, 40)
    elif not health:
        diary = ("pain", "next_due", "reminders", "sessions_today", "minutes_today", "adherence_pct")
        assert all(fields[key] is None for key in diary)


UNIT: tuple[Happened, ...] = (
    Armed(unit="u", cap={}),
    Started(unit="u", program="p", length_s=1, started_at="x"),
    Paused(unit="u", why="w", at_s=1),
    Resumed(unit="u", at_s=1),
    Alarmed(unit="u", priority=Priority.LOW, text="t", do="d"),
    LinkLost(unit="u", on_until=None, text="t"),
    LinkBack(unit="u"),
    *(
        Ended(
            reason=reason,
            program="p",
            unit="u",
            family="em70",
            simulated=True,
            started_at=None,
            duration_s=0,
            level_max={},
            level_end={},
            stop_confirmed=None,
            message="m",
        )
        for reason in Reason
    ),
)


def test_each_event_is_of_a_kind_that_was_described() -> None:
    entities = described(json.dumps(unit_device(TOPICS, facts("em70", "C1:02:03:04:05:06"))).encode(), set())
    kinds = [happened(entities["event"], json.dumps(event(one, health=False)).encode()) for one in UNIT]
    assert kinds[:7] == ["armed", "started", "paused", "resumed", "alarm", "link_lost", "link_back"]
    assert "completed" in kinds
    host = described(json.dumps(host_device(TOPICS, "clinic", health=True)).encode(), set())
    due = event(Reminded(slot="s", program="p", text="t"), health=False)
    assert due == {"event_type": "due", "text": None}
    assert happened(host["reminder"], json.dumps(due).encode()) == "due"
    quiet = Connected(unit="u", address="a", family="f", simulated=True, battery=None, differs=())
    assert event(quiet, health=True) is None


@pytest.mark.parametrize(
    ("text", "ident"),
    [
        ("C1:02:03:04:05:06", "c1-02-03-04-05-06"),
        ("Praxis Müller #3", "praxis-m-ller-3"),
        ("all", "all-1"),
        ("+/#", ""),
        ("a" * 40, "a" * 32),
    ],
)
def test_an_id_holds_no_sign_that_a_broker_reads(text: str, ident: str) -> None:
    assert id_of(text) == ident


def test_a_topic_names_its_unit_only_where_orders_go() -> None:
    assert TOPICS.unit_of(TOPICS.unit("c1", "cmd")) == "c1"
    for topic in (TOPICS.orders, "estim/all/cmd", "estim/other/c1/cmd", TOPICS.unit("c1", "state")):
        assert TOPICS.unit_of(topic) is None
