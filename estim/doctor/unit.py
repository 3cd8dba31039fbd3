"""Facts about a unit: whether it is in range, and how long its stop takes at level 0. Nothing is ever put out."""

import asyncio
from collections.abc import AsyncIterator

from estim.client.connection import Client, ask_any, join
from estim.clock import wall_s
from estim.config.options import HostOptions
from estim.core.addresses import same_address
from estim.core.errors import EstimError, Exit
from estim.core.messages.commands import Done, Found, Refusal, Scan, Sighting, Start
from estim.core.messages.events import Ended
from estim.core.messages.lowering import Stop
from estim.core.messages.shown import Snapshot
from estim.core.translation import tr
from estim.core.vocabulary import State
from estim.doctor.findings import Finding, bad, good, of_error, of_stop

SCAN_S = 8.0
READY_S = 60.0
"""Longest wait for a unit that is connected to be ready at zero, s."""

PROGRAM = "tens-ankle"
"""Any program would do: it is never started."""


async def of_unit(options: HostOptions, name: str) -> AsyncIterator[Finding]:
    """Judge a unit by its name or address."""
    what = "unit"
    try:
        reply = await asyncio.to_thread(ask_any, options, Scan(SCAN_S))
    except EstimError as error:
        yield of_error(what, error)
        return
    found = next((one for one in reply.units if _is(one, name)), None) if isinstance(reply, Found) else None
    if isinstance(reply, Refusal):
        yield bad(what, reply.text, "", Exit(reply.code))
    elif found is None:
        do = tr("switch it on, bring it nearer, and close every app that may hold it; `estim devices scan` lists units")
        yield bad(what, tr("{unit} is not on the air", unit=name), do, Exit.NO_DEVICE)
    else:
        known = found.known_as or found.name
        if found.rssi_dbm is None:
            text = tr("{unit} ({family}) is in range", unit=known, family=found.family)
        else:
            text = tr("{unit} ({family}) is in range at {dbm} dBm", unit=known, family=found.family, dbm=found.rssi_dbm)
        yield good(what, text)
        yield await _stopped(options, found.known_as or found.address)


def _is(one: Sighting, name: str) -> bool:
    """Say whether a unit is meant by a name: its own on the air, ours, or its family's where it has none yet."""
    names = (one.name, one.known_as or "", one.family)
    return name.casefold() in [word.casefold() for word in names] or same_address(one.address, name)


async def _stopped(options: HostOptions, unit: str) -> Finding:
    """Connect a unit, never start it, and stop it."""
    try:
        client = await join(options)
    except EstimError as error:
        return of_error("stop", error)
    try:
        async with asyncio.timeout(READY_S):
            return await _try(client, unit)
    except TimeoutError:
        return bad(
            "stop",
            tr("{unit} was not ready for {seconds:.0f} s", unit=unit, seconds=READY_S),
            tr("switch it off and on again"),
            Exit.NO_DEVICE,
        )
    except (EstimError, OSError) as error:
        return bad("stop", tr("the host broke off: {error}", error=error), "estim stop", Exit.NOT_CONFIRMED)
    finally:
        await client.close()


async def _try(client: Client, unit: str) -> Finding:
    reply = await client.ask(Start(program=PROGRAM, unit=unit, minutes=1, unasked=True))
    if isinstance(reply, Refusal):
        return bad("start", tr("a session would be refused now: {why}", why=reply.text), "", Exit(reply.code))
    named = reply.unit if isinstance(reply, Done) and reply.unit else unit
    async for line in client.lines():
        if isinstance(line, Ended) and line.unit == named:
            return bad("start", f"{named}: {line.message}", "", Exit.NOT_CONFIRMED if line.unproved else Exit.NO_DEVICE)
        if isinstance(line, Snapshot) and line.unit == named and line.state is State.READY:
            break
    began_s = wall_s()
    stopped = await client.ask(Stop(unit=named))
    return of_stop(named, wall_s() - began_s, proved=isinstance(stopped, Done) and stopped.proved)
