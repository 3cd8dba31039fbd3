"""What may still lie between the radio module of an openEMSstim and its board, and by when it has surely been done.

1. The module replies to a write at once, and hands it on as a line of text; the board does one line after the other.
   Nobody tells when. So every write counts until it surely was there, and the board surely was done with it and with
   all before it: a write with a reply was there by then, one without by ARRIVES_S.
2. The buffer between the two holds BUFFER characters. What comes when it is full is lost letter by letter, and what is
   left of two commands can be one that nobody meant. So no more is written than surely fits, see `free_s` and `room`.

Source: the sketch with DEBUG_ON = 1: some 170 characters of text at 19200 baud for each command (0.09 s), two times
50 ms while relays open, and AltSoftSerial with 80 characters, of which one stays free.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

BUFFER = 79

ACTS_S = 0.55
"""What a board may take for a command. Its sketch takes up to 0.21 s, boards of 0.5 s were reported."""

QUICK_S = 0.25
"""A texture that changes faster than ACTS_S allows can be played on a board as quick as its sketch only, so there that
is assumed."""

RELAYS_S = 0.1
"""How much later than its time a channel may end: the board waits 50 ms for each relay that opens."""

ARRIVES_S = 6.0
"""Until a write without a reply is there, or lost with its link: the longest supervision time-out in use."""

QUEUE_S = 4 * ACTS_S
"""The longest that a line waits: three of the shortest before it fill the buffer, and the board is at a fourth."""


def length(value: bytes) -> int:
    """Return how many characters a value has as a line: its handle, its bytes in hex, a dot and an end of line."""
    return len("WV,001C,") + 2 * len(value) + len(".\r\n")


@dataclass(slots=True)
class _Line:
    tag: int
    length: int
    acts_s: float
    arrives_s: float


@dataclass(frozen=True, slots=True)
class Due:
    """The latest moments of a line: when the board begins it and is done with it, if it is as quick as was assumed.

    `surely_s` is when it is done on any board, for a proof.
    """

    begun_s: float
    done_s: float
    surely_s: float


class Backlog:
    """The lines that may not be done yet, in the order in which they were written."""

    def __init__(self) -> None:
        self._lines: list[_Line] = []
        self._before = Due(-inf, -inf, -inf)
        self._known: list[tuple[_Line, Due]] | None = []  # worked out when it is asked for; None: anew

    @property
    def free_s(self) -> float:
        """When no line waits any more: the board is at the last one, if at any."""
        return max((due.begun_s for _, due in self._all()), default=-inf)

    def room(self, now_s: float, more: int) -> bool:
        """Say whether so many characters surely fit beside all that may be waiting."""
        return sum(line.length for line, due in self._all() if due.begun_s > now_s) + more <= BUFFER

    def wrote(self, now_s: float, tag: int, characters: int, acts_s: float) -> None:
        """Take note of a write."""
        self._lines.append(_Line(tag, characters, acts_s, now_s + ARRIVES_S))
        self._known = None

    def arrived(self, now_s: float, tag: float = inf) -> None:
        """A write has a reply, so it is there, and all before it; or the link is lost, and no more arrives."""
        for line in self._lines:
            if line.tag <= tag:
                line.arrives_s = min(line.arrives_s, now_s)
        self._known = None

    def refused(self, tag: int) -> None:
        """The radio module refused a write: the board never sees it."""
        self._lines = [line for line in self._lines if line.tag != tag]
        self._known = None

    def dues(self) -> dict[int, Due]:
        """Return what is known of each line."""
        return {line.tag: due for line, due in self._all()}

    def forget(self, now_s: float) -> None:
        """Forget all that is surely done."""
        for line, due in self._all():
            if due.surely_s <= now_s:
                self._before = due
                self._lines.remove(line)
                self._known = None

    def _all(self) -> list[tuple[_Line, Due]]:
        if self._known is None:
            self._known = list(self._worked_out())
        return self._known

    def _worked_out(self) -> Iterator[tuple[_Line, Due]]:
        before = self._before
        for line in self._lines:
            begun_s = max(before.done_s, line.arrives_s)
            # what waits longer than a full buffer was never in it
            surely_s = min(max(before.surely_s, line.arrives_s) + ACTS_S, line.arrives_s + QUEUE_S)
            before = Due(begun_s, begun_s + line.acts_s, surely_s)
            yield line, before
