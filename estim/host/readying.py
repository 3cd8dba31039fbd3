"""Waits until a unit that was prepared for a slot is ready for a person's key, and says in words how that ended."""

import asyncio

from estim.core.panel import State
from estim.host.station import Station

LOOK_S, LOOKS = 0.5, 90
"""How often it is looked at, for 45 s: two attempts to connect."""


async def until_ready(station: Station) -> str:
    """Return what the person should know: that it is ready, or why not."""
    session = station.runner.session
    for _ in range(LOOKS):
        if not station.running or session.state is State.READY:
            break
        await asyncio.sleep(LOOK_S)
    if session.state is State.READY:
        return f"{session.unit.name} is ready and at zero: press Enter in estim within five minutes"
    return session.why or f"{session.unit.name} isn't ready: switch it on, then start in estim"
