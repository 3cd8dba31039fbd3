"""What a day asks of a person: sessions, scores that are missing, steps that aren't ticked, skin, pads, a planned run.

Rules:
1. Everything is decided from plan, diary and slots at a moment; nothing is remembered beside them.
2. Yesterday's scores are asked for once there was a yesterday: a score, a session or the plan itself from before today.
3. Today's worst is asked for from EVENING on, or from when the person wants to be reminded of it; before that the day
   isn't over.
4. The skin is asked about after the last session, for a day: then nobody can tell any more what it was.
5. A start is offered where a session is due, or none was played today, and nothing in the diary forbids one. It is an
   offer only: whoever starts is asked and refused as by `estim run`.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from msgspec import Struct

from estim.core.care import standing as stands
from estim.core.care.plan import Plan, Stage, Tick
from estim.core.care.planned import ahead, unsaid
from estim.core.care.progression import utc
from estim.core.care.standing import Item
from estim.core.days import advice, screening, skin
from estim.core.days.diary import Diary, Pain, Played, Topic, When
from estim.core.days.outcomes import coming, due
from estim.core.days.slots import Slot

EVENING = time(18)
"""From here on the worst pain of a day can be told."""

SKIN_ASKED = timedelta(days=1)
"""So long after a session its skin is asked about."""

BY_HAND = (Tick.DAILY, Tick.ONCE)
"""How steps are ticked that a hand ticks."""

ASKED_OF_YESTERDAY = (When.WORST, When.MORNING)
"""The scores by which the plan judges a day."""


class Missing(Struct, frozen=True):
    """A score that nobody has written down yet."""

    day: date
    when: When


class Agenda(Struct, frozen=True, kw_only=True):
    """One day of a person at one moment. `now` is local; `due` is open now, `next` opens later.

    `signs`: those of a torn tendon wait for an answer. `unsaid`: a planned run of which nobody said that it took place.
    `refused` says why no session may take place as far as the diary knows, "": nothing speaks against it.
    """

    now: datetime
    due: Slot | None
    next: Slot | None
    signs: bool
    missing: tuple[Missing, ...]
    morning: Pain | None
    steps: tuple[tuple[int, Item], ...]
    skin: Played | None
    held: tuple[str, ...]
    pads: str
    run: datetime | None
    unsaid: datetime | None
    quiet_h: float
    refused: str
    ended: str
    offers_start: bool


def agenda(plan: Plan, diary: Diary, slots: Sequence[Slot], now: datetime, evening: time | None = None) -> Agenda:
    """Return what the day asks for now; `slots` are those around it, `evening` when its worst is asked for."""
    open_ = due(slots)
    here = stands.standing(plan, diary, now)
    refused = screening.red_flag(diary) or screening.blocked(diary, now) or stands.blocked(plan, diary, now)
    mornings = [pain for pain in diary.pains if pain.when is When.MORNING and pain.at.date() == now.date()]
    run = ahead(diary, now)
    return Agenda(
        now=now,
        due=open_,
        next=coming(slots),
        signs=here.signs,
        missing=missing(diary, now, evening or EVENING),
        morning=mornings[-1] if mornings else None,
        steps=tuple((number, item) for number, item in numbered(plan, here.today) if to_tick(item)),
        skin=skin_open(diary, now),
        held=skin.told(diary),
        pads=advice.pads_old(advice.pads_used(diary)),
        run=run if run is not None and run.date() <= now.date() + timedelta(days=1) else None,
        unsaid=unsaid(diary, now),
        quiet_h=plan.quiet_before_run_h,
        refused=refused,
        ended=here.ended if here.stage is Stage.ENDED else "",
        offers_start=not refused and (open_ is not None or not _played_on(diary, now.date())),
    )


def numbered(plan: Plan, today: Sequence[Item]) -> tuple[tuple[int, Item], ...]:
    """Return the items with their numbers: a step keeps its number of the plan, a part of one has 0."""
    numbers = {step.id: plan.number_of(step) for step in plan.steps}
    return tuple((numbers[item.step], item) for item in today)


def missing(diary: Diary, now: datetime, evening: time = EVENING) -> tuple[Missing, ...]:
    """Return the scores that are open: yesterday's, then today's."""
    today = now.date()
    yesterday = today - timedelta(days=1)
    known = {(pain.at.date(), pain.when) for pain in diary.pains}
    wanted = [Missing(yesterday, when) for when in ASKED_OF_YESTERDAY] if _kept_before(diary, today) else []
    wanted.append(Missing(today, When.MORNING))
    if now.time() >= min(evening, EVENING):
        wanted.append(Missing(today, When.WORST))
    return tuple(one for one in wanted if (one.day, one.when) not in known)


def skin_open(diary: Diary, now: datetime) -> Played | None:
    """Return the last session if it is over, and nobody has looked at the skin since."""
    over = [one for one in diary.sessions if _real(one) and utc(one.delivered_until) <= utc(now)]
    last = max(over, key=lambda one: utc(one.at), default=None)
    if last is None or utc(now) - utc(last.delivered_until) > SKIN_ASKED:
        return None
    looked = any(check.topic is Topic.SKIN and utc(check.at) >= utc(last.at) for check in diary.checks)
    return None if looked else last


def _kept_before(diary: Diary, today: date) -> bool:
    begun = screening.last_begin(diary)
    if begun is not None and begun.at.date() < today:
        return True
    return any(one.at.date() < today for one in (*diary.pains, *diary.sessions))


def to_tick(item: Item) -> bool:
    """Say whether a hand may tick it, and hasn't yet."""
    return item.tick in BY_HAND and not item.done


def _played_on(diary: Diary, day: date) -> bool:
    return any(_real(one) and one.at.date() == day for one in diary.sessions)


def _real(session: Played) -> bool:
    return session.begun and not session.simulated
