"""What a home adds to its diary when slots are judged: the hours before runs by its plan, the dose of its programs.

Both are read only where they decide: a diary without a run asks for no plan, one without an extra session for no
program. What is wrong in them is told where they are shown or played; here the usual figures stand in, so that
reminders go on.
"""

from collections.abc import Callable
from datetime import datetime
from functools import cache

from estim.catalogue.programs import find_program
from estim.config.care_plan import read_own_plan
from estim.config.paths import Home
from estim.config.settings import Settings
from estim.core.care.quiet import quiet_spans
from estim.core.days.diary import Diary, Topic
from estim.core.days.dose import DAY_SESSIONS
from estim.core.days.legs import ANYWHERE, leg_of
from estim.core.days.outcomes import Terms
from estim.core.errors import EstimError
from estim.core.programs.program import Program
from estim.journal.turns import families_of, turn_of

USUAL_QUIET_H = 4.0
"""The fewest hours without a session before a run (safety.md C-30)."""


def terms_of(home: Home, settings: Settings, diary: Diary) -> Terms:
    """Return them."""
    runs = diary.runs or any(check.topic is Topic.RUN_PLANNED for check in diary.checks)
    quiet = quiet_spans(_quiet_h(home), settings.minutes, diary) if runs else ()

    @cache
    def program_of(name: str) -> Program | None:
        try:
            return find_program(home.programs, name)
        except EstimError:
            return None

    def per_day(name: str) -> int:
        program = program_of(name)
        return DAY_SESSIONS if program is None else program.caps.per_day

    def sites(name: str) -> tuple[str, ...] | None:
        program = program_of(name)
        return None if program is None else program.site

    @cache
    def turn() -> Callable[[datetime], str]:
        return turn_of(home, settings.schedule, families_of(home, diary.sessions))

    leg = leg_of((settings.site or ANYWHERE,))
    return Terms(quiet, per_day, lambda at: turn()(at), leg, sites)


def _quiet_h(home: Home) -> float:
    try:
        return read_own_plan(home.plan_file).quiet_before_run_h
    except EstimError:
        return USUAL_QUIET_H
