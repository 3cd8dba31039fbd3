"""Reads levels of channels as a person types them: `12` is channel A, `A=12,B=8` says which."""

import re
from math import inf

from estim.core.errors import EstimError, Exit
from estim.core.numbers import TwoMeanings, read_number
from estim.core.translation import mark, tr, tr_text
from protocols.vocabulary import Channel

FORM = mark("write a whole number, such as 12 for channel A, or A=12,B=8")


def read_levels(text: str, what: str) -> dict[Channel, int]:
    """Return the levels of a text, one at least; `what` opens the sentence of a refusal.

    What can mean two things is refused: `2,5` and `12 8` are no levels, and neither is a channel that is named twice.
    Whether a unit goes that far is for others to say. Raises EstimError (2).
    """
    found: dict[Channel, int] = {}
    for part in filter(None, re.split(r"[,;\s]+", text.strip())):
        level = re.fullmatch(r"(?:([A-D])=)?([0-9]{1,4})", part.upper())
        if level is None:
            _ask_back(part, what)
            raise _no_level(part, what)
        channel = Channel(level[1] or "A")
        if channel in found and not level[1]:
            raise _no_level(text.strip(), what)
        if channel in found:
            raise EstimError(
                tr(
                    "{what} “{typed}” sets {channel} twice: {form}",
                    what=what,
                    typed=text.strip(),
                    channel=channel.value,
                    form=tr_text(FORM),
                ),
                code=Exit.USAGE,
            )
        found[channel] = int(level[2])
    if not found:
        raise _no_level(text.strip(), what)
    return found


def _no_level(typed: str, what: str) -> EstimError:
    return EstimError(
        tr("{what} “{typed}” isn't a level: {form}", what=what, typed=typed, form=tr_text(FORM)), code=Exit.USAGE
    )


def _ask_back(part: str, what: str) -> None:
    """Raise TwoMeanings where a number can be read in two ways, such as `A=1.000`."""
    try:
        read_number(part.rpartition("=")[2], what=what, lo=0, hi=inf)
    except TwoMeanings:
        raise
    except EstimError:
        return
