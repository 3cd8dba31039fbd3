"""Looks at everything that a session needs, one after the other: none can hang it, and none can break it off."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable

from estim.clock import RealClock
from estim.config.options import HostOptions
from estim.core.errors import EstimError, Exit
from estim.doctor import home, machine
from estim.doctor.broker import of_broker
from estim.doctor.findings import Adapter, Finding, bad, of_adapters, of_bluez, of_clock, of_disk, of_error, warning
from estim.doctor.unit import of_unit

Look = Callable[[], Finding | Iterable[Finding]]


async def checkup(options: HostOptions, unit: str | None, looking: Callable[[str], None]) -> AsyncIterator[Finding]:
    """Give the findings as they are made; `unit` names one that is connected and stopped.

    `looking` hears of long looks.
    Bluetooth, and which units are remembered, matter for real units only.
    """
    place = options.place
    if options.simulate is None and options.radio.startswith("bluetooth"):
        yield of_adapters(await _adapters(), options.radio.partition(":")[2])
        yield await _safely("BlueZ", lambda: of_bluez(machine.bluez_version()))
    yield await _safely("clock", lambda: of_clock(RealClock().now().utc, machine.synchronised()))
    yield await _safely("disk", lambda: of_disk(machine.free_mb(place.data), str(place.data)))
    yield await _safely("permissions", lambda: home.of_folders(place))
    yield await _safely("settings", lambda: home.of_settings(place))
    if options.simulate is None:
        yield await _safely("units", lambda: home.of_units(place))
    yield await _safely("journal", lambda: home.of_journal(place))
    for finding in await _all_safely("left on", lambda: list(home.of_left_on(place))):
        yield finding
    busy = False
    try:
        host, busy = await asyncio.to_thread(home.of_host, place)
    except Exception as error:  # noqa: BLE001 - a look that fails is a finding
        host = _failed("host", error)
    yield host
    looking("asking the broker …")
    broker = await of_broker(options)
    if broker is not None:
        yield broker
    if unit is None:
        return
    if busy:
        yield warning("unit", "a session is running, so no unit is tried", "try again when it has ended")
        return
    looking(f"looking for {unit}, and stopping it at level 0 …")
    async for finding in of_unit(options, unit):
        yield finding


async def _adapters() -> list[Adapter] | None:
    try:
        return await machine.adapters()
    except Exception:  # noqa: BLE001 - what isn't understood isn't there
        return None


async def _safely(what: str, look: Callable[[], Finding]) -> Finding:
    return (await _all_safely(what, lambda: [look()]))[0]


async def _all_safely(what: str, look: Callable[[], list[Finding]]) -> list[Finding]:
    try:
        return await asyncio.to_thread(look)
    except EstimError as error:
        return [of_error(what, error)]
    except Exception as error:  # noqa: BLE001 - a look that fails is a finding
        return [_failed(what, error)]


def _failed(what: str, error: Exception) -> Finding:
    return bad(what, f"it can't be looked at: {error!r}", "", Exit.GENERAL)
