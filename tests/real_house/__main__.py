"""`python -m tests.real_house --python PYTHON`: a real Home Assistant finds two units, reads them and stops a session.

PYTHON is one with Home Assistant in it (`pip install homeassistant paho-mqtt`; 2024.12 or newer describes devices
whole). Each line that is printed says what was seen; the exit code is 1 as soon as one of them doesn't hold.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from estim.config.paths import find_home
from tests.broker import Mosquitto
from tests.host.test_house import RAISING

ROOT = Path(__file__).parent.parent.parent
UNITS = ("--simulate", "coyote3", "--simulate", "em70")
HOST = "h7"
ENTITIES_MIN = 15
STOP_WITHIN_S = 1.0
PATIENCE_S = 40.0
"""What doesn't come to be within this is told as not seen."""


class NotSeenError(AssertionError):
    """Something that should have come to be did not."""


class House:
    """Home Assistant in a process of its own."""

    def __init__(self, python: str, folder: Path, port: int) -> None:
        folder.mkdir(exist_ok=True)
        words = [python, str(Path(__file__).parent / "serve.py"), str(folder), str(port)]
        # it installs what its parts need by itself, with the programs beside its Python
        env = {**os.environ, "PATH": f"{Path(python).parent}:{os.environ.get('PATH', '')}"}
        self._process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=env
        )
        self.version = self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise NotSeenError("Home Assistant ended: run serve.py by hand to see why")
        return json.loads(line)

    def ask(self, **order: Any) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def entities(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = self.ask(do="entities")
        return found

    def press(self, entity: str) -> None:
        self.ask(do="call", domain="button", service="press", data={"entity_id": entity})

    def publish(self, topic: str, payload: str, *, retain: bool) -> None:
        said = {"topic": topic, "payload": payload, "retain": retain, "qos": 1}
        self.ask(do="call", domain="mqtt", service="publish", data=said)

    def until(self, what: str, true: Callable[[dict[str, dict[str, Any]]], bool]) -> float:
        """Return after how many seconds this was true of its entities."""
        began_s = time.monotonic()
        found = self.entities()
        while not true(found):
            if time.monotonic() - began_s > PATIENCE_S:
                states = {key: (one["id"], one["state"], one["event"]) for key, one in found.items()}
                raise NotSeenError(f"{what}: not seen within {PATIENCE_S:.0f} s: {json.dumps(states, indent=1)}")
            found = self.ask(do="changed")
        took_s = time.monotonic() - began_s
        say(f"{what}: seen after {took_s:.1f} s")
        return took_s

    def end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def hold(true: bool, text: str) -> None:
    say(f"{'holds' if true else 'DOES NOT HOLD'}: {text}")
    if not true:
        raise NotSeenError(text)


def estim(home: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "estim.cli.main", "--home", str(home), *UNITS, *words]


@contextmanager
def daemon(home: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Have a host meanwhile, told to the broker."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        estim(home, "--mqtt", f"mqtt://127.0.0.1:{port}", "daemon"), env=env, stdout=subprocess.DEVNULL
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)


@contextmanager
def session(home: Path, unit: str) -> Iterator[subprocess.Popen[str]]:
    """Have a session meanwhile; wait until it is at its level."""
    words = ("--json", "--no-input", "run", "tens-ankle", "--unit", unit, "--level", "3", "--pads-on")
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        estim(home, *words, "--override", "gap"), env=env, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)


def of(found: dict[str, dict[str, Any]], device: str, ending: str) -> dict[str, Any]:
    """Return the one entity of a device whose own id ends so."""
    match [
        {"entity": key, **one} for key, one in found.items() if device in one["device"] and one["id"].endswith(ending)
    ]:
        case [one]:
            return one
        case other:
            return {"entity": None, "state": None, "event": None, "found": len(other)}


def online(found: dict[str, dict[str, Any]], ending: str) -> bool:
    """Return whether there is an entity whose own id ends so, and it is there now."""
    return any(one["id"].endswith(ending) and one["state"] not in (None, "unavailable") for one in found.values())


def counts(found: dict[str, dict[str, Any]]) -> dict[str, int]:
    """Return how many entities each device has."""
    devices = [one["device"] for one in found.values()]
    return {device: devices.count(device) for device in sorted(set(devices))}


