"""Decoding packets: the sheets' vectors as plain JSON, and one line for each line of a batch."""

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estim.cli.decode import Decoder, line_of
from estim.core.errors import EstimError, Exit
from protocols.registry import names
from tests.cli.line import Person
from tests.packets import bytes_of, golden

SILENT = "0A0A0A0A 00000000 0A0A0A0A 00000000"
OFF = "00000000 00000065 00000000 00000065"
UNCHANGED = {"sequence": 0, "mode_a": 0, "mode_b": 0, "strength_a": 0, "strength_b": 0}

COYOTE3: list[tuple[str, str, dict[str, Any]]] = [
    (
        "to-device",
        "B0 00 00 00 0A0A0A0A 000A141E 00000000 00000065",
        {
            "name": "B0",
            **UNCHANGED,
            "period_a": [10, 10, 10, 10],
            "intensity_a": [0, 10, 20, 30],
            "period_b": [0, 0, 0, 0],
            "intensity_b": [0, 0, 0, 101],
        },
    ),
    ("to-device", "B0 04 05 00 0A0A0A0A 000A141E 00000000 00000065", {"sequence": 0, "mode_a": 1, "strength_a": 5}),
    (
        "to-device",
        "B0 14 0A 00 283C5064 645A5A5A 00000000 00000065",
        {"sequence": 1, "mode_a": 1, "period_a": [40, 60, 80, 100], "intensity_a": [100, 90, 90, 90]},
    ),
    (
        "to-device",
        "B0 00 00 00 0F0F0F0F 28323C46 0A0A0A0A 0A0A0A0A",
        {"period_a": [15, 15, 15, 15], "intensity_a": [40, 50, 60, 70], "intensity_b": [10, 10, 10, 10]},
    ),
    ("to-device", f"B0 1F 14 1E {SILENT}", {"sequence": 1, "mode_a": 3, "mode_b": 3, "strength_a": 20}),
    ("to-device", f"B0 FF 00 00 {SILENT}", {"sequence": 15, "mode_a": 3, "mode_b": 3, "strength_b": 0}),
    ("to-device", f"B0 00 00 00 {OFF}", {"intensity_a": [0, 0, 0, 101], "intensity_b": [0, 0, 0, 101]}),
    ("to-device", "B0 00 00 00 0A0A141E 00050A65 0A0A0A0A 0A0A0A0A", {"intensity_a": [0, 5, 10, 101]}),
    ("to-device", f"B0 00 00 00 0D0D0D0D 21212121 {OFF[:17]}", {"period_a": [13] * 4, "intensity_a": [33] * 4}),
    (
        "to-device",
        "BF C8 C8 A0 A0 00 00",
        {
            "name": "BF",
            "limit_a": 200,
            "limit_b": 200,
            "freq_balance_a": 160,
            "freq_balance_b": 160,
            "intensity_balance_a": 0,
            "intensity_balance_b": 0,
        },
    ),
    ("to-device", "BF 96 1E A0 A0 00 00", {"limit_a": 150, "limit_b": 30}),
    ("from-device", "B1 01 19 00", {"name": "B1", "sequence": 1, "strength_a": 25, "strength_b": 0}),
    ("from-device", "B1 00 0B 00", {"name": "B1", "sequence": 0, "strength_a": 11, "strength_b": 0}),
    ("from-device", "B1 01 14 1E", {"name": "B1", "sequence": 1, "strength_a": 20, "strength_b": 30}),
    ("from-device", "B1 0F 00 00", {"name": "B1", "sequence": 15, "strength_a": 0, "strength_b": 0}),
]
"""Section 11 of the sheet; what isn't listed of a packet isn't compared."""


def state(load: int, program: int, mode: int, level: int, minutes: int, seconds: int, battery: int) -> dict[str, Any]:
    timer = {"minutes": minutes, "battery": battery, "seconds": seconds, "lock": 0}
    return {"name": "state", "load": load, "program": program, "mode": mode, "level": level, **timer}


