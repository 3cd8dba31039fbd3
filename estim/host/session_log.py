"""Writes down one session as it happens, and hands its news on to the supervisor."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from math import isinf
from typing import Protocol

from estim.core.days.schedule import offset_s
from estim.core.errors import EstimError
from estim.core.messages.commands import Snapshot
from estim.core.messages.events import Alarmed, Ended, Happened, Levelled, Started
from estim.core.moment import Now
from estim.core.session.order import Unit
from estim.core.session.session import Session
from estim.core.vocabulary import Priority
from estim.journal.database import BEAT_S
from estim.journal.marker import How, MayBeOn
from estim.journal.rows import NEVER, Opening, Outcome
from estim.journal.writer import JournalWriter
from protocols.vocabulary import Endpoint, OffBy, Out, Reported


class Watched(Protocol):
    """What the session log asks of the runner that it listens to."""

    @property
    def output_s(self) -> float:
        """Seconds with a level above 0 so far."""

    @property
    def reported(self) -> Reported | None:
        """What is known of the unit, None before it was reached."""

    @property
    def session(self) -> Session:
        """The session itself."""

    @property
    def on_until_s(self) -> float:
        """Until when the unit may be on after its session (monotonic seconds, inf: for good); -inf: it is off."""

    def snapshot(self) -> Snapshot:
        """Return what is so now."""


Told = Callable[[Sequence[Happened]], None]
Passed = Callable[[Watched], None]


class SessionLog:
    """The observer of one runner. `runner` is set right after both exist.

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
        self.runner: Watched | None = None
        self.trouble = ""
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
        self._started: Now | None = None
        self._journal_trouble = journal.trouble

    def happened(self, now: Now, told: Sequence[Happened]) -> None:
        """Note what is new, then pass it on."""
        for event in told:
            match event:
                case Levelled(channel=channel, level=level, by=by, at_s=at_s) if self.number:
                    self._journal.level(self.number, at_s, channel, level, by)
                case Alarmed(priority=priority, text=text, do=do):
                    self._journal.alarm(self.number or None, now, priority, text, do)
                case Started():
                    self._started = now
                case Ended():
                    self._ended = (now, event)
                case _:
                    pass
        self._told(told)
        if told and self.runner is not None:
            self._passed(self.runner)  # a link that was lost makes no pass any more, and neither does an end

    def passed(self, now: Now) -> None:
        """Say now and then that the session lives; let who watches look."""
        assert self.runner is not None, "set by who made both"
        if self._started is not None and (self._beat_s is None or now.mono_s - self._beat_s >= BEAT_S):
            self._beat_s = now.mono_s
            session = self.runner.session
            self._journal.beat(
                self.number,
                now,
                self.runner.output_s,
                self._plays_until(now),
                level_max=session.alarms.level_max,
                goal=session.goals,
            )
        self._look_at_the_journal(now)
        self._passed(self.runner)

    def _look_at_the_journal(self, now: Now) -> None:
        """Tell once if the disk takes nothing any more: the session goes on, what is written down doesn't."""
        if self._journal.trouble == self._journal_trouble or self.runner is None:
            return
        self._journal_trouble = self._journal.trouble
        text = f"the log isn't being kept: {self._journal_trouble}"
        do = "make room on the disk; the session goes on, and its end is written as soon as that works"
        self.happened(now, self.runner.session.alarms.ring(now, Priority.MEDIUM, text, do))

    def carried(self, now: Now, way: str, endpoint: Endpoint, data: bytes) -> None:
        """Keep bytes for the black box."""
        self._journal.carried(self._unit.name, now, way, endpoint, data)

    async def close(self, now: Now) -> bool:
        """Write the outcome, or that what an ended session had left on is off; say whether it is on disk.

        A row stays open, and its unit in the marker, for as long as the unit may be on. A disk that fails is told in
        `trouble`, and may be asked again.
        """
        if self._ended is None or self.runner is None:
            return True
        until_s = self.runner.on_until_s
        settled = until_s <= now.mono_s
        if self.runner.session.order is None and not settled:
            return True  # as it was: whoever comes next looks on
        try:
            await self._write(now, *self._ended, settled=settled, until_utc=utc_at(now, until_s))
        except EstimError as error:
            self.trouble = error.text
            return False
        finally:
            with suppress(EstimError):  # the row says it too; and nobody is helped by a stop that fails for a file
                await self._mark(now, utc_at(now, until_s))
        self._ended = None
        return True

    async def _write(self, now: Now, at: Now, ended: Ended, *, settled: bool, until_utc: datetime) -> None:
        assert self.runner is not None, "set by who made both"
        for number in self.also if settled else ():
            await self._journal.settle(number, now)
        if not self.number:
            return
        if self._row_ended:
            await self._journal.settle(self.number, now)
            return
        session = self.runner.session
        outcome = Outcome(
            reason=ended.reason,
            ended_utc=at.utc,
            duration_s=ended.duration_s,
            output_s=self.runner.output_s,
            level_max=ended.level_max,
            level_end=ended.level_end,
            stop_confirmed=bool(ended.stop_confirmed),
            message=ended.message,
            on_until_utc=None if settled else until_utc,
            goal=session.goals if session.order else {},
            settled=settled,
        )
        await self._journal.close_session(self.number, outcome)

    async def _mark(self, now: Now, until_utc: datetime) -> None:
        """Only a proof, or a person's word, takes a unit out of the marker; one whose time is over stays in it."""
        assert self.runner is not None, "set by who made both"
        session = self.runner.session
        how = _how_off(session, over=until_utc <= now.utc)
        if how is not None:
            await self._journal.unmark(self._unit.address, self.since_utc, how)
            return
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

    def _plays_until(self, now: Now) -> datetime | None:
        """Return until when the unit may put out if nobody stops it any more; None: as was said last."""
        assert self.runner is not None, "set by who made both"
        reported = self.runner.reported
        if reported is None or reported.out is Out.OFF:
            return None
        return utc_at(now, reported.until_s)


def _how_off(session: Session, *, over: bool) -> How | None:
    """Return why the unit of a session that has ended can't be on; None if it may be."""
    if session.stop_confirmed:
        return How.PROVED
    if session.untouched:
        return How.UNTOUCHED
    if session.was_seen_off:
        return How.SEEN_OFF
    return How.SEARCHED if over and session.order is None else None


def utc_at(now: Now, at_s: float) -> datetime:
    """Return a monotonic moment as UTC, NEVER for inf; what is past is now."""
    if isinf(at_s):
        return NEVER if at_s > 0 else now.utc
    return now.utc + timedelta(seconds=max(0.0, at_s - now.mono_s))


def opening(
    session: Session, now: Now, zone: str, sites: tuple[str, ...], overrides: Sequence[str], warn: Sequence[str]
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
        offset_s=offset_s(now.utc, zone),
        on_until_utc=now.utc + timedelta(seconds=session.length_s) if feeds else NEVER,
        profile=session.unit.profile,
        overrides=tuple((gate, "; ".join(warn)) for gate in overrides),
        warnings=tuple(warn),
    )
