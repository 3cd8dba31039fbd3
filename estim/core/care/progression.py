"""Follows a person along the care plan: every run is judged by the next morning, and worse means rest again.

Rules:
1. Only what was written down since the plan was last begun counts, in order of time. A day is the person's own.
2. Pain above the stop in a run means rest anew, at once. Else the first morning score on a later day, within 48 hours,
   is held against the last one before the run; without one against the worst of that day before the run; without that
   the run is safe only if the morning is calm. Worse is `worse_by` points more, or more than a calm day has, since a
   point up or down is noise: then rest, until the calm days are met again.
3. Not worse, and the pain in the run safe: build up. Pain above safe, or not written down, or a session so shortly
   before the run that it may have masked it (safety.md C-30), or no morning score in time: the gates of a trial run are
   asked anew, with calm days after the run.
4. Several runs before a judgement are judged each, and the least good one leads.
5. A day is calm by its pain scores, all of them, whatever they were about, if its worst pain is among them: first steps
   alone tell nothing of the evening. After a run only later days count, however its own was scored.
6. Once the person has said that they have recovered, a run without its score or without a morning after it leads to
   nothing; what is worse or too much all the same ends the lighter plan with rest (safety.md C-72).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence, Set
from datetime import UTC, date, datetime, timedelta

from msgspec import Struct

from estim.core.care import pace
from estim.core.care.pace import DAY, Paced, in_words
from estim.core.care.plan import Plan, Stage
from estim.core.days.diary import Check, Diary, Entry, Pain, Played, Run, Topic, When
from estim.core.days.dose import LOOK_BACK, local_time
from estim.core.translation import tr
from estim.core.values import replace

RECOVERED = "recovered"
"""The answer by which the plan goes on as a lighter one."""

JUDGED_WITHIN = timedelta(hours=48)
"""The pain-monitoring model looks 24 to 48 hours ahead (programs.md section 7)."""


class Gate(Struct, frozen=True):
    """One thing that is asked for before a run, if it is met, and its figures."""

    ok: bool
    text: str


class Said(Struct, frozen=True):
    """A sentence of the course and the days that it is about, so that nobody has to look for them in its words."""

    text: str
    days: frozenset[date] = frozenset()


class Open(Struct, frozen=True):
    """A run that waits for its morning, held against `base`. `but` says why it doesn't lead to building up."""

    run: Run
    base: int
    against: str
    but: Said | None


class Course(Struct, frozen=True):
    """How far the way back has led: REST (also with its gates met), MORNING or BUILD. `said` is what led here.

    `runs` are those that the next one's day and length are decided by. `built_from` is the first day of building up
    since the last step back, `light_from` that of the lighter plan while it holds.
    """

    stage: Stage
    since: date
    rest_over: date
    calm_from: date
    open: tuple[Open, ...] = ()
    said: tuple[Said, ...] = ()
    runs: tuple[Paced, ...] = ()
    built_from: date | None = None
    light_from: date | None = None


class Story(Struct, frozen=True):
    """What the course is decided from, by time. `in_runs`: the worst pain in runs that was noted by itself, by day.

    `recovered`: when the person said so.
    """

    runs: tuple[Run, ...]
    pains: tuple[Pain, ...]
    in_runs: Mapping[date, int]
    sessions: tuple[Played, ...]
    recovered: tuple[Check, ...] = ()


class Pains(Struct, frozen=True):
    """The highest score of each day, and the days whose worst pain was written down as such."""

    worst: Mapping[date, int]
    noted: Set[date]


def utc(moment: datetime) -> datetime:
    """Return a moment in UTC: those of one zone are compared by wall clocks, which go back once a year."""
    return moment.astimezone(UTC)


