"""Single keys of a terminal, without Enter; the terminal is always given back as it was."""

import asyncio
import codecs
import os
import re
import signal
import sys
import termios
import tty
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from estim.client.stop_keys import F12_CODES, PANIC_KEY

READ_MAX = 32
"""Keys taken at once: more than a person presses between two looks."""

_SEQUENCE = re.compile(r"\x1b(?:\[([0-9]*)[0-9;:]*[^0-9;:]|O[A-DFHMP-S])")
"""What a terminal sends for one key that is no letter: ESC [ number ; modifiers end, or ESC O letter."""

_TORN = re.compile(r"\x1b(?:\[[0-9;:]*|O)?$")
"""The beginning of such a sequence, when the rest is still to come."""


def has_terminal() -> bool:
    """Say whether a person sits at stdin: a terminal, and one whose foreground this process is.

    In the background (`estim run … &`) touching the terminal would freeze this process in mid-session.
    """
    try:
        handle = sys.stdin.fileno()
        return os.isatty(handle) and os.tcgetpgrp(handle) == os.getpgrp()
    except (AttributeError, OSError, ValueError):  # no stdin at all, or one that is closed
        return False


def read_keys(sent: str) -> list[str]:
    """Return the keys that a terminal sent: characters, and `f12`, with any modifier; other named keys are left out."""
    keys: list[str] = []
    at = 0
    while at < len(sent):
        named = _SEQUENCE.match(sent, at)
        if named is not None:
            at = named.end()
            if named[1] in F12_CODES:
                keys.append(PANIC_KEY)
            continue
        if sent[at] != "\x1b":  # Escape alone, or before a letter (Alt), adds nothing
            keys.append(sent[at])
        at += 1
    return keys


class Keys:
    """Calls `pressed` for each key (see `read_keys`), on the running loop, until closed."""

    def __init__(self, pressed: Callable[[str], None]) -> None:
        self._handle = sys.stdin.fileno()
        self._before = termios.tcgetattr(self._handle)
        self._pressed = pressed
        self._loop = asyncio.get_running_loop()
        self._open = True
        self._text = codecs.getincrementaldecoder("utf-8")(errors="ignore")
        self._torn = ""
        tty.setcbreak(self._handle)
        self._loop.add_reader(self._handle, self._read)

    def close(self) -> None:
        """Give the terminal back; a second time does nothing."""
        if not self._open:
            return
        self._open = False
        self._loop.remove_reader(self._handle)
        # whoever was put into the background meanwhile would be frozen for touching the terminal
        before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        try:
            termios.tcsetattr(self._handle, termios.TCSADRAIN, self._before)
        except termios.error:
            pass  # the terminal has gone
        finally:
            signal.signal(signal.SIGTTOU, before)

    def _read(self) -> None:
        try:
            keys = os.read(self._handle, READ_MAX)
        except OSError:
            keys = b""
        if not keys:  # the terminal has gone; its hang-up comes as a signal
            self._loop.remove_reader(self._handle)
        sent = self._torn + self._text.decode(keys)
        torn = _TORN.search(sent)
        self._torn = torn[0] if torn else ""
        for key in read_keys(sent.removesuffix(self._torn)):
            self._pressed(key)


class OneByOne:
    """Waits for one key after the other, without a loop; a context, after which the terminal is as it was."""

    def __init__(self) -> None:
        self._handle = sys.stdin.fileno()
        self._before = termios.tcgetattr(self._handle)
        self._text = codecs.getincrementaldecoder("utf-8")(errors="ignore")
        self._waiting: deque[str] = deque()

    def __enter__(self) -> Self:
        # what was typed ahead is kept: who knows the questions may answer before they are written
        tty.setcbreak(self._handle, termios.TCSADRAIN)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        termios.tcsetattr(self._handle, termios.TCSADRAIN, self._before)

    def next(self) -> str:
        """Return the next key, as `read_keys` names it, Esc as itself; "" once the terminal has gone."""
        while not self._waiting:
            try:
                sent = os.read(self._handle, READ_MAX)
            except OSError:
                sent = b""
            if not sent:
                return ""
            text = self._text.decode(sent)
            self._waiting.extend(read_keys(text))
            if text.endswith("\x1b"):
                self._waiting.append("\x1b")
        return self._waiting.popleft()

    @contextmanager
    def given_back(self) -> Iterator[None]:
        """Let a whole line be typed meanwhile, with an echo; keys that were pressed for it belong to nobody."""
        self._waiting.clear()
        termios.tcsetattr(self._handle, termios.TCSAFLUSH, self._before)
        try:
            yield
        finally:
            tty.setcbreak(self._handle, termios.TCSADRAIN)
