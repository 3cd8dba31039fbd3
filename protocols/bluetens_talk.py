"""One conversation with a text shell: lines cut into writes of 20 bytes, answers put together again, one at a time.

1. A command is under way from its first byte until its answer, or until nobody waits for it any longer.
2. Whatever comes is a stream: lines may be cut anywhere, several may come in one. A line without an end is dropped.
3. A stop cuts in: what was not sent of the command before is forgotten, and the stop's own answer is waited for.
"""

from dataclasses import dataclass, field

ANSWER_S = 1.5
"""How long an answer is waited for; a reply of the unit's shell takes 10 to 100 ms."""

WRITE_S = 1.0
"""How long a write may wait for its own reply."""

HEARD_MAX = 512
"""Bytes without an end of line that are kept; the longest line of the shell has some 80."""


@dataclass(slots=True)
class Asked:
    """A command under way: what it is, the bytes still to be sent, when the last of them went, when it is given up."""

    kind: str
    rest: list[bytes]
    until_s: float
    sent_s: float = 0.0
    upload: bool = False


@dataclass(slots=True)
class Talk:
    """The talk on one link. `tag` is that of the write that awaits its reply, 0 if none does."""

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
    def due_s(self) -> float:
        """When something is given up; 0 if nothing is waited for."""
        if self.tag:
            return self.write_until_s
        return self.asked.until_s if self.asked is not None else 0.0

    def begin(self, now_s: float, kind: str, data: bytes, *, upload: bool = False, answer_s: float = ANSWER_S) -> None:
        """Begin a command; its bytes come out of `chunk`."""
        chunks = [data[at : at + self.width] for at in range(0, len(data), self.width)]
        self.asked = Asked(kind, chunks, now_s + answer_s + WRITE_S * len(chunks), upload=upload)
        self.asked.sent_s = now_s

    def cut_in(self, now_s: float, kind: str, answer_s: float) -> None:
        """Forget the command under way: another one was just sent past it."""
        self.asked = Asked(kind, [], now_s + answer_s, sent_s=now_s)

    def chunk(self, now_s: float, tag: int) -> bytes | None:
        """Return the next bytes to write, under this tag; None while a write awaits its reply or nothing is left."""
        if self.tag or self.asked is None or not self.asked.rest:
            return None
        self.tag, self.write_until_s = tag, now_s + WRITE_S
        data = self.asked.rest.pop(0)
        if not self.asked.rest:
            self.asked.sent_s = now_s
        return data

    def wrote(self, now_s: float, tag: int, *, ok: bool) -> bool:
        """Take the reply to a write; false if it isn't the one that is awaited. A failed one ends its command."""
        if tag != self.tag:
            return False
        self.tag = 0
        if not ok:
            self.asked = None
        elif self.asked is not None and not self.asked.rest:
            self.asked.until_s = min(self.asked.until_s, now_s + ANSWER_S)
        return True

    def late(self, now_s: float) -> str:
        """Give up what is over its time; return the kind of the command that got no answer, or ""."""
        if self.tag and now_s >= self.write_until_s:
            self.tag = 0
        if self.asked is None or now_s < self.asked.until_s:
            return ""
        kind, self.asked = self.asked.kind, None
        return kind

    def answered(self) -> None:
        """The command under way has had its answer."""
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
