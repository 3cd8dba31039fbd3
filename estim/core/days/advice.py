"""What is offered about the level, and never done alone: as high as last time, one step more, and new pads.

Which level is comfortable is remembered for each program, site and unit: a level means nothing on another scale.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from estim.core.days.diary import Check, Diary, Played, Topic
from estim.core.days.dose import ANY, BRIEF_S
from estim.core.translation import tr

COMFORTABLE_S = 300.0
"""A level that was kept in a session of at least five minutes was bearable."""

PADS_USES = 25
"""How often pads are used before they no longer stick (programs.md section 5: 20 to 30 uses)."""

WEAKER = "weaker"
SAME = "same"
STRONGER = "stronger"


class Offer(Struct, frozen=True):
    """The last comfortable level by channel, when and on which unit that was.

    `more` is one step more where it felt weaker, as `why` says.
    """

    level: Mapping[str, int]
    at: datetime
    more: Mapping[str, int]
    why: str = ""
    unit: str = ""


def last_level(diary: Diary, program: str, sites: Sequence[str], unit: str | None, step: int = 1) -> Offer | None:
    """Return what was comfortable last time with this program on one of these sites; None: never yet.

    `unit` is a name, whatever its case; None: the unit that was used last with it.
    """
    for session in reversed(diary.sessions):
        if session.program != program or session.output_s < COMFORTABLE_S or not any(session.goal.values()):
            continue
        if not _same_place(session.sites, sites) or (unit is not None and session.unit.casefold() != unit.casefold()):
            continue
        level = {channel: goal for channel, goal in session.goal.items() if goal}
        felt = _felt(diary.checks, session)
        more = {channel: goal + step for channel, goal in level.items()} if felt == WEAKER else {}
        return Offer(level, session.at, more, tr("it felt weaker than the time before") if more else "", session.unit)
    return None


def pads_used(diary: Diary) -> int:
    """Return in how many sessions the present pads were used."""
    since = diary.pads[-1].at if diary.pads else None
    return sum(1 for one in diary.sessions if one.output_s >= BRIEF_S and (since is None or one.at >= since))


def pads_old(uses: int) -> str:
    """Return a sentence for pads that have been used too often, "" for others."""
    if uses < PADS_USES:
        return ""
    return tr("the pads have been used {uses} times and stick for 20 to 30: new ones, then estim pads new", uses=uses)


def after(session: Played) -> tuple[tuple[Topic, str], ...]:
    """Return what to ask after a session: the skin always, the feeling if it was long enough to tell."""
    asks = [(Topic.SKIN, tr("Is the skin under the pads ok? (pink that fades within the hour is)"))]
    if session.output_s >= COMFORTABLE_S:
        asks.append((Topic.FEEL, tr("Did it feel weaker than last time, the same, or stronger?")))
    return tuple(asks)


def _same_place(one: Sequence[str], other: Sequence[str]) -> bool:
    return not one or not other or ANY in one or ANY in other or not set(one).isdisjoint(other)


def _felt(checks: Sequence[Check], session: Played) -> str:
    mine = [check.answer for check in checks if check.topic is Topic.FEEL and check.session == session.id]
    return mine[-1] if mine else ""
