"""Writes a program as a file that a person fills in: every field with its meaning and limits, in comments.

Comments are in the person's language, and so are our own texts that stand in it: from here on they are the person's.
"""

import json
import textwrap
from collections.abc import Mapping

from estim.core.programs import fields as fields
from estim.core.programs.program import Caps, Phase, Program, Reraise, Rule
from estim.core.toml_table import Number, Text, Words
from estim.core.translation import mark, tr, tr_text
from estim.core.values import replace
from protocols.score import Alternate, Curve, Steady, Sweep

HEAD = (
    mark("A program for estim. Change what you like, then: estim programs check FILE"),
    mark(
        "What begins with # is for you; take the # away before a field to use it. `estim programs schema` is for "
        "editors."
    ),
)

START = Program(
    id="my-program",
    title=mark("My program"),
    kind="pain",
    site=("ankle-left", "ankle-right"),
    source=mark("my own choice; nobody checked it"),
    pads=mark("One pad on each side of the sore place. Clean, dry, unbroken skin. One leg a channel."),
    phases=(Phase(mark("steady"), 1200.0, Steady(100.0), Steady(200.0)),),
    rule=Rule("sensory", mark("Strong but comfortable, no twitch."), Reraise(1, 300.0, 3)),
    caps=Caps(per_day=2),
)
"""What a new program begins with: conventional TENS for twenty minutes (programs.md, fact 1)."""

MINE = mark(" (mine)")
COLUMNS = 100

STEPS = (
    "# alternate = [{ rate_hz = 2, length_s = 3 }, { rate_hz = 80, length_s = 3 }]"  # untranslated: a line of a file
)
SWEEP_RATE = "# rate_hz = { first = 50, second = 100, cycle_s = 2 }"  # untranslated: a line of a file
SWEEP_WIDTH = "# width_us = { first = 50, second = 100, cycle_s = 2 }"  # untranslated: a line of a file
BURST = "# burst = { on_s = 0.1, off_s = 0.4 }"  # untranslated: a line of a file
ENVELOPE = "# envelope = { up_s = 2, on_s = 6, down_s = 1, off_s = 11 }"  # untranslated: a line of a file
NUMBER = ("[device.em70]", "program = 9")  # untranslated: lines of a file


def mine(program: Program, name: str) -> Program:
    """Return a program under another name, its title marked as the person's own."""
    behind = tr_text(MINE)
    title = tr_text(program.title).removesuffix(behind)[: fields.TITLE.longest - len(behind)].rstrip()
    return replace(program, id=name, title=f"{title}{behind}")


