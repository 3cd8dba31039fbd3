"""Says where a person stands on the care plan today: stage, gates with their figures, steps with ticks, what is asked.

Rules:
1. Everything is decided from the plan and the diary at a moment; nothing is remembered beside them.
2. A sign of a torn tendon ends the plan until it is begun anew (safety.md C-45).
3. A trial run is possible while both its gates are met; while one isn't, the stage is rest, with the gates shown.
4. No session in the hours before a run, since it would hide the pain (safety.md C-30). Simulated sessions hide none.
5. A day off after each run shuts the next one; its length is told before and after, and never refused (pace.py).
6. The lighter plan after recovery has nothing to be ticked off, and asks for no score of a day or a morning.
7. Heel raises are on the list as something to do only while they are on (loading.py).
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import reduce

from msgspec import Struct

from estim.core.care import pace
from estim.core.care.loading import why_off
from estim.core.care.pace import DAY, in_words
from estim.core.care.plan import Plan, Stage, Step, Tick
from estim.core.care.planned import planned, unsaid
from estim.core.care.progression import (
    JUDGED_WITHIN,
    Course,
    Gate,
    Said,
    Story,
    follow,
    gates,
    masking,
    pains_by_day,
    story_of,
    utc,
)
from estim.core.days import skin
from estim.core.days.diary import Check, Diary, Played, Run, Topic, When
from estim.core.days.dose import local_time
from estim.core.days.legs import LEGS, UNSAID, leg_of
from estim.core.days.screening import (
    doctor_first,
    last_begin,
    red_flag,
    scores_of,
    signs_due,
    signs_text,
    standing_flags,
)
from estim.core.days.slots import whole
from estim.core.translation import tr, tr_text

__all__ = [
    "Gate",
    "Item",
    "Stage",
    "Standing",
    "blocked",
    "honesty_due",
    "may_run_at",
    "quiet_until",
    "standing",
]


class Item(Struct, frozen=True):
    """One step of today's list. `auto`: the diary ticks it, not a hand; a step with tick "none" is never done.

    `title`, `text` and `warn` are in the reader's language already.
    """

    step: str
    title: str
    done: bool
    auto: bool
    text: str
    warn: str = ""
    tick: Tick = Tick.DAILY


class Standing(Struct, frozen=True, kw_only=True):
    """Where a person stands. `day` is 1 on the first day of the stage, 0 before the plan is begun.

    `programs` are those that the plan allows now; none outside the four stages, or if the plan names none. `said` are
    the warnings with the days that they are about; `signs`: those of a torn tendon are among what is asked.
    """

    stage: Stage
    since: date
    day: int
    step: str = ""
    gates: tuple[Gate, ...] = ()
    today: tuple[Item, ...] = ()
    asks: tuple[str, ...] = ()
    said: tuple[Said, ...] = ()
    ended: str = ""
    programs: tuple[str, ...] = ()
    signs: bool = False

    @property
    def warnings(self) -> tuple[str, ...]:
        """The sentences of what is said."""
        return tuple(one.text for one in self.said)


def standing(plan: Plan, diary: Diary, now: datetime) -> Standing:
    """Return where the person stands now."""
    begin = last_begin(diary)
    if flags := standing_flags(diary, begin):
        return _over(flags[0].at.date(), red_flag(diary), now)
    if begin is None:
        return Standing(stage=Stage.NOT_BEGUN, since=now.date(), day=0)
    if end := _end_after(diary, begin):
        day = end.at.date()
        return _over(day, tr("the plan was ended on {day}; to begin it anew: estim care begin", day=day), now)
    story = story_of(diary, begin, now)
    course = follow(plan, story, begin, now)
    stage, since, shown = _stage(plan, story, course, now)
    if stage in (Stage.TRIAL, Stage.BUILD, Stage.LIGHT):
        shown = (*shown, *_days_off(plan, course, now), _quiet(plan, diary, now, now))
        shown = (*shown, Gate(True, pace.cap_text(plan, course.runs, now.date())))
    run = _recent_run(plan, story, now)
    steps = [step for step in plan.of_stage(stage) if step.tick is not Tick.RUN or run is not None]
    return Standing(
        stage=stage,
        since=since,
        day=max(1, (now.date() - since).days + 1),
        step=plan.leading(stage),
        gates=shown,
        today=tuple(_item(step, diary, begin, now, stage) for step in plan.of_stage(stage)),
        asks=_asks(plan, diary, story, course, now),
        said=_said(plan, diary, course, now),
        programs=_offered(plan, steps),
        signs=_signs_open(diary, now),
    )


def _said(plan: Plan, diary: Diary, course: Course, now: datetime) -> tuple[Said, ...]:
    """Return what led here, what there is to say of the last run, and what has to be looked at."""
    last = frozenset(one.day for one in course.runs[-1:])
    looks = zip(skin.told(diary), skin.held(diary).values(), strict=True)
    return (
        *course.said,
        *(Said(text, last) for text in pace.told_of(plan, course.runs, now.date())),
        *(Said(text) for text in _doctor(diary)),
        *(Said(text, frozenset({check.at.date()})) for text, check in looks),
    )


def may_run_at(plan: Plan, diary: Diary, at: datetime, km: float | None = None) -> Gate:
    """Say if a run (of `km`, if that is known) may be planned for a moment, by what is known now.

    Calm days that are still to come are presumed, and told; any score against them counts.
    """
    if sentence := red_flag(diary):
        return Gate(False, sentence)
    if sentence := doctor_first(diary):
        return Gate(False, sentence)
    quiet = _quiet(plan, diary, at, at)
    if not quiet.ok:
        return quiet
    begin = last_begin(diary)
    then = standing(plan, diary, at)
    if begin is None or then.stage in (Stage.NOT_BEGUN, Stage.ENDED):
        return quiet
    if then.stage is Stage.MORNING or (then.stage is Stage.REST and not then.gates[0].ok):
        return next(gate for gate in then.gates if not gate.ok)
    story = story_of(diary, begin, at)
    course = follow(plan, story, begin, at)
    for gate in (*_days_off(plan, course, at), *_between_plans(plan, diary, at)):
        if not gate.ok:
            return gate
    most = pace.cap_text(plan, course.runs, at.date(), km)
    if then.stage is not Stage.REST:
        return Gate(True, most)
    worst = pains_by_day(story, at, plan.calm_days).worst
    if any(worst.get(at.date() - DAY * number, 0) > plan.calm_pain for number in range(plan.calm_days + 1)):
        return then.gates[1]
    return Gate(True, _if_calm(plan, most))


def _if_calm(plan: Plan, most: str) -> str:
    """Return what the days before a run have to be like, and how long it may be."""
    if plan.calm_days == 1:
        return tr(
            "if the worst pain of the day before it is at most {pain}, written down each day; {most}",
            pain=plan.calm_pain,
            most=most,
        )
    return tr(
        "if the worst pain of the {days} days before it is at most {pain}, written down each day; {most}",
        days=in_words(plan.calm_days),
        pain=plan.calm_pain,
        most=most,
    )


def quiet_until(plan: Plan, diary: Diary, now: datetime, minutes: float = 0.0) -> datetime | None:
    """Return when the planned run is that forbids a session of `minutes` now, None: there is none."""
    soon = utc(now) + timedelta(hours=plan.quiet_before_run_h, minutes=minutes)
    return next((run for run in planned(diary) if utc(now) <= utc(run) < soon), None)


def blocked(plan: Plan, diary: Diary, now: datetime, minutes: float = 0.0) -> str:
    """Return why a planned run forbids a session of `minutes` now, "": it doesn't."""
    run = quiet_until(plan, diary, now, minutes)
    if run is None:
        return ""
    return tr(
        "a run is planned at {at}, and no session takes place in the {hours:g} h before it: it would hide the pain "
        "that should stop you. Wait until after the run, or take it back: estim run-log cancel",
        at=local_time(run, now, now.tzinfo),
        hours=plan.quiet_before_run_h,
    )


