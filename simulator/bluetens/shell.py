"""The shell of a software Bluetens: a stream of bytes in, lines and files out, and the files it keeps.

Rules (notes on the vendor's firmware; "choice" where nobody knows):
1. A line begins after the last > in it, and ends with CR LF; one without > is passed over. Longer than LINE_MAX its
   beginning is lost (choice).
2. While a file is uploaded all bytes are its own, until there are enough, UPLOAD_S without any have gone by (choice),
   or two writes of a single Ctrl-D came one after the other.
"""

from dataclasses import dataclass, field
from hashlib import md5
from math import inf

from simulator.bluetens.options import BluetensOptions

LINE_MAX = 256
UPLOAD_S = 5.0
CTRL_D = b"\x04"
DEFAULT_FILE = "pain.lok"
"""The default file 0; its name is a choice."""

DEFAULT_SCRIPT = b"V1D16{R4b0|R50Pc8F50}"
"""What is in it: 20 minutes of 80 Hz and 200 µs, as a factory script."""


def number_of(word: str) -> int:
    """Return a number as the shell reads it, decimal or 0x hexadecimal; 0 for what is none."""
    try:
        return max(0, int(word, 16 if word.startswith("0x") else 10))
    except ValueError:
        return 0


def option_of(words: list[str], name: str) -> int:
    """Return the number of an option behind the first word, such as -cut=N; 0 if it isn't there."""
    return next((number_of(word[len(name) :]) for word in words[1:] if word.startswith(name)), 0)


@dataclass(slots=True)
class Upload:
    """A file on its way; `until_s` is when it ends if nothing more comes."""

    name: str
    length: int
    until_s: float
    data: bytes = b""


@dataclass(slots=True)
class Stream:
    """What came in and isn't a line yet; `upload` takes all bytes while there is one."""

    upload: Upload | None = None
    _rest: bytes = b""
    _ctrl_d: int = 0

    @property
    def due_s(self) -> float:
        """When an upload is given up (inf: there is none)."""
        return self.upload.until_s if self.upload is not None else inf

    def begin(self, now_s: float, name: str, length: int) -> None:
        """Take the next bytes for a file."""
        self.upload = Upload(name, length, now_s + UPLOAD_S)
        self._ctrl_d = 0
        rest = self._rest
        self._rest = b""
        if rest:
            self.take(now_s, rest)

    def take(self, now_s: float, data: bytes) -> None:
        """Take one write."""
        one = self.upload
        if one is None:
            self._rest += data
            return
        self._ctrl_d = self._ctrl_d + 1 if data == CTRL_D else 0
        if not self._ctrl_d:
            room = one.length - len(one.data)
            one.data = one.data + data[:room]
            self._rest = data[room:]
        one.until_s = now_s if self._ctrl_d == 2 or len(one.data) >= one.length else now_s + UPLOAD_S

    def line(self) -> str | None:
        """Return the next whole line after its >, None if there is none, or a file is on its way."""
        while self.upload is None:
            text, end, rest = self._rest.partition(b"\r\n")
            if not end:
                self._rest = self._rest[-LINE_MAX:]
                return None
            self._rest = rest
            _, mark, command = text[-LINE_MAX:].rpartition(b">")
            if mark:
                return command.decode("ascii", errors="replace")
        return None

    def filed(self) -> Upload:
        """Return and end the upload; what came too much is a line again."""
        assert self.upload is not None, "an upload ends once"
        done = self.upload
        self.upload = None
        if len(done.data) < done.length:
            self._rest = b""
        return done

    def cut(self, *, keeps_line: bool, keeps_file: bool) -> None:
        """The link is gone."""
        if not keeps_line:
            self._rest = b""
        if not keeps_file:
            self.upload = None


@dataclass(slots=True)
class Files:
    """The files, and which of them are defaults 0 to 3."""

    options: BluetensOptions
    damaged: int = 0
    by_name: dict[str, bytes] = field(default_factory=lambda: {DEFAULT_FILE: DEFAULT_SCRIPT})
    defaults: list[str] = field(default_factory=lambda: [DEFAULT_FILE] * 4)

    def digest(self, name: str) -> str | None:
        """Return the md5 of a file, small letters; None if there is none."""
        data = self.by_name.get(name)
        return None if data is None else md5(data, usedforsecurity=False).hexdigest()

    def fits(self, name: str, length: int) -> bool:
        """Say whether there is room for a file, in place of one of the same name."""
        others = sum(len(data) for other, data in self.by_name.items() if other != name)
        return others + length <= self.options.capacity and self.options.full != "status"

    def open(self, now_s: float, words: list[str], stream: Stream) -> list[str]:
        """Let the stream take a file, `>cat FILE -l=BYTES`; return the lines to say, none if it does."""
        length = option_of(words, "-l=") or option_of(words, "-s=")
        if not words or length <= 0:
            return [f"{self.options.errno}: failure"]
        if self.options.full == "notify":
            return ["NOTIFY insufficient space", "3: end of cat"]
        if not self.fits(words[0], length):
            return ["28: failure"]
        stream.begin(now_s, words[0], length)
        return []

    def close(self, upload: Upload) -> list[str]:
        """Keep a file that has come; return the lines to say."""
        data = upload.data
        if data and self.damaged < self.options.damaged:
            self.damaged += 1
            data = data[:-1] + b"?"
        self.by_name[upload.name] = data
        return ["", "3: end of cat"]

    def answer(self, name: str, words: list[str]) -> list[str] | None:
        """Return the lines of a command that is about files only; None if it isn't."""
        file = words[0] if words else ""
        data = self.by_name.get(file)
        missing = ["2: failure"]
        match name:
            case "ls":
                return [
                    *(self._row(*item) for item in sorted(self.by_name.items()) if item[0][0] != "."),
                    "1: end of ls",
                ]
            case "dump":
                return missing if data is None else [data.decode("ascii", errors="replace"), "2: end of dump"]
            case "rm":
                return missing if self.by_name.pop(file, None) is None else ["0: ok"]
            case "clrfs" if file.startswith("-s=") and file[3:].isdecimal():
                for other in [one for one, data in self.by_name.items() if len(data) <= int(file[3:])]:
                    if other not in self.defaults:
                        del self.by_name[other]
                return ["0: ok"]
            case "format" | "fmt":
                self.by_name.clear()
                return ["0: ok"]
            case "sdef":
                self.defaults[0] = file if data is not None else self.defaults[0]
                return [f"sdef={self.defaults[0]}"]
            case "ndef" if not words:
                return [f"idx={index};filename={default}" for index, default in enumerate(self.defaults)]
            case "ndef":
                return self._set_default(*file.partition("="))
            case _:
                return None

    def _row(self, name: str, data: bytes) -> str:
        return f"{name:>10} {len(data):>5}" if self.options.pad == "left" else f"{name:<10} {len(data):<5}"

    def _set_default(self, index: str, sign: str, name: str) -> list[str]:
        if index not in ("0", "1", "2", "3") or not sign or name not in self.by_name:
            return [f"{self.options.errno}: failure"]
        self.defaults[int(index)] = name
        return ["0: ok"]
