"""Looks at everything that a session needs, one after the other: none can hang it, and none can break it off."""

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import suppress

from estim.clock import RealClock
from estim.config.options import HostOptions
from estim.core.errors import EstimError, Exit
from estim.core.translation import tr
from estim.doctor import home, machine
from estim.doctor.broker import of_broker
from estim.doctor.findings import Adapter, Finding, bad, of_adapters, of_bluez, of_clock, of_disk, of_error, warning
from estim.doctor.unit import of_unit

LOOK_S = 30.0
"""Longest look at a file, a folder or a program, s: a journal of years is read whole."""

BROKER_S = 30.0
"""Longest look at the broker, s: the command for its password has 10."""

UNIT_S = 180.0
"""Longest wait for the next finding about a unit, s: searched for, connected, ready and stopped, and then some."""


async def checkup(
    options: HostOptions, unit: str | None, looking: Callable[[str], None]
) -> AsyncGenerator[Finding, None]:
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
    for finding in await _all_safely("left on", lambda: list(home.of_left_on(place))):  # untranslated: a code
        yield finding
    busy: list[bool] = []

    def of_host() -> Finding:
        finding, plays = home.of_host(place)
        busy.append(plays)
        return finding

    yield await _safely("host", of_host)
    looking(tr("asking the broker …"))
    async for finding in _contained("broker", of_broker(options), BROKER_S):
        yield finding
    if unit is None:
        return
    if any(busy):
        yield warning("unit", tr("a session is running, so no unit is tried"), tr("try again when it has ended"))
        return
    looking(tr("looking for {unit}, and stopping it at level 0 …", unit=unit))
    async for finding in _contained("unit", of_unit(options, unit), UNIT_S):
        yield finding


async def _adapters() -> list[Adapter] | None:
    try:
        return await machine.adapters()
    except Exception:  # noqa: BLE001 - what isn't understood isn't there
        return None


async def _safely(what: str, look: Callable[[], Finding]) -> Finding:
    return (await _all_safely(what, lambda: [look()]))[0]


async def _all_safely(what: str, look: Callable[[], list[Finding]]) -> list[Finding]:
    """Look in a thread; one that hangs (a disk of the net that has gone) is left behind, and ends with the process."""
    loop = asyncio.get_running_loop()
    made: asyncio.Future[list[Finding]] = loop.create_future()

    def end(findings: list[Finding]) -> None:
        if not made.done():
            made.set_result(findings)

    def work() -> None:
        try:
            findings = look()
        except EstimError as error:
            findings = [of_error(what, error)]
        except Exception as error:  # noqa: BLE001 - a look that fails is a finding
            findings = [_failed(what, error)]
        with suppress(RuntimeError):  # nobody waits any more
            loop.call_soon_threadsafe(end, findings)

    threading.Thread(target=work, daemon=True).start()
    try:
        async with asyncio.timeout(LOOK_S):
            return await made
    except TimeoutError:
        return [_late(what, LOOK_S)]


async def _contained(what: str, looks: AsyncIterator[Finding], limit_s: float) -> AsyncIterator[Finding]:
    """Give findings as they are made, until one takes too long or breaks off, which is a finding too."""
    while True:
        try:
            async with asyncio.timeout(limit_s):
                finding = await anext(looks)
        except StopAsyncIteration:
            return
        except TimeoutError:
            finding = _late(what, limit_s)
            looks = _nothing()
        except EstimError as error:
            finding = of_error(what, error)
        except Exception as error:  # noqa: BLE001 - a look that fails is a finding
            finding = _failed(what, error)
        yield finding


async def _nothing() -> AsyncIterator[Finding]:
    none: tuple[Finding, ...] = ()
    for finding in none:
        yield finding


def _late(what: str, limit_s: float) -> Finding:
    return bad(
        what,
        tr("it isn't known after {seconds:.0f} s", seconds=limit_s),
        tr("check whether its disk or its service hangs"),
        Exit.GENERAL,
    )


def _failed(what: str, error: Exception) -> Finding:
    return bad(what, tr("it can't be looked at: {error!r}", error=error), "", Exit.GENERAL)
