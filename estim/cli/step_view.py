"""What `estim care show 4` shows: one step of the plan in full, with its parts, and how well it is supported."""

from typing import TYPE_CHECKING

from estim.cli.arguments import wrong
from estim.cli.output import tell, wrapped
from estim.core.care.plan import Plan, Step
from estim.core.translation import tr, tr_text
from estim.journal.home_journal import opened

if TYPE_CHECKING:
    from estim.cli.flags import Flags


def step_named(plan: Plan, word: str) -> Step:
    """Return the step that a word means; raises EstimError (2) if it means none, or several."""
    step = plan.find(word)
    if step is None:
        names = ", ".join(one.id for one in plan.steps)
        count = len(plan.numbered)
        text = tr(
            "{word!r} isn't a step: say a number from 1 to {count}, or one of {names}",
            word=word,
            count=count,
            names=names,
        )
        raise wrong(text)
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
    lines = [_head(plan, step), f"  {tr_text(step.text)}"]
    lines += ["", tr("  How"), *(f"    - {tr_text(one)}" for one in step.how)] if step.how else []
    for name, text in ((tr("How long"), step.how_long), (tr("Write down"), step.note), (tr("Known"), step.evidence)):
        lines += ["", f"  {name}", f"    {tr_text(text)}"] if text else []
    lines += [f"    [{source.id}] {tr_text(source.text)}" for source in plan.sources if source.id in step.sources]
    lines += ["", tr("  After recovery"), f"    {tr_text(step.light)}"] if step.light else []
    lines += ["", f"  ! {tr_text(step.warn)}"] if step.warn else []
    return lines


def _head(plan: Plan, step: Step) -> str:
    number = plan.number_of(step)
    title = tr_text(step.title)
    if number:
        return f"{number}. {title} ({step.id})"
    return tr("{title} ({step}, a part of {whole})", title=title, step=step.id, whole=step.part_of)


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
