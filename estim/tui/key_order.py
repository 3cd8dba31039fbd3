"""Keys that come all at once, as over a slow line, are handled one after the other, each where the last one has led.

The library hands a key at once to whatever has the focus; only then does it go, through the queues of all that lies
around that, to where Tab or Enter is looked up. So `1 Tab 5` in one piece typed 15 into the first field: a goal of 15.
Here each key is followed by a message on the same way, and the next one waits until that has come through; twice, since
what a field says of Enter comes behind it. Keys that stop from everywhere never come here, and no key waits long. What
is pasted waits its turn like a key.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from textual import events
from textual.message import Message
from textual.message_pump import MessagePump

WAITING_MOST = 256
"""Keys that wait at most; what comes beyond them is handled at once: rather out of order than lost."""

WAIT_S = 0.25
"""Longest wait for a key to come through, s: what it went to may be gone, with all that was on its way there."""


CROWD = 2
"""So many keys that wait are a crowd: a letter that stops goes past it."""

SLOW_S = 0.1
"""So is a key that is under way for longer, s."""

Typed = events.Key | events.Paste
"""What a person types."""


class KeyFollowed(Message, bubble=True):
    """Comes to the app behind the key of this number, `again` once more behind what came of it at `target`."""

    def __init__(self, number: int, target: MessagePump, *, again: bool) -> None:
        super().__init__()
        self.number = number
        self.target = target
        self.again = again


class KeyOrder:
    """Which key is under way, and which wait for it; `hand` hands one to the app."""

    def __init__(self, hand: Callable[[Typed], object]) -> None:
        self._hand = hand
        self._waiting: deque[Typed] = deque(maxlen=WAITING_MOST)
        self._number = 0
        self._began_s = 0.0
        self.last = ""
        """The key that was handled last."""
        self._limit: asyncio.TimerHandle | None = None

    def passes(self) -> bool:
        """Say whether a stop would have to wait in a crowd; it goes past it then, and what waited is dropped."""
        slow = self._limit is not None and asyncio.get_running_loop().time() - self._began_s > SLOW_S
        if not slow and len(self._waiting) < CROWD:
            return False
        self._waiting.clear()
        return True

    def take(self, key: Typed) -> bool:
        """Say whether a key may be handled now; one that may not is kept until its turn comes."""
        if self._limit is not None and len(self._waiting) < WAITING_MOST:
            self._waiting.append(key)
            return False
        if self._limit is None:
            self._begin(key)
        return True

    def follow(self, target: MessagePump) -> None:
        """A key has been handed to this part."""
        self._send(KeyFollowed(self._number, target, again=True))

    def came(self, message: KeyFollowed) -> None:
        """A key has come through."""
        if message.number != self._number:
            return
        if message.again:
            self._send(KeyFollowed(message.number, message.target, again=False))
        else:
            self._next()

    def _send(self, message: KeyFollowed) -> None:
        if not message.target.post_message(message):  # it is gone, and nothing is on its way any more
            self._next()

    def _begin(self, key: Typed) -> None:
        self._number += 1
        self.last = key.key if isinstance(key, events.Key) else ""
        loop = asyncio.get_running_loop()
        self._began_s = loop.time()
        self._limit = loop.call_later(WAIT_S, self._next)

    def _next(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None
        if self._waiting:
            key = self._waiting.popleft()
            self._begin(key)
            self._hand(key)
