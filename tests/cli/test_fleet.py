"""`estim fleet` at a real mosquitto, with real hosts, and with hosts that lie, are silent or go away."""

import asyncio
import io
import json
import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from estim.cli import fleet
from estim.cli.fleet import Stopped, Viewer, fitted, stop_hosts, table, told, viewing
from estim.cli.output import Redrawn
from estim.client.exchange import exchange
from estim.config.broker import Broker
from estim.core.errors import EstimError, Exit
from estim.core.remote.fleet import OUT_OF_REACH, UnitSeen
from tests.broker import House, Mosquitto, house, mosquitto
from tests.cli.line import Person, streams, typed
from tests.cli.playing import hosted

__all__ = ["mosquitto"]

ON = {"unit": "left", "state": "running", "stimulating": "ON", "may_be_on": "OFF", "level": 12, "left_s": 90}
OFF = {**ON, "state": "ended", "stimulating": "OFF", "level": 0, "left_s": None, "stop_confirmed": "ON"}
START = b'{"do": "start", "program": "tens-ankle", "level": {"A": 2}, "pads_on": true, "keep": true}\n'


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for nobody as long as for a real unit."""
    for name, seconds in {"LEARN_S": 0.3, "STOP_S": 1.5, "OFFLINE_S": 0.5, "AGAIN_S": 0.4, "LOOK_S": 2.0}.items():
        monkeypatch.setattr(fleet, name, seconds)


async def is_there(house: House, host: str, said: dict[str, object]) -> None:
    """Let a played host say what a real one says when it comes."""
    await house.say(f"estim/{host}/bridge", "online", retain=True)
    await house.say(f"estim/{host}/c1/link", "online", retain=True)
    await house.say(f"estim/{host}/c1/state", json.dumps(said))


async def says(house: House, host: str, said: dict[str, object], *, units: int = 1) -> None:
    """Let a played host say how its unit is, and how it is itself."""
    if units:
        await house.say(f"estim/{host}/c1/state", json.dumps(said))
    await house.say(f"estim/{host}/state", json.dumps({"units": units, "may_be_on": "OFF"}))


async def asked(house: House, topic: str, times: int) -> None:
    """Return when it was said so often on a topic."""
    async with asyncio.timeout(20):
        while sum(1 for one, payload, _ in house.all if (one, payload) == (topic, b"stop")) < times:
            await house.until(topic)
            await asyncio.sleep(0)


async def stopped(broker: Mosquitto, host: str | None = None) -> Stopped:
    return await stop_hosts(Broker("127.0.0.1", broker.port), host)


async def test_what_every_host_says_after_it_was_asked_is_believed(mosquitto: Mosquitto) -> None:
    async with house(mosquitto) as there:
        await is_there(there, "h7", ON)
        stopping = asyncio.create_task(stopped(mosquitto))
        await asked(there, "estim/all/cmd", 2)
        await says(there, "h7", OFF)
        done = await stopping
    assert (done.asked, done.open_units) == (1, ())
    assert told(done, None) == ("all hosts: stopped, every unit is off as its host says", Exit.DONE)


@pytest.mark.parametrize(
    "lie",
    [
        {**OFF, "may_be_on": "ON"},
        {**OFF, "stop_confirmed": "OFF"},
        {**OFF, "stimulating": "ON"},
        {**OFF, "state": "running"},
        {**OFF, "stimulating": None},
    ],
    ids=["may be on", "not confirmed", "stimulating", "running", "nothing"],
)
async def test_a_host_that_says_two_things_is_not_believed(mosquitto: Mosquitto, lie: dict[str, object]) -> None:
    async with house(mosquitto) as there:
        await is_there(there, "h7", ON)
        stopping = asyncio.create_task(stopped(mosquitto, "h7"))
        await asked(there, "estim/h7/cmd", 2)
        await says(there, "h7", lie)
        text, code = told(await stopping, "h7")
    assert code == Exit.NOT_CONFIRMED
    assert "NOT confirmed for h7 " in text


async def test_a_word_that_was_kept_by_the_broker_proves_nothing(mosquitto: Mosquitto) -> None:
    async with house(mosquitto) as there:
        await is_there(there, "h7", OFF)
        await there.say("estim/h7/c1/state", json.dumps(OFF), retain=True)
        done = await stopped(mosquitto)
    assert told(done, None)[1] == Exit.NOT_CONFIRMED


@pytest.mark.control("C-46")
async def test_a_host_without_known_units_is_asked_too_and_not_confirmed_before_it_has_said_how_it_is(
    mosquitto: Mosquitto,
) -> None:
    async with house(mosquitto) as there:
        await is_there(there, "h7", ON)
        await there.say("estim/h8/bridge", "online", retain=True)
        await there.say("estim/h8/state", json.dumps({"units": 0, "may_be_on": "OFF"}), retain=True)
        stopping = asyncio.create_task(stopped(mosquitto))
        await asked(there, "estim/all/cmd", 2)
        await says(there, "h7", OFF)
        await asked(there, "estim/h8/cmd", 1)
        text, code = told(await stopping, None)
        assert (code, text.count("h7")) == (Exit.NOT_CONFIRMED, 0)
        assert "NOT confirmed for h8 (no word from it since the stop)" in text
        del there.said["estim/h8/cmd"]
        there.all.clear()
        stopping = asyncio.create_task(stopped(mosquitto, "h8"))
        await asked(there, "estim/h8/cmd", 2)
        await says(there, "h8", {}, units=0)
        assert told(await stopping, "h8")[1] == Exit.DONE


async def test_one_that_goes_in_between_is_named_and_waited_for_no_longer(mosquitto: Mosquitto) -> None:
    async with house(mosquitto) as there:
        await is_there(there, "h7", ON)
        stopping = asyncio.create_task(stopped(mosquitto))
        await asked(there, "estim/all/cmd", 2)
        await there.say("estim/h7/bridge", "offline", retain=True)
        began_s = asyncio.get_running_loop().time()
        text, code = told(await stopping, None)
        took_s = asyncio.get_running_loop().time() - began_s
    assert (text.count("h7"), code) == (1, Exit.NOT_CONFIRMED)
    assert "(its host is offline)" in text
    assert took_s < fleet.STOP_S


async def test_a_host_that_comes_back_is_asked_again_and_one_that_is_off_is_not(mosquitto: Mosquitto) -> None:
    async with house(mosquitto) as there:
        for host in ("h7", "h8"):
            await is_there(there, host, ON)
        stopping = asyncio.create_task(stopped(mosquitto))
        await asked(there, "estim/all/cmd", 2)
        await says(there, "h8", OFF)
        await asked(there, "estim/h7/cmd", 1)
        await says(there, "h7", OFF)
        done = await stopping
    assert done.open_units == ()
    assert "estim/h8/cmd" not in there.said


async def test_who_comes_late_is_told_of_all_hosts_at_once_even_where_the_broker_keeps_few_messages(
    tmp_path: Path,
) -> None:
    broker = Mosquitto(tmp_path, "allow_anonymous true\nmax_queued_messages 10")
    broker.start()
    try:
        async with house(broker, "estim/h0/bridge") as there:
            for number in range(80):
                await there.say(f"estim/h{number}/bridge", "online", retain=True)
                await there.say(f"estim/h{number}/c1/link", "online", retain=True)
            async with viewing(Broker("127.0.0.1", broker.port)) as viewer:
                await there.say("estim/h80/bridge", "online")
                async with asyncio.timeout(20):
                    while "h80" not in viewer.fleet.hosts:  # noqa: ASYNC110 # it tells nobody of each word
                        await asyncio.sleep(0.05)
                hosts = viewer.fleet.hosts.values()
                assert sum(host.online for host in hosts) == 81
                assert sum(unit.linked for host in hosts for unit in host.units.values()) == 80
    finally:
        broker.stop()


async def test_of_more_hosts_than_can_be_asked_again_at_once_each_gets_its_turn(
    mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("estim.mqtt.TOPICS_MAX", 10)
    async with house(mosquitto) as there:
        hosts = [f"h{number}" for number in range(25)]
        for host in hosts:
            await is_there(there, host, ON)
        stopping = asyncio.create_task(stopped(mosquitto))
        for host in hosts:
            await there.until(f"estim/{host}/cmd", b"stop")
        assert len((await stopping).open_units) == 25


async def calls_of_each_word(hosts: int) -> float:
    """Return how many functions are called for each word of so many hosts that they are off, while a stop waits."""
    viewer = Viewer(Broker("127.0.0.1", 1))
    for number in range(hosts):
        viewer.hear(f"estim/h{number}/bridge", b"online")
        viewer.hear(f"estim/h{number}/c1/state", json.dumps(ON).encode())
    stopping = asyncio.create_task(viewer.stop(None))
    await asyncio.sleep(0)
    calls = 0

    def count(_frame: object, event: str, _arg: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        for number in range(hosts):
            viewer.hear(f"estim/h{number}/state", b'{"units": 1, "may_be_on": "OFF"}')
            viewer.hear(f"estim/h{number}/c1/state", json.dumps(OFF).encode())
            for _ in range(3):  # let whoever waits look
                await asyncio.sleep(0)
    finally:
        sys.setprofile(None)
    assert (await stopping).open_units == ()
    return calls / hosts


async def test_a_word_costs_the_same_however_many_hosts_a_stop_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet, "STOP_S", 60.0)
    monkeypatch.setattr(fleet, "AGAIN_S", 60.0)
    few = await calls_of_each_word(50)
    many = await calls_of_each_word(500)
    assert many < 1.1 * few


@pytest.mark.parametrize("host", [None, "h9"])
async def test_where_nobody_can_say_what_became_of_it_that_is_said(mosquitto: Mosquitto, host: str | None) -> None:
    async with house(mosquitto) as there:
        if host:
            await is_there(there, "h7", OFF)
        with pytest.raises(EstimError, match="the stop was sent all the same") as told_:
            await stopped(mosquitto, host)
        assert there.said["estim/h9/cmd" if host else "estim/all/cmd"] == b"stop"
    assert told_.value.code == Exit.NO_DEVICE


def test_many_that_are_not_off_are_counted() -> None:
    open_units = tuple((f"h{number}", UnitSeen("c1", name=f"unit {number}")) for number in range(30))
    text, code = told(Stopped(30, open_units, frozenset({"h0"})), None)
    assert code == Exit.NOT_CONFIRMED
    assert "h0 unit 0 (its host is offline), h1 unit 1," in text
    assert "h19 unit 19 and 10 more:" in text


def test_a_host_without_units_is_not_called_stopped() -> None:
    assert told(Stopped(0, ()), "h7") == ("host h7: no unit is known there, so there was nothing to stop", Exit.DONE)
    text, code = told(Stopped(0, (("h7", OUT_OF_REACH),)), None)
    assert (code, "h7 what it can't reach" in text) == (Exit.NOT_CONFIRMED, True), "no unit is known, but one may be on"


def test_real_hosts_are_seen_and_stopped(person: Person, mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet, "STOP_S", 30.0)
    address = f"mqtt://127.0.0.1:{mosquitto.port}"
    (person.home / "config.toml").write_text(f'[mqtt]\nurl = "{address}"\nhost = "h7"\n', encoding="utf-8")
    with hosted(person, "coyote3", speed="1", mqtt=address):
        began = exchange(person.home / "control.sock", START, 30.0).answer()
        assert json.loads(began)["answer"] == "done"
        (seen,) = person.types("fleet", json_=True).rows
        assert (seen["host"], seen["online"], seen["linked"], seen["unit"]) == ("h7", True, True, "coyote3")
        assert person.types("fleet", "--mqtt", address).out.startswith("HOST")
        done = person.types("fleet", "stop", "h7", json_=True)
        assert (done.code, done.rows[0]["asked"], done.rows[0]["confirmed"]) == (Exit.DONE, 1, True)
        (after,) = person.types("fleet", json_=True).rows
        assert (after["state"], after["may_be_on"]) == ("ended", False)


class Screen(io.StringIO):
    """A terminal at which somebody presses Ctrl-C when the picture is drawn for the second time."""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if text.startswith("\x1b["):
            signal.raise_signal(signal.SIGINT)
        return super().write(text)


def test_ctrl_c_ends_the_picture_and_that_is_no_error(person: Person, mosquitto: Mosquitto) -> None:
    screen = Screen()
    with streams(screen, sys.stderr):
        code = typed(person.home, "--mqtt", f"mqtt://127.0.0.1:{mosquitto.port}", "fleet")
    assert code == Exit.DONE
    assert screen.getvalue().startswith("HOST")


def test_a_stop_that_nobody_waits_for_is_not_called_confirmed(person: Person, mosquitto: Mosquitto) -> None:
    ready = threading.Event()

    async def interrupts() -> None:
        async with house(mosquitto) as there:
            await is_there(there, "h7", ON)
            ready.set()
            await there.until("estim/all/cmd")
            os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=asyncio.run, args=(interrupts(),))
    thread.start()
    ready.wait(20)
    said = person.types("--mqtt", f"mqtt://127.0.0.1:{mosquitto.port}", "fleet", "stop")
    thread.join()
    assert said.code == Exit.NOT_CONFIRMED
    assert "NOT confirmed: it was sent" in said.err


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("fleet",), Exit.USAGE, "no broker is named: say --mqtt mqtt://HOST"),
        (("fleet", "--mqtt", "broker"), Exit.USAGE, "that isn't a broker's address"),
        (("--mqtt", "mqtt://127.0.0.1:1", "fleet", "stop", "h7/+"), Exit.USAGE, "can't be a host's id"),
        (("--mqtt", "mqtt://127.0.0.1:1", "fleet", "stop", "all"), Exit.USAGE, "can't be a host's id"),
        (("--mqtt", "mqtt://127.0.0.1:1", "fleet", "stop"), Exit.NO_DEVICE, "can't be reached"),
        (("--mqtt", "mqtt://me:secret@127.0.0.1:1", "fleet", "--once"), Exit.NO_DEVICE, "can't be reached"),
    ],
)
def test_what_can_not_be_gets_one_sentence(
    person: Person, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], code: Exit, sentence: str
) -> None:
    monkeypatch.setattr(fleet, "CONNECT_S", 0.5)
    said = person.types(*words)
    assert said.code == code
    assert sentence in said.err
    assert said.err.count("\n") == 1
    assert "secret" not in said.err


def test_wrong_settings_keep_nobody_from_a_broker_that_was_typed(person: Person, mosquitto: Mosquitto) -> None:
    (person.home / "config.toml").write_text("[mqtt\n", encoding="utf-8")
    said = person.types("--mqtt", f"mqtt://127.0.0.1:{mosquitto.port}", "fleet", "stop")
    assert (said.code, "no host is known to this broker" in said.err) == (Exit.NO_DEVICE, True)
    assert person.types("fleet", "stop").code == Exit.CONFIG


def row(host: str, **more: object) -> dict[str, object]:
    known = {"host": host, "online": True, "unit": "left", "linked": True, "state": "running", "level": 3}
    return {**known, "left_s": 61, "alarm": "", "may_be_on": True, "age_s": 1.0, **more}


def test_a_table_says_what_somebody_should_look_at() -> None:
    lines = table([row("h1"), row("h2", online=False), row("h3", age_s=90.0), row("h4", alarm="pad off: look")])
    until = "2026-03-01T13:04:20+00:00"
    assert until not in table([row("h4", alarm=f"output may be on until {until}")])[1]
    assert [line.split("s ago")[-1].strip() for line in lines[1:]] == [
        "",
        "host is offline; may be on",
        "silent; may be on",
        "pad off: look",
    ]


def test_where_there_is_no_room_what_needs_somebody_comes_first() -> None:
    lines = fitted([row(f"h{number}", alarm="pad off" if number == 40 else "") for number in range(60)], 10)
    assert len(lines) == 10
    assert lines[1].startswith("h40 ")
    assert lines[-1] == "and 52 more: make the window taller, or --once"


def test_a_picture_is_drawn_over_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setenv("LINES", "10")
    out = io.StringIO()
    with streams(out, sys.stderr):
        picture = Redrawn()
        picture.draw(["x" * 200, "two"])
        picture.draw(["one"])
    assert out.getvalue() == f"{'x' * 29}\ntwo\n\x1b[2F\x1b[Jone\n"
