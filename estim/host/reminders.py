"""Minds the schedule: reminds of a slot, prepares the unit for it, and never starts output by itself.

1. What is due and what was said is decided in estim.core.days; here it is looked at every LOOK_S, told and noted.
2. Preparing is a session that waits for a person's key: connected, at zero, battery checked. Without the key it ends
   after five minutes (safety.md C-13). No notice and no button of a notice leads to output.
3. A notice may stand on a lock screen: it says that it is time, that pads are due or that something is left to write
   down, and nothing about pain, body or program.
4. Settings are read again at each look, so that a changed schedule holds at once; while they are wrong, the last ones
   that were right hold.
5. Nothing ends it: what goes wrong in a look is logged once, and the next look tries again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from estim.config.settings import Settings, read_settings
from estim.config.timezone import zone_name
from estim.core.days.advice import pads_old, pads_used
from estim.core.days.diary import Diary, Mark, Marked, When
from estim.core.days.outcomes import due, judge
from estim.core.days.reminders import evening, reminders
from estim.core.days.schedule import noted, zone_of
from estim.core.days.slots import Slot, Status
from estim.core.errors import EstimError, Exit
from estim.core.messages.commands import Start
from estim.core.messages.events import Reminded
from estim.core.moment import check_clock
from estim.core.translation import mark, tr, tr_text
from estim.core.values import replace
from estim.host.notify.notice import Notification
from estim.host.services import Services
from estim.journal.terms import terms_of
from estim.journal.turns import LAST_PLAYED, families_of, turn_of
from estim.tasks import Tasks
from protocols.vocabulary import AirError

LOOK_S = 15.0
"""How often the schedule is looked at, on the clock's own grid: a slot at 8:00 is told at 8:00."""

BACK = timedelta(days=2)
"""How far back slots are judged: a window may have opened yesterday."""

PADS_BACK = timedelta(days=120)
"""How far back uses of the pads are counted."""

READY = "ready"
"""The button of a notice that prepares a session."""

SNOOZE = "snooze"
"""The button of a notice that asks for another one later."""

WHY_NOT = {
    Exit.NO_DEVICE: mark("no unit is in range: switch it on, then start in estim"),
    Exit.TRY_LATER: mark("the unit is in use, or waits for you already: look in estim"),
}
"""What a notice says of a refusal that anybody may know of."""

TIME_FOR_IT = mark("{at:%H:%M}: time for your session, until {closes:%H:%M}")
PADS_TOO = mark("{at:%H:%M}: time for your session, until {closes:%H:%M}; fresh pads are due")

NOT_NOW = mark("not now; estim tells you why")
"""What it says of any other: why may be nobody else's business."""

OPEN = (Status.DUE, Status.SNOOZED)
"""A slot of which a notice may hang."""


class Telling(Protocol):
    """All ways of telling a person, as the notifier has them."""

    async def tell(self, notice: Notification) -> tuple[str, ...]:
        """Tell it; never raises."""

    async def withdraw(self, key: str) -> None:
        """Take it back."""


class Unanswered:
    """Tells without buttons, for a process that has gone when one would be pressed."""

    def __init__(self, telling: Telling) -> None:
        self._telling = telling

    async def tell(self, notice: Notification) -> tuple[str, ...]:
        """Tell it; never raises."""
        return await self._telling.tell(replace(notice, actions=()))

    async def withdraw(self, key: str) -> None:
        """Take it back."""
        await self._telling.withdraw(key)


Prepare = Callable[[Start], Awaitable[str]]
"""Connects a unit and waits for the key; returns what a person should know, raises EstimError or AirError."""


