"""What a unit is about to say, and what hands will do to it: two short lists in the order of time."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from protocols.vocabulary import Endpoint
from simulator.twin import Said

SAID_MAX = 256
"""More than a unit could ever have waiting; the oldest is dropped."""


class Outbox:
    """Notifications that are due soon. Order is kept: none overtakes another, however short its delay."""

    def __init__(self) -> None:
        self._said: deque[Said] = deque(maxlen=SAID_MAX)

    @property
    def due_s(self) -> float:
        """When the next one goes out (inf: none)."""
        return self._said[0].at_s if self._said else inf

    def put(self, at_s: float, endpoint: Endpoint, data: bytes) -> None:
        """Say something at a time, or right after what waits already."""
        last_s = self._said[-1].at_s if self._said else at_s
        self._said.append(Said(max(at_s, last_s), endpoint, data))

    def unsaid(self, at_s: float, endpoint: Endpoint) -> bytes:
        """Take back what is to be said on an endpoint at this very time, to say it in one with more."""
        data = b""
        while self._said and self._said[-1].at_s == at_s and self._said[-1].endpoint == endpoint:
            data = self._said.pop().data + data
        return data

    def take(self, now_s: float) -> list[Said]:
        """Return and remove what is due."""
        out = []
        while self._said and self._said[0].at_s <= now_s:
            out.append(self._said.popleft())
        return out

    def clear(self) -> None:
        """Drop everything: the link is gone."""
        self._said.clear()


@dataclass(frozen=True, slots=True)
class Act:
    """Something that a person does to the unit, `at_s` seconds after the first connect."""

    at_s: float
    what: str


class Agenda:
    """The acts still to come; it begins to run with the first connect."""

    def __init__(self, acts: Sequence[Act]) -> None:
        self._acts = deque(sorted(acts, key=lambda act: act.at_s))
        self._began_s: float | None = None

    def begin(self, now_s: float) -> None:
        """Start the clock, unless it runs already."""
        if self._began_s is None:
            self._began_s = now_s

    @property
    def due_s(self) -> float:
        """When the next act comes (inf: none)."""
        return self._began_s + self._acts[0].at_s if self._began_s is not None and self._acts else inf

    def take(self) -> tuple[float, str]:
        """Return and remove the next act and its time."""
        at_s = self.due_s
        return at_s, self._acts.popleft().what
