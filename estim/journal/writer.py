"""How the host writes the journal: a session is on disk before it puts anything out, and nothing else is waited for.

1. All work runs in one thread of its own; on the loop there are only short queues, each with a limit.
2. What somebody waits for (begin, close_session, questions) takes along all that was told before, in order.
3. What nobody waits for (beats, levels, alarms, bytes) goes when the thread is free. If the disk fails it is dropped
   and counted, and `trouble` says why: a session in progress is stopped by its user or its end, not by a full disk.
4. The byte log is gathered in memory and written every ten seconds, at an alarm of high priority and at the end of a
   session; of each unit the last ten minutes are kept.
5. A marker beside it says which units may be on; a journal that can't be read at all (`closed`) leaves that one.
6. Simulated sessions have a journal of their own, empty at each start, and neither kind is ever read as the other.
"""

import asyncio
import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from estim.clock import wall_s
from estim.core.days.diary import Diary, Entry
from estim.core.days.dose import Delivered
from estim.core.errors import EstimError, Exit
from estim.core.moment import Now
from estim.core.translation import tr
from estim.core.vocabulary import Priority
from estim.journal.database import NO_START, followed, remove_database
from estim.journal.journal import Journal
from estim.journal.marker import How, Marker, MayBeOn
from estim.journal.rows import AlarmRow, BeatRow, ByteRows, Carried, LevelRow, Opening, OpenSession, Outcome, Row
from estim.journal.sessions_table import RING_MAX, SessionsTable
from protocols.vocabulary import Channel, Endpoint

T = TypeVar("T")

ROWS_MAX = 1000
"""Rows waiting for the disk: more than three minutes of a ramp on two channels."""

FLUSH_S = 10.0
"""How often the byte log goes to the disk."""

DISK_TIMEOUT_S = 20.0
"""Longest wait for the disk, on the wall's clock whatever the loop's is."""


