"""Lost links, silent radios, killed hosts, pulled-out dongles: what the host hears of them, and when."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from estim.host.radio.bleak_link import BleAir
from protocols.coyote3 import packets as coyote3
from protocols.em70 import packets as em70
from protocols.registry import family
from protocols.vocabulary import AirError
from simulator.air.bleak_backend import PACKETS_MAX, Radio
from tests.air.room import Ear, Room, Served

pytestmark = pytest.mark.air
COYOTE3 = "C0:70:7E:03:00:01"
EM70 = "F9:8B:6F:12:EC:01"
FRAME = bytes.fromhex("B0 00 00 00 0A0A0A0A 00000000 0A0A0A0A 00000000")


async def test_a_lost_link_is_told_once_and_nothing_more_is_sent(room: Room, ear: Ear) -> None:
    await room.fill("coyote3:cut=0.3+0.4")
    host = room.host()
    link = host.link(COYOTE3, family("coyote3"))
    await link.open(ear.hear, ear.lose, 5.0)
    await asyncio.wait_for(ear.told.wait(), 2.0)
    assert len(ear.lost) == 1
    written = len(room.events("write"))
    for asked in (link.write(coyote3.IN, FRAME, False), link.read(coyote3.BATTERY)):
        with pytest.raises(AirError) as gone:
            await asked
        assert gone.value.lost
    await link.close()
    assert len(room.events("write")) == written
    again = host.link(COYOTE3, family("coyote3"))  # it is away for 0.4 s, then it advertises again
    await again.open(ear.hear, ear.lose, 5.0)
    assert len(ear.lost) == 1
    assert room.events("connect")[1]["t"] - room.events("cut")[0]["t"] >= 0.4  # type: ignore[operator] # a record holds any JSON


async def test_a_request_under_way_ends_with_the_link(room: Room, ear: Ear) -> None:
    await room.fill("em70:cut=0.4+0.1,stall=0.2+5")
    link = room.host().link(EM70, family("em70"))
    await link.open(ear.hear, ear.lose, 5.0)
    await room.until("stall")
    begun_s = time.monotonic()
    with pytest.raises(AirError) as gone:
        await link.read(em70.BATTERY)
    assert gone.value.lost
    assert time.monotonic() - begun_s < 1.0
    assert len(ear.lost) == 1


async def test_in_a_silence_few_writes_are_taken_and_all_arrive_in_order(room: Room, ear: Ear) -> None:
    await room.fill("coyote3:stall=0.2+0.6")
    link = room.host().link(COYOTE3, family("coyote3"))
    await link.open(ear.hear, ear.lose, 5.0)
    await room.until("stall")
    frames = [FRAME[:2] + bytes([number]) + FRAME[3:] for number in range(12)]
    writes = [asyncio.ensure_future(link.write(coyote3.IN, frame, False)) for frame in frames]
    await asyncio.sleep(0.2)
    assert sum(write.done() for write in writes) == PACKETS_MAX
    assert room.events("write") == []
    await asyncio.gather(*writes)
    arrived = await room.until("write", len(frames))
    assert [str(record["hex"]) for record in arrived] == [frame.hex() for frame in frames]


async def test_a_write_that_was_given_up_never_arrives_late(room: Room, ear: Ear) -> None:
    await room.fill("coyote3:stall=0.1+4.5")
    link = room.host().link(COYOTE3, family("coyote3"))
    await link.open(ear.hear, ear.lose, 5.0)
    await room.until("stall")
    writes = [asyncio.ensure_future(link.write(coyote3.IN, FRAME, False)) for _ in range(PACKETS_MAX + 3)]
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    given_up = [error for error in outcomes if isinstance(error, AirError)]
    assert len(given_up) == 3
    assert not any(error.lost for error in given_up)
    await room.until("write", PACKETS_MAX)
    await link.write(coyote3.IN, FRAME, False)
    await room.until("write", PACKETS_MAX + 1)
    assert len(room.events("write")) == PACKETS_MAX + 1


async def test_a_stall_delays_requests_and_no_answer_is_taken_for_another(room: Room, ear: Ear) -> None:
    await room.fill("em70:stall=0.1+6,battery=62")
    link = room.host().link(EM70, family("em70"))
    await link.open(ear.hear, ear.lose, 5.0)
    await room.until("stall")
    with pytest.raises(AirError, match="no answer in time") as late:
        await link.read(em70.CONTROL)
    assert not late.value.lost
    answers: list[bytes] = []
    for _ in range(5):  # the silence is longer than a busy machine takes to come to it, so more than one may be late
        with suppress(AirError):
            answers.append(await link.read(em70.BATTERY))
    assert len(answers) >= 2
    assert {*answers} == {bytes([62])}
    assert ear.lost == []


async def test_a_switched_off_unit_drops_its_link(room: Room, ear: Ear) -> None:
    await room.fill("em70:hand=power-off@0.3;power-on@0.9")
    host = room.host()
    await host.link(EM70, family("em70")).open(ear.hear, ear.lose, 5.0)
    await asyncio.wait_for(ear.told.wait(), 2.0)
    assert await host.scan(0.3) == []
    await host.link(EM70, family("em70")).open(ear.hear, ear.lose, 5.0)
    assert len(ear.lost) == 1


async def test_a_dead_simulator_is_a_lost_link_and_a_sentence(serve: Callable[..., Served], ear: Ear) -> None:
    served = serve("em70")
    radio = Radio(served.transport)
    host = BleAir(client=radio.client, scanner=radio.scanner, give_back=radio.close)
    link = host.link(EM70, family("em70"))
    await link.open(ear.hear, ear.lose, 5.0)
    served.process.kill()
    await asyncio.wait_for(ear.told.wait(), 2.0)
    with pytest.raises(AirError) as gone:
        await link.read(em70.BATTERY)
    assert gone.value.lost
    await link.close()
    with pytest.raises(AirError, match=r"The HCI transport tcp-client:127\.0\.0\.1:\d+ can't be used"):
        await host.scan(0.2)
    await host.release()


@pytest.mark.parametrize("transport", ["tcp-client:127.0.0.1:1", "tcp-client:x", "nonsense:1", "serial:/dev/nope"])
async def test_a_transport_that_does_not_open_is_a_sentence(transport: str) -> None:
    radio = Radio(transport)
    host = BleAir(client=radio.client, scanner=radio.scanner, give_back=radio.close)
    with pytest.raises(AirError, match=f"^The HCI transport {transport} can't be used: "):
        await host.scan(0.1)
    await host.release()


HOST = """
import asyncio, os, signal, sys
from estim.host.radio.bleak_link import BleAir
from protocols.em70 import packets as em70
from protocols.registry import family
from simulator.air.bleak_backend import Radio

