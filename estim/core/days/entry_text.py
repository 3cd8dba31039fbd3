"""What was played and written down, in words: one line each, for the log and for taking something back."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import assert_never

from estim.core.days.diary import Break, Check, Diary, Entry, Mark, Note, Pads, Pain, Played, Regime, Run, Topic, When
from estim.core.days.legs import leg_text
from estim.core.days.screening import NO, SIGNS
from estim.core.numbers import m_ss
from estim.core.translation import mark, tr_text

WHEN_NAMES = {
    When.MORNING: mark("morning", "pain"),
    When.REST: mark("rest", "pain"),
    When.WORST: mark("worst", "pain"),
    When.RUN: mark("run", "pain"),
}
"""What people read for the pain that is meant."""


def when_named(when: When) -> str:
    """Return the name of a kind of pain: "morning"."""
    return tr_text(WHEN_NAMES[when], "pain")


def told(entry: Entry) -> str:
    """Return one entry as a line without its time."""
    match entry:
        case Played():
            return _played(entry)
        case Pain():
            return _with(pain_words(entry), entry.note)
        case Run(km=km, minutes=minutes, pain=pain, note=note, shoes=shoes):
            parts = ["run"] if km is None else [f"run {km:g} km"]
            if minutes is not None:
                parts.append(f"{minutes:g} min")
            if km is None:
                parts = [" ".join(parts)]
            parts.append("pain not said" if pain is None else f"pain {pain}")
            if shoes:
                parts.append(f"shoes {shoes}")
            return _with(", ".join(parts), note)
        case Check():
            return _check(entry)
        case Pads(note=note):
            return _with("new pads", note)
        case Note(text=text):
            return text
        case Mark(slot=slot, what=what):
            return f"slot {slot.replace('T', ' ')}: {what.value}"
        case Break():
            return break_words(entry, "until it is ended")
        case Regime(rules=rules, zone=zone):
            return f"from here on {'; '.join(rules)} in {zone}"
        case _:
            raise AssertionError(f"{type(entry).__name__} has no words")


def pain_words(pain: Pain) -> str:
    """Return a score in words, without its note: "pain 3, morning, stiff for 10 min, left"."""
    parts = [f"pain {pain.score}", when_named(pain.when)]
    if pain.stiffness_min is not None:
        parts.append(f"stiff for {pain.stiffness_min:g} min" if pain.stiffness_min else "not stiff")
    if pain.side is not None:
        parts.append(pain.side.value)
    return ", ".join(parts)


def break_words(gap: Break, ends: str) -> str:
    """Return a pause or holiday in words; `ends` says how one without a last day ends."""
    name = "holiday" if gap.holiday else "pause"
    if gap.last is None:
        return f"{name} from {gap.first} on, {ends}"
    return f"{name} on {gap.first}" if gap.last == gap.first else f"{name} from {gap.first} to {gap.last}"


def levels(level: Mapping[str, int]) -> str:
    """Return levels by channel: "A=12, B=8"; "0" for none."""
    return ", ".join(f"{channel}={at}" for channel, at in sorted(level.items()) if at) or "0"


def all_entries(diary: Diary, *, quiet: bool = True) -> list[Entry]:
    """Return everything by its time; `quiet` leaves out what the program noted by itself."""
    kinds: list[Iterable[Entry]] = [diary.sessions, diary.pains, diary.runs, diary.checks, diary.pads, diary.notes]
    kinds.append(diary.breaks)
    if not quiet:
        kinds += [diary.marks, diary.regimes]
    return sorted((entry for kind in kinds for entry in kind), key=_order)


def _order(entry: Entry) -> tuple[datetime, int]:
    return entry.at, entry.id


def _with(text: str, note: str) -> str:
    return f"{text}: {note}" if note else text


def _played(session: Played) -> str:
    minutes = f"{m_ss(int(session.output_s))} min"
    if session.by_hand:
        level = f"level {levels(session.level_max)}" if session.level_max else "level not said"
        return f"{session.program}, logged by hand, {minutes}, {level}"
    if not session.begun:
        return _with(f"{session.program} on {session.unit}: nothing put out", session.message)
    ended = session.reason.replace("_", " ") or "not ended: its host died"
    proof = ", stop NOT confirmed" if session.stop_confirmed is False else ""
    where = leg_text(session.sites)
    leg = f", {where}" if where else ""
    return f"{session.program} on {session.unit}{leg}, {minutes}, level {levels(session.level_max)}, {ended}{proof}"


def _check(check: Check) -> str:
    match check.topic:
        case Topic.HEALTH:
            text = f"asked about {check.about}: {check.answer}"
        case Topic.RED_FLAG:
            sign = f"RED FLAG: {SIGNS.get(check.about, check.about)}"
            text = "no sign of a torn tendon or a clot" if check.answer == NO else sign
        case Topic.SKIN | Topic.FEEL:
            text = f"{check.topic.value} after session {check.session}: {check.answer}"
        case Topic.TICK:
            text = f"did {check.about}" + (f", {check.answer}" if check.answer else "")
        case Topic.LOADING:
            text = f"heel raises are {check.answer}"
        case Topic.LOAD:
            text = f"heel raises {check.about}, " + (f"pain {check.answer}" if check.answer else "pain not said")
        case Topic.CARE:
            text = f"care plan: {check.answer or check.about}"
        case Topic.RUN_PLANNED:
            text = f"a planned run is {check.answer}" if check.answer else "a run is planned"
        case _ as never:
            assert_never(never)
    return _with(text, check.note)
