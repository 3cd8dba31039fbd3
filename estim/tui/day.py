"""The day beside the session: reads and writes the diary in threads, and tells the model; nothing waits for it."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from estim.core.days.diary import Topic
from estim.core.days.screening import Question
from estim.core.errors import EstimError
from estim.core.messages.commands import Ask, SetLevel
from estim.core.messages.shown import Snapshot
from estim.core.translation import tr
from estim.journal.today import Today
from estim.tui import wording
from estim.tui.keymap import key_of
from estim.tui.model import Model

T = TypeVar("T")


def unknown() -> str:
    """Return what is said where nothing is known of a program's level."""
    return tr(
        "no level of this program is known yet: {up} and {down} find one",
        up=key_of("level_up"),
        down=key_of("level_down"),
    )


class Day:
    """One home's day on the screen; without a `today` there is none. A trouble with the diary is said as a note."""

    def __init__(self, today: Today | None, model: Model, send: Callable[[Ask], None]) -> None:
        self._today = today
        self._model = model
        self._send = send

    async def begin(self) -> tuple[Question, ...]:
        """Show the day, and return the questions that have no answer yet."""
        await self.renew()
        today = self._today
        return () if today is None else await self._ask(today.questions) or ()

    async def blocking(self) -> tuple[Question, ...]:
        """Return the questions whose yes forbids every session; says so where there are none."""
        today = self._today
        found = () if today is None else await self._ask(today.blocking) or ()
        if not found:
            self._model.answer(tr("no answer of yours forbids a session"))
        return found

    async def renew(self) -> None:
        """Show what the day asks for."""
        if self._today is not None:
            self._model.today(await asyncio.to_thread(self._today.headline, key_of("answer_again")))

    async def answer(self, answers: dict[str, bool]) -> None:
        """Keep the answers to questions, by their id; nothing is written where none was given."""
        today = self._today
        if today is not None and answers:
            await self._ask(lambda: today.answer(answers))
            await self.renew()

    async def after(self, topic: Topic, word: str) -> None:
        """Keep how the session was that has just ended."""
        today = self._today
        said = None if today is None else await self._ask(lambda: today.after(topic, word))
        if said:
            self._model.answer(said)

    async def fill(self, program: str, into: Callable[[str], None]) -> None:
        """Fill in the last comfortable level of a program; the person still has to start."""
        if self._today is None or not program:
            return
        last = await asyncio.to_thread(self._today.last_level, program, up=key_of("level_up"))
        if last is not None:
            into(last.goal)
        self._model.answer(unknown() if last is None else last.text)

    async def fill_two(self, program: str, units: Sequence[tuple[str, str]], into: Callable[[str], None]) -> None:
        """Fill in the last comfortable level of each of two units, on its site; 0 where none is known."""
        today = self._today
        if today is None or not program:
            return
        up = key_of("level_up")
        lasts = [await asyncio.to_thread(today.last_level, program, unit, site or None, up=up) for unit, site in units]
        if any(lasts):
            into(" / ".join(last.goal if last else "0" for last in lasts))
        told = [f"{unit}: {last.text if last else unknown()}" for (unit, _), last in zip(units, lasts, strict=True)]
        self._model.answer("; ".join(told))

    async def recall(self, shown: Snapshot) -> None:
        """Show what was comfortable last time on this unit; nothing is asked for."""
        if self._today is not None:
            last = await asyncio.to_thread(self._today.last_level, shown.program, shown.unit)
            if last is not None:
                self._model.recall(shown.unit, shown.program, wording.goal_of(last.goal))

    async def go_to_last(self, shown: Snapshot) -> None:
        """Go up to the last comfortable level of the session that is shown, at the usual slope."""
        if self._today is None or not shown.live:
            return
        last = await asyncio.to_thread(self._today.last_level, shown.program, shown.unit)
        if last is None:
            self._model.answer(unknown())
            return
        for channel, level in wording.goal_of(last.goal).items():
            self._send(SetLevel(channel=channel, to=level, unit=shown.unit))

    async def _ask(self, ask: Callable[[], T]) -> T | None:
        try:
            return await asyncio.to_thread(ask)
        except EstimError as error:
            self._model.answer(error.text)
            return None
