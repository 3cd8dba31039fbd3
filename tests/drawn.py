"""Draws programs for property tests: what a right file holds, its fields within their limits and fitting each other."""

from typing import Any

from hypothesis import strategies as st

from estim.core.programs import fields as fields
from estim.core.toml_table import Number, Text, Words

Data = dict[str, Any]


def value_of(field: Number | Text | Words) -> st.SearchStrategy[Any]:
    match field:
        case Number(whole=True):
            return st.integers(int(field.lo), int(field.hi))
        case Number():
            return st.one_of(st.integers(int(field.lo) + 1, int(field.hi)), st.floats(field.lo, field.hi))
        case Text(pattern=""):
            plain = st.text("abc µé→\n", min_size=1, max_size=min(60, field.longest))
            return plain.filter(lambda text: bool(text.strip()))
        case Text():
            return st.from_regex(field.pattern, fullmatch=True).filter(lambda text: len(text) <= field.longest)
        case Words():
            return st.sampled_from(field.words)


@st.composite
def phases(draw: st.DrawFn, most_s: float) -> Data:
    """Draw a phase whose fields fit each other: slow and narrow enough for any neighbour."""
    narrow = st.floats(20, 333)  # 10 % of the time at the highest rate, so never too wide for a neighbour's either
    phase: Data = {"title": draw(value_of(fields.PHASE_TITLE)), "length_s": draw(st.floats(2, most_s))}
    form = draw(st.sampled_from(["steady", "sweep", "steps", "wide steps"]))
    if form == "steady":
        phase |= {"rate_hz": draw(st.floats(40, 150)), "width_us": draw(narrow)}
        if draw(st.booleans()):
            phase["burst"] = {"on_s": draw(value_of(fields.BURST_ON_S)), "off_s": draw(value_of(fields.BURST_OFF_S))}
    elif form == "sweep":
        phase["rate_hz"] = {"first": draw(st.floats(1, 150)), "second": draw(st.floats(1, 150)), "cycle_s": 2.5}
        phase["width_us"] = {"first": draw(narrow), "second": draw(narrow), "cycle_s": draw(st.floats(1, 600))}
    else:
        count = draw(st.integers(1, 8))
        steps = [{"rate_hz": draw(value_of(fields.RATE_HZ)), "length_s": draw(st.floats(2, 9))} for _ in range(count)]
        phase["alternate"] = steps if form == "steps" else [step | {"width_us": draw(narrow)} for step in steps]
        if form == "steps":
            phase["width_us"] = draw(narrow)
    if phase["length_s"] > 30 and draw(st.booleans()):
        phase["envelope"] = {"up_s": draw(st.floats(1, 9)), "on_s": draw(st.floats(0, 9)), "down_s": 1, "off_s": 9}
    optional: dict[str, Number | Text] = {"level_pct": fields.LEVEL_PCT, "note": fields.NOTE}
    return phase | {key: draw(value_of(field)) for key, field in optional.items() if draw(st.booleans())}


@st.composite
def right_ones(draw: st.DrawFn) -> Data:
    count = draw(st.integers(1, 4))
    minutes = draw(st.floats(1, 30))
    entries: dict[str, Text | Words] = {
        "id": fields.ID,
        "title": fields.TITLE,
        "kind": fields.KIND,
        "source": fields.SOURCE,
    }
    data: Data = {"schema": 1, "caps": {"minutes": minutes}, "pads": draw(value_of(fields.PADS))}
    data |= {key: draw(value_of(field)) for key, field in entries.items()}
    data["phases"] = [draw(phases(minutes * 60 / count)) for _ in range(count)]
    data["rule"] = {"target": draw(value_of(fields.TARGET)), "text": draw(value_of(fields.RULE_TEXT))}
    if draw(st.booleans()):
        data["site"] = draw(st.lists(value_of(fields.SITE), max_size=3))
    if draw(st.booleans()):
        data["pad_cm2"] = draw(value_of(fields.PAD_CM2))
    if draw(st.booleans()):
        data["device"] = {"em70": {"program": draw(value_of(fields.DEVICE_PROGRAM))}}
    return data
