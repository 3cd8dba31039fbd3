"""Bluetens family (Classic, 2, Duo Sport 2, Pinktens, Medtens): identity, shell lines and scripts, capabilities.

1. A text shell over one characteristic, at most 20 bytes a write: `>name args` and CR LF, then its answer.
2. Programs are files on the unit; a start plays one at level 1, with a cut-off. The level goes from 1 to 60.
3. `>str` starts something if nothing runs, so it is never sent without a `>stat` just before that says running.
4. Without a host it goes on to the end of its script, or the cut-off. Stopped, it switches itself off after 20-60 s.

Source: the vendor's firmware (GitHub lubinx/bluetens) for second and first hardware; notes on the app 7.0.59 and a
working client (GitHub suchattai-labs/bluetens-rev-eng).
"""

from collections.abc import Callable
from dataclasses import dataclass
from re import fullmatch
from typing import Any

from protocols.bluetens.script import NARROWER_US, P_MIN_US, Script, read_script
from protocols.layout import Direction, Forms, pick
from protocols.vocabulary import (
    FRESH_MAX_S,
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

NAME = "bluetens"
TOP = 60
WRITE_MAX = 20
LINE_MAX = 240
CR_LF = b"\r\n"
SERVICE = "0000ffe0-0000-1000-8000-00805f9b34fb"
SHELL = Endpoint(
    "FFE1", SERVICE, "0000ffe1-0000-1000-8000-00805f9b34fb", Can.READ | Can.WRITE | Can.COMMAND | Can.NOTIFY
)
MAKERS = (0xFFBC, 0xFFBD, 0xFFBE, 0xBCFF, 0xBDFF, 0xBEFF)
"""Ids in the maker's data, as the app knows them; the firmware sends them most significant byte first."""

COMMANDS = {
    "ver": r"", "bat": r"( x)?", "stat": r"", "str": r"( \d{1,5})?", "ssta": r" [!-~]{1,20}( -cut=\d{1,5})?",
    "osto": r"", "mode": r"( [0-2])?", "sdef": r"( [!-~]{1,20})?", "ndef": r"( [0-3]=[!-~]{1,20})?", "ls": r"",
    "md5": r" [!-~]{1,20}", "cat": r" [!-~]{1,20} -[ls]=\d{1,5}", "dump": r" [!-~]{1,20}", "rm": r" [!-~]{1,20}",
    "clrfs": r" -s=\d{1,5}", "format": r" . ultrafs", "fmt": r" BBFS", "btnm": r"( [ -~]{1,23})?", "shdn": r"",
    "rst": r"",
}  # fmt: skip
"""Commands of the shell with the form of their arguments; `ota` (new firmware) is left out on purpose."""


@dataclass(frozen=True, slots=True)
class Line:
    """A command: its name and its words; whole numbers stand as such where they are written plainly."""

    command: str
    args: tuple[str | int, ...] = ()


@dataclass(frozen=True, slots=True)
class Stat:
    """Seconds since the start (0: not running), level (0: stopped), md5 of the last file; keys and values as sent."""

    tick: int
    level: int
    md5: str
    keys: tuple[str, ...]
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """The end of a command: 0 ok, 1-3 end of a listing, others a failure."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A line that nobody asked for; `value` is its number, -1 if it has none."""

    what: str
    value: int = -1


@dataclass(frozen=True, slots=True)
class Word:
    """An answer of one value, as text or number."""

    value: str | int


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file and its size in bytes; `text` is the line, since nobody knows which side is padded."""

    file: str
    size: int
    text: str


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines that came in one notification, without their ends, and the name of the form of each."""

    lines: tuple[str, ...]
    forms: tuple[str, ...]


class TextForm:
    """A form of line: `read` makes a packet of its text (None: it is no such line), `write` the text of a packet."""

    head = b""

    def __init__(self, name: str, read: Callable[[str], Any], write: Callable[[Any], str]) -> None:
        self.name = name
        self._read = read
        self._write = write

    def framed(self, data: bytes) -> None:
        """Raise BadPacket if it is not one line of printable text with its end."""
        if not data.endswith(CR_LF) or len(data) > LINE_MAX or not fullmatch(rb"[ -~]*", data[:-2]):
            raise BadPacket(f"line: printable text of at most {LINE_MAX - 2} characters, then CR LF")

    def starts(self, data: bytes) -> bool:
        """Say whether it is a line of this form."""
        try:
            self.framed(data)
        except BadPacket:
            return False
        return self._read(data[:-2].decode()) is not None

    def parse(self, data: bytes) -> Any:
        """Return the packet; raise BadPacket."""
        self.framed(data)
        packet = self._read(data[:-2].decode())
        if packet is None or self.build(packet) != data:
            raise BadPacket(f"{self.name}: {data[:-2].decode()[:40]!r} is no such line")
        return packet

    def build(self, packet: Any) -> bytes:
        """Return the line with its end."""
        return self._write(packet).encode() + CR_LF


class Several:
    """The form of a notification with several lines, such as an answer and a notice; each is one of these forms."""

    name = "lines"
    head = b""

    def __init__(self, forms: tuple[TextForm, ...]) -> None:
        self._forms = forms

    def framed(self, data: bytes) -> None:
        """Raise BadPacket if it is not at least two whole lines."""
        if not data.endswith(CR_LF) or data.count(CR_LF) < 2:
            raise BadPacket("lines: two or more, each with CR LF at its end")

    def starts(self, data: bytes) -> bool:
        """Say whether it is whole lines, each of a known form."""
        try:
            self.parse(data)
        except BadPacket:
            return False
        return True

    def parse(self, data: bytes) -> Lines:
        """Return the lines; raise BadPacket."""
        self.framed(data)
        whole = [line + CR_LF for line in data.split(CR_LF)[:-1]]
        found = [pick(self._forms, line)[0].name for line in whole]
        return Lines(tuple(line[:-2].decode() for line in whole), tuple(found))

    def build(self, packet: Lines) -> bytes:
        """Return the lines with their ends."""
        return b"".join(line.encode() + CR_LF for line in packet.lines)


class Program:
    """The form of a script, with its computed duration; the packet keeps the text, so it builds back to it."""

    name = "script"
    head = b"V"

    def framed(self, data: bytes) -> None:
        """Raise BadPacket for what is no text."""
        if not fullmatch(rb"[ -~\r\n\t]*", data):
            raise BadPacket("script: printable text only")

    def starts(self, data: bytes) -> bool:
        """Say whether it may be one."""
        return data.lstrip().startswith(self.head)

    def parse(self, data: bytes) -> Script:
        """Return the script; raise BadPacket."""
        self.framed(data)
        return read_script(data.decode())

    def build(self, packet: Script) -> bytes:
        """Return its text."""
        return packet.text.encode()


def _plain(word: str) -> str | int:
    return int(word) if fullmatch(r"0|[1-9]\d{0,8}", word) else word


def _command(text: str) -> Line | None:
    name, _, rest = text[1:].partition(" ")
    form = COMMANDS.get(name)
    if not text.startswith(">") or form is None or not fullmatch(form, text[1 + len(name) :]):
        return None
    return Line(name, tuple(_plain(word) for word in rest.split(" ")) if rest else ())


def _stat(text: str) -> Stat | None:
    pairs = [tuple(pair.split("=")) for pair in text.split(",")]
    found = dict(pair for pair in pairs if len(pair) == 2)
    if len(found) != len(pairs) or "" in found:
        return None
    tick = found.get("tick", "")
    level = found.get("str", "")
    md5 = found.get("lmd5", "")
    hexed = fullmatch(r"0x[0-9A-Fa-f]{1,8}", level)
    if not fullmatch(r"\d{1,9}", tick) or not (hexed or fullmatch(r"\d{1,2}", level)):
        return None
    if not fullmatch(r"([0-9a-fA-F]{32})?", md5):
        return None  # a piece of the line was lost or came twice
    return Stat(int(tick), int(level, 16 if hexed else 10), md5, tuple(found), tuple(found.values()))


def _status(text: str) -> Status | None:
    found = fullmatch(r"(0|[1-9]\d{0,5}): (.+)", text)
    return Status(int(found[1]), found[2]) if found else None


def _notice(text: str) -> Notice | None:
    found = fullmatch(r"NOTIFY ([a-z ]+?)(?: (0|[1-9]\d{0,5}))?", text)
    return Notice(found[1], int(found[2] or -1) if found[2] != "0" else 0) if found else None


def _of(pattern: str, shape: str) -> tuple[Callable[[str], Word | None], Callable[[Word], str]]:
    def read(text: str) -> Word | None:
        found = fullmatch(pattern, text)
        return Word(_plain(found[1])) if found else None

    return read, lambda packet: shape.format(packet.value)


def _row(text: str) -> FileRow | None:
    found = fullmatch(r" *([!-~]{1,20}) +(\d{1,6}) *", text)
    return FileRow(found[1], int(found[2]), text) if found else None


COMMAND = TextForm("command", _command, lambda line: f">{' '.join([line.command, *(str(word) for word in line.args)])}")
STAT = TextForm(
    "stat", _stat, lambda stat: ",".join(f"{key}={value}" for key, value in zip(stat.keys, stat.values, strict=True))
)
STATUS = TextForm("status", _status, lambda status: f"{status.code}: {status.text}")
NOTIFY = TextForm("notify", _notice, lambda one: f"NOTIFY {one.what}" + (f" {one.value}" if one.value >= 0 else ""))
STRENGTH = TextForm("strength", *_of(r"str=(\d{1,3})", "str={}"))
VERSION = TextForm("version", *_of(r"v\.(\d{1,3}\.\d{1,3}\.\d{1,3})", "v.{}"))
BATTERY = TextForm("battery", *_of(r"(\d{1,6}) mv", "{} mv"))
MODE = TextForm("mode", *_of(r"mode ([0-2])", "mode {}"))
DEFAULT = TextForm("default", *_of(r"sdef=([!-~]{1,20})", "sdef={}"))
RADIO_NAME = TextForm("name", *_of(r"btnm=([ -~]{1,23})", "btnm={}"))
MD5 = TextForm("md5", *_of(r"([0-9a-fA-F]{32})", "{}"))
FILE = TextForm("file", _row, lambda row: row.text)
BLANK = TextForm("blank", lambda text: Word("") if text == "" else None, lambda _word: "")
SCRIPT = Program()
ANSWERS = (NOTIFY, STRENGTH, STAT, STATUS, VERSION, BATTERY, MODE, DEFAULT, RADIO_NAME, MD5, BLANK, FILE)
LAYOUTS: Forms = {
    Direction.TO_DEVICE: {SHELL.name: (COMMAND,), "script": (SCRIPT,)},
    Direction.FROM_DEVICE: {SHELL.name: (*ANSWERS, Several(ANSWERS)), "script": (SCRIPT,)},
}


def percent(shown: int, *, first: bool) -> int | None:
    """Return the battery in %: true mV on second hardware (3100 to 4150), a scale of its own on the first (to 5000)."""
    if not 2500 <= shown <= 5500:
        return None  # old firmware says 32769 on mains
    empty, full = (3800, 5000) if first or shown > 4300 else (3100, 4150)
    return max(0, min(100, round(100 * (shown - empty) / (full - empty))))


CAPS = Capabilities(
    family=NAME,
    channels=(Channel.A,),
    scale=Level(TOP),
    step=1,
    first=Level(1),
    raise_gap_s=1.0,
    ask_s=0.3,
    fresh_s=FRESH_MAX_S,  # a level is absolute, and there are keys at the unit
    stale_s=4.0,
    fault_s=10.0,
    stop_s=8.0,  # the unit itself takes up to 3 s for a stop, and answers nothing else meanwhile
    control=Control.SCRIPT,
    off_by=OffBy.TOLD,
    pause=Pause.RESTART,
    zero_by=ZeroBy.REPORT,
)


def rate_played(rate_hz: float) -> float:
    """Return the rate that is really played: tenths of a Hz, never rounded up."""
    return max(1, int(rate_hz * 10 + 1e-6)) / 10


def width_played(width_us: float) -> float:
    """Return the width that is really played on the second hardware: whole µs, never rounded up; 0 below its least."""
    return float(int(width_us + 1e-6)) if width_us >= P_MIN_US - NARROWER_US else 0.0
