"""Notices in a terminal and on other devices, and the notifier that keeps one way from hurting another."""

import asyncio
import io
import json
import logging
import os
import sys
import traceback
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import pytest

from estim.core.errors import EstimError, Exit
from estim.host.notify.notice import Notification, TellError, one_line
from estim.host.notify.notifier import Notifier
from estim.host.notify.remote import TEXT_MAX, ways_elsewhere
from estim.host.notify.terminal import Terminal

DUE = Notification("2026-03-29T08:00", "Time for a session", "The slot of 08:00 is open")
SECRET = "hunter2correcthorse"


@pytest.fixture
def tty() -> Iterator[tuple[int, io.TextIOWrapper]]:
    """The reading end of a terminal, and its other end as a program has it."""
    ours, theirs = os.openpty()
    with os.fdopen(theirs, "w", encoding="utf-8") as out:
        yield ours, out
    os.close(ours)


async def test_a_terminal_rings_tells_its_desktop_and_shows_a_line(tty: tuple[int, io.TextIOWrapper]) -> None:
    ours, out = tty
    await Terminal(out).tell(DUE)
    line = "Time for a session: The slot of 08:00 is open"
    assert os.read(ours, 1000).decode() == f"\a\x1b]9;{line}\a{line}\r\n"


@pytest.mark.parametrize("sign", ["\x1b", "\a", "\x9b", "\x9c", "\r", "\n", "\0", "\x7f", "\u202e", "\ud800"])
async def test_no_text_can_steer_the_terminal(tty: tuple[int, io.TextIOWrapper], sign: str) -> None:
    ours, out = tty
    await Terminal(out).tell(Notification("k", f"a{sign}]0;b", f"c{sign}[2Jd"))
    got = os.read(ours, 1000).decode()
    line = got.removeprefix("\a\x1b]9;").partition("\a")[0]
    assert got == f"\a\x1b]9;{line}\a{line}\r\n"
    assert sign not in line
    assert line.isprintable()


async def test_a_file_gets_the_plain_line_only() -> None:
    out = io.StringIO()
    await Terminal(out).tell(DUE)
    assert out.getvalue() == "Time for a session: The slot of 08:00 is open\n"


async def test_an_old_terminal_gets_a_question_mark_rather_than_nothing() -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii")
    await Terminal(out).tell(Notification("k", "10 µs", "now"))
    assert raw.getvalue() == b"10 ?s: now\n"


async def test_a_terminal_that_is_gone_is_told() -> None:
    out = io.StringIO()
    out.close()
    with pytest.raises(TellError, match="the terminal is gone: open estim in another one"):
        await Terminal(out).tell(DUE)


async def test_a_stopped_terminal_keeps_nobody() -> None:
    class Stopped(io.StringIO):
        let_go = Event()

        def write(self, text: str) -> int:
            self.let_go.wait(20)
            return len(text)

    out = Stopped()
    with pytest.raises(TellError, match="press Ctrl-Q"):
        await Terminal(out, timeout_s=0.05).tell(DUE)
    out.let_go.set()


def test_one_line_keeps_letters_of_every_script_and_joined_signs() -> None:
    assert one_line(" für\tdich \n שלום 👩‍💻 ") == "für dich שלום 👩‍💻"


