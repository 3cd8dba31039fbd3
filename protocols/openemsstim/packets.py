"""openEMSstim, an open-hardware gate before somebody's own stimulator: text commands, each valid for its own time only.

1. `C0I50T2000G`: channel, percent of a potentiometer, milliseconds. The unit goes off by itself when the time is over,
   so a level that stays is said again well before that. It makes no pulses: another unit does, set by hand.
2. I0 is not off: about a fifth of the pot still leaks while the relay is on. Off is `C0I0T0G`, or the end of the time.
3. It never says anything. The reply to a write is its radio module's, before the board has read the command. A level
   is believed, and the next step may rest on it, when the board has surely done it (see openemsstim_board).
4. Zero is proved by time alone: a stop of this very demand is surely done, and so is every command before it, and every
   time that was asked for is over.

Source: PedroLopes/openEMSstim (GitHub): Arduino sketch, EMSSystem, EMSChannel and Rn4020BTLe; its Android app.
"""

from dataclasses import dataclass
from re import findall

from protocols.layout import Direction, Forms
from protocols.vocabulary import (
    BadPacket,
    Can,
    Capabilities,
    Channel,
    Control,
    Endpoint,
    Level,
    OffBy,
    Pause,
    ZeroBy,
)

SERVICE = "454d532d-5365-7276-6963-652d424c4531"
COMMAND = Endpoint("EMS-Steuerung-CH", SERVICE, "454d532d-5374-6575-6572-756e672d4348", Can.WRITE | Can.NOTIFY)
VALUE_MAX = 32  # bytes that the characteristic holds

LEASE_MAX_S = 5.0
"""What the firmware cuts every time to."""

LEASE_S = 2.0
"""The time that is asked for, and again at its half, so that a lost command isn't felt."""

SLOT_S = 0.25
"""Into it fit two channels, each with a reply of about two connection intervals (the apps' patterns use 120 ms)."""

ASK_S = 0.3
"""A stop without a reply is said again after that."""


@dataclass(frozen=True, slots=True)
class Command:
    """`order` is that of the letters; channel 0-1, intensity in % of the pot, on_ms as sent (the unit cuts to 5000).

    G stands at the end of `order` unsaid; where it doesn't end the command, it is named in its place ("GCIT").
    """

    channel: int
    intensity: int
    on_ms: int
    order: str = "CIT"


class Text:
    """The form of a command: letters C, I and T, each with its number, and G, in any order; nothing before or after.

    The firmware looks for each letter wherever it is, so G may come first. It takes more (other text between, a second
    G, a number missing), but nobody sends that, and what it does then isn't meant.
    """

    name = "command"
    head = b""

    def framed(self, data: bytes) -> None:
        """Raise BadPacket for more than the characteristic holds."""
        if not 0 < len(data) <= VALUE_MAX:
            raise BadPacket(f"command: 1 to {VALUE_MAX} bytes, not {len(data)}")

    def starts(self, data: bytes) -> bool:
        """Say whether it may be one: every text may."""
        return bool(data)

    def parse(self, data: bytes) -> Command:
        """Return the command; raise BadPacket for what the unit would take for a shut-down, or not at all."""
        self.framed(data)
        text = data.decode("ascii", errors="replace")
        found = findall(r"([CIT])(\d{1,10})|(G)", text, 256)  # ASCII digits only
        letters = "".join(letter or act for letter, _, act in found)
        if sorted(letters) != sorted("CITG") or "".join(map("".join, found)) != text:
            raise BadPacket(f"command: C, I and T with their numbers and G, such as C0I50T2000G, not {text!r}")
        value = {letter: int(number) for letter, number, act in found if not act}
        command = Command(value["C"], value["I"], value["T"], letters.removesuffix("G"))
        if self.build(command) != data:
            raise BadPacket(f"command: numbers have no zeros in front, {text!r}")
        return command

    def build(self, packet: Command) -> bytes:
        """Return the text; raise BadPacket for a channel, intensity or time that the grammar doesn't have."""
        if packet.channel not in (0, 1) or not 0 <= packet.intensity <= 100 or not 0 <= packet.on_ms < 2**31:
            raise BadPacket(f"command: C is 0 or 1, I 0 to 100, T 0 to {2**31 - 1}, not {packet}")
        number = {"C": packet.channel, "I": packet.intensity, "T": packet.on_ms, "G": ""}
        order = packet.order if "G" in packet.order else f"{packet.order}G"
        return "".join(f"{letter}{number[letter]}" for letter in order).encode()


TEXT = Text()
LAYOUTS: Forms = {
    Direction.TO_DEVICE: {COMMAND.name: (TEXT,)},
    Direction.FROM_DEVICE: {COMMAND.name: ()},
}

CAPS = Capabilities(
    family="openemsstim",
    channels=(Channel.A, Channel.B),
    scale=Level(100),
    step=2,
    first=Level(1),
    raise_gap_s=0.5,
    ask_s=ASK_S,
    fresh_s=3.0,  # nothing at the board changes a level: no key, no dial; a time that ends is counted here
    stale_s=3.0,
    fault_s=10.0,
    stop_s=11.0,  # the longest proof: writes that arrive at the last moment, the board's time for them, and their own
    control=Control.LEASE,
    off_by=OffBy.LEASE,
    pause=Pause.HOLD,
    zero_by=ZeroBy.LEASE,
)
