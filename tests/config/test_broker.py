"""The broker's address and the host's id: what is read, what is refused with a sentence, and no password anywhere."""

import sys
from pathlib import Path

import pytest

from estim.config.broker import Broker, broker_of, host_id
from estim.config.mqtt_settings import MqttSettings, without_password
from estim.config.paths import find_home
from estim.core.errors import EstimError, Exit
from estim.core.remote.topics import ID


@pytest.mark.parametrize(
    ("address", "broker"),
    [
        ("mqtt://house", Broker("house", 1883)),
        ("mqtt://house:2000/", Broker("house", 2000)),
        ("mqtts://house", Broker("house", 8883, tls=True)),
        ("mqtt://me:p%40ss@house", Broker("house", 1883, "me", "p@ss")),
        ("mqtt://me@[::1]:1884", Broker("::1", 1884, "me")),
    ],
)
def test_an_address(address: str, broker: Broker) -> None:
    assert broker_of(MqttSettings(), address) == broker
    assert broker_of(MqttSettings(url=address)) == broker


@pytest.mark.parametrize(
    "address",
    ["house", "http://house", "mqtt://", "mqtt://house:port", "mqtt://house:99999", "mqtt://house/topic", "mqtt://h?x"],
)
def test_what_is_no_address_gets_a_sentence(address: str) -> None:
    with pytest.raises(EstimError, match=r"write mqtt://HOST") as refused:
        broker_of(MqttSettings(), address)
    assert refused.value.code == Exit.USAGE
    with pytest.raises(EstimError, match=r"^\[mqtt\] url") as refused:
        broker_of(MqttSettings(url=address))
    assert refused.value.code == Exit.CONFIG


def test_without_an_address_there_is_no_broker() -> None:
    assert broker_of(MqttSettings(password_file="/nowhere")) is None


def test_a_password_comes_from_a_file_or_a_command(tmp_path: Path) -> None:
    kept = tmp_path / "password"
    kept.write_text("sec ret\nanother line\n", encoding="utf-8")
    broker = broker_of(MqttSettings(url="mqtt://me@house", password_file=str(kept)))
    assert broker is not None
    assert broker.password == "sec ret"
    assert "sec ret" not in repr(broker)
    words = (sys.executable, "-c", "print('sec ret')")
    asked = broker_of(MqttSettings(url="mqtt://me@house", password_command=words))
    assert asked == broker


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"password_file": "/nowhere/at/all"}, "password_file: there is no file"),
        ({"ca": "/nowhere/at/all"}, "ca: there is no file"),
        ({"password_command": (sys.executable, "-c", "print('secret'); raise SystemExit(1)")}, "gave no password"),
        ({"password_command": ("/nowhere/at/all",)}, "gave no password"),
    ],
)
def test_what_cant_be_had_gets_a_sentence(settings: dict[str, object], sentence: str) -> None:
    with pytest.raises(EstimError, match=sentence) as refused:
        broker_of(MqttSettings(url="mqtt://me@house", **settings))  # type: ignore[arg-type] # fields by name
    assert refused.value.code == Exit.CONFIG
    assert "secret" not in refused.value.text
    assert refused.value.__suppress_context__ or "secret" not in repr(refused.value.__cause__)


def test_a_host_keeps_its_id_and_two_hosts_have_two(tmp_path: Path) -> None:
    homes = [find_home(str(tmp_path / name)) for name in "ab"]
    for home in homes:
        home.prepare()
    ids = [host_id(home, MqttSettings()) for home in homes]
    assert all(ID.fullmatch(one) for one in ids)
    assert [host_id(home, MqttSettings()) for home in homes] == ids
    assert host_id(homes[0], MqttSettings(host="clinic-7")) == "clinic-7"
    homes[0].host_id_file.write_text("+/#", encoding="utf-8")
    assert ID.fullmatch(host_id(homes[0], MqttSettings()))


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("mqtt://me:secret@house:1", "mqtt://me:…@house:1"),
        ("mqtt://me@house", "mqtt://me@house"),
        ("mqtt://house", "mqtt://house"),
    ],
)
def test_an_address_is_shown_without_its_password(address: str, shown: str) -> None:
    assert without_password(address) == shown
