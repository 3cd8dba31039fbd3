"""`estim log add`: what a person types of a session that a unit played by itself, and the answer to it."""

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from estim.catalogue.programs import find_program
from estim.cli.arguments import moment_of, wrong
from estim.cli.log_view import row_of
from estim.cli.output import tell
from estim.core.days.by_hand import MINUTES_MAX, session
from estim.core.days.dose import ANY, BRIEF_S, GAP, local_time
from estim.core.days.entry_text import told
from estim.core.errors import EstimError, Exit
from estim.core.levels import read_levels
from estim.core.numbers import read_number, shown
from estim.core.translation import tr
from estim.journal.home_journal import HomeJournal, opened

if TYPE_CHECKING:
    from estim.cli.flags import Flags
    from estim.core.programs.program import Program

USUAL_MIN = 20.0
"""How long a session was of whose program nothing is known, minutes."""

NAME_MAX = 64
SITE_MAX = 32


def log_by_hand(
    flags: "Flags", program: str, length: str | None, level: str | None, site: str | None, at: str | None
) -> None:
    """Keep it, and say what it counts for."""
    minutes = None if length is None else _minutes(length)
    levels = {} if level is None else {channel.value: step for channel, step in read_levels(level, "--level").items()}
    with opened(flags.host, write=True) as journal:
        known, hint = _program(journal, program)
        lasted = minutes or (USUAL_MIN if known is None else known.length_s / 60)
        began = journal.now - timedelta(minutes=lasted) if at is None else moment_of(at, journal.now)
        name = program.strip() if known is None else known.id
        made = journal.log_by_hand(session(name, began, lasted, _sites(journal, known, site), levels))
        rest = local_time(made.delivered_until + GAP, journal.now, journal.now.tzinfo, up=True)
        again = made.output_s >= BRIEF_S and made.delivered_until + GAP > journal.now
    if ANY in made.sites:
        counts = tr("it counts in the dose of every site, since none was named")
    else:
        counts = tr("it counts in the dose of {sites}", sites=", ".join(made.sites))
    if again:
        counts += "; " + tr("the next session there from {rest} on", rest=rest)
    lines = [f"{told(made)}, {made.at:%Y-%m-%d %H:%M}", counts]
    tell(flags, "entry", "\n".join([*lines, *([hint] if hint else [])]), [row_of(made)])


def _minutes(text: str) -> float:
    found = re.fullmatch(r"(.*?)\s*(?:min|mins|minutes)?", text.strip().lower())
    minutes = read_number(found[1] if found else text, what=tr("length"), lo=0, hi=MINUTES_MAX, unit="min")
    if minutes == 0:
        raise wrong(tr("length {typed}: say such as 20min, up to {most:g} min", typed=shown(text), most=MINUTES_MAX))
    return minutes


def _program(journal: HomeJournal, name: str) -> "tuple[Program | None, str]":
    """Return the program of a name, None for one that only the unit knows; with a word where a slip is likely."""
    if not name.strip() or len(name.strip()) > NAME_MAX:
        raise wrong(
            tr(
                "a session's name has 1 to {most} characters: one of `estim programs list`, or what you call it",
                most=NAME_MAX,
            )
        )
    try:
        return find_program(journal.home.programs, name), ""
    except EstimError as error:
        if error.code != Exit.NO_INPUT or "/" in name:
            raise
        near = tr(" or ").join(error.nearest)
    if not near:
        return None, ""
    return None, tr("no program of estim is called that; if you meant {programs}: estim undo, and again", programs=near)


def _sites(
    journal: HomeJournal,
    program: "Program | None",
    typed: str | None,
) -> tuple[str, ...]:
    """Return where it was: as typed, else the person's own site, else those of the program."""
    own = journal.settings.site
    of_program = () if program is None else tuple(program.site)
    if typed is None:
        return (own,) if own else of_program
    site = typed.strip().lower()
    if not site or len(site) > SITE_MAX:
        raise wrong(
            tr("--site {typed}: say 1 to {most} characters, such as ankle-left", typed=shown(typed), most=SITE_MAX)
        )
    known = [*([own] if own else []), *of_program, *(one for past in journal.recent().sessions for one in past.sites)]
    # left-ankle is ankle-left: two names of one place would be two doses
    return (next((one for one in known if set(one.split("-")) == set(site.split("-"))), site),)
