"""Finds device families by name, for whoever has a person's word for one."""

from difflib import get_close_matches

from estim.core.errors import EstimError, Exit
from protocols.driver import Family
from protocols.registry import family, names


def find_family(name: str) -> Family:
    """Return a family; raise EstimError (2) naming the nearest."""
    try:
        return family(name)
    except KeyError:
        near = get_close_matches(name, names(), n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names())}"
        raise EstimError(f"no family {name!r}: {hint}", code=Exit.USAGE, nearest=tuple(near)) from None