EM70: list[tuple[str, str, dict[str, Any]]] = [
    ("to-device", "5A0507000066", {"name": "ask_state"}),
    ("to-device", "5A0501000060", {"name": "step_up"}),
    ("to-device", "5A0502000061", {"name": "step_down"}),
    ("to-device", "5A0503000062", {"name": "set_level", "level": 0}),
    ("to-device", "5A0503050067", {"name": "set_level", "level": 5}),
    ("to-device", "5A0504010064", {"program": 1}),
    ("to-device", "5A050409006C", {"program": 9}),
    ("to-device", "5A0505000064", {"unlocked": 0}),
    ("to-device", "5A0506000065", {"resumed": 0}),
    ("to-device", "5A0508000067", {"name": "ask_version"}),
    ("to-device", "5A050D00006C", {"name": "power_off"}),
    ("from-device", "5A0501010061", {"level": 1}),
    ("from-device", "5A0501030063", {"level": 3}),
    ("from-device", "5A0502030064", {"level": 3}),
    ("from-device", "5A0C07000901001E3E000000D3", state(0, 9, 1, 0, 30, 0, 62)),
    ("from-device", "5A0C07010901031D3B3B00010E", state(1, 9, 1, 3, 29, 59, 59)),
    ("from-device", "5A0C07010901051D393800010B", state(1, 9, 1, 5, 29, 56, 57)),
    ("from-device", "5A0C07010901001E39000000CF", state(1, 9, 1, 0, 30, 0, 57)),
    ("from-device", "5A0C07011001001E3B000000D8", state(1, 16, 1, 0, 30, 0, 59)),
    ("from-device", "5A0C07011001021E3A000000D9", state(1, 16, 1, 2, 30, 0, 58)),
    ("from-device", "5A0C07011302011732000000CD", state(1, 19, 2, 1, 23, 0, 50)),
    ("from-device", "5A050B04006E", {"level": 4}),
    ("from-device", "5A050C00006B", {"name": "ended"}),
    ("from-device", "5A050F00006E", {"name": "low_battery"}),
]
"""Section 12 of the sheet; what isn't listed of a packet isn't compared."""


def decode(person: Person, *words: str, stdin: bytes = b"") -> tuple[int, list[dict[str, Any]], str]:
    """Type `estim decode`; return exit code, JSON lines and what it said."""
    done = person.types("decode", *words, stdin=stdin)
    return done.code, done.rows, done.err


def plain(value: object) -> bool:
    """Say whether a field is what JSON has itself: a number, a text, or a row of such."""
    return type(value) in (int, float, str) or (isinstance(value, list) and all(plain(item) for item in value))


@pytest.mark.parametrize(
    ("family", "direction", "packet", "fields"),
    [("coyote3", *vector) for vector in COYOTE3] + [("em70", *vector) for vector in EM70],
)
def test_the_sheets_vectors_are_read_as_plain_json(
    family: str, direction: str, packet: str, fields: dict[str, Any]
) -> None:
    answer = json.loads(line_of(Decoder(family, direction, None, None).one(packet)))
    assert (answer["ok"], answer["family"]) == (True, family)
    assert {name: answer["packet"][name] for name in fields} == fields
    assert all(plain(value) for value in answer["packet"].values())
    assert bytes.fromhex(answer["rebuilt"]) == bytes.fromhex(packet)


@pytest.mark.parametrize(
    ("family", "direction", "vectors"),
    [
        (family, direction, [vector for vector in vectors if vector[0] == direction])
        for family, vectors in (("coyote3", COYOTE3), ("em70", EM70))
        for direction in ("to-device", "from-device")
    ],
)
def test_a_batch_of_vectors_comes_back_in_order(
    person: Person, family: str, direction: str, vectors: Sequence[tuple[str, str, dict[str, Any]]]
) -> None:
    lines = "".join(f"{packet}\n" for _, packet, _ in vectors)
    code, answers, _ = decode(person, family, direction, "--batch", stdin=lines.encode())
    assert code == Exit.DONE
    assert [bytes.fromhex(answer["rebuilt"]) for answer in answers] == [
        bytes.fromhex(packet) for _, packet, _ in vectors
    ]
    for answer, (_, _, fields) in zip(answers, vectors, strict=True):
        assert fields.items() <= answer["packet"].items()


def test_every_line_of_a_batch_gets_one_line_whatever_it_holds(person: Person) -> None:
    lines = [
        b"5A0507000066",
        b"",
        b"no hex",
        b"5A 05 07 00 00 67",
        b"\xff\xfe",
        b" 5a:05:07:00:00:66 ",
        b"5A0",
        b"5A0507000066",
    ]
    code, answers, said = decode(person, "em70", "to-device", "--batch", stdin=b"\r\n".join(lines))
    assert code == Exit.BAD_DATA
    assert [answer["ok"] for answer in answers] == [True, False, False, False, False, True, False, True]
    assert "nothing" in answers[1]["error"]
    assert "not hex: 'no hex'" in answers[2]["error"]
    assert answers[3]["error"] == "frame: checksum 0067, should be 0066"
    assert said == ""


def test_a_batch_comes_through_a_pipe_of_bytes() -> None:
    line = [sys.executable, "-m", "estim.cli.main", "decode", "em70", "to-device", "--batch"]
    done = subprocess.run(line, input=b"5A0507000066\n\xff\xfe\n", capture_output=True, timeout=50, check=False)
    assert [json.loads(answer)["ok"] for answer in done.stdout.splitlines()] == [True, False]
    assert (done.returncode, done.stderr) == (Exit.BAD_DATA, b"")


def test_an_empty_batch_is_no_line_and_fine(person: Person) -> None:
    assert decode(person, "coyote3", "from-device", "--batch") == (Exit.DONE, [], "")


