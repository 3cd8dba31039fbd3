"""Writes down one session as it happens, from what its runner hands it, and passes the news on to who watches."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from math import isinf

from estim.core.days.schedule import offset_s
from estim.core.errors import EstimError, Exit
from estim.core.messages.events import Alarmed, Ended, Happened, Levelled, Started
from estim.core.moment import Now
from estim.core.session.order import Unit
from estim.core.session.session import Session
from estim.core.translation import mark, tr
from estim.host.seen import Seen
from estim.journal.database import BEAT_S
from estim.journal.marker import How, MayBeOn
from estim.journal.rows import NEVER, Opening, Outcome
from estim.journal.writer import JournalWriter
from protocols.vocabulary import Endpoint, OffBy

Told = Callable[[Sequence[Happened], str], None]
"""Takes what happened, and the unit's address."""
Passed = Callable[[str], None]

MAKE_ROOM = mark("make room on the disk; the session goes on, and its end is written as soon as that works")
"""What a person can do where the journal takes nothing any more."""


class SessionLog:
    """The log of one session: told with each event, and after each pass of its runner.

    `since_utc` is when that session began. `row_ended`: the row's session has ended already, and the runner only stops
    the unit that it left on.
    """

    def __init__(
        self,
        journal: JournalWriter,
        unit: Unit,
        number: int,
        told: Told,
        passed: Passed,
        *,
        since_utc: datetime,
        row_ended: bool = False,
    ) -> None:
        self._journal = journal
        self._unit = unit
        self.number = number
        self._told = told
        self._passed = passed
        self.also: list[int] = []
        """Further rows of the same unit, which are settled together with this one."""
        self.since_utc = since_utc
        self._row_ended = row_ended
        self._beat_s: float | None = None
        self._ended: tuple[Now, Ended] | None = None
        self._marked = False
        self._started = False
        self._journal_trouble = journal.trouble

    def happened(self, seen: Seen, told: Sequence[Happened]) -> None:
        """Note what is new, in order, then pass it on."""
        for event in told:
            match event:
                case Levelled(channel=channel, level=level, by=by, at_s=at_s) if self.number:
                    self._journal.level(self.number, at_s, channel, level, by)
                case Alarmed(priority=priority, text=text, do=do):
                    self._journal.alarm(self.number or None, seen.now, priority, text, do)
                case Started():
                    self._started = True
                case Ended():
                    self._ended = (seen.now, event)
                case _:
                    pass
        self._told(told, self._unit.address)
        self._passed(self._unit.address)  # a link that was lost makes no pass any more, and neither does an end

    def passed(self, seen: Seen) -> None:
        """Say now and then that the session lives; let who watches look."""
        now = seen.now
        if self._started and (self._beat_s is None or now.mono_s - self._beat_s >= BEAT_S):
            self._beat_s = now.mono_s
            until_utc = None if seen.plays_until_s is None else utc_at(now, seen.plays_until_s)
            self._journal.beat(self.number, now, seen.output_s, until_utc, level_max=seen.level_max, goal=seen.goal)
        self._passed(self._unit.address)

    def wrong(self) -> str:
        """Return, once, that the disk takes nothing any more: the session goes on, what is written down doesn't."""
        if self._journal.trouble == self._journal_trouble:
            return ""
        self._journal_trouble = self._journal.trouble
        return tr("the log isn't being kept: {why}", why=self._journal_trouble)

    def carried(self, now: Now, way: str, endpoint: Endpoint, data: bytes) -> None:
        """Keep bytes for the black box."""
        self._journal.carried(self._unit.name, now, way, endpoint, data)

    async def close(self, seen: Seen) -> bool:
        """Write the outcome, or that what an ended session had left on is off; say whether it is on disk.

        A row stays open, and its unit in the marker, for as long as the unit may be on. Where the disk fails it may be
        asked again.
        """
        if self._ended is None:
            return True
        settled = seen.on_until_s <= seen.now.mono_s
        if seen.stops_only and not settled:
            return True  # as it was: whoever comes next looks on
        try:
            await self._write(seen, *self._ended, settled=settled)
        except EstimError as error:
            return error.code == Exit.INTERNAL  # whoever has stopped the unit since then has ended the row
        finally:
            with suppress(EstimError):  # the row says it too; and nobody is helped by a stop that fails for a file
                await self._mark(seen)
        self._ended = None
        return True

    async def _write(self, seen: Seen, at: Now, ended: Ended, *, settled: bool) -> None:
        for number in self.also if settled else ():
            await self._journal.settle(number, seen.now)
        if not self.number:
            return
        if self._row_ended:
            await self._journal.settle(self.number, seen.now)
            return
        outcome = Outcome(
            reason=ended.reason,
            ended_utc=at.utc,
            duration_s=ended.duration_s,
            output_s=seen.output_s,
            level_max=ended.level_max,
            level_end=ended.level_end,
            stop_confirmed=bool(ended.stop_confirmed),
            message=ended.message,
            on_until_utc=None if settled else utc_at(seen.now, seen.on_until_s),
            goal={} if seen.stops_only else seen.goal,
            settled=settled,
            blind=seen.stops_only,
        )
        await self._journal.close_session(self.number, outcome)

    async def _mark(self, seen: Seen) -> None:
        """Only a proof, or a person's word, takes a unit out of the marker; one whose time is over stays in it."""
        until_utc = NEVER if seen.may_repeat else utc_at(seen.now, seen.on_until_s)
        how = _how_off(seen, over=until_utc <= seen.now.utc)
        if how is not None:
            await self._journal.unmark(self._unit.address, self.since_utc, how)
            return
        if self._marked:
            return  # whoever has gone on to stop it since then may have proved that it is off
        unit = self._unit
        mark = MayBeOn(
            address=unit.address,
            unit=unit.name,
            family=unit.family,
            profile=unit.profile,
            since_utc=self.since_utc,
            until_utc=until_utc,
        )
        await self._journal.mark(mark)
        self._marked = True


def _how_off(seen: Seen, *, over: bool) -> How | None:
    """Return why the unit of a session that has ended can't be on; None if it may be."""
    if seen.proved:
        return How.PROVED
    if seen.untouched:
        return How.UNTOUCHED
    if seen.seen_off:
        return How.SEEN_OFF
    return How.SEARCHED if over and seen.stops_only else None


def utc_at(now: Now, at_s: float) -> datetime:
    """Return a monotonic moment as UTC, NEVER for inf; what is past is now."""
    if isinf(at_s):
        return NEVER if at_s > 0 else now.utc
    return now.utc + timedelta(seconds=max(0.0, at_s - now.mono_s))


def opening(
    session: Session,
    now: Now,
    zone: str,
    sites: tuple[str, ...],
    overrides: Sequence[str],
    warn: Sequence[str],
    usual_s: float,
) -> Opening:
    """Return the row of a session that is about to begin."""
    order = session.order
    assert order is not None, "only an ordered session is begun"
    feeds = session.caps.off_by in (OffBy.FEED, OffBy.LEASE)
    return Opening(
        program=order.course.program.id,
        unit=session.unit.name,
        address=session.unit.address,
        family=session.unit.family,
        sites=sites,
        simulated=session.unit.simulated,
        started=now,
        length_s=session.length_s,
        usual_s=usual_s,
        offset_s=offset_s(now.utc, zone),
        on_until_utc=now.utc + timedelta(seconds=session.length_s) if feeds else NEVER,
        profile=session.unit.profile,
        overrides=tuple((gate, "; ".join(warn)) for gate in overrides),
        warnings=tuple(warn),
    )
