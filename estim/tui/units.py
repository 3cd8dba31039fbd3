"""Units: which are remembered, how near each is, its stop drill; scan, tell apart, name, caps, examine, forget."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from estim.catalogue.programs import all_programs
from estim.clock import RealClock
from estim.config.options import HostOptions
from estim.config.settings import read_settings
from estim.config.units import Units
from estim.core.days.diary import Check, Topic
from estim.core.days.legs import ANYWHERE
from estim.core.errors import EstimError
from estim.core.messages.commands import Found, Refusal, Scan, Sighting
from estim.core.messages.shown import Snapshot
from estim.core.translation import mark, tr, tr_many, tr_text
from estim.journal.home_journal import opened
from estim.tui.detail import TO_THE_TEXT, Detail, list_and_text
from estim.tui.drill import Drill
from estim.tui.key_names import bound
from estim.tui.keymap import key_of
from estim.tui.model import View
from estim.tui.pick import Pick
from estim.tui.place import Place
from estim.tui.typed import ask
from estim.tui.unit_changes import NOTHING_KEPT, Raise, capped, forgotten, named, place_named, site_kept
from estim.tui.unit_rows import Row, Shelf, beside_list, drill_named, rows_of, text_of_row, told_in_full

SCAN_S = 5.0

DRILL = mark(
    "Stop drill ({key}), once with each unit: pads off, level 1, then {panic}. The unit must say 0 within three "
    "seconds; if it doesn't, switch it off by hand, and use it no more before you know why."
)


class UnitsPlace(Place):
    """The units; see the module."""

    HEADING = mark("Units")
    FIXED = (TO_THE_TEXT,)
    BINDINGS: ClassVar[list[BindingType]] = [
        bound("units.scan", "scan"),
        bound("units.identify", "identify", show=False),
        bound("units.name", "name"),
        bound("units.drill", "drill", show=False),
        bound("units.doctor", "doctor", show=False),
        bound("units.side", "side", show=False),
        bound("units.cap", "cap", show=False),
        bound("units.forget", "forget", show=False),
    ]
    _shelf = Shelf()
    _sightings: tuple[Sighting, ...] = ()
    _scanned: datetime | None = None
    _shown: tuple[Snapshot, ...] = ()
    _rows: tuple[Row, ...] = ()

    def body(self) -> Iterable[Widget]:
        """The list, and the one that is lit in full."""
        yield from list_and_text()

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
        self._shown = view.snapshots
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
            tr("pads usually: {site}", site=place_named(site))
            if site not in ("", ANYWHERE)
            else tr("pads usually: no side is set ({key})", key=key_of("units.side"))
        )
        lines = [usual, tr(DRILL, key=key_of("units.drill"), panic=key_of("panic"))]
        if row is not None:
            more = ["", *beside_list(row), ""] if self.broad else []
            lines = [told_in_full(row), *more, usual, _drilled(row.drill)]
        self.query_one(Detail).say(lines)

    def action_scan(self) -> None:
        """Ask the host to listen."""
        self.desk.say(tr("listening for {seconds:g} s …", seconds=SCAN_S))
        self.run_worker(self._scan(), group="scan", exclusive=True)

    async def _scan(self) -> None:
        reply = await self.desk.ask(Scan(SCAN_S))
        if isinstance(reply, Found):
            self._heard(reply.units)
            near = len(reply.units)
            if near:
                self.desk.say(tr_many("{count} unit in range", "{count} units in range", near))
            else:
                self.desk.say(tr("nothing found: switch the unit on, and close other apps"))
        elif isinstance(reply, Refusal):
            self.desk.say(reply.text)

    def _heard(self, units: tuple[Sighting, ...]) -> None:
        self._sightings = units
        self._scanned = RealClock().now().utc.astimezone()
        self._list()

    def action_identify(self) -> None:
        """Listen again and again, so that the unit that is carried near tells itself apart."""
        from estim.tui.identify import Identify  # as every dialog of this place: imported when it is first opened

        self.app.push_screen(Identify(self.desk, self._shelf), self._told_apart)

    def _told_apart(self, row: Row | None) -> None:
        if row is not None:
            self._ask_name(row)

    def action_name(self) -> None:
        """Ask for a name."""
        row = self._lit
        if row is not None:
            self._ask_name(row)

    def _ask_name(self, row: Row) -> None:
        options = self.desk.options
        if options is not None and self._is_kept(row) and self._at_rest(row):
            question = tr("What is {name} ({address}) to be called?", name=row.name, address=row.address)
            ask(self, question, partial(named, options, row), self._done)

    def _is_kept(self, row: Row) -> bool:
        """Say whether anything of a unit can be kept; of a software unit nothing is."""
        if row.software:
            self.desk.say(tr_text(NOTHING_KEPT))
        return not row.software

    def _at_rest(self, row: Row) -> bool:
        """Say whether nothing is under way on a unit; what goes on there is stopped by the name that it has."""
        if row.busy:
            self.desk.say(tr("{name} has a session: end it first", name=row.name))
        return not row.busy

    def _done(self, said: str) -> None:
        self.desk.say(said)
        self.load()

    def action_cap(self) -> None:
        """Ask for the highest levels."""
        row = self._lit
        options = self.desk.options
        if row is not None and not self._is_kept(row):
            return
        if row is not None and row.remembered and options is not None:
            question = tr("Highest levels of {name}: such as A=40,B=40, or none for those of a new unit", name=row.name)
            ask(self, question, partial(capped, options, row), partial(self._capped, row))
        elif row is not None:
            self.desk.say(tr("give it a name first ({key}): then it is remembered", key=key_of("units.name")))

    def _capped(self, row: Row, came: str | Raise) -> None:
        """Tell what is kept; a raise is asked for once more, and takes another key than the one before it."""
        if isinstance(came, str):
            self._done(came)
            return
        from estim.tui.agree import Agree

        keys = tr("y raises it, n leaves it as it is.")
        self.app.push_screen(Agree(self.desk, keys, came.warning), partial(self._raised, row, came))

    def _raised(self, row: Row, came: Raise, agreed: bool | None) -> None:
        options = self.desk.options
        if agreed and options is not None:
            self.fetch(partial(capped, options, row, came.typed, came), partial(self._capped, row))
        else:
            self.desk.say(tr("{unit} keeps its highest levels", unit=row.name))

    def action_drill(self) -> None:
        """Guide through the stop drill of the unit that is lit; nothing may be on, for F12 stops every unit."""
        row = self._lit
        if row is None:
            self.desk.say(tr("choose a unit first: {key} scans", key=key_of("units.scan")))
        elif any(one.live for one in self._shown):
            self.desk.say(tr("a session is under way: end it, then the drill has the screen for itself"))
        else:
            from estim.tui.drill_guide import DrillGuide

            self.app.push_screen(DrillGuide(self.desk, row.name), partial(self._drill, row))

    def _drill(self, row: Row, agreed: bool | None) -> None:
        if agreed:
            self.desk.drill(Drill(row.called, row.address, row.name, row.family))

    def action_doctor(self) -> None:
        """Look at all that a session needs here, and at the unit that is lit."""
        from estim.tui.doctor import Doctor

        options = self.desk.options
        if options is not None:
            self.app.push_screen(Doctor(self.desk, options, self._lit))

    def action_side(self) -> None:
        """Ask where the pads usually are."""
        sites = dict(enumerate(self._shelf.sites[:9], 1))
        keys = {"0": "", **{str(number): site for number, site in sites.items()}}
        rows = {"0": tr("no side"), **{str(number): site for number, site in sites.items()}}
        self.app.push_screen(Pick(tr("Where are the pads usually?"), keys, rows), self._side)

    def _side(self, site: str | None) -> None:
        options = self.desk.options
        if site is not None and options is not None:
            self.fetch(partial(site_kept, options, site), self._done)

    def action_forget(self) -> None:
        """Ask first."""
        row = self._lit
        if row is not None and self._is_kept(row) and row.remembered and self._at_rest(row):
            question = tr("Forget {name} with its highest levels?", name=row.name)
            rows = {"y": tr("yes"), "n": tr("no")}
            self.app.push_screen(Pick(question, {"y": "y", "n": ""}, rows), partial(self._forget, row))

    def _forget(self, row: Row, answer: str | None) -> None:
        options = self.desk.options
        if answer and options is not None:
            self.fetch(partial(forgotten, options, row), self._done)


def _drilled(drill: Check | None) -> str:
    """Return when a unit's stop was tried last, and what came of it; what a drill is, where there was none."""
    if drill is None:
        return tr(DRILL, key=key_of("units.drill"), panic=key_of("panic"))
    return tr(
        "last stop drill {at:%Y-%m-%d %H:%M}: {result} ({note}); {key} does it again",
        key=key_of("units.drill"),
        at=drill.at,
        result=drill_named(drill),
        note=drill.note,
    )


def _read(options: HostOptions) -> Shelf:
    sites = tuple(sorted({site for program in all_programs(options.place.programs)[0] for site in program.site}))
    site = read_settings(options.place.settings_file).site or ""
    if options.simulate is not None:
        return Shelf((), site, sites, software=True)
    return Shelf(tuple(Units.load(options.place)), site, sites, _drills(options))


def _drills(options: HostOptions) -> tuple[Check, ...]:
    """Return the stop drills, oldest first; a journal that can't be read keeps no unit out of sight."""
    with suppress(EstimError), opened(options) as journal:
        return tuple(one for one in journal.read(journal.now).checks if one.topic is Topic.DRILL)
    return ()
