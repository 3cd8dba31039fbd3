"""What `estim care` shows, without the parser in front of it, so that it is there at once."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from estim.cli.output import tell, wrapped
from estim.core.care.agenda import numbered
from estim.core.care.plan import Plan, Stage, Tick
from estim.core.care.stage_text import stage_told
from estim.core.care.standing import Standing, honesty_due, standing
from estim.core.days.diary import Check, Topic
from estim.core.errors import EstimError, Exit
from estim.core.translation import mark, tr, tr_text
from estim.journal.home_journal import opened

if TYPE_CHECKING:
    from estim.cli.flags import Flags

GATE_IS_SO = mark("ok", "gate")
GATE_IS_NOT = mark("no", "gate")


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
    left = [
        f"{number} {item.step}"
        for number, item in numbered(plan, now.today)
        if not item.done and item.tick is not Tick.NONE
    ]
    head = stage_told(now.stage, tr("not begun: estim care begin"))
    if now.day:
        head = tr("{stage}, day {day}", stage=head, day=now.day)
    if left:
        head += "; " + tr("open today: {steps}", steps=", ".join(left))
    elif now.today:
        head += "; " + tr("all of today is done")
    shut = [gate.text for gate in now.gates if not gate.ok]
    more = [*([now.ended] if now.ended else []), *shut[:1]]
    asked = [tr("{count} to answer: estim care", count=len(now.asks))] if now.asks else []
    return "\n".join([head, *more, *asked])


def _text(plan: Plan, now: Standing, honest: str) -> str:
    lines = [_head(plan, now)]
    if now.ended:
        lines.append(now.ended)
    lines += _gates(now)
    if now.today:
        lines += ["", tr("Today")]
        for number, item in numbered(plan, now.today):
            box = " · " if item.tick is Tick.NONE else "[x]" if item.done else "[ ]"
            lines += [f"  {box} {number or '·'} {item.step}: {tr_text(item.text)}", *_warned(tr_text(item.warn))]
        lines.append(tr("  a step in full, by its number or name: estim care show 4"))
    lines += ["", *(f"-> {ask}" for ask in now.asks)] if now.asks else []
    lines += [f" ! {warning}" for warning in now.warnings]
    if now.programs:
        lines.append(tr("programs now: {programs}", programs=", ".join(now.programs)))
    return "\n".join(wrapped([*lines, *(["", tr_text(honest)] if honest else [])]))


def _head(plan: Plan, now: Standing) -> str:
    title = tr_text(plan.title)
    stage = stage_told(now.stage, tr("not begun: estim care begin"))
    if now.day:
        return tr("{title}: {stage} (day {day}, since {since})", title=title, stage=stage, day=now.day, since=now.since)
    return f"{title}: {stage}"


def _gates(now: Standing) -> list[str]:
    """Return what has to be so before the next stage, each behind a word that says whether it is."""
    so = tr_text(GATE_IS_SO, "gate")
    not_so = tr_text(GATE_IS_NOT, "gate")
    width = max(len(so), len(not_so))
    return [f"  {so if gate.ok else not_so:<{width}}  {gate.text}" for gate in now.gates]


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
