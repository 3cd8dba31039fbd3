"""Figures of eight units that stream at once on one real host process, in real time: how even their frames are.

The twins live in the host's own process and write down what they hear, so their share of a core is in the figures.
Beside it a bare loop does nothing but wake up each 0.1 s: what it is late by is the machine's, and no host's.
"""

import asyncio
import json
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from estim.client.exchange import exchange
from estim.client.launch import start_host
from estim.config.options import HostOptions
from tests.figures import Say, cpu_s, gaps_ms, late_a_minute, spread

UNITS = ("coyote3", "coyote3", "coyote3", "coyote3", "coyote2", "coyote2", "coyote2", "coyote2")
SPAN_S = 30.0
"""How long they are watched, s."""

UP_S = 14.0
"""From the last start until all are at their level, s."""

LATE_S = 0.12
"""A frame that comes later than this after the one before it, s: both units play one for 0.1 s and fall silent then,
and a moment later a pulse is missing.
"""

WAIT_S = 40.0


def start(address: str) -> bytes:
    """Return the line that starts a unit; all are on one body in name only, so its rests don't hold."""
    command = {
        "do": "start", "program": "tens-ankle", "unit": address, "level": {"A": 2}, "minutes": 20, "pads_on": True,
        "keep": True, "unasked": True, "override": ["gap", "dose"],
    }  # fmt: skip
    return json.dumps(command).encode() + b"\n"


def frames_of(rows: Iterable[Mapping[str, Any]], since_s: float, until_s: float) -> dict[str, list[float]]:
    """Return when each unit heard its frames: a coyote3's B0, a coyote2's wave of channel A."""
    found: dict[str, list[float]] = {}
    for row in rows:
        if row["event"] == "write" and since_s <= row["t"] <= until_s and (row["hex"][:2] == "b0" or _wave(row)):
            found.setdefault(row["unit"], []).append(row["t"])
    return found


def _wave(row: Mapping[str, Any]) -> bool:
    return bool(row["endpoint"] == "1506")


async def woken_s(span_s: float, every_s: float = 0.1) -> list[float]:
    """Return when a loop without any work was woken up that wanted it each so often."""
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    at_s: list[float] = []
    for number in range(round(span_s / every_s)):
        await asyncio.sleep(began_s + number * every_s - loop.time())
        at_s.append(loop.time())
    return at_s


def _begin(place: Path) -> None:
    scan = json.loads(exchange(place, b'{"do": "scan", "seconds": 2}\n', WAIT_S).answer())
    for one in scan["units"]:
        answer = json.loads(exchange(place, start(one["address"]), WAIT_S).answer())
        assert answer["answer"] == "done", answer


def _report(say: Say, frames: Mapping[str, list[float]]) -> None:
    for family in sorted(set(UNITS)):
        units = [at_s for unit, at_s in frames.items() if unit.partition("-")[0] == family]
        gaps = [gap for at_s in units for gap in gaps_ms(at_s)]
        say(f"{family}, {len(units)} units: frame interval p50 / p99 / max", f"{spread(gaps)} ms")
    gaps = [gap for at_s in frames.values() for gap in gaps_ms(at_s)]
    late = sum(late_a_minute(at_s, LATE_S) for at_s in frames.values())
    say(f"all {len(frames)} units: frame interval p50 / p99 / max", f"{spread(gaps)} ms (wanted p99 <= 105)")
    say("frames that came too late, a minute, all units", f"{late:.1f}, of {sum(map(len, frames.values()))} frames")


def eight(say: Say) -> None:
    """Eight units that stream on one host."""
    with tempfile.TemporaryDirectory(prefix="estim-") as made:
        log = Path(made) / "units.jsonl"
        options = HostOptions(home=made, solo=False, simulate=";".join(UNITS), log=str(log))
        process = start_host(options)
        try:
            _begin(options.place.socket)
            say(f"{len(UNITS)} units have been started", "they rise to their level")
            subprocess.run(["sleep", str(UP_S)], check=True)
            used_s = cpu_s(process.pid)
            began_s = time.monotonic()  # as the host's loop counts
            bare_s = asyncio.run(woken_s(SPAN_S))
            ended_s = time.monotonic()
            say("host, share of a core", f"{(cpu_s(process.pid) - used_s) / (ended_s - began_s):.1%}")
        finally:
            process.terminate()
            process.wait()
        rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
        _report(say, frames_of(rows, began_s, ended_s))
        say("a bare loop meanwhile: interval p50 / p99 / max", f"{spread(gaps_ms(bare_s))} ms")
