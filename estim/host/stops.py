"""Stops: the order, its wait for the proof, and the answer.

Rules:
1. A stop is taken in the same breath as it arrives, whatever else goes on: nothing is awaited before every session that
   is meant has its order. Its answer waits for the proof.
2. Nothing is called confirmed that isn't, and what may be on is told with what to do by hand.
3. A start that came before a stop is overtaken by it, whichever of them got here first.
"""

import asyncio
from collections.abc import Sequence
from math import inf, isinf

from estim.clock import Clock, RealClock
from estim.config.paths import Home
from estim.config.stamp import stopped_since
from estim.core.errors import EstimError, Exit
from estim.core.messages.commands import Done, Refusal, Reply
from estim.core.messages.lowering import Stop
from estim.core.moment import Now
from estim.core.session.announce import local_time
from estim.core.translation import tr
from estim.core.values import replace
from estim.core.vocabulary import Reason
from estim.host.active import ActiveUnit, ActiveUnits, Proof
from estim.host.out_of_reach import OutOfReach

STOP_WAIT_S = 3.0
"""How much longer than the family's own limit a stop's answer waits for the proof."""

REACH_WAIT_S = 25.0
"""How long a stop waits for a unit that a dead host left behind: it is to be found and connected first."""

HANG_UP_S = 10.0
"""Longest wait for a link to be given back: BlueZ takes up to 2.8 s (bluetooth.md section 1)."""

LOST_WAIT_S = 10.0
"""How long an interrupted front end waits for a lost unit to come back before it is told the truth."""


class Stops:
    """Every way to stop, but for a front end that is gone."""

    def __init__(self, units: ActiveUnits, out_of_reach: OutOfReach, home: Home, clock: Clock) -> None:
        self._units = units
        self._out_of_reach = out_of_reach
        self._home = home
        self._clock = clock
        self._last_s = -inf  # of the computer's clock, as Start.typed_s
        self.number = 0
        """How many have come so far."""

    def overtook(self, number: int, typed_s: float | None) -> bool:
        """Say whether a stop came after a start that found `number` of them, or that was typed then."""
        typed_before = typed_s is not None and typed_s <= self._last_s
        return self.number != number or typed_before or stopped_since(self._home, typed_s)

    def doubts(self) -> tuple[str, ...]:
        """Return what keeps this host from knowing that nothing else is on, a sentence each."""
        return self._out_of_reach.told()

    def order_all(self, reason: Reason) -> None:
        """Order every session's stop in this very breath; waits for nothing."""
        self.number += 1
        for active in self._units.running:
            active.stop(reason)

    async def stop_and_wait(self) -> None:
        """Stop everything, and return when each session has ended; a unit that is lost is looked for afterwards too."""
        self.order_all(Reason.INTERRUPTED)
        await asyncio.gather(*(settled(active, lost_wait_s=0.0) for active in self._units.running))

    async def stop_now(self) -> Reply:
        """Stop everything and say what came of it, for who has no socket to ask on."""
        try:
            return await self.stop(Stop())
        except EstimError as error:
            return Refusal(code=error.code, text=error.text)

    async def stop(self, command: Stop) -> Reply:
        """Carry out one order to stop; raises EstimError if the stop isn't confirmed."""
        self.number += 1
        self._last_s = RealClock().now().mono_s
        if command.seen_off:
            return await self._seen_off(command.unit)
        active_units = self._units.meant_by_stop(command.unit)
        running = [active for active in active_units if active.running]
        if not running:
            return self._nothing_to_stop(active_units)
        for active in running:
            active.stop(Reason(command.reason), soft=command.soft)
        lost_wait_s = LOST_WAIT_S if command.reason == "interrupted" else 0.0
        for active in running:
            await settled(active, lost_wait_s=lost_wait_s)
        reply = _stopped(running, self._clock.now(), self._out_of_reach.told())
        if command.unit is None or self._units.knows(command.unit):
            return reply
        text = tr("no unit here is called {unit}, so all were stopped: {what}", unit=command.unit, what=reply.text)
        return replace(reply, text=text)

    async def disconnect(self, unit: str | None) -> Reply:
        """Stop, and return when the links are given back: another program can connect then. Raises as `stop`.

        A unit that proved nothing is not given back: this host goes on looking for it.
        """
        reply = await self.stop(Stop(unit=unit))
        hanging_up = [active.task for active in self._units.meant_by_stop(unit) if not active.running]
        if hanging_up:
            _, late = await asyncio.wait(hanging_up, timeout=HANG_UP_S)
            if late:
                text = tr(
                    "stopped, but the link is not given back after {seconds:.0f} s: end the host to free the unit",
                    seconds=HANG_UP_S,
                )
                raise EstimError(text, code=Exit.GENERAL)
        if not isinstance(reply, Done):
            return reply
        return replace(reply, text=tr("{what}; no link is held", what=reply.text))

    def _nothing_to_stop(self, active_units: Sequence[ActiveUnit]) -> Reply:
        unsure = [one for one in active_units if one.proof is Proof.UNPROVED and not one.runner.session.was_seen_off]
        untold = self._out_of_reach.told()
        recovered = [active for active in active_units if active.recovers and active.proof is Proof.PROVED]
        if not unsure and not untold:
            if recovered:
                return _stopped(recovered, self._clock.now(), ())
            names = ", ".join(active.name for active in self._units.running)
            if names:
                return Done(tr("nothing is running there; running: {units}", units=names))
            return Done(tr("nothing is running"))
        return _stopped(unsure, self._clock.now(), untold)

    async def _seen_off(self, unit: str | None) -> Reply:
        """Take a person's word that a unit which can't be reached is off: nobody looks for it any more.

        It is said of the one that is named, and of nothing else; without a name, of all.
        """
        left = self._out_of_reach.named(unit)
        known = bool(left) and unit is not None
        meant = [one for one in self._units if one.is_called(unit or "")] if known else self._units.meant(unit)
        lost = [active for active in meant if active.running and active.recovers]
        if unit is not None and len(left) + len(lost) > 1:
            units = ", ".join([*left.values(), *(active.runner.session.unit.address for active in lost)])
            text = tr(
                "{unit!r} can mean more than one unit: {units}: name one by its address, with --unit ADDRESS",
                unit=unit,
                units=units,
            )
            raise EstimError(text, code=Exit.USAGE)
        for active in lost:
            if active.runner.says_on:
                text = tr("{unit} is connected and doesn't say that it is off: switch it off first", unit=active.name)
                raise EstimError(text, code=Exit.REFUSED)
        await self._out_of_reach.seen_off(left)
        if left and not lost:
            return Done(tr("{units}: noted as seen off by you", units=", ".join(left.values())))
        if not lost:
            text = tr("no unit is being searched for, so there is nothing to settle")
            raise EstimError(text, code=Exit.TRY_LATER)
        for active in lost:
            active.note_seen_off()
            await asyncio.wait({active.task}, timeout=10)
        names = ", ".join([*(active.name for active in lost), *left.values()])
        return Done(tr("{units}: noted as seen off by you; it isn't searched for any more", units=names))


