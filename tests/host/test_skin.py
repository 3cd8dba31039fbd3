"""Skin that wasn't all right, lived through: the host refuses every start on that site until somebody has looked."""

from datetime import timedelta
from pathlib import Path

import pytest

from estim.core.days import skin
from estim.core.days.diary import Check, Topic
from estim.core.messages.commands import Refusal, Start
from protocols.vocabulary import Channel
from tests.host.reminding import FIRST, folder, life_in
from tests.life.life import Life

__all__ = ["folder"]


async def refusal(life: Life, site: str = "ankle-left") -> str:
    """Start as a front end does, past everything that can be overridden."""
    command = Start(
        program="tens-ankle",
        minutes=4,
        level={Channel.A: 5},
        pads_on=True,
        site=site,
        override=("gap", "dose", "run"),
        unasked=True,
    )
    reply = await life.ask(command)
    return reply.text if isinstance(reply, Refusal) else ""


@pytest.mark.control("C-59")
def test_a_site_is_held_for_every_start_until_somebody_has_looked(folder: Path) -> None:
    async def story(life: Life) -> None:
        await life.well()
        await life.until(23, "8:01")
        await life.play(4)
        journal = await life.diary()
        await life.write(skin.seen(journal, journal.sessions[-1], "bad", life.now))
        await life.until(23, "12:00")
        assert "the skin at ankle-left wasn't all right on 2026-03-23" in await refusal(life)
        assert len((await life.diary()).sessions) == 1
        assert life.wall.texts == [FIRST]
        await life.until(24, "21:30")
        assert await refusal(life) != "", "a day is no look"
        assert life.wall.texts == [FIRST], "nobody is called to what isn't allowed"
        await life.write(*skin.looked(await life.diary(), life.now))
        await life.until(25, "8:02")
        assert len(life.wall.texts) > 1
        assert await refusal(life) == ""

    life_in(folder).live(story)


@pytest.mark.control("C-59")
def test_it_is_held_too_if_that_was_longer_ago_than_a_start_reads_of_anything_else(folder: Path) -> None:
    async def story(life: Life) -> None:
        await life.well()
        ago = life.now - timedelta(days=400)
        await life.write(Check(at=ago, topic=Topic.SKIN, answer=skin.BAD, about="ankle-left"))
        await life.until(23, "12:00")
        assert "the skin at ankle-left wasn't all right on 2025-02-1" in await refusal(life)
        assert await refusal(life, "ankle-right") == ""

    life_in(folder).live(story)


@pytest.mark.control("C-59")
def test_the_other_leg_may_be_played(folder: Path) -> None:
    async def story(life: Life) -> None:
        await life.well()
        await life.until(23, "8:01")
        await life.play(4)
        journal = await life.diary()
        await life.write(skin.seen(journal, journal.sessions[-1], "bad", life.now + timedelta(seconds=1)))
        await life.until(23, "12:00")
        assert await refusal(life) != ""
        assert await refusal(life, "ankle-right") == ""

    life_in(folder).live(story)
