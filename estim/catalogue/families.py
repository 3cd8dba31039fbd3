"""All device families by name: those that ship, and those of plug-ins (entry points of the group `estim.families`).

An entry point resolves to a protocols.family.Family and is called as the family is. One that can't be used is left out,
and why is told by `estim plugins`; it never takes a shipped family's place.
"""

from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct

from estim.catalogue.contained import PluginError, checked
from estim.core.errors import EstimError, Exit
from estim.core.translation import tr
from protocols import registry
from protocols.family import Family

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "estim.families"
PLUGINS_MAX = 50
"""More plug-ins are a mistake of the installation."""


class Plugin(Struct, frozen=True):
    """One entry point: its group, its name, the package it came in, and why it can't be used ("": it can)."""

    group: str
    name: str
    package: str
    trouble: str = ""


def origin(point: "EntryPoint") -> str:
    """Return the name of the package that brings an entry point, or where it points if no package is known."""
    return point.dist.name if point.dist is not None else point.value


def check_unit_name(name: str, family: str) -> str:
    """Refuse a name for a unit that means another family; raises EstimError (2)."""
    if name.casefold() in names() and name.casefold() != family:
        text = tr(
            "the name {name!r} means a family, and this unit is of the family {family}: choose another",
            name=name,
            family=family,
        )
        raise EstimError(text, code=Exit.USAGE)
    return name


def names() -> tuple[str, ...]:
    """Return the names of all families that can be used, shipped ones first."""
    return (*registry.names(), *_plugged()[0])


def find_family(name: str) -> Family:
    """Return a family; raise EstimError (2) naming the nearest, or why a plug-in can't be used."""
    if name in registry.names():
        return registry.family(name)
    found, plugins = _plugged()
    if name in found:
        return found[name]
    broken = next((plugin.trouble for plugin in plugins if plugin.name == name and plugin.trouble), None)
    if broken is not None:
        raise EstimError(tr("the family {family} can't be used: {why}", family=name, why=broken), code=Exit.CONFIG)
    from difflib import get_close_matches

    near = get_close_matches(name, names(), n=1)
    hint = tr("did you mean {words}?", words=near[0]) if near else tr("there are {names}", names=", ".join(names()))
    text = tr("no family {family!r}: {hint}", family=name, hint=hint)
    raise EstimError(text, code=Exit.USAGE, nearest=tuple(near))


@cache
def families() -> tuple[Family, ...]:
    """Return all families that can be used; imported when first asked for, since construct costs 0.2 s."""
    return tuple(find_family(name) for name in names())


def plugins() -> tuple[Plugin, ...]:
    """Return all entry points for families, good or not."""
    return _plugged()[1]


@cache
def _plugged() -> tuple[dict[str, Family], tuple[Plugin, ...]]:
    from importlib.metadata import entry_points  # it reads mail and archives: 25 ms, for few

    found: dict[str, Family] = {}
    told: list[Plugin] = []
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name)[:PLUGINS_MAX]:
        taken = (*registry.names(), *found)
        try:
            found[point.name] = checked(_loaded(point), point.name, origin(point), taken)
            told.append(Plugin(GROUP, point.name, origin(point)))
        except PluginError as error:
            told.append(Plugin(GROUP, point.name, origin(point), str(error)))
    return found, tuple(told)


def _loaded(point: "EntryPoint") -> object:
    try:
        return point.load()
    except (Exception, SystemExit) as bug:  # somebody else's code may fail in any way, and must not take ours along
        why = tr("{module} can't be loaded: {bug}", module=point.value, bug=repr(bug))
        raise PluginError(tr("plug-in {package}: {why}", package=origin(point), why=why)) from bug


def profile_of(family: Family, wanted: str) -> str:
    """Return a profile as the family writes it; "" is the usual one. Raises EstimError (78) for one it hasn't."""
    if not wanted:
        return ""
    for profile in family.profiles:
        if profile.casefold() == wanted.casefold():
            return profile
    known = tr("it has only one, so leave it out")
    if family.profiles:
        known = tr("there are {names}", names=", ".join(family.profiles))
    text = tr("{family} has no profile {profile!r}: {known}", family=family.title, profile=wanted, known=known)
    raise EstimError(text, code=Exit.CONFIG)
