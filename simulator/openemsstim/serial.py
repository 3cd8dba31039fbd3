"""The serial line from the radio module of a software openEMSstim to its board: lines of text in a small buffer.

Rules (the sketch, Rn4020BTLe and AltSoftSerial, as named in the family's file):
1. The module hands each value on as `WV,001C,` and its bytes in hex, a dot and CR LF, and a link that ends as a line.
2. The buffer holds 79 characters (80, one of which stays free). What comes while it is full is lost, one character
   after the other: a line loses its end, and the rest of the next one goes on from there. Other ways are options.
3. The board reads up to the end of a line, or all there is after 100 ms of silence; the command is what stands behind
   the last comma, without its last character, and digits A-F count as 0-5 (a bug).
"""

ENDED = "Connection End"
LINE_END = "\r\n"


class Serial:
    """The buffer. `drops` is what gets lost when it is full: "letters", or the "newest" or "oldest" whole line."""

    def __init__(self, size: int, drops: str) -> None:
        self._size = size
        self._drops = drops
        self._waiting = ""

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def value(self, data: bytes) -> int:
        """Hand a value on; return how many characters of anything got lost."""
        return self._put(f"WV,001C,{data.hex().upper()}.{LINE_END}")

    def ended(self) -> int:
        """Tell the board that the link has ended; return how many characters got lost."""
        return self._put(ENDED + LINE_END)

    def take(self) -> str:
        """Return the next line without its end, and take it out of the buffer."""
        line, _, self._waiting = self._waiting.partition("\n")
        return line.strip()

    def clear(self) -> None:
        """Forget all: the board was switched off."""
        self._waiting = ""

    def _put(self, line: str) -> int:
        lost = max(0, len(self._waiting) + len(line) - self._size)
        if lost and self._drops == "newest":
            return len(line)
        while self._drops == "oldest" and self._waiting and len(self._waiting) + len(line) > self._size:
            self.take()
        self._waiting = (self._waiting + line)[: self._size]
        return lost


def command_in(line: str) -> str | None:
    """Return the command that the board reads out of a line; None if the line hands on no value."""
    if not line.startswith("WV"):
        return None
    digits = line[line.rfind(",") + 1 : -1]
    pairs = (digits[at : at + 2] for at in range(0, len(digits), 2))
    return "".join(chr(16 * _digit(pair[0]) + _digit(pair[1])) if _hex(pair) else "\xff" for pair in pairs)


def _hex(pair: str) -> bool:
    return len(pair) == 2 and all(digit in "0123456789ABCDEF" for digit in pair)


def _digit(digit: str) -> int:
    return int(digit, 16) % 10 if digit > "9" else int(digit)
