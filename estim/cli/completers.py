"""What may stand in a place of the command line, for a shell's Tab key: programs, units, families, steps, fixed words.

It is read straight from files while somebody waits: no plug-in is loaded, nothing is checked, and what can't be read
completes nothing.
"""

import json
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

import typer

from estim.core.errors import EstimError

if TYPE_CHECKING:
    from estim.config.paths import Home

COMPLETING = "_ESTIM_COMPLETE"
"""The variable by which a shell's script asks for completions instead of running a line (typer's own way)."""

SIZE_MAX = 256 * 1024
"""Bytes read of the file of units; a hundred of them fit in a tenth of it."""

Completer = Callable[[typer.Context, str], list[str]]


def programs(context: typer.Context, incomplete: str) -> list[str]:
    """Complete the name of a program: an own one or a shipped one. Those of plug-ins take too long to find."""
    from importlib.resources import files

    names = {entry.name for entry in files("estim").joinpath("programs").iterdir()}
    with suppress(OSError, EstimError):  # nobody has a folder of their own at first
        names |= {path.name for path in _home(context).programs.iterdir()}
    return _begun((name.removesuffix(".toml") for name in names if name.endswith(".toml")), incomplete)


def units(context: typer.Context, incomplete: str) -> list[str]:
    """Complete the name of a unit that is remembered."""
    try:
        with _home(context).units_file.open("rb") as file:
            held = json.loads(file.read(SIZE_MAX))
        names = [str(unit["name"]) for unit in held["units"]]
    except (OSError, ValueError, LookupError, TypeError, EstimError):
        return []
    return _begun(names, incomplete)


def families(context: typer.Context, incomplete: str) -> list[str]:
    """Complete the name of a family, shipped or of a plug-in; the part behind a colon stays with who types it."""
    from importlib.metadata import entry_points

    from protocols.registry import names

    return _begun([*names(), *(point.name for point in entry_points(group="estim.families"))], incomplete)


def steps(context: typer.Context, incomplete: str) -> list[str]:
    """Complete the name of a step of the care plan."""
    from estim.config.care_plan import read_own_plan

    try:
        plan = read_own_plan(_home(context).plan_file)
    except EstimError:
        return []
    return _begun([step.id for step in plan.steps], incomplete)


def setting_names(context: typer.Context, incomplete: str) -> list[str]:
    """Complete the name of a setting, each key of the screen among them."""
    from estim.config.settings import Settings, known_settings
    from estim.tui.all_keys import NAMED

    return _begun([*(one.name for one in known_settings(Settings())), *(f"keys.{name}" for name in NAMED)], incomplete)


def themes(context: typer.Context, incomplete: str) -> list[str]:
    """Complete the name of a theme, a person's own ones by their files."""
    from estim.tui.themes import SHIPPED

    own: set[str] = set()
    with suppress(OSError, EstimError):  # nobody has a folder of their own at first
        own = {path.stem for path in _home(context).themes.glob("*.toml")}
    return _begun([*SHIPPED, *own], incomplete)


def one_of(*allowed: str) -> Completer:
    """Return what completes one of these words."""

    def complete(context: typer.Context, incomplete: str) -> list[str]:
        return _begun(allowed, incomplete)

    return complete


def _home(context: typer.Context) -> "Home":
    from estim.config.paths import find_home

    return find_home(context.find_root().params.get("home"))


def _begun(names: Iterable[str], incomplete: str) -> list[str]:
    """Return those that begin so. Bash puts them on the line as they are, so there a space is escaped."""
    found = sorted({name for name in names if name.startswith(incomplete) and name.isprintable()})
    if os.environ.get(COMPLETING) == "complete_bash":
        return [_escaped(name) for name in found]
    return found


def _escaped(name: str) -> str:
    return "".join(sign if sign.isalnum() or sign in "-_.,:/@+=%" else f"\\{sign}" for sign in name)
