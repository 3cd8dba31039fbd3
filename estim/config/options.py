"""How a host is to run, as the global flags say: which home, radio and time."""

from functools import cached_property

from msgspec import Struct

from estim.config.paths import Home, find_home

BROKER_VARIABLE = "ESTIM_MQTT"
"""The variable of the environment that holds a broker's address."""


class HostOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """How a host is to run. `solo`: it ends with its last front end. `ready_fd`: the pipe on which it says so.

    `mqtt`: a broker's address with its password; it goes by the environment, since everybody can read a command line.

    `to_stop`: it is wanted for a stop, so it stops what it can even without a lock, a socket or a folder of its own.
    """

    home: str | None = None
    radio: str = "bluetooth"
    simulate: str | None = None
    speed: str = "1"
    solo: bool = True
    seed: int = 0
    log: str | None = None
    ready_fd: int | None = None
    to_stop: bool = False
    mqtt: str | None = None

    @cached_property
    def place(self) -> Home:
        """Where everything lies: found once, when it is first needed, so that nothing about it is in a stop's way."""
        return find_home(self.home)
