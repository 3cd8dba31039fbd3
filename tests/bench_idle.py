"""Figures of a real host that has nothing to do: one software unit is connected and its session waits for a key.

The twin runs in the host's own process, so what its import and its time take is in the figures.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from estim.client.exchange import exchange
from estim.client.launch import start_host
from estim.config.options import HostOptions
from tests.broker import Mosquitto

SPAN_S = 60.0
"""How long each host is watched, s."""

SETTLE_S = 5.0

START = b'{"do": "start", "program": "tens-ankle", "level": {"A": 2}, "keep": true, "unasked": true}\n'

Say = Callable[[str, str], None]


def _rss_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def _cpu_s(pid: int) -> float:
    return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0]) / 1e9


def _wait(seconds: float) -> None:
    subprocess.run(["sleep", str(seconds)], check=True)


def _watched(say: Say, what: str, home: Path, mqtt: str | None) -> None:
    options = HostOptions(home=str(home), solo=False, simulate="coyote3", mqtt=mqtt)
    process = start_host(options)
    try:
        say(f"{what}: RSS before a unit is connected", f"{_rss_mb(process.pid):.1f} MB")
        answer = exchange(options.place.socket, START, 30.0).answer()
        _wait(SETTLE_S)
        used_s = _cpu_s(process.pid)
        began_s = time.monotonic()
        _wait(SPAN_S)
        share = (_cpu_s(process.pid) - used_s) / (time.monotonic() - began_s)
        say(f"{what}: answer to the start", answer.decode()[:60].strip())
        say(f"{what}: RSS", f"{_rss_mb(process.pid):.1f} MB (wanted < 60)")
        say(f"{what}: share of a core over {SPAN_S:.0f} s", f"{share:.2%} (wanted < 0.3 %)")
    finally:
        process.terminate()
        process.wait()


def _import_mb(modules: str) -> float:
    """Return what a process holds that has imported these."""
    words = f"import {modules}; print(open('/proc/self/status').read())"
    text = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True).stdout
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("VmRSS")) / 1024


def idle(say: Say) -> None:
    """A host at rest, with MQTT and without."""
    host = _import_mb("estim.host.main")
    say("import of the host alone", f"{host:.1f} MB")
    say("of the twin besides", f"{_import_mb('estim.host.main, simulator.memory, simulator.registry') - host:.1f} MB")
    say("of MQTT besides", f"{_import_mb('estim.host.main, estim.host.house') - host:.1f} MB")
    with tempfile.TemporaryDirectory(prefix="estim-") as made:
        broker = Mosquitto(Path(made))
        broker.start()
        try:
            for name, mqtt in (("with MQTT", f"mqtt://127.0.0.1:{broker.port}"), ("without MQTT", None)):
                home = Path(made) / name.split()[0]
                home.mkdir()
                _watched(say, name, home, mqtt)
        finally:
            broker.stop()
