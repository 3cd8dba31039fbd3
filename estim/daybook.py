"""A front end's way to the journal: reads it as a diary, writes what a person says, and knows which day it is there.

1. Nothing here needs a host, and a host that runs is not disturbed: both write the same database, one after the other.
2. Reading never makes a journal; writing also notes in which zone and by which rules the person lives from now on.
3. With --simulate the journal of the last simulated host is read, and nothing can be written into it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property

from estim.client import HostOptions
from estim.core.days.care_plan import Plan
from estim.core.days.diary import Break, Diary, Entry, Played, entries_of
from estim.core.days.judging import judge
from estim.core.days.schedule import noted, zone_of
from estim.core.days.slots import Slot
from estim.core.errors import EstimError, Exit
from estim.host.clock import RealClock
from estim.host.home import Home, find_home
from estim.host.ledger import Ledger
from estim.host.zone import local_zone, zone_name
from estim.plan import read_own_plan
from estim.settings import Settings, read_settings

RECENT = timedelta(days=120)
"""How much of the past today's questions need: a streak and a plan of some weeks."""


@dataclass(frozen=True)
class Daybook:
    """A home's journal at one moment; `now` is local, `ledger` None where there is no journal yet."""

    home: Home
    now: datetime
    simulated: bool
    ledger: Ledger | None

    @cached_property
    def settings(self) -> Settings:
        """The settings; raises EstimError (78) if they are wrong."""
        return read_settings(self.home.settings_file)

    @cached_property
    def plan(self) -> Plan:
        """The care plan; raises EstimError (78) if the file is wrong."""
        return read_own_plan(self.home.plan_file)

    def read(self, since: datetime | None = None, sessions_max: int | None = None) -> Diary:
        """Return what was written from a moment on (None: all), with the rules that hold now as its last regime."""
        diary = Diary() if self.ledger is None else self.ledger.diary(self.simulated, since, sessions_max)
        schedule = self.settings.schedule
        fresh = noted(diary.regimes, schedule.rules, zone_name(schedule.zone), self.now)
        return diary if fresh is None else replace(diary, regimes=(*diary.regimes, fresh))

    def recent(self) -> Diary:
        """Return what today's questions need."""
        return self.read(self.now - RECENT)

    def slots(self, diary: Diary, since: datetime, until: datetime) -> tuple[Slot, ...]:
        """Return the slots of a time as they stand now."""
        return judge(self.settings.schedule, diary, self.now, since, until)

    def today(self, diary: Diary) -> tuple[Slot, ...]:
        """Return the slots from yesterday to tomorrow."""
        midnight = self.now.replace(hour=0, minute=0, second=0, microsecond=0)
        return self.slots(diary, midnight - timedelta(days=1), midnight + timedelta(days=2))

    def enter(self, *entries: Entry) -> list[int]:
        """Write entries, all or nothing, and return their numbers; raises EstimError (73)."""
        ledger = self._to_write()
        schedule = self.settings.schedule
        known = ledger.diary(self.simulated, self.now).regimes
        fresh = noted(known, schedule.rules, zone_name(schedule.zone), self.now)
        first: Sequence[Entry] = () if fresh is None else (fresh,)
        return ledger.enter((*first, *entries), self.now)[len(first) :]

    def end_breaks(self, running: Sequence[Break]) -> None:
        """Let breaks that run end yesterday: each is taken back and written anew with its last day."""
        yesterday = self.now.date() - timedelta(days=1)
        shorter = [replace(one, id=0, last=yesterday) for one in running if one.first <= yesterday]
        self._to_write().replace([one.id for one in running], shorter, self.now)

    def adopt(self, other: Diary) -> tuple[int, int]:
        """Read in what another journal held and isn't here yet; return how many entries were new, and how many not."""
        ledger = self._to_write()
        here = ledger.diary(self.simulated, None)
        mine = {_likeness(one): one.id for one in entries_of(here)}
        theirs = entries_of(other)
        numbers = {one.id: mine[_likeness(one)] for one in other.sessions if _likeness(one) in mine}
        fresh = [one for one in theirs if _likeness(one) not in mine]
        sessions = [one for one in fresh if isinstance(one, Played)]
        entries = [one for one in fresh if not isinstance(one, Played)]
        ledger.adopt(sessions, entries, numbers, self.now)
        return len(fresh), len(theirs) - len(fresh)

    def undo(self) -> Entry | None:
        """Take back the last thing that a person wrote; None if there is nothing. Raises EstimError (73)."""
        return self._to_write().undo(self.now)

    def _to_write(self) -> Ledger:
        assert self.ledger is not None, "opened to be read only"
        return self.ledger


def _likeness(entry: Entry) -> tuple[object, ...]:
    """Return what makes two entries the same; numbers differ from journal to journal."""
    values = [str(getattr(entry, field.name)) for field in fields(entry) if field.name not in ("id", "session", "at")]
    return type(entry), entry.at.astimezone(UTC).isoformat(timespec="milliseconds"), *values


@contextmanager
def opened(options: HostOptions, *, write: bool = False) -> Iterator[Daybook]:
    """Open a home's journal; raises EstimError (2 for writing with --simulate, 73, 78)."""
    home = find_home(options.home)
    simulated = options.simulate is not None
    if simulated and write:
        text = "what you write down is real, and simulated sessions never count: leave --simulate out"
        raise EstimError(text, code=Exit.USAGE)
    path = home.simulated if simulated else home.journal
    if write:
        home.prepare()
    ledger = Ledger(path) if write or path.exists() else None
    try:
        if write and ledger is not None and ledger.trouble:
            raise EstimError(f"{ledger.trouble}; nothing was written", code=Exit.CANT_CREATE)
        now = RealClock().now().utc.astimezone(zone_of(local_zone()))
        yield Daybook(home, now, simulated, ledger)
    finally:
        if ledger is not None:
            ledger.close()
