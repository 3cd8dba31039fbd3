"""What `estim care` shows, without the parser in front of it, so that it is there at once."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from estim.cli.output import tell, wrapped
from estim.core.care.plan import Plan, Stage, Tick
from estim.core.care.standing import Standing, honesty_due, standing
from estim.core.days.diary import Check, Topic
from estim.core.errors import EstimError, Exit
from estim.journal.home_journal import opened

if TYPE_CHECKING:
    from estim.cli.flags import Flags

STAGES = {
    Stage.NOT_BEGUN: "not begun: estim care begin",
    Stage.REST: "resting",
    Stage.TRIAL: "a trial run is possible",
    Stage.MORNING: "waiting for the morning after the run",
    Stage.BUILD: "building up",
    Stage.LIGHT: "recovered: the lighter plan",
    Stage.ENDED: "the plan has ended",
}


def show_care(flags: "Flags") -> None:
    """Show where the person is, why, and what is on today's list."""
    with opened(flags.host) as journal:
        diary = journal.recent()
        plan = journal.plan
        now = standing(plan, diary, journal.now)
    honest = plan.honesty if honesty_due(diary) and now.stage is not Stage.NOT_BEGUN else ""
    if honest and not flags.as_json and not flags.host.simulate:
        _keep_quietly(flags, Check(at=journal.now, topic=Topic.CARE, about="honesty"))
    tell(flags, "care", _text(plan, now, honest), [_row(now)])


def _keep_quietly(flags: "Flags", entry: Check) -> None:
    """Keep that something was shown; on a disk that can't be written it is shown again."""
    try:
        with opened(flags.host, write=True) as journal:
            journal.enter(entry)
    except EstimError as error:
        if error.code is not Exit.CANT_CREATE:
            raise


def _text(plan: Plan, now: Standing, honest: str) -> str:
    head = f"{plan.title}: {STAGES[now.stage]}"
    if now.day:
        head += f" (day {now.day}, since {now.since})"
    lines = [head]
    if now.ended:
        lines.append(now.ended)
    lines += [f"  {'ok ' if gate.ok else 'no '} {gate.text}" for gate in now.gates]
    if now.today:
        lines += ["", "Today"]
        for item in now.today:
            box = " · " if item.tick is Tick.NONE else "[x]" if item.done else "[ ]"
            lines += [f"  {box} {item.step}: {item.text}", *_warned(item.warn)]
        lines.append("  a step in full, by its number or name: estim care show 4")
    lines += ["", *(f"-> {ask}" for ask in now.asks)] if now.asks else []
    lines += [f" ! {warning}" for warning in now.warnings]
    if now.programs:
        lines.append(f"programs now: {', '.join(now.programs)}")
    return "\n".join(wrapped([*lines, *(["", honest] if honest else [])]))


def _warned(warn: str) -> Sequence[str]:
    return [f"      ! {warn}"] if warn else []


def _row(now: Standing) -> dict[str, object]:
    return {
        "stage": now.stage,
        "step": now.step,
        "since": now.since,
        "day": now.day,
        "gates": now.gates,
        "today": now.today,
        "asks": now.asks,
        "warnings": now.warnings,
        "programs": now.programs,
        "ended": now.ended,
    }
