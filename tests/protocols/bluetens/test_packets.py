"""Checks the lines and scripts of bluetens, and literal conversations with its driver, against the golden file."""

from typing import Any, assert_never

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.bluetens.family import FAMILY, match
from protocols.bluetens.packets import LINE_MAX, SHELL, percent, rate_played, width_played
from protocols.driver import Driver
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
from tests.packets import bytes_of, golden

GOLDEN = golden("bluetens")
A = Channel.A
MD5 = "93f247fcb97cf257d8b3343488510eb6"


def forms(entry: dict[str, Any]) -> tuple[Form, ...]:
    return FAMILY.layouts[Direction(entry["direction"])][entry.get("endpoint", SHELL.name)]


def plain(value: object) -> object:
    return [plain(item) for item in value] if isinstance(value, tuple | list) else value


@pytest.mark.parametrize("entry", GOLDEN["packet"], ids=lambda entry: entry["meaning"])
def test_golden_lines_and_scripts_are_read_and_built_back(entry: dict[str, Any]) -> None:
    data = bytes_of(entry)
    form, packet = pick(forms(entry), data)
    assert {name: plain(getattr(packet, name)) for name in entry["fields"]} == entry["fields"]
    assert form.build(packet) == data


@pytest.mark.control("C-34")
@pytest.mark.parametrize("entry", GOLDEN["bad"], ids=lambda entry: entry["why"])
def test_golden_bad_ones_are_refused_with_a_sentence(entry: dict[str, Any]) -> None:
    with pytest.raises(BadPacket, match=r"\w+"):
        pick(forms(entry), bytes_of(entry))


@pytest.mark.control("C-34")
@pytest.mark.parametrize("entry", GOLDEN["packet"], ids=lambda entry: entry["meaning"])
def test_a_cut_or_lengthened_line_is_never_taken_for_the_whole(entry: dict[str, Any]) -> None:
    data = bytes_of(entry)
    script = entry.get("endpoint") == "script"
    for length in range(len(data)):
        if script and data[length - 1 : length] == b"}":
            continue  # the sections before the last are a script too
        if data[:length].endswith(b"\r\n"):
            continue  # the first of two lines is one
        with pytest.raises(BadPacket):
            pick(forms(entry), data[:length])
    with pytest.raises(BadPacket):
        pick(forms(entry), data + b"x")


@pytest.mark.control("C-34")
@given(
    st.sampled_from(Direction),
    st.sampled_from([SHELL.name, "script"]),
    st.one_of(
        st.binary(max_size=40),
        st.text("0123456789abcdefNOTIFYstrength=,.: >\r\n{}|[]<>VDMRIFTPCNS", max_size=60).map(str.encode),
    ),
    st.booleans(),
)
def test_random_bytes_are_bad_or_build_back(direction: Direction, endpoint: str, data: bytes, ended: bool) -> None:
    data += b"\r\n" if ended else b""
    try:
        form, packet = pick(FAMILY.layouts[direction][endpoint], data)
    except BadPacket:
        return
    assert form.build(packet) == data


def test_a_line_has_an_end_and_a_length() -> None:
    table = FAMILY.layouts[Direction.TO_DEVICE][SHELL.name]
    with pytest.raises(BadPacket, match=f"at most {LINE_MAX - 2} characters"):
        pick(table, b">btnm " + b"x" * LINE_MAX + b"\r\n")


@pytest.mark.control("C-24")
def test_a_unit_is_known_by_service_and_name_or_maker_since_clones_share_the_service() -> None:
    served = (SHELL.service,)
    maker = ((0xBDFF, b"\x33\x07" + bytes(6) + b"blt\0"),)
    yes = ("BluetensQ.BLT", "Bluetens2", "bluetens", "Pinktens", "Medtens", "DuoSport2", "my.blt")
    assert {match(Advert("x", name, served)) for name in yes} == {Match.YES}
    assert match(Advert("x", "anything", served, maker)) is Match.YES
    assert match(Advert("x", "Sport 2", served)) is Match.YES
    assert match(Advert("x", "HMSoft", served)) is Match.MAYBE
    assert match(Advert("x", "Duo", ())) is Match.NO
    assert match(Advert("x", "", (), maker)) is Match.NO


