"""The care plan that holds: the user's own file if there is one, else the one that is shipped."""

from functools import cache
from pathlib import Path

from estim.config.files import no_right, read_small
from estim.core.care.plan import Plan, read_plan
from estim.core.errors import Exit


def shipped() -> str:
    """Return the text of the plan that comes with estim."""
    from importlib.resources import files

    return files("estim").joinpath("care", "eight-steps.toml").read_text(encoding="utf-8")


@cache
def _shipped_plan() -> Plan:
    """It can't change while a host lives, which asks for it at each look at the schedule."""
    return read_plan(shipped(), "eight-steps.toml")


def read_own_plan(path: Path) -> Plan:
    """Return the plan; raises EstimError (78) with every mistake of a file that can't be used."""
    try:
        data = read_small(path)
    except FileNotFoundError:
        return _shipped_plan()
    except OSError as error:
        raise no_right(path, error, Exit.CONFIG) from error
    return read_plan(data, str(path))