class JournalWriter:
    """Writes and reads one journal; make it with `open`, and `close` it. All methods are called on the loop."""

    def __init__(self, path: Path, simulated: bool) -> None:
        self.simulated = simulated
        self._emptied = simulated
        self.dropped = 0
        """Rows and packets that never reached the disk."""
        self.trouble = ""
        """Why something didn't, in a sentence; empty as long as all is well."""
        self.blind = ""
        """Why nobody can know whether a unit was left on, as far as `open_sessions` found; empty if it is known."""
        self._why_closed = EstimError(tr("the journal is closed"), code=Exit.INTERNAL)
        self._marker = Marker(path.with_suffix(".on.json"))
        self._path = path
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        self._rows: deque[Row] = deque()
        self._bytes: dict[str, deque[Carried]] = {}
        self._flushed_s: float | None = None
        self._writing: asyncio.Future[None] | None = None
        self._table: SessionsTable | None = None

    @classmethod
    async def open(cls, path: Path, *, simulated: bool = False, kept: bool = False) -> "JournalWriter":
        """Open or make the journal; a simulated one is emptied, unless it is `kept` (that of a demo home).

        Raises EstimError: 73 if it can neither be written nor read, 78 if it is newer than this program or damaged.
        A journal that can be read only is opened all the same, for `open_sessions`: `trouble` says why, and `begin`
        refuses.
        """
        writer = cls(path, simulated)
        writer._emptied = simulated and not kept
        try:
            writer._table = await writer._in_thread(writer._open)
        except EstimError:
            writer._executor.shutdown(wait=False)
            raise
        writer.trouble = writer._table.journal.trouble
        return writer

    @classmethod
    def closed(cls, path: Path, why: EstimError) -> "JournalWriter":
        """Return the writer of a journal that can't be opened: nothing begins, and what may be on is in the marker."""
        writer = cls(path, simulated=False)
        writer.trouble = why.text
        writer._why_closed = why
        return writer

    def _open(self) -> SessionsTable:
        if self._emptied:
            remove_database(self._path)
            self._marker.path.unlink(missing_ok=True)
        table = SessionsTable(Journal.open(self._path))
        with suppress(EstimError):  # it is told where it is read, and no session begins without it
            self._marker.begin()
        return table

    async def begin(self, opening: Opening) -> int:
        """Write a session that is about to start, and return its number; it is on disk then.

        Raises EstimError (73) if it isn't: then nothing may be put out.
        """
        if opening.simulated != self.simulated:
            raise EstimError(tr("a simulated and a real session can't share a journal"), code=Exit.INTERNAL)
        mark = MayBeOn(
            address=opening.address,
            unit=opening.unit,
            family=opening.family,
            profile=opening.profile,
            since_utc=opening.started.utc,
            until_utc=opening.on_until_utc,
            host=os.getpid(),
        )
        return await self._ask(lambda table: _begin(table, self._marker, opening, mark))

    async def close_session(self, session: int, outcome: Outcome) -> None:
        """Write how a session ended, with all bytes until then. Raises EstimError (73); it stays open in there then."""
        self._gather()
        await self._ask(lambda table: table.close_session(session, outcome))

    async def settle(self, session: int, at: Now) -> None:
        """Say that the unit of a session that has ended can't be on any more. Raises EstimError (73)."""
        await self._ask(lambda table: table.settle(session, at.utc))

    async def mark(self, one: MayBeOn) -> None:
        """Say in the marker that a unit may be on; raises EstimError (73, 78)."""
        await self._in_thread(lambda: self._marker.put(one))

    async def unmark(self, address: str, since_utc: datetime, how: How) -> None:
        """Say in the marker why a unit is off that was in since then; raises EstimError (73, 78)."""
        await self._in_thread(lambda: self._marker.drop(address, since_utc, how))

    async def open_sessions(self) -> list[OpenSession]:
        """Return the sessions after which a unit may be on, oldest first: after a start, what a dead host left behind.

        The marker adds those of which the journal knows nothing. Where one of the two can't be read, `blind` says so.
        """
        found: list[OpenSession] = []
        self.blind = ""
        try:
            found += await self._ask(lambda table: table.open_sessions())
        except EstimError as error:
            self.blind = error.text
        try:
            marked = await self._in_thread(self._marker.read)
        except EstimError as error:
            self.blind = self.blind or error.text
            return found
        known = {one.address.casefold() for one in found}
        units = marked.units if marked is not None else ()
        return found + [_marked(one) for one in units if one.address.casefold() not in known]

    async def sessions_of_site(self, site: str, since_utc: datetime) -> list[Delivered]:
        """Return what this journal's kind of sessions delivered to a site and was over after `since_utc`.

        A session without a site counts for all; one that never ended counts to the latest moment it can have.
        """
        return await self._ask(lambda table: table.sessions_of_site(site, since_utc, self.simulated))

    async def diary(self, since_utc: datetime | None = None) -> Diary:
        """Return what was played and written down from a moment on, all for None; raises EstimError."""
        return await self._ask(lambda table: table.journal.diary(self.simulated, since_utc))

    async def enter(self, entries: Sequence[Entry], now: Now) -> None:
        """Write entries, all or nothing; on disk when it returns. Raises EstimError (73)."""
        await self._ask(lambda table: table.journal.enter(entries, now.utc))

    async def black_box(self, unit: str) -> list[Carried]:
        """Return the packets of a unit's last ten minutes, oldest first."""
        self._gather()
        return await self._ask(lambda table: table.black_box(unit))

    async def flush(self) -> None:
        """Return when everything told so far is in the database, or is counted as dropped."""
        self._gather()
        await self._ask(lambda table: None)

    async def close(self) -> None:
        """Write what is left and close; says nothing, since nobody could act on it any more."""
        try:
            await self.flush()
            await self._ask(lambda table: table.close())
        except EstimError as error:
            self.trouble = error.text
        finally:
            self._table = None
            self._executor.shutdown(wait=False)

    def beat(
        self,
        session: int,
        now: Now,
        output_s: float,
        on_until_utc: datetime | None = None,
        *,
        level_max: Mapping[Channel, int] = MappingProxyType({}),
        goal: Mapping[Channel, int] = MappingProxyType({}),
    ) -> None:
        """Say that a session lives, every BEAT_S: after a crash it is known how long it lasted, nearly."""
        self._line_up(BeatRow(session, now.utc, output_s, on_until_utc, level_max, goal))
        if not self.simulated:  # nothing is ever recovered of a simulated session: its beats go with the next bytes
            self._write_soon()

    def level(self, session: int, at_s: float, channel: Channel, level: int, by: str) -> None:
        """Note a level that the unit confirmed."""
        self._put(LevelRow(session, at_s, channel, level, by))

    def alarm(self, session: int | None, now: Now, priority: Priority, text: str, do: str) -> None:
        """Note an alarm; one of high priority takes the byte log to the disk with it."""
        if priority is Priority.HIGH:
            self._gather()
        self._put(AlarmRow(session, now.utc, priority, text, do))

    def carried(self, unit: str, now: Now, way: str, endpoint: Endpoint, data: bytes) -> None:
        """Note one packet; `way` is "out" or "in"."""
        ring = self._bytes.setdefault(unit, deque(maxlen=RING_MAX))
        self.dropped += len(ring) == RING_MAX
        ring.append(Carried(now.utc, now.mono_s, way, endpoint.name, data))
        if self._flushed_s is None:
            self._flushed_s = now.mono_s
        elif now.mono_s - self._flushed_s >= FLUSH_S:
            self._flushed_s = now.mono_s
            self._gather()
            self._write_soon()

    def _gather(self) -> None:
        """Line up the bytes behind the rows that were told before."""
        for unit, ring in self._bytes.items():
            if ring:
                self._line_up(ByteRows(unit, tuple(ring)))
                ring.clear()

    def _put(self, row: Row) -> None:
        self._line_up(row)
        self._write_soon()

    def _line_up(self, row: Row) -> None:
        """A full queue loses its oldest bytes first, and its oldest row only if there are none."""
        if len(self._rows) >= ROWS_MAX:
            lost = next((row for row in self._rows if isinstance(row, ByteRows)), self._rows[0])
            self._rows.remove(lost)
            self.dropped += _count(lost)
        self._rows.append(row)

    def _take(self) -> list[Row]:
        rows = list(self._rows)
        self._rows.clear()
        return rows

    def _write_soon(self) -> None:
        if self._table is None or self._writing is not None or not self._rows:
            return
        rows = self._take()
        table = self._table
        loop = asyncio.get_running_loop()
        self._writing = loop.run_in_executor(self._executor, self._write, table, rows)
        self._writing.add_done_callback(self._written)

    def _written(self, future: "asyncio.Future[None]") -> None:
        self._writing = None
        if not future.cancelled():
            future.result()
        self._write_soon()

    def _write(self, table: SessionsTable, rows: list[Row]) -> None:
        """In the thread: losing rows is told, and stops nothing."""
        try:
            table.write(rows)
        except EstimError as error:
            self.trouble = error.text
            self.dropped += sum(map(_count, rows))

    async def _ask(self, work: Callable[[SessionsTable], T]) -> T:
        table = self._table
        if table is None:
            raise EstimError(self._why_closed.text, code=Exit(self._why_closed.code))
        rows = self._take()

        def run() -> T:
            self._write(table, rows)
            return work(table)

        return await self._in_thread(run)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self._executor, work)
        began_s = wall_s()
        while not future.done():
            await asyncio.wait({future}, timeout=DISK_TIMEOUT_S)  # sooner over on a loop that runs faster
            if not future.done() and wall_s() - began_s >= DISK_TIMEOUT_S:
                future.add_done_callback(_look_away)
                raise EstimError(
                    tr("the disk of {path} has not answered for {s:.0f} s", path=self._path, s=DISK_TIMEOUT_S),
                    code=Exit.CANT_CREATE,
                )
        return future.result()


def _begin(table: SessionsTable, marker: Marker, opening: Opening, mark: MayBeOn) -> int:
    """In the thread: the marker first, then the row; both are on disk, or nothing may be put out."""
    try:
        marker.put(mark)
    except EstimError as error:
        raise EstimError(followed(error.text, NO_START), code=Exit(error.code)) from error
    try:
        return table.begin(opening)
    except EstimError:
        with suppress(EstimError):
            marker.drop(mark.address, mark.since_utc, How.UNTOUCHED)
        raise


def _marked(one: MayBeOn) -> OpenSession:
    return OpenSession(
        id=0,
        program="",
        unit=one.unit,
        address=one.address,
        family=one.family,
        started_utc=one.since_utc,
        length_s=0.0,
        beat_utc=one.since_utc,
        output_s=0.0,
        on_until_utc=one.until_utc,
        ended=True,
        profile=one.profile,
    )


def _count(row: Row) -> int:
    return len(row.carried) if isinstance(row, ByteRows) else 1


def _look_away(future: "asyncio.Future[T]") -> None:
    """Nobody waits for this result any more; its error was told as a time-out."""
    if not future.cancelled():
        future.exception()
