"""Checks the packet forms of zc95, and literal conversations with its driver, against the golden file."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.driver import Driver
from protocols.layout import Direction, Form, pick
from protocols.score import Burst, Part, Score, Steady
from protocols.vocabulary import (
    Advert,
    AirError,
    BadPacket,
    Channel,
    Close,
    Event,
    Hand,
    Level,
    Match,
    Mode,
    Op,
    Read,
    Refused,
    Wanted,
    Write,
)
from protocols.zc95.channel import ChannelState, What
from protocols.zc95.family import FAMILY, match
from protocols.zc95.packets import CAPS, CONTROL_SERVICE, MAY_JOIN, PULSES, STREAM, USED, whole
from protocols.zc95.requests import Words
from tests.packets import golden

GOLDEN = golden("zc95")
A = Channel.A
B = Channel.B
ENDPOINTS = {endpoint.name: endpoint for endpoint in (*USED, PULSES, MAY_JOIN)}


def forms(entry: dict[str, Any]) -> tuple[Form, ...]:
    return FAMILY.layouts[Direction(entry["direction"])][entry["endpoint"]]


@pytest.mark.parametrize("entry", GOLDEN["packet"], ids=lambda entry: entry["meaning"])
def test_golden_packets_are_read_and_built_back(entry: dict[str, Any]) -> None:
    data = bytes.fromhex(entry["hex"])
    layout, packet = pick(forms(entry), data)
    assert {name: getattr(packet, name) for name in entry["fields"]} == entry["fields"]
    first = entry.get("first", {})
    assert {name: getattr(packet.messages[0], name) for name in first} == first
    assert layout.build(packet) == data


@pytest.mark.control("C-34")
@pytest.mark.parametrize("entry", GOLDEN["bad"], ids=lambda entry: entry["why"])
def test_golden_bad_packets_are_refused_with_a_sentence(entry: dict[str, Any]) -> None:
    with pytest.raises(BadPacket, match=r"\w+"):
        pick(forms(entry), bytes.fromhex(entry["hex"]))


@pytest.mark.control("C-34")
@pytest.mark.parametrize("entry", GOLDEN["packet"], ids=lambda entry: entry["meaning"])
def test_cut_or_lengthened_packets_are_never_taken_for_the_whole(entry: dict[str, Any]) -> None:
    data = bytes.fromhex(entry["hex"])
    for bad in [*(data[:length] for length in range(len(data))), data + b"\x00", data + data]:
        with pytest.raises(BadPacket):
            pick(forms(entry), bad)


@pytest.mark.control("C-34")
@given(st.sampled_from(Direction), st.data(), st.binary(max_size=40))
def test_random_bytes_are_bad_or_build_back(direction: Direction, data: st.DataObject, packet_bytes: bytes) -> None:
    table = FAMILY.layouts[direction]
    try:
        layout, packet = pick(table[data.draw(st.sampled_from(sorted(table)))], packet_bytes)
    except BadPacket:
        return
    assert layout.build(packet) == packet_bytes


def test_a_full_packet_of_pulses_has_fourteen_messages() -> None:
    message = bytes.fromhex("02787803A086010000000000F4010000")
    assert len(STREAM.parse(b"\x0e\x00\x00\x00" + 14 * message).messages) == 14
    with pytest.raises(BadPacket, match="14"):
        STREAM.parse(b"\x0f\x00\x00\x00" + 15 * message)


@pytest.mark.control("C-24")
def test_service_or_name_make_a_zc95() -> None:
    assert match(Advert("x", "", (CONTROL_SERVICE,))) is Match.YES
    assert match(Advert("x", "ZC95")) is Match.YES
    no = (Advert("x", "zc95"), Advert("x", "ZC95-X"), Advert("x", "", ("0000180f-0000-1000-8000-00805f9b34fb",)))
    assert [match(advert) for advert in no] == [Match.NO] * 3
    assert CONTROL_SERVICE == "ac7744c0-0bad-11ef-a9cd-0800200c9b00"


def test_rates_and_widths_are_whole_and_never_rounded_up() -> None:
    assert [whole(value) for value in (0.9, 1.0, 79.9, 149.99999999, 300.0)] == [0.0, 1.0, 79.0, 150.0, 255.0]


class Talk:
    """One conversation of the golden file with a driver."""

    def __init__(self, entry: dict[str, Any]) -> None:
        burst = Burst(*entry["burst"]) if "burst" in entry else None
        self.score = Score((Part("all", 0, 60, Steady(100.5), Steady(120.9), burst),))
        self.driver: Driver = FAMILY.connect(0.0, "")
        self.wanted = Wanted(Mode.WATCH, score=self.score)
        self.sent: list[Op] = []
        self.leaves: bool = entry.get("leaves", True)
        for step in GOLDEN["conversation"][0]["steps"] if entry.get("begin", False) else []:
            self.take(step)

    def take(self, step: dict[str, Any]) -> tuple[list[Event], list[str]]:
        now_s = step["at"]
        events = list[Event]()
        out = list[str]()
        self.want(now_s, step)
        if "hear" in step:
            name, _, value = step["hear"].partition("=")
            events += self.driver.receive(now_s, ENDPOINTS[name], bytes.fromhex(value))
        for reply in step.get("reply", []):
            events += self.reply(now_s, reply)
            out += self.poll(now_s)
        return events, out + self.poll(now_s)

    def want(self, now_s: float, step: dict[str, Any]) -> None:
        mode = Mode(step["want"]) if "want" in step else self.wanted.mode
        level = dict(zip((A, B), map(Level, step["level"]), strict=True)) if "level" in step else self.wanted.level
        ceiling = dict.fromkeys(CAPS.channels, Level(300))
        if "want" in step or "level" in step:
            origin_s = now_s if mode is Mode.PLAY and self.wanted.mode is not mode else self.wanted.origin_s
            self.wanted = Wanted(mode, level, ceiling, self.score, origin_s, 60.0)
        self.driver.want(now_s, self.wanted)

    def reply(self, now_s: float, text: str) -> list[Event]:
        name, _, value = text.replace(" error", "=!").partition("=")
        op = next(op for op in self.sent if not isinstance(op, Close) and op.endpoint.name == name)
        self.sent.remove(op)
        if value.startswith("!"):
            code = int(value[1:], 16) if value[1:] else None
            return self.driver.done(now_s, op.tag, b"", AirError("refused" if code else "no answer", code=code))
        return self.driver.done(now_s, op.tag, bytes.fromhex(value), None)

    def poll(self, now_s: float) -> list[str]:
        ops = self.driver.poll(now_s)
        assert self.driver.due_s > now_s
        self.sent += [op for op in ops if waits(op)]
        for op in ops if self.leaves else ():
            if isinstance(op, Write) and not op.response and op.urgent:
                self.driver.done(now_s, op.tag, b"", None)
        return [said(op) for op in ops]


def waits(op: Op) -> bool:
    """Say whether somebody waits for the outcome: of a request, or of a command that isn't urgent."""
    return isinstance(op, Read) or (isinstance(op, Write) and (op.response or not op.urgent))


