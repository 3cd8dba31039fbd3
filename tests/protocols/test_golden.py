"""Checks every family's packet forms, and literal conversations with its driver, against its golden file."""

from typing import Any

import pytest

from protocols.layout import Direction, Form, pick
from protocols.registry import family, names
from protocols.vocabulary import BadPacket
from tests.packets import bytes_of, golden
from tests.protocols.conversation import MANNERS, Talk


def entries(kind: str, title: str) -> list[Any]:
    """Return all entries of a kind, with the name of their family."""
    return [pytest.param(name, entry, id=f"{name}: {entry[title]}") for name in names() for entry in golden(name)[kind]]


def forms(name: str, entry: dict[str, Any]) -> tuple[Form, ...]:
    """Return the forms of an entry: of the usual endpoint and the first profile, unless it names others."""
    made = family(name)
    table = made.other_layouts.get(entry.get("profile", ""), made.layouts)[Direction(entry["direction"])]
    return table[entry.get("endpoint", next(iter(table)))]


def plain(value: object) -> object:
    """Return tuples as the lists that a TOML file has."""
    return [plain(item) for item in value] if isinstance(value, tuple | list) else value


@pytest.mark.parametrize(("name", "entry"), entries("packet", "meaning"))
def test_golden_packets_are_read_and_built_back(name: str, entry: dict[str, Any]) -> None:
    data = bytes_of(entry)
    form, packet = pick(forms(name, entry), data)
    assert {field: plain(getattr(packet, field)) for field in entry["fields"]} == entry["fields"]
    first = entry.get("first", {})
    assert {field: getattr(packet.messages[0], field) for field in first} == first
    assert form.build(packet) == data
    assert "text" not in entry or entry["text"].encode() == data
    assert "serial" not in entry or bytes.fromhex(entry["serial"][8:-1]) == data


@pytest.mark.control("C-34")
@pytest.mark.parametrize(("name", "entry"), entries("bad", "why"))
def test_golden_bad_packets_are_refused_with_a_sentence(name: str, entry: dict[str, Any]) -> None:
    with pytest.raises(BadPacket, match=r"\w+ \w+"):
        pick(forms(name, entry), bytes_of(entry))


@pytest.mark.parametrize(("name", "entry"), entries("conversation", "title"))
def test_golden_conversations(name: str, entry: dict[str, Any]) -> None:
    talk = Talk(name, entry)
    for step in entry["steps"]:
        out, events = talk.take(step)
        blanks = talk.family.text_end is None  # bytes are grouped as they are easily read
        meant = [line.replace(" ", "") if blanks else line for line in step["out"]]
        assert [line.replace(" ", "") if blanks else line for line in out] == meant, step
        assert events == step.get("events", []), step
        wanted: dict[str, object] = step.get("report", {})
        shown = talk.reports(step["at"])
        assert {field: shown[field] for field in wanted} == wanted, step


def test_every_family_has_its_manner_of_conversation() -> None:
    assert set(MANNERS) == set(names())
