"""The questions before the first session, and what their answers block or ask for (safety.md section 6).

Rules:
1. No session before every question has an answer that is less than REASK_DAYS old (safety.md C-25).
2. A yes to a question of the hard kind blocks until it is cleared with a reason, or answered no. What isn't understood
   as an answer counts as none, and so does a clearance without a reason.
3. A sign of a torn tendon or of a clot stands until the care plan is begun anew (safety.md C-45).
4. The signs are asked for on a new plan, on a sudden change and from SIGNS_FROM on. People with a torn Achilles tendon
   may hurt little and still rise on tiptoe (BMJ 2015;351:h4722), so a low score alone says nothing.
5. Medicine that weakens tendons forbids no session, but a doctor comes before the next run.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import reduce

from msgspec import Struct

from estim.core.days.diary import SCORE_MAX, Check, Diary, Entry, Pain, Topic, When
from estim.core.days.dose import local_time
from estim.core.translation import mark, tr, tr_text

REASK_DAYS = 90
"""An answer is asked for again after this; bodies change."""

CLOCK_SLACK = timedelta(days=1)
"""An answer further in the future than this was written by a wrong clock, and is asked for again."""

YES = "yes"
NO = "no"
CLEARED = "cleared"


class Question(Struct, frozen=True):
    """One question, to be answered yes or no. `never`: a yes blocks; else it asks for care, as `advice` says.

    `runs`: a yes forbids runs until a doctor has said otherwise; such a question is asked once.
    """

    id: str
    asked: str
    never: bool
    advice: str = ""
    runs: bool = False

    @property
    def question(self) -> str:
        """Return the question as people read it."""
        return tr_text(self.asked)

    @property
    def care(self) -> str:
        """Return what a yes asks for as people read it, "" where it blocks."""
        return tr_text(self.advice)


class Span(Struct, frozen=True):
    """A time without sessions, since they were not allowed; `until` None: it still is so."""

    since: datetime
    until: datetime | None
    why: str


QUESTIONS = (
    Question("implant", mark("Do you have a pacemaker, a defibrillator or another electronic implant?"), never=True),
    Question("epilepsy", mark("Do you have epilepsy?"), never=True),
    Question("pregnancy", mark("Are you pregnant, or might you be?"), never=True),
    Question("undiagnosed-pain", mark("Is it a pain that nobody has found the cause of?"), never=True),
    Question(
        "thrombosis", mark("Do you have, or might you have, a thrombosis or an inflamed vein in a leg?"), never=True
    ),
    Question("arterial-disease", mark("Do you have a serious disease of the arteries of the legs?"), never=True),
    Question("cancer", mark("Do you have, or did you have, cancer where the pads would be?"), never=True),
    Question(
        "metal-implant",
        mark("Is there metal (a plate, screws, a joint) near where the pads would be?"),
        never=False,
        advice=mark(
            "metal near the pads: makers disagree, so ask whoever put it in, and stop if you feel it deep inside"
        ),
    ),
    Question(
        "allergy",
        mark("Does your skin react to gel, plasters or glue?"),
        never=False,
        advice=mark(
            "skin that reacts to gel: try a pad without current for some hours first, and look at the skin each time"
        ),
    ),
    Question(
        "numbness",
        mark("Do you have diabetes, a nerve disease, or numb skin on the legs?"),
        never=False,
        advice=mark(
            "numb skin doesn't feel a burn: pads only where you feel a light touch, never with cold, and low levels"
        ),
    ),
    Question(
        "anticoagulants",
        mark("Do you take medicine that thins the blood?"),
        never=False,
        advice=mark(
            "thinned blood: no programs that make the muscle work hard without your doctor, and look for bruises"
        ),
    ),
    Question(
        "child",
        mark("Is it for a child?"),
        never=False,
        advice=mark("a child: only if a doctor advised it, and with a grown-up at the unit all the time"),
    ),
    Question(
        "antibiotics",
        mark(
            "Have you taken a fluoroquinolone antibiotic in the last six months, such as ciprofloxacin or levofloxacin?"
        ),
        never=False,
        advice=mark("fluoroquinolones can make a tendon tear for months after them: see a doctor before you run"),
        runs=True,
    ),
    Question(
        "steroids",
        mark("Have you had a cortisone (steroid) injection near the tendon in the last six months?"),
        never=False,
        advice=mark("a tendon tears more easily in the months after a steroid injection: see a doctor before you run"),
        runs=True,
    ),
)

SIGNS = {
    "pop": mark("a sudden snap or pop, or as if something had hit the back of your leg"),
    "gap": mark("a gap or a dent in the tendon"),
    "toes": mark("no rising on tiptoe on that leg alone, or no pushing off with it"),
    "swelling": mark("sudden swelling or a bruise at the heel or ankle"),
    "calf": mark("a hot, tight or swollen calf"),
}
"""Signs of a torn tendon, and the last one of a clot, by the `about` of their check (BMJ 2015;351:h4722).