async def settled(active: ActiveUnit, *, lost_wait_s: float) -> None:
    """Wait for a session's end. A lost unit is not waited for for ever, and given up if `lost_wait_s` says so."""
    session = active.runner.session
    limit_s = session.caps.stop_s + STOP_WAIT_S + (2.0 if session.ramp.softening else 0.0)
    if not session.linked:
        limit_s = max(limit_s, lost_wait_s, REACH_WAIT_S if session.order is None else 0.0)
    try:
        async with asyncio.timeout(limit_s):
            await active.runner.ended.wait()
    except TimeoutError:
        if lost_wait_s:
            active.runner.forget()


def _stopped(active_units: Sequence[ActiveUnit], now: Now, untold: Sequence[str]) -> Done:
    """Return the answer to a stop: nothing is called confirmed that isn't."""
    names = ", ".join(active.name for active in active_units)
    unsure = [active for active in active_units if active.proof is Proof.UNPROVED]
    if unsure or untold:
        told = [*(_unproved(active, now) for active in unsure), *untold]
        raise not_confirmed(told)
    if all(active.proof is Proof.PROVED for active in active_units):
        return Done(tr("{units}: stopped, zero confirmed", units=names), proved=True)
    return Done(tr("{units}: stopped before anything was put out", units=names))


def not_confirmed(told: Sequence[str]) -> EstimError:
    """Return the refusal (80) of a stop that nothing proves; `told`: what is known, a sentence each."""
    return EstimError(tr("the stop is NOT confirmed: {what}", what="; ".join(told)), code=Exit.NOT_CONFIRMED)


def _unproved(active: ActiveUnit, now: Now) -> str:
    """Return what is known of a unit that may be on, and what to do by hand."""
    unit = active.runner.session.unit
    until_s = active.runner.on_until_s
    session = active.runner.session
    if (until_s <= now.mono_s and session.may_repeat) or (isinf(until_s) and not session.caps.silence_sure):
        return tr(
            "{unit} should have fallen silent, but that isn't proved, and it is being searched for to be stopped; "
            "{by_hand}",
            unit=unit.name,
            by_hand=unit.by_hand,
        )
    if until_s <= now.mono_s:
        return f"{unit.name}: {unit.by_hand}"
    end = local_time(now, until_s)
    if end:
        return tr(
            "{unit} may be on until {until}, and is being searched for to be stopped; {by_hand}",
            unit=unit.name,
            until=end,
            by_hand=unit.by_hand,
        )
    return tr(
        "{unit} may be on and doesn't end by itself, and is being searched for to be stopped; {by_hand}",
        unit=unit.name,
        by_hand=unit.by_hand,
    )
