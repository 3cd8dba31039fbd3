"""Checks the packet forms of em70, and literal conversations with its driver, against the golden file."""

from typing import Any, assert_never

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.driver import Driver
from protocols.em70.family import FAMILY, match
from protocols.em70.packets import CONTROL, frame, unframe
from protocols.layout import Direction, Form, pick
from protocols.score import Part, Score, Steady
from protocols.vocabulary import (
    Advert,
    BadPacket,
    Channel,
    Contact,
    Ended,
    Event,
    Hand,
    Level,
    LowBattery,
    Match,
    Mode,
    Op,
    Refused,
    Wanted,
    Write,
)
from tests.packets import golden

GOLDEN = golden("em70")
A = Channel.A


def layouts(entry: dict[str, Any]) -> tuple[Form, ...]:
    return FAMILY.layouts[Direction(entry["direction"])][entry.get("endpoint", CONTROL.name)]


@pytest.mark.parametrize("entry", GOLDEN["packet"], ids=lambda entry: entry["meaning"])
def test_golden_packets_are_read_and_built_back(entry: dict[str, Any]) -> None:
    data = bytes.fromhex(entry["hex"])
    layout, packet = pick(layouts(entry), data)
    assert {name: getattr(packet, name) for name in entry["fields"]} == entry["fields"]
    assert layout.build(packet) == data


@pytest.mark.control("C-34")
@pytest.mark.parametrize("entry", GOLDEN["bad"], ids=lambda entry: entry["why"])
def test_golden_bad_packets_are_refused_with_a_sentence(entry: dict[str, Any]) -> None:
    with pytest.raises(BadPacket, match=r"\w+"):
        pick(layouts(entry), bytes.fromhex(entry["hex"]))


@pytest.mark.control("C-34")
@pytest.mark.parametrize("entry", GOLDEN["packet"], ids=lambda entry: entry["meaning"])
def test_cut_lengthened_or_damaged_packets_are_never_taken_for_the_whole(entry: dict[str, Any]) -> None:
    data = bytes.fromhex(entry["hex"])
    forms = layouts(entry)
    damaged = [data[:at] + bytes((data[at] ^ 0x01,)) + data[at + 1 :] for at in range(len(data))] if data[1:] else []
    for bad in [*(data[:length] for length in range(len(data))), data + b"\x00", *damaged]:
        with pytest.raises(BadPacket):
            pick(forms, bad)


@pytest.mark.control("C-34")
@given(st.sampled_from(Direction), st.integers(0, 16), st.binary(max_size=12), st.booleans())
def test_random_bytes_are_bad_or_build_back(direction: Direction, code: int, data: bytes, framed: bool) -> None:
    packet_bytes = frame(bytes((code,)) + data) if framed else bytes((0x5A, code)) + data
    try:
        layout, packet = pick(FAMILY.layouts[direction][CONTROL.name], packet_bytes)
    except BadPacket:
        return
    assert layout.build(packet) == packet_bytes


@given(st.binary(min_size=2, max_size=200))
def test_a_frame_holds_what_was_put_into_it(body: bytes) -> None:
    data = frame(body)
    assert unframe(data) == body
    assert (data[0], data[1], int.from_bytes(data[-2:], "big")) == (0x5A, len(data) - 1, sum(data[:-2]))


@pytest.mark.control("C-24")
def test_only_the_name_makes_an_em70() -> None:
    service = (CONTROL.service,)
    yes = ("LT1102S", "LT1102S\0\0", "LT1102S-2")
    no = ("", "LT5009NEW", "MA5011Pro", "47L121000", "xLT1102S", "lt1102s")
    assert {name: match(Advert("x", name, service)) for name in yes} == dict.fromkeys(yes, Match.YES)
    assert {name: match(Advert("x", name, service)) for name in no} == dict.fromkeys(no, Match.NO)


class Talk:
    """One conversation of the golden file with a driver; each write is acknowledged at once."""

    def __init__(self, entry: dict[str, Any]) -> None:
        part = Part("all", 0, 60, Steady(100), Steady(200))
        self.score = Score((part,), number=entry["number"])
        self.driver: Driver = FAMILY.connect(0.0, "")
        self.wanted = Wanted(Mode.WATCH, score=self.score)
        for step in GOLDEN["conversation"][0]["steps"][:3] if entry.get("begin", False) else []:
            self.take(step)

    def take(self, step: dict[str, Any]) -> tuple[list[Event], list[str]]:
        now_s = step["at"]
        events = list[Event]()
        if "hear" in step:
            events += self.driver.receive(now_s, CONTROL, bytes.fromhex(step["hear"]))
        mode = Mode(step["want"]) if "want" in step else self.wanted.mode
        level = {A: Level(step["level"])} if "level" in step else self.wanted.level
        self.wanted = Wanted(mode, level, {A: Level(10)}, self.score, 0.0, 60.0)
        self.driver.want(now_s, self.wanted)
        ops = self.driver.poll(now_s)
        assert self.driver.due_s > now_s
        for op in ops:
            events += self.driver.done(now_s, op.tag, b"", None)
        return events, [said(op) for op in ops]


def said(op: Op) -> str:
    assert isinstance(op, Write)
    assert op.endpoint == CONTROL
    assert op.response, "the characteristic takes no write without response"
    return ("!" if op.urgent else "") + op.data.hex()


def told(event: Event) -> str:
    match event:
        case Hand(channel, level, rose):
            return f"hand {channel.value} {level} {'rose' if rose else 'fell'}"
        case Ended(why):
            return f"ended: {why}"
        case Contact(channel, ok):
            return f"contact {channel.value} {'found' if ok else 'lost'}"
        case LowBattery():
            return "low battery"
        case Refused():
            return "refused"
        case _:
            assert_never(event)


def reports(driver: Driver, now_s: float) -> dict[str, object]:
    now = driver.reported(now_s)
    return {
        "level": [now.level[A].lo, now.level[A].hi],
        "ready": now.ready,
        "zero": now.zero.value,
        "output": now.out.value,
        "battery": now.battery,
        "left": now.left_s,
    }


@pytest.mark.parametrize("entry", GOLDEN["conversation"], ids=lambda entry: entry["title"])
def test_golden_conversations(entry: dict[str, Any]) -> None:
    talk = Talk(entry)
    for step in entry["steps"]:
        events, out = talk.take(step)
        assert out == [line.replace(" ", "").lower() for line in step["out"]], step
        assert [told(event) for event in events] == step.get("events", []), step
        wanted: dict[str, object] = step.get("report", {})
        shown = reports(talk.driver, step["at"])
        assert {name: shown[name] for name in wanted} == wanted, step


@pytest.mark.control("C-34")
@given(st.binary(max_size=24))
def test_odd_packets_are_counted_and_change_nothing(data: bytes) -> None:
    try:
        pick(FAMILY.layouts[Direction.FROM_DEVICE][CONTROL.name], data)
    except BadPacket:
        driver = FAMILY.connect(0.0, "")
        before = driver.reported(0.0)
        assert driver.receive(0.0, CONTROL, data) == []
        after = driver.reported(0.0)
        assert dict(after.counts) == {"bad": 1}
        assert (after.level, after.zero, after.heard_s) == (before.level, before.zero, before.heard_s)