They are marked only: `sign_words` says one as people read it.
"""

CLOT = "calf"

NO_SIGN = "none"
"""The `about` of the check that says that there was none."""

SIGNS_FROM = 3
"""From this score on the signs are asked for: more than on a calm day."""

SUDDEN_RISE = 2
"""A rise of so many points between two scores of one kind is sudden. Two are the least that people call a change; three
would never be reached below SIGNS_FROM, where a torn tendon may hide."""

SCORES = tuple(str(score) for score in range(SCORE_MAX + 1))

OF_A_POP = re.compile(
    r"\b(pop(s|ped|ping)?|snap(s|ped|ping)?|crack(s|ed)?|bang|kick(ed)?|tore|torn|tear|ruptur\w*"
    r"|\w*knall\w*|geknallt|schnalz\w*|\w*riss|gerissen|tritt|knacks\w*|geknackt|geplatzt|peitsch\w*)\b",
    re.IGNORECASE,
)
"""Words of a note that tell of a sudden change, in English and German."""


def unanswered(diary: Diary, now: datetime) -> tuple[Question, ...]:
    """Return the questions that have no answer yet, or one that is too old, in their order."""
    return tuple(question for question in QUESTIONS if not _is_fresh(_answer(diary, question), now, once=question.runs))


def signs_due(diary: Diary, pain: Pain) -> bool:
    """Say whether the signs are to be asked for after a score (rule 4), by it and the scores before it."""
    if pain.score >= SIGNS_FROM or OF_A_POP.search(pain.note):
        return True
    before = [(one.at, one.score) for one in diary.pains if one.when is pain.when and one.at < pain.at]
    if pain.when is When.RUN:
        before += [(run.at, run.pain) for run in diary.runs if run.pain is not None and run.at < pain.at]
    last = max(before, key=lambda one: one[0], default=None)
    return last is not None and pain.score - last[1] >= SUDDEN_RISE


def scores_of(diary: Diary) -> tuple[Pain, ...]:
    """Return all scores, also those of runs and heel raises: each may tell of a sudden change."""
    runs = [Pain(at=run.at, id=run.id, score=run.pain or 0, when=When.RUN, note=run.note) for run in diary.runs]
    loads = [
        Pain(at=one.at, id=one.id, score=int(one.answer) if one.answer in SCORES else 0, when=When.WORST, note=one.note)
        for one in diary.checks
        if one.topic is Topic.LOAD
    ]
    return (*diary.pains, *runs, *loads)


def sign_words(sign: str) -> str:
    """Return a sign in words; one that isn't known as it stands."""
    return tr_text(SIGNS.get(sign, sign))


def signs_text() -> str:
    """Return the question for the signs as it is told where nobody can answer at once."""
    return tr(
        "any of these? {signs}: estim care flag WORD, and if there is none: estim care flag {none}",
        signs="; ".join(f"{sign_words(sign)} ({sign})" for sign in SIGNS),
        none=NO_SIGN,
    )


def own_words(entry: Entry) -> str:
    """Return by which words an entry is settled that forbids something, since no undo takes it away; "" for others."""
    if not isinstance(entry, Check):
        return ""
    match entry.topic:
        case Topic.RED_FLAG if entry.answer != NO:
            return tr("a red flag stands until somebody has looked and the plan is begun anew: estim care begin")
        case Topic.HEALTH if entry.answer == YES and any(
            one.id == entry.about for one in QUESTIONS if one.never or one.runs
        ):
            return tr(
                'it stands until it is cleared: estim care clear {question} --reason "what was said"',
                question=entry.about,
            )
        case Topic.SKIN if entry.answer == "bad":
            return tr("it holds until somebody has looked: estim care skin ok")
        case _:
            return ""


