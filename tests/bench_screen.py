"""Figures of the screen as a person has it: a real process at a terminal of its own, a real host, a software unit.

How soon there is something to press, how soon a key is a command at the host's end of the socket, and what it costs to
look at a session. Between screen and host stands a go-between that reads along: it notes when each line comes, asks for
as many snapshots as are wanted, and keeps stops to itself, so that one session is enough for a hundred of them.
"""

import asyncio
import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from estim.client.exchange import exchange
from estim.client.launch import start_host
from estim.client.lock import holder
from estim.config.options import HostOptions
from estim.config.paths import find_home
from estim.journal.demo import make_demo
from tests.bench_eight import frames_of
from tests.figures import Say, cpu_s, gaps_ms, rss_mb, share, spread

RUNS = 7
ALONE_RUNS = 3
"""How often the screen is opened, cold and warm, and how often its parts are timed alone."""

KEYS = (b"+", b"-", b"\x1b[24~")
"""Level up, level down, F12."""
KEYS_COUNT = 300
KEY_GAP_S = 0.037
"""Between two keys, s: they fall before, behind and into a picture that is being drawn."""

FAST_S = 0.1
USUAL_S = 0.25
"""How often a snapshot is sent, s: as much as a host says, and as the screen asks for."""

SPAN_S = 120.0
LONG_S = 1200.0
"""How long a session is followed, s."""

LIMIT_S = 30.0
"""Longest wait for whatever has to come, s."""

BUTTON = "As last time"
"""The words that say that Today has been read, and that there is something to press."""
HEADING = "Today"
USED = "used"
PLAYING = "left of"
SIZE = (40, 120)

ESCAPES = re.compile(r"\x1b\[[0-9;?<>=]*[a-zA-Z$~]|\x1b\][^\x07\x1b]*(\x07|\x1b\\)|\x1bP[^\x1b]*\x1b\\|\x1b[=>]")


def surroundings() -> dict[str, str]:
    """Return an environment in which bytecode is kept, as where estim is installed, and the screen has its colours."""
    drop = ("PYTHONDONTWRITEBYTECODE", "NO_COLOR", "ESTIM_PLAIN")
    kept = {name: value for name, value in os.environ.items() if name not in drop}
    return {**kept, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", "LANGUAGE": "en"}


class Screen:
    """One `estim` at a terminal of its own; `marks` says after how many seconds each of the wanted words was drawn.

    `used_s` is the processor time that it had taken by then.
    """

    def __init__(self, home: Path, words: Sequence[str] = ()) -> None:
        self.marks: dict[str, float] = {}
        self.used_s = 0.0
        self._wanted = tuple(words)
        self._text = ""
        self._drawn = asyncio.Event()
        self._terminal, its_end = pty.openpty()
        fcntl.ioctl(its_end, termios.TIOCSWINSZ, struct.pack("HHHH", *SIZE, 0, 0))
        self._began_s = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "estim.cli.main", "--home", str(home), "--simulate", "coyote3"],
            stdin=its_end, stdout=its_end, stderr=its_end, env=surroundings(), start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(its_end)
        asyncio.get_running_loop().add_reader(self._terminal, self._read)

    def _read(self) -> None:
        try:
            got = os.read(self._terminal, 65536)
        except OSError:  # the other end is closed
            got = b""
        if not got:
            asyncio.get_running_loop().remove_reader(self._terminal)
            return
        at_s = time.perf_counter() - self._began_s
        self.marks.setdefault("", at_s)
        missing = [word for word in self._wanted if word not in self.marks]
        if missing:
            self._text = (self._text + got.decode(errors="replace"))[-200_000:]
            plain = ESCAPES.sub("", self._text)
            self.marks.update({word: at_s for word in missing if word in plain})
        if not self._drawn.is_set() and all(word in self.marks for word in self._wanted):
            self.used_s = cpu_s(self.process.pid)
            self._drawn.set()

    async def drawn(self) -> None:
        """Wait until all that was wanted has been drawn."""
        async with asyncio.timeout(LIMIT_S):
            await self._drawn.wait()

    def press(self, key: bytes) -> None:
        """Write a key to the terminal."""
        os.write(self._terminal, key)

    async def close(self) -> None:
        """Leave as a person does, and wait for the end; what is left then is killed."""
        self.press(b"\x11")
        try:
            async with asyncio.timeout(LIMIT_S):
                await asyncio.to_thread(self.process.wait, LIMIT_S)
        except (TimeoutError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        asyncio.get_running_loop().remove_reader(self._terminal)
        os.close(self._terminal)


def _ran_s(code: str) -> float:
    began_s = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], env=surroundings(), check=True)
    return time.perf_counter() - began_s


IMPORTS = "import estim.cli.main, estim.cli.daily, estim.cli.app, estim.tui.main, estim.tui.app, estim.tui.today"


