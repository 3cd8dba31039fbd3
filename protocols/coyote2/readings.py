"""What is read of a Coyote 2.0, and when: strengths, the highest strength, the battery; one request at a time.

1. The strengths come first, and again at once after whatever may have changed them. A reading that is to settle a word
   waits for the word to be out.
2. While waves play, nothing is asked shortly before one is due, for on some stacks it would wait for the answer.
"""

from math import inf

from protocols.coyote2.packets import BATTERY, CAPS, CONFIG, STRENGTHS
from protocols.pace import Reading
from protocols.vocabulary import Endpoint

READ_S = 2.0
"""How often the strengths are read while nothing changes."""

ECHO_S = 0.5
"""While it plays the box is to be heard this often: if nothing else comes, its strengths are read."""

REPLY_S = 0.5
"""A reading that took so long is asked again; its answer may still come."""

BATTERY_S = 60.0
SETTLE_S = 0.02
"""A reading that is to settle a word waits so long for the word to be out."""

CLEAR_S = 0.06
"""A reading takes about 50 ms (measured on BlueZ), and nothing is asked so short a time before a wave is due."""


class Questions:
    """The readings of one link. `vain` counts readings of the strengths that failed in a row, `failed` all that did."""

    def __init__(self, now_s: float) -> None:
        self.vain = self.failed = 0
        self.levels = Reading(now_s, every_s=READ_S, retry_s=CAPS.ask_s, timeout_s=REPLY_S)
        self.config = Reading(now_s, every_s=inf, retry_s=1.0, timeout_s=REPLY_S)
        self.charge = Reading(now_s, every_s=BATTERY_S, retry_s=5.0, timeout_s=REPLY_S)
        self._all = ((self.levels, STRENGTHS), (self.config, CONFIG), (self.charge, BATTERY))
        self._hold_s = now_s

    @property
    def due_s(self) -> float:
        """When to ask, or to give up what was asked."""
        asked_s = [reading.due_s for reading, _ in self._all if reading.reads]
        return asked_s[0] if asked_s else max(self._hold_s, min(reading.due_s for reading, _ in self._all))

    def hold(self, until_s: float) -> None:
        """Ask nothing before."""
        self._hold_s = until_s

    def hurry(self) -> None:
        """Read the strengths as soon as may be."""
        self.levels.hurry(0.0)

    def echo(self) -> None:
        """The box has said nothing for a while: read the strengths, but for ECHO_S after the last time."""
        self.levels.hurry(ECHO_S)

    def raises(self) -> None:
        """A raise waits for the strengths: read them now, but for CAPS.ask_s after the last time."""
        self.levels.hurry(CAPS.ask_s)

    def keep_clear(self, now_s: float, *, wave_s: float, waits: bool) -> None:
        """Ask nothing while a wave waits to go out, or just before the next one, at `wave_s`."""
        if waits:
            self._hold_s = max(self._hold_s, now_s + SETTLE_S)
        elif now_s < wave_s < now_s + CLEAR_S:
            self._hold_s = max(self._hold_s, wave_s)

    def give_up(self, now_s: float) -> None:
        """Ask again what is over its time."""
        for reading, _ in self._all:
            if reading.late(now_s):
                self._count(reading)

    def ask(self, now_s: float, tag: int) -> Endpoint | None:
        """Begin the reading that is due, if one is and none is under way; return what is read."""
        if now_s < self._hold_s or any(reading.reads for reading, _ in self._all):
            return None
        return next((endpoint for reading, endpoint in self._all if reading.begin(now_s, tag)), None)

    def of(self, tag: int) -> Reading | None:
        """Return the reading under way with this tag."""
        return next((reading for reading, _ in self._all if reading.is_of(tag)), None)

    def fail(self, now_s: float, reading: Reading) -> None:
        """No value came, or none that makes sense."""
        reading.failed(now_s)
        self._count(reading)

    def _count(self, reading: Reading) -> None:
        self.failed += 1
        self.vain += reading is self.levels