def said(op: Op) -> str:
    match op:
        case Write(_, endpoint, data, response, urgent):
            return f"{'!' if urgent else ''}{endpoint.name}{'?' if response else '='}{data.hex().upper()}"
        case Read(_, endpoint):
            return endpoint.name
        case Close():
            return "close"


def told(event: Event) -> str:
    match event:
        case Hand(channel, level, rose):
            return f"hand {channel.value} {level} {'rose' if rose else 'fell'}"
        case Refused(why):
            return f"refused: {why}"
        case _:
            return repr(event)


def reports(driver: Driver, now_s: float) -> dict[str, object]:
    now = driver.reported(now_s)
    return {
        "level": [now.level[A].lo, now.level[A].hi],
        "ready": now.ready,
        "zero": now.zero.value,
        "output": now.out.value,
        "battery": now.battery,
        "ceiling": now.ceiling[A],
        "closable": now.closable,
    }


@pytest.mark.parametrize("entry", GOLDEN["conversation"], ids=lambda entry: entry["title"])
def test_golden_conversations(entry: dict[str, Any]) -> None:
    talk = Talk(entry)
    for step in entry["steps"]:
        events, out = talk.take(step)
        assert out == step["out"], step
        assert [told(event) for event in events] == step.get("events", []), step
        shown = reports(talk.driver, step["at"])
        wanted: dict[str, object] = step.get("report", {})
        assert {name: shown[name] for name in wanted} == wanted, step


@pytest.mark.control("C-08")
def test_a_zero_of_an_earlier_stop_proves_no_later_one() -> None:
    words = Words()
    state = ChannelState(A)
    proofs = []
    for now_s in (0.0, 0.1):
        state.silence(now_s)
        words.ask(now_s, state, What.POWER, 0, hurries=True)
        proofs.append(words.end(words.tag))
    steps = []
    for proof in proofs:
        assert proof is not None
        state.answered(0.2, proof)
        steps.append(state.zero)
    assert steps == [What.POWER, What.ENABLE]


@pytest.mark.control("C-34")
@given(st.sampled_from(sorted(ENDPOINTS)), st.binary(max_size=6))
def test_whatever_is_heard_changes_no_level(name: str, data: bytes) -> None:
    talk = Talk(GOLDEN["conversation"][0] | {"begin": True})
    before = talk.driver.reported(1.0)
    events = talk.driver.receive(1.0, ENDPOINTS[name], data)
    after = talk.driver.reported(1.0)
    assert (after.level, after.zero, after.settled_s, after.told_s) == (
        before.level,
        before.zero,
        before.settled_s,
        before.told_s,
    )
    assert events == []
