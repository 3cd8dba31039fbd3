"""Whether a family plays a program: what it refuses is offered to nobody who has such a unit."""

from collections.abc import Collection, Iterable
from pathlib import Path

from estim.catalogue.families import find_family
from estim.catalogue.programs import find_program
from estim.core.errors import CourseError, EstimError
from estim.core.programs.course import fit


def refusal(folder: Path, program: str, family: str) -> str:
    """Return why a unit of a family would refuse a program, "": it plays it, or nobody here can know.

    A program that isn't there is refused by every unit; a family that isn't known (its plug-in has gone) may play it.
    """
    try:
        made = find_program(folder, program)
    except EstimError as error:
        return error.text
    try:
        fit(made, find_family(family))
    except CourseError as error:
        return error.text
    except EstimError:
        return ""
    return ""


def refused(
    folder: Path, programs: Iterable[str], families: Collection[str], *, by_any: bool = False
) -> frozenset[str]:
    """Return the programs that all of these families refuse, or with `by_any` those that one of them does."""
    told = any if by_any else all
    return frozenset(
        program for program in programs if families and told(refusal(folder, program, family) for family in families)
    )


def kind_of(folder: Path, program: str) -> str:
    """Return a program's kind, "" if it isn't there or wrong."""
    try:
        return find_program(folder, program).kind
    except EstimError:
        return ""
