"""Reads a number that a person typed: the one reader for every place, pure, with a sentence for whatever isn't one.

1. The decimal sign is a point or a comma, with digits 0 to 9 before and behind it: `20`, `2.5`, `2,5`, `0,125`, `.5`.
2. Nothing that can mean two things is guessed (C-55). Asked back are:
   - one point or comma with one to three digits before it, not all zeros, and exactly three behind it: `10,000` and
     `1.234` are thousands to some and a fraction to others. A zero (`0.125`) or four digits (`1234.567`) before it
     can't be thousands, and any other count of digits behind it can't either: those are fractions;
   - both signs, or one of them twice: `1,234.5`, `1.234,5`, `1,000,000`;
   - digits in groups: `10 000`, `10'000`, `10_000`.
3. No number here: a sign with nothing behind it (`5.`), `+5` (a move, not a level), `1e3`, `nan`, `inf`, other digits.
"""

import re

from estim.core.errors import EstimError, Exit
from estim.core.translation import tr

SHOWN_MAX = 40
"""Characters of what was typed that a sentence repeats."""

_PLAIN = re.compile(r"(-?)([0-9]*)(?:[.,]([0-9]+))?")
_GROUPED = re.compile(r"-?[0-9]+(?:[.,'’_\s][0-9]+)+")


class TwoMeanings(EstimError):
    """What was typed can be read in two ways."""

    code = Exit.USAGE


def read_number(text: str, *, what: str, lo: float, hi: float, unit: str = "") -> float:
    """Return the number of a text, `lo` to `hi` (both included) of `unit`; `what` opens the sentence of a refusal.

    Raises EstimError (2), TwoMeanings for what is asked back.
    """
    typed = text.strip()
    found = _PLAIN.fullmatch(typed)
    if found is None or not (found[2] or found[3]):
        raise _no_number(typed, what, lo, hi, unit)
    minus = found[1]
    whole = found[2]
    fraction = found[3] or ""
    if len(fraction) == 3 and 1 <= len(whole) <= 3 and whole.strip("0"):
        raise _two_meanings(typed, what, f"{minus}{whole}", fraction, unit)
    number = float(f"{minus}{whole or '0'}.{fraction or '0'}")
    if not lo <= number <= hi:
        raise _wrong(tr("{what} {typed}: it takes {range}", what=what, typed=shown(typed), range=_range(lo, hi, unit)))
    return number + 0.0  # "-0" is 0


def read_whole(text: str, *, what: str, lo: int, hi: int, unit: str = "") -> int:
    """Return a whole number in the same way; `5,0` is one too, `5,5` isn't. Raises EstimError (2)."""
    number = read_number(text, what=what, lo=lo, hi=hi, unit=unit)
    if number != int(number):
        typed = shown(text.strip())
        raise _wrong(
            tr("{what} {typed}: it takes a whole number, {range}", what=what, typed=typed, range=_range(lo, hi, unit))
        )
    return int(number)


def m_ss(whole_s: int) -> str:
    """Return whole seconds as m:ss; how they are rounded is for the caller to say."""
    return f"{whole_s // 60}:{whole_s % 60:02d}"


def shown(typed: str) -> str:
    """Return what was typed as a sentence may repeat it: quoted, short, and nothing that steers a terminal."""
    plain = "".join(sign if sign.isprintable() else "?" for sign in typed)
    short = plain if len(plain) <= SHOWN_MAX else f"{plain[:SHOWN_MAX]}…"
    return tr("“{typed}”", typed=short)


def _no_number(typed: str, what: str, lo: float, hi: float, unit: str) -> EstimError:
    if not typed:
        return _wrong(tr("{what} is empty: it takes {range}", what=what, range=_range(lo, hi, unit)))
    if _GROUPED.fullmatch(typed):
        return TwoMeanings(
            tr(
                "{what} {typed} can be read in two ways: write it without groups, with at most one point or comma, "
                "such as 1234.5",
                what=what,
                typed=shown(typed),
            )
        )
    return _wrong(
        tr(
            "{what} {typed} isn't a number: it takes {range}, written such as 20 or 2.5",
            what=what,
            typed=shown(typed),
            range=_range(lo, hi, unit),
        )
    )


def _two_meanings(typed: str, what: str, whole: str, fraction: str, unit: str) -> EstimError:
    """Ask which of two is meant. What is advised has no three digits behind its point, or it would be asked again."""
    short = fraction.rstrip("0") or "0"
    if len(short) == 3:
        short += "0"
    large = f"{whole}{fraction}".lstrip("0")
    asked = tr(
        "{what} {typed} can mean {large} or {whole}.{fraction}: write {large} or {whole}.{fraction}",
        what=what,
        typed=shown(typed),
        large=large,
        whole=whole,
        fraction=short,
    )
    return TwoMeanings(f"{asked} {unit}".rstrip())


def _range(lo: float, hi: float, unit: str) -> str:
    return tr("{lo:.12g} to {hi:.12g} {unit}", lo=lo, hi=hi, unit=unit).rstrip()


def _wrong(text: str) -> EstimError:
    return EstimError(text, code=Exit.USAGE)
