"""The host's radio over bleak, and bleak over bumble, against software units on a virtual air."""

import asyncio
import time

import pytest

from estim.core.values import replace
from protocols.coyote3 import packets as coyote3
from protocols.em70 import packets as em70
from protocols.family import Family
from protocols.registry import family
from protocols.vocabulary import AirError, Can, Endpoint
from tests.air.room import Ear, Room

pytestmark = pytest.mark.air
COYOTE3 = "C0:70:7E:03:00:01"
EM70 = "F9:8B:6F:12:EC:01"
SET_5 = bytes.fromhex("B0 1C 05 00 0A0A0A0A 64646464 00000000 00000065")


def clone(family: Family, *more: Endpoint) -> Family:
    """Return the family with more endpoints than its units have."""
    return replace(family, endpoints=(*family.endpoints, *more))


async def test_a_scan_tells_names_without_nuls_hidden_names_and_services(room: Room) -> None:
    await room.fill("em70:nul=yes", "coyote3:name=,adv_service=yes")
    seen = {one.advert.address: one for one in await room.host().scan(0.5)}
    assert seen[EM70].advert.name == "LT1102S"
    assert seen[COYOTE3].advert.name == ""
    assert seen[COYOTE3].advert.services == (coyote3.IN.service,)
    assert not any(one.attached for one in seen.values())


async def test_bytes_go_both_ways_and_only_what_was_subscribed_is_heard(room: Room, ear: Ear) -> None:
    await room.fill("coyote3:battery=77")
    link = room.host().link(COYOTE3, family("coyote3"))
    await link.open(ear.hear, ear.lose, 5.0)
    await link.write(coyote3.IN, SET_5, response=False)
    assert await link.read(coyote3.BATTERY) == b"\x4d"
    await asyncio.wait_for(ear.told.wait(), 2.0)
    assert ear.heard == [("150B", bytes.fromhex("B1 01 05 00"))]
    await link.close()
    await link.close()
    await room.until("disconnect")
    assert ear.lost == []


async def test_a_connected_unit_is_silent_and_advertises_again_after_the_disconnect(room: Room, ear: Ear) -> None:
    await room.fill("em70")
    host = room.host()
    link = host.link(EM70, family("em70"))
    for _ in range(2):
        await link.open(ear.hear, ear.lose, 5.0)
        assert await host.scan(0.4) == []
        await link.close()
    assert [one.advert.address for one in await host.scan(0.4)] == [EM70]


async def test_an_absent_unit_is_told_in_time_and_later_links_work(room: Room, ear: Ear) -> None:
    await room.fill("em70")
    host = room.host()
    begun_s = time.monotonic()
    with pytest.raises(AirError, match=r"was not heard within 0\.7 s: switch it on"):
        await host.link("C0:00:00:00:00:77", family("em70")).open(ear.hear, ear.lose, 0.7)
    assert time.monotonic() - begun_s < 1.5
    link = host.link(EM70, family("em70"))
    await link.open(ear.hear, ear.lose, 5.0)
    assert await link.read(em70.BATTERY)


async def test_a_sister_product_is_refused_and_let_go(room: Room, ear: Ear) -> None:
    await room.fill("em70")
    with pytest.raises(AirError, match=r"isn.t a DG-LAB Coyote 3.0: it has no characteristic 150A") as refused:
        await room.host().link(EM70, family("coyote3")).open(ear.hear, ear.lose, 5.0)
    assert not refused.value.lost
    await room.until("disconnect")


async def test_a_missing_battery_is_no_reason_to_refuse(room: Room, ear: Ear) -> None:
    await room.fill("em70")
    extra = Endpoint("extra", em70.BATTERY.service, "00002a1a-0000-1000-8000-00805f9b34fb", Can.READ)
    link = room.host().link(EM70, clone(family("em70"), extra))
    await link.open(ear.hear, ear.lose, 5.0)
    with pytest.raises(AirError, match="has no extra"):
        await link.read(extra)


async def test_the_unit_refuses_what_the_real_one_refuses(room: Room, ear: Ear) -> None:
    await room.fill("coyote3:write_also=no", "em70")
    host = room.host()
    client = host.link(COYOTE3, family("coyote3"))
    await client.open(ear.hear, ear.lose, 5.0)
    # told to ask for an answer, but the unit offers commands only: a command is what it gets
    await client.write(coyote3.IN, SET_5, response=True)
    await room.until("write")
    assert room.events("refused") == []
    with pytest.raises(AirError) as refused:
        await client.read(coyote3.IN)
    assert refused.value.code is not None
    assert not refused.value.lost
    # and the other way round: the em70 takes requests only
    other = host.link(EM70, family("em70"))
    await other.open(ear.hear, ear.lose, 5.0)
    await other.write(em70.CONTROL, bytes.fromhex("00"), response=False)
    await room.until("ignored")


async def test_two_units_on_one_radio_do_not_hear_each_other(room: Room, ear: Ear) -> None:
    await room.fill("coyote3", "em70")
    host = room.host()
    other = Ear()
    links = (host.link(COYOTE3, family("coyote3")), host.link(EM70, family("em70")))
    await asyncio.gather(links[0].open(ear.hear, ear.lose, 8.0), links[1].open(other.hear, other.lose, 8.0))
    await links[0].write(coyote3.IN, SET_5, response=False)
    await asyncio.wait_for(ear.told.wait(), 2.0)
    assert {name for name, _ in other.heard} <= {"control"}
    await links[0].close()
    assert await links[1].read(em70.BATTERY)
    assert other.lost == []


async def test_a_cancelled_opening_leaves_nothing_half_open(room: Room, ear: Ear) -> None:
    await room.fill("em70")
    host = room.host()
    for step in range(16):
        tried = host.link(EM70, family("em70"))
        opening = asyncio.ensure_future(tried.open(ear.hear, ear.lose, 5.0))
        await asyncio.sleep(step * 0.012)
        opening.cancel()
        await asyncio.wait({opening})
        if not opening.cancelled():  # it was quicker than that
            await tried.close()
    link = host.link(EM70, family("em70"))
    await link.open(ear.hear, ear.lose, 5.0)
    assert await link.read(em70.BATTERY)
    assert len(room.events("connect")) == len(room.events("disconnect")) + 1
