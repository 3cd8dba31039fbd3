"""What was played and written down, in words: one line each, for the log and for taking something back."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import assert_never

from estim.core.days.diary import (
    Break,
    Check,
    Diary,
    Entry,
    Mark,
    Marked,
    Note,
    Pads,
    Pain,
    Played,
    Regime,
    Run,
    Side,
    Topic,
    When,
)
from estim.core.days.legs import leg_text
from estim.core.days.screening import NO, sign_words
from estim.core.moment import local
from estim.core.numbers import m_ss
from estim.core.translation import mark, tr, tr_text
from estim.core.vocabulary import Reason

WHEN_NAMES = {
    When.MORNING: mark("morning", "pain"),
    When.REST: mark("rest", "pain"),
    When.WORST: mark("worst", "pain"),
    When.RUN: mark("run", "pain"),
}
"""What people read for the pain that is meant."""

SIDE_NAMES = {
    Side.LEFT: mark("left", "leg"),
    Side.RIGHT: mark("right", "leg"),
    Side.BOTH: mark("both", "leg"),
}
"""What people read for the leg that is meant."""

_ENDED = {
    Reason.COMPLETED: mark("completed", "session"),
    Reason.STOPPED: mark("stopped", "session"),
    Reason.PANIC: mark("panic", "session"),
    Reason.INTERRUPTED: mark("interrupted", "session"),
    Reason.LINK_LOST: mark("link lost", "session"),
    Reason.CONTACT_LOST: mark("contact lost", "session"),
    Reason.DEVICE_ENDED: mark("device ended", "session"),
    Reason.FAULT: mark("fault", "session"),
    Reason.REFUSED: mark("refused", "session"),
    Reason.NO_DEVICE: mark("no device", "session"),
}
"""How a session ended; one of another journal may have ended in a way of its own."""

_MARKED = {
    Marked.REMINDED: mark("reminded", "slot"),
    Marked.NAGGED: mark("nagged", "slot"),
    Marked.SNOOZED: mark("snoozed", "slot"),
    Marked.SKIPPED: mark("skipped", "slot"),
    Marked.EVENING: mark("evening", "slot"),
}
"""What was done about a slot."""

_ANSWERS = {
    Topic.HEALTH: {
        "yes": mark("yes", "health"),
        "no": mark("no", "health"),
        "cleared": mark("cleared", "health"),
    },
    Topic.SKIN: {"ok": mark("ok", "skin"), "bad": mark("bad", "skin")},
    Topic.FEEL: {
        "weaker": mark("weaker", "feel"),
        "same": mark("same", "feel"),
        "stronger": mark("stronger", "feel"),
    },
    Topic.LOADING: {"on": mark("on", "loading"), "off": mark("off", "loading")},
    Topic.CARE: {
        "begin": mark("begin", "care"),
        "recovered": mark("recovered", "care"),
        "end": mark("end", "care"),
        "honesty": mark("honesty", "care"),
    },
    Topic.RUN_PLANNED: {"cancelled": mark("cancelled", "run-planned")},
    Topic.DRILL: {
        "zero": mark("works", "drill"),
        "late": mark("slow", "drill"),
        "unproved": mark("NOT confirmed", "drill"),
    },
}
"""What people read for an answer, by its topic, which is their context."""


def when_named(when: When) -> str:
    """Return the name of a kind of pain: "morning"."""
    return tr_text(WHEN_NAMES[when], "pain")


def answer_named(topic: Topic, answer: str) -> str:
    """Return an answer in words; one that isn't among its topic's as it stands."""
    return tr_text(_ANSWERS.get(topic, {}).get(answer, answer), topic.value)


def told(entry: Entry) -> str:
    """Return one entry as a line without its time."""
    match entry:
        case Played():
            return _played(entry)
        case Pain():
            return _with(pain_words(entry), entry.note)
        case Run():
            return _with(_run(entry), entry.note)
        case Check():
            return _check(entry)
        case Pads(note=note):
            return _with(tr("new pads"), note)
        case Note(text=text):
            return text
        case Mark(slot=slot, what=what):
            return tr("slot {slot}: {what}", slot=slot.replace("T", " "), what=tr_text(_MARKED[what], "slot"))
        case Break():
            return break_words(entry, tr("until it is ended"))
        case Regime(rules=rules, zone=zone):
            return tr("from here on {rules} in {zone}", rules="; ".join(rules), zone=zone)
        case _:
            raise AssertionError(f"{type(entry).__name__} has no words")


def pain_words(pain: Pain) -> str:
    """Return a score in words, without its note: "pain 3, morning, stiff for 10 min, left"."""
    parts = [tr("pain {score}", score=pain.score), when_named(pain.when)]
    if pain.stiffness_min is not None:
        stiff = tr("stiff for {minutes:g} min", minutes=pain.stiffness_min)
        parts.append(stiff if pain.stiffness_min else tr("not stiff"))
    if pain.side is not None:
        parts.append(tr_text(SIDE_NAMES[pain.side], "leg"))
    return ", ".join(parts)


def break_words(gap: Break, ends: str) -> str:
    """Return a pause or holiday in words; `ends` says how one without a last day ends."""
    if gap.last is None:
        text = mark("pause from {first:%Y-%m-%d} on, {ends}")
        if gap.holiday:
            text = mark("holiday from {first:%Y-%m-%d} on, {ends}")
    elif gap.last == gap.first:
        text = mark("holiday on {first:%Y-%m-%d}") if gap.holiday else mark("pause on {first:%Y-%m-%d}")
    else:
        text = mark("pause from {first:%Y-%m-%d} to {last:%Y-%m-%d}")
        if gap.holiday:
            text = mark("holiday from {first:%Y-%m-%d} to {last:%Y-%m-%d}")
    return tr(text, first=gap.first, last=gap.last, ends=ends)


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


def _run(run: Run) -> str:
    minutes = None if run.minutes is None else tr("{minutes:g} min", minutes=run.minutes)
    if run.km is not None:
        parts = [tr("run {km:g} km", km=run.km), minutes]
    else:
        parts = [tr("run") if run.minutes is None else tr("run {minutes:g} min", minutes=run.minutes)]
    parts.append(_pain_said(run.pain))
    if run.shoes:
        parts.append(tr("shoes {shoes}", shoes=run.shoes))
    return ", ".join(filter(None, parts))


def _pain_said(score: int | str | None) -> str:
    return tr("pain not said") if score in (None, "") else tr("pain {score}", score=score)


def _played(session: Played) -> str:
    minutes = tr("{minutes} min", minutes=m_ss(int(session.output_s)))
    level = tr("level {levels}", levels=levels(session.level_max))
    if session.by_hand:
        said = level if session.level_max else tr("level not said")
        return ", ".join([tr("{program}, logged by hand", program=session.program), minutes, said])
    if not session.begun:
        nothing = tr("{program} on {unit}: nothing put out", program=session.program, unit=session.unit)
        return _with(nothing, local(tr_text(session.message)))
    if session.seen is not None:
        seen_s = m_ss(int(session.seen_output_s))
        minutes = tr("{minutes} min by {at:%H:%M:%S}", minutes=seen_s, at=session.seen)
        level = level if session.level_max else ""
    parts = [
        tr("{program} on {unit}", program=session.program, unit=session.unit),
        leg_text(session.sites),
        minutes,
        level,
        _ended(session),
        tr("stop NOT confirmed") if session.stop_confirmed is False else "",
    ]
    return ", ".join(filter(None, parts))


def _ended(session: Played) -> str:
    if session.ended is None:
        return tr("no end noted yet")  # it runs, or its host died: only who asks the host knows
    known = next((text for reason, text in _ENDED.items() if reason.value == session.reason), "")
    return tr_text(known, "session") or session.reason.replace("_", " ")


def _check(check: Check) -> str:
    return _with(_check_words(check, answer_named(check.topic, check.answer)), check.note)


def _check_words(check: Check, answer: str) -> str:
    """Return a check in words without its note; `answer` is that in words."""
    match check.topic:
        case Topic.HEALTH:
            return tr("asked about {question}: {answer}", question=check.about, answer=answer)
        case Topic.RED_FLAG:
            if check.answer == NO:
                return tr("no sign of a torn tendon or a clot")
            return tr("RED FLAG: {sign}", sign=sign_words(check.about))
        case Topic.SKIN:
            if check.session is None:
                return tr("skin: {answer}", answer=answer)
            return tr("skin after session {number}: {answer}", number=check.session, answer=answer)
        case Topic.FEEL:
            if check.session is None:
                return tr("feel: {answer}", answer=answer)
            return tr("feel after session {number}: {answer}", number=check.session, answer=answer)
        case Topic.TICK:
            done = tr("did {step}", step=check.about)
            return f"{done}, {answer}" if answer else done
        case Topic.LOADING:
            return tr("heel raises are {answer}", answer=answer)
        case Topic.LOAD:
            return ", ".join([tr("heel raises {load}", load=check.about), _pain_said(check.answer)])
        case Topic.CARE:
            return tr("care plan: {answer}", answer=answer or answer_named(check.topic, check.about))
        case Topic.RUN_PLANNED:
            return tr("a planned run is {answer}", answer=answer) if answer else tr("a run is planned")
        case Topic.DRILL:
            return tr("stop drill: {answer}", answer=answer)
        case _ as never:
            assert_never(never)
