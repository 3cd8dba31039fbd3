"""The radio in memory, on a loop whose time jumps: it fits the host's seam, keeps order, and fails as it is asked."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from estim.clock import VirtualLoop
from estim.host.radio.link import Air, Link, Seen
from protocols.coyote3.packets import BATTERY, IN, OUT
from protocols.em70.packets import CONTROL
from protocols.registry import family
from protocols.vocabulary import AirError, Endpoint
from simulator.memory import MemoryAir
from simulator.registry import make, read_line
from simulator.trace import Trace
from simulator.twin import Twin

ZERO = bytes.fromhex("b01f00000a0a0a0a000000000a0a0a0a00000000")
FIVE = bytes.fromhex("b02f05050a0a0a0a000000000a0a0a0a00000000")
ASK = bytes.fromhex("5a0507000066")
UP = bytes.fromhex("5a0501000060")
OFF = bytes.fromhex("5a050d00006c")


class Room:
    """A room with what one line asks for, and a link to its first unit with what came over it."""

    def __init__(self, line: str, seed: int = 1) -> None:
        setup = read_line(line)
        self.trace = Trace()
        self.twins: list[Twin] = make(setup, self.trace.of, seed)
        self.air: Air = MemoryAir(self.twins, setup.seed(seed), setup.radio)
        self.family = family(setup.family)
        self.heard: list[tuple[float, str]] = []
        self.lost: list[tuple[float, str]] = []

    def link(self) -> Link:
        return self.air.link(self.twins[0].address, self.family)

    async def open(self, timeout_s: float = 5.0) -> Link:
        link = self.link()
        await link.open(self._hear, self._lose, timeout_s)
        return link

    def _hear(self, endpoint: Endpoint, data: bytes) -> None:
        self.heard.append((now_s(), data.hex()))

    def _lose(self, why: str) -> None:
        self.lost.append((now_s(), why))

    def events(self, event: str) -> list[float]:
        return [float(str(record["t"])) for record in self.trace.records if record["event"] == event]


def now_s() -> float:
    return round(asyncio.get_running_loop().time(), 6)


def play(act: Callable[[Room], Awaitable[None]], line: str, seed: int = 1) -> Room:
    """Run an act on virtual time and return the room afterwards."""
    loop = VirtualLoop()
    try:
        room = Room(line, seed)

        async def whole() -> None:
            await act(room)
            await room.air.release()

        loop.run_until_complete(whole())
    finally:
        loop.close()
    return room


def test_scan_sees_what_advertises_and_only_that() -> None:
    async def act(room: Room) -> None:
        seen = await room.air.scan(3.0)
        assert seen[0] == Seen(seen[0].advert, -60, attached=False)
        assert [one.advert.name for one in seen] == ["LT1102S", "LT5009NEW"]
        link = await room.open()
        assert [one.advert.name for one in await room.air.scan(3.0)] == ["LT5009NEW"]
        await link.close()
        assert len(await room.air.scan(3.0)) == 2
        room.twins[0].hand(now_s(), "power-off")
        assert len(await room.air.scan(3.0)) == 1

    assert play(act, "em70:decoy").air.simulated


def test_opening_takes_its_time_and_closing_says_nothing() -> None:
    async def act(room: Room) -> None:
        link = await room.open()
        assert now_s() == pytest.approx(0.3)
        await link.close()
        await link.close()
        with pytest.raises(AirError) as gone:
            await link.write(IN, ZERO, False)
        assert gone.value.lost
        with pytest.raises(AirError):
            await link.read(BATTERY)

    room = play(act, "coyote3")
    assert (room.lost, len(room.events("connect")), len(room.events("disconnect"))) == ([], 1, 1)


def test_a_unit_that_is_absent_taken_or_of_another_kind_is_not_opened() -> None:
    async def act(room: Room) -> None:
        with pytest.raises(AirError, match="within 5 s"):
            await room.air.link("00:00:00:00:00:00", room.family).open(room._hear, room._lose, 5.0)
        assert now_s() == pytest.approx(5.0, abs=0.01)
        first = await room.open()
        with pytest.raises(AirError, match="within 2 s"):
            await room.open(2.0)
        await first.close()
        with pytest.raises(AirError, match="is no em70"):
            await room.air.link(room.twins[0].address, family("em70")).open(room._hear, room._lose, 5.0)
        await (await room.open()).close()

    assert play(act, "coyote3").lost == []


def test_an_opening_that_is_given_up_leaves_nothing_half_open() -> None:
    async def act(room: Room) -> None:
        opening = asyncio.ensure_future(room.open())
        await asyncio.sleep(0.1)
        opening.cancel()
        await asyncio.wait({opening})
        assert len(await room.air.scan(0.1)) == 1
        await (await room.open()).close()

    assert len(play(act, "coyote3").events("connect")) == 1


def test_a_command_is_there_at_once_and_its_answer_within_forty_milliseconds() -> None:
    async def act(room: Room) -> None:
        link = await room.open()
        sent_s = now_s()
        await link.write(IN, FIVE, False)
        assert now_s() == sent_s
        await asyncio.sleep(0.1)
        assert [data for _, data in room.heard] == ["b1020505"]
        assert 0.010 <= room.heard[0][0] - sent_s <= 0.040
        assert await link.read(BATTERY) == b"\x52"

    assert play(act, "coyote3").lost == []


def test_requests_take_45_ms_each_one_at_a_time_in_order() -> None:
    async def act(room: Room) -> None:
        link = await room.open()
        began_s = now_s()
        ends: list[tuple[str, float]] = []

        async def write(name: str, data: bytes) -> None:
            await link.write(CONTROL, data, True)
            ends.append((name, round(now_s() - began_s, 3)))

        await asyncio.gather(write("up", UP), write("again", UP), write("ask", ASK))
        assert ends == [("up", 0.045), ("again", 0.09), ("ask", 0.135)]
        await asyncio.sleep(0.1)
        assert [data[:6] for _, data in room.heard] == ["5a0501", "5a0501", "5a0c07"]

    assert play(act, "em70").events("level")


def test_refusals_carry_their_code_and_commands_are_dropped_in_silence() -> None:
    async def act(room: Room) -> None:
        link = await room.open()
        with pytest.raises(AirError) as kind:
            await link.write(IN, ZERO, True)
        with pytest.raises(AirError) as read:
            await link.read(OUT)
        assert (kind.value.code, read.value.code, kind.value.lost) == (0x03, 0x02, False)
        await link.write(IN, ZERO + b"\0", False)

    assert len(play(act, "coyote3").events("refused")) == 2


def test_a_cut_is_told_once_ends_what_waits_and_keeps_the_unit_away() -> None:
    async def act(room: Room) -> None:
        link = await room.open()
        await asyncio.sleep(1.99)
        with pytest.raises(AirError) as cut:
            await link.write(CONTROL, ASK, True)
        assert cut.value.lost
        assert [at_s for at_s, _ in room.lost] == [pytest.approx(2.3)]
        assert await room.air.scan(1.0) == []
        again = await room.open(10.0)
        assert now_s() == pytest.approx(6.7, abs=0.15)
        await again.close()

    room = play(act, "em70:cut=2+4,strength=3")
    assert len(room.lost) == 1
    assert len(room.events("connect")) == 2


def test_in_a_stall_writes_wait_and_arrive_even_if_nobody_waits_for_them_any_more() -> None:
    async def act(room: Room) -> None:
        link = await room.open()
        await asyncio.sleep(1.2)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await link.write(IN, FIVE, False)
        await link.write(IN, ZERO, False)
        assert now_s() == pytest.approx(2.3, abs=0.001)
        await asyncio.sleep(0.2)
        assert [data for _, data in room.heard] == ["b1020505", "b1010000"]

    assert [round(at_s, 3) for at_s in play(act, "coyote3:stall=1+1").events("write")] == [2.3, 2.3]


def test_a_radio_that_takes_commands_in_a_silence_delivers_them_after_it_or_never() -> None:
    async def act(room: Room) -> None:
        link = await room.open()
        await asyncio.sleep(1.2)
        for _ in range(3):
            await link.write(IN, FIVE, False)
        assert now_s() == pytest.approx(1.5, abs=0.001)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await link.write(IN, ZERO, False)
        await asyncio.sleep(2.0)

    assert len(play(act, "coyote3:stall=1+1,taken=3").events("write")) == 4
    assert len(play(act, "coyote3:stall=1+9,taken=3,cut=2.5+1").events("write")) == 0


def test_flight_is_bounded() -> None:
    async def act(room: Room) -> None:
        link = await room.open()
        waiting = [asyncio.ensure_future(link.write(IN, ZERO, False)) for _ in range(65)]
        await asyncio.wait({waiting[-1]}, timeout=0.1)
        with pytest.raises(AirError, match="in flight"):
            waiting[-1].result()
        await asyncio.wait(waiting)
        assert sum(future.exception() is None for future in waiting) == 64

    assert len(play(act, "coyote3:stall=0+1").events("write")) == 64


def test_a_unit_that_switches_off_drops_its_link() -> None:
    async def act(room: Room) -> None:
        link = await room.open()
        await link.write(CONTROL, OFF, True)
        await asyncio.sleep(1.0)
        assert [why for _, why in room.lost] == ["the unit was switched off"]
        assert await room.air.scan(1.0) == []

    assert play(act, "em70:strength=4").twins[0].on is False


@pytest.mark.parametrize(
    ("options", "count"), [("", 10), ("mute", 0), ("lost=1", 0), ("lost_after=0.55", 6), ("dup=1", 20)]
)
def test_radio_options_change_what_is_heard(options: str, count: int) -> None:
    async def act(room: Room) -> None:
        link = await room.open()
        for number in range(10):
            await link.write(IN, FIVE if number % 2 else ZERO, False)
            await asyncio.sleep(0.1)

    assert len(play(act, f"coyote3:{options}").heard) == count


def test_late_notifications_keep_their_order_and_none_comes_after_hanging_up() -> None:
    async def act(room: Room) -> None:
        link = await room.open()
        for sequence in range(1, 16):
            await link.write(IN, bytes((0xB0, sequence << 4 | 0xF, 5, 5)) + ZERO[4:], False)
            await asyncio.sleep(0.1)
        await asyncio.sleep(1.0)
        assert [int(data[2:4], 16) for _, data in room.heard] == list(range(1, 16))
        await link.write(IN, ZERO, False)
        await link.close()
        await asyncio.sleep(5.0)
        assert len(room.heard) == 15

    assert play(act, "coyote3:late_s=0.9").lost == []


def test_a_unit_lives_on_without_a_link() -> None:
    async def act(room: Room) -> None:
        link = await room.open()
        await link.write(CONTROL, UP, True)
        await link.close()
        await asyncio.sleep(100.0)
        assert [record["by"] for record in room.trace.records if record["event"] == "level"] == ["host", "timer"]

    assert play(act, "em70:timer=60").events("level")[-1] == pytest.approx(62, abs=2)


def test_one_seed_one_log_to_the_byte() -> None:
    async def act(room: Room) -> None:
        link = await room.open()
        for number in range(1, 200):
            order = bytes((0xB0, (number % 15 + 1) << 4 | 0xF, number, 5))
            await link.write(IN, order + ZERO[4:], False)
            await asyncio.sleep(0.1)

    line = "coyote3:lost=0.3,dup=0.2,corrupt=0.2,late_s=0.3,noise=0.2,hand=A+@2;B-@3"
    first, second, other = (play(act, line, seed) for seed in (5, 5, 6))
    assert (first.trace.text(), first.heard) == (second.trace.text(), second.heard)
    assert first.heard != other.heard