def recovery(plan: Plan, diary: Diary, now: datetime) -> Gate:
    """Say if the plan may become a lighter one by the person's word now; the diary has all since its beginning."""
    begin = last_begin(diary)
    if standing_flags(diary, begin) or begin is None or _end_after(diary, begin):
        return Gate(False, tr("the plan is not begun, or has ended: estim care"))
    course = follow(plan, story_of(diary, begin, now), begin, now)
    if not plan.of_stage(Stage.LIGHT):
        return Gate(False, tr("this plan has no lighter one: none of its steps has a text called light"))
    if course.light_from is not None:
        return Gate(False, tr("the plan has been the lighter one since {day}", day=course.light_from))
    if course.stage is not Stage.BUILD or course.built_from is None:
        text = tr("the plan becomes a lighter one from building up only: estim care says where you are")
        return Gate(False, text)
    possible = course.built_from + DAY * plan.light_after_days
    if now.date() < possible:
        text = tr(
            "building up since {since}: the lighter plan from {possible} on, if all goes well",
            since=course.built_from,
            possible=possible,
        )
        return Gate(False, text)
    return Gate(True, tr("building up since {since} without a step back", since=course.built_from))


def honesty_due(diary: Diary) -> bool:
    """Say whether the plan's honest word wasn't shown yet."""
    return not any(check.topic is Topic.CARE and check.about == "honesty" for check in diary.checks)


