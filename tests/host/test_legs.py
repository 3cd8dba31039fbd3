"""Which leg, lived through: what nobody said may be either, and a usual leg holds from the moment it is kept."""

from pathlib import Path

import pytest

from estim.config.settings import change_settings
from estim.core.days.statistics import tally
from estim.core.messages.commands import Done, Refusal, Reply, Start
from protocols.vocabulary import Channel
from tests.host.reminding import UNPREPARED, folder, life_in
from tests.life.life import Life

__all__ = ["folder"]


async def played(life: Life, site: str | None, program: str = "tens-ankle") -> Reply:
    start = Start(program=program, minutes=3, level={Channel.A: 5}, pads_on=True, site=site)
    reply = await life.ask(start)
    if isinstance(reply, Done):
        await life.over()
    return reply


@pytest.mark.control("C-65")
def test_without_a_leg_a_session_counts_in_the_dose_of_both_and_is_one(folder: Path) -> None:
    async def story(life: Life) -> None:
        await life.well()
        await life.until(23, "8:01")
        assert isinstance(await played(life, None), Done)
        for leg in ("left", "ankle-right"):
            refused = await played(life, leg)
            assert isinstance(refused, Refusal)
            assert "2 h of rest" in refused.text
        found = tally(await life.diary(), (), life.now, life.now.date(), life.now.date())
        assert [(one.site, one.sessions) for one in found.doses] == [("ankle, leg not said", 1)]
        assert found.days[0].sessions == 1

    life_in(folder, UNPREPARED, "coyote3").live(story)


def test_a_usual_leg_holds_at_once_and_for_programs_of_other_sites(folder: Path) -> None:
    async def story(life: Life) -> None:
        await life.well()
        await life.until(23, "8:01")
        change_settings(life.home.settings_file, "site", "left")
        assert isinstance(await played(life, None), Done)
        assert isinstance(await played(life, None, "tens-al"), Done)
        assert isinstance(await played(life, "right"), Done)
        refused = await played(life, "ankle-left", "tens-al")
        assert isinstance(refused, Refusal)
        assert "tens-al is not for ankle-left" in refused.text
        sites = [one.sites for one in (await life.diary()).sessions]
        assert sites == [("ankle-left",), ("calf-left",), ("ankle-right",)]

    life_in(folder, UNPREPARED, "coyote3").live(story)
