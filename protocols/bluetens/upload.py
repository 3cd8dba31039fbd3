"""The script that has to be on the unit: which one, whether it is there, and what to ask or send until it is.

1. It is asked for by its md5 first, and sent only if it is missing or another one; then it is asked for again.
2. Its name has two characters, e and one that follows from its bytes, so that the line that starts it fits into one
   write: half a start can never stay in the unit's shell. Two scripts that share a name are sent by turns.
3. If the unit's memory is full, scripts of ours that are not this one are removed, and never anything else.
"""

from dataclasses import dataclass, field
from hashlib import md5
from math import ceil, inf
from re import fullmatch

from protocols.bluetens.compile import compiled, lasts_s
from protocols.bluetens.packets import COMMAND, Line
from protocols.score import Score, part_at

MORE_S = 10.0
"""Script and cut-off are so much longer than the session: the host keeps the end."""

TRIES = 3
"""So often a script is sent before its unit is refused."""

LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"
FULL = "the unit's memory is full: remove programs with its own app"
DAMAGED = "the program arrives damaged: go nearer to the unit and try again"


BEHIND_S = 3.0
"""So far may a script be behind the session; what is left is under way for half of that or more."""

TOGETHER_S = 0.35
"""So far may contractions be apart."""


@dataclass(slots=True)
class Upload:
    """One script and its place on the unit. `in_place` is true once the unit has told its md5.

    `from_s` is the position in the score that it begins with, `refused` a sentence if it can't be had there.
    """

    name: str = ""
    text: bytes = b""
    digest: str = ""
    from_s: float = 0.0
    in_place: bool = False
    refused: str = ""
    _step: str = "md5"
    _sends: int = 0
    _sent_s: float = -inf
    _cleared: bool = False
    _old: list[str] = field(default_factory=list)

    @property
    def wants(self) -> bool:
        """Whether something is to be asked or sent."""
        return bool(self.name) and not self.in_place and not self.refused

    @property
    def reach_s(self) -> float:
        """How long it takes to have it in place from nothing, about: each write of 20 bytes takes some 50 ms."""
        return 0.5 + 0.05 * len(self.text) / 20

    def choose(self, score: Score, from_s: float) -> None:
        """Choose the script of a score, or of what is left of it from a position on."""
        text = compiled(score, from_s, MORE_S).encode()
        self.from_s = from_s
        if text != self.text:
            self.text = text
            self.digest = md5(text, usedforsecurity=False).hexdigest()
            self.name = f"e{LETTERS[int(self.digest, 16) % len(LETTERS)]}"
            self.in_place = False
            self.refused = ""
            self._step = "md5"
            self._sends = 0
            self._cleared = False
            self._old = []

    def next(self, now_s: float) -> tuple[str, bytes, bytes]:
        """Return the command to begin now, its line, and the bytes of the script that go right behind it."""
        match self._step:
            case "cat":
                self._sends = self._sends + 1
                self._sent_s = now_s
                return "cat", COMMAND.build(Line("cat", (self.name, f"-l={len(self.text)}"))), self.text
            case "ls":
                return "ls", COMMAND.build(Line("ls")), b""
            case "rm":
                return "rm", COMMAND.build(Line("rm", (self._old[-1],))), b""
            case _:
                return "md5", COMMAND.build(Line("md5", (self.name,))), b""

    def told_md5(self, told: str, asked_s: float | None) -> None:
        """Take the md5 that the unit tells ("": it has no such file), and when it was asked for at the earliest."""
        self.in_place = self.in_place or told.casefold() == self.digest
        if self.in_place or asked_s is None or asked_s < self._sent_s:
            return
        if self._sends >= TRIES:
            self.refused = DAMAGED
        self._step = "cat"

    def told_row(self, file: str) -> None:
        """Take a name of the list of files."""
        if self._step == "ls" and fullmatch(r"e[0-9a-z]", file) and file != self.name:
            self._old.append(file)

    def ended(self, now_s: float, kind: str, *, ok: bool) -> None:
        """Take the end of a command: its status, or that none came."""
        match kind:
            case "cat" if not ok:
                self.full()
            case "cat" if self._step == "cat":
                self._step = "md5"
                self._sent_s = now_s
            case "ls" | "rm":
                self._old = self._old[:-1] if kind == "rm" else self._old
                self._cleared = True
                self._step = "rm" if self._old else "cat"

    def full(self) -> None:
        """The unit has no room for it."""
        if self._cleared or not self.wants:
            self.refused = self.refused or (FULL if self.wants else "")
        else:
            self._step = "ls"


@dataclass(frozen=True, slots=True)
class Beginning:
    """The rules for one score; positions in seconds."""

    score: Score | None

    @property
    def _alike(self) -> bool:
        return self.score is None or (len(self.score.parts) == 1 and self.score.parts[0].fade_us is None)

    def from_s(self, at_s: float) -> float:
        """Return the position to compile from if it is to be played from `at_s` on."""
        if self.score is None:
            return 0.0
        _, part = part_at(self.score, 0.0 if self._alike else at_s)
        if part.envelope is None:
            return 0.0 if self._alike else at_s
        if self._alike:
            return part.envelope.up_s
        turns = ceil((at_s - part.start_s - part.envelope.up_s) / lasts_s(part.envelope) - 1e-6)
        begin_s = part.start_s + part.envelope.up_s + max(0, turns) * lasts_s(part.envelope)
        end_s = part.start_s + part.length_s
        return begin_s if begin_s < end_s or part is self.score.parts[-1] else self.from_s(end_s)

    def fits(self, at_s: float, from_s: float) -> bool:
        """Say whether a script from a position on may still be started at another one."""
        return self._alike or at_s <= from_s + BEHIND_S

    def now(self, at_s: float, from_s: float) -> bool:
        """Say whether this is the moment to start it."""
        if self.score is None:
            return False
        _, part = part_at(self.score, at_s)
        if part.envelope is not None:
            return (at_s - from_s) % lasts_s(part.envelope) < TOGETHER_S
        return self._alike or at_s >= from_s - TOGETHER_S
