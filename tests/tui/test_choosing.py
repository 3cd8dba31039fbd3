"""Before a start: which unit, which program, where no pad may go, and what can't be started."""

import re

import pytest
from textual.widgets import Button, OptionList

from estim.catalogue.programs import shipped
from estim.core.messages.commands import Ask, Found, Refusal, Reply, Scan, Sighting, Start
from estim.core.values import replace
from estim.tui.app import SessionApp
from estim.tui.choose import Choose
from estim.tui.offers import offers_of
from estim.tui.session import Session
from tests.tui.scripted import IDLE, Pulse, ScriptedClient, Successors, let_go, screen_of, settle, text_of
from tests.tui.test_in_sight import in_sight

LEFT = Sighting(address="C0:00:00:00:00:01", name="47L121000", family="coyote3", sure=True, known_as="left")
RIGHT = Sighting(address="C0:00:00:00:00:02", name="47L121000", family="coyote3", sure=True)


class TwoInRange(ScriptedClient):
    """A host with two units on the air: it refuses a start that names none, as hosts do."""

    async def ask(self, command: Ask) -> Reply:
        """Answer a scan, and a start without a unit."""
        if isinstance(command, Scan):
            self.asked.append(command)
            return Found(units=(LEFT, RIGHT))
        if isinstance(command, Start) and command.unit is None:
            self.asked.append(command)
            return Refusal(code=2, text="more than one unit is in range: left, right: name one with --unit")
        return await super().ask(command)


@pytest.mark.parametrize(("presses", "unit"), [(1, "left"), (2, RIGHT.address)])
async def test_with_two_units_in_range_either_is_started_from_the_screen(presses: int, unit: str) -> None:
    client = TwoInRange()
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        await pilot.press("enter")
        await let_go()
        await pilot.press("enter")
        await settle(pilot)
        assert "press u to choose one" in text_of(pilot, "#note")
        for _ in range(presses):
            await pilot.press("u")
            await settle(pilot)
        assert [command for command in client.asked if isinstance(command, Scan)], "it is looked for them once"
        assert (LEFT if unit == "left" else RIGHT).address in text_of(pilot, "#unit")
        await pilot.press("enter")
        await let_go()
        await pilot.press("enter")
        await settle(pilot)
        assert [command.unit for command in client.asked if isinstance(command, Start)] == [None, unit]
        assert isinstance(pilot.app.screen, Session)


async def test_once_around_it_is_looked_again_and_whichever_is_there_is_meant() -> None:
    client = TwoInRange(replace(IDLE, unit="left"))
    async with screen_of(client).run_test() as pilot:
        await settle(pilot)
        for _ in range(3):
            await pilot.press("u")
            await settle(pilot)
        assert RIGHT.address not in text_of(pilot, "#unit")
        assert len([command for command in client.asked if isinstance(command, Scan)]) == 1
        await pilot.press("u")
        await settle(pilot)
        assert len([command for command in client.asked if isinstance(command, Scan)]) == 2


def shipped_screen(client: ScriptedClient) -> SessionApp:
    return SessionApp(client, offers_of(shipped()), Successors(), Pulse())


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (120, 40)])
async def test_where_no_pad_may_go_comes_first_and_whole_and_what_is_cut_says_so(size: tuple[int, int]) -> None:
    offers = offers_of(shipped())
    async with shipped_screen(ScriptedClient()).run_test(size=size) as pilot:
        await settle(pilot)
        for number in (0, 8, 16, 21):
            pilot.app.screen.query_one("#programs", OptionList).highlighted = number
            await settle(pilot)
            offer = offers[number]
            never = in_sight(pilot, "#never")
            assert never.endswith(offer.never)
            if size[1] > 12:
                about = in_sight(pilot, "#about")
                below = pilot.app.screen.query_one("#about").region.y
                assert pilot.app.screen.query_one("#never").region.bottom <= below
                shown = " ".join(about.split())
                assert shown == offer.about or (shown.endswith(" …") and offer.about.startswith(shown[:-2]))
            for part in ("#programs", "#minutes", "#goal", "#start", "#stop"):
                region = pilot.app.screen.query_one(part).region
                assert region.height >= 1, part
                assert pilot.app.screen.region.contains_region(region), part


def test_every_program_says_where_no_pad_may_go_before_all_else() -> None:
    for program, offer in ((one, offer) for offer in offers_of(shipped()) for one in shipped() if one.id == offer.id):
        said = re.findall(r"(?:^|(?<=\. ))(?:Not|Never) [^.]*\.", program.pads)
        assert offer.never == " ".join(said)
        assert not any(sentence in offer.about for sentence in said), "it isn't said twice"


async def test_a_locked_program_looks_locked_says_why_and_starts_nothing() -> None:
    client = ScriptedClient()
    async with shipped_screen(client).run_test(size=(120, 50)) as pilot:
        await settle(pilot)
        programs = pilot.app.screen.query_one("#programs", OptionList)
        locked = {program.id for program in shipped() if program.gated}
        assert locked
        for number, option in enumerate(programs.options):
            assert str(option.prompt).startswith("LOCKED") == (option.id in locked)
            if option.id in locked:
                programs.highlighted = number
                await settle(pilot)
                assert text_of(pilot, "#never").startswith("LOCKED: it holds a muscle contracted")
        await pilot.press("enter")
        await settle(pilot)
        assert "is locked" in text_of(pilot, "#wrong")
        assert not isinstance(pilot.app.focused, Button)
        pilot.app.screen.query_one("#start", Button).press()
        await settle(pilot)
        assert isinstance(pilot.app.screen, Choose)
        assert not any(isinstance(command, Start) for command in client.asked)
