"""`make bench`: figures of the things that must be quick or even, on this machine; they are printed, not judged.

Compressed sessions, the time from typing `estim stop` to the first zero at the unit, and how even frames are that
another process receives, with what the host takes of a core meanwhile; and what a person asks of ten years; frames in
a storm on the control socket and on the broker; a host at rest.
`python -m tests.bench NAME…` takes some of them.
"""

import json
import multiprocessing
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from estim.core.days.diary import Check, Entry, Pain, Played, Run, Topic, When
from estim.journal.journal import Journal
from tests import bench_idle, bench_storm

PLAY_S = 60
PORT = 6480


def say(name: str, figure: str) -> None:
    """Print one row."""
    sys.stdout.write(f"{name:<52} {figure}\n")
    sys.stdout.flush()


def command(home: Path, *words: str) -> list[str]:
    """Return the words of an estim command."""
    return [sys.executable, "-m", "estim.cli.main", "--home", str(home), *words]


@contextmanager
def folder() -> Iterator[Path]:
    """A home that is gone afterwards."""
    made = Path(tempfile.mkdtemp(prefix="estim-"))
    try:
        yield made
    finally:
        shutil.rmtree(made)


def pause() -> None:
    """Let half a second pass without taking any of the processor."""
    subprocess.run(["sleep", "0.5"], check=True)


def compressed(family: str, level: int) -> None:
    """Twenty minutes with time that jumps, the start of both processes included."""
    with folder() as home:
        began_s = time.perf_counter()
        front = ["--simulate", family, "--speed", "max", "run", "tens-ankle", "--level", str(level), "--pads-on"]
        done = subprocess.run(command(home, *front), capture_output=True, check=False)
        say(f"20 minutes on {family}, compressed", f"{time.perf_counter() - began_s:.2f} s (exit {done.returncode})")


def twenty_minutes() -> None:
    """Twenty minutes on two families."""
    compressed("coyote3", 10)
    compressed("em70", 5)


def cpu_s(pid: int) -> float:
    """Return the processor time that a process has taken, seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def frames() -> None:
    """A session in real time on a unit in another process, then a stop from a second terminal."""
    with folder() as home:
        log = home / "unit.jsonl"
        air = [sys.executable, "-m", "simulator.cli", "serve", "coyote3", "--log", str(log)]
        unit = subprocess.Popen([*air, "--hci", f"tcp-server:127.0.0.1:{PORT}"], stderr=subprocess.PIPE, text=True)
        assert unit.stderr is not None
        unit.stderr.readline()
        radio = ["--radio", f"hci:tcp-client:127.0.0.1:{PORT}"]
        words = ["run", "tens-ankle", "--minutes", "5", "--level", "8", "--pads-on", "--json"]
        told = home / "told.jsonl"
        with told.open("w", encoding="utf-8") as out:
            front = subprocess.Popen(command(home, *radio, *words), stdout=out)
        while '"started"' not in told.read_text(encoding="utf-8"):
            pause()
        host = int((home / "host.lock").read_text(encoding="ascii"))
        before_s = cpu_s(host)
        began_s = time.monotonic()
        while time.monotonic() - began_s < PLAY_S:
            pause()
        taken = (cpu_s(host) - before_s) / (time.monotonic() - began_s)
        typed_s = time.monotonic()
        subprocess.run(command(home, "stop"), capture_output=True, check=False)
        front.wait()
        unit.terminate()
        unit.wait()
        report(log, began_s, typed_s, taken)


def report(log: Path, began_s: float, typed_s: float, taken: float) -> None:
    """Print what the unit saw."""
    rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    at_s = [row["t"] for row in rows if row["event"] == "write" and row["hex"].startswith("b0")]
    playing = [one for one in at_s if began_s + 1 < one < typed_s]
    gaps_ms = sorted(1000 * (b - a) for a, b in pairwise(playing))
    span_s = playing[-1] - playing[0]
    short = (span_s / 0.1 + 1 - len(playing)) * 60 / span_s
    pick = [gaps_ms[int(len(gaps_ms) * share)] for share in (0.5, 0.99)]
    say("frames short a minute", f"{short:.2f}")
    say("frame interval p50 / p99 / max", f"{pick[0]:.1f} / {pick[1]:.1f} / {gaps_ms[-1]:.1f} ms")
    say("host, share of a core", f"{taken:.2%}")
    zeros = [row["t"] for row in rows if row["event"] == "write" and row["t"] > typed_s and row["hex"][3:8] == "f0000"]
    say("`estim stop`, typed to the first zero at the unit", f"{zeros[0] - typed_s:.3f} s" if zeros else "none")


def ten_years(home: Path) -> None:
    """Write 7,300 sessions, 10,950 pain scores and 1,217 runs; the plan was begun on the first day."""
    now = datetime.now(UTC)
    days = [now - timedelta(days=number) for number in range(3650, 0, -1)]
    sessions = [_session(day + timedelta(hours=hour)) for day in days for hour in (0, 12)]
    entries: list[Entry] = [Check(at=days[0], topic=Topic.CARE, answer="begin")]
    for number, day in enumerate(days):
        entries += [Pain(at=day, score=(number + len(when)) % 7, when=when) for when in list(When)[:3]]
        entries += [Run(at=day + timedelta(hours=9), km=5.0, pain=number % 5)] if number % 3 == 0 else []
    journal = Journal.open(home / "log.sqlite")
    journal.adopt(sessions, entries, {}, now)
    journal.close()


def _session(at: datetime) -> Played:
    over = at + timedelta(minutes=20)
    return Played(
        at=at, program="tens-ankle", unit="one", family="coyote3", sites=("ankle-left",), simulated=False,
        length_s=1200, output_s=1200, delivered_until=over, ended=over, reason="completed", duration_s=1200,
        level_max={"A": 12}, goal={"A": 12}, stop_confirmed=True,
    )  # fmt: skip


def answers() -> None:
    """How long a person waits for an answer after ten years, the start of the process included."""
    with folder() as home:
        ten_years(home)
        for words in (("status",), ("log",), ("report",), ("care",), ("schedule",), ("report", "--all")):
            spent_s = []
            for _ in range(3):
                began_s = time.perf_counter()
                subprocess.run(command(home, *words), capture_output=True, check=True)
                spent_s.append(time.perf_counter() - began_s)
            say(f"ten years: estim {' '.join(words)}", f"{min(spent_s):.2f} to {max(spent_s):.2f} s")


BENCHES: dict[str, tuple[float, Callable[[], None]]] = {
    "answers": (300, answers),
    "compressed": (120, twenty_minutes),
    "frames": (PLAY_S + 120, frames),
    "socket": (300, lambda: bench_storm.control_socket(say)),
    "broker": (180, lambda: bench_storm.broker(say)),
    "idle": (240, lambda: bench_idle.idle(say)),
}
"""What there is by its name, with the longest time that it may take, s."""


def main(chosen: Sequence[str]) -> int:
    """Print the figures of the benches that are named, of all without a name; 1 if one took too long."""
    code = 0
    for name, (limit_s, bench) in BENCHES.items():
        if chosen and name not in chosen:
            continue
        process = multiprocessing.Process(target=bench)
        process.start()
        process.join(limit_s)
        if process.is_alive():
            process.kill()
            say(name, f"was ended after {limit_s:.0f} s")
        code = code or int(process.exitcode != 0)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
