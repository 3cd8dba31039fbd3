"""A host answers in the reader's language, stops before all; codes, kinds and states are the same in each."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from estim.core.errors import Exit
from estim.core.messages.commands import (
    Acknowledge,
    Arm,
    Ask,
    Done,
    Refusal,
    Reply,
    Resume,
    SetLevel,
    Start,
    Touch,
    Watch,
)
from estim.core.messages.events import Alarmed, Ended, LinkLost
from estim.core.messages.lowering import Disconnect, Pause, Stop
from estim.core.values import replace
from estim.host.supervisor import Supervisor
from protocols.vocabulary import Channel
from tests.host.test_supervisor import PLAY, House, Seat
from tests.pseudo import plain_words, pseudo

UNASKED = replace(PLAY, override=("gap", "dose"))
"""A start past the gates, whose sentences are the diary's."""

NAMES = ("estim stop --seen-off", "config.toml", "new_unit_cap_pct", "Beurer EM 70 Wireless", "tens-ankle", "--unit")


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="estim-") as name:
        yield Path(name)


def said(answer: object) -> tuple[type[object], int, str]:
    assert isinstance(answer, Done | Refusal)
    return type(answer), answer.code if isinstance(answer, Refusal) else Exit.DONE, answer.text


async def _day(supervisor: Supervisor, seat: Seat) -> list[Reply]:
    """Ask for all that a person can ask for, and for what is refused."""
    first: tuple[Ask, ...] = (Stop(), Pause(), Stop(unit="nix"), Stop(seen_off=True), UNASKED, UNASKED)
    asked: list[Reply] = [await supervisor.ask(seat, one) for one in first]
    await asyncio.sleep(20)
    then: tuple[Ask, ...] = (
        SetLevel(channel=Channel.A, by=-1),
        SetLevel(channel=Channel.A, to=90),
        SetLevel(channel=Channel.B, by=1),
        SetLevel(channel=Channel.A),
        Arm(),
        Pause(),
        Resume(),
        Acknowledge(99),
        Touch(act="A+"),
        Start(program="tens-ankle", minutes=5, unit="em70", level={Channel.A: 3}, override=UNASKED.override),
        Disconnect(),
        Stop(),
    )
    return asked + [await supervisor.ask(seat, one) for one in then]


def _asked(folder: Path) -> tuple[list[tuple[type[object], int, str]], list[str]]:
    answers: list[object] = []
    seat = Seat()

    async def life(_: House, supervisor: Supervisor) -> None:
        answers.extend(await _day(supervisor, seat))

    House(folder, "em70").run(life)
    told = [
        one.message if isinstance(one, Ended) else one.text for one in seat.told if isinstance(one, Alarmed | Ended)
    ]
    return [said(one) for one in answers], told


def test_every_answer_is_in_the_readers_language_with_the_same_code(folder: Path) -> None:
    english, _ = _asked(folder / "en")
    with pseudo():
        other, told = _asked(folder / "xx")
    assert [one[:2] for one in other] == [one[:2] for one in english]
    assert plain_words("\n".join(one[2] for one in other) + "\n".join(told), "em70", "nix", *NAMES) == []


@pytest.mark.control("C-60")
def test_a_stop_that_is_not_proved_is_told_in_the_readers_language_and_stays_not_confirmed(folder: Path) -> None:
    async def life(house: House, supervisor: Supervisor) -> None:
        await house.leave_open()
        await supervisor.sessions.recover()
        with pseudo():
            reply = await supervisor.ask(Seat(), Stop())
            start = await supervisor.ask(Seat(), PLAY)
        assert isinstance(reply, Refusal)
        assert isinstance(start, Refusal)
        assert reply.code == Exit.NOT_CONFIRMED
        assert "ＮＯＴ" in reply.text
        english = house.made.by_hand  # the unit was made before the language was chosen
        assert plain_words(f"{reply.text} {start.text}", "coyote3", english, *NAMES) == []

    House(folder, "coyote3:mute").run(life)


@pytest.mark.parametrize("act", ["cut", "power-off"])
def test_how_a_software_unit_loses_its_link_is_told_in_the_readers_language(act: str, folder: Path) -> None:
    seat = Seat()

    async def life(house: House, supervisor: Supervisor) -> None:
        await supervisor.ask(seat, Watch())
        await supervisor.ask(seat, UNASKED)
        await asyncio.sleep(20)
        house.air.hand(None, act)
        await asyncio.sleep(2)

    with pseudo():
        House(folder, "coyote3").run(life)
    told = [one.text for one in seat.told if isinstance(one, LinkLost)]
    assert len(told) == 1
    assert plain_words("\n".join(told), "T") == []
