"""Units: which are remembered, when each was on the air, how strong, how full; scan, name, side, caps, forget."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from estim.catalogue.families import check_unit_name, find_family
from estim.catalogue.programs import all_programs
from estim.clock import RealClock
from estim.config.options import HostOptions
from estim.config.settings import change_settings, read_settings
from estim.config.units import Unit, Units
from estim.core.addresses import same_address
from estim.core.errors import EstimError, Exit
from estim.core.levels import read_levels
from estim.core.messages.commands import Found, Refusal, Scan, Sighting
from estim.core.messages.shown import Snapshot
from estim.core.numbers import read_whole
from estim.core.translation import mark, tr
from estim.tui.key_names import bound
from estim.tui.keymap import key_of
from estim.tui.model import View
from estim.tui.pick import Pick
from estim.tui.place import Place
from estim.tui.typed import Typed
from protocols.vocabulary import Channel

SCAN_S = 5.0

DRILL = mark(
    "Drill, once with each unit: pads off, level 1, then {panic}. The unit must say 0 within three seconds; if it "
    "doesn't, switch it off by hand, and use it no more before you know why."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One unit: remembered, on the air, or both. `seen` and `rssi_dbm` are of this screen's last scan."""

    name: str
    address: str
    family: str
    cap: Mapping[Channel, int] | None = None
    remembered: bool = True
    seen: datetime | None = None
    rssi_dbm: int | None = None
    battery: int | None = None
    linked: bool = False


@dataclass(frozen=True, slots=True)
class Shelf:
    """What was read: the remembered units, and where pads usually are."""

    units: tuple[Unit, ...] = ()
    site: str = ""
    sites: tuple[str, ...] = field(default_factory=tuple)


def rows_of(shelf: Shelf, sightings: Sequence[Sighting], scanned: datetime | None, shown: Snapshot | None) -> list[Row]:
    """Return remembered units first, then what else was on the air."""
    rows = [_row(unit, sightings, scanned, shown) for unit in shelf.units]
    rows += [
        Row(name=one.name or tr("(no name)"), address=one.address, family=one.family, remembered=False, seen=scanned,
            rssi_dbm=one.rssi_dbm)
        for one in sightings
        if not any(same_address(one.address, unit.address) for unit in shelf.units)
    ]  # fmt: skip
    if shown is not None and not any(same_address(shown.address, row.address) for row in rows):
        rows.append(Row(name=shown.unit, address=shown.address, family=shown.family, remembered=False,
                        battery=shown.battery, linked=shown.heard_age_s is not None))  # fmt: skip
    return rows


def _row(unit: Unit, sightings: Sequence[Sighting], scanned: datetime | None, shown: Snapshot | None) -> Row:
    seen = next((one for one in sightings if same_address(one.address, unit.address)), None)
    mine = shown if shown is not None and same_address(shown.address, unit.address) else None
    return Row(
        name=unit.name, address=unit.address, family=unit.family, cap=unit.cap, seen=scanned if seen else None,
        rssi_dbm=seen.rssi_dbm if seen else None, battery=mine.battery if mine else None,
        linked=mine is not None and mine.heard_age_s is not None and mine.lost_at is None,
    )  # fmt: skip


def text_of_row(row: Row) -> str:
    """Return one unit as a line."""
    name = row.name if row.remembered else tr("{name} (not remembered)", name=row.name)
    return f"{name:<20} {row.family:<9} {', '.join(_air(row))}"


def _air(row: Row) -> list[str]:
    """Return whether a unit is there, and what is known of its signal and battery."""
    parts = []
    if row.linked:
        parts.append(tr("linked"))
    elif row.seen:
        parts.append(tr("seen {at:%H:%M}", at=row.seen))
        if row.rssi_dbm is not None:
            parts.append(f"{row.rssi_dbm} dBm")  # untranslated: a unit of measure
    else:
        parts.append(tr("not seen yet ({key} scans)", key=key_of("units.scan")))
    if row.battery is not None:
        parts.append(tr("battery {percent} %", percent=row.battery))
    return parts


