"""Writes down one session as it happens, and hands its news on to the desk."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from math import isinf
from typing import Protocol

from estim.core.days.schedule import offset_s
from estim.core.errors import EstimError
from estim.core.happenings import Alarmed, Ended, Happened, Levelled, Started
from estim.core.moment import Now
from estim.core.order import Unit
from estim.core.panel import Snapshot
from estim.core.session import Session
from estim.host.journal import Journal
from estim.host.rows import Opening, Outcome
from estim.host.store import BEAT_S
from protocols.vocabulary import Endpoint, OffBy, Out, Reported


class Watched(Protocol):
    """What the scribe asks of the runner that it listens to."""

    @property
    def output_s(self) -> float:
        """Seconds with a level above 0 so far."""

    @property
    def reported(self) -> Reported | None:
        """What is known of the unit, None before it was reached."""

    @property
    def session(self) -> Session:
        """The session itself."""

    def snapshot(self) -> Snapshot:
        """Return what is so now."""


Told = Callable[[Sequence[Happened]], None]
Passed = Callable[[Watched], None]


class Scribe:
    """The ears of one runner. `runner` is set right after both exist."""

    def __init__(self, journal: Journal, unit: Unit, number: int, told: Told, passed: Passed) -> None:
        self.runner: Watched | None = None
        self.trouble = ""
        self._journal = journal
        self._unit = unit
        self.number = number
        self._told = told
        self._passed = passed
        self._beat_s: float | None = None
        self._ended: tuple[Now, Ended] | None = None
        self._started: Now | None = None

    def happened(self, now: Now, told: Sequence[Happened]) -> None:
        """Note what is new, then pass it on."""
        for event in told:
            match event:
                case Levelled(channel=channel, level=level, by=by, at_s=at_s):
                    self._journal.level(self.number, at_s, channel, level, by)
                case Alarmed(priority=priority, text=text, do=do):
                    self._journal.alarm(self.number, now, priority, text, do)
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
            self._journal.beat(self.number, now, self.runner.output_s, self._on_until(now))
        self._passed(self.runner)

    def carried(self, now: Now, way: str, endpoint: Endpoint, data: bytes) -> None:
        """Keep bytes for the black box."""
        self._journal.carried(self._unit.name, now, way, endpoint, data)

    async def close(self) -> None:
        """Write the outcome. A disk that fails now is told in `trouble`; the row stays open and is closed later."""
        if self._ended is None or self.runner is None:
            return
        now, ended = self._ended
        self._ended = None
        outcome = Outcome(
            reason=ended.reason,
            ended_utc=now.utc,
            duration_s=ended.duration_s,
            output_s=self.runner.output_s,
            level_max=ended.level_max,
            level_end=ended.level_end,
            stop_confirmed=ended.stop_confirmed,
            message=ended.message,
            on_until_utc=None if ended.stop_confirmed else self._on_until(now),
            goal={channel: self.runner.session.wish.goal(channel) for channel in self.runner.session.caps.channels},
        )
        try:
            await self._journal.close_session(self.number, outcome)
        except EstimError as error:
            self.trouble = error.text

    def _on_until(self, now: Now) -> datetime | None:
        """Return until when the unit may put out if nobody stops it any more."""
        assert self.runner is not None, "set by who made both"
        reported = self.runner.reported
        if reported is None or reported.out is Out.OFF or isinf(reported.until_s):
            return None
        return now.utc + timedelta(seconds=max(0.0, reported.until_s - now.mono_s))


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
        on_until_utc=now.utc + timedelta(seconds=session.length_s) if feeds else None,
        overrides=tuple((gate, "; ".join(warn)) for gate in overrides),
        warnings=tuple(warn),
    )
