"""Reads program files: every field checked against the limits of consumer units, and all mistakes told at once.

Rules:
1. A mistake names file and field, what was found and what is allowed. An unknown field is one, and gets a guess.
2. A file that loads is safe to look at, not yet to play: the Guard's caps hold all the same.
3. A width never jumps: it changes in a sweep, or by a cross-fade between two phases or two steps that are long enough.
   While it does, the wider pulse may meet the higher rate, so the duty is reckoned with both.
"""

from collections.abc import Mapping
from itertools import pairwise

from estim.core.errors import ProgramError
from estim.core.programs import fields as fields
from estim.core.programs.fields import DUTY_MAX
from estim.core.programs.pads import PICTURES
from estim.core.programs.program import Caps, Phase, Program, Reraise, Rule, cycle_s, least, most
from estim.core.toml_file import NotToml, in_file, parsed
from estim.core.toml_table import Number, Table
from estim.core.translation import mark, tr, tr_text
from protocols.score import FADE_S, Alternate, Burst, Curve, Envelope, Steady, Sweep


def read_program(data: bytes | str, name: str) -> Program:
    """Return the program that a file holds; raise ProgramError with every mistake, each on a line of its own."""
    program, problems = _read(data)
    if program is None or problems:
        raise ProgramError(in_file(name, problems))
    return program


def problems_of(text: str) -> list[str]:
    """Return every mistake in a file's text, one sentence each."""
    return _read(text)[1]


def problems_in(data: Mapping[str, object]) -> list[str]:
    """Return every mistake in what a file holds, once it is parsed."""
    problems: list[str] = []
    _program(Table(data, "", problems))
    return problems


def _read(data: bytes | str) -> tuple[Program | None, list[str]]:
    problems: list[str] = []
    try:
        return _program(Table(parsed(data), "", problems)), problems
    except NotToml as error:
        return None, [str(error)]


def _program(table: Table) -> Program:
    table.whole("schema", fields.SCHEMA)
    program = Program(
        id=table.text("id", fields.ID),
        title=table.text("title", fields.TITLE),
        kind=table.word("kind", fields.KIND),
        site=table.words("site", fields.SITE),
        source=table.text("source", fields.SOURCE),
        pads=table.text("pads", fields.PADS),
        phases=tuple(_phase(phase) for phase in table.tables("phases", fields.PHASES_MAX)),
        rule=_rule(table.table("rule")),
        caps=_caps(table.table("caps")),
        numbers=_numbers(table.table("device")),
        pad_cm2=table.number("pad_cm2", fields.PAD_CM2),
        pictures=table.words("pictures", fields.PICTURES),
    )
    table.close()
    _check_pictures(table, program)
    most_s = program.caps.minutes * 60
    if program.length_s > most_s + 1e-6:
        table.problems.append(
            tr(
                "phases: their lengths add up to {length:g} s: at most {most:g} s (caps.minutes); make some of them "
                "shorter",
                length=program.length_s,
                most=most_s,
            )
        )
    pairs = pairwise(program.phases) if not table.problems else ()
    for index, (before, phase) in enumerate(pairs, 1):
        width_us = most(before.width_us)
        if width_us > most(phase.width_us):
            _check_duty(table, f"phases[{index}].rate_hz", most(phase.rate_hz), width_us, WHILE_IT_CHANGES)
    return program


def _check_pictures(table: Table, program: Program) -> None:
    """A picture of the thigh beside words on the ankle would be followed by somebody who doesn't read."""
    for name in program.pictures:
        place = PICTURES[name].place
        if program.site and not any(site.startswith(f"{place}-") for site in program.site):
            table.problems.append(
                tr(
                    "pictures: {picture} shows another place than those in site: add {place}-left or {place}-right "
                    "there, or take the picture out",
                    picture=name,
                    place=place,
                )
            )


def _phase(table: Table) -> Phase:
    before = len(table.problems)
    rate, width = _alternating(table) if table.has("alternate") else (_rate(table), None)
    phase = Phase(
        title=table.text("title", fields.PHASE_TITLE),
        length_s=table.number("length_s", fields.LENGTH_S),
        rate_hz=rate,
        width_us=_curve(table, "width_us", fields.WIDTH_US, fields.WIDTH_CYCLE_S) if width is None else width,
        burst=_burst(table.table("burst")) if table.has("burst") else None,
        envelope=_envelope(table.table("envelope")) if table.has("envelope") else None,
        level_pct=table.whole("level_pct", fields.LEVEL_PCT),
        note=table.text("note", fields.NOTE),
    )
    table.close()
    if len(table.problems) == before:  # what follows from a mistake would be told as a second one
        _check_pattern(table, phase)
        _check_duty(table, table.at("width_us"), most(phase.rate_hz), most(phase.width_us))
    return phase