def story_of(diary: Diary, begin: Check, now: datetime) -> Story:
    """Return what was written down since the beginning and until now, and all sessions: any can mask a run's pain."""
    first = begin.at.timestamp()
    last = now.timestamp()
    pains = tuple(sorted((pain for pain in diary.pains if first <= _when(pain) <= last), key=_when))
    in_runs: dict[date, int] = {}
    for pain in pains:
        if pain.when is When.RUN:
            in_runs[pain.at.date()] = max(pain.score, in_runs.get(pain.at.date(), 0))
    return Story(
        runs=tuple(sorted((run for run in diary.runs if first <= _when(run) <= last), key=_when)),
        pains=pains,
        in_runs=in_runs,
        sessions=diary.sessions,
        recovered=tuple(one for one in diary.checks if is_recovered(one) and first <= _when(one) <= last),
    )


def is_recovered(check: Check) -> bool:
    """Say whether it is the word that begins the lighter plan."""
    return check.topic is Topic.CARE and check.answer == RECOVERED


def follow(plan: Plan, story: Story, begin: Check, now: datetime) -> Course:
    """Return where the person stands now by what is written down."""
    day = begin.at.date()
    course = Course(Stage.REST, day, rest_over=day + DAY * plan.rest_days, calm_from=day)
    mornings = [pain for pain in story.pains if pain.when is When.MORNING]
    entries: list[Run | Pain | Check] = sorted([*mornings, *story.runs, *story.recovered], key=_when)
    for entry in entries:
        course = _expired(course, entry.at)
        match entry:
            case Run():
                course = _ran(plan, story, course, entry)
            case Pain():
                course = _judged(plan, course, entry)
            case Check():
                day = entry.at.date()
                course = replace(course, stage=Stage.BUILD, since=day, said=(), built_from=day, light_from=day)
    return _expired(course, now)


def gates(plan: Plan, course: Course, pains: Pains, today: date) -> tuple[Gate, Gate]:
    """Return the two gates of a trial run on a day: the days of rest, and the calm days before it."""
    if today >= course.rest_over:
        rest = Gate(True, tr("the days of rest are over"))
    else:
        number = max(1, plan.rest_days - (course.rest_over - today).days + 1)  # a clock may have been set back
        rest = Gate(
            False,
            tr(
                "day {number} of {days} of rest: a trial run on {first} at the earliest",
                number=number,
                days=plan.rest_days,
                first=course.rest_over,
            ),
        )
    return rest, _calm(plan, course, pains, today)


def pains_by_day(story: Story, until: datetime, days: int) -> Pains:
    """Return the pain of each of the last `days` days and today, up to a moment.

    What a traveller wrote on a day that is still to come here counts as today's.
    """
    worst: dict[date, int] = {}
    noted: set[date] = set()
    today = until.date()
    first = (utc(until) - DAY * (days + 2)).timestamp()
    last = until.timestamp()
    pains = story.pains[bisect_left(story.pains, first, key=_when) : bisect_right(story.pains, last, key=_when)]
    for pain in pains:
        day = min(pain.at.date(), today)
        worst[day] = max(pain.score, worst.get(day, 0))
        if pain.when is When.WORST:
            noted.add(day)
    return Pains(worst, noted)


def masking(plan: Plan, sessions: Sequence[Played], at: datetime) -> Played | None:
    """Return the session that put something out last in the quiet hours before a run, None: there is none.

    `sessions` by time, as a diary has them.
    """
    quiet_from = utc(at) - timedelta(hours=plan.quiet_before_run_h)
    found: Played | None = None
    latest = quiet_from
    for number in range(bisect_left(sessions, at.timestamp(), key=_when) - 1, -1, -1):
        session = sessions[number]
        if utc(session.at) < quiet_from - LOOK_BACK:
            break
        if session.begun and not session.simulated and utc(session.delivered_until) > latest:
            found = session
            latest = utc(session.delivered_until)
    return found


def _when(entry: Entry) -> float:
    """In seconds since 1970: years of entries are compared many times over."""
    return entry.at.timestamp()


