"""The script that has to be on the unit: which one, whether it is there, and what to ask or send until it is."""

from dataclasses import dataclass
from hashlib import md5

from protocols.bluetens import COMMAND, Line
from protocols.bluetens_script import after, compiled
from protocols.score import Score

MORE_S = 10.0
"""Script and cut-off are so much longer than the session: the host keeps the end."""

TRIES = 3
"""So often a script is sent before its unit is refused."""

WHOLE_S = 1.0
"""A start so soon after the score's beginning plays the whole of it."""


@dataclass(slots=True)
class Shelf:
    """One script and its place on the unit. `in_place` is true once the unit has told its md5."""

    name: str = ""
    text: bytes = b""
    in_place: bool = False
    sends: int = 0
    asked: bool = False

    @property
    def digest(self) -> str:
        """The md5 that the unit has to tell, small letters."""
        return md5(self.text, usedforsecurity=False).hexdigest()

    @property
    def wants(self) -> bool:
        """Whether something is to be asked or sent."""
        return bool(self.name) and not self.in_place and self.sends < TRIES

    def choose(self, score: Score, at_s: float) -> None:
        """Choose the script of a score, or of what is left of it from a position on, where it isn't alike all through.

        Its name has ten characters, as the unit's own list is wide, and follows from its bytes: two scripts never share
        one.
        """
        alike = len(score.parts) == 1 and score.parts[0].fade_us is None
        text = compiled(score if alike or at_s < WHOLE_S else after(score, at_s), MORE_S).encode()
        if text != self.text:
            self.text = text
            self.name = f"e{self.digest[:5]}.lok"
            self.in_place, self.sends, self.asked = False, 0, False

    def compared(self, told: str) -> None:
        """Take the md5 that the unit tells; "": it has no such file."""
        self.in_place = told.casefold() == self.digest

    def question(self) -> tuple[str, str] | None:
        """Return the command that asks for its md5, once before each sending; None: it is to be sent now."""
        if self.asked:
            return None
        self.asked = True
        return "md5", self.name

    def upload(self) -> bytes:
        """Return the line that announces it, and its bytes right behind."""
        self.asked = False
        self.sends += 1
        return COMMAND.build(Line("cat", (self.name, f"-l={len(self.text)}"))) + self.text
