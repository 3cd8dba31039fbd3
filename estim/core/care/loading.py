"""Heel raises: off until the person says that they were agreed, and what is written down of each time.

Rules:
1. They are on by a word since the plan was last begun, and by nothing else (safety.md C-71): a new plan asks anew.
2. A sign of a torn tendon or a clot, medicine that weakens tendons, and a plan that has ended shut them, whatever was
   said before.
3. Pain while doing them is told by the pain-monitoring model of the plan's figures; it changes nothing by itself.
"""

import re
from datetime import UTC, datetime

from msgspec import Struct

from estim.core.care.plan import Plan
from estim.core.days.diary import Check, Diary, Topic
from estim.core.days.screening import doctor_first, last_begin, red_flag
from estim.core.translation import mark, tr, tr_text

ON = "on"
OFF = "off"

SETS_MAX = 20
REPETITIONS_MAX = 200

AGREE = mark("heel raises are off: agree on them with a professional, then say so: estim care loading on")


class Load(Struct, frozen=True):
    """Heel raises of one time: sets, repetitions in each, and the worst pain while doing them, if it was said."""

    sets: int
    repetitions: int
    pain: int | None = None

    @property
    def text(self) -> str:
        """Return it as a person reads it."""
        if self.pain is None:
            return tr("heel raises {sets}x{repetitions}, pain not said", sets=self.sets, repetitions=self.repetitions)
        return tr(
            "heel raises {sets}x{repetitions}, pain {pain}",
            sets=self.sets,
            repetitions=self.repetitions,
            pain=self.pain,
        )


def why_shut(diary: Diary) -> str:
    """Return why heel raises can't be on, whatever is said; "" if nothing stands against them."""
    if flag := red_flag(diary):
        return flag
    begin = last_begin(diary)
    end = _last(diary, "end", Topic.CARE)
    if begin is None or (end is not None and _order(end) >= _order(begin)):
        return tr("heel raises belong to the plan: estim care begin")
    if first := doctor_first(diary):
        return tr("no heel raises yet: {why}", why=first)
    return ""


def why_off(diary: Diary) -> str:
    """Return why heel raises are off, "" if they are on."""
    if shut := why_shut(diary):
        return shut
    begin = last_begin(diary)
    said = _last(diary, "", Topic.LOADING)
    assert begin is not None, "else it is shut"  # untranslated: a bug's words
    return "" if said is not None and said.answer == ON and _order(said) >= _order(begin) else tr_text(AGREE)


def entry_of(load: Load, at: datetime, note: str = "") -> Check:
    """Return what is written down of one time."""
    pain = "" if load.pain is None else str(load.pain)
    return Check(at=at, topic=Topic.LOAD, about=f"{load.sets}x{load.repetitions}", answer=pain, note=note)


def load_of(check: Check) -> Load | None:
    """Return what an entry says, None for one that says no such thing (a table may hold anything)."""
    found = re.fullmatch(r"([0-9]{1,3})x([0-9]{1,3})", check.about)
    if check.topic is not Topic.LOAD or found is None:
        return None
    pain = int(check.answer) if re.fullmatch(r"10|[0-9]", check.answer) else None
    return Load(int(found[1]), int(found[2]), pain)


def judged(plan: Plan, load: Load) -> str:
    """Return what the pain while doing them means, "" if it wasn't said."""
    if load.pain is None:
        return ""
    if load.pain > plan.run_pain_stop:
        return tr(
            "above {pain} is too much: leave them out until it has calmed down, and ask whoever agreed on them",
            pain=plan.run_pain_stop,
        )
    if load.pain > plan.run_pain_safe:
        return tr(
            "above {pain}: no more than this, and less of it if the first steps of tomorrow are worse",
            pain=plan.run_pain_safe,
        )
    return tr("up to {pain} is safe; what counts is the next morning", pain=plan.run_pain_safe)


def _last(diary: Diary, answer: str, topic: Topic) -> Check | None:
    found = [one for one in diary.checks if one.topic is topic and answer in ("", one.answer)]
    return max(found, key=_order, default=None)


def _order(check: Check) -> tuple[datetime, int]:
    return check.at.astimezone(UTC), check.id
