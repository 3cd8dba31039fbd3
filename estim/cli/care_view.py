"""What `estim care` shows, without the parser in front of it, so that it is there at once."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from estim.cli.output import tell, wrapped
from estim.core.care.agenda import numbered
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


def show_care(flags: "Flags", *, short: bool = False) -> None:
    """Show where the person is, why, and what is on today's list; `short`: in a line or two."""
    with opened(flags.host) as journal:
        diary = journal.recent()
        plan = journal.plan
        now = standing(plan, diary, journal.now)
    if short:
        tell(flags, "care", _short(plan, now), [row_of(now)])
        return
    honest = plan.honesty if honesty_due(diary) and now.stage is not Stage.NOT_BEGUN else ""
    if honest and not flags.as_json and not flags.host.simulate:
        _keep_quietly(flags, Check(at=journal.now, topic=Topic.CARE, about="honesty"))
    tell(flags, "care", _text(plan, now, honest), [row_of(now)])


def _keep_quietly(flags: "Flags", entry: Check) -> None:
    """Keep that something was shown; on a disk that can't be written it is shown again."""
    try:
        with opened(flags.host, write=True) as journal:
            journal.enter(entry)
    except EstimError as error:
        if error.code is not Exit.CANT_CREATE:
            raise


def _short(plan: Plan, now: Standing) -> str:
    """Return the stage with its day, what is open today, and how many things are asked."""
    day = f", day {now.day}" if now.day else ""
    left = [
        f"{number} {item.step}"
        for number, item in numbered(plan, now.today)
        if not item.done and item.tick is not Tick.NONE
    ]
    open_ = f"; open today: {', '.join(left)}" if left else "; all of today is done" if now.today else ""
    shut = [gate.text for gate in now.gates if not gate.ok]
    more = [*([now.ended] if now.ended else []), *shut[:1]]
    asked = [f"{len(now.asks)} to answer: estim care"] if now.asks else []
    return "\n".join([f"{STAGES[now.stage]}{day}{open_}", *more, *asked])


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
        for number, item in numbered(plan, now.today):
            box = " · " if item.tick is Tick.NONE else "[x]" if item.done else "[ ]"
            lines += [f"  {box} {number or '·'} {item.step}: {item.text}", *_warned(item.warn)]
        lines.append("  a step in full, by its number or name: estim care show 4")
    lines += ["", *(f"-> {ask}" for ask in now.asks)] if now.asks else []
    lines += [f" ! {warning}" for warning in now.warnings]
    if now.programs:
        lines.append(f"programs now: {', '.join(now.programs)}")
    return "\n".join(wrapped([*lines, *(["", honest] if honest else [])]))


def _warned(warn: str) -> Sequence[str]:
    return [f"      ! {warn}"] if warn else []


def row_of(now: Standing) -> dict[str, object]:
    """Return where a person stands, as JSON has it."""
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