class Website:
    """Takes what is sent to it by HTTP, and can be made to refuse it or to never answer."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.status = 200
        self.answers = Event()
        self.answers.set()
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                site.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                site.answers.wait(20)
                self.send_response(site.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"json://me:{SECRET}@127.0.0.1:{self.server.server_port}/{SECRET}"


@pytest.fixture
def website() -> Iterator[Website]:
    site = Website()
    thread = Thread(target=site.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield site
    site.answers.set()
    site.server.shutdown()
    thread.join()
    site.server.server_close()


async def test_another_device_is_told_each_time(website: Website) -> None:
    (way,) = ways_elsewhere([website.url])
    await way.tell(DUE)
    await way.tell(Notification("stop", "Look at the unit", "Now", urgent=True))
    told = [(body["title"], body["message"], body["type"]) for body in website.got]
    assert told == [(DUE.title, DUE.text, "info"), ("Look at the unit", "Now", "warning")]
    await way.withdraw(DUE.key)
    await way.close()


async def test_texts_for_other_devices_are_cut(website: Website) -> None:
    (way,) = ways_elsewhere([website.url])
    await way.tell(Notification("k", "t", "x" * 300))
    await way.tell(Notification("k", "only a title", ""))
    assert website.got[0]["message"] == "x" * (TEXT_MAX - 1) + "…"
    assert website.got[1]["message"] == "only a title"


async def test_a_service_that_refuses_is_told_by_its_number_and_scheme(
    website: Website, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    website.status = 403
    (way,) = ways_elsewhere([website.url])
    with pytest.raises(TellError) as told:
        await way.tell(DUE)
    assert str(told.value).startswith("notify address 1 (json://) didn't take the notice: check the network")
    assert not shows_the_secret(told.value, caplog, capfd)


async def test_a_service_that_never_answers_keeps_nobody(website: Website) -> None:
    website.answers.clear()
    (way,) = ways_elsewhere([website.url], timeout_s=0.1)
    with pytest.raises(TellError, match=r"notify address 1 \(json://\) didn't answer within 0\.1 s"):
        await way.tell(DUE)


@pytest.mark.parametrize(
    ("url", "scheme"),
    [
        (f"nosuch://me:{SECRET}@host", "nosuch://"),
        (f"json://me:{SECRET}@", "json://"),
        (f"tgram://{SECRET}", "tgram://"),
        (f"me:{SECRET}@host", "no scheme"),
        (f"{SECRET}@host://x", "no scheme"),
        ("", "no scheme"),
    ],
)
def test_a_bad_address_is_found_when_it_is_made_and_never_shown(
    url: str, scheme: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(EstimError) as told:
        ways_elsewhere(["json://127.0.0.1", url])
    assert told.value.code is Exit.CONFIG
    assert told.value.text.startswith(f"notify address 2 ({scheme}) in the settings is not one that apprise")
    assert not shows_the_secret(told.value, caplog, capfd)


async def test_an_error_that_shows_the_address_is_not_passed_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    def breaks(service: Any, **notice: Any) -> bool:
        raise RuntimeError(f"no route to me:{service.password}@{service.host}")

    caplog.set_level(logging.DEBUG)
    (way,) = ways_elsewhere([f"json://me:{SECRET}@host"])
    monkeypatch.setattr("apprise.NotifyBase.notify", breaks)
    with pytest.raises(TellError) as told:
        await way.tell(DUE)
    assert str(told.value) == "notify address 1 (json://) failed (RuntimeError): check it in the settings"
    assert not shows_the_secret(told.value, caplog, capfd)


async def test_a_missing_library_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    (way,) = ways_elsewhere(["ntfy://topic"])
    with pytest.raises(TellError, match=r'pip install "estim\[notify\]"'):
        await way.tell(DUE)


def shows_the_secret(error: Exception, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> bool:
    said = capfd.readouterr()
    shown = "".join(traceback.format_exception(error))
    return SECRET in f"{error!r} {shown} {caplog.text} {said.out} {said.err}"


class Played:
    """A way that does as it is told: works, raises, or hangs."""

    def __init__(self, name: str, does: Exception | None = None, hangs: bool = False) -> None:
        self.name = name
        self.does = does
        self.hangs = hangs
        self.asked: list[str] = []

    async def tell(self, notice: Notification) -> None:
        await self._do(f"tell {notice.key}")

    async def withdraw(self, key: str) -> None:
        await self._do(f"withdraw {key}")

    async def close(self) -> None:
        await self._do("close")

    async def _do(self, what: str) -> None:
        self.asked.append(what)
        if self.hangs:
            await asyncio.Event().wait()
        if self.does is not None:
            raise self.does


async def test_a_way_that_fails_or_hangs_never_keeps_another(caplog: pytest.LogCaptureFixture) -> None:
    ways = [
        Played("hung", hangs=True),
        Played("failed", TellError("it is off: switch it on")),
        Played("broken", ZeroDivisionError()),
        Played("good"),
    ]
    said: list[str] = []
    notifier = Notifier(ways, said.append, timeout_s=0.05)
    assert await notifier.tell(DUE) == ("good",)
    await notifier.withdraw(DUE.key)
    await notifier.close()
    assert all(way.asked == [f"tell {DUE.key}", f"withdraw {DUE.key}", "close"] for way in ways)
    assert sorted(said) == [
        "broken failed by a fault of estim: the log says more",
        "hung wasn't done within 0.05 s and was given up",
        "it is off: switch it on",
    ]
    assert "ZeroDivisionError" in caplog.text


async def test_the_same_trouble_is_told_once_and_a_new_one_again() -> None:
    way = Played("desktop", TellError("there is no bus"))
    said: list[str] = []
    notifier = Notifier([way], said.append)
    for trouble in ("there is no bus", "there is no bus", "nothing answers", "there is no bus"):
        way.does = TellError(trouble)
        assert await notifier.tell(DUE) == ()
    assert said == ["there is no bus", "nothing answers"]


async def test_nobody_to_tell_is_no_error() -> None:
    assert await Notifier([], pytest.fail).tell(DUE) == ()
