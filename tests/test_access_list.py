"""The access list of docs/mqtt.md on a real mosquitto: host 7 can't read or order host 8, the fleet can only stop."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiomqtt import Client, ProtocolVersion

from tests.broker import House, Mosquitto, house

ROOT = Path(__file__).parent.parent
USERS = ("host7", "host8", "house", "fleet")


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker with the list, and every user's password his own name."""
    found = re.search(r"```acl\n(.*?)```", (ROOT / "docs" / "mqtt.md").read_text(encoding="utf-8"), re.DOTALL)
    assert found
    rules = tmp_path / "acl"
    rules.write_text(found[1], encoding="utf-8")
    passwords = tmp_path / "passwords"
    passwords.write_text("".join(f"{user}:{user}\n" for user in USERS), encoding="utf-8")
    for path in (rules, passwords):
        path.chmod(0o600)
    made = Mosquitto(tmp_path, f"allow_anonymous false\nacl_file {rules}\npassword_file {passwords}")
    subprocess.run(["mosquitto_passwd", "-U", str(passwords)], check=True, capture_output=True)
    made.start()
    yield made
    made.stop()


SAID: tuple[tuple[str, str, set[str]], ...] = (
    ("host7", "estim/host7/c1/state", {"host7", "house", "fleet"}),
    ("host7", "estim/host8/c1/cmd", set()),
    ("host7", "estim/host8/cmd", set()),
    ("host7", "estim/host8/c1/state", set()),
    ("host7", "estim/all/cmd", set()),
    ("host7", "homeassistant/device/host7/c1/config", {"house"}),
    ("host7", "homeassistant/device/host8/c1/config", set()),
    ("host7", "homeassistant/status", set()),
    ("house", "estim/host8/c1/cmd", {"host8", "house", "fleet"}),
    ("house", "homeassistant/status", {"host7", "host8", "house", "fleet"}),
    ("fleet", "estim/all/cmd", {"host7", "host8", "house", "fleet"}),
    ("fleet", "estim/host8/cmd", {"host8", "house", "fleet"}),
    ("fleet", "estim/host8/c1/state", set()),
    ("fleet", "estim/host8/bridge", set()),
)
"""Who says something, on which topic, and who hears it."""


@pytest.mark.control("C-14")
async def test_who_may_say_and_hear_what(guarded: Mosquitto) -> None:
    ears: dict[str, House] = {}
    async with (
        house(guarded, user="host7") as ears["host7"],
        house(guarded, user="host8") as ears["host8"],
        house(guarded, user="house") as ears["house"],
        house(guarded, user="fleet") as ears["fleet"],
    ):
        for user, topic, _ in SAID:
            await ears[user].say(topic, user)
        await _flushed(guarded, ears)
        heard = [
            (user, topic, {name for name, ear in ears.items() if (topic, user.encode(), False) in ear.all})
            for user, topic, _ in SAID
        ]
    assert heard == list(SAID)


async def _flushed(broker: Mosquitto, ears: dict[str, House]) -> None:
    """Return when everybody has heard what was said before: a word that each may hear comes after it."""
    for user in ("host7", "host8"):
        own = f"estim/{user}/flush"
        async with Client(
            "127.0.0.1", broker.port, username=user, password=user, protocol=ProtocolVersion.V5
        ) as client:
            await client.publish(own, b"x", qos=1)
        for name in (user, "house", "fleet"):
            await ears[name].until(own)
