"""The seam between session and family: a reconciler is told what is wanted, hears what is, writes the difference.

Rules:
1. One instance serves one connection. A new link gets a new driver, which meets a unit in an unknown state.
2. No input or output, clock, task or chance in here: `now_s` (monotonic seconds) is an argument.
3. `poll` returns all that has to go out now. At most one command (write without response) and one request (read, or
   write with response) await their `done` at a time; urgent writes don't count, since a stop waits for nothing.
4. After poll(now), `due_s` > now. Whatever a driver waits for has a time-out of its own in `due_s`.
5. Bytes that are no packet of the family are counted and ignored, never acted on.
"""

from typing import Protocol

from protocols.vocabulary import (
    AirError,
    Capabilities,
    Endpoint,
    Event,
    Op,
    Reported,
    Wanted,
)


class Driver(Protocol):
    """What the host's runner needs of a family."""

    @property
    def caps(self) -> Capabilities:
        """The family's capabilities, as tightened since connecting."""

    @property
    def due_s(self) -> float:
        """When `poll` has something to do next, at the latest."""

    def want(self, now_s: float, wanted: Wanted) -> None:
        """Take what is wanted from now on; saying the same again changes nothing."""

    def receive(self, now_s: float, endpoint: Endpoint, data: bytes) -> list[Event]:
        """Take one notification; never raises, whatever the bytes are."""

    def done(self, now_s: float, tag: int, data: bytes, error: AirError | None) -> list[Event]:
        """Take the outcome of an op: the value that was read, or the error."""

    def poll(self, now_s: float) -> list[Op]:
        """Return what has to go out now."""

    def reported(self, now_s: float) -> Reported:
        """Return what is known of the unit."""

    def lost(self, now_s: float) -> Reported:
        """Return the last word on a link that is gone: OFF, or MAYBE until `until_s`."""
