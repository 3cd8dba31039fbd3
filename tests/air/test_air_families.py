"""Whole sessions of every family over the virtual air, host and units on one loop whose time jumps."""

import asyncio
from pathlib import Path

import pytest

from estim.catalogue.programs import shipped
from estim.clock import Clock, new_loop
from estim.core.errors import EstimError, Exit
from estim.core.messages.events import Ended, Happened
from estim.core.moment import Now
from estim.core.programs.course import fit
from estim.core.session.guard import Limits, family_cap, percent_cap
from estim.core.session.order import Order, Unit
from estim.core.session.session import Session
from estim.core.vocabulary import Reason
from estim.host.radio.bleak_link import BleAir
from estim.host.runner import Runner
from estim.host.session_log import SessionLog
from estim.journal.writer import JournalWriter
from protocols.family import Family
from protocols.registry import family, names
from protocols.vocabulary import Channel, Level
from simulator.air.bleak_backend import Radio
from simulator.air.peripheral import VirtualAir
from simulator.air.serve import populate
from simulator.registry import read_line
from simulator.trace import Trace
from tests.effort import AIR_MINUTES


def session(made: Family, address: str, now: Now, level: int) -> Session:
    program = next(program for program in shipped() if program.id == "tens-ankle")
    goal = {channel: Level(level if channel is Channel.A else 0) for channel in made.caps.channels}
    limits = Limits((family_cap(made.caps), percent_cap(made.caps, 35, "a new unit")))
    order = Order(fit(program, made, AIR_MINUTES), goal, pads_on=True)
    return Session(Unit("box", address, made.name, made.title, True, made.by_hand), made.caps, limits, order, now)


async def live(name: str, options: str, told: list[Happened], clock: Clock, trace: Trace) -> None:
    made = family(name)
    air = VirtualAir()
    (_, twin, log, weather), *_ = populate([read_line(f"{name}:{options}")], 1, trace)
    await air.open([(twin, log, weather)], 0)
    radio = Radio(air.plug)
    host = BleAir(client=radio.client, scanner=radio.scanner, give_back=radio.close)
    level = max(made.caps.first, made.caps.scale * 20 // 100)
    now = clock.now()
    one = session(made, twin.address, now, level)
    journal = JournalWriter.closed(Path("none.db"), EstimError("no journal", code=Exit.CANT_CREATE))
    session_log = SessionLog(
        journal, one.unit, 0, lambda happened, _address: told.extend(happened), lambda _address: None, since_utc=now.utc
    )
    await Runner(host, made, one, clock, session_log).run()
    await host.release()
    await air.close()


@pytest.mark.parametrize("name", names())
def test_a_whole_session_over_the_air_ends_at_zero_proved(name: str) -> None:
    loop, clock = new_loop("max")
    told: list[Happened] = []
    trace = Trace()
    try:
        loop.run_until_complete(asyncio.wait_for(live(name, "", told, clock, trace), 2000))
    finally:
        loop.close()
    last = told[-1]
    assert isinstance(last, Ended)
    assert (last.reason, last.stop_confirmed) == (Reason.COMPLETED, True), last.message
    assert last.duration_s == pytest.approx(AIR_MINUTES * 60, abs=1)
