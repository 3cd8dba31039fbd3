"""Options of the command line that are numbers: read by the one reader, each refusal a sentence (exit 2)."""

from collections.abc import Callable
from functools import partial

from estim.core.numbers import read_number, read_whole
from estim.core.toml_table import Number
from estim.core.translation import tr_text


def amount(what: str, lo: float, hi: float, unit: str = "") -> Callable[[object], float]:
    """Return the parser of an option `what` that takes a number from `lo` to `hi`, for typer."""
    return partial(_amount, what=what, lo=lo, hi=hi, unit=unit)


def count(what: str, lo: int, hi: int, unit: str = "") -> Callable[[object], int]:
    """Return the parser of an option `what` that takes a whole number from `lo` to `hi`, for typer."""
    return partial(_count, what=what, lo=lo, hi=hi, unit=unit)


def field(what: str, of: Number) -> Callable[[object], float]:
    """Return the parser of an option that takes what a field of a program file takes."""
    return amount(what, of.lo, of.hi, of.unit)


def _amount(typed: object, *, what: str, lo: float, hi: float, unit: str) -> float:
    """Read what was typed; a default that is a number already is read too."""
    return read_number(str(typed), what=what, lo=lo, hi=hi, unit=tr_text(unit))


def _count(typed: object, *, what: str, lo: int, hi: int, unit: str) -> int:
    return read_whole(str(typed), what=what, lo=lo, hi=hi, unit=tr_text(unit))
