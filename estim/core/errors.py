"""Errors that reach a person: one sentence each, with the exit code that a script can rely on."""

from enum import IntEnum

from estim.core.translation import mark


class Exit(IntEnum):
    """Exit codes, a subset of sysexits plus 80 (stop not confirmed) and the shell's 128 + signal."""

    DONE = 0
    GENERAL = 1
    USAGE = 2
    BAD_DATA = 65
    NO_INPUT = 66
    NO_DEVICE = 69
    INTERNAL = 70
    CANT_CREATE = 73
    LINK_LOST = 74
    TRY_LATER = 75
    REFUSED = 77
    CONFIG = 78
    NOT_CONFIRMED = 80
    HUNG_UP = 129
    INTERRUPTED = 130
    TERMINATED = 143


MEANING = {
    Exit.DONE: mark("done: the session was completed, or stopped from elsewhere, and zero is confirmed"),
    Exit.GENERAL: mark("the session ended by a fault, lost contact or the unit itself; zero is confirmed"),
    Exit.USAGE: mark("the command line is wrong"),
    Exit.BAD_DATA: mark("a bad program file or packet"),
    Exit.NO_INPUT: mark("no such program or file"),
    Exit.NO_DEVICE: mark("no unit found, or one that never answers; nothing was put out"),
    Exit.INTERNAL: mark("a bug in estim"),
    Exit.CANT_CREATE: mark("something can't be written: no session starts without its journal"),
    Exit.LINK_LOST: mark("the link was lost, then the unit was verified off"),
    Exit.TRY_LATER: mark("not now: busy, or another host has this home"),
    Exit.REFUSED: mark("refused by a limit, a missing pads-on act, or for lack of the right to read a file"),
    Exit.CONFIG: mark("the settings are wrong"),
    Exit.NOT_CONFIRMED: mark("the stop is NOT confirmed: look at the unit"),
    Exit.HUNG_UP: mark("ended by SIGHUP, zero confirmed"),
    Exit.INTERRUPTED: mark("ended by Ctrl-C, zero confirmed"),
    Exit.TERMINATED: mark("ended by SIGTERM, zero confirmed"),
}
"""What each code tells a script and a person; a person by `tr_text`."""


class EstimError(Exception):
    """Something a person can act on. The text says what, where, the allowed range and what to do."""

    code = Exit.GENERAL

    def __init__(self, text: str, *, code: Exit | None = None, nearest: tuple[str, ...] = ()) -> None:
        super().__init__(text)
        self.text = text
        self.nearest = nearest
        if code is not None:
            self.code = code


class ProgramError(EstimError):
    """A program file is wrong; names file, field and allowed range."""

    code = Exit.BAD_DATA


class CourseError(EstimError):
    """A unit can't play a program, and why."""

    code = Exit.REFUSED


class IllegalMove(EstimError):
    """A command that the session's state doesn't allow; nothing was changed."""

    code = Exit.TRY_LATER
