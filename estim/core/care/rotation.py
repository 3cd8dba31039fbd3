"""Fits a care plan to a home: the schedule's programs serve its steps, and what the unit refuses isn't offered.

Rules:
1. A step that is ticked off by sessions is done by its own programs, and by any of the schedule's that are of the kind
   of one of them: who changes pads between ankle and calf has done what the step asks for.
2. A program that the unit refuses is named to nobody; sessions that were played with it count all the same.
"""

from collections.abc import Callable, Sequence

from estim.core.care.plan import Plan, Step, Tick
from estim.core.values import replace


def fitted(plan: Plan, scheduled: Sequence[str], kind: Callable[[str], str], refuses: Callable[[str], bool]) -> Plan:
    """Return the plan for a home; `kind` of a program that isn't there is ""."""
    named = dict.fromkeys(program for step in plan.steps for program in step.programs)
    return replace(
        plan,
        steps=tuple(replace(step, served_by=_serving(step, scheduled, kind)) for step in plan.steps),
        refused=frozenset(program for program in named if refuses(program)),
    )


def _serving(step: Step, scheduled: Sequence[str], kind: Callable[[str], str]) -> tuple[str, ...]:
    others = [program for program in scheduled if program not in step.programs]
    if step.tick is not Tick.SESSIONS or not step.programs or not others:
        return ()
    kinds = {kind(program) for program in step.programs} - {""}
    return tuple(program for program in others if kind(program) in kinds)
