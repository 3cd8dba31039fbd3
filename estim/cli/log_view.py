"""What `estim log` shows, without the parser in front of it, so that it is there at once."""

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from estim.cli.arguments import day_of
from estim.cli.output import plain, tell
from estim.core.days.diary import Diary, Entry, Played
from estim.core.days.entry_text import all_entries, told
from estim.core.days.skin import LOOK_BACK
from estim.core.days.slots import Slot, Status
from estim.core.errors import EstimError, Exit
from estim.core.moment import MOMENT, local
from estim.core.translation import mark, tr, tr_text
from estim.core.vocabulary import Priority
from estim.journal.home_journal import HomeJournal, opened

if TYPE_CHECKING:
    from estim.cli.flags import Flags
    from estim.journal.reader import Details

LOG_ROWS = 20
"""Lines that are shown if nothing else is asked for, and with them the slots that were off."""

OFF_BACK = timedelta(days=120)
"""So far back slots that were off are told."""

JUDGED_BACK = LOOK_BACK
"""What was played so long before the first slot still decides about it: which legs are in use."""

URGENCY = {
    Priority.HIGH.value: mark("high", "alarm"),
    Priority.MEDIUM.value: mark("medium", "alarm"),
    Priority.LOW.value: mark("low", "alarm"),
}
"""What people read for how urgent an alarm was."""


def show_log(flags: "Flags", rows: int = LOG_ROWS, since: str | None = None, *, everything: bool = False) -> None:
    """Show the last rows, or all from a day on."""
    with opened(flags.host) as journal:
        found = _entries(journal, rows, since, everything)
        off = _slots_off(journal, found) if found else []
    if not found:
        text = tr("nothing yet: estim run tens-ankle, estim pain add 3 --when worst")
        if not journal.simulated:
            text += " " + tr("(software units have a log of their own: estim --simulate FAMILY log)")
        tell(flags, "entry", text, [])
        return
    shown: list[Entry | Slot] = sorted([*found, *off], key=lambda one: one.at)
    lines = [
        f"{one.at:%Y-%m-%d %H:%M}  {slot_off(one) if isinstance(one, Slot) else f'{_number(one)}{told(one)}'}"
        for one in shown
    ]
    rows_ = [_slot_row(one) if isinstance(one, Slot) else row_of(one) for one in shown]
    tell(flags, "entry", "\n".join(lines), rows_)


def _slots_off(journal: HomeJournal, found: list[Entry]) -> list[Slot]:
    """Return the slots between the first entry that is shown and now in which no session was possible."""
    first = max(found[0].at, journal.now - OFF_BACK)
    slots = journal.slots(journal.read(first - JUDGED_BACK), first, journal.now)
    return [slot for slot in slots if slot.status is Status.OFF]


def slot_off(slot: Slot) -> str:
    """Return a slot that was off as a line without its time."""
    return tr("slot off: {why}", why=slot.why)


def _slot_row(slot: Slot) -> dict[str, object]:
    return {"kind": "slot", "text": slot_off(slot), "at": slot.at, "slot": slot.key, "why": slot.why}


def _entries(journal: HomeJournal, rows: int, since: str | None, everything: bool) -> list[Entry]:
    """Return the last rows; of ten years only as much is read as is shown."""
    if since is not None:
        day = datetime.combine(day_of(since, journal.now), time(), journal.now.tzinfo)
        return _of(journal.read(day), everything, day)
    days = max(15, rows)
    while days < 36_500:
        first = journal.now - timedelta(days=days)
        found = _of(journal.read(first), everything, first)
        if len(found) >= rows:
            return found[-rows:]
        days *= 6
    return _of(journal.read(), everything, None)[-rows:]


def _of(diary: Diary, everything: bool, first: datetime | None) -> list[Entry]:

    found = all_entries(diary, quiet=not everything)
    return found if first is None else [entry for entry in found if entry.at >= first]


def _number(entry: Entry) -> str:
    return f"#{entry.id} " if isinstance(entry, Played) else ""


def row_of(entry: Entry) -> dict[str, object]:
    from estim.core.days.entry_text import told

    values = plain(entry)
    assert isinstance(values, dict), "an entry has fields"
    return {"kind": type(entry).__name__.lower(), "text": told(entry), **values}


def _urgency(priority: str) -> str:
    return tr_text(URGENCY[priority], "alarm") if priority in URGENCY else priority


def _fact(name: str, value: object) -> str:
    """Return one field of a session's row; a moment is told where the reader is."""
    moment = name.removesuffix("_utc")
    return f"{name}: {value}" if moment == name else f"{moment}: {_day_and_time(value)}"


def _day_and_time(value: object) -> str:
    """Return a moment of the journal as the reader's day and time; what is none stays as it is."""
    if not isinstance(value, str) or not MOMENT.fullmatch(value):
        return f"{value}"
    return f"{datetime.fromisoformat(value).astimezone():%Y-%m-%d %H:%M:%S}"


def session_lines(details: "Details") -> list[str]:
    """Return one session in full as a person reads it."""
    from estim.cli.text import mover

    lines = [_fact(name, value) for name, value in details.facts.items()]
    lines += [
        tr("{at:8.1f} s  {channel} {level:>3}  by {by}", at=float(at_s), channel=channel, level=level, by=mover(by))
        for at_s, channel, level, by in details.levels
    ]
    lines += [
        f"{_day_and_time(at)}  {_urgency(priority)}: {local(text)} ({do})" for at, priority, text, do in details.alarms
    ]
    return lines


def show_session(flags: "Flags", number: int) -> None:
    """Show one session in full: its row, its levels with who moved them, its alarms."""
    with opened(flags.host) as journal:
        details = journal.details(number)
    if details is None:
        raise EstimError(
            tr("there is no session {number}: estim log shows their numbers", number=number), code=Exit.NO_INPUT
        )
    row = {"session": number, "facts": details.facts, "levels": details.levels, "alarms": details.alarms}
    tell(flags, "session", "\n".join(session_lines(details)), [row])
