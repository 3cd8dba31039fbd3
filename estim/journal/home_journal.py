"""A front end's way to the journal: reads it as a diary, writes what a person says, and knows which day it is there.

1. Nothing here needs a host, and a host that runs is not disturbed: both write the same database, one after the other.
2. Reading never makes a journal; writing also notes in which zone and by which rules the person lives from now on.
3. With --simulate the journal of the last simulated host is read, and nothing can be written into it; a demo home is
   simulated through and through, and its own journal is read and written.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property

from msgspec import Struct

from estim.catalogue.playable import kind_of, refused
from estim.clock import RealClock
from estim.config.care_plan import read_own_plan
from estim.config.options import HostOptions
from estim.config.paths import Home, made_up
from estim.config.settings import Settings, read_settings
from estim.config.timezone import local_zone, zone_name
from estim.core.care.plan import Plan
from estim.core.care.progression import is_recovered
from estim.core.care.rotation import fitted
from estim.core.days.by_hand import misdated
from estim.core.days.diary import Break, Diary, Entry, Played, Topic, When, entries_of
from estim.core.days.outcomes import judge
from estim.core.days.schedule import LOCAL, noted, zone_of
from estim.core.days.slots import Slot
from estim.core.errors import EstimError, Exit
from estim.core.moment import check_clock
from estim.core.translation import tr
from estim.core.values import replace
from estim.journal.database import NOTHING_WRITTEN, followed
from estim.journal.journal import Journal
from estim.journal.reader import Details, Rang
from estim.journal.terms import terms_of
from estim.journal.turns import LAST_PLAYED, families_named, families_of, turn_of

RECENT = timedelta(days=120)
"""How much of the past today's questions need: a streak and a plan of some weeks."""

SETTLED = timedelta(days=4)
"""After this a run is judged or let go, whatever happens."""


class HomeJournal(Struct, frozen=True, dict=True):
    """A home's journal at one moment; `now` is local, `journal` None where there is no journal yet."""

    home: Home
    now: datetime
    simulated: bool
    journal: Journal | None

    @cached_property
    def settings(self) -> Settings:
        """The settings; raises EstimError (78) if they are wrong."""
        return read_settings(self.home.settings_file)

    @cached_property
    def plan(self) -> Plan:
        """The care plan as it is in this home (rotation.py); raises EstimError (78) if the file is wrong."""
        families = self.families
        folder = self.home.programs
        return fitted(
            read_own_plan(self.home.plan_file),
            self.settings.schedule.programs,
            lambda program: kind_of(folder, program),
            lambda program: program in refused(folder, [program], families),
        )

    @cached_property
    def families(self) -> tuple[str, ...]:
        """The families of the unit that is played next, as far as one can say; software units are none of these."""
        return () if self.simulated else families_of(self.home, self.read(self.now - LAST_PLAYED).sessions)

    @cached_property
    def _usual_turn(self) -> Callable[[datetime], str]:
        return turn_of(self.home, self.settings.schedule, self.families)

    def program_at(self, at: datetime, units: Collection[str] = ()) -> str:
        """Return the program that is offered on a day, on the units that are named (none: the usual one)."""
        named = families_named(self.home, units)
        return turn_of(self.home, self.settings.schedule, named, by_any=True)(at) if named else self._usual_turn(at)

    def refuses(self, program: str, unit: str) -> bool:
        """Say whether a unit is known to refuse a program."""
        return bool(refused(self.home.programs, [program], families_named(self.home, [unit])))

    def read(self, since: datetime | None = None, recent: datetime | None = None) -> Diary:
        """Return what was written from a moment on (None: all), with the rules that hold now as its last regime.

        With `recent`, of the sessions before it only those that a run is judged by.
        """
        diary = Diary() if self.journal is None else self.journal.diary(self.simulated, since, recent)
        schedule = self.settings.schedule
        fresh = noted(diary.regimes, schedule.rules, zone_name(schedule.zone), self.now)
        return diary if fresh is None else replace(diary, regimes=(*diary.regimes, fresh))

    def details(self, number: int) -> Details | None:
        """Return one session in full, None if there is none of that number."""
        return None if self.journal is None else self.journal.session(number)

    def alarms(self) -> tuple[Rang, ...]:
        """Return the last alarms, newest first."""
        return () if self.journal is None else self.journal.alarms()

    def recent(self) -> Diary:
        """Return what today's questions need: these months, and more only where the plan asks for it.

        Judged runs decide where a person stands, whatever was before (care_course), so a plan that began earlier is
        read from its beginning only if these months don't settle it.
        """
        first = self.now - RECENT
        diary = self.read(first)
        begun = [check.at for check in diary.checks if check.topic is Topic.CARE and check.answer == "begin"]
        light = any(is_recovered(check) for check in diary.checks if begun and check.at >= begun[-1])
        if not begun or begun[-1] >= first or (settled(diary, first) and not light):
            return diary  # what ended a lighter plan may lie further back than what settles the others
        return self.read(begun[-1], first)

    def slots(self, diary: Diary, since: datetime, until: datetime) -> tuple[Slot, ...]:
        """Return the slots of a time as they stand now."""
        terms = terms_of(self.home, self.settings, diary)
        return judge(self.settings.schedule, diary, self.now, since, until, terms)

    def today(self, diary: Diary) -> tuple[Slot, ...]:
        """Return the slots from yesterday to tomorrow."""
        midnight = self.now.replace(hour=0, minute=0, second=0, microsecond=0)
        return self.slots(diary, midnight - timedelta(days=1), midnight + timedelta(days=2))

    def enter(self, *entries: Entry) -> list[int]:
        """Write entries, all or nothing, and return their numbers; raises EstimError (73)."""
        journal = self._to_write()
        schedule = self.settings.schedule
        known = journal.diary(self.simulated, self.now).regimes
        fresh = noted(known, schedule.rules, zone_name(schedule.zone), self.now)
        first: Sequence[Entry] = () if fresh is None else (fresh,)
        return journal.enter((*first, *entries), self.now)[len(first) :]

    def log_by_hand(self, session: Played) -> Played:
        """Write down a session that a unit played by itself and return it as it is kept.

        Raises EstimError: 2 if its moments can't be right, 77 if it overlaps a known one on its site, 73.
        """
        if why := misdated(session, self.now):
            raise EstimError(why, code=Exit.USAGE)
        self.enter()  # the rules that hold: a slot may be done by it
        return replace(session, id=self._to_write().log_by_hand(session, self.now))

    def end_breaks(self, running: Sequence[Break]) -> None:
        """Let breaks that run end yesterday: each is taken back and written anew with its last day."""
        yesterday = self.now.date() - timedelta(days=1)
        shorter = [replace(one, id=0, last=yesterday) for one in running if one.first <= yesterday]
        self._to_write().replace([one.id for one in running], shorter, self.now)

    def adopt(self, other: Diary) -> tuple[int, int]:
        """Read in what another journal held and isn't here yet; return how many entries were new, and how many not."""
        journal = self._to_write()
        here = journal.diary(self.simulated, None)
        mine = {_likeness(one): one.id for one in entries_of(here)}
        theirs = entries_of(other)
        numbers = {one.id: mine[_likeness(one)] for one in other.sessions if _likeness(one) in mine}
        fresh = [one for one in theirs if _likeness(one) not in mine]
        sessions = [one for one in fresh if isinstance(one, Played)]
        entries = [one for one in fresh if not isinstance(one, Played)]
        journal.adopt(sessions, entries, numbers, self.now)
        return len(fresh), len(theirs) - len(fresh)

    def last_act(self) -> tuple[Entry, ...]:
        """Return what `undo` would take back now; nothing if there is nothing. Raises EstimError (77)."""
        return () if self.journal is None else self.journal.last_act()

    def undo(self) -> tuple[Entry, ...]:
        """Take back the last thing that a person did; nothing if there is none. Raises EstimError (73, 77)."""
        return self._to_write().undo(self.now)

    def _to_write(self) -> Journal:
        assert self.journal is not None, "opened to be read only"
        return self.journal


