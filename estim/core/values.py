"""A value with some of its fields changed: estim's own are made by msgspec, those of `protocols/` by dataclasses.

Values of estim are `msgspec.Struct`s: making such a class takes a small part of what a dataclass takes, and
whoever opens the screen, or asks for a stop, waits for that. `protocols/` imports nothing but construct, so there they
stay dataclasses.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # the checker knows each field by this one, of Structs too; msgspec's own would take any
    from dataclasses import replace as replace
else:
    import dataclasses

    from msgspec import Struct, structs

    def replace(value, /, **changes):
        """Return a copy of `value` in which the fields named are others; what it checks when made is checked again."""
        if isinstance(value, Struct):
            return structs.replace(value, **changes)
        return dataclasses.replace(value, **changes)
