"""A unit that wants an encrypted link is told as that, whichever way BlueZ says so, and each try ends the same."""

import pytest
from bleak.exc import BleakDBusError, BleakGATTProtocolError

from estim.host.radio.bleak_link import BleAir
from protocols.em70 import packets as em70
from protocols.registry import family
from protocols.vocabulary import AirError
from tests.air.room import Ear
from tests.host.radio.bluez import Bluez
from tests.host.radio.test_search import ONE, play, reach

REFUSALS = [
    BleakGATTProtocolError(0x05),
    BleakGATTProtocolError(0x08),
    BleakGATTProtocolError(0x0C),
    BleakGATTProtocolError(0x0F),
    BleakDBusError("org.bluez.Error.NotAuthorized", ["Insufficient Authorization"]),
    BleakDBusError("org.bluez.Error.NotPermitted", ["Not paired"]),
    BleakDBusError("org.bluez.Error.Failed", ["Insufficient Encryption"]),
    BleakDBusError("org.bluez.Error.AuthenticationFailed", ["Authentication Failed"]),
    BleakDBusError("org.bluez.Error.AuthenticationTimeout", ["Authentication Timeout"]),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=str)
def test_a_unit_that_wants_an_encrypted_link_is_told_with_what_to_do(refusal: Exception) -> None:
    told = BleAir().told(refusal, f"{ONE}: writing", ONE)
    assert f"bluetoothctl pair {ONE}" in str(told)
    assert "encrypted link" in str(told)


@pytest.mark.parametrize("refusal", REFUSALS, ids=str)
def test_a_subscription_that_wants_an_encrypted_link_leaves_nothing_behind(refusal: Exception) -> None:
    async def life() -> None:
        bluez = Bluez()
        unit = bluez.add(ONE)
        unit.refusal = refusal
        air = bluez.air()
        said = []
        for _ in range(3):
            with pytest.raises(AirError, match="it wants an encrypted link") as refused:
                await reach(air, ONE)
            said.append(str(refused.value))
            assert (unit.client, unit.listened) == (None, 0)
        assert len(set(said)) == 1
        unit.refusal = None
        await reach(air, ONE)

    play(life)


def test_a_connection_that_wants_to_be_encrypted_is_told_though_the_library_wraps_it() -> None:
    async def life() -> None:
        bluez = Bluez()
        bluez.add(ONE).refuses_connection = BleakDBusError("org.bluez.Error.AuthenticationFailed", ["failed"])
        with pytest.raises(AirError, match="it wants an encrypted link"):
            await reach(bluez.air(), ONE)

    play(life)


def test_a_unit_that_waits_for_being_paired_and_says_nothing_gets_the_same_words_each_time() -> None:
    async def life() -> None:
        bluez = Bluez()
        unit = bluez.add(ONE)
        unit.deaf = True
        air = bluez.air()
        said = []
        for _ in range(3):
            with pytest.raises(AirError, match="may want an encrypted link") as refused:
                await reach(air, ONE, 10.0)
            said.append(str(refused.value))
            assert (unit.client, unit.listened) == (None, 0)
        assert len(set(said)) == 1

    play(life)


def test_a_write_and_a_read_that_want_an_encrypted_link_say_so_too() -> None:
    async def life() -> None:
        bluez = Bluez()
        unit = bluez.add(ONE)
        link = bluez.air().link(ONE, family("em70"))
        ear = Ear()
        await link.open(ear.hear, ear.lose, 20.0)
        unit.refusal = BleakGATTProtocolError(0x05)
        with pytest.raises(AirError, match="it wants an encrypted link") as refused:
            await link.write(em70.CONTROL, b"\x03\x00", True)
        assert (refused.value.code, refused.value.lost) == (0x05, False)
        with pytest.raises(AirError, match="it wants an encrypted link"):
            await link.read(em70.BATTERY)

    play(life)


def test_no_right_on_the_bus_gets_the_advice_and_not_the_raw_text() -> None:
    denied = BleakDBusError("org.freedesktop.DBus.Error.AccessDenied", ["Rejected send message, 2 matched rules"])
    for error in (denied, PermissionError(13, "Permission denied")):
        told = str(BleAir().told(error, "scanning"))
        assert "group bluetooth" in told
        assert "polkit" in told
        assert "matched rules" not in told
