"""What the families' drivers say to people, translated where it is passed on: drivers know nothing of languages.

A driver's sentence is English, and found here as it stands; one that has figures or names in it is found by what stands
around them. A sentence of a driver that isn't ours, or that is missing here, comes through as it is.
"""

import re
from functools import cache

from estim.core.translation import mark, tr, tr_text

BY_HAND = (
    mark("press its power button, or pull the electrodes' plug"),
    mark("turn both wheels down to 0, then switch the box off"),
    mark("press its minus key until the level is 0, then switch it off"),
    mark("switch off the unit that makes the pulses; the board itself ends within 5 s"),
    mark("switch the unit off: it goes on by itself, without an end"),
    mark("turn all four dials to 0, then switch the box off"),
)
"""How a person ends output at the unit itself."""

NOTES = (
    mark("a pause is a stop: the unit's script begins again"),
    mark("on the first hardware pulses are 5 µs narrower"),
    mark("the box's dials are a ceiling: a channel whose dial is at 0 gives nothing, turn it up first"),
    mark(
        "level 1 is about 21 % of the other unit's strength already, level 100 about 84 %: begin with that unit low",
    ),
    mark(
        "bursts and contractions need a board as quick as its published sketch; on both channels a contraction rises "
        "and falls in steps of 500 ms"
    ),
)
"""In what a family differs from every program."""

SAID = (
    mark("the unit says ok to a start, and does not start: is it on its charger, or its battery low?"),
    mark("its program began again, and estim did not start it"),
    mark("it plays another program than the one that was started"),
    mark("the unit is on its charger"),
    mark("its program has come to its end, or was stopped at the unit"),
    mark("the unit does not start the program that it has just stored"),
    mark("the unit's memory is full: remove programs with its own app"),
    mark("the program arrives damaged: go nearer to the unit and try again"),
    mark("pulses end within 0.2 s, but the strength may stay set: turn the wheels down to 0 and switch the box off"),
    mark("the box doesn't report its highest strength (1507)"),
    mark(
        "pulses end within 0.2 s as far as is known (one report says that a box repeats its last frame), and the "
        "strength may stay set: switch the unit off by hand"
    ),
    mark("the unit's own timer ran out"),
    mark("the unit was stopped at its keys, or it ended"),
    mark("the unit says that the treatment has ended"),
    mark("it replies to no command"),
    mark("the unit has switched itself off, or somebody has"),
    mark("the unit was switched off"),
)
"""Why it ended, why it refuses, what is the trouble."""

WITH_PARTS = (
    mark("the unit can't play it from here on: {why}"),
    mark("the unit says: {what}"),
    mark("the box left {count} readings unanswered"),
    mark("the unit left {count} questions unanswered"),
    mark("the unit went to its program {other}, away from {number}"),
    mark("the unit stays at its program {other} and doesn't take program {number}"),
    mark(
        "the unit does not answer as protocol {profile}: if yours is a newer one, choose {other}: {command}; if it "
        "doesn't, put pads on channel B too, for it has to answer"
    ),
    mark(
        "the unit does not answer as protocol {profile}: if yours is an older one, choose {other}: {command}; if it "
        "doesn't, put pads on channel B too, for it has to answer"
    ),
    mark("the unit does not answer as protocol {profile}: if yours is a newer one, choose {other}: {command}"),
    mark("the unit does not answer as protocol {profile}: if yours is an older one, choose {other}: {command}"),
    mark("the box refuses {what} (error {code})"),
)
"""The same with figures and names in them; of two that fit, the first counts."""


def of_unit(said: str) -> str:
    """Return what a driver says in the reader's language; "" stays "", an unknown sentence as it is."""
    found = template_of(said)
    return tr_text(said) if found is None else tr(found[0], **found[1])


def template_of(said: str) -> tuple[str, dict[str, str]] | None:
    """Return which of the sentences with parts it is, and its parts."""
    if not said or said in SAID:
        return None
    for template in WITH_PARTS:
        fits = _pattern(template).fullmatch(said)
        if fits is not None:
            return template, fits.groupdict()
    return None


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", re.escape(template)), re.DOTALL)
