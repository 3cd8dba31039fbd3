"""The units as lines: what is remembered of each, and what was heard of it. Pure, for the place and its dialogs.

No family tells its battery on the air (the fact sheets of all of them), so it is known of a unit that is linked.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct, field

from estim.catalogue.families import find_family, names
from estim.config.units import Unit
from estim.core.addresses import same_address
from estim.core.days.diary import Check
from estim.core.days.entry_text import answer_named
from estim.core.messages.commands import Sighting
from estim.core.messages.shown import Snapshot
from estim.core.translation import tr, tr_text
from estim.core.vocabulary import State
from estim.tui.keymap import key_of
from estim.tui.nearness import signal_of
from protocols.vocabulary import Channel


class Row(Struct, frozen=True, kw_only=True):
    """One unit: remembered, on the air, or both. `seen` and `rssi_dbm` are of this screen's last scan.

    `linked`: it holds a link, so it isn't on the air; `busy`: it has a session; `lately`: what became of the link that
    it had. `drill` is its last stop drill. `software`: it is new at each start, so there is nothing to remember.
    """

    name: str
    address: str
    family: str
    cap: Mapping[Channel, int] | None = None
    remembered: bool = True
    seen: datetime | None = None
    rssi_dbm: int | None = None
    battery: int | None = None
    linked: bool = False
    busy: bool = False
    lately: str = ""
    software: bool = False
    drill: Check | None = None

    @property
    def called(self) -> str:
        """What a host finds it by."""
        return self.name if self.remembered else self.address


class Shelf(Struct, frozen=True):
    """What was read: the remembered units, where pads usually are, and the stop drills, oldest first.

    `software`: the units are software.
    """

    units: tuple[Unit, ...] = ()
    site: str = ""
    sites: tuple[str, ...] = field(default_factory=tuple)
    drills: tuple[Check, ...] = ()
    software: bool = False


def rows_of(
    shelf: Shelf, sightings: Sequence[Sighting], scanned: datetime | None, shown: Sequence[Snapshot] = ()
) -> list[Row]:
    """Return remembered units first, then what else was on the air, then what has a session and nobody remembers."""
    rows = [_row(unit, shelf, sightings, scanned, shown) for unit in shelf.units]
    rows += [
        _heard(one, shelf, sightings, scanned, shown)
        for one in sightings
        if not any(same_address(one.address, unit.address) for unit in shelf.units)
    ]
    rows += [
        Row(name=one.unit, address=one.address, family=one.family, remembered=False, battery=one.battery,
            linked=_linked(one), busy=one.live, lately=_lately(one), software=shelf.software)
        for one in shown
        if not any(same_address(one.address, row.address) for row in rows)
    ]  # fmt: skip
    return rows


def _heard(
    one: Sighting, shelf: Shelf, sightings: Sequence[Sighting], scanned: datetime | None, shown: Sequence[Snapshot]
) -> Row:
    """Return a unit on the air that nobody remembers, by the name that its session has, or that it is met under."""
    mine = next((unit for unit in shown if same_address(one.address, unit.address)), None)
    only = shelf.software and [other.family for other in sightings].count(one.family) == 1
    name = mine.unit if mine else one.known_as or (one.family if only else one.name)
    return Row(
        name=name or tr("(no name)"), address=one.address, family=one.family, remembered=False, seen=scanned,
        rssi_dbm=one.rssi_dbm, battery=mine.battery if mine else None, linked=mine is not None and _linked(mine),
        busy=mine is not None and mine.live, lately=_lately(mine), software=shelf.software,
    )  # fmt: skip


def _row(
    unit: Unit, shelf: Shelf, sightings: Sequence[Sighting], scanned: datetime | None, shown: Sequence[Snapshot]
) -> Row:
    seen = next((one for one in sightings if same_address(one.address, unit.address)), None)
    mine = next((one for one in shown if same_address(one.address, unit.address)), None)
    drills = [one for one in shelf.drills if same_address(one.about, unit.address)]
    return Row(
        name=unit.name, address=unit.address, family=unit.family, cap=unit.cap, seen=scanned if seen else None,
        rssi_dbm=seen.rssi_dbm if seen else None, battery=mine.battery if mine else None,
        linked=mine is not None and _linked(mine), busy=mine is not None and mine.live,
        lately=_lately(mine), drill=drills[-1] if drills else None,
    )  # fmt: skip


def _linked(snapshot: Snapshot) -> bool:
    """Say whether a unit holds a link; one whose session has ended has given it back."""
    return snapshot.heard_age_s is not None and snapshot.lost_at is None and snapshot.state is not State.ENDED


def _lately(snapshot: Snapshot | None) -> str:
    """Return what became of the link of a unit that has none now, "" if it had none."""
    if snapshot is None:
        return ""
    if snapshot.lost_at is not None and snapshot.state is not State.ENDED:
        return tr("link lost")
    ended = snapshot.state is State.ENDED and snapshot.heard_age_s is not None
    return tr("its session has ended") if ended else ""


def text_of_row(row: Row) -> str:
    """Return one unit as a line."""
    kept = row.remembered or row.software
    name = row.name if kept else tr("{name} (not remembered)", name=row.name)
    return f"{name:<20} {row.family:<9} {', '.join(air_of(row))}"


def air_of(row: Row) -> list[str]:
    """Return whether a unit is there, what is known of its signal and battery, and its last drill."""
    parts = []
    if row.linked:
        parts.append(tr("linked"))
    elif row.seen:
        parts.append(tr("seen {at:%H:%M}", at=row.seen))
        if row.rssi_dbm is not None:
            parts.append(signal_of(row.rssi_dbm))
    elif row.lately:
        parts.append(row.lately)
    else:
        parts.append(tr("not seen yet ({key} scans)", key=key_of("units.scan")))
    if row.battery is not None:
        parts.append(tr("battery {percent} %", percent=row.battery))
    if row.drill is not None:
        parts.append(tr("drill {at:%d %b}: {result}", at=row.drill.at, result=drill_named(row.drill)))
    return parts


def drill_named(drill: Check) -> str:
    """Return how a stop drill went."""
    return answer_named(drill.topic, drill.answer)


def levels_of(cap: Mapping[Channel, int]) -> str:
    """Return highest levels by channel: "A 40, B 40"."""
    return ", ".join(f"{channel} {level}" for channel, level in cap.items())


def beside_list(row: Row) -> list[str]:
    """Return what there is room for beside the list: signal, battery, and what ends output at the unit itself."""
    lines = [*air_of(row), *([] if row.battery is not None else [tr("battery unknown")])]
    if row.family in names():
        lines.append(tr("To end output by hand: {by_hand}", by_hand=tr_text(find_family(row.family).by_hand)))
    return lines


def told_in_full(row: Row) -> str:
    """Return the line that says where a unit is, and how high it may go."""
    if row.cap is None:
        return tr(
            "{name}: {family} at {address}, highest levels: the usual ones of a new unit",
            name=row.name,
            family=row.family,
            address=row.address,
        )
    return tr(
        "{name}: {family} at {address}, highest levels: {levels}",
        name=row.name,
        family=row.family,
        address=row.address,
        levels=levels_of(row.cap),
    )
