"""Tells a notice in all ways side by side: one that fails or hangs never keeps another."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from estim.core.translation import tr
from estim.host.notify.notice import Notification, TellError, Way

TIMEOUT_S = 20.0
"""Longer than any way takes by itself, so that its own sentence is the one that is told."""


class Notifier:
    """Holds the ways; `trouble` is called with each sentence of trouble once, however often it comes back."""

    def __init__(self, ways: Sequence[Way], trouble: Callable[[str], None], *, timeout_s: float = TIMEOUT_S) -> None:
        self._ways = tuple(ways)
        self._trouble = trouble
        self._told: set[str] = set()
        self.timeout_s = timeout_s

    async def tell(self, notice: Notification) -> tuple[str, ...]:
        """Return the names of the ways that worked; none at all is an empty tuple, and never an error."""
        return await self._all(lambda way: way.tell(notice))

    async def withdraw(self, key: str) -> None:
        """Take back what the ways show for this key."""
        await self._all(lambda way: way.withdraw(key))

    async def close(self) -> None:
        """Close every way, also those after one that fails."""
        await self._all(lambda way: way.close())

    async def _all(self, ask: Callable[[Way], Awaitable[None]]) -> tuple[str, ...]:
        went = await asyncio.gather(*(self._one(way, ask) for way in self._ways))
        return tuple(way.name for way, well in zip(self._ways, went, strict=True) if well)

    async def _one(self, way: Way, ask: Callable[[Way], Awaitable[None]]) -> bool:
        try:
            async with asyncio.timeout(self.timeout_s):
                await ask(way)
        except TellError as error:
            self._say(str(error))
        except TimeoutError:
            self._say(
                tr("{way} wasn't done within {seconds:g} s and was given up", way=way.name, seconds=self.timeout_s)
            )
        except Exception:  # a bug in one way must not cost a person the others
            logging.getLogger(__name__).exception("telling by %s failed", way.name)
            self._say(tr("{way} failed by a fault of estim: the log says more", way=way.name))
        else:
            return True
        return False

    def _say(self, sentence: str) -> None:
        if sentence not in self._told:
            self._told.add(sentence)
            self._trouble(sentence)
