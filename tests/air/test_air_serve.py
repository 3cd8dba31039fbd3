"""`estim-sim serve` and `list` as a person meets them: sentences, exit codes, the log, signals."""

import json
import signal
import socket
from collections.abc import Callable

import pytest
from typer.testing import CliRunner, Result

from protocols.registry import names
from simulator.air.dongle import port_of
from simulator.cli import app
from tests.air.room import Served


def estim_sim(*words: str) -> Result:
    return CliRunner().invoke(app, words)


@pytest.mark.parametrize("host", ["0.0.0.0", "_", "", "localhost", "::1", "192.168.1.2"])
def test_only_the_loopback_may_listen(host: str) -> None:
    with pytest.raises(ValueError, match=r"only 127\.0\.0\.1 may listen"):
        port_of(f"tcp-server:{host}:6402")


@pytest.mark.parametrize("spec", ["6402", "tcp-client:127.0.0.1:6402", "tcp-server:127.0.0.1:x", "usb:0"])
def test_anything_else_is_told_what_to_give(spec: str) -> None:
    with pytest.raises(ValueError, match=r"give tcp-server:127\.0\.0\.1:PORT"):
        port_of(spec)


def test_list_tells_families_and_options_in_text_and_json() -> None:
    text = estim_sim("list")
    assert text.exit_code == 0
    assert "coyote3: DG-LAB Coyote 3.0" in text.stdout
    told = [json.loads(line) for line in estim_sim("list", "--json").stdout.splitlines()]
    assert [one["family"] for one in told] == sorted(names())
    assert {"lost", "cut", "stop_ignored"} <= {option["name"] for option in told[1]["options"]}


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["coyot3"], 2, "did you mean coyote3?"),
        (["em70:strenth=3"], 2, "did you mean strength?"),
        (["em70:strength=16"], 2, "0 to 15"),
        (["em70", "--fault", "lost=2"], 2, "0 to 1"),
        (["em70", "--hci", "tcp-server:0.0.0.0:6402"], 2, "only 127.0.0.1 may listen"),
        (["em70", "--log", "/dev/null/no"], 73, "--log /dev/null/no"),
    ],
)
def test_bad_input_gets_one_sentence_and_its_code(words: list[str], code: int, sentence: str) -> None:
    done = estim_sim("serve", *words)
    assert (done.exit_code, done.stdout) == (code, "")
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_port_in_use_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = estim_sim("serve", "em70", "--hci", f"tcp-server:127.0.0.1:{taken.getsockname()[1]}")
    assert done.exit_code == 69
    assert "in use" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.air
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_it_says_when_it_is_ready_and_ends_on_a_signal(
    serve: Callable[..., Served], number: signal.Signals, code: int
) -> None:
    served = serve("coyote3:decoy", "em70", "em70:name=")
    assert served.ready.startswith("estim-sim: on the air: coyote3 C0:70:7E:03:00:01, coyote3-decoy ")
    assert served.transport.startswith("tcp-client:127.0.0.1:")
    served.process.send_signal(number)
    out, err = served.process.communicate(timeout=10)
    assert (out, err, served.process.returncode) == ("", "", code)
    assert [record["event"] for record in served.records()] == ["ready"] * 4
    assert all(list(record)[:3] == ["t", "unit", "event"] for record in served.records())


@pytest.mark.air
def test_what_is_no_hci_host_is_hung_up_on(serve: Callable[..., Served]) -> None:
    served = serve("em70")
    port = int(served.transport.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as stranger:
        stranger.sendall(b"GET / HTTP/1.1\r\n\r\n")
        try:
            answer = stranger.recv(100)
        except ConnectionResetError:
            answer = b""
    assert answer == b""
    assert served.process.poll() is None
