"""One conversation with a text shell: bytes cut into writes, lines put together again, one command at a time.

1. A command is under way from its first byte until its answer, or until nobody waits for it any longer.
2. Whatever comes is a stream: lines may be cut anywhere, several may come in one. A line without an end is dropped.
3. A stop doesn't wait for any of this: what was not sent of the command under way is forgotten.
"""

from dataclasses import dataclass, field

WRITE_S = 1.0
"""How long a write may wait for its own reply."""

QUESTIONS = ("stat", "level")

HEARD_MAX = 512
"""Bytes without an end of line that are kept; the longest line of the shell has some 80."""


@dataclass(slots=True)
class Asked:
    """A command under way: what it is, the writes still to come, how long its answer is waited for, and until when."""

    kind: str
    rest: list[bytes]
    answer_s: float
    until_s: float


@dataclass(slots=True)
class Shell:
    """The shell on one link. `tag` is that of the write that awaits its reply, 0 if none does."""

    width: int
    asked: Asked | None = None
    tag: int = 0
    write_until_s: float = 0.0
    dropped: int = 0
    _heard: bytearray = field(default_factory=bytearray)

    @property
    def idle(self) -> bool:
        """Whether the next command may begin."""
        return self.asked is None and not self.tag

    @property
    def free(self) -> bool:
        """Whether a start or a new level may begin: the answer to a question need not be waited for."""
        return not self.tag and (self.asked is None or (self.kind in QUESTIONS and not self.asked.rest))

    @property
    def kind(self) -> str:
        """The kind of the command that was sent whole and awaits its answer; "" if there is none."""
        return self.asked.kind if self.asked is not None and not self.asked.rest else ""

    @property
    def uploads(self) -> bool:
        """Whether the shell may take what it is sent for a file."""
        return self.asked is not None and self.asked.kind == "cat"

    @property
    def due_s(self) -> float:
        """When something is given up; 0 if nothing is waited for."""
        if self.tag:
            return self.write_until_s
        return self.asked.until_s if self.asked is not None else 0.0

    def begin(self, now_s: float, kind: str, parts: tuple[bytes, ...], answer_s: float) -> None:
        """Begin a command; its writes come out of `chunk`, and none holds bytes of two parts."""
        rest = [part[at : at + self.width] for part in parts for at in range(0, len(part), self.width)]
        self.asked = Asked(kind, rest, answer_s, now_s + answer_s + WRITE_S * len(rest))

    def chunk(self, now_s: float, tag: int) -> bytes | None:
        """Return the next bytes to write, under this tag; None while a write awaits its reply or nothing is left."""
        if self.tag or self.asked is None or not self.asked.rest:
            return None
        self.tag = tag
        self.write_until_s = now_s + WRITE_S
        return self.asked.rest.pop(0)

    def wrote(self, now_s: float, tag: int, *, ok: bool) -> Asked | None:
        """Take the reply to a write; return the command that failed with it, if one did."""
        if tag != self.tag:
            return None
        self.tag = 0
        if not ok:
            failed = self.asked
            self.asked = None
            return failed
        if self.asked is not None and not self.asked.rest:
            self.asked.until_s = min(self.asked.until_s, now_s + self.asked.answer_s)
        return None

    def late(self, now_s: float) -> Asked | None:
        """Give up what is over its time; return the command that got no answer, or could not be sent, if one did."""
        unsent = bool(self.tag) and now_s >= self.write_until_s
        if unsent:
            self.tag = 0
        if self.asked is None or (now_s < self.asked.until_s and not unsent):
            return None
        late = self.asked
        self.asked = None
        return late

    def answered(self, kind: str) -> None:
        """An answer of this kind has come: the command under way is over if it is one."""
        if self.kind == kind:
            self.asked = None

    def forget(self) -> None:
        """The command under way has lost its point, or its answer is there."""
        self.asked = None

    def lines(self, data: bytes) -> list[bytes]:
        """Return the whole lines, with their ends, that these bytes complete."""
        self._heard += data
        *whole, rest = bytes(self._heard).split(b"\r\n")
        if len(rest) > HEARD_MAX:
            self.dropped += 1
            rest = b""
        self._heard = bytearray(rest)
        return [line + b"\r\n" for line in whole]
