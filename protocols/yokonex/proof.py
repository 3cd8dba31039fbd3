"""The proof that a YOKONEX EMS speaks the protocol that a person has chosen, before anything is felt.

1. No question tells the version. So after zero is told by both channels, something is switched on at intensity 1, 1 Hz
   and a width of 0 µs; channel B has to tell just that, and both have to tell zero again.
2. V1.6 switches both channels on. Its frames for A or B alone have "on" where V2.0 has 256 of intensity, so a V2.0 unit
   that doesn't look at lengths would jump; the one for both is a list of a wrong length to it, for channel A, with
   intensity 1. Then A may be on, but never B.
3. V2.0 switches channel B on. To a V1.6 unit that is a frame of a wrong length, and says "channel B off".
4. A width of 0 is within the document's range and should carry nothing. No unit was measured: if one took it for a
   default, that is one pulse a second at the lowest intensity, for as long as an answer takes.
5. An answer that shows more than was asked for ends it at once, as does none within PROOF_S.
"""

from enum import Enum
from math import inf

from protocols.vocabulary import Channel
from protocols.yokonex.packets import CUSTOM, CUSTOM_BOTH, ORDER, V1, V2, Custom, Order

ON_V1 = ORDER.build(Order(3, 1, 1, CUSTOM, 1, 0))
ON_V2 = CUSTOM_BOTH.build(Custom(0, 0, 0, 1, 1, 0))

PROOF_S = 3.0
"""How long the unit may take to tell what it was told (answers that are 2 s late must be survived)."""


class _Version(Enum):
    UNKNOWN = "unknown"
    ASKING = "asking"
    PROVED = "proved"
    REFUSED = "refused"


class Proof:
    """How far one link has come; `profile` is the protocol that a person has chosen."""

    def __init__(self, profile: str) -> None:
        self._profile = profile
        self._version = _Version.UNKNOWN
        self._since_s = inf
        self._untold = False

    @property
    def due(self) -> bool:
        """Whether it is still to be begun."""
        return self._version is _Version.UNKNOWN

    @property
    def asks(self) -> bool:
        """Whether the frame has gone out, and no answer has come."""
        return self._version is _Version.ASKING

    @property
    def done(self) -> bool:
        """Whether the protocol is proved."""
        return self._version is _Version.PROVED

    @property
    def refused(self) -> bool:
        """Whether the unit seems to speak another."""
        return self._version is _Version.REFUSED

    @property
    def due_s(self) -> float:
        """When no answer is one (inf: none is awaited)."""
        return self._since_s + PROOF_S if self.asks else inf

    @property
    def frame(self) -> bytes:
        """What is sent for it."""
        return ON_V1 if self._profile == V1 else ON_V2

    def intensity(self, channel: Channel) -> int:
        """Return the most that a channel may tell then."""
        return int(channel is Channel.B or self._profile == V1)

    def begin(self, now_s: float) -> None:
        """The frame goes out."""
        self._version = _Version.ASKING
        self._since_s = now_s

    def give_up(self) -> None:
        """A stop has come in between: it is to be begun again."""
        if self.asks:
            self._version = _Version.UNKNOWN

    def told(self, channel: Channel, level: int, mode: int) -> bool:
        """Take what a channel tells; return whether it is decided."""
        if level > self.intensity(channel):
            self._refuse()
        elif channel is Channel.B and level == 1 and (mode == CUSTOM or self._profile == V2):
            self._version = _Version.PROVED
        return not self.asks

    def fails(self, now_s: float) -> bool:
        """Give up waiting for an answer if it is time to; return whether it was."""
        if now_s < self.due_s:
            return False
        self._refuse()
        return True

    def take_refusal(self) -> bool:
        """Return whether a refusal has not been told yet; it counts as told then."""
        untold = self._untold
        self._untold = False
        return untold

    def trouble(self, *, pads_on: bool) -> str:
        """Return the sentence of a refusal; `pads_on`: channel B says that its pads are on the skin."""
        other, which = (V2, "a newer one") if self._profile == V1 else (V1, "an older one")
        pads = "" if pads_on else "; if it doesn't, put pads on channel B too, for it has to answer"
        return (
            f"the unit does not answer as protocol {self._profile}: if yours is {which}, choose {other}: "
            f"estim devices set NAME profile {other}{pads}"
        )

    def _refuse(self) -> None:
        self._version = _Version.REFUSED
        self._untold = True
