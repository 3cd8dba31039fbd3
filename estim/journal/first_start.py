"""How far a home has come in its first start: which of the three steps is next, kept in a small file of its own.

1. Who has played a session here, or had written something down before the first step was shown, is shown none of them.
2. A file that is damaged, missing or can't be written means that the steps are shown again; it forbids nothing. What
   forbids a session are the questions and their answers, which are kept in the journal alone.
3. Software units have a count of their own: their answers aren't kept, so a real unit's first start is still to come.
"""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from estim.config.files import read_small, write_whole
from estim.config.options import HostOptions
from estim.config.paths import Home
from estim.core.errors import EstimError
from estim.core.values import replace
from estim.journal.journal import Journal

WHAT_IT_IS = 1
QUESTIONS = 2
UNIT = 3
OVER = 4
"""The steps by their numbers, and what comes after the last one."""

Step = Annotated[int, Meta(ge=WHAT_IT_IS, le=OVER)]


class Progress(Struct, frozen=True, forbid_unknown_fields=True):
    """The next step with real units, and with software units."""

    real: Step = WHAT_IT_IS
    simulated: Step = WHAT_IT_IS


def next_step(options: HostOptions) -> int:
    """Return which step is next, OVER if none is. It reads the journal: some milliseconds."""
    home = options.place
    if home.demo:
        return OVER
    kept = _progress(home)
    progress = kept or Progress()
    step = progress.real if options.simulate is None else progress.simulated
    return OVER if step == OVER or _lived_in(home, begun=kept is not None) else step


def keep_step(options: HostOptions, step: int) -> str:
    """Keep which step is next; return why that can't be written, "" if it was."""
    home = options.place
    progress = _progress(home) or Progress()
    if options.simulate is not None:
        progress = replace(progress, simulated=step)
    else:
        progress = replace(progress, real=step)
    try:
        home.prepare()
        write_whole(home.first_start_file, msgspec.json.encode(progress) + b"\n")
    except EstimError as error:
        return error.text
    return ""


def _progress(home: Home) -> Progress | None:
    """Return what is kept; a file that can't be understood was begun, and begins anew. None: there is none."""
    try:
        return msgspec.json.decode(read_small(home.first_start_file), type=Progress)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError, RecursionError):
        return Progress()


def _lived_in(home: Home, *, begun: bool) -> bool:
    """Say whether a session was played here or, if the first step wasn't shown yet, anything was written down."""
    if not home.journal.exists():
        return False
    try:
        journal = Journal.open(home.journal)
        try:
            return journal.played or (not begun and journal.written)
        finally:
            journal.close()
    except EstimError:
        return True  # a journal that can't be read was written by somebody, and its trouble is told elsewhere
