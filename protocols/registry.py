"""All families by name; a family's file is imported only when it is asked for, since construct takes 0.2 s."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from protocols.family import Family

_FAMILIES = ("coyote3", "em70", "bluetens", "yokonex", "zc95", "openemsstim", "coyote2")
"""One line a family."""


def names() -> tuple[str, ...]:
    return _FAMILIES


def family(name: str) -> "Family":
    """Return a family; raise KeyError for an unknown name."""
    if name not in _FAMILIES:
        raise KeyError(name)
    from protocols.family import Family

    made = import_module(f"protocols.{name}.family").FAMILY
    assert isinstance(made, Family), f"protocols.{name}.family.FAMILY"
    return made
