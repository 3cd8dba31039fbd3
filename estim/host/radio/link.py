"""What the host needs of a radio: find units, open a link, carry bytes. A link holds no queue and decides nothing."""

from collections.abc import Callable
from typing import Protocol

from estim.core.translation import tr
from protocols.family import Family
from protocols.vocabulary import AirError, Endpoint
from protocols.vocabulary import Seen as Seen  # lives there since twins, which never see estim, make it too

Heard = Callable[[Endpoint, bytes], None]
Lost = Callable[[str], None]


class RadioBusy(AirError):
    """The radio had no time: what was asked of it can be tried again in a moment."""


class Link(Protocol):
    """One connection. Every method may raise protocols.vocabulary.AirError; none waits longer than its time-out."""

    @property
    def severed(self) -> bool:
        """Say whether the radio itself said that the connection has ended.

        An error that looks so is less: the system's Bluetooth service may have gone, or stand still, and the
        connection may go on without us.
        """

    async def open(self, heard: Heard, lost: Lost, timeout_s: float) -> None:
        """Connect, check that the family's services are there, listen to its notifications.

        `heard` and `lost` are called on the loop and must only queue. On an error nothing half-open remains.
        """

    def post(self, endpoint: Endpoint, data: bytes) -> bool:
        """Hand over a write without response if the air takes it this very moment; False: use write()."""

    async def write(self, endpoint: Endpoint, data: bytes, response: bool) -> None:
        """Hand bytes to the air: with `response` until the unit acknowledged, else until the stack took them."""

    async def read(self, endpoint: Endpoint) -> bytes:
        """Return the endpoint's value."""

    async def close(self) -> None:
        """Hang up; `lost` is not called. Safe to call twice."""


class Air(Protocol):
    """The radio as a whole."""

    simulated: bool

    async def scan(self, seconds: float) -> list[Seen]:
        """Return what advertises (and what the system already holds a link to), each address once.

        It shares the search of links that are being opened, and keeps none of them from connecting; raises RadioBusy
        if there was no time for it at all.
        """

    def link(self, address: str, family: Family, *, to_stop: bool = False) -> Link:
        """Return a link, not yet open, to a unit that may or may not advertise.

        `to_stop`: it is opened to stop the unit, so it goes before every other on a radio that they share.
        """

    async def release(self) -> None:
        """Give the radio back."""


class NoAir:
    """What has no radio in hand: nothing is found, and nothing can be reached."""

    simulated = False

    async def scan(self, seconds: float) -> list[Seen]:
        """Return nothing."""
        return []

    def link(self, address: str, family: Family, *, to_stop: bool = False) -> Link:
        """Refuse: nobody who has no radio has any business with a unit."""
        raise AirError(tr("no radio is in use here"))

    async def release(self) -> None:
        """There is nothing to give back."""