def test_a_bad_packet_is_told_in_json_with_exit_65(person: Person) -> None:
    code, answers, said = decode(person, "coyote3", "to-device", "B0 04 05 00")
    assert (code, said) == (Exit.BAD_DATA, "")
    assert answers == [{"ok": False, "family": "coyote3", "error": "B0: is 20 bytes, got 4"}]


def test_another_endpoint_has_packets_of_its_own(person: Person) -> None:
    code, answers, _ = decode(person, "coyote3", "from-device", "3E", "--endpoint", "1500")
    assert code == Exit.DONE
    assert answers[0]["packet"]["percent"] == 62
    assert decode(person, "coyote3", "from-device", "3E")[0] == Exit.BAD_DATA


@pytest.mark.parametrize(
    "endpoint", ["1500", "00001500-0000-1000-8000-00805f9b34fb", "00001500-0000-1000-8000-00805F9B34FB"]
)
def test_an_endpoint_may_be_named_in_short_or_in_full(endpoint: str) -> None:
    assert Decoder("coyote3", "from-device", endpoint, None).one("64")["packet"]["percent"] == 100


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("em71", "to-device", "5A"), "no family 'em71': did you mean em70?"),
        (("coyote", "to-device", "B0"), "did you mean coyote3?"),
        (("zzz", "to-device", "B0"), "coyote3, em70"),
        (("em70", "sideways", "5A"), "to-device or from-device, not 'sideways'"),
        (("em70", "to-device", "5A", "--endpoint", "1500"), "no packets to-device on '1500'"),
        (("em70", "to-device", "5A", "--profile", "V2.0"), "leave --profile out"),
        (("em70", "to-device", "5A", "--batch"), "--batch"),
        (("em70", "to-device"), "--batch"),
    ],
)
def test_a_wrong_line_is_one_sentence_with_exit_2(person: Person, words: tuple[str, ...], text: str) -> None:
    code, answers, said = decode(person, *words)
    assert (code, answers) == (Exit.USAGE, [])
    assert text in said


def test_the_nearest_family_is_there_for_scripts_too() -> None:
    with pytest.raises(EstimError, match="did you mean em70") as raised:
        Decoder("em7", "to-device", None, None)
    assert raised.value.nearest == ("em70",)


@given(
    text=st.text(max_size=80) | st.binary(max_size=24).map(bytes.hex),
    direction=st.sampled_from(["to-device", "from-device"]),
)
def test_whatever_is_typed_is_answered_and_what_is_good_builds_back(text: str, direction: str) -> None:
    for family in ("coyote3", "em70"):
        answer = Decoder(family, direction, None, None).one(text)
        line = line_of(answer)
        assert "\n" not in line
        assert json.loads(line) == answer
        if answer["ok"]:
            assert bytes.fromhex(answer["rebuilt"]) == bytes.fromhex(text.replace(":", " "))
        else:
            assert answer["error"]


GOLDEN = [(name, entry) for name in names() for entry in golden(name)["packet"]]


@pytest.mark.parametrize(("name", "entry"), GOLDEN, ids=[f"{name}: {entry['meaning']}" for name, entry in GOLDEN])
def test_every_literal_packet_of_every_family_decodes_and_rebuilds(name: str, entry: dict[str, Any]) -> None:
    data = bytes_of(entry)
    answer = Decoder(name, entry["direction"], entry.get("endpoint"), entry.get("profile")).one(data.hex())
    assert (answer["ok"], answer.get("rebuilt")) == (True, data.hex().upper()), answer
    assert json.loads(line_of(answer)) == answer, "plain JSON all through"


TWENTY = "V1D16{R4b0|R50Pc8F50}"


@pytest.mark.parametrize(
    ("words", "field", "value"),
    [
        (("bluetens", "to-device", "--text", ">str 12"), "args", [12]),
        (
            ("bluetens", "to-device", "--endpoint", "script", "--text", "V1D16{R4b0|R50Pc8F50}"),
            "duration_ms",
            1_200_000,
        ),
        (("zc95", "to-device", "64", "--endpoint", "9b21"), "rate_hz", 100),
        (("coyote2", "to-device", "210102", "--endpoint", "1506"), "z", 4),
        (("yokonex", "to-device", "35110100000000000047", "--profile", "v2.0"), "name", "fixed"),
        (("yokonex", "to-device", "35110100000000000047"), "on", 0),
        (("openemsstim", "to-device", "--text", "C0I0T0G"), "on_ms", 0),
    ],
)
def test_endpoints_profiles_and_text(person: Person, words: tuple[str, ...], field: str, value: object) -> None:
    code, (answer,), _ = decode(person, *words)
    assert code == Exit.DONE
    assert answer["packet"][field] == value


def test_where_nothing_is_ever_said_that_is_the_answer(person: Person) -> None:
    code, (answer,), _ = decode(person, "openemsstim", "from-device", "00")
    assert code == Exit.BAD_DATA
    assert answer["error"] == "no packet is known that goes this way"