def doctor_first(diary: Diary) -> str:
    """Return why a doctor comes before the next run and how that is settled, "": nothing says so."""
    return "; ".join(
        tr(
            '{care}; after that: estim care clear {question} --reason "what was said"',
            care=question.care,
            question=question.id,
        )
        for question in QUESTIONS
        if question.runs and (answer := _answer(diary, question)) is not None and answer.answer == YES
    )


def forbidden(diary: Diary) -> tuple[Span, ...]:
    """Return when no session was allowed by a red flag or an answer."""
    begins = sorted(check.at for check in diary.checks if check.topic is Topic.CARE and check.answer == "begin")
    spans = [
        Span(flag.at, next((at for at in begins if at > flag.at), None), tr("a red flag"))
        for flag in diary.checks
        if flag.topic is Topic.RED_FLAG and flag.answer != NO
    ]
    hard = {question.id for question in QUESTIONS if question.never}
    answers = [check for check in diary.checks if check.topic is Topic.HEALTH and _is_answer(check)]
    for check in answers:
        if check.about in hard and check.answer == YES:
            later = [one for one in answers if one.about == check.about and _order(one) > _order(check)]
            over = min((one.at for one in later if one.answer != YES), default=None)
            spans.append(Span(check.at, over, tr("an answer that forbids it")))
    return tuple(spans)


def blocking(diary: Diary) -> tuple[Question, ...]:
    """Return the questions whose yes blocks every session; a no takes it back."""
    return tuple(
        question
        for question in QUESTIONS
        if question.never and (answer := _answer(diary, question)) is not None and answer.answer == YES
    )


def blocked(diary: Diary, now: datetime) -> str:
    """Return why no session may take place: each yes that blocks and how it is cleared; "" if there is none."""
    return "; ".join(
        tr(
            'no session: "{question}" was answered yes at {at}; if your doctor agrees all the same: '
            'estim care clear {id} --reason "…"',
            question=question.question,
            at=local_time(answer.at, now, now.tzinfo),
            id=question.id,
        )
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
        elif answer.answer == CLEARED:
            day = local_time(answer.at, now, now.tzinfo)
            found.append(
                tr("{question} was cleared at {at}: {reason}", question=question.id, at=day, reason=answer.note.strip())
            )
    return tuple(found)


def red_flag(diary: Diary) -> str:
    """Return the sentence of the signs since the plan was last begun; "" if there are none."""
    flags = standing_flags(diary, last_begin(diary))
    if not flags:
        return ""
    told = []
    clot = [flag for flag in flags if flag.about == CLOT]
    if clot:
        told.append(
            tr(
                "urgent care today: {signs} on {on:%Y-%m-%d} may mean a blood clot (short of breath or pain in the "
                "chest: call an ambulance)",
                signs=_all_of(clot),
                on=clot[0].at.date(),
            )
        )
    torn = [flag for flag in flags if flag.about != CLOT]
    if torn:
        told.append(
            tr(
                "get it looked at now: {signs} on {on:%Y-%m-%d} may mean a torn tendon",
                signs=_all_of(torn),
                on=torn[0].at.date(),
            )
        )
    return tr(
        "{flags}; no running and no sessions until somebody has had a look, today if you can", flags="; ".join(told)
    )


def _all_of(flags: Sequence[Check]) -> str:
    """Return the signs of some checks in words, each once: "a pop and a gap"."""
    words = dict.fromkeys(sign_words(flag.about) or tr("a sign") for flag in flags)
    return reduce(lambda one, other: tr("{one} and {other}", one=one, other=other), words)


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


def _is_fresh(answer: Check | None, now: datetime, *, once: bool) -> bool:
    if answer is None:
        return False
    age = now.astimezone(UTC) - answer.at.astimezone(UTC)
    return age >= -CLOCK_SLACK and (once or age < timedelta(days=REASK_DAYS))


def _is_answer(check: Check) -> bool:
    return check.answer in (YES, NO) or (check.answer == CLEARED and bool(check.note.strip()))
