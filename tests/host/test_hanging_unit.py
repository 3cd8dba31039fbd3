"""Two units on one host, on time that jumps: one whose every write hangs doesn't move the frames of the other."""

import asyncio
from pathlib import Path

from estim.config.units import Units
from estim.core.messages.commands import Done
from estim.core.values import replace
from estim.host.services import Services
from estim.host.supervisor import Supervisor
from protocols.registry import family
from simulator.registry import make, read_line
from simulator.trace import silent
from simulator.weather import RadioFaults
from tests.bench_storm import NotedAir
from tests.host.test_supervisor import REAL, House, Seat

SHIFT_MAX_S = 0.005


class TwoUnits(House):
    """A coyote3 that streams, and an em70."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "coyote3")
        self.other = make(read_line("em70"), lambda _unit: silent)[0]
        self.noted = NotedAir([*self.twins, self.other])
        self.noted.at_s = []
        self.air = self.noted
        units = Units.load(self.home)
        for twin, name in ((self.twins[0], "coyote3"), (self.other, "em70")):
            units.add(twin.address, name, self.clock.now().utc, pinned=True)

    def parts(self) -> Services:
        made = super().parts()
        return replace(made, families=lambda: (self.made, family("em70")))


def frames_s(folder: Path, *, hangs: bool) -> list[float]:
    """Return when the frames of the streaming unit went out in a minute."""
    house = TwoUnits(folder)

    async def life(_: House, supervisor: Supervisor) -> None:
        for name in ("coyote3", "em70"):
            reply = await supervisor.ask(Seat(), replace(REAL, unit=name, override=("gap", "dose")))
            assert isinstance(reply, Done), reply
        await asyncio.sleep(20)
        house.noted.at_s.clear()
        if hangs:
            house.noted.change(house.other.address, RadioFaults(stall=(0.0, 1e6)))
        await asyncio.sleep(60)
        noted.extend(house.noted.at_s)

    noted: list[float] = []
    house.run(life)
    return noted


def test_a_unit_whose_every_write_hangs_moves_no_frame_of_another(tmp_path: Path) -> None:
    alone = frames_s(tmp_path / "alone", hangs=False)
    beside = frames_s(tmp_path / "beside", hangs=True)
    assert len(alone) > 550
    assert len(alone) == len(beside)
    assert max(abs(a - b) for a, b in zip(alone, beside, strict=True)) <= SHIFT_MAX_S
