"""What every family makes of every program: it plays it, with these differences, or can't, and why."""

from collections.abc import Iterable, Sequence
from enum import StrEnum

from msgspec import Struct

from estim.core.errors import CourseError
from estim.core.programs.course import fit
from estim.core.programs.program import Program
from protocols.family import Family


class Plays(StrEnum):
    """How well a program is played."""

    AS_WRITTEN = "yes"
    DIFFERS = "differs"
    NO = "no"


class Cell(Struct, frozen=True):
    """One program on one family: `sentences` say what differs, or why it can't be played.

    What holds for every program of a family is among them, but makes no difference of this one.
    """

    program: str
    family: str
    plays: Plays
    sentences: tuple[str, ...]


def cell(program: Program, family: Family) -> Cell:
    """Return what a family makes of a program as it is written; a locked one is judged as if it were not."""
    try:
        differs = fit(program, family, unlocked=True).differs
    except CourseError as error:
        return Cell(program.id, family.name, Plays.NO, (error.text,))
    own = differs[: len(differs) - len(family.playable.notes)]
    return Cell(program.id, family.name, Plays.DIFFERS if own else Plays.AS_WRITTEN, differs)


def matrix(programs: Iterable[Program], families: Sequence[Family]) -> list[list[Cell]]:
    """Return a row for each program, a cell for each family."""
    return [[cell(program, family) for family in families] for program in programs]