def _last(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Return the last line of a session that ends, with the moment it was read."""
    assert process.stdout is not None
    line: dict[str, Any] = {}
    for text in process.stdout:
        line = json.loads(text)
        if line.get("event") == "ended":
            break
    return {**line, "read_s": time.monotonic()}


def stopped(there: House, home: Path, unit: str) -> None:
    """A session is played, read in the house, and stopped by its button."""
    with session(home, unit) as playing:
        there.until(f"{unit} runs at level 3", lambda found: of(found, unit, "level")["state"] == "3")
        button = of(there.entities(), unit, "stop")["entity"]
        began_s = time.monotonic()
        there.press(button)
        last = _last(playing)
        took_s = last["read_s"] - began_s
        say(f"  {json.dumps({key: value for key, value in last.items() if key in ('reason', 'stop_confirmed')})}")
        hold(last.get("stop_confirmed") is True, "stopped by the house's button, confirmed by the unit")
        hold(took_s < STOP_WITHIN_S, f"{took_s:.2f} s from the press to the front end's word (wanted: {STOP_WITHIN_S})")
        there.until("the house was told `stopped`", lambda found: of(found, unit, "event")["event"] == "stopped")


def bogus(there: House, home: Path, start_again: Callable[[House], House]) -> House:
    """What raises, starts, or is kept at the broker changes nothing, also when the house comes back meanwhile."""
    with session(home, "coyote3") as playing:
        there.until("a session runs", lambda found: of(found, "coyote3", "level")["state"] == "3")
        unit = of(there.entities(), "coyote3", "_stop")["id"].removesuffix("_stop").rpartition("_")[2]
        for topic in (f"estim/{HOST}/cmd", f"estim/{HOST}/{unit}/cmd", "estim/all/cmd"):
            for payload in RAISING:
                there.publish(topic, payload, retain=False)
            there.publish(topic, "level 9", retain=True)
        there.publish(f"estim/{HOST}/{unit}/cmd", "stop", retain=True)
        tried = 3 * (len(RAISING) + 1) + 1
        there.until(f"all {tried} orders counted", lambda f: of(f, HOST, "orders_dropped")["state"] == str(tried))
        there = start_again(there)
        there.until("house back, the level is as it was", lambda f: of(f, "coyote3", "level")["state"] == "3")
        hold(playing.poll() is None, "no bogus, raising or retained order had an effect")
        there.press(of(there.entities(), "coyote3", "_stop")["entity"])
        hold(_last(playing).get("stop_confirmed") is True, "stopped from the house that came back")
    return there


def whole(there: House, folder: Path, broker: Mosquitto, start_again: Callable[[House], House]) -> House:
    """Play what a house sees of two units, and of a house, a host and a broker that go and come back."""
    home = folder / "home"
    settings = find_home(str(home)).config / "config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(f'[mqtt]\nhost = "{HOST}"\n', encoding="utf-8")
    with daemon(home, broker.port):
        there.until("the host is there", lambda found: online(found, "stop_all"))
        stopped(there, home, "coyote3")
        stopped(there, home, "em70")
        for device, count in counts(there.entities()).items():
            say(f"  {device}: {count} entities")
        units = {device: n for device, n in counts(there.entities()).items() if "coyote3" in device or "em70" in device}
        hold(len(units) == 2 and min(units.values()) >= ENTITIES_MIN, f"at least {ENTITIES_MIN} entities for each unit")
        with session(home, "coyote3") as playing:
            there.until("a session runs", lambda found: of(found, "coyote3", "level")["state"] == "3")
            broker.stop()
            there.until("broker gone", lambda found: of(found, "coyote3", "level")["state"] == "unavailable")
            hold(playing.poll() is None, "the session goes on")
            broker.start()
            there.until("broker back, the level is told again", lambda f: of(f, "coyote3", "level")["state"] == "3")
            there.press(of(there.entities(), "coyote3", "stop")["entity"])
            hold(_last(playing).get("stop_confirmed") is True, "stopped after the broker was away")
        there = bogus(there, home, start_again)
    there.until("host gone", lambda found: of(found, "coyote3", "stop")["state"] == "unavailable")
    with daemon(home, broker.port):
        there.until("host back", lambda found: of(found, "coyote3", "stop")["state"] != "unavailable")
    return there


def main() -> int:
    reader = argparse.ArgumentParser(prog="python -m tests.real_house", description=(__doc__ or "").splitlines()[0])
    reader.add_argument("--python", required=True, help="a Python with Home Assistant in it")
    asked = reader.parse_args()
    with tempfile.TemporaryDirectory(prefix="estim-house-") as name:
        folder = Path(name)
        broker = Mosquitto(folder)
        broker.start()

        def start() -> House:
            return House(asked.python, folder / "house", broker.port)

        def start_again(before: House) -> House:
            before.end()
            return start()

        there = start()
        say(f"Home Assistant {there.version}")
        try:
            there = whole(there, folder, broker, start_again)
            complaints = there.ask(do="complaints")
            for complaint in complaints:
                say(f"  {complaint}")
            about = [one for one in complaints if "discovery" in one or "estim" in one]
            hold(not about, "no warning about discovery or what estim says")
        except NotSeenError as error:
            say(str(error))
            return 1
        finally:
            there.end()
            broker.stop()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