def _files() -> list[Path]:
    """Return what screen and host read as they start: the files of their modules."""
    code = f"{IMPORTS}, estim.host.main, simulator.registry, sys\nfor one in list(sys.modules.values()):\n"
    code += "    print(getattr(one, '__file__', None), getattr(one, '__cached__', None), sep='\\n')"
    told = subprocess.run([sys.executable, "-c", code], env=surroundings(), capture_output=True, text=True, check=True)
    return [Path(line) for line in told.stdout.splitlines() if Path(line).is_file()]


def _forget(files: Sequence[Path]) -> None:
    """Ask the system to drop what it keeps of these; what another process has open for reading code stays."""
    for file in files:
        handle = os.open(file, os.O_RDONLY)
        try:
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(handle)


def _host_s(home: Path) -> float:
    began_s = time.perf_counter()
    process = start_host(HostOptions(home=str(home), solo=False, simulate="coyote3"))
    took_s = time.perf_counter() - began_s
    process.terminate()
    process.wait()
    return took_s


async def _opened(home: Path) -> dict[str, float]:
    screen = Screen(home, (HEADING, BUTTON))
    try:
        await screen.drawn()
    finally:
        await screen.close()
    for _ in range(100):  # its host ends with it, and has a session of its own
        if holder(home / "host.lock") is None:
            break
        await asyncio.sleep(0.1)
    return {**screen.marks, USED: screen.used_s}


async def _opening(say: Say, home: Path) -> None:
    files = _files()
    await _opened(home)  # bytecode is written, the home has been used
    for what, forgotten in (("warm", ()), ("cold", files)):
        found: list[dict[str, float]] = []
        alone: list[tuple[float, float, float]] = []
        for _ in range(RUNS):
            _forget(forgotten)
            found.append(await _opened(home))
        for _ in range(ALONE_RUNS):
            _forget(forgotten)
            alone.append((_ran_s("pass"), _ran_s(IMPORTS), _host_s(home)))
        python_s, imports_s, host_s = (share(times, 0.5) for times in zip(*alone, strict=True))
        say(f"{what}: Python alone / its imports besides", f"{python_s:.2f} / {imports_s - python_s:.2f} s")
        say(f"{what}: a host alone, until it is ready", f"{host_s:.2f} s")
        for mark, told in (("", "first sign"), (HEADING, "first picture"), (BUTTON, "Today with its button"),
                           (USED, "processor time of the screen's process by then")):  # fmt: skip
            times = [one[mark] for one in found]
            low_high = f"{min(times):.2f} to {max(times):.2f}"
            say(f"{what}: {told}", f"{share(times, 0.5):.2f} s ({low_high}){' wanted < 0.8' * (mark == BUTTON)}")


def opening(say: Say) -> None:
    """How long it takes until there is something to press."""
    with tempfile.TemporaryDirectory(prefix="estim-") as made:
        home = Path(made)
        make_demo(find_home(made))
        asyncio.run(_opening(say, home))


