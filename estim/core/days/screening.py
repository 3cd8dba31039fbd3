"""The questions before the first session, and what their answers block or ask for (safety.md section 6).

Rules:
1. No session before every question has an answer that is less than REASK_DAYS old (safety.md C-25).
2. A yes to a question of the hard kind blocks until it is cleared with a reason, or answered no. What isn't understood
   as an answer counts as none, and so does a clearance without a reason.
3. A sign of a torn tendon stands until the care plan is begun anew (safety.md C-45).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from estim.core.days.diary import Check, Diary, Topic
from estim.core.days.dose import local_time

REASK_DAYS = 90
"""An answer is asked for again after this; bodies change."""

CLOCK_SLACK = timedelta(days=1)
"""An answer further in the future than this was written by a wrong clock, and is asked for again."""

YES = "yes"
NO = "no"
CLEARED = "cleared"


@dataclass(frozen=True, slots=True)
class Question:
    """One question, to be answered yes or no. `never`: a yes blocks; else it asks for care, as `care` says."""

    id: str
    question: str
    never: bool
    care: str = ""


QUESTIONS = (
    Question("implant", "Do you have a pacemaker, a defibrillator or another electronic implant?", never=True),
    Question("epilepsy", "Do you have epilepsy?", never=True),
    Question("pregnancy", "Are you pregnant, or might you be?", never=True),
    Question("undiagnosed-pain", "Is it a pain that nobody has found the cause of?", never=True),
    Question("thrombosis", "Do you have, or might you have, a thrombosis or an inflamed vein in a leg?", never=True),
    Question("arterial-disease", "Do you have a serious disease of the arteries of the legs?", never=True),
    Question("cancer", "Do you have, or did you have, cancer where the pads would be?", never=True),
    Question(
        "metal-implant",
        "Is there metal (a plate, screws, a joint) near where the pads would be?",
        never=False,
        care="metal near the pads: makers disagree, so ask whoever put it in, and stop if you feel it deep inside",
    ),
    Question(
        "allergy",
        "Does your skin react to gel, plasters or glue?",
        never=False,
        care="skin that reacts to gel: try a pad without current for some hours first, and look at the skin each time",
    ),
    Question(
        "numbness",
        "Do you have diabetes, a nerve disease, or numb skin on the legs?",
        never=False,
        care="numb skin doesn't feel a burn: pads only where you feel a light touch, never with cold, and low levels",
    ),
    Question(
        "anticoagulants",
        "Do you take medicine that thins the blood?",
        never=False,
        care="thinned blood: no programs that make the muscle work hard without your doctor, and look for bruises",
    ),
    Question(
        "child",
        "Is it for a child?",
        never=False,
        care="a child: only if a doctor advised it, and with a grown-up at the unit all the time",
    ),
)

SIGNS = {
    "pop": "a sudden pop",
    "gap": "a gap in the tendon",
    "toes": "no rising on the toes",
    "swelling": "marked swelling",
}
"""Signs of a torn tendon, by the `about` of their check (programs.md section 7)."""


def unanswered(diary: Diary, now: datetime) -> tuple[Question, ...]:
    """Return the questions that have no answer yet, or one that is too old, in their order."""
    return tuple(question for question in QUESTIONS if not _is_fresh(_answer(diary, question), now))


def blocked(diary: Diary, now: datetime) -> str:
    """Return why no session may take place: each yes that blocks and how it is cleared; "" if there is none."""
    return "; ".join(
        f'no session: "{question.question}" was answered yes at {local_time(answer.at, now, now.tzinfo)}; if your '
        f'doctor agrees all the same: estim care clear {question.id} --reason "…"'
        for question in QUESTIONS
        if question.never and (answer := _answer(diary, question)) is not None and answer.answer == YES
    )


def cautions(diary: Diary, now: datetime) -> tuple[str, ...]:
    """Return what to take care of by the answers, one sentence each, also of what was cleared and why."""
    found = []
    for question in QUESTIONS:
        answer = _answer(diary, question)
        if answer is None:
            continue
        if not question.never and answer.answer == YES:
            found.append(question.care)
        elif question.never and answer.answer == CLEARED:
            day = local_time(answer.at, now, now.tzinfo)
            found.append(f"{question.id} was cleared at {day}: {answer.note.strip()}")
    return tuple(found)


def red_flag(diary: Diary) -> str:
    """Return the sentence of the signs of a torn tendon since the plan was last begun; "" if there are none."""
    flags = standing_flags(diary, last_begin(diary))
    if not flags:
        return ""
    signs = " and ".join(
        dict.fromkeys(SIGNS.get(flag.about, flag.about or "a sign of a torn tendon") for flag in flags)
    )
    return (
        f"get it looked at now: {signs} on {flags[0].at.date()} may mean a torn tendon; "
        "no running and no sessions until somebody has had a look, today if you can"
    )


def last_begin(diary: Diary) -> Check | None:
    """Return the check by which the care plan was last begun."""
    begins = [check for check in diary.checks if check.topic is Topic.CARE and check.answer == "begin"]
    return max(begins, key=_order, default=None)


def standing_flags(diary: Diary, begin: Check | None) -> list[Check]:
    """Return the signs written down since the plan was begun, oldest first; a sign that was denied is none."""
    return sorted(
        (
            check
            for check in diary.checks
            if check.topic is Topic.RED_FLAG
            and check.answer != NO
            and (begin is None or _order(check) >= _order(begin))
        ),
        key=_order,
    )


def _order(check: Check) -> tuple[datetime, int]:
    """In UTC: moments of one zone are compared by their wall clocks, which go back once a year."""
    return check.at.astimezone(UTC), check.id


def _answer(diary: Diary, question: Question) -> Check | None:
    return max(
        (
            check
            for check in diary.checks
            if check.topic is Topic.HEALTH and check.about == question.id and _is_answer(check)
        ),
        key=_order,
        default=None,
    )


def _is_fresh(answer: Check | None, now: datetime) -> bool:
    if answer is None:
        return False
    age = now.astimezone(UTC) - answer.at.astimezone(UTC)
    return -CLOCK_SLACK <= age < timedelta(days=REASK_DAYS)


def _is_answer(check: Check) -> bool:
    return check.answer in (YES, NO) or (check.answer == CLEARED and bool(check.note.strip()))
