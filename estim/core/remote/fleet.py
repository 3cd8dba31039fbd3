"""All hosts of a broker as they say that they are: a pure picture, made of what was published and nothing else.

1. What is said is a stranger's text: too long, no JSON, a wrong type or one too many is left out and counted.
2. A unit counts as quiet only when its host has said so since it was asked: `open_units` names all the others, and
   every host that is there and hasn't said since then how it is itself.
3. While a stop waits, a host's word costs a look at that host alone (`Stopping`): a look at all of a thousand at each
   of their words would take longer than they take to say them.
"""

import json
import re

from msgspec import Struct, field

from estim.core.remote.topics import ID, OFFLINE, ONLINE, ROOT, UNITS_MAX
from estim.core.translation import mark, tr_text
from estim.core.values import replace
from estim.core.vocabulary import State

HOSTS_MAX = 5000
PAYLOAD_MAX = 4096
"""Longest state, bytes."""

STALE_S = 20.0
"""A unit that says nothing for this long is told as silent, s: it says something every five."""

NEVER_S = -1e9

_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class UnitSeen(Struct, frozen=True):
    """One unit, as its host said last; `heard_s` is when, in seconds of the viewer's clock. None: it wasn't said."""

    unit: str
    name: str = ""
    state: str = ""
    linked: bool = False
    stimulating: bool | None = None
    may_be_on: bool = False
    level: int | None = None
    left_s: int | None = None
    alarm: str = ""
    stop_confirmed: bool | None = None
    heard_s: float = NEVER_S

    @property
    def quiet(self) -> bool:
        """Say whether its host says that nothing is put out; one whose last stop wasn't proved is not."""
        if self.stop_confirmed is False:
            return False
        return self.stimulating is False and not self.may_be_on and self.state in (State.ENDED, State.IDLE, State.READY)


OUT_OF_REACH = UnitSeen("", name=mark("what it can't reach"), may_be_on=True)
"""Stands for whatever a host says that it can't stop."""

SILENT = UnitSeen("", name=mark("(no word from it since the stop)"), may_be_on=True)
"""Stands for whatever a host has that is there and hasn't said how it is: no unit of it may be known here."""

UNTOLD = UnitSeen("", name=mark("(a unit that it hasn't told of)"), may_be_on=True)
"""Stands for the units of which a host speaks and of which nothing was heard."""


class HostSeen(Struct):
    """One host with its units. `doubted`: something that it can't reach may be on; `heard_s` is when it said how it is
    itself, `units_told` how many units it said that it has.
    """

    host: str
    online: bool = False
    doubted: bool = False
    heard_s: float = NEVER_S
    units_told: int = 0
    units: dict[str, UnitSeen] = field(default_factory=dict)

    def open_units(self, since_s: float) -> list[UnitSeen]:
        """Return what of it may be on: units first that it hasn't said to be quiet since then, then what stands for
        those that nobody here knows.
        """
        found = [unit for unit in self.units.values() if not (unit.quiet and unit.heard_s >= since_s and self.online)]
        if self.online and not found and self.heard_s < since_s:
            found.append(_named(SILENT))
        elif self.online and self.units_told > len(self.units):
            found.append(_named(UNTOLD))
        return found + ([_named(OUT_OF_REACH)] if self.doubted else [])


def _named(seen: UnitSeen) -> UnitSeen:
    """Return what stands for something that isn't known, by its name in the reader's language."""
    return replace(seen, name=tr_text(seen.name))


