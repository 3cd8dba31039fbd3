"""The house has floors: every room stands on lower ones only, and no file leads back to itself."""

from tests.house import circles, files, floors, imported, rooms


def test_no_file_leads_back_to_itself() -> None:
    assert circles(files(), imported) == []


def test_no_room_leads_back_to_itself() -> None:
    below = rooms()
    assert circles(below, below.__getitem__) == []


def test_every_room_has_its_floor_and_stands_on_lower_ones_only() -> None:
    number = {room: at for at, floor in enumerate(floors()) for room in floor}
    below = rooms()
    assert number.keys() == below.keys()
    assert [(room, other) for room in below for other in below[room] if number[other] <= number[room]] == []


def test_a_circle_would_be_seen() -> None:
    ring = {"a": ["b"], "b": ["c"], "c": ["a", "d"], "d": []}
    assert circles(ring, ring.__getitem__) == [["a", "b", "c"]]
