"""Writes a program as a file that a person fills in: every field with its meaning and limits, in comments."""

import json
import textwrap
from dataclasses import replace

from estim.core.programs import fields as fields
from estim.core.programs.program import Caps, Phase, Program, Reraise, Rule
from estim.core.toml_table import Number, Text, Words
from protocols.score import Alternate, Curve, Steady, Sweep

HEAD = """\
# A program for estim. Change what you like, then: estim programs check FILE
# What begins with # is for you; take the # away before a field to use it. `estim programs schema` is for editors.
"""

START = Program(
    id="my-program",
    title="My program",
    kind="pain",
    site=("ankle-left", "ankle-right"),
    source="my own choice; nobody checked it",
    pads="One pad on each side of the sore place. Clean, dry, unbroken skin. One leg a channel.",
    phases=(Phase("steady", 1200.0, Steady(100.0), Steady(200.0)),),
    rule=Rule("sensory", "Strong but comfortable, no twitch.", Reraise(1, 300.0, 3)),
    caps=Caps(per_day=2),
)
"""What a new program begins with: conventional TENS for twenty minutes (programs.md, fact 1)."""

MINE = " (mine)"
COLUMNS = 100


def mine(program: Program, name: str) -> Program:
    """Return a program under another name, its title marked as the person's own."""
    title = program.title.removesuffix(MINE)[: fields.TITLE.longest - len(MINE)].rstrip()
    return replace(program, id=name, title=f"{title}{MINE}")


def written(program: Program) -> str:
    """Return a file that reads as the program."""
    caps = program.caps
    level = f"level_pct = {caps.level_pct or 50}"
    lines = [
        HEAD,
        "schema = 1",
        *_field("id", program.id, fields.ID),
        *_field("title", program.title, fields.TITLE),
        *_field("kind", program.kind, fields.KIND),
        *_field("site", list(program.site), fields.SITE),
        *_field("source", program.source, fields.SOURCE),
        *_field("pads", program.pads, fields.PADS),
        *_field("pad_cm2", program.pad_cm2, fields.PAD_CM2),
        f"\n# Phases: stretches with constant rules, one after the other, 1 to {fields.PHASES_MAX} of them.",
        "# Their lengths add up to no more than caps.minutes; 2 x rate x width is at most "
        f"{fields.DUTY_MAX:.0%} of the time.",
        *_first(program.phases[0]),
        *(line for phase in program.phases[1:] for line in ("", *_next(phase))),
        "\n[rule]",
        *_rule(program.rule),
        "\n[caps]",
        *_field("minutes", caps.minutes, fields.MINUTES),
        *_field("per_day", caps.per_day, fields.PER_DAY),
        *_comment(_says(fields.CAP_LEVEL_PCT)),
        level if caps.level_pct is not None else f"# {level}",
        *_device(program),
    ]
    return "\n".join(lines) + "\n"


def _first(phase: Phase) -> list[str]:
    """Return a phase with all its fields explained, those that it hasn't as comments."""
    steps = isinstance(phase.rate_hz, Alternate)
    example = "# alternate = [{ rate_hz = 2, length_s = 3 }, { rate_hz = 80, length_s = 3 }]"
    sweep = "or a sweep there and back, like the next line, cycle_s"
    return [
        "[[phases]]",
        *_field("title", phase.title, fields.PHASE_TITLE),
        *_field("length_s", phase.length_s, fields.LENGTH_S),
        *_comment(f"{_says(fields.RATE_HZ)}; {sweep} {fields.RATE_CYCLE_S.range}"),
        "# rate_hz = { first = 50, second = 100, cycle_s = 2 }",
        *([] if steps else [f"rate_hz = {_curve(phase.rate_hz)}"]),
        *_comment(
            f"instead of rate_hz, 1 to {fields.STEPS_MAX} steps in turn, each {fields.STEP_S.range}; they may have "
            "width_us too, then all of them, and the phase has none"
        ),
        *(_alternate(phase) if steps else [example]),
        *_comment(f"{_says(fields.WIDTH_US)}; {sweep} {fields.WIDTH_CYCLE_S.range}"),
        "# width_us = { first = 50, second = 100, cycle_s = 2 }",
        *([] if isinstance(phase.width_us, Alternate) else [f"width_us = {_curve(phase.width_us)}"]),
        *_comment(f"bursts: on_s with pulses, {fields.BURST_ON_S.range}, off_s without, {fields.BURST_OFF_S.range}"),
        *(_burst(phase) or ["# burst = { on_s = 0.1, off_s = 0.4 }"]),
        *_comment(
            f"contractions: rise up_s {fields.UP_S.range}, hold on_s {fields.ON_S.range}, fall down_s "
            f"{fields.DOWN_S.range}, rest off_s {fields.OFF_S.range}"
        ),
        *(_envelope(phase) or ["# envelope = { up_s = 2, on_s = 6, down_s = 1, off_s = 11 }"]),
        *_field("level_pct", phase.level_pct, fields.LEVEL_PCT),
        *_field("note", phase.note, fields.NOTE),
    ]


