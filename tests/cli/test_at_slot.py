"""A slot that was armed ahead begins at its time with a ready unit, or not at all."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from estim.cli.at_slot import LEAD, Ahead
from estim.clock import LoopClock, VirtualLoop
from estim.core.moment import Now

BORN = datetime(2026, 6, 1, 7, 50, tzinfo=UTC)
SLOT = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)


class Leaping:
    """A clock that leaps ahead at a moment, as after a suspend."""

    def __init__(self, clock: LoopClock, at: datetime, by: timedelta) -> None:
        self._clock = clock
        self._at = at
        self._by = by

    def now(self) -> Now:
        now = self._clock.now()
        return Now(now.mono_s, now.utc + self._by) if now.utc >= self._at else now


class Morning:
    """A person whose pads are on at 7:50, for a slot at 8:00."""

    def __init__(
        self,
        ready_at: datetime = SLOT - timedelta(seconds=20),
        leaps: timedelta = timedelta(),
        over_at: datetime = SLOT + timedelta(days=1),
    ) -> None:
        self._over_at = over_at
        self.loop = VirtualLoop(None)
        self.clock = Leaping(LoopClock(self.loop, BORN), BORN + timedelta(minutes=5), leaps)
        self._ready_at = ready_at
        self.began: list[datetime] = []
        self.lead: datetime | None = None

    def run(self) -> str:
        return self._live(self._wait)

    def _live(self, life: Callable[[Ahead], Awaitable[str]]) -> str:
        try:
            return self.loop.run_until_complete(life(Ahead(SLOT, self.clock)))
        finally:
            self.loop.close()

    async def _wait(self, ahead: Ahead) -> str:
        await ahead.until_lead(lambda: False)
        self.lead = self.clock.now().utc
        return await ahead.at_slot(
            lambda: self.clock.now().utc >= self._ready_at,
            lambda: self.clock.now().utc >= self._over_at,
            self._begin,
        )

    async def _begin(self) -> None:
        self.began.append(self.clock.now().utc)


@pytest.mark.control("C-13")
def test_it_looks_for_the_unit_shortly_before_and_begins_at_the_slot() -> None:
    morning = Morning()
    assert morning.run() == ""
    assert morning.lead is not None
    assert SLOT - LEAD <= morning.lead <= SLOT - LEAD + timedelta(seconds=2)
    assert len(morning.began) == 1
    assert timedelta() <= morning.began[0] - SLOT < timedelta(seconds=1)


@pytest.mark.control("C-13")
def test_a_unit_that_is_not_ready_in_time_begins_nothing() -> None:
    assert Morning(ready_at=SLOT + timedelta(seconds=20)).run() == ""
    late = Morning(ready_at=SLOT + timedelta(seconds=40))
    assert "nothing begins by itself" in late.run()
    assert late.began == []


@pytest.mark.control("C-13")
def test_a_computer_that_slept_over_the_slot_begins_nothing() -> None:
    asleep = Morning(leaps=timedelta(minutes=20))
    assert "nothing begins by itself" in asleep.run()
    assert asleep.began == []


@pytest.mark.parametrize("early_s", [1, 20])
def test_what_was_started_by_a_key_or_stopped_meanwhile_is_left_alone(early_s: float) -> None:
    morning = Morning(over_at=SLOT - timedelta(seconds=early_s))
    assert morning.run() == ""
    assert morning.began == []


def test_who_gives_up_while_it_counts_is_waited_for_no_longer() -> None:
    morning = Morning()

    async def life(ahead: Ahead) -> str:
        await ahead.until_lead(lambda: asyncio.get_running_loop().time() > 30)
        return f"{morning.clock.now().utc:%H:%M}"

    assert morning._live(life) == "07:50"