def levels_of(cap: Mapping[Channel, int]) -> str:
    """Return highest levels by channel: "A 40, B 40"."""
    return ", ".join(f"{channel} {level}" for channel, level in cap.items())


def told_in_full(row: Row) -> str:
    """Return the line that says where a unit is, and how high it may go."""
    if row.cap is None:
        return tr(
            "{name}: {family} at {address}, highest levels: of a new unit",
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


class UnitsPlace(Place):
    """The units; see the module."""

    HEADING = mark("Units")
    BINDINGS: ClassVar[list[BindingType]] = [
        bound("units.scan", "scan"),
        bound("units.name", "name"),
        bound("units.side", "side", show=False),
        bound("units.cap", "cap", show=False),
        bound("units.forget", "forget", show=False),
    ]
    _shelf = Shelf()
    _sightings: tuple[Sighting, ...] = ()
    _scanned: datetime | None = None
    _shown: Snapshot | None = None
    _rows: tuple[Row, ...] = ()

    def body(self) -> Iterable[Widget]:
        """The list, and the one that is lit in full."""
        yield OptionList(id="entries", markup=False, compact=True)
        yield Static("", id="detail", markup=False)

    def load(self) -> None:
        """Read what is remembered."""
        self.query_one("#entries").focus()
        options = self.desk.options
        if options is not None:
            self.fetch(lambda: _read(options), self._show)

    def _show(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._list()

    async def draw(self, view: View) -> None:
        """A unit that is linked says its battery."""
        await super().draw(view)
        self._shown = view.snapshot
        self._list()

    def _list(self) -> None:
        rows = tuple(rows_of(self._shelf, self._sightings, self._scanned, self._shown))
        entries = self.query_one("#entries", OptionList)
        if rows != self._rows or not entries.option_count:
            lit = entries.highlighted
            self._rows = rows
            entries.clear_options()
            none = [Option(tr("no unit is remembered: switch it on, then {key} scans", key=key_of("units.scan")))]
            entries.add_options([Option(text_of_row(row)) for row in rows] or none)
            entries.highlighted = min(lit or 0, max(0, len(rows) - 1))
        self._tell()

    def on_option_list_option_highlighted(self) -> None:
        """Tell of the one that is lit."""
        self._tell()

    @property
    def _lit(self) -> Row | None:
        lit = self.query_one("#entries", OptionList).highlighted
        return self._rows[lit] if lit is not None and lit < len(self._rows) else None

    def _tell(self) -> None:
        row = self._lit
        site = self._shelf.site
        usual = (
            tr("pads usually: {site}", site=site)
            if site
            else tr("pads usually: no side is set ({key})", key=key_of("units.side"))
        )
        lines = [usual, tr(DRILL, panic=key_of("panic"))]
        if row is not None:
            lines = [told_in_full(row), *lines]
        self.query_one("#detail", Static).update("\n".join(lines))

    def action_scan(self) -> None:
        """Ask the host to listen."""
        self.desk.say(tr("listening for {seconds:g} s …", seconds=SCAN_S))
        self.run_worker(self._scan(), group="scan", exclusive=True)

    async def _scan(self) -> None:
        reply = await self.desk.ask(Scan(SCAN_S))
        if isinstance(reply, Found):
            self._sightings = reply.units
            self._scanned = RealClock().now().utc.astimezone()
            near = len(reply.units)
            if near:
                self.desk.say(tr("on the air: {count}", count=near))
            else:
                self.desk.say(tr("nothing found: switch the unit on, and close other apps"))
            self._list()
        elif isinstance(reply, Refusal):
            self.desk.say(reply.text)

    def _change(self, row: Row, question: str, usual: str, work: str) -> None:
        self.app.push_screen(Typed(question, usual), partial(self._typed, row, work))

    def _typed(self, row: Row, work: str, text: str | None) -> None:
        options = self.desk.options
        if text and options is not None:
            self.fetch(partial(changed, options, row, work, text), self._done)

    def _done(self, said: str) -> None:
        self.desk.say(said)
        self.load()

    def action_name(self) -> None:
        """Ask for a name."""
        row = self._lit
        if row is not None:
            question = tr("What is {name} ({address}) to be called?", name=row.name, address=row.address)
            self._change(row, question, "", "name")

    def action_cap(self) -> None:
        """Ask for the highest levels."""
        row = self._lit
        if row is not None and row.remembered:
            question = tr("Highest levels of {name}: such as A=40,B=40, or none for those of a new unit", name=row.name)
            self._change(row, question, "", "cap")
        elif row is not None:
            self.desk.say(tr("give it a name first ({key}): then it is remembered", key=key_of("units.name")))

    def action_side(self) -> None:
        """Ask where the pads usually are."""
        sites = dict(enumerate(self._shelf.sites[:9], 1))
        keys = {"0": "", **{str(number): site for number, site in sites.items()}}
        rows = {"0": tr("no side"), **{str(number): site for number, site in sites.items()}}
        self.app.push_screen(Pick(tr("Where are the pads usually?"), keys, rows), self._side)

    def _side(self, site: str | None) -> None:
        options = self.desk.options
        if site is not None and options is not None:
            self.fetch(partial(_keep_site, options, site), self._done)

    def action_forget(self) -> None:
        """Ask first."""
        row = self._lit
        if row is not None and row.remembered:
            question = tr("Forget {name} with its highest levels?", name=row.name)
            rows = {"y": tr("yes"), "n": tr("no")}
            self.app.push_screen(Pick(question, {"y": "y", "n": ""}, rows), partial(self._forget, row))

    def _forget(self, row: Row, answer: str | None) -> None:
        if answer:
            self._typed(row, "forget", "yes")


def changed(options: HostOptions, row: Row, work: str, text: str) -> str:
    """Change what is remembered of a unit, and return what was done. Raises EstimError."""
    if options.simulate is not None:
        sentence = tr("software units are new at each start: there is nothing to remember of them")
        raise EstimError(sentence, code=Exit.USAGE)
    options.place.prepare()
    units = Units.load(options.place)
    match work:
        case "forget":
            return tr("{name} is forgotten", name=units.forget(row.address).name)
        case "cap":
            cap = units.set_cap(row.address, _cap(row, text)).cap
            if cap is None:
                return tr("{name}: highest levels of a new unit", name=row.name)
            return tr("{name}: highest levels {levels}", name=row.name, levels=levels_of(cap))
        case _:
            name = check_unit_name(text, row.family)
            if row.remembered:
                return tr("{name} is its name now", name=units.rename(row.address, name).name)
            now = RealClock().now().utc
            added = units.add(row.address, row.family, now, name=name, pinned=True)
            return tr("{name} is remembered", name=added.name)


def _cap(row: Row, text: str) -> dict[Channel, int] | None:
    if text == "none":
        return None
    caps = find_family(row.family).caps
    if "=" not in text:
        return dict.fromkeys(caps.channels, read_whole(text, what=tr("cap"), lo=0, hi=caps.scale))
    found = read_levels(text, tr("cap"))
    for channel, level in found.items():
        if channel not in caps.channels or level > caps.scale:
            sentence = tr(
                "cap {typed}: the levels of a {family} go from 0 to {scale}",
                typed=text,
                family=row.family,
                scale=caps.scale,
            )
            raise EstimError(sentence, code=Exit.USAGE)
    return found


def _keep_site(options: HostOptions, site: str) -> str:
    options.place.prepare()
    change_settings(options.place.settings_file, "site", site or None)
    return tr("pads usually: {site}", site=site) if site else tr("pads usually: no side")


def _read(options: HostOptions) -> Shelf:
    sites = {site for program in all_programs(options.place.programs)[0] for site in program.site}
    units = () if options.simulate is not None else tuple(Units.load(options.place))
    return Shelf(units, read_settings(options.place.settings_file).site or "", tuple(sorted(sites)))