def _next(phase: Phase) -> list[str]:
    """Return a phase with the fields that it has."""
    steps = isinstance(phase.rate_hz, Alternate)
    return [
        "[[phases]]",
        f"title = {_value(phase.title)}",
        f"length_s = {_value(phase.length_s)}",
        *(_alternate(phase) if steps else [f"rate_hz = {_curve(phase.rate_hz)}"]),
        *([] if isinstance(phase.width_us, Alternate) else [f"width_us = {_curve(phase.width_us)}"]),
        *_burst(phase),
        *_envelope(phase),
        *([] if phase.level_pct == fields.LEVEL_PCT.default else [f"level_pct = {phase.level_pct}"]),
        *([f"note = {_value(phase.note)}"] if phase.note else []),
    ]


def _burst(phase: Phase) -> list[str]:
    one = phase.burst
    return [] if one is None else [f"burst = {{ on_s = {_value(one.on_s)}, off_s = {_value(one.off_s)} }}"]


def _envelope(phase: Phase) -> list[str]:
    one = phase.envelope
    if one is None:
        return []
    times = {"up_s": one.up_s, "on_s": one.on_s, "down_s": one.down_s, "off_s": one.off_s}
    return [f"envelope = {{ {', '.join(f'{name} = {_value(time_s)}' for name, time_s in times.items())} }}"]


def _alternate(phase: Phase) -> list[str]:
    rates = phase.rate_hz
    widths = phase.width_us
    assert isinstance(rates, Alternate), "only steps are written as such"
    wide = [f", width_us = {_value(width_us)}" for width_us, _ in widths.steps] if isinstance(widths, Alternate) else []
    steps = [
        f"{{ rate_hz = {_value(rate_hz)}{wide[index] if wide else ''}, length_s = {_value(length_s)} }}"
        for index, (rate_hz, length_s) in enumerate(rates.steps)
    ]
    return [f"alternate = [{', '.join(steps)}]"]


def _rule(rule: Rule) -> list[str]:
    one = rule.reraise
    text = rule.text if one is None else rule.text.removesuffix(f" {one.words}")
    shown = Reraise(1, 300.0, 3) if one is None else one
    table = f"reraise = {{ step = {shown.step}, every_s = {_value(shown.every_s)}, max = {shown.max} }}"
    return [
        *_field("target", rule.target, fields.TARGET),
        *_field("text", text, fields.RULE_TEXT),
        *_comment(
            f"what may be offered when the feeling fades, never done by itself: step {fields.RERAISE_STEP.range}, "
            f"every_s {fields.RERAISE_S.range}, max {fields.RERAISE_MAX.range}"
        ),
        table if one is not None else f"# {table}",
    ]


def _device(program: Program) -> list[str]:
    lines = ["", *_comment(f"for a unit that plays programs of its own: its number, {fields.DEVICE_PROGRAM.range}")]
    for family, number in program.numbers.items():
        lines += [f"[device.{_key(family)}]", f"program = {number}"]
    return lines if program.numbers else [*lines, "# [device.em70]", "# program = 9"]


def _field(key: str, value: object, field: Number | Text | Words) -> list[str]:
    return [*_comment(_says(field)), f"{key} = {_value(value)}"]


def _comment(text: str) -> list[str]:
    return textwrap.wrap(text, COLUMNS, initial_indent="# ", subsequent_indent="#   ", break_long_words=False)


def _says(field: Number | Text | Words) -> str:
    match field:
        case Number():
            usual = "" if field.default is None else f" (without it {field.default:g})"
            return f"{field.says}: {field.range}{usual}"
        case Text():
            form = f"{field.form}, " if field.form else ""
            return f"{field.says}: {form}at most {field.longest} characters"
        case Words():
            return f"{field.says}: {field.range}"


def _curve(curve: Curve) -> str:
    match curve:
        case Steady(value):
            return _value(value)
        case Sweep(first, second, cycle_s):
            return f"{{ first = {_value(first)}, second = {_value(second)}, cycle_s = {_value(cycle_s)} }}"
        case Alternate():
            raise ValueError("steps are written as alternate")


def _key(name: str) -> str:
    return name if name.isascii() and name.isidentifier() else _value(name)


def _value(value: object) -> str:
    """Return a value as TOML; its basic strings take what JSON escapes."""
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)
