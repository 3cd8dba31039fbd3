"""Sets the eight steps of the article beside the plan that ships: what each point became, and what is missing."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from estim.config.care_plan import shipped
from estim.core.care.plan import Plan, Step, read_plan

ARTICLE = Path(__file__).parent.parent / "docs/article.toml"


@dataclass(frozen=True, slots=True)
class Point:
    """One point of the article: its step there, what it says, and by which words of which step the plan does it."""

    step: int
    says: str
    name: str
    by: str


def points() -> tuple[Point, ...]:
    """Return the article's points."""
    held = tomllib.loads(ARTICLE.read_text(encoding="utf-8"))["points"]
    return tuple(Point(one["step"], one["says"], one["in"], one["by"]) for one in held)


def plan() -> Plan:
    """Return the plan that ships."""
    return read_plan(shipped(), "eight-steps.toml")


def sentences(step: Step) -> tuple[str, ...]:
    """Return all that a step tells a person to do."""
    return (*step.how, step.text, step.how_long, step.note, step.light, step.warn)


def found(point: Point, held: Plan) -> str:
    """Return the sentence of the plan that does what a point says, "" if none does in the step that should."""
    step = next((one for one in held.steps if one.id == point.name), None)
    whole = None if step is None else next(one for one in held.steps if one.id == (step.part_of or step.id))
    if step is None or whole is None or held.number_of(whole) != point.step:
        return ""
    return next((sentence for sentence in sentences(step) if point.by in sentence), "")


def missing(article: Sequence[Point], held: Plan) -> list[str]:
    """Return the points that nothing in the plan does."""
    return [f"step {one.step}: {one.says}" for one in article if not found(one, held)]


def table() -> str:
    """Return the article's steps beside the plan's, one table for each step."""
    held = plan()
    lines: list[str] = []
    for number, step in enumerate(held.numbered, 1):
        lines += [f"### {number}. {step.title}", "", step.text, ""]
        lines += ["| the article | the plan | where |", "|---|---|---|"]
        lines += [
            f"| {one.says} | {found(one, held) or 'MISSING'} | `{one.name}` |" for one in points() if one.step == number
        ]
        for part in (step, *held.parts_of(step)):
            lines += ["", *_facts(part)]
        lines.append("")
    lines += ["### Sources", "", *(f"- `{source.id}`: {source.text}" for source in held.sources)]
    return "\n".join(lines)


def _facts(step: Step) -> list[str]:
    named = ", ".join(f"`{name}`" for name in step.sources)
    rows = [
        ("how long", step.how_long),
        ("write down", step.note),
        ("known", f"{step.evidence} {f'({named})' if named else ''}".strip()),
        ("take care", step.warn),
        ("after recovery", step.light or "not in the lighter plan"),
    ]
    head = f"**{step.title}** (`{step.id}`)" if step.part_of else ""
    return [*([head, ""] if head else []), *(f"- *{name}*: {text}" for name, text in rows if text)]