def _calm(plan: Plan, course: Course, pains: Pains, today: date) -> Gate:
    if plan.calm_days == 1:
        asked = tr("one day with a worst pain of {pain} or less", pain=plan.calm_pain)
    else:
        days = in_words(plan.calm_days)
        asked = tr("{days} days in a row with a worst pain of {pain} or less", days=days, pain=plan.calm_pain)
    last = today if today in pains.noted else today - DAY
    why = _not_calm(plan, course, pains, today) if today in pains.worst and today != last else ""
    count = 0
    while not why and count < plan.calm_days:
        why = _not_calm(plan, course, pains, last - DAY * count, noted=True)
        count += 0 if why else 1
    if why:
        text = tr("{asked}: {count} of {days} ({why})", asked=asked, count=count, days=plan.calm_days, why=why)
        return Gate(False, text)
    return Gate(True, tr("{asked}: {count} of {days}", asked=asked, count=count, days=plan.calm_days))


def _not_calm(plan: Plan, course: Course, pains: Pains, day: date, *, noted: bool = False) -> str:
    """Return why a day isn't a calm one; `noted`: its worst pain has to be written down, what else was isn't enough."""
    if day < course.calm_from:
        return tr("days count from {day} on", day=course.calm_from)
    if pains.worst.get(day, 0) > plan.calm_pain:
        return tr("worst pain {score} on {day}", score=pains.worst[day], day=day)
    if noted and day not in pains.noted:
        return tr("no worst pain is noted for {day}", day=day)
    return ""


def _rest_anew(course: Course, day: date, said: tuple[Said, ...]) -> Course:
    """Rest until the calm days are met again; of the runs only how soon the next one may be is kept."""
    kept = tuple(replace(one, borne=False) for one in course.runs[-1:])
    return Course(Stage.REST, day, rest_over=day, calm_from=day + DAY, said=said, runs=kept)


def _ran(plan: Plan, story: Story, course: Course, run: Run) -> Course:
    day = run.at.date()
    course = replace(course, runs=pace.paced(plan, course.runs, run))
    said = list(course.said) if course.open else []
    if course.open and course.light_from is None:
        said.append(Said(tr("the run of {day} came before the last one was judged", day=day), frozenset({day})))
    elif course.stage is Stage.REST:
        said += _too_early(plan, story, course, run)
    pain = _pain_in(story, run)
    but = _but(plan, course, day, pain)
    if session := masking(plan, story.sessions, run.at):
        said.append(Said(_masked(plan, session, run), frozenset({day})))
        but = but or Said(tr("the pain in the run of {day} may have been masked", day=day), frozenset({day}))
    if pain is not None and pain > plan.run_pain_stop:
        text = tr(
            "pain {score} in the run of {day}, and above {stop} means rest until the calm days are met again",
            score=pain,
            day=day,
            stop=plan.run_pain_stop,
        )
        return _rest_anew(course, day, (*said, Said(text, frozenset({day}))))
    base, against = _base(plan, story, run)
    since = course.since if course.open else day
    return replace(
        course, stage=Stage.MORNING, since=since, open=(*course.open, Open(run, base, against, but)), said=tuple(said)
    )


def _too_early(plan: Plan, story: Story, course: Course, run: Run) -> tuple[Said, ...]:
    """Return which gates were shut when a run took place."""
    day = run.at.date()
    found = gates(plan, course, pains_by_day(story, run.at, plan.calm_days), day)
    shut = "; ".join(gate.text for gate in found if not gate.ok)
    if not shut:
        return ()
    return (Said(tr("the run of {day} came before its gates: {gates}", day=day, gates=shut), frozenset({day})),)


def _but(plan: Plan, course: Course, day: date, pain: int | None) -> Said | None:
    """Return what the pain in a run of a day has against building up."""
    if pain is None:
        text = tr("the pain in the run of {day} isn't written down", day=day)
        return Said(text, frozenset({day})) if course.light_from is None else None
    if pain <= plan.run_pain_safe:
        return None
    safe = plan.run_pain_safe
    text = tr("the pain in the run of {day} was {score}, and at most {safe} is safe", day=day, score=pain, safe=safe)
    return Said(text, frozenset({day}))