def _over(day: date, why: str, now: datetime) -> Standing:
    return Standing(stage=Stage.ENDED, since=day, day=max(1, (now.date() - day).days + 1), ended=why)


def _end_after(diary: Diary, begin: Check) -> Check | None:
    ends = [check for check in diary.checks if check.topic is Topic.CARE and check.answer == "end"]
    return min(
        (end for end in ends if (utc(end.at), end.id) >= (utc(begin.at), begin.id)),
        key=lambda end: utc(end.at),
        default=None,
    )


def _stage(plan: Plan, story: Story, course: Course, now: datetime) -> tuple[Stage, date, tuple[Gate, ...]]:
    """Return the stage as it is shown, since when, and the gates that belong to it."""
    if course.light_from is not None:
        return Stage.LIGHT, course.light_from, ()
    if course.stage is Stage.MORNING:
        run = course.open[-1].run.at
        until = local_time(utc(run) + JUDGED_WITHIN, now, now.tzinfo)
        gate = tr(
            "the run of {day} isn't judged yet: it is judged by the first steps of a later morning, until {until}",
            day=run.date(),
            until=until,
        )
        return Stage.MORNING, course.since, (Gate(False, gate),)
    if course.stage is Stage.BUILD:
        return Stage.BUILD, course.since, ()
    today = now.date()
    pains = pains_by_day(story, now, (today - course.since).days + plan.calm_days)
    shown = gates(plan, course, pains, today)
    if not all(gate.ok for gate in shown):
        return Stage.REST, course.since, shown
    since = today
    while since > course.since and all(gate.ok for gate in gates(plan, course, pains, since - DAY)):
        since -= DAY
    return Stage.TRIAL, since, shown


def _days_off(plan: Plan, course: Course, at: datetime) -> tuple[Gate, ...]:
    """Return the gate of the days off after the last run while it is shut; an open one needs no line."""
    last = course.runs[-1] if course.runs else None
    if last is None or at.date() >= pace.next_day(plan, last):
        return ()
    return (Gate(False, pace.days_off_text(plan, last)),)


def _between_plans(plan: Plan, diary: Diary, at: datetime) -> tuple[Gate, ...]:
    """Return a shut gate if another planned run leaves no days off between."""
    near = [run.date() for run in planned(diary) if abs((run.date() - at.date()).days) <= plan.days_off]
    if not near:
        return ()
    return (Gate(False, tr("a run is planned for {day} already, and a day off belongs between two", day=near[0])),)


def _quiet(plan: Plan, diary: Diary, at: datetime, now: datetime) -> Gate:
    session = masking(plan, diary.sessions, at)
    if session is None:
        return Gate(True, tr("no session in the {hours:g} h before a run", hours=plan.quiet_before_run_h))
    ended = utc(session.delivered_until)
    told = local_time(ended, now, now.tzinfo)
    possible = local_time(ended + timedelta(hours=plan.quiet_before_run_h), now, now.tzinfo, up=True)
    text = tr(
        "a session lasted until {ended}, and a run belongs {hours:g} h after one: from {possible} on",
        ended=told,
        hours=plan.quiet_before_run_h,
        possible=possible,
    )
    return Gate(False, text)


def _item(step: Step, diary: Diary, begin: Check, now: datetime, stage: Stage) -> Item:
    today = now.date()
    title = tr_text(step.title)
    text = tr_text(step.text)
    done = False
    off = why_off(diary) if step.tick is Tick.LOAD else ""
    if off or stage is Stage.LIGHT:
        return Item(step.id, title, done=False, auto=False, text=off or text, tick=Tick.NONE)
    ticks = [check.at for check in diary.checks if check.topic is Topic.TICK and check.about == step.id]
    match step.tick:
        case Tick.DAILY:
            done = any(at.date() == today for at in ticks)
        case Tick.ONCE:
            done = any(utc(at) >= utc(begin.at) for at in ticks)
        case Tick.RUN:
            done = any(run.at.date() == today for run in diary.runs)
        case Tick.SESSIONS:
            count = _on_one_leg(session for session in diary.sessions if _counts(step, session, now))
            done = count >= step.times
            text = _counted(step, count)
        case Tick.LOAD:
            done = any(check.topic is Topic.LOAD and check.at.date() == today for check in diary.checks)
        case Tick.NONE:
            pass
    auto = step.tick in (Tick.SESSIONS, Tick.RUN, Tick.LOAD)
    return Item(step.id, title, done, auto, text, tr_text(step.warn), step.tick)


def _counted(step: Step, count: int) -> str:
    """Return the text of a step that sessions tick off, with how many of them there were today."""
    text = tr_text(step.text)
    more = count - step.times
    if more > 0:
        return tr("{times} of {times} today and {more} more. {todo}", times=step.times, more=more, todo=text)
    return tr("{count} of {times} today. {todo}", count=count, times=step.times, todo=text)


