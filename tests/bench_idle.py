"""Figures of a real host that has nothing to do: one software unit is connected and its session waits for a key.

The twin runs in the host's own process, so what its import and its time take is in the figures.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from estim.client.exchange import exchange
from estim.client.launch import start_host
from estim.config.options import HostOptions
from tests.broker import Mosquitto
from tests.figures import Say, cpu_s, rss_mb, rss_of

SPAN_S = 60.0
"""How long each host is watched, s."""

SETTLE_S = 5.0

START = b'{"do": "start", "program": "tens-ankle", "level": {"A": 2}, "keep": true, "unasked": true}\n'


def _wait(seconds: float) -> None:
    subprocess.run(["sleep", str(seconds)], check=True)


def _watched(say: Say, what: str, home: Path, mqtt: str | None, span_s: float) -> None:
    options = HostOptions(home=str(home), solo=False, simulate="coyote3", mqtt=mqtt)
    process = start_host(options)
    try:
        say(f"{what}: RSS before a unit is connected", f"{rss_mb(process.pid):.1f} MB")
        answer = exchange(options.place.socket, START, 30.0).answer()
        assert b'"done"' in answer, answer
        say(f"{what}: a unit is connected", f"watched for {span_s:g} s")
        _wait(SETTLE_S)
        used_s = cpu_s(process.pid)
        began_s = time.monotonic()
        _wait(span_s)
        used = (cpu_s(process.pid) - used_s) / (time.monotonic() - began_s)
        say(f"{what}: RSS", f"{rss_mb(process.pid):.1f} MB (wanted < 60)")
        say(f"{what}: share of a core", f"{used:.2%} (wanted < 0.3 %)")
    finally:
        process.terminate()
        process.wait()


def _import_mb(modules: str) -> float:
    """Return what a process holds that has imported these."""
    words = f"import {modules}; print(open('/proc/self/status').read())"
    return rss_of(subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True).stdout)


def idle(say: Say, span_s: float = SPAN_S) -> None:
    """A host at rest, with MQTT and without."""
    host = _import_mb("estim.host.main")
    say("import of the host alone", f"{host:.1f} MB")
    say("of the twin besides", f"{_import_mb('estim.host.main, simulator.memory, simulator.registry') - host:.1f} MB")
    say("of MQTT besides", f"{_import_mb('estim.host.main, estim.host.house') - host:.1f} MB")
    with tempfile.TemporaryDirectory(prefix="estim-") as made:
        broker = Mosquitto(Path(made))
        broker.start()
        try:
            for name, mqtt in (("MQTT", f"mqtt://127.0.0.1:{broker.port}"), ("no MQTT", None)):
                home = Path(made) / name.replace(" ", "-")
                home.mkdir()
                _watched(say, name, home, mqtt, span_s)
        finally:
            broker.stop()