async def main(transport, address, die):
    radio = Radio(transport)
    link = BleAir(client=radio.client, scanner=radio.scanner).link(address, family("em70"))
    await link.open(lambda *_: None, lambda _: None, 8.0)
    await link.write(em70.CONTROL, bytes.fromhex("00"), True)
    if die:
        os.kill(os.getpid(), signal.SIGKILL)
    await link.close()
    await radio.close()

asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3] == "die"))
"""


def test_a_killed_host_loses_its_unit_after_the_supervision_time_and_a_new_one_finds_it(
    serve: Callable[..., Served],
) -> None:
    served = serve("em70")
    first = subprocess.run(
        [sys.executable, "-c", HOST, served.transport, EM70, "die"], capture_output=True, timeout=20, check=False
    )
    died_s = time.monotonic()
    assert first.returncode == -signal.SIGKILL
    second = subprocess.run(
        [sys.executable, "-c", HOST, served.transport, EM70, "live"],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )
    assert second.returncode == 0, second.stderr
    assert second.stderr == ""
    told = [(r["event"], float(str(r["t"]))) for r in served.records() if r["event"] in ("connect", "disconnect")]
    assert [event for event, _ in told] == ["connect", "disconnect", "connect", "disconnect"]
    assert 1.5 < told[1][1] - died_s < 2.5