def _offered(plan: Plan, steps: Iterable[Step]) -> tuple[str, ...]:
    """Return the programs of some steps, each once, without those that the unit refuses."""
    found = dict.fromkeys(program for step in steps for program in (*step.programs, *step.served_by))
    return tuple(program for program in found if program not in plan.refused)


def _on_one_leg(sessions: Iterable[Played]) -> int:
    """Return how many there were on the leg that had most: left and then right is one for each, not two."""
    legs = Counter(leg_of(session.sites) for session in sessions)
    return max(legs[leg] for leg in LEGS) + legs[UNSAID]


def _counts(step: Step, session: Played, now: datetime) -> bool:
    """Say whether a session is one that a step asks for today: most of a slot's minutes are enough, as for a slot."""
    mine = not step.programs or session.program in (*step.programs, *step.served_by)
    return mine and _real(session) and session.at.date() == now.date() and whole(session, now)


def _real(session: Played) -> bool:
    return session.begun and not session.simulated


def _recent_run(plan: Plan, story: Story, now: datetime) -> Run | None:
    """Return the last run if the time for its extra session isn't over."""
    last = story.runs[-1] if story.runs else None
    within = timedelta(hours=plan.extra_within_h)
    return last if last is not None and utc(now) < utc(last.at) + within else None


def _asks(plan: Plan, diary: Diary, story: Story, course: Course, now: datetime) -> tuple[str, ...]:
    asks = [signs_text()] if _signs_open(diary, now) else []
    if (meant := unsaid(diary, now)) is not None:
        add = f"estim run-log add DISTANCE --at {meant:%Y-%m-%dT%H:%M}"
        asks.append(
            tr("did the run of {at:%Y-%m-%d %H:%M} take place? {add}, or estim run-log cancel", at=meant, add=add)
        )
    today = now.date()
    light = course.light_from is not None
    run = None if light else _recent_run(plan, story, now)
    if run is not None and not any(_real(session) and utc(session.at) >= utc(run.at) for session in diary.sessions):
        asks.append(_extra(plan, run, now))
    due = [one for one in course.open if one.run.at.date() < today and not light]
    if due:
        asks.append(
            tr("how were the first steps this morning, 0 to 10? Held against {against}", against=due[0].against)
        )
    elif (
        not course.open
        and not light
        and not any(pain.at.date() == today and pain.when is When.WORST for pain in story.pains)
    ):
        asks.append(tr("how bad is the pain today at its worst, 0 to 10? Days without that score don't count as calm"))
    if session := _unseen(diary, now):
        at = local_time(session.at, now, now.tzinfo)
        asks.append(tr("is the skin under the pads all right after the session of {at}?", at=at))
    return tuple(asks)


def _extra(plan: Plan, run: Run, now: datetime) -> str:
    """Return what is said of the session after a run."""
    until = local_time(utc(run.at) + timedelta(hours=plan.extra_within_h), now, now.tzinfo)
    programs = _offered(plan, [step for step in plan.steps if step.tick is Tick.RUN])
    if not programs:
        return tr("an extra session after the run, until {until}", until=until)
    which = reduce(lambda some, one: tr("{some} or {one}", some=some, one=one), programs)
    return tr("an extra session after the run, until {until}: {programs}", until=until, programs=which)


def _unseen(diary: Diary, now: datetime) -> Played | None:
    """Return today's last session if nobody has looked at the skin since."""
    over = [x for x in diary.sessions if _real(x) and x.at.date() == now.date() and utc(x.delivered_until) <= utc(now)]
    last = max(over, key=lambda session: utc(session.at), default=None)
    if last is None:
        return None
    looked = [check for check in diary.checks if check.topic is Topic.SKIN and utc(check.at) >= utc(last.at)]
    return None if looked else last


def _doctor(diary: Diary) -> tuple[str, ...]:
    sentence = doctor_first(diary)
    return (sentence,) if sentence else ()


def _signs_open(diary: Diary, now: datetime) -> bool:
    """Say whether the signs wait for an answer today: on a new plan, and after a score that asks for them."""
    answered = max((utc(check.at) for check in diary.checks if check.topic is Topic.RED_FLAG), default=None)
    begins = [check for check in diary.checks if check.topic is Topic.CARE and check.answer == "begin"]
    asking = [check.at for check in begins if check.at.date() == now.date()]
    today = [one for one in scores_of(diary) if one.at.date() == now.date() and utc(one.at) <= utc(now)]
    asking += [one.at for one in today if signs_due(diary, one)]
    return any(answered is None or answered < utc(at) for at in asking)
