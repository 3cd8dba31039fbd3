"""Makes the JSON schema of program files (draft 2020-12), for editors, from the fields that the loader reads.

What ties fields to each other can't be said in a schema: `rules` lists it, the loader checks it. Descriptions are for
people, so they are in their language; the file that is shipped is made where none is chosen, in English.
"""

from estim.core.programs import fields as fields
from estim.core.toml_table import Number, Text, Words
from estim.core.translation import tr, tr_text
from protocols.score import FADE_S

Schema = dict[str, object]

CONTROLS = r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f"
PLAIN = f"^[^{CONTROLS}]*$"
FILLED = f"^[^{CONTROLS}]*[^{CONTROLS}\\s][^{CONTROLS}]*$"
"""A text without control signs, and one that isn't blank either."""


def rules() -> tuple[str, ...]:
    """Return what the loader checks beyond the schema, for people."""
    return (
        tr("the lengths of all phases add up to no more than caps.minutes"),
        tr(
            "2 x rate x width is at most {most:.0f}%, also while a width changes and meets the next rate",
            most=fields.DUTY_MAX * 100,
        ),
        tr("a burst holds at least one pulse of the slowest rate"),
        tr("one cycle of an envelope is no longer than its phase"),
        tr("steps of alternate whose widths differ last {seconds:g} s or more", seconds=FADE_S),
        tr("a picture shows a place that is in site"),
        tr("texts hold printable characters and line breaks only; no number is nan"),
    )


def schema() -> Schema:
    tables: dict[str, Schema] = {
        "rule": _rule(),
        "caps": _table(minutes=fields.MINUTES, per_day=fields.PER_DAY, level_pct=fields.CAP_LEVEL_PCT)
        | {"required": [], "description": tr("limits of this program's own; stricter ones hold all the same")},
        "device": {
            "type": "object",
            "additionalProperties": _table(program=fields.DEVICE_PROGRAM),
            "description": tr("by family, for units that play programs of their own: [device.em70] with program = 9"),
        },
    }
    top = _table(
        schema=fields.SCHEMA,
        id=fields.ID,
        title=fields.TITLE,
        kind=fields.KIND,
        site=_many(fields.SITE),
        source=fields.SOURCE,
        pads=fields.PADS,
        pictures=_many(fields.PICTURES),
        pad_cm2=fields.PAD_CM2,
        phases=_list(_phase(), fields.PHASES_MAX, tr("one after the other, without gaps")),
        **tables,
    )
    head: Schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "estim program",  # untranslated: the name of the schema
        "description": tr(
            "Not in this schema, and checked by `estim programs check`: {rules}.", rules="; ".join(rules())
        ),
    }
    optional = {"site", "pictures", "pad_cm2", "caps", "device"}
    return head | top | {"required": [name for name in _names(top) if name not in optional]}


def _phase() -> Schema:
    """A phase has a rate and a width, or steps with rates, which may have the widths too."""
    step = _table(rate_hz=fields.RATE_HZ, length_s=fields.STEP_S, width_us=fields.WIDTH_US)
    step["required"] = ["rate_hz", "length_s"]
    phase = _table(
        title=fields.PHASE_TITLE,
        length_s=fields.LENGTH_S,
        rate_hz=_curve(fields.RATE_HZ, fields.RATE_CYCLE_S),
        width_us=_curve(fields.WIDTH_US, fields.WIDTH_CYCLE_S),
        alternate=_list(step, fields.STEPS_MAX, tr("instead of rate_hz: steps in turn")),
        burst=_table(on_s=fields.BURST_ON_S, off_s=fields.BURST_OFF_S),
        envelope=_table(up_s=fields.UP_S, on_s=fields.ON_S, down_s=fields.DOWN_S, off_s=fields.OFF_S),
        level_pct=fields.LEVEL_PCT,
        note=fields.NOTE,
    )
    with_width = {"items": {"required": ["width_us"]}}
    without = {"items": {"properties": {"width_us": False}}}
    by_steps: Schema = {
        "properties": {"rate_hz": False},
        "anyOf": [
            {"properties": {"alternate": with_width, "width_us": False}},
            {"properties": {"alternate": without}, "required": ["width_us"]},
        ],
    }
    return phase | {
        "required": ["title", "length_s"],
        "if": {"required": ["alternate"]},
        "then": by_steps,
        "else": {"required": ["rate_hz", "width_us"]},
    }


def _curve(field: Number, cycle: Number) -> Schema:
    sweep = _table(first=field, second=field, cycle_s=cycle)
    sweep["description"] = tr("a sweep: from first to second and back in cycle_s")
    either = tr("{meaning}, {range}, or a sweep", meaning=tr_text(field.says), range=field.range)
    return {"anyOf": [_of(field), sweep], "description": either}


def _rule() -> Schema:
    reraise = _table(step=fields.RERAISE_STEP, every_s=fields.RERAISE_S, max=fields.RERAISE_MAX)
    reraise["description"] = tr("what may be offered when the feeling fades; nothing is ever raised by itself")
    rule = _table(target=fields.TARGET, text=fields.RULE_TEXT, reraise=reraise)
    says = tr("how strong it should feel; the person sets it")
    return rule | {"required": ["target", "text"], "description": says}


def _table(**entries: Number | Text | Words | Schema) -> Schema:
    """Return a table of these fields only, all of them required."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(entries),
        "properties": {name: entry if isinstance(entry, dict) else _of(entry) for name, entry in entries.items()},
    }


def _names(table: Schema) -> list[str]:
    properties = table["properties"]
    assert isinstance(properties, dict)
    return list(properties)


def _list(item: Schema, most: int, says: str) -> Schema:
    return {"type": "array", "minItems": 1, "maxItems": most, "items": item, "description": says}


def _many(field: Words) -> Schema:
    return {"type": "array", "items": {"enum": list(field.words)}, "description": tr_text(field.says), "default": []}


def _of(field: Number | Text | Words) -> Schema:
    match field:
        case Number():
            made: Schema = {
                "type": "integer" if field.whole else "number",
                "minimum": field.lo,
                "maximum": field.hi,
                "description": f"{tr_text(field.says)}; {field.range}",
            }
        case Text():
            pattern = f"^{field.pattern}$" if field.pattern else PLAIN if field.default is not None else FILLED
            made = {
                "type": "string",
                "maxLength": field.longest,
                "pattern": pattern,
                "description": tr_text(field.says),
            }
        case Words():
            made = {"enum": list(field.words), "description": tr_text(field.says)}
    default = None if isinstance(field, Words) else field.default
    return made if default is None else made | {"default": default}
