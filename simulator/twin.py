"""The seam of a software stimulator: bytes and time in, notifications and a record of what the electrodes saw out.

Rules:
1. A twin reads no clock and waits for nothing: `now_s` is an argument, and `due_s` says when it wants to be called.
2. Wire syntax comes from the family's layouts; the behaviour here is written from the fact sheet, never from a driver.
3. It refuses what the real unit refuses (kind of write, length), because no Bluetooth stack does that for it.
4. Everything it does is told to `log` as one record: (t, event, fields).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from protocols.vocabulary import Advert, Endpoint
from simulator.chance import Chance

Log = Callable[[float, str, Mapping[str, object]], None]


class WriteRefused(Exception):
    """The unit refuses a write or read; `code` is the ATT error (0x03 write not permitted, 0x0D bad length, …)."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Said:
    """One notification, due on the air at `at_s`."""

    at_s: float
    endpoint: Endpoint
    data: bytes


@dataclass(frozen=True, slots=True)
class Pulse:
    """One biphasic pulse into the load: both phases have `width_us`; `first` is the polarity of the first phase."""

    at_s: float
    channel: str
    width_us: float
    current_ma: float
    first: int


class Twin(Protocol):
    """A software stimulator, as the radio (in memory, or bumble) sees it."""

    family: str
    address: str
    endpoints: tuple[Endpoint, ...]

    @property
    def advert(self) -> Advert:
        """What it advertises now."""

    @property
    def on(self) -> bool:
        """Whether it is switched on; if not, it neither advertises nor keeps a link."""

    @property
    def due_s(self) -> float:
        """When `advance` has something to do next (inf: nothing)."""

    def advance(self, now_s: float) -> list[Said]:
        """Live until now; return the notifications that went out since, in order (only subscribed ones)."""

    def connect(self, now_s: float) -> None:
        """A central is here."""

    def disconnect(self, now_s: float) -> None:
        """The link is gone, by whatever cause."""

    def subscribe(self, now_s: float, endpoint: Endpoint, on: bool) -> None:
        """The central wrote the CCCD."""

    def write(self, now_s: float, endpoint: Endpoint, data: bytes, response: bool) -> None:
        """Take a write; raises WriteRefused."""

    def read(self, now_s: float, endpoint: Endpoint) -> bytes:
        """Return a value; raises WriteRefused."""

    def hand(self, now_s: float, act: str) -> None:
        """A person at the unit: 'A+' 'A-' 'B+' 'B-' (wheel or key; 'A+5' is five steps), 'pads-off', 'pads-on',
        'power-off', 'power-on', 'low-battery'.
        """

    def level(self, channel: str = "A") -> int:
        """Return the level that a channel is really at, on the unit's scale."""

    def pulses(self, since_s: float, until_s: float) -> list[Pulse]:
        """What the electrodes saw in a stretch of the recent past (at least the last 60 s)."""


U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class Kind(Generic[U]):
    """`unit` holds the default options, `address` the first five bytes of its addresses as text.

    `decoy` is the advertised name of a sister product with the same service; `make` takes address, options, chance
    and log.
    """

    family: str
    title: str
    decoy: str
    address: str
    unit: U
    make: Callable[[str, U, Chance, Log], Twin]
