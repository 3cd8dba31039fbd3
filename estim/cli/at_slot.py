"""Arming ahead: the pads are on, and the session is to begin at its slot, with a countdown that somebody can stop.

The front end counts, not the host: if it vanishes, or its computer sleeps over the slot, nothing begins.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from estim.cli.output import note
from estim.clock import Clock
from estim.core.days.outcomes import LATE_MAX, begins
from estim.core.numbers import m_ss
from estim.core.translation import tr

LEAD = timedelta(seconds=45)
"""The unit is looked for so long before the slot: connecting takes up to 20 s, proving zero up to 12 s."""

LOOK_S = 1.0
"""How often the clock on the wall is asked: it may jump, or the computer may have slept."""


class Ahead:
    """One slot that was armed ahead, by an act that is made now."""

    def __init__(self, slot_at: datetime, clock: Clock) -> None:
        self._slot_at = slot_at
        self._clock = clock
        self._act = clock.now().utc

    async def until_lead(self, given_up: Callable[[], bool]) -> None:
        """Count down, a line a minute, until the unit has to be looked for; or until the person gives up."""
        told: int | None = None
        while not given_up():
            left = self._slot_at - self._clock.now().utc
            if left <= LEAD:
                return
            minutes = int(left.total_seconds() // 60)
            if minutes != told:
                told = minutes
                left_text = m_ss(int(left.total_seconds()))
                note(tr("begins at {at:%H:%M}, in {left}; Ctrl-C and nothing begins", at=self._slot_at, left=left_text))
            await asyncio.sleep(LOOK_S)

    async def at_slot(
        self, ready: Callable[[], bool], over: Callable[[], bool], begin: Callable[[], Awaitable[object]]
    ) -> str:
        """Begin at the slot, as soon as the unit is ready; return why not.

        "" if it began, or if there is nothing left to begin: `over` says so.
        """
        while not over() and self._clock.now().utc < self._slot_at:
            left_s = (self._slot_at - self._clock.now().utc).total_seconds()
            await asyncio.sleep(max(0.0, min(LOOK_S, left_s)))
        while not over() and self._clock.now().utc <= self._slot_at + LATE_MAX:
            if not begins(self._slot_at, self._act, self._clock.now().utc):
                break
            if ready():
                await begin()
                return ""
            await asyncio.sleep(LOOK_S)
        if over():
            return ""
        return tr(
            "the slot of {at:%H:%M} has gone by without a unit that is ready: nothing begins by itself now",
            at=self._slot_at,
        )
