"""Waits until a unit that was prepared for a slot is ready for a person's key, and says in words how that ended.

What it says stands on lock screens and goes to other devices: no address, no name that a person gave, nothing of what
happened in a session (estim/host/notify/notice.py).
"""

import asyncio

from estim.core.messages.commands import Reason, State
from estim.core.session.session import Session
from estim.host.active import Station

LOOK_S, LOOKS = 0.5, 90
"""How often it is looked at, for 45 s: two attempts to connect."""


async def until_ready(station: Station) -> str:
    """Return what the person should know: that it is ready, or why not; "" once somebody has taken it over."""
    session = station.runner.session
    for _ in range(LOOKS):
        if not station.waiting or session.state is State.READY:
            break
        await asyncio.sleep(LOOK_S)
    if station.owner is not None or session.started is not None:
        return ""
    if session.state is State.READY:
        return f"{session.unit.title} is ready and at zero: press Enter in estim within five minutes"
    return _why_not(session)


def _why_not(session: Session) -> str:
    if session.reason in (Reason.STOPPED, Reason.PANIC, Reason.INTERRUPTED):
        return ""  # a person stopped it, or wanted another session
    if session.reason is Reason.REFUSED:
        return f"{session.unit.title} isn't ready: {session.why}"
    return f"{session.unit.title} isn't ready: switch it on and bring it near, then start in estim"