def settled(diary: Diary, first: datetime) -> bool:
    """Say whether what was written from `first` on settles where a person stands on a plan that began before it.

    Two runs do, far enough from the beginning and from each other, if there was a morning to hold them against.
    """
    runs = [run.at for run in diary.runs if run.at >= first + SETTLED]
    if not runs or not any(run >= runs[0] + SETTLED for run in runs):
        return False
    return any(pain.when is When.MORNING and first <= pain.at < runs[0] for pain in diary.pains)


def _likeness(entry: Entry) -> tuple[object, ...]:
    """Return what makes two entries the same; numbers differ from journal to journal, and no table holds `seen`."""
    apart = ("id", "session", "at", "seen", "seen_output_s")
    kept = [getattr(entry, name) for name in entry.__struct_fields__ if name not in apart]
    values = [str(dict(value)) if isinstance(value, Mapping) else str(value) for value in kept]
    return type(entry), entry.at.astimezone(UTC).isoformat(timespec="milliseconds"), *values


def _own_zone(home: Home) -> str:
    """Return the schedule's zone; settings that are wrong have none, and are told where they are needed."""
    try:
        return read_settings(home.settings_file).schedule.zone
    except EstimError:
        return LOCAL


@contextmanager
def opened(options: HostOptions, *, write: bool = False) -> Iterator[HomeJournal]:
    """Open a home's journal; raises EstimError (2 for writing with --simulate, 73, 78 also for a wrong clock)."""
    home = options.place
    simulated = options.simulate is not None
    demo = home.demo
    if demo and not simulated:
        raise made_up(home)
    if simulated and write and not demo:
        text = tr("what you write down is real, and simulated sessions never count: leave --simulate out")
        raise EstimError(text, code=Exit.USAGE)
    path = home.simulated if simulated and not demo else home.journal
    present = RealClock().now().utc
    if write:
        check_clock(present)
        home.prepare()
    journal = Journal.open(path) if write or path.exists() else None
    try:
        if write and journal is not None and journal.trouble:
            raise EstimError(followed(journal.trouble, NOTHING_WRITTEN), code=Exit.CANT_CREATE)
        now = present.astimezone(zone_of(local_zone(lambda: _own_zone(home))))
        yield HomeJournal(home, now, simulated, journal)
    finally:
        if journal is not None:
            journal.close()
