"""Reads the words behind a pain score, in any order: which pain, how long it was stiff, and which leg."""

import re
from collections.abc import Sequence

from msgspec import Struct

from estim.cli.arguments import wrong
from estim.core.days.diary import STIFFNESS_MAX_MIN, Side, When
from estim.core.numbers import read_number, shown
from estim.core.translation import mark, tr, tr_text

STIFF = frozenset({"stiff", "stiffness"})

_MINUTES = re.compile(r"(stiff(?:ness)?)?([0-9][0-9.,]*)(min|mins|minutes|m)?")
"""A number, with its unit or the word before it in one piece."""

_UNITS = frozenset({"min", "mins", "minutes", "m"})

EXAMPLE = mark("such as: estim pain 3 morning stiff 10min left")

TWICE = (
    mark("which pain is said twice ({first} and {second}): say it once, {example}"),
    mark("the side is said twice ({first} and {second}): say it once, {example}"),
    mark("the minutes are said twice ({first} and {second}): say it once, {example}"),
)
"""What is said where a word comes twice: of the pain that is meant, the side, the minutes."""

NO_MINUTES = mark("stiff for how long? Say the minutes, 0 for not at all, {example}")
OF_WHAT = mark("what are the minutes of? Say stiff, {example}")


class Said(Struct, frozen=True):
    """What the words say; None where they say nothing of it."""

    when: When | None = None
    stiffness_min: float | None = None
    side: Side | None = None


def read_words(words: Sequence[str]) -> Said:
    """Read them; raises EstimError (2) for what isn't understood, or is said twice."""
    when: list[When] = []
    side: list[Side] = []
    minutes: list[float] = []
    stiff = False
    for word in " ".join(words).lower().split():
        found = _MINUTES.fullmatch(word)
        if word in STIFF:
            stiff = True
        elif word in _UNITS and minutes:
            pass  # "10 min" in two words
        elif found is not None:
            stiff = stiff or found[1] is not None
            minutes.append(read_number(found[2], what=tr("stiff for"), lo=0, hi=STIFFNESS_MAX_MIN, unit=tr("minutes")))
        elif word in list(When):
            when.append(When(word))
        elif word in list(Side):
            side.append(Side(word))
        else:
            raise wrong(
                tr(
                    "{word} isn't understood behind a score: say morning, rest, worst or run; stiff 10min; left, "
                    "right or both; {example}",
                    word=shown(word),
                    example=tr_text(EXAMPLE),
                )
            )
    told: tuple[Sequence[object], ...] = (when, side, minutes)
    for text, said in zip(TWICE, told, strict=True):
        if len(said) > 1:
            raise wrong(tr(text, first=said[0], second=said[1], example=tr_text(EXAMPLE)))
    if stiff is not bool(minutes):
        missing = NO_MINUTES if stiff else OF_WHAT
        raise wrong(tr(missing, example=tr_text(EXAMPLE)))
    return Said(when[0] if when else None, minutes[0] if minutes else None, side[0] if side else None)
