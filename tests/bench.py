"""`make bench`: figures of the things that must be quick or even, on this machine; they are printed, not judged.

`python -m tests.bench NAME…` takes some of them, and `--help` says what there is. Each says what it has found as soon
as it has found it, and is ended when it takes too long.
"""

import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from estim.core.days.diary import Check, Entry, Pain, Played, Run, Topic, When
from estim.journal.journal import Journal
from tests import bench_days, bench_eight, bench_fleet, bench_idle, bench_screen, bench_storm
from tests.figures import cpu_s, gaps_ms, short_a_minute, spread

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
    say("frames short a minute", f"{short_a_minute(playing, 0.1):.2f}")
    say("frame interval p50 / p99 / max", f"{spread(gaps_ms(playing))} ms")
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


@dataclass(frozen=True, slots=True)
class Bench:
    """What there is. `limit_s` is the longest time that it may take; `timed`: it takes a number of seconds after its
    name, else `span_s`, and runs so often as long. `long_s` is what --long stands for.
    """

    what: str
    limit_s: float
    run: Callable[[], None] | Callable[[float], None]
    timed: int = 0
    span_s: float = 0.0
    long_s: float = 0.0


BENCHES = {
    "answers": Bench("what a person asks of ten years of a diary, the process included", 300, answers),
    "compressed": Bench("20 minutes on two families with time that jumps", 120, twenty_minutes),
    "frames": Bench("a unit in another process: how even its frames are; a typed stop", PLAY_S + 120, frames),
    "eight": Bench("eight units that stream on one host process: how even their frames are", 150,
                   lambda: bench_eight.eight(say)),
    "socket": Bench("100,000 hostile frames on the control socket", 300, lambda: bench_storm.control_socket(say)),
    "broker": Bench("1,000 hostile messages a second on the broker, which is killed, too", 180,
                    lambda: bench_storm.broker(say)),
    "fleet": Bench("1,000 hosts on one broker: how soon they are seen, stopped, and known after a kill of it", 480,
                   lambda: bench_fleet.fleet(say)),
    "days": Bench("72 hours of a host with jumping time: whether anything of it grows", 1500,
                  lambda: bench_days.days(say)),
    "idle": Bench("a host at rest with MQTT and without, 60 s or `idle SECONDS` each: memory and processor", 90,
                  lambda span_s=bench_idle.SPAN_S: bench_idle.idle(say, span_s), timed=2, span_s=bench_idle.SPAN_S),
    "opening": Bench("from starting `estim` to something to press, cold and warm", 240,
                     lambda: bench_screen.opening(say)),
    "keys": Bench("from a key to its command at the host, while a session is drawn", 150,
                  lambda: bench_screen.keys(say)),
    "screen": Bench("a session of 120 s (`screen --long`: 20 min) at ten snapshots a second: what looking on costs", 60,
                    lambda span_s=bench_screen.SPAN_S: bench_screen.followed(say, span_s), timed=1,
                    span_s=bench_screen.SPAN_S, long_s=bench_screen.LONG_S),
}  # fmt: skip


def listed() -> str:
    """Return what there is, a line each."""
    return "\n".join(f"  {name:<12}{bench.what}" for name, bench in BENCHES.items())


def asked_for(words: Sequence[str]) -> dict[str, float | None]:
    """Return the benches that are named (all without a name), with the seconds that follow; raises ValueError."""
    found: dict[str, float | None] = {}
    last = ""
    for word in words:
        if word in BENCHES:
            found[word] = None
            last = word
        elif last and BENCHES[last].timed and found[last] is None and word.isdecimal() and int(word):
            found[last] = float(word)
        elif word == "--long" and last and BENCHES[last].long_s and found[last] is None:
            found[last] = BENCHES[last].long_s
        else:
            raise ValueError(f"no bench {word!r}; there are\n{listed()}")
    return found or dict.fromkeys(BENCHES)


def ran(name: str, seconds: float | None) -> bool:
    """Run one; say whether it came to its end."""
    bench = BENCHES[name]
    say(f"{name}: load of this machine before", f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    process = multiprocessing.Process(target=bench.run, args=() if seconds is None else (seconds,))
    limit_s = bench.limit_s + bench.timed * (bench.span_s if seconds is None else seconds)
    process.start()
    process.join(limit_s)
    if process.is_alive():
        process.kill()
        process.join()
        say(name, f"was ended after {limit_s:.0f} s")
    say(f"{name}: load of this machine after", f"{os.getloadavg()[0]:.1f}")
    return process.exitcode == 0


def main(words: Sequence[str]) -> int:
    """Print the figures of the benches that are named, of all without a name; 1 if one failed or took too long."""
    if {"-h", "--help"} & set(words):
        sys.stdout.write(f"{__doc__}\n{listed()}\n")
        return 0
    try:
        chosen = asked_for(words)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    failed = [name for name, seconds in chosen.items() if not ran(name, seconds)]
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
