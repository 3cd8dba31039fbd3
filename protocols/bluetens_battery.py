"""What a Bluetens tells of its battery: asked now and then, once its version says which scale it uses."""

from dataclasses import dataclass
from math import inf

from protocols.bluetens import percent

EVERY_S = 60.0
VERSION_TRIES = 3
"""A unit that never tells its version is taken for second hardware."""


@dataclass(slots=True)
class Battery:
    """`percent` is None until it is told; `due_s` is when to ask next."""

    due_s: float
    percent: int | None = None
    _version: str = ""
    _tries: int = 0

    def question(self, now_s: float) -> str:
        """Return the command to ask now."""
        if self._version or self._tries >= VERSION_TRIES:
            self.due_s = now_s + EVERY_S
            return "bat"
        self._tries += 1
        return "ver"

    def missed(self, now_s: float) -> None:
        """No answer came."""
        self.due_s = now_s if self.percent is None else self.due_s

    def told_version(self, version: str) -> None:
        """Take the version, such as 3.3.7; up to 3.0 it is that of first hardware."""
        self._version = version

    def told(self, shown: int) -> None:
        """Take what the unit shows."""
        self.percent = percent(shown, first=self._version.startswith(("1.", "2.", "3.0.")))

    def mains(self) -> None:
        """The unit has no battery to speak of (old firmware)."""
        self.percent, self.due_s = None, inf
