"""Reads the words behind a pain score, in any order: which pain, how long it was stiff, and which leg."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from estim.cli.arguments import wrong
from estim.core.days.diary import STIFFNESS_MAX_MIN, Side, When
from estim.core.numbers import read_number, shown

STIFF = frozenset({"stiff", "stiffness"})

_MINUTES = re.compile(r"(stiff(?:ness)?)?([0-9][0-9.,]*)(min|mins|minutes|m)?")
"""A number, with its unit or the word before it in one piece."""

_UNITS = frozenset({"min", "mins", "minutes", "m"})

EXAMPLE = "such as: estim pain 3 morning stiff 10min left"


@dataclass(frozen=True, slots=True)
class Said:
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
            minutes.append(read_number(found[2], what="stiff for", lo=0, hi=STIFFNESS_MAX_MIN, unit="minutes"))
        elif word in list(When):
            when.append(When(word))
        elif word in list(Side):
            side.append(Side(word))
        else:
            raise wrong(
                f"{shown(word)} isn't understood behind a score: say morning, rest, worst or run; stiff 10min; left, "
                f"right or both; {EXAMPLE}"
            )
    for what, said in (("which pain", when), ("the side", side), ("the minutes", minutes)):
        if len(said) > 1:
            raise wrong(f"{what} is said twice ({said[0]} and {said[1]}): say it once, {EXAMPLE}")
    if stiff is not bool(minutes):
        missing = (
            "stiff for how long? Say the minutes, 0 for not at all" if stiff else "what are the minutes of? Say stiff"
        )
        raise wrong(f"{missing}, {EXAMPLE}")
    return Said(when[0] if when else None, minutes[0] if minutes else None, side[0] if side else None)
