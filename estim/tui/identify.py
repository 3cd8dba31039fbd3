"""Which of several boxes is this one? Listens again and again: the one that is held close is the one whose bar grows.

1. Nothing is connected and nothing is sent to a unit, so nothing can be put out. No fact sheet knows a light or a sound
   that is certain; a signal that grows is what every unit has.
2. A line never changes its place: units that are remembered first, then what else is heard, in the order in which it
   was.
3. Each scan ends by itself, and all of it ends with the dialog.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from msgspec import Struct
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from estim.clock import RealClock
from estim.core.messages.commands import Found, Refusal, Scan, Sighting
from estim.core.messages.shown import Snapshot
from estim.core.translation import mark, tr
from estim.core.values import replace
from estim.tui.desk import Desk
from estim.tui.model import View
from estim.tui.nearness import bar_of, word_of
from estim.tui.unit_rows import Row, Shelf, rows_of
from estim.tui.watched import Watched
from estim.tui.widgets import NARROW, Line

SCAN_S = 2.0
"""One look: even the slowest unit (a ZC95, 0.48 s) is heard in it several times."""
PAUSE_S = 1.0
"""Between two looks, so that a radio that others need is theirs too."""
ANSWER_S = 20.0
"""Longest wait for what one look heard, s: a host that is connecting a unit takes its time."""
OLD_S = 10.0
"""From so many seconds on a figure is too old for a bar."""


class Heard(Struct, frozen=True):
    """A unit on the air, and when it was heard last."""

    sighting: Sighting
    at: datetime


def taken_in(heard: Mapping[str, Heard], units: Sequence[Sighting], now: datetime) -> dict[str, Heard]:
    """Return what was heard so far, with the newest of each; who comes later stands later."""
    return {**heard, **{one.address: Heard(one, now) for one in units}}


def lines_of(
    shelf: Shelf, heard: Mapping[str, Heard], shown: Sequence[Snapshot], now: datetime, columns: int
) -> list[tuple[Row, str]]:
    """Return each unit with its line: name, bar, word and age; one that is linked isn't on the air."""
    rows = rows_of(shelf, [one.sighting for one in heard.values()], now, shown)
    return [(row, _line(row, _of(row, heard), now, columns)) for row in rows]


def _of(row: Row, heard: Mapping[str, Heard]) -> Heard | None:
    return heard.get(row.address) or next((one for one in heard.values() if one.sighting.known_as == row.name), None)


def _line(row: Row, heard: Heard | None, now: datetime, columns: int) -> str:
    name = f"{row.name[:16]:<16} " if columns >= NARROW else f"{row.name[:9]:<9} "
    width = 24 if columns >= NARROW else 8
    if row.linked or row.busy:
        return name + tr("in use, so not on the air")
    if heard is None:
        return f"{name}{bar_of(None, width)} " + tr("not heard")
    age_s = int((now - heard.at).total_seconds())
    rssi_dbm = heard.sighting.rssi_dbm
    if age_s >= OLD_S:
        return f"{name}{bar_of(None, width)} " + tr("{seconds} s ago", seconds=age_s)
    if rssi_dbm is None:
        return f"{name}{bar_of(None, width)} " + tr("heard, strength not known")
    when = tr("now") if age_s < 1 else tr("{seconds} s ago", seconds=age_s)
    told = f"{word_of(rssi_dbm)}, {when}"
    if columns >= NARROW:
        told = f"{told}, {rssi_dbm} dBm"  # untranslated: a unit of measure
    return f"{name}{bar_of(rssi_dbm, width)} {told}"


class Identify(Watched[Row]):
    """Returns the unit that is to be named."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("n,N", "name", mark("Name"))]

    def __init__(self, desk: Desk, shelf: Shelf) -> None:
        super().__init__(desk)
        self._shelf = shelf
        self._heard: dict[str, Heard] = {}
        self._shown: tuple[Snapshot, ...] = ()
        self._lines: list[tuple[Row, str]] = []
        self._at = _now()

    def body(self) -> Iterable[Widget]:
        """What to do, the units with their bars, and what went wrong."""
        yield Line(id="question")
        yield OptionList(id="found", markup=False, compact=True)
        yield Line(id="trouble")

    def begin(self) -> None:
        """Begin to listen."""
        question = tr("Hold one close to the computer: its bar grows. n names the one that is lit, Escape closes.")
        self.query_one("#question", Line).say(question)
        self.query_one("#found").focus()
        self.run_worker(self._listen(), group="listen")

    async def draw(self, view: View) -> None:
        """A unit that is linked isn't on the air."""
        await super().draw(view)
        self._shown = view.snapshots
        self.list_units()

    async def _listen(self) -> None:
        while True:
            try:
                async with asyncio.timeout(ANSWER_S):
                    reply = await self.desk.ask(Scan(SCAN_S))
            except TimeoutError:
                reply = None
            self.take(reply.units if isinstance(reply, Found) else (), _now())
            why = reply.text if isinstance(reply, Refusal) else "" if reply else tr("no answer from the controller")
            self.query_one("#trouble", Line).say(why, 2)
            await self.desk.sleep(PAUSE_S)

    def take(self, units: Sequence[Sighting], now: datetime) -> None:
        """Show what a look has heard."""
        self._heard = taken_in(self._heard, units, now)
        self._at = now
        self.list_units()

    def list_units(self) -> None:
        """Show the units as they were at the last look; which one is lit stays so."""
        lines = lines_of(self._shelf, self._heard, self._shown, self._at, self.app.size.width)
        if lines == self._lines:
            return
        found = self.query_one("#found", OptionList)
        if [row.address for row, _ in lines] == [row.address for row, _ in self._lines]:
            for index, (_, line) in enumerate(lines):
                found.replace_option_prompt_at_index(index, line)
        else:
            lit = found.highlighted
            found.clear_options()
            found.add_options(Option(line) for _, line in lines)
            found.highlighted = min(lit or 0, len(lines) - 1) if lines else None
        self._lines = lines

    def action_name(self) -> None:
        """Leave with the unit that is lit: it is asked for its name."""
        lit = self.query_one("#found", OptionList).highlighted
        if lit is not None and lit < len(self._lines):
            self.dismiss(replace(self._lines[lit][0]))


def _now() -> datetime:
    return RealClock().now().utc.astimezone()
