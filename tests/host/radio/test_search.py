"""One search of the radio for all who look, on a played BlueZ and time that jumps: nobody is shut out."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from functools import partial
from random import Random

import pytest
from bleak.exc import BleakDBusError

from estim.clock import new_loop
from estim.host.radio.bleak_link import BleAir, BleLink
from estim.host.radio.bluez import Adapter
from estim.host.radio.link import RadioBusy
from protocols.em70 import packets as em70
from protocols.registry import family
from protocols.vocabulary import AirError
from tests.air.room import Ear
from tests.host.radio.bluez import Bluez

ONE = "F9:8B:6F:12:EC:01"
OTHER = "F9:8B:6F:12:EC:02"
THIRD = "F9:8B:6F:12:EC:03"


def play(life: Callable[[], Awaitable[None]]) -> None:
    """Let somebody live on a loop whose time jumps, for some minutes at most."""
    loop, _ = new_loop("max")

    async def whole() -> None:
        async with asyncio.timeout(1000):
            await life()

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(whole())


def here_half_of(period_s: float, at_s: float) -> bool:
    """Say whether a unit that comes and goes is there."""
    return at_s % period_s < period_s / 2


def now_s() -> float:
    return asyncio.get_running_loop().time()


async def reach(air: BleAir, address: str, timeout_s: float = 20.0, *, to_stop: bool = False) -> tuple[float, BleLink]:
    """Open a link; return when it was open, and the link."""
    ear = Ear()
    link = air.link(address, family("em70"), to_stop=to_stop)
    await link.open(ear.hear, ear.lose, timeout_s)
    return now_s(), link


def begun(work: Coroutine[None, None, tuple[float, BleLink]]) -> "asyncio.Task[tuple[float, BleLink]]":
    return asyncio.ensure_future(work)


@pytest.mark.control("C-57")
def test_a_unit_that_is_away_and_looked_for_keeps_no_other_from_being_reached() -> None:
    async def life() -> None:
        bluez = Bluez()
        bluez.add(ONE).here = lambda _: False
        bluez.add(OTHER)
        air = bluez.air()
        away = begun(reach(air, ONE, 60.0, to_stop=True))
        await asyncio.sleep(5)
        open_s, _ = await reach(air, OTHER)
        assert open_s < 8
        away.cancel()
        await asyncio.wait({away})

    play(life)


@pytest.mark.control("C-57")
def test_of_two_lost_units_the_one_that_is_back_is_reached_at_once() -> None:
    async def life() -> None:
        bluez = Bluez()
        bluez.add(ONE).here = lambda _: False
        bluez.add(OTHER).here = lambda at_s: at_s >= 33
        air = bluez.air()
        tasks = [begun(reach(air, address, 120.0, to_stop=True)) for address in (ONE, OTHER)]
        open_s, _ = await tasks[1]
        assert open_s < 36
        tasks[0].cancel()
        await asyncio.wait(tasks)

    play(life)


@pytest.mark.control("C-57")
def test_who_joins_a_search_that_is_young_is_told_what_was_heard_just_now() -> None:
    async def life() -> None:
        bluez = Bluez()
        bluez.add(ONE).here = lambda _: False
        bluez.add(OTHER)
        air = bluez.air()
        away = begun(reach(air, ONE, 60.0, to_stop=True))
        await asyncio.sleep(0.6)  # the other one was told after 0.1 s, and BlueZ won't tell it again
        open_s, _ = await reach(air, OTHER)
        assert open_s < 2
        away.cancel()
        await asyncio.wait({away})

    play(life)


@pytest.mark.control("C-57")
def test_a_scan_beside_a_search_finds_what_is_there() -> None:
    async def life() -> None:
        bluez = Bluez()
        bluez.add(ONE).here = lambda _: False
        bluez.add(OTHER)
        bluez.add(THIRD)
        air = bluez.air()
        away = begun(reach(air, ONE, 60.0, to_stop=True))
        await asyncio.sleep(5)  # both are told by now, and BlueZ won't tell them again
        assert {one.advert.address for one in await air.scan(4.0)} == {OTHER, THIRD}
        assert now_s() < 10
        away.cancel()
        await asyncio.wait({away})
        await air.release()
        assert bluez.searches == {}

    play(life)


@pytest.mark.control("C-57")
def test_two_scans_at_the_same_time_both_find_everything() -> None:
    async def life() -> None:
        bluez = Bluez()
        bluez.add(ONE)
        air = bluez.air()
        found = await asyncio.gather(air.scan(3.0), air.scan(5.0), air.scan(1.0))
        assert [[one.advert.address for one in seen] for seen in found] == [[ONE]] * 3
        assert bluez.searches == {}

    play(life)


@pytest.mark.control("C-57")
def test_a_scan_never_keeps_a_unit_from_being_stopped() -> None:
    async def life() -> None:
        bluez = Bluez()
        bluez.add(ONE)
        air = bluez.air()
        scanning = asyncio.ensure_future(air.scan(30.0))
        await asyncio.sleep(10)
        open_s, _ = await reach(air, ONE, to_stop=True)
        assert open_s < 12
        assert [one.advert.address for one in await scanning] == [ONE]
        assert now_s() == pytest.approx(31, abs=1)  # it listened as long as it was to

    play(life)


@pytest.mark.control("C-57")
def test_a_scan_that_found_no_time_says_so_instead_of_nothing() -> None:
    async def life() -> None:
        bluez = Bluez()
        bluez.add(ONE).takes = False
        air = bluez.air()
        stuck = begun(reach(air, ONE, 40.0))
        await asyncio.sleep(5)
        with pytest.raises(RadioBusy, match="scan again"):
            await air.scan(2.0)
        stuck.cancel()
        await asyncio.wait({stuck})

    play(life)


@pytest.mark.control("C-57")
def test_a_session_that_connects_makes_way_for_a_stop_and_goes_on_after_it() -> None:
    async def life() -> None:
        bluez = Bluez()
        slow = bluez.add(ONE)
        slow.takes = False
        bluez.add(OTHER)
        air = bluez.air()
        session = begun(reach(air, ONE, 40.0))
        await asyncio.sleep(3)
        stopping = begun(reach(air, OTHER, to_stop=True))
        open_s, _ = await stopping
        assert open_s < 10  # TURN_S of the session at most, then it is heard and connected
        slow.takes = True
        open_s, _ = await session
        assert open_s < 20

    play(life)


@pytest.mark.control("C-57")
def test_of_two_that_wait_for_the_radio_the_one_to_stop_is_connected_first() -> None:
    async def life() -> None:
        bluez = Bluez()
        for address in (ONE, OTHER, THIRD):
            bluez.add(address)
        air = bluez.air()
        tasks = [
            begun(reach(air, ONE)),
            begun(reach(air, OTHER)),
            begun(reach(air, THIRD, to_stop=True)),
        ]
        open_s = [(await task)[0] for task in tasks]
        assert open_s[2] < open_s[1]  # the first of all was heard before the others

    play(life)


@pytest.mark.control("C-57")
def test_an_attempt_that_leads_nowhere_does_not_keep_a_lost_unit_from_being_stopped() -> None:
    async def life() -> None:
        bluez = Bluez()
        bluez.add(ONE).takes = False
        bluez.add(OTHER).here = lambda at_s: at_s >= 30
        air = bluez.air()
        tasks = [begun(reach(air, address, 120.0, to_stop=True)) for address in (ONE, OTHER)]
        open_s, _ = await tasks[1]
        assert open_s < 40
        tasks[0].cancel()
        await asyncio.wait(tasks)

    play(life)


@pytest.mark.control("C-57")
@pytest.mark.parametrize("refuses", [1, 3, 12])
def test_a_busy_radio_is_asked_again_and_nobody_is_told(refuses: int) -> None:
    async def life() -> None:
        bluez = Bluez()
        bluez.add(ONE)
        bluez.refuses = refuses
        await reach(bluez.air(), ONE)
        assert bluez.refused == refuses
        bluez.refuses = 3
        assert len(await bluez.air().scan(2.0)) == 0
        assert bluez.refused == refuses + 3

    play(life)


@pytest.mark.control("C-57")
def test_a_connection_that_is_refused_as_busy_is_tried_again() -> None:
    async def life() -> None:
        bluez = Bluez()
        bluez.add(ONE)
        bluez.refuses_to_connect = 12  # more tries than one call of the library makes
        await reach(bluez.air(), ONE)
        assert bluez.refused == 12

    play(life)


@pytest.mark.control("C-57")
def test_a_search_that_can_not_be_ended_for_a_while_is_ended_later() -> None:
    async def life() -> None:
        bluez = Bluez()
        bluez.add(ONE)
        air = bluez.air()
        opening = begun(reach(air, ONE))
        await bluez.searching.wait()
        bluez.refuses = 8
        await opening
        assert bluez.searches == {}

    play(life)


@pytest.mark.control("C-57")
def test_a_radio_that_stays_busy_is_told_as_that_when_the_patience_ends() -> None:
    async def life() -> None:
        bluez = Bluez()
        bluez.add(ONE)
        bluez.refuses = 10_000
        air = bluez.air()
        with pytest.raises(AirError, match="busy with another program"):
            await reach(air, ONE, 20.0)
        assert now_s() == pytest.approx(20, abs=1)
        with pytest.raises(RadioBusy, match="busy with another program"):
            await air.scan(2.0)
        assert bluez.refused < 80  # later and later

    play(life)


@pytest.mark.control("C-57")
def test_a_service_that_stood_still_is_searched_with_again() -> None:
    async def life() -> None:
        bluez = Bluez()
        bluez.add(ONE)
        bluez.stands_still_until_s = 22.0
        air = bluez.air()
        with pytest.raises(AirError, match="doesn't answer"):
            await reach(air, ONE, 20.0)
        open_s, _ = await reach(air, ONE, 20.0)
        assert open_s < 27
        await air.release()
        assert bluez.searches == {}

    play(life)


@pytest.mark.control("C-57")
@pytest.mark.parametrize("error", [AssertionError(), KeyError("/org/bluez/hci0"), AttributeError("bus")])
def test_a_message_bus_that_goes_away_in_the_middle_ends_no_search_for_good(error: Exception) -> None:
    async def life() -> None:
        bluez = Bluez()
        bluez.add(ONE).here = lambda at_s: at_s > 12
        air = bluez.air()
        bluez.breaks = [error]
        opening = begun(reach(air, ONE))
        await asyncio.sleep(5)
        bluez.breaks = [error, error]  # as the search ends, and begins anew
        open_s, _ = await opening
        assert open_s < 15
        assert bluez.breaks == []
        await air.release()

    play(life)


@pytest.mark.control("C-57")
def test_a_search_that_nobody_wants_any_more_ends_and_can_begin_again() -> None:
    async def life() -> None:
        bluez = Bluez()
        bluez.add(ONE).here = lambda at_s: at_s > 30
        air = bluez.air()
        with pytest.raises(AirError, match="was not heard within 5 s"):
            await reach(air, ONE, 5.0)
        await asyncio.sleep(1)
        assert bluez.searches == {}
        await asyncio.sleep(30)
        await reach(air, ONE, 5.0)

    play(life)


@pytest.mark.control("C-57")
def test_a_search_that_goes_on_for_long_begins_anew_now_and_then() -> None:
    async def life() -> None:
        bluez = Bluez()
        air = bluez.air()
        with pytest.raises(AirError):
            await reach(air, ONE, 60.0)
        gaps = [later - sooner for sooner, later in zip(bluez.began, bluez.began[1:], strict=False)]
        assert 4 <= len(gaps) <= 8
        assert max(gaps) < 12

    play(life)


@pytest.mark.control("C-57")
def test_every_adapter_that_is_on_is_searched_with() -> None:
    async def life() -> None:
        bluez = Bluez("hci0", "hci1", "hci2")
        bluez.adapters[2] = Adapter("hci2", powered=False)
        bluez.add(ONE, "hci1")
        bluez.add(OTHER, "hci0")
        bluez.add(THIRD, "hci2")
        air = bluez.air()
        assert {one.advert.address for one in await air.scan(2.0)} == {ONE, OTHER}
        await reach(air, ONE)
        await reach(air, OTHER)

    play(life)


@pytest.mark.parametrize("silent", [True, False])
def test_a_unit_that_one_adapter_can_not_connect_is_connected_by_the_other(silent: bool) -> None:
    async def life() -> None:
        bluez = Bluez("hci0", "hci1")
        far = bluez.add(ONE, "hci0")
        if silent:
            far.takes = False
        else:
            far.refuses_connection = BleakDBusError("org.bluez.Error.Failed", ["le-connection-abort-by-local"])
        near = bluez.add(ONE, "hci1")
        open_s, _ = await reach(bluez.air(), ONE)
        assert open_s < 12
        assert near.client is not None

    play(life)


def test_a_unit_that_no_adapter_can_connect_is_told_as_that() -> None:
    async def life() -> None:
        bluez = Bluez("hci0", "hci1")
        for adapter in ("hci0", "hci1"):
            bluez.add(ONE, adapter).refuses_connection = BleakDBusError("org.bluez.Error.Failed", ["no room"])
        with pytest.raises(AirError, match=r"connecting failed.*no room"):
            await reach(bluez.air(), ONE)

    play(life)


def test_the_adapter_that_is_named_is_the_only_one_and_another_name_gets_the_list() -> None:
    async def life() -> None:
        bluez = Bluez("hci0", "hci1")
        bluez.add(ONE, "hci1")
        bluez.add(OTHER, "hci0")
        assert {one.advert.address for one in await bluez.air("hci1").scan(2.0)} == {ONE}
        with pytest.raises(AirError, match=r"no Bluetooth adapter 'hci7': there are hci0 \(on\), hci1 \(on\)"):
            await bluez.air("hci7").scan(2.0)
        with pytest.raises(AirError, match="hci7"):
            await reach(bluez.air("hci7"), ONE)
        assert now_s() < 5

    play(life)


async def live(air: BleAir, chance: Random, address: str, steady: bool, late: list[float]) -> None:
    """Look around, open links, hang up and give up, at any moment; note how long a stop waited for a steady unit."""
    for _ in range(6):
        await asyncio.sleep(chance.uniform(0, 8))
        if chance.random() < 0.3:
            with suppress(RadioBusy):
                await air.scan(chance.uniform(0.5, 6))
            continue
        to_stop = chance.random() < 0.5
        began_s = now_s()
        patience_s = 60.0 if to_stop else chance.uniform(0.3, 25)
        try:
            _, link = await reach(air, address, patience_s, to_stop=to_stop)
        except AirError:
            if to_stop and steady:
                late.append(patience_s)
            continue
        if to_stop and steady:
            late.append(now_s() - began_s)
        await asyncio.sleep(chance.uniform(0, 5))
        await link.close()


@pytest.mark.control("C-57")
@pytest.mark.parametrize("seed", range(40))
def test_whoever_comes_and_goes_nobody_is_refused_and_a_stop_is_soon(seed: int) -> None:
    async def life() -> None:
        chance = Random(seed)
        bluez = Bluez(*("hci0", "hci1")[: chance.randint(1, 2)])
        air = bluez.air()
        lives = []
        late: list[float] = []
        for number in range(5):
            address = f"C0:00:00:00:00:{number:02X}"
            unit = bluez.add(address, chance.choice(bluez.adapters).name)
            steady = number < 3
            if not steady:
                unit.takes = chance.random() < 0.5
                period_s = chance.uniform(3, 30)
                unit.here = partial(here_half_of, period_s)
            lives.append(live(air, chance, address, steady, late))
        await asyncio.gather(*lives)
        await air.release()
        assert bluez.refused == 0
        assert bluez.searches == {}
        assert all(unit.client is None for unit in bluez.units)
        assert max(late, default=0.0) < 30

    play(life)


@pytest.mark.parametrize("cut", [AssertionError(), AttributeError("bus"), KeyError("path")], ids=repr)
def test_a_message_bus_that_goes_away_within_an_operation_is_told_as_a_lost_link(cut: Exception) -> None:
    async def life() -> None:
        bluez = Bluez()
        bluez.add(ONE)
        _, link = await reach(bluez.air(), ONE)
        bluez.breaks = [cut]
        with pytest.raises(AirError) as told:
            await link.write(em70.CONTROL, b"\x03\x00", True)
        assert told.value.lost

    play(life)


@pytest.mark.parametrize("cut", [AssertionError(), AttributeError("bus"), KeyError("path")], ids=repr)
def test_a_message_bus_that_goes_away_while_a_unit_connects_is_told_and_no_bug(cut: Exception) -> None:
    async def life() -> None:
        bluez = Bluez()
        bluez.add(ONE).refuses_connection = cut
        with pytest.raises(AirError):
            await reach(bluez.air(), ONE)

    play(life)


def test_adapters_that_can_not_be_asked_for_are_no_end_of_the_search() -> None:
    async def life() -> None:
        bluez = Bluez()
        bluez.add(ONE)
        asked = 0

        async def adapters() -> list[Adapter]:
            nonlocal asked
            asked += 1
            if asked < 3:
                raise KeyError("the bus went away")
            return bluez.adapters

        air = BleAir(client=bluez.client, scanner=bluez.scanner, adapters=adapters)
        open_s, _ = await reach(air, ONE)
        assert open_s < 5

    play(life)