class Reminders:
    """One host's eye on the schedule. `prepare` is None where units are not to be connected unasked."""

    def __init__(
        self,
        services: Services,
        telling: Telling,
        prepare: Prepare | None,
        told: Callable[[Reminded], None],
        look_s: float = LOOK_S,
    ) -> None:
        self._look_s = look_s
        self._services = services
        self._telling = telling
        self._prepare = prepare
        self._told = told
        self._settings = services.settings
        self._shown: set[str] = set()
        self._evening = ""
        self._readying: set[str] = set()
        self._logged: dict[str, str] = {}
        self._tasks = Tasks()

    async def run(self) -> None:
        """Look, for as long as the host lives."""
        while True:
            await self._safely("look", self.look())
            await asyncio.sleep(self._look_s - self._services.clock.now().utc.timestamp() % self._look_s)

    async def look(self) -> None:
        """Say what is to be said now; raises EstimError if the journal can't be read or written."""
        settings = self._read_settings()
        now, diary = await self._diary(settings)
        slots = self._slots(settings, diary, now)
        for key in self._shown - {slot.key for slot in slots if slot.status in OPEN and slot.session is None}:
            self._shown.discard(key)
            await self._telling.withdraw(key)
        for reminder in reminders(slots, diary.marks, now, settings.reminders.quiet) if settings.reminders.on else ():
            mark = Mark(at=now, slot=reminder.slot.key, what=reminder.what)
            await self._services.journal.enter([mark], self._services.clock.now())
            await self._remind(settings, reminder.slot, again=reminder.what is Marked.NAGGED)
        await self._look_for_a_score(settings, diary, now)

    async def _look_for_a_score(self, settings: Settings, diary: Diary, now: datetime) -> None:
        """Ask for the day's worst pain, once, where somebody wants that; take it down when it is there or too late."""
        if self._evening and not _waits(self._evening, diary, now):
            await self._telling.withdraw(self._evening)
            self._evening = ""
        mark = evening(diary, settings.reminders.evening, now, settings.reminders.quiet)
        if mark is None or not settings.reminders.on:
            return
        await self._services.journal.enter([mark], self._services.clock.now())
        self._evening = mark.slot
        text = tr("{at}: one thing is left to write down today: estim today", at=mark.slot[-5:])
        await self._telling.tell(Notification(mark.slot, "estim", text, actions=()))
        self._told(Reminded(slot=mark.slot, program="", text=text))

    def acted(self, key: str, action: str) -> None:
        """Take a button of a notice."""
        self._background(self._snooze(key) if action == SNOOZE else self._get_ready(key))

    async def snooze(self) -> None:
        """Put off the slot that is due; raises EstimError if none is."""
        now, diary = await self._diary(self._settings)
        slot = due(self._slots(self._settings, diary, now))
        if slot is None:
            raise EstimError(tr("no session is due now, so there is nothing to put off"), code=Exit.TRY_LATER)
        await self._snooze(slot.key)

    def _slots(self, settings: Settings, diary: Diary, now: datetime) -> Sequence[Slot]:
        """Return the slots of these days as they stand now."""
        terms = terms_of(self._services.home, settings, diary)
        return judge(settings.schedule, diary, now, now - BACK, now + timedelta(days=1), terms)

    async def _program(self, settings: Settings, slot: Slot) -> str:
        """Return whose turn it is, of those that the unit that was played last doesn't refuse."""
        services = self._services
        diary = await services.journal.diary(services.clock.now().utc - LAST_PLAYED)
        return turn_of(services.home, settings.schedule, families_of(services.home, diary.sessions))(slot.at)

    def _read_settings(self) -> Settings:
        try:
            self._settings = read_settings(self._services.home.settings_file)
            self._logged.pop("settings", None)
        except EstimError as error:
            self._log("settings", f"the last settings that were right hold: {error.text}")  # untranslated: for the log
        return self._settings

    async def _diary(self, settings: Settings) -> tuple[datetime, Diary]:
        """Return now, local, and the diary with the regime that holds; a new one is noted first.

        Raises EstimError (78) while the clock can't be right: nobody is reminded by it, and no regime begins.
        """
        journal = self._services.journal
        clock = self._services.clock
        check_clock(clock.now().utc)
        name = zone_name(settings.schedule.zone, self._services.zone)
        now = clock.now().utc.astimezone(zone_of(name))
        diary = await journal.diary(now - BACK - timedelta(days=1))
        fresh = noted(diary.regimes, settings.schedule.rules, name, now)
        if fresh is None:
            return now, diary
        await journal.enter([fresh], clock.now())
        return now, await journal.diary(now - BACK - timedelta(days=1))

    async def _remind(self, settings: Settings, slot: Slot, *, again: bool) -> None:
        if again:
            text = tr("{at:%H:%M}: still open, until {closes:%H:%M}", at=slot.at, closes=slot.closes)
        else:
            template = PADS_TOO if await self._pads_due() else TIME_FOR_IT
            text = tr(template, at=slot.at, closes=slot.closes)
        await self._say(slot, text, settings)
        if self._prepare is not None and settings.reminders.prepare and not again:
            self._background(self._make_ready(slot, settings))

    async def _pads_due(self) -> bool:
        """Say whether the pads have been used too often."""
        since = self._services.clock.now().utc - PADS_BACK
        uses = pads_used(await self._services.journal.diary(since))
        return bool(pads_old(uses))

    async def _say(self, slot: Slot, text: str, settings: Settings) -> None:
        self._shown.add(slot.key)
        snooze = (SNOOZE, tr("Snooze {minutes} min", minutes=settings.schedule.snooze_min))
        actions = (snooze,) if self._prepare is None else ((READY, tr("Get ready")), snooze)
        await self._telling.tell(Notification(slot.key, "estim", text, actions=actions))
        self._told(Reminded(slot=slot.key, program=await self._program(settings, slot), text=text))

    async def _make_ready(self, slot: Slot, settings: Settings) -> None:
        if self._prepare is None or slot.key in self._readying:
            return
        self._readying.add(slot.key)
        try:
            text = await self._prepare(Start(program=await self._program(settings, slot), keep=True))
        except AirError as error:
            text = str(error)
        except EstimError as error:  # why it is refused may be nobody else's business
            text = tr_text(WHY_NOT.get(error.code, NOT_NOW))
        finally:
            self._readying.discard(slot.key)
        if text:
            await self._say(slot, f"{slot.at:%H:%M}: {text}", settings)

    async def _get_ready(self, key: str) -> None:
        slot = await self._due(key)
        if slot is not None:
            await self._make_ready(slot, self._settings)

    async def _snooze(self, key: str) -> None:
        slot = await self._due(key)
        if slot is not None:
            now = self._services.clock.now()
            mark = Mark(at=now.utc.astimezone(slot.at.tzinfo), slot=key, what=Marked.SNOOZED)
            await self._services.journal.enter([mark], now)

    async def _due(self, key: str) -> Slot | None:
        """Return the slot of a notice, if it is still open: a notice may have stood there for hours."""
        now, diary = await self._diary(self._settings)
        slots = self._slots(self._settings, diary, now)
        return next((one for one in slots if one.key == key and one.status in OPEN), None)

    def _background(self, work: Coroutine[object, object, None]) -> None:
        self._tasks.begin(self._safely("wish", work))

    async def _safely(self, what: str, work: Coroutine[object, object, None]) -> None:
        """Do it; what goes wrong is logged and never ends a host that may be in the middle of a session."""
        try:
            await work
        except EstimError as error:
            self._log(what, f"the schedule could not be minded: {error.text}")  # untranslated: for the log
        except Exception as bug:  # noqa: BLE001 - a bug here must cost a reminder, and nothing else
            text = f"the schedule could not be minded, by a fault of estim: {bug!r}"  # untranslated: for the log
            self._log(what, text, bug)
        else:
            self._logged.pop(what, None)

    def _log(self, what: str, text: str, bug: Exception | None = None) -> None:
        """Log it once, until it has gone well again."""
        if self._logged.get(what) != text:
            self._logged[what] = text
            logging.getLogger(__name__).warning("%s", text, exc_info=bug)


def _waits(key: str, diary: Diary, now: datetime) -> bool:
    """Say whether the score that a notice asks for may still be written down, and isn't there."""
    day = key.partition("T")[0]
    written = any(pain.when is When.WORST and f"{pain.at.date()}" == day for pain in diary.pains)
    return f"{now.date()}" == day and not written