def _check_pattern(table: Table, phase: Phase) -> None:
    """A burst without a pulse, or a contraction that never ends, is nothing that somebody meant."""
    burst = phase.burst
    envelope = phase.envelope
    if burst is not None and least(phase.rate_hz) * burst.on_s < 1 - 1e-9:
        rate_hz = least(phase.rate_hz)
        table.refuse(
            "burst.on_s",
            tr(
                "{seconds:g} s hold less than one pulse at {rate:g} Hz: make it longer or the rate higher",
                seconds=burst.on_s,
                rate=rate_hz,
            ),
        )
    if envelope is not None:
        one_s = cycle_s(envelope)
        if one_s > phase.length_s:
            why = tr(
                "one cycle takes {cycle:g} s, longer than the phase ({length:g} s)", cycle=one_s, length=phase.length_s
            )
            table.refuse("envelope", why)


TOO_MUCH = mark(
    "{field}: {rate:g} Hz of {width:g} µs is current for {percent:.1f}% of the time: at most {most:.0f}% (both phases "
    "of a pulse counted); make one of them smaller"
)
WHILE_IT_CHANGES = mark(
    "{field}: while the width changes, {rate:g} Hz of {width:g} µs is current for {percent:.1f}% of the time: at most "
    "{most:.0f}% (both phases of a pulse counted); make one of them smaller"
)


def _check_duty(table: Table, where: str, rate_hz: float, width_us: float, text: str = TOO_MUCH) -> None:
    duty = 2 * rate_hz * width_us / 1e6
    if duty > DUTY_MAX + 1e-9:
        table.problems.append(
            tr(text, field=where, rate=rate_hz, width=width_us, percent=duty * 100, most=DUTY_MAX * 100)
        )


def _rate(table: Table) -> Curve:
    return _curve(table, "rate_hz", fields.RATE_HZ, fields.RATE_CYCLE_S)


OR_A_SWEEP = mark("(or a sweep: { first, second, cycle_s })")


def _curve(table: Table, key: str, field: Number, cycle: Number) -> Curve:
    if not table.is_table(key):
        return Steady(table.number(key, field, tr_text(OR_A_SWEEP)))
    sweep = table.table(key)
    curve = Sweep(sweep.number("first", field), sweep.number("second", field), sweep.number("cycle_s", cycle))
    sweep.close()
    return curve


def _alternating(phase: Table) -> tuple[Curve, Curve | None]:
    """Return the rates of the steps, and their widths if the steps have some."""
    if phase.has("rate_hz"):
        phase.refuse("rate_hz", tr("say either rate_hz or alternate, not both"))
    steps = phase.tables("alternate", fields.STEPS_MAX)
    rates = []
    widths = []
    for step in steps:
        length_s = step.number("length_s", fields.STEP_S)
        rates.append((step.number("rate_hz", fields.RATE_HZ), length_s))
        if step.has("width_us"):
            widths.append((step.number("width_us", fields.WIDTH_US), length_s))
        step.close()
    if widths and len(widths) != len(rates):
        phase.refuse("alternate", tr("give width_us in every step or in none"))
    elif len({width_us for width_us, _ in widths}) > 1 and min(length_s for _, length_s in widths) < FADE_S:
        phase.refuse(
            "alternate",
            tr(
                "a change of width takes {seconds:g} s: make each step at least that long, or the widths equal",
                seconds=FADE_S,
            ),
        )
    if widths and phase.has("width_us"):
        phase.refuse("width_us", tr("say it here or in the steps of alternate, not both"))
    if not rates:
        return Steady(fields.RATE_HZ.lo), None
    return Alternate(tuple(rates)), Alternate(tuple(widths)) if widths else None


def _burst(table: Table) -> Burst:
    burst = Burst(table.number("on_s", fields.BURST_ON_S), table.number("off_s", fields.BURST_OFF_S))
    table.close()
    return burst


def _envelope(table: Table) -> Envelope:
    envelope = Envelope(
        table.number("up_s", fields.UP_S),
        table.number("on_s", fields.ON_S),
        table.number("down_s", fields.DOWN_S),
        table.number("off_s", fields.OFF_S),
    )
    table.close()
    return envelope


def _rule(table: Table) -> Rule:
    target = table.word("target", fields.TARGET)
    text = table.text("text", fields.RULE_TEXT)
    reraise = _reraise(table.table("reraise")) if table.has("reraise") else None
    table.close()
    return Rule(target, text, reraise)


def _reraise(table: Table) -> Reraise:
    reraise = Reraise(
        step=table.whole("step", fields.RERAISE_STEP),
        every_s=table.number("every_s", fields.RERAISE_S),
        max=table.whole("max", fields.RERAISE_MAX),
    )
    table.close()
    return reraise


def _caps(table: Table) -> Caps:
    caps = Caps(
        minutes=table.number("minutes", fields.MINUTES),
        per_day=table.whole("per_day", fields.PER_DAY),
        level_pct=table.whole("level_pct", fields.CAP_LEVEL_PCT) if table.has("level_pct") else None,
    )
    table.close()
    return caps


def _numbers(table: Table) -> dict[str, int]:
    found: dict[str, int] = {}
    for family in table.names():
        entry = table.table(family)
        found[family] = entry.whole("program", fields.DEVICE_PROGRAM)
        entry.close()
    return found
