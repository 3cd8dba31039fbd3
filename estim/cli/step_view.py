"""What `estim care show 4` shows: one step of the plan in full, with its parts, and how well it is supported."""

from typing import TYPE_CHECKING

from estim.cli.arguments import wrong
from estim.cli.output import tell, wrapped
from estim.core.care.plan import Plan, Step
from estim.journal.home_journal import opened

if TYPE_CHECKING:
    from estim.cli.flags import Flags


def step_named(plan: Plan, word: str) -> Step:
    """Return the step that a word means; raises EstimError (2) if it means none, or several."""
    step = plan.find(word)
    if step is None:
        names = ", ".join(one.id for one in plan.steps)
        raise wrong(f"{word!r} is no step: say a number from 1 to {len(plan.numbered)}, or one of {names}")
    return step


def show_step(flags: "Flags", word: str) -> None:
    """Show a step with its parts."""
    with opened(flags.host) as journal:
        plan = journal.plan
    step = step_named(plan, word)
    shown = (step, *plan.parts_of(step))
    lines = [line for one in shown for line in (*_lines(plan, one), "")]
    tell(flags, "step", "\n".join(wrapped(lines)), [_row(plan, one) for one in shown])


def _lines(plan: Plan, step: Step) -> list[str]:
    lines = [_head(plan, step), f"  {step.text}"]
    lines += ["", "  How", *(f"    - {one}" for one in step.how)] if step.how else []
    for name, text in (("How long", step.how_long), ("Write down", step.note), ("Known", step.evidence)):
        lines += ["", f"  {name}", f"    {text}"] if text else []
    lines += [f"    [{source.id}] {source.text}" for source in plan.sources if source.id in step.sources]
    lines += ["", "  After recovery", f"    {step.light}"] if step.light else []
    lines += ["", f"  ! {step.warn}"] if step.warn else []
    return lines


def _head(plan: Plan, step: Step) -> str:
    number = plan.number_of(step)
    return f"{number}. {step.title} ({step.id})" if number else f"{step.title} ({step.id}, a part of {step.part_of})"


def _row(plan: Plan, step: Step) -> dict[str, object]:
    return {
        "step": step.id,
        "number": plan.number_of(step),
        "part_of": step.part_of,
        "title": step.title,
        "text": step.text,
        "how": step.how,
        "how_long": step.how_long,
        "note": step.note,
        "evidence": step.evidence,
        "sources": [source for source in plan.sources if source.id in step.sources],
        "light": step.light,
        "warn": step.warn,
    }
