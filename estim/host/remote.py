"""Lets a house see the units and stop them: describes them, tells their states, and takes orders that lower.

1. Nothing here can start, arm, resume or raise: what comes in is read as one of `Lowering`, and a contract keeps every
   other command out of this file and of what it imports.
2. A state is told when it changes, at most once a second, and every five seconds; a change of the session's state, and
   whether current flows, at once.
3. No stop is dropped: one that comes right after another is carried out a moment later, and a thousand are a few.
4. Home Assistant loses the first state (it subscribes after it has read the description), so states are told again a
   second after each description; when it comes back, everything is told again, a random moment later.
5. A unit that has a session, or may be on, is always told: where there are too many, one that rests makes room. What
   is left out is counted, and the host doesn't say of itself then that nothing may be on.
6. A unit that an earlier life of this host described and that it no longer has is taken back after each connect.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from random import Random

import msgspec

from estim.config.broker import Broker
from estim.core.errors import EstimError
from estim.core.messages.events import Happened
from estim.core.messages.lowering import EnterPain, Lowering, SetReminders, Snooze, Stop
from estim.core.messages.shown import Snapshot
from estim.core.remote.allowance import Allowance
from estim.core.remote.discovery import UnitFacts, host_device, unit_device
from estim.core.remote.orders import Ignored, read_order
from estim.core.remote.state import Day, Fields, event, host_state, idle_state, unit_state
from estim.core.remote.topics import ALL_ORDERS, HOUSE_STATUS, ID, OFFLINE, ONLINE, UNITS_MAX, HostTopics, unit_id
from estim.core.translation import tr_many
from estim.core.vocabulary import State
from estim.mqtt import BrokerConnection
from estim.tasks import Tasks, end
from protocols.vocabulary import Out

EVERY_S = 5.0
"""How often each state is told though nothing changes, s: live figures expire after 15."""

FRESH_S = 10.0
"""How old what is shown of a session that goes on may be to be told again, s."""

CHANGE_S = 1.0
"""Least time between two states of a unit that differ only in figures, s."""

AGAIN_S = 1.0
"""How long after a description the states are told again, s (home-assistant.md)."""

BIRTH_MAX_S = 5.0
"""Longest wait before a Home Assistant that has just come is told everything, s: not all hosts at once."""

ENTRIES_MAX = 5
"""Entries for the diary that are taken at once."""

ENTRY_S = 300.0
"""After which time there is one more of them, s: a flood must not fill a diary."""

OTHERS_MAX = 10
"""Orders that are neither stops nor entries: how many at once."""

OTHER_S = 1.0
"""After which time there is one more of them, s."""

STOP_GAP_S = 0.2
"""Least time between two stops of the same units, s."""

LEFT_MAX = 100
"""Units of an earlier life that are taken back after one connect: more than anybody owns."""

_encode = msgspec.json.encode


class Remote:
    """One host as a house sees it: the units that are `known`, and those that are shown later.

    `whole`: the host has no others, so that whatever else the broker keeps of it is taken back. `obey` carries an order
    out, `day` reads the diary (None: it can't be read now), `doubts` are sentences on what may be on and can't be
    stopped from here.
    """

    def __init__(
        self,
        broker: Broker,
        host: str,
        name: str,
        *,
        known: Sequence[UnitFacts],
        health: bool,
        obey: Callable[[Lowering], Awaitable[None]],
        day: Callable[[], Awaitable[Day | None]],
        doubts: Callable[[], Sequence[str]],
        now: Callable[[], datetime],
        whole: bool = False,
        chance: Random | None = None,
        time_s: Callable[[], float] | None = None,
    ) -> None:
        self.topics = HostTopics(host)
        self._name = name
        self._health = health
        self._obey = obey
        self._day = day
        self._doubts = doubts
        self._now = now
        self._chance = chance or Random()
        self._facts: dict[str, UnitFacts] = {}
        self._left_out: set[str] = set()
        self._units: dict[str, Snapshot] = {}
        self._shown_s: dict[str, float] = {}
        self._told: dict[str, tuple[float, Fields]] = {}
        self._entries = Allowance(ENTRIES_MAX, ENTRY_S)
        self._others = Allowance(OTHERS_MAX, OTHER_S)
        self._stopped_s: dict[str | None, float] = {}
        self._owed: dict[str | None, asyncio.TimerHandle] = {}
        self._taken_back: set[str] = set()
        self._tasks = Tasks()
        self._greeting = Tasks()
        self.connection = BrokerConnection(
            broker,
            client_id=host,
            bridge=self.topics.bridge,
            orders=(self.topics.orders, self.topics.unit_orders, ALL_ORDERS),
            notices=(HOUSE_STATUS,),
            obey=self._heard,
            noticed=self._noticed,
            connected=self._announce,
            own=self.topics.links if whole else None,
            chance=self._chance,
            time_s=time_s,
        )
        self._left_out.update(facts.unit for facts in known[UNITS_MAX:])
        for facts in known[:UNITS_MAX]:
            self._describe(facts)
            self.connection.publish(self.topics.unit(facts.unit, "link"), OFFLINE.encode(), retain=True)

    async def run(self) -> None:
        """Be there for the house, until cancelled."""
        connecting = asyncio.get_running_loop().create_task(self.connection.run())
        try:
            while True:
                await self._tell_all()
                await asyncio.sleep(EVERY_S)
        finally:
            for timer in self._owed.values():
                timer.cancel()
            self._tasks.cancel()
            self._greeting.cancel()
            await end(connecting)

    def tell(self, line: Snapshot | Happened, /, address: str = "") -> None:
        """Take what a front end would be told; returns at once and never raises: a session's own pass calls it.

        `address` is that of the unit to which something happened, "" for none: two may have had the same name.
        """
        try:
            if isinstance(line, Snapshot):
                self._show(line)
            else:
                self._happened(line, address)
        except Exception:
            logging.getLogger(__name__).exception("the house is not told of this, by a fault of estim")

    def _happened(self, line: Happened, address: str) -> None:
        said = event(line, health=self._health)
        if said is None:
            return
        topic = self.topics.unit(unit_id(address), "event") if address else self.topics.event
        self.connection.publish(topic, _encode(said), event=True)

    # What is told

    def _show(self, shown: Snapshot) -> None:
        unit = unit_id(shown.address)
        before = self._units.get(unit)
        self._units[unit] = shown
        self._shown_s[unit] = asyncio.get_running_loop().time()
        if not self._has_room(unit, shown):
            self._left_out.add(unit)
            return
        self._left_out.discard(unit)
        self._describe(facts_of(unit, shown))
        link = (ONLINE if _linked(shown) else OFFLINE).encode()
        self.connection.publish(self.topics.unit(unit, "link"), link, retain=True)
        urgent = before is None or (before.state, before.out) != (shown.state, shown.out)
        self._state(unit, shown, urgent=urgent)

    def _has_room(self, unit: str, shown: Snapshot) -> bool:
        """Say whether a unit is told; one that doesn't rest takes the place of one that does."""
        if unit in self._facts or len(self._facts) < UNITS_MAX:
            return True
        resting = [one for one in self._facts if _rests(self._units.get(one))]
        if _rests(shown) or not resting:
            return False
        gone = next((one for one in resting if one not in self._units), resting[0])
        del self._facts[gone]
        self._told.pop(gone, None)
        self._left_out.add(gone)
        self.connection.withdraw(self.topics.discovery(gone))
        self.connection.withdraw(self.topics.unit(gone, "link"))
        return True

    def _state(self, unit: str, shown: Snapshot, *, urgent: bool) -> None:
        said = unit_state(shown, self._now(), health=self._health)
        news = {**said, "heard_s": None}  # it goes up and down all the time, and is told along with everything else
        now_s = asyncio.get_running_loop().time()
        told_s, before = self._told.get(unit, (-CHANGE_S, {}))
        if urgent or (news != before and now_s - told_s >= CHANGE_S):
            self._told[unit] = (now_s, news)
            self.connection.publish(self.topics.unit(unit, "state"), _encode(said))

    def _describe(self, facts: UnitFacts) -> None:
        """Say what a unit is, if that hasn't been said."""
        if self._facts.get(facts.unit) != facts:
            self._facts[facts.unit] = facts
            described = _encode(unit_device(self.topics, facts))
            self.connection.publish(self.topics.discovery(facts.unit), described, retain=True)

    def _announce(self) -> None:
        """Describe the host (units were described when they came), and tell the states a second later."""
        self._taken_back.clear()
        described = host_device(self.topics, self._name, health=self._health)
        self.connection.publish(self.topics.discovery(), _encode(described), retain=True)
        self._tasks.begin(self._tell_later(AGAIN_S))

    async def _tell_later(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self._tell_all()

    async def _tell_all(self) -> None:
        """Tell everything; a fault in it costs this telling, and never the way by which a stop comes."""
        try:
            await self._tell_everything()
        except Exception:
            logging.getLogger(__name__).exception("the house is not told of everything, by a fault of estim")

    async def _tell_everything(self) -> None:
        doubts = self._doubts()
        now_s = asyncio.get_running_loop().time()
        for unit, facts in list(self._facts.items()):
            if unit in self._units:
                shown = self._units[unit]
                # A session that goes on is shown every second: one that isn't hangs, and its figures have to expire.
                if shown.state is State.ENDED or now_s - self._shown_s[unit] <= FRESH_S:
                    self._state(unit, shown, urgent=True)
            else:
                state = _encode(idle_state(facts.name, facts.channels, doubts))
                self.connection.publish(self.topics.unit(unit, "state"), state)
        playing = sum(shown.state is not State.ENDED for shown in self._units.values())
        day = await self._day() if self._health else None
        units = len(self._facts) + len(self._left_out)
        doubts = [*doubts, *self._untold()]
        told = host_state(units, playing, self.connection.dropped, doubts, day, health=self._health)
        self.connection.publish(self.topics.state, _encode(told))

    def _untold(self) -> Sequence[str]:
        """Return a sentence on units that are left out, if there are any."""
        count = len(self._left_out)
        if not count:
            return ()
        text = tr_many(
            "{count} unit is not told of here, since there are too many: look at the computer whether it is off",
            "{count} units are not told of here, since there are too many: look at the computer whether they are off",
            count,
        )
        return (text,)

    def _noticed(self, topic: str, payload: bytes) -> None:
        """Home Assistant has come: describe everything again, in a moment of our own. Or a unit is kept there."""
        if topic != HOUSE_STATUS:
            self._take_back(topic, payload)
        elif payload == ONLINE.encode() and not len(self._greeting):
            self._greeting.begin(self._greet())

    def _take_back(self, topic: str, payload: bytes) -> None:
        """Take back what the broker keeps of a unit that this host hasn't got; its link goes last, so that one that
        is broken off in between is found again.
        """
        unit = self.topics.unit_of(topic, "link")
        if unit is None or not payload or unit in self._facts or len(self._taken_back) >= LEFT_MAX:
            return
        if ID.fullmatch(unit) and unit not in self._taken_back:
            self._taken_back.add(unit)
            self.connection.withdraw(self.topics.discovery(unit))
            self.connection.withdraw(topic)

    async def _greet(self) -> None:
        await asyncio.sleep(self._chance.uniform(0.0, BIRTH_MAX_S))
        self.connection.say_again([self.topics.discovery(), *(self.topics.discovery(unit) for unit in self._facts)])
        await self._tell_later(AGAIN_S)

    # What is asked for

    def _heard(self, topic: str, payload: bytes) -> None:
        try:
            order = self._read(topic, payload)
        except EstimError as error:
            self.connection.drop(Ignored.UNKNOWN)
            logging.getLogger(__name__).info("from %s: %s", topic, error.text)
            return
        if isinstance(order, Stop):
            self._stop(order)
            return
        allowance = self._entries if isinstance(order, EnterPain) else self._others
        if allowance.take(asyncio.get_running_loop().time()):
            self._tasks.begin(self._carry_out(order))
        else:
            self.connection.drop(Ignored.TOO_MANY)

    def _stop(self, order: Stop) -> None:
        """Carry out a stop: at once, or, if one has just been, as soon as the next may be. None is ever dropped."""
        loop = asyncio.get_running_loop()
        wait_s = self._stopped_s.get(order.unit, -STOP_GAP_S) + STOP_GAP_S - loop.time()
        if wait_s <= 0:
            self._stopped_s[order.unit] = loop.time()
            self._tasks.begin(self._carry_out(order))
        elif order.unit not in self._owed:
            self._owed[order.unit] = loop.call_later(wait_s, self._stop_owed, order)

    def _stop_owed(self, order: Stop) -> None:
        del self._owed[order.unit]
        self._stop(order)

    def _read(self, topic: str, payload: bytes) -> Lowering:
        """Return an order that this topic may give; raises EstimError."""
        ident = self.topics.unit_of(topic)
        if topic == ALL_ORDERS or ident is None:
            order = read_order(payload, None)
            allowed = isinstance(order, Stop) or (topic != ALL_ORDERS and isinstance(order, _OF_THE_HOST))
        else:
            facts = self._facts.get(ident)
            if facts is None:
                raise EstimError(f"no unit {ident!r} is here")  # untranslated: for the log
            order = read_order(payload, facts.name)
            allowed = not isinstance(order, _OF_THE_HOST)
        if not allowed:
            raise EstimError("not an order for this topic")  # untranslated: for the log
        return order

    async def _carry_out(self, order: Lowering) -> None:
        try:
            await self._obey(order)
        except EstimError as error:
            logging.getLogger(__name__).warning("an order from MQTT could not be carried out: %s", error.text)
        finally:
            if isinstance(order, Stop):
                await self._tell_all()  # whoever stopped waits for the word of each unit, also of those that rested


def _linked(shown: Snapshot) -> bool:
    """Say whether a unit is linked: one that has never said anything was never reached, whatever its session does."""
    away = (State.CONNECTING, State.ENDED, State.IDLE)
    return shown.heard_age_s is not None and shown.lost_at is None and shown.state not in away


def _rests(shown: Snapshot | None) -> bool:
    """Say whether a unit has no session, or one that has ended with nothing in doubt."""
    if shown is None:
        return True
    return shown.state is State.ENDED and shown.stop_confirmed is not False and shown.out == Out.OFF.value


def facts_of(unit: str, shown: Snapshot) -> UnitFacts:
    """Return what is fixed of a unit that is shown."""
    return UnitFacts(
        unit=unit,
        name=shown.unit,
        address=shown.address,
        family=shown.family,
        title=shown.title,
        channels=tuple(lane.channel for lane in shown.lanes),
    )


_OF_THE_HOST = (EnterPain, Snooze, SetReminders)
"""What the diary and the schedule take; it belongs to no unit."""
