"""The global flags, as given before the verb: every verb finds them in its context."""

from dataclasses import dataclass

from estim.config.options import HostOptions


@dataclass(frozen=True, slots=True)
class Flags:
    """`host` says which home, radio and time; the others how to talk."""

    host: HostOptions
    as_json: bool
    no_input: bool
