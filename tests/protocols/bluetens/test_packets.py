"""Checks what the lines and scripts of bluetens refuse, how a unit is known, and what is never played."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.bluetens.family import FAMILY, match
from protocols.bluetens.packets import LINE_MAX, SHELL, percent, rate_played, width_played
from protocols.layout import Direction, Form, pick
from protocols.vocabulary import (
    Advert,
    BadPacket,
    Match,
)
from tests.packets import bytes_of, golden

GOLDEN = golden("bluetens")


def forms(entry: dict[str, Any]) -> tuple[Form, ...]:
    return FAMILY.layouts[Direction(entry["direction"])][entry.get("endpoint", SHELL.name)]


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
