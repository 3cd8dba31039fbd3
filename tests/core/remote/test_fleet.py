"""The fleet's picture: what hosts said, nothing else, and no unit is quiet before its host said so."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estim.core.remote.fleet import HOSTS_MAX, SILENT, UNTOLD, Fleet, Stopping, UnitSeen
from estim.core.remote.topics import UNITS_MAX

QUIET = {"unit": "left", "state": "ended", "stimulating": "OFF", "may_be_on": "OFF", "level": 0}

ITSELF = b'{"units": 1, "may_be_on": "OFF"}'
"""What a host says of itself."""


def said(**more: object) -> bytes:
    return json.dumps({**QUIET, **more}).encode()


def test_a_unit_is_quiet_only_when_its_host_says_so_after_it_was_asked() -> None:
    fleet = Fleet()
    fleet.hear("estim/h7/bridge", b"online", 0.0)
    fleet.hear("estim/h7/c1/state", said(), 1.0)
    fleet.hear("estim/h7/state", ITSELF, 2.0)
    assert [(host, unit.unit) for host, unit in fleet.open_units(None, 2.0)] == [("h7", "c1")]
    wrong = ({"stimulating": "ON"}, {"may_be_on": "ON"}, {"state": "stopping"}, {"state": "running"})
    for more in (*wrong, {"stop_confirmed": "OFF"}):
        fleet.hear("estim/h7/c1/state", said(**more), 3.0)
        assert fleet.open_units("h7", 2.0), more
    fleet.hear("estim/h7/c1/state", said(), 3.0)
    assert fleet.open_units("h7", 2.0) == []
    fleet.hear("estim/h7/bridge", b"offline", 4.0)
    assert fleet.open_units("h7", 2.0), "nobody says any more that it is quiet"
    assert fleet.open_units("h8", 2.0) == []


@pytest.mark.control("C-46")
@pytest.mark.parametrize("units", [0, 1])
def test_a_host_that_is_there_is_open_until_it_has_said_how_it_is_since_it_was_asked(units: int) -> None:
    fleet = Fleet()
    fleet.hear("estim/h7/bridge", b"online", 0.0)
    for heard_s in (None, 1.0):
        if heard_s is not None:
            fleet.hear("estim/h7/state", ITSELF, heard_s)
        for _ in range(units):
            fleet.hear("estim/h7/c1/state", said(), 3.0)
        assert fleet.open_units(None, 2.0) == [("h7", SILENT)], "no word, or one of before, says nothing of units"
        assert fleet.open_units("h8", 2.0) == []
    fleet.hear("estim/h7/state", ITSELF, 2.0)
    assert fleet.open_units(None, 2.0) == ([] if units else [("h7", UNTOLD)])


def test_a_host_that_has_gone_and_has_no_unit_holds_nobody_up() -> None:
    fleet = Fleet()
    fleet.hear("estim/h7/bridge", b"offline", 0.0)
    assert fleet.open_units(None, 2.0) == []


@pytest.mark.parametrize(
    ("units", "open_units"), [(0, []), (1, [("h7", UNTOLD)]), ("many", []), (None, []), (True, [])]
)
def test_a_host_that_tells_of_more_units_than_have_been_heard_is_open(
    units: object, open_units: list[tuple[str, UnitSeen]]
) -> None:
    fleet = Fleet()
    fleet.hear("estim/h7/bridge", b"online", 0.0)
    fleet.hear("estim/h7/state", json.dumps({"units": units, "may_be_on": "OFF"}).encode(), 3.0)
    assert fleet.open_units(None, 2.0) == open_units


def test_a_unit_that_its_host_took_back_is_gone() -> None:
    fleet = Fleet()
    fleet.hear("estim/h7/bridge", b"online", 0.0)
    fleet.hear("estim/h7/c1/link", b"online", 0.0)
    fleet.hear("estim/h7/c1/link", b"", 1.0)
    assert fleet.units_of(None) == []
    fleet.hear("estim/h7/c2/link", b"", 1.0)
    assert (fleet.units_of(None), fleet.left_out) == ([], 0)


def test_a_unit_without_a_state_is_open() -> None:
    fleet = Fleet()
    fleet.hear("estim/h7/c1/link", b"online", 0.0)
    ((host, unit),) = fleet.open_units(None, 0.0)
    assert (host, unit.linked, unit.stimulating) == ("h7", True, None)


def test_a_host_that_is_there_and_has_told_of_no_unit_is_open_until_it_says_what_it_has() -> None:
    fleet = Fleet()
    fleet.hear("estim/h7/state", b'{"units": 0, "may_be_on": "OFF"}', 1.0)
    fleet.hear("estim/h7/bridge", b"online", 3.0)
    fleet.hear("estim/h8/bridge", b"offline", 3.0)
    ((host, unit),) = fleet.open_units(None, 2.0)
    assert (host, unit.name, unit.may_be_on) == ("h7", "(no word from it since the stop)", True)
    fleet.hear("estim/h7/state", b'{"units": 0, "may_be_on": "OFF"}', 4.0)
    assert fleet.open_units(None, 2.0) == []
    fleet.hear("estim/h7/c1/link", b"online", 5.0)
    assert [one.unit for _, one in fleet.open_units(None, 2.0)] == ["c1"]


def test_a_host_that_may_have_left_something_on_is_open_whatever_its_units_say() -> None:
    fleet = Fleet()
    fleet.hear("estim/h7/bridge", b"online", 0.0)
    fleet.hear("estim/h7/c1/state", said(), 3.0)
    fleet.hear("estim/h7/state", ITSELF, 3.0)
    assert fleet.open_units(None, 2.0) == []
    for payload in (b'{"may_be_on": "ON"}', b"{}", b"nothing", b"[" * 4000):
        fleet.hear("estim/h7/state", payload, 3.0)
        assert [(host, unit.may_be_on) for host, unit in fleet.open_units(None, 2.0)] == [("h7", True)], payload


def test_a_stranger_s_text_is_bounded() -> None:
    fleet = Fleet()
    for number in range(HOSTS_MAX + 5):
        fleet.hear(f"estim/h{number}/bridge", b"online", 0.0)
    for number in range(UNITS_MAX + 5):
        fleet.hear(f"estim/h1/u{number}/state", said(unit="\x1b[2J" + "x" * 500), 0.0)
    assert len(fleet.hosts) == HOSTS_MAX
    assert len(fleet.hosts["h1"].units) == UNITS_MAX
    assert fleet.left_out == 10
    assert all(unit.name.isprintable() and len(unit.name) <= 80 for unit in fleet.hosts["h1"].units.values())


WORDS = {
    "bridge": (b"online", b"offline"),
    "state": (b'{"may_be_on": "ON"}', b'{"may_be_on": "OFF"}'),
    "c1/link": (b"online",),
    "c1/state": (said(), said(stimulating="ON"), b"nothing"),
    "c2/state": (said(), said(may_be_on="ON")),
}


@given(
    st.lists(st.tuples(st.sampled_from(("h1", "h2", "h3")), st.sampled_from(sorted(WORDS)), st.integers(0, 2))),
    st.integers(0, 40),
    st.sampled_from((None, "h2")),
)
def test_a_stop_that_looks_at_who_speaks_knows_what_a_look_at_all_does(
    words: list[tuple[str, str, int]], before: int, host: str | None
) -> None:
    fleet = Fleet()
    stopping: Stopping | None = None
    for number, (one, what, which) in enumerate(words):
        if number == before:
            stopping = Stopping(fleet, host, float(number))
        spoke = fleet.hear(f"estim/{one}/{what}", WORDS[what][which % len(WORDS[what])], float(number))
        assert spoke == one
        if stopping is not None:
            stopping.look(spoke)
            open_hosts = {name for name, _ in fleet.open_units(host, float(before))}
            assert stopping.open == open_hosts
            assert set(stopping.due) <= open_hosts
            assert stopping.reachable == {name for name in open_hosts if fleet.hosts[name].online}


def test_a_host_that_is_not_off_is_asked_again_once_and_then_whenever_it_has_spoken() -> None:
    fleet = Fleet()
    for host in ("h1", "h2", "h3"):
        fleet.hear(f"estim/{host}/c1/state", said(stimulating="ON"), 0.0)
    stopping = Stopping(fleet, None, 1.0)
    assert list(stopping.due) == ["h1", "h2", "h3"]
    for host in ("h1", "h2"):
        stopping.asked(host)
    assert list(stopping.due) == ["h3"]
    fleet.hear("estim/h1/bridge", b"online", 2.0)
    stopping.look("h1")
    assert list(stopping.due) == ["h3", "h1"], "it has come back, and may have heard nothing"
    fleet.hear("estim/h1/c1/state", said(), 3.0)
    fleet.hear("estim/h1/state", ITSELF, 3.0)
    stopping.look("h1")
    assert list(stopping.due) == ["h3"], "it is off"
    assert stopping.open == {"h2", "h3"}, "one that is silent is waited for all the same"


@given(st.text(max_size=40), st.binary(max_size=80), st.recursive(st.none() | st.integers() | st.text(), st.lists))
def test_whatever_is_said_nothing_breaks(topic: str, payload: bytes, value: object) -> None:
    fleet = Fleet()
    for where in (topic, "estim/h/c/state", "estim/h/bridge", "estim/h/c/link", "estim/all/cmd", "estim/h/c/d/e"):
        fleet.hear(where, payload, 0.0)
        fleet.hear(where, said(unit=value, state=value, level=value, stop_confirmed=value), 0.0)
    assert len(fleet.hosts) <= 3


HOSTS = ("h1", "h2")
HEARD = {
    "bridge": st.sampled_from([b"online", b"offline"]),
    "state": st.sampled_from([ITSELF, b'{"units": 0, "may_be_on": "OFF"}', b'{"may_be_on": "ON"}', b"?"]),
    "c1/state": st.sampled_from([said(), said(stimulating="ON"), said(stop_confirmed="OFF")]),
    "c1/link": st.sampled_from([b"online", b"offline", b""]),
}
SAID = st.sampled_from(HOSTS).flatmap(
    lambda host: st.sampled_from(list(HEARD)).flatmap(lambda what: st.tuples(st.just(host), st.just(what), HEARD[what]))
)


@pytest.mark.control("C-46")
@given(st.lists(SAID, max_size=12), st.lists(SAID, max_size=8))
def test_no_host_counts_as_stopped_that_is_there_and_has_not_said_so_since_it_was_asked(
    before: list[tuple[str, str, bytes]], since: list[tuple[str, str, bytes]]
) -> None:
    fleet = Fleet()
    for now_s, words in ((1.0, before), (3.0, since)):
        for host, what, payload in words:
            fleet.hear(f"estim/{host}/{what}", payload, now_s)
    for host in HOSTS:
        last = {what: payload for one, what, payload in (*before, *since) if one == host}
        told = [payload for one, what, payload in since if (one, what) == (host, "state")]
        there = last.get("bridge") == b"online"
        if fleet.open_units(host, 2.0) == [] and there:
            assert told, "only what was said since then counts"
            assert told[-1] in (ITSELF, b'{"units": 0, "may_be_on": "OFF"}')
