"""The names of the topics: who writes where, in one place, for the host, the fleet's view and the access lists.

estim/<host>/bridge         retained, `online` or `offline` (the last will)
estim/<host>/state          the host's own state
estim/<host>/event          what happened to no unit (a reminder), never retained
estim/<host>/cmd            orders to the host: `stop` is for all of its units
estim/<host>/<unit>/state   the unit's state, never retained: it would count as fresh after a restart of the house
estim/<host>/<unit>/event   what happened, never retained
estim/<host>/<unit>/link    retained, `online` or `offline`
estim/<host>/<unit>/cmd     orders to the unit
estim/all/cmd               `stop`, and nothing else, for every host of the broker
"""

import re

from msgspec import Struct

ROOT = "estim"
ALL_ORDERS = f"{ROOT}/all/cmd"
ONLINE = "online"
OFFLINE = "offline"

FLEET = (f"{ROOT}/+/bridge", f"{ROOT}/+/state", f"{ROOT}/+/+/state", f"{ROOT}/+/+/link")
"""What says how all hosts of a broker are."""

HOUSE_STATUS = "homeassistant/status"
"""Where Home Assistant says that it has come: not retained, about 5 s after each of its connects."""

ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
"""A host's or unit's id in a topic: no sign that a broker or an access list reads as something else."""

UNITS_MAX = 100
"""Units of a host that are told and heard: as many as it remembers."""

RESERVED = frozenset({ROOT, "all", "bridge", "state", "event", "cmd"})
"""Words of the topics, so nobody's id."""


def id_of(text: str) -> str:
    """Return a text (an address, a computer's name) as an id; "" if nothing of it can be one."""
    found = re.sub(r"-{2,}", "-", re.sub(r"[^a-z0-9]", "-", text.casefold())).strip("-")[:32].strip("-")
    return f"{found}-1" if found in RESERVED else found


def unit_id(address: str) -> str:
    """Return the id of a unit: its address without separators, so that it stays when its name changes."""
    return id_of(re.sub(r"[:.\-_ ]", "", address))


class HostTopics(Struct, frozen=True):
    """The topics of one host; `host` is its id."""

    host: str

    def _of(self, *parts: str) -> str:
        return "/".join((ROOT, self.host, *parts))

    @property
    def bridge(self) -> str:
        return self._of("bridge")

    @property
    def state(self) -> str:
        return self._of("state")

    @property
    def event(self) -> str:
        return self._of("event")

    @property
    def orders(self) -> str:
        return self._of("cmd")

    @property
    def unit_orders(self) -> str:
        """The filter for the orders to all units of this host."""
        return self._of("+", "cmd")

    def unit(self, unit: str, what: str) -> str:
        """Return a unit's topic; `what` is state, event, link or cmd."""
        return self._of(unit, what)

    def discovery(self, unit: str | None = None) -> str:
        """Return where Home Assistant looks for the description of the host, or of one of its units.

        The host has a level of its own there, so that an access list can name it.
        """
        return f"homeassistant/device/{self.host}/{unit or ROOT}/config"

    @property
    def links(self) -> str:
        """The filter for what this host keeps at the broker of each of its units."""
        return self._of("+", "link")

    def unit_of(self, topic: str, what: str = "cmd") -> str | None:
        """Return the id of the unit of this host that such a topic names; None: it is no such topic."""
        parts = topic.split("/")
        return parts[2] if len(parts) == 4 and parts[:2] == [ROOT, self.host] and parts[3] == what else None
