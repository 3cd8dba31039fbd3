"""What is on its way to an EM 70: writes that wait for their response, one at a time but for the urgent ones."""

from dataclasses import dataclass
from math import inf

from protocols.em70_level import Act

REQUEST_S = 1.0
"""A write whose response has not come by then no longer holds up the next one."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A write under way; `act` is None for the selection of a program."""

    act: Act | None
    until_s: float


class Flight:
    """All writes under way, by their tag."""

    def __init__(self) -> None:
        self._tag = 0
        self._sent: dict[int, Sent] = {}
        self._awaited: int | None = None

    @property
    def free(self) -> bool:
        """Say whether a write that isn't urgent may go."""
        return self._awaited is None

    @property
    def empty(self) -> bool:
        """Say whether nothing at all is under way."""
        return not self._sent

    @property
    def due_s(self) -> float:
        """When to give one up (inf: there is none)."""
        return min((sent.until_s for sent in self._sent.values()), default=inf)

    def begin(self, now_s: float, act: Act | None, *, urgent: bool) -> int:
        """Take note of a write and return its tag."""
        self._tag += 1
        self._sent[self._tag] = Sent(act, now_s + REQUEST_S)
        if not urgent:
            self._awaited = self._tag
        return self._tag

    def end(self, tag: int) -> Sent | None:
        """The outcome is told; None if that write was given up before."""
        if self._awaited == tag:
            self._awaited = None
        return self._sent.pop(tag, None)

    def give_up(self, now_s: float) -> int:
        """Give up what is over its time; return how many that were."""
        late = [tag for tag, sent in self._sent.items() if now_s >= sent.until_s]
        for tag in late:
            self.end(tag)
        return len(late)