def written(program: Program) -> str:
    """Return a file that reads as the program."""
    caps = program.caps
    level = _line("level_pct", caps.level_pct or 50)
    lines = [
        *(f"# {tr_text(line)}" for line in HEAD),
        "",
        "schema = 1",  # untranslated: a line of the file
        *_field("id", program.id, fields.ID),
        *_field("title", tr_text(program.title), fields.TITLE),
        *_field("kind", program.kind, fields.KIND),
        *_field("site", list(program.site), fields.SITE),
        *_field("source", tr_text(program.source), fields.SOURCE),
        *_field("pads", tr_text(program.pads), fields.PADS),
        *_field("pictures", list(program.pictures), fields.PICTURES),
        *_field("pad_cm2", program.pad_cm2, fields.PAD_CM2),
        "",
        *_comment(
            tr(
                "Phases: stretches with constant rules, one after the other, 1 to {most} of them.",
                most=fields.PHASES_MAX,
            )
        ),
        *_comment(
            tr(
                "Their lengths add up to no more than caps.minutes; 2 x rate x width is at most {most:.0f}% of the "
                "time.",
                most=fields.DUTY_MAX * 100,
            )
        ),
        *_first(program.phases[0]),
        *(line for phase in program.phases[1:] for line in ("", *_next(phase))),
        "",
        "[rule]",
        *_rule(program.rule),
        "",
        "[caps]",
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
    return [
        "[[phases]]",
        *_field("title", tr_text(phase.title), fields.PHASE_TITLE),
        *_field("length_s", phase.length_s, fields.LENGTH_S),
        *_comment(_or_sweep(fields.RATE_HZ, fields.RATE_CYCLE_S)),
        SWEEP_RATE,
        *([] if steps else [_set("rate_hz", _curve(phase.rate_hz))]),
        *_comment(
            tr(
                "instead of rate_hz, 1 to {most} steps in turn, each {range}; they may have width_us too, then all of "
                "them, and the phase has none",
                most=fields.STEPS_MAX,
                range=fields.STEP_S.range,
            )
        ),
        *(_alternate(phase) if steps else [STEPS]),
        *_comment(_or_sweep(fields.WIDTH_US, fields.WIDTH_CYCLE_S)),
        SWEEP_WIDTH,
        *([] if isinstance(phase.width_us, Alternate) else [_set("width_us", _curve(phase.width_us))]),
        *_comment(_bursts()),
        *(_burst(phase) or [BURST]),
        *_comment(_contractions()),
        *(_envelope(phase) or [ENVELOPE]),
        *_field("level_pct", phase.level_pct, fields.LEVEL_PCT),
        *_field("note", tr_text(phase.note), fields.NOTE),
    ]


def _or_sweep(field: Number, cycle: Number) -> str:
    return tr(
        "{field}; or a sweep there and back, like the next line, cycle_s {range}", field=_says(field), range=cycle.range
    )


def _bursts() -> str:
    return tr(
        "bursts: on_s with pulses, {on}, off_s without, {off}",
        on=fields.BURST_ON_S.range,
        off=fields.BURST_OFF_S.range,
    )


def _contractions() -> str:
    return tr(
        "contractions: rise up_s {up}, hold on_s {on}, fall down_s {down}, rest off_s {off}",
        up=fields.UP_S.range,
        on=fields.ON_S.range,
        down=fields.DOWN_S.range,
        off=fields.OFF_S.range,
    )


def _next(phase: Phase) -> list[str]:
    """Return a phase with the fields that it has."""
    steps = isinstance(phase.rate_hz, Alternate)
    return [
        "[[phases]]",
        _line("title", tr_text(phase.title)),
        _line("length_s", phase.length_s),
        *(_alternate(phase) if steps else [_set("rate_hz", _curve(phase.rate_hz))]),
        *([] if isinstance(phase.width_us, Alternate) else [_set("width_us", _curve(phase.width_us))]),
        *_burst(phase),
        *_envelope(phase),
        *([] if phase.level_pct == fields.LEVEL_PCT.default else [_line("level_pct", phase.level_pct)]),
        *([_line("note", tr_text(phase.note))] if phase.note else []),
    ]


def _burst(phase: Phase) -> list[str]:
    one = phase.burst
    return [] if one is None else [_set("burst", _inner({"on_s": one.on_s, "off_s": one.off_s}))]


def _envelope(phase: Phase) -> list[str]:
    one = phase.envelope
    if one is None:
        return []
    times = {"up_s": one.up_s, "on_s": one.on_s, "down_s": one.down_s, "off_s": one.off_s}
    return [_set("envelope", _inner(times))]


def _alternate(phase: Phase) -> list[str]:
    rates = phase.rate_hz
    widths = phase.width_us
    assert isinstance(rates, Alternate), "only steps are written as such"  # untranslated: a bug's words
    wide = [{"width_us": width_us} for width_us, _ in widths.steps] if isinstance(widths, Alternate) else []
    steps = [
        _inner({"rate_hz": rate_hz, **(wide[index] if wide else {}), "length_s": length_s})
        for index, (rate_hz, length_s) in enumerate(rates.steps)
    ]
    return [_set("alternate", f"[{', '.join(steps)}]")]


def _rule(rule: Rule) -> list[str]:
    one = rule.reraise
    shown = Reraise(1, 300.0, 3) if one is None else one
    table = _set("reraise", _inner({"step": shown.step, "every_s": shown.every_s, "max": shown.max}))
    return [
        *_field("target", rule.target, fields.TARGET),
        *_field("text", tr_text(rule.said), fields.RULE_TEXT),
        *_comment(
            tr(
                "what may be offered when the feeling fades, never done by itself: step {step}, every_s {every}, max "
                "{most}",
                step=fields.RERAISE_STEP.range,
                every=fields.RERAISE_S.range,
                most=fields.RERAISE_MAX.range,
            )
        ),
        table if one is not None else f"# {table}",
    ]


def _device(program: Program) -> list[str]:
    says = tr("for a unit that plays programs of its own: its number, {range}", range=fields.DEVICE_PROGRAM.range)
    lines = ["", *_comment(says)]
    for family, number in program.numbers.items():
        lines += [f"[device.{_key(family)}]", _line("program", number)]
    return lines if program.numbers else [*lines, *(f"# {line}" for line in NUMBER)]


def _field(key: str, value: object, field: Number | Text | Words) -> list[str]:
    return [*_comment(_says(field)), _line(key, value)]


def _line(key: str, value: object) -> str:
    return _set(key, _value(value))


def _set(key: str, value: str) -> str:
    """Return a line of a file; `value` is TOML already."""
    return f"{key} = {value}"


def _inner(values: Mapping[str, object]) -> str:
    """Return a table within a line."""
    return f"{{ {', '.join(_line(key, value) for key, value in values.items())} }}"


def _comment(text: str) -> list[str]:
    return textwrap.wrap(
        text,
        COLUMNS,
        initial_indent="# ",
        subsequent_indent="#   ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _says(field: Number | Text | Words) -> str:
    match field:
        case Number():
            if field.default is None:
                return f"{tr_text(field.says)}: {field.range}"
            usual = f"{field.default:g}"  # with a point in every language, as a file has to have it
            return tr(
                "{meaning}: {range} (without it {usual})", meaning=tr_text(field.says), range=field.range, usual=usual
            )
        case Text():
            most = tr("at most {count} characters", count=field.longest)
            form = [tr_text(field.form)] if field.form else []
            return f"{tr_text(field.says)}: {', '.join([*form, most])}"
        case Words():
            return f"{tr_text(field.says)}: {field.range}"


def _curve(curve: Curve) -> str:
    match curve:
        case Steady(value):
            return _value(value)
        case Sweep(first, second, cycle_s):
            return _inner({"first": first, "second": second, "cycle_s": cycle_s})
        case Alternate():
            raise ValueError("steps are written as alternate")


def _key(name: str) -> str:
    return name if name.isascii() and name.isidentifier() else _value(name)


def _value(value: object) -> str:
    """Return a value as TOML; its basic strings take what JSON escapes."""
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)