def _masked(plan: Plan, session: Played, run: Run) -> str:
    return tr(
        "the pain in the run of {day} may have been masked: a session lasted until {ended}, and a run belongs "
        "{hours:g} h after one",
        day=run.at.date(),
        ended=local_time(session.delivered_until, run.at, run.at.tzinfo),
        hours=plan.quiet_before_run_h,
    )


def _pain_in(story: Story, run: Run) -> int | None:
    """Return the worst pain in a run, also as noted by itself that day; with several runs a day it counts for each."""
    scores = (run.pain, story.in_runs.get(run.at.date()))
    return max((score for score in scores if score is not None), default=None)


def _base(plan: Plan, story: Story, run: Run) -> tuple[int, str]:
    """Return what the next morning is held against (rule 2), and how it is told."""
    day = run.at.date()
    end = bisect_left(story.pains, _when(run), key=_when)
    for number in range(end - 1, -1, -1):
        pain = story.pains[number]
        if pain.when is When.MORNING and pain.at.date() <= day:
            return pain.score, tr("{score} on the morning of {day}", score=pain.score, day=pain.at.date())
    lately = story.pains[bisect_left(story.pains, (utc(run.at) - 2 * DAY).timestamp(), 0, end, key=_when) : end]
    scores = [pain.score for pain in lately if pain.at.date() == day]
    if scores:
        return max(scores), tr("{score}, the worst before the run", score=max(scores))
    return plan.calm_pain, tr("{score}, the most of a calm day", score=plan.calm_pain)


def _judged(plan: Plan, course: Course, morning: Pain) -> Course:
    day = morning.at.date()
    due = [one for one in course.open if one.run.at.date() < day]
    worse = [one for one in due if morning.score >= one.base + plan.worse_by]
    if due and (worse or morning.score > plan.calm_pain):
        text = _worse(plan, worse, morning)
        return _rest_anew(course, day, (*course.said, Said(text, frozenset({day}))))
    left = tuple(one for one in course.open if one not in due)
    return _closed(course, day, due, left)


def _worse(plan: Plan, worse: Sequence[Open], morning: Pain) -> str:
    if worse:
        return tr(
            "first steps {score} on {day}, worse than {against}: rest until the calm days are met again",
            score=morning.score,
            day=morning.at.date(),
            against=worse[0].against,
        )
    return tr(
        "first steps {score} on {day}, more than the {calm} of a calm day: rest until the calm days are met again",
        score=morning.score,
        day=morning.at.date(),
        calm=plan.calm_pain,
    )


def _expired(course: Course, now: datetime) -> Course:
    """Give up on runs that no morning score came for in time."""
    late = [one for one in course.open if utc(now) - utc(one.run.at) > JUDGED_WITHIN]
    if not late:
        return course
    last = late[-1].run.at
    day = (utc(last) + JUDGED_WITHIN).astimezone(last.tzinfo).date()
    left = tuple(one for one in course.open if one not in late)
    text = tr("the run of {day} wasn't judged by the first steps of a morning within 48 h", day=last.date())
    but = Said(text, frozenset({last.date()}))
    if course.light_from is not None:
        return _closed(course, day, late, left)
    return _closed(course, day, [replace(one, but=but) for one in late], left)


def _closed(course: Course, day: date, done: Sequence[Open], left: tuple[Open, ...]) -> Course:
    """Go on from runs that are done with: what stands against one of them stands against those left too (rule 4)."""
    if not done:
        return course
    but = next((one.but for one in done if one.but), None)
    if left:
        return replace(course, open=tuple(replace(one, but=one.but or but) for one in left))
    if but is None:
        well = pace.borne(course.runs, (one.run.at.date() for one in done))
        first = course.built_from or day
        return replace(course, stage=Stage.BUILD, since=course.light_from or day, open=(), runs=well, built_from=first)
    text = tr("{why}: the gates of a trial run are asked anew", why=but.text)
    said = (*course.said, Said(text, but.days))
    calm_from = max(one.run.at.date() for one in done) + DAY
    return Course(Stage.REST, day, rest_over=day, calm_from=calm_from, said=said, runs=course.runs)
