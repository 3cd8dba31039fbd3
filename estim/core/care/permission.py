"""What a person's own answers and plans say against a session now: decided before anything is written or connected.

1. A sign of a torn tendon and an answer that forbids it can't be overridden here, only by whoever had a look.
2. Questions without an answer forbid it too, unless nobody is there to be asked: then that is told and kept.
3. Skin that wasn't all right can't be overridden: somebody has to look at it first (safety.md C-59).
4. A run that is planned within the next hours can be overridden in full words, since plans change.
"""

from collections.abc import Collection
from datetime import datetime

from estim.core.care import standing
from estim.core.care.plan import Plan
from estim.core.days import screening, skin
from estim.core.days.diary import Diary
from estim.core.days.dose import Gate
from estim.core.errors import EstimError, Exit
from estim.core.translation import tr, tr_many


def check_person(
    plan: Plan,
    diary: Diary,
    now: datetime,
    minutes: float,
    sites: Collection[str],
    override: Collection[Gate],
    *,
    unasked: bool,
) -> tuple[str, ...]:
    """Return what a person should read before a session of `minutes`; raise EstimError (77) if there must be none.

    `now` is local, `sites` where it would be. `unasked`: nobody can be asked, so open questions are told instead.
    """
    for why in (screening.red_flag(diary), screening.blocked(diary, now), skin.refusal(diary, sites)):
        if why:
            raise EstimError(why, code=Exit.REFUSED)
    warn: list[str] = []
    still_open = screening.unanswered(diary, now)
    if still_open:
        text = tr_many(
            "{count} question about your health has no answer yet, or an old one: estim care questions",
            "{count} questions about your health have no answer yet, or an old one: estim care questions",
            len(still_open),
        )
        if not unasked:
            raise EstimError(text, code=Exit.REFUSED)
        warn.append(text)
    run = standing.blocked(plan, diary, now, minutes)
    if run and "run" not in override:
        raise EstimError(tr("{why}; to start all the same: --override run", why=run), code=Exit.REFUSED)
    if run:
        warn.append(tr("run overridden: {why}", why=run))
    return (*warn, *screening.cautions(diary, now))
