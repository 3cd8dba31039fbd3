"""The global flags, as given before the verb: every verb finds them in its context."""

from msgspec import Struct

from estim.config.options import HostOptions


class Flags(Struct, frozen=True):
    """`host` says which home, radio and time; the others how to talk. `theme` is of the screen, where one opens."""

    host: HostOptions
    as_json: bool
    no_input: bool
    theme: str | None = None
