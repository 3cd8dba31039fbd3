"""What a line of `estim run` asks for: its units and sites, its program, and a level for each: one Start a unit."""

from collections.abc import Sequence
from pathlib import Path

from estim.cli.questions import last_level, todays_program
from estim.config.options import HostOptions
from estim.core.errors import EstimError, Exit
from estim.core.levels import read_levels
from estim.core.messages.commands import Start
from estim.core.translation import tr
from estim.core.values import replace

UNITS_MAX = 2
"""Units of one session: left and right."""


def with_goals(
    options: HostOptions, start: Start, pairs: Sequence[tuple[str | None, str | None]], level: str
) -> list[Start]:
    """Return a start for each unit with its site; `level` as typed, no program: today's. Raises EstimError."""
    program = _place(start.program) if start.program else todays_program(options, [unit for unit, _ in pairs if unit])
    typed = None if level == "last" else read_levels(level, "--level")
    return [
        replace(
            start,
            program=program,
            unit=unit,
            site=site,
            level=last_level(options, program, unit, site) if typed is None else typed,
        )
        for unit, site in pairs
    ]


def units_and_sites(units: list[str], sites: list[str], *, at_slot: bool) -> list[tuple[str | None, str | None]]:
    """Return each unit of a session with its site; raises EstimError (2)."""
    if len(units) > UNITS_MAX:
        raise _wrong(tr("--unit: a session is for {count} units at most", count=UNITS_MAX))
    if len({one.casefold() for one in units}) < len(units):
        raise _wrong(tr("--unit {unit} twice: name two units", unit=units[0]))
    if len(sites) > max(1, len(units)):
        raise _wrong(tr("--site is given {count} times: say one for each unit", count=len(sites)))
    if len(units) > 1 and len({one.casefold() for one in sites}) < len(units):
        raise _wrong(
            tr("two units are on two sites: say --site for each, in their order, such as ankle-left and ankle-right")
        )
    if at_slot and len(units) > 1:
        raise _wrong(tr("--at-slot arms one unit: name one"))
    if not units:
        return [(None, sites[0] if sites else None)]
    return [(one, sites[place] if place < len(sites) else None) for place, one in enumerate(units)]


def _place(program: str) -> str:
    """Return a program's id, or the whole path of its file: the host may run in another folder."""
    named = "/" not in program and not program.endswith(".toml")
    return program if named else str(Path(program).expanduser().absolute())


def _wrong(text: str) -> EstimError:
    return EstimError(text, code=Exit.USAGE)