@pytest.mark.parametrize(
    ("shown", "first", "meant"),
    [
        *((3100, False, 0), (3000, False, 0), (4150, False, 100), (3920, False, 78), (32769, False, None)),
        *((3800, True, 0), (5000, True, 100), (4400, True, 50), (4400, False, 50), (0, False, None)),
    ],
)
def test_each_hardware_has_its_battery_scale(shown: int, first: bool, meant: int | None) -> None:
    assert percent(shown, first=first) == meant


@given(st.floats(0.1, 1200), st.floats(0, 450))
def test_what_is_played_is_never_faster_and_never_wider(rate_hz: float, width_us: float) -> None:
    assert rate_hz - 0.1 <= rate_played(rate_hz) <= rate_hz + 1e-6
    assert width_played(width_us) <= width_us + 1e-6


class Talk:
    """One conversation of the golden file with a driver; each write is acknowledged at once."""

    def __init__(self, entry: dict[str, Any]) -> None:
        self.score = Score((Part("all", 0, 1200, Steady(100), Steady(200)),))
        self.driver: Driver = FAMILY.connect(0.0, "")
        self.wanted = Wanted(Mode.WATCH, score=self.score)
        known = GOLDEN["conversation"][1]["steps"]
        started = GOLDEN["conversation"][2]["steps"][:4]
        for step in [*(known if entry.get("begin") else ()), *(started if entry.get("plays") else ())]:
            self.take(step)

    def take(self, step: dict[str, Any]) -> tuple[list[Event], list[str]]:
        now_s = step["at"]
        events = list[Event]()
        if "hear" in step:
            events += self.driver.receive(now_s, SHELL, heard(step["hear"]))
        mode = Mode(step["want"]) if "want" in step else self.wanted.mode
        level = {A: Level(step["level"])} if "level" in step else self.wanted.level
        self.wanted = Wanted(mode, level, {A: Level(20)}, self.score, 0.0, 1200.0)
        self.driver.want(now_s, self.wanted)
        out: list[str] = []
        while ops := self.driver.poll(now_s):
            assert self.driver.due_s > now_s
            out += [said(op) for op in ops]
            assert len(out) < 20
            for op in ops:
                events += self.driver.done(now_s, op.tag, b"", None)
        return events, out


def heard(text: str) -> bytes:
    text = text.replace("<idle>", f"tick=0,lmd5={'0' * 32},str=0\r\n").replace("<off>", f"tick=0,lmd5={MD5},str=0\r\n")
    for level in range(1, 10):
        for tick in range(7):
            text = text.replace(f"<{level} at {tick}>", f"tick={tick},lmd5={MD5},str={level}\r\n")
    return text.encode()


def said(op: Op) -> str:
    assert isinstance(op, Write)
    assert op.endpoint == SHELL
    assert op.response, "a safe driver never writes without response"
    assert len(op.data) <= 20
    return ("!" if op.urgent else "") + op.data.decode()


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
        "closable": now.closable,
        "zero": now.zero.value,
        "output": now.out.value,
        "battery": now.battery or 0,
        "left": round(now.left_s) if now.left_s is not None else None,
    }


@pytest.mark.parametrize("entry", GOLDEN["conversation"], ids=lambda entry: entry["title"])
def test_golden_conversations(entry: dict[str, Any]) -> None:
    talk = Talk(entry)
    for step in entry["steps"]:
        events, out = talk.take(step)
        if not step.get("skip"):
            assert out == step["out"], step
        assert [told(event) for event in events] == step.get("events", []), step
        wanted: dict[str, object] = step.get("report", {})
        shown = reports(talk.driver, step["at"])
        assert {name: shown[name] for name in wanted} == wanted, step


@pytest.mark.control("C-34")
@given(st.lists(st.binary(max_size=40), max_size=20))
def test_noise_is_counted_and_changes_nothing(pieces: list[bytes]) -> None:
    driver = FAMILY.connect(0.0, "")
    before = driver.reported(0.0)
    for piece in [*pieces, b"\xff\r\n"]:
        driver.receive(0.0, SHELL, piece)
    after = driver.reported(0.0)
    assert (after.level, after.zero, after.out) == (before.level, before.zero, before.out)
    assert after.counts["unknown"] >= 1
