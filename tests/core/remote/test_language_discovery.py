"""The names that a house shows are in the reader's language; what programs compare and send is the same in each."""

from collections.abc import Iterator

from estim.core.remote.discovery import UnitFacts, host_device, unit_device
from estim.core.remote.fleet import HostSeen
from estim.core.remote.topics import HostTopics
from protocols.vocabulary import Channel
from tests.pseudo import plain_words, pseudo

TOPICS = HostTopics("clinic-7")
FACTS = UnitFacts("c1", "box", "C1:02", "title", "coyote3", (Channel.A, Channel.B))


def described() -> list[dict[str, object]]:
    return [unit_device(TOPICS, FACTS), host_device(TOPICS, "clinic", health=True)]  # type: ignore[list-item] # plain


def names(of: object) -> Iterator[str]:
    """Return the names of the entities of a description."""
    assert isinstance(of, dict)
    for one in of["cmps"].values():
        if "name" in one:
            yield one["name"]


def without_names(of: object) -> object:
    """Return a description without the names of its entities."""
    assert isinstance(of, dict)
    return {**of, "cmps": {key: {**one, "name": ""} for key, one in of["cmps"].items()}}


def test_only_the_names_of_entities_are_translated() -> None:
    english = described()
    with pseudo():
        other = described()
    assert [without_names(one) for one in other] == [without_names(one) for one in english]
    told = [name for one in other for name in names(one)]
    assert len(told) > 30
    assert plain_words("\n".join(told)) == []


def test_what_stands_for_an_unknown_unit_is_named_in_the_readers_language() -> None:
    silent = HostSeen("clinic", online=True, heard_s=0.0)
    untold = HostSeen("clinic", online=True, heard_s=9.0, units_told=2, doubted=True)
    with pseudo():
        told = [unit.name for host in (silent, untold) for unit in host.open_units(5.0)]
    assert len(told) == 3
    assert plain_words("\n".join(told)) == []