class GoBetween:
    """Stands where a host's socket was; `every_s` is how often the screen is sent a snapshot.

    A host says fewer where little changes; what is missing is made of the last one, with its time moved on.
    """

    def __init__(self, host_end: Path, every_s: float) -> None:
        self.every_s = every_s
        self.snapshots = 0
        self._last: dict[str, Any] | None = None
        self._at_s = 0.0
        self.came: asyncio.Queue[float] = asyncio.Queue(1000)
        self._host_end = host_end

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry lines both ways until one side hangs up."""
        host_reader, host_writer = await asyncio.open_unix_connection(str(self._host_end), limit=2**20)
        ways = [asyncio.create_task(self._up(reader, host_writer, writer)),
                asyncio.create_task(self._down(host_reader, writer)),
                asyncio.create_task(self._fill(writer))]  # fmt: skip
        with suppress(asyncio.CancelledError):  # the bench is over
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        host_writer.close()
        writer.close()

    async def _up(self, reader: asyncio.StreamReader, host: asyncio.StreamWriter, screen: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            at_s = time.perf_counter()
            command = json.loads(line)
            if command["do"] in ("level", "stop"):
                self.came.put_nowait(at_s)
            if command["do"] == "watch":
                line = json.dumps({**command, "every_s": self.every_s}).encode() + b"\n"
            if command["do"] == "stop":
                screen.write(json.dumps({"answer": "done", "to": command.get("number", 0)}).encode() + b"\n")
            else:
                host.write(line)

    async def _down(self, host: asyncio.StreamReader, screen: asyncio.StreamWriter) -> None:
        while line := await host.readline():
            if line.startswith(b'{"show":"unit"'):
                self.snapshots += 1
                self._last = json.loads(line)
                self._at_s = time.monotonic()
            screen.write(line)

    async def _fill(self, screen: asyncio.StreamWriter) -> None:
        while True:
            await asyncio.sleep(self.every_s / 10)
            on_s = time.monotonic() - self._at_s
            if self._last is None or on_s < self.every_s or self._last["state"] != "running":
                continue
            self._at_s += on_s
            last = self._last
            self._last = {**last, "elapsed_s": last["elapsed_s"] + on_s, "left_s": max(0.0, last["left_s"] - on_s)}
            self.snapshots += 1
            screen.write(json.dumps(self._last).encode() + b"\n")


START = {
    "do": "start", "program": "tens-ankle", "level": {"A": 5}, "minutes": 25, "pads_on": True, "keep": True,
    "unasked": True, "override": ["gap", "dose"],
}  # fmt: skip


class Played:
    """A host with a session under way, a go-between before it, and a screen that follows the session."""

    def __init__(self, home: Path, every_s: float) -> None:
        self.home = home
        self.log = home / "unit.jsonl"
        self.between = GoBetween(home / "host.sock", every_s)

    async def __aenter__(self) -> "Played":
        options = HostOptions(home=str(self.home), solo=False, simulate="coyote3", log=str(self.log))
        self.host = start_host(options)
        options.place.socket.rename(self.home / "host.sock")
        self._server = await asyncio.start_unix_server(self.between.serve, str(options.place.socket), limit=2**20)
        command = json.dumps(START).encode() + b"\n"
        answer = await asyncio.to_thread(lambda: exchange(self.home / "host.sock", command, LIMIT_S).answer())
        assert b'"done"' in answer, answer
        self.screen = Screen(self.home, (PLAYING,))
        await self.screen.drawn()
        return self

    async def __aexit__(self, *_trouble: object) -> None:
        await self.screen.close()
        self._server.close()
        self.host.terminate()
        self.host.wait()


async def _keys(say: Say, every_s: float) -> None:
    with tempfile.TemporaryDirectory(prefix="estim-") as made:
        make_demo(find_home(made))
        async with Played(Path(made), every_s) as played:
            await asyncio.sleep(3)
            before = played.between.snapshots
            began_s = time.perf_counter()
            late_ms: dict[bytes, list[float]] = {key: [] for key in KEYS}
            for number in range(KEYS_COUNT):
                key = KEYS[number % len(KEYS)]
                pressed_s = time.perf_counter()
                played.screen.press(key)
                async with asyncio.timeout(LIMIT_S):
                    at_s = await played.between.came.get()
                late_ms[key].append(1000 * (at_s - pressed_s))
                await asyncio.sleep(KEY_GAP_S)
            rate = (played.between.snapshots - before) / (time.perf_counter() - began_s)
        what = f"{rate:.0f} snapshots a second"
        every_ms = [one for times in late_ms.values() for one in times]
        say(f"{what}: {len(every_ms)} keys, p50 / p99 / max", f"{spread(every_ms)} ms (wanted p99 < 20)")
        for key, name in zip(KEYS, ("+", "−", "F12"), strict=True):
            say(f"{what}: {name}", f"{spread(late_ms[key])} ms")


def keys(say: Say) -> None:
    """From a key to its command at the host's end of the socket."""
    for every_s in (USUAL_S, FAST_S):
        asyncio.run(_keys(say, every_s))


async def _followed(say: Say, span_s: float) -> None:
    with tempfile.TemporaryDirectory(prefix="estim-") as made:
        make_demo(find_home(made))
        async with Played(Path(made), FAST_S) as played:
            pid = played.screen.process.pid
            await asyncio.sleep(5)
            say("a session is followed", f"for {span_s:g} s; RSS {rss_mb(pid):.1f} MB")
            before = played.between.snapshots
            used_s = cpu_s(pid)
            host_s = cpu_s(played.host.pid)
            began_s = time.monotonic()
            await asyncio.sleep(span_s)
            ended_s = time.monotonic()
            took_s = ended_s - began_s
            say("snapshots a second", f"{(played.between.snapshots - before) / took_s:.1f}")
            say("the screen: share of a core", f"{(cpu_s(pid) - used_s) / took_s:.2%} (wanted < 6 %)")
            say("the screen: RSS", f"{rss_mb(pid):.1f} MB (wanted < 120)")
            say("its host: share of a core", f"{(cpu_s(played.host.pid) - host_s) / took_s:.2%}")
        rows = [json.loads(line) for line in played.log.read_text(encoding="utf-8").splitlines()]
        gaps = [gap for at_s in frames_of(rows, began_s, ended_s).values() for gap in gaps_ms(at_s)]
        say("frames meanwhile: interval p50 / p99 / max", f"{spread(gaps)} ms (wanted p99 <= 105)")


def followed(say: Say, span_s: float = SPAN_S) -> None:
    """What it costs to look at a session."""
    asyncio.run(_followed(say, span_s))
