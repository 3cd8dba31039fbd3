"""Who is told what a session does: the seam between a runner and whoever writes it down."""

from collections.abc import Sequence
from typing import Protocol

from estim.core.messages.events import Happened
from estim.core.moment import Now
from protocols.vocabulary import Endpoint


class Ears(Protocol):
    """Who is told what a session does."""

    def happened(self, now: Now, told: Sequence[Happened]) -> None:
        """Take what is new, in order."""

    def passed(self, now: Now) -> None:
        """Called after each pass: snapshots may be asked for now."""

    def carried(self, now: Now, way: str, endpoint: Endpoint, data: bytes) -> None:
        """Take bytes for the black box; `way` is "out" or "in"."""
