"""Brokers that never answer, refuse, speak another language, freeze or lie: each is one plain line, and no trouble."""

import asyncio
import logging
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from estim.config.broker import Broker
from estim.mqtt import EVENTS_MAX, BrokerConnection
from tests.broker import GUARD_S
from tests.played_broker import OLD_VERSION, REFUSED_PASSWORD, PlayedBroker, friendly, played, suback

ORDERS = "estim/h7/cmd"


class Joined:
    """A connection to such a broker, and what came of it."""

    def __init__(self, broker: Broker) -> None:
        self.orders: list[bytes] = []
        self.connected = asyncio.Event()
        self.connection = BrokerConnection(
            broker,
            client_id="h7",
            bridge="estim/h7/bridge",
            orders=(ORDERS,),
            notices=(),
            obey=lambda _topic, payload: self.orders.append(payload),
            noticed=lambda _topic, _payload: None,
            connected=self.connected.set,
            chance=Random(1),
        )


@asynccontextmanager
async def joined(broker: PlayedBroker, **more: object) -> AsyncIterator[Joined]:
    """Give a connection, and end it as a host that ends does: it has to, within the guard."""
    made = Joined(Broker("127.0.0.1", broker.port, **more))  # type: ignore[arg-type] # fields by name
    running = asyncio.get_running_loop().create_task(made.connection.run())
    try:
        yield made
    finally:
        running.cancel()
        done, _ = await asyncio.wait({running}, timeout=GUARD_S)
        assert done, "it doesn't end"
        assert running.cancelled()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries as quickly as a test wants: what comes of them is judged, not when."""
    monkeypatch.setattr("estim.mqtt.TIMEOUT_S", 0.2)
    monkeypatch.setattr("estim.mqtt.AGAIN_S", 0.01)
    monkeypatch.setattr("estim.mqtt.AGAIN_MAX_S", 0.02)


async def tried(broker: PlayedBroker, times: int) -> None:
    """Return when it was told so many packets."""
    async with asyncio.timeout(GUARD_S):
        while len(broker.packets) < times:
            broker.heard.clear()
            await broker.heard.wait()


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (lambda _kind, _body: b"", "timed out"),
        (lambda _kind, _body: REFUSED_PASSWORD, "Bad user name or password"),
        (lambda _kind, _body: OLD_VERSION, "Unsupported protocol version"),
    ],
    ids=["never answers", "refuses the password", "speaks only MQTT 3.1.1"],
)
async def test_one_that_takes_nobody_in_is_one_line_however_often_it_is_tried(
    quick: None, caplog: pytest.LogCaptureFixture, answer: Callable[[int, bytes], bytes], why: str
) -> None:
    async with played(answer) as broker, joined(broker, user="h7", password="secret") as host:
        await tried(broker, 4)
        for number in range(10 * EVENTS_MAX):
            host.connection.publish("state", str(number).encode())
            host.connection.publish("event", str(number).encode(), event=True)
        assert host.connection.waiting == 1 + EVENTS_MAX
        assert not host.connection.online
        assert broker.connected <= 2, "what failed was hung up on"
    [line] = lines(caplog)
    assert f"the MQTT broker 127.0.0.1:{broker.port} can't be reached: " in line
    assert why in line
    assert "secret" not in line


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that nobody has signed but itself, with its key."""
    path = tmp_path_factory.mktemp("certificate") / "one.pem"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    words += ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(path)]
    subprocess.run([*words, "-out", str(path.with_suffix(".crt"))], check=True, capture_output=True)
    path.write_text(path.read_text() + path.with_suffix(".crt").read_text())
    return path


# paho leaves a socket whose handshake failed to the collector, which closes it
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_one_whose_certificate_nobody_trusts_is_told_nothing(
    quick: None, caplog: pytest.LogCaptureFixture, certificate: Path
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    complained = asyncio.Event()

    def noted(_record: logging.LogRecord) -> bool:
        complained.set()
        return True

    caplog.handler.addFilter(noted)
    async with played(friendly, context) as broker:
        async with joined(broker, tls=True, user="h7", password="secret"):
            async with asyncio.timeout(GUARD_S):
                await complained.wait()
            assert broker.packets == []
        async with joined(broker, tls=True, ca=certificate) as host, asyncio.timeout(GUARD_S):
            await host.connected.wait()
    [line] = lines(caplog)
    assert "certificate verify failed" in line


async def test_one_that_freezes_keeps_no_host_from_ending(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("estim.mqtt.LAST_WORDS_S", 0.2)
    monkeypatch.setattr("estim.mqtt.TIMEOUT_S", GUARD_S)
    frozen = False

    def freezes(kind: int, body: bytes) -> bytes | None:
        return None if frozen else friendly(kind, body)

    async with played(freezes) as broker, joined(broker) as host:
        async with asyncio.timeout(GUARD_S):
            await host.connected.wait()
        frozen = True
        for number in range(EVENTS_MAX):  # more than the system's buffers take
            host.connection.publish("event", bytes([number]) * 500_000, event=True)
        await tried(broker, 4)
        assert host.connection.online


LIES = {
    "a topic that is no text": bytes.fromhex("30 08 0002 fffe 00 787878"),
    "a topic that no message has": bytes.fromhex("30 06 0001 23 00 7878"),
    "a packet cut short": bytes.fromhex("30 02 00ff"),
    "nothing that there is": bytes.fromhex("f0 00"),
    "a property that is no text": bytes.fromhex("30 0c 0001 78 07 26 0001 ff 0001 ff 78"),
}


@pytest.mark.parametrize("lie", LIES)
async def test_one_that_lies_is_left_and_tried_again(quick: None, caplog: pytest.LogCaptureFixture, lie: str) -> None:
    async with played(friendly) as broker, joined(broker) as host:
        for number in (1, 2):
            async with asyncio.timeout(GUARD_S):
                await host.connected.wait()
            host.connected.clear()
            broker.say(LIES[lie])
            assert len(broker.packets) >= number
        async with asyncio.timeout(GUARD_S):
            await host.connected.wait()
        assert broker.connected <= 1, "nobody holds on to it"
    assert {line for line in lines(caplog) if "can't be reached" not in line} == set()


async def test_a_broker_that_lets_nobody_hear_orders_is_told_of(quick: None, caplog: pytest.LogCaptureFixture) -> None:
    def refuses(kind: int, body: bytes) -> bytes:
        return suback(body, 0x87) if kind == 8 else friendly(kind, body)

    async with played(refuses) as broker, joined(broker) as host, asyncio.timeout(GUARD_S):
        await host.connected.wait()
    [line] = lines(caplog)
    assert ORDERS in line
    assert "access list" in line
