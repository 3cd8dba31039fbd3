"""The one way out to a terminal: what comes from elsewhere steers nothing there, and what can't be shown ends nothing.

1. Names, notes and texts of units come from elsewhere. What would move the cursor, colour, ring or turn the reading
   direction (C0, DEL, C1, bidirectional embeddings, overrides and isolates, lone surrogates) is shown as "�", in a line
   of JSON as its \\u escape, which is the same text. New lines and tabs stay.
2. What the terminal's encoding doesn't have is replaced, never an error.
3. Our own signs go through `steer`, a text with our own colours through `inked`.
4. A reader that has gone (`| head`) is a BrokenPipeError without a number: libraries that would make an exit code of
   their own of it leave that to the command line. A stream that is closed from the beginning takes everything.
"""

import io
import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import TextIO, cast

UNREAD = 141
"""Exit code when nobody reads any more: what a shell says of a process that SIGPIPE has ended (128 + 13)."""

_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_INK = re.compile(r"(\x1b\[(?:0|1|2|31|32|33|36)m)")
"""The colours of estim.report.text."""


def plain(text: str) -> str:
    """Return a text that steers no terminal."""
    if text.startswith("{"):
        return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return _STEERING.sub("\ufffd", text)


class Outlet:
    """A text stream in front of another one, with no way around it but `steer` and `write_bytes`."""

    def __init__(self, inner: TextIO) -> None:
        self.inner = inner
        if isinstance(inner, io.TextIOWrapper):
            inner.reconfigure(errors="replace")

    def write(self, text: str) -> int:
        """Write a text; raises OSError as the stream does."""
        try:
            self.inner.write(plain(text))
        except BrokenPipeError as error:
            raise BrokenPipeError("nobody reads this any more") from error  # untranslated: nobody reads it
        return len(text)

    def flush(self) -> None:
        """Pass on what has been written; raises OSError as the stream does."""
        try:
            self.inner.flush()
        except BrokenPipeError as error:
            raise BrokenPipeError("nobody reads this any more") from error  # untranslated: nobody reads it

    def __getattr__(self, name: str) -> object:
        if name == "buffer":  # a library would write past us
            raise AttributeError(name)
        return getattr(self.inner, name)


def guarded(stream: TextIO | None) -> TextIO:
    """Return a stream that lets nothing through which steers; None is a stream that was closed before we began."""
    inner = Path(os.devnull).open("w", encoding="utf-8") if stream is None else stream  # noqa: SIM115 - for our life
    return cast("TextIO", Outlet(inner))


def steer(out: TextIO, signs: str) -> None:
    """Write signs of our own that steer the terminal."""
    (out.inner if isinstance(out, Outlet) else out).write(signs)


def inked(text: str) -> str:
    """Return a text that steers nothing but our own colours, for `steer`."""
    return "".join(part if _INK.fullmatch(part) else plain(part) for part in _INK.split(text))


def write_bytes(data: bytes) -> None:
    """Write a file to stdout as it is: it goes to other programs."""
    out: object = sys.stdout
    stream = out.inner if isinstance(out, Outlet) else sys.stdout
    stream.flush()
    try:
        stream.buffer.write(data)
    except BrokenPipeError as error:
        raise BrokenPipeError("nobody reads this any more") from error  # untranslated: nobody reads it


def look_away(stream: TextIO) -> None:
    """Let what Python still has in hand for a stream go nowhere: nobody can read it, and it would be told once more."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, stream.fileno())
        finally:
            os.close(nowhere)


def finish() -> OSError | None:
    """Pass on all that was written, and return what went wrong, whatever a stream thinks up."""
    failed: OSError | None = None
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception as error:  # noqa: BLE001 - nothing that becomes of words may become a trace at the very end
            failed = failed or (error if isinstance(error, OSError) else OSError(repr(error)))
            look_away(stream)
    return failed