class Fleet:
    """All hosts that were heard."""

    def __init__(self) -> None:
        self.hosts: dict[str, HostSeen] = {}
        self.left_out = 0

    def hear(self, topic: str, payload: bytes, now_s: float) -> str | None:
        """Take one message; return the host of which it may have changed something, None if there is none."""
        parts = topic.split("/")
        if parts[0] != ROOT or not 3 <= len(parts) <= 4 or not all(ID.fullmatch(part) for part in parts[1:-1]):
            self.left_out += 1
            return None
        host = self._host(parts[1])
        if host is None or len(payload) > PAYLOAD_MAX:
            self.left_out += 1
            return None
        if parts[2:] == ["bridge"]:
            host.online = payload == ONLINE.encode()
        elif parts[2:] == ["state"]:
            host.heard_s = now_s
            host.doubted, host.units_told = _read_host(payload)
        elif len(parts) == 4 and (unit := self._unit(host, parts[2])) is not None:
            self._hear_unit(host, unit, parts[3], payload, now_s)
        else:
            self.left_out += 1
        return host.host

    def _host(self, ident: str) -> HostSeen | None:
        if ident not in self.hosts and len(self.hosts) >= HOSTS_MAX:
            return None
        return self.hosts.setdefault(ident, HostSeen(ident))

    def _unit(self, host: HostSeen, ident: str) -> UnitSeen | None:
        if ident not in host.units and len(host.units) >= UNITS_MAX:
            return None
        return host.units.get(ident, UnitSeen(ident))

    def _hear_unit(self, host: HostSeen, unit: UnitSeen, what: str, payload: bytes, now_s: float) -> None:
        match what:
            case "link" if not payload:
                host.units.pop(unit.unit, None)  # its host took it back: it has no such unit any more
            case "link":
                host.units[unit.unit] = replace(unit, linked=payload != OFFLINE.encode())
            case "state":
                seen = _read(unit, payload, now_s)
                if seen is None:
                    self.left_out += 1
                else:
                    host.units[unit.unit] = seen
            case _:
                self.left_out += 1

    def units_of(self, host: str | None) -> list[UnitSeen]:
        """Return the units of one host or of all."""
        return [unit for seen in self.hosts.values() if host in (None, seen.host) for unit in seen.units.values()]

    def open_units(self, host: str | None, since_s: float) -> list[tuple[str, UnitSeen]]:
        """Return the units, of one host or of all, whose hosts haven't said since then that they are quiet."""
        meant = [seen for seen in self.hosts.values() if host in (None, seen.host)]
        return [(seen.host, unit) for seen in meant for unit in seen.open_units(since_s)]


class Stopping:
    """The hosts, of one or of all, that haven't said since then that all of theirs is off; see 3 above."""

    def __init__(self, fleet: Fleet, host: str | None, since_s: float) -> None:
        self._fleet = fleet
        self._host = host
        self._since_s = since_s
        self.open: set[str] = set()
        self.reachable: set[str] = set()
        """Those of them that are at the broker."""
        self.due: dict[str, None] = {}
        """Those that are to be asked again, in order: each once, and then whenever it has said something else. One that
        hasn't spoken since may be far behind, and to ask it again and again would keep it there.
        """
        for one in fleet.hosts:
            self.look(one)

    def look(self, host: str) -> None:
        """Look again at a host that has said something."""
        if self._host not in (None, host):
            return
        seen = self._fleet.hosts[host]
        if seen.open_units(self._since_s):
            self.open.add(host)
            self.due.setdefault(host)
            (self.reachable.add if seen.online else self.reachable.discard)(host)
        else:
            self.open.discard(host)
            self.due.pop(host, None)
            self.reachable.discard(host)

    def asked(self, host: str) -> None:
        """Take a host as asked again."""
        self.due.pop(host, None)


def _read_host(payload: bytes) -> tuple[bool, int]:
    """Return whether a host says that something else may be on, and how many units it has; what it says in no known
    form is doubt enough.
    """
    try:
        said = json.loads(payload)
    except (ValueError, RecursionError):
        return True, 0
    if not isinstance(said, dict):
        return True, 0
    return said.get("may_be_on") != "OFF", _number(said.get("units")) or 0


def _read(unit: UnitSeen, payload: bytes, now_s: float) -> UnitSeen | None:
    """Return a unit with a state that was said; None if that is no state."""
    try:
        said = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or said.get("stimulating") not in ("ON", "OFF"):
        return None
    return replace(
        unit,
        name=_text(said.get("unit")),
        state=_text(said.get("state")),
        stimulating=said["stimulating"] == "ON",
        may_be_on=said.get("may_be_on") != "OFF",
        level=_number(said.get("level")),
        left_s=_number(said.get("left_s")),
        alarm=_text(said.get("alarm_text")),
        stop_confirmed={"ON": True, "OFF": False}.get(_text(said.get("stop_confirmed"))),
        heard_s=now_s,
    )


def _text(value: object) -> str:
    """Return a stranger's text as a terminal may show it."""
    return _UNSEEN.sub("?", value)[:80] if isinstance(value, str) else ""


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**9 else None
