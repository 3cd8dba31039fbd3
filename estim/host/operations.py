"""Carries the ops of one driver over one link: each with a time-out, a stop never behind anything else."""

import asyncio
import logging
from collections.abc import Callable

from estim.clock import Clock
from estim.core.moment import Now
from estim.core.translation import tr
from estim.host.radio.link import Link
from estim.tasks import Tasks
from protocols.driver import Driver
from protocols.vocabulary import AirError, Close, Endpoint, Event, Op, Read, Write

OP_TIMEOUT_S = 2.0
"""Longest a single operation on the air may take."""

CLOSE_TIMEOUT_S = 5.0
"""Hanging up takes 1.8 to 2.8 s on BlueZ (bluetooth.md)."""

OPS_MAX = 32
"""Operations under way at once."""

Entry = Callable[[float, Driver], list[Event]]
"""An input for the next pass: what the driver makes of it."""


class Operations:
    """One link with its driver. `put` takes inputs for the next pass, `lose` the sentence of a link that is gone,
    `sent` is called when a command went out later than at once, `carried` sees all bytes."""

    def __init__(
        self,
        link: Link,
        driver: Driver,
        clock: Clock,
        *,
        put: Callable[[Entry], None],
        lose: Callable[[str], None],
        sent: Callable[[], None],
        carried: Callable[[Now, str, Endpoint, bytes], None],
    ) -> None:
        self.link = link
        self.driver = driver
        self.dropped = 0
        self._clock = clock
        self._put = put
        self._lose = lose
        self._sent = sent
        self._carried = carried
        self._ops = Tasks()

    def perform(self, now: Now, op: Op) -> None:
        """Begin one operation; what it brings comes back by `put`."""
        if isinstance(op, Write):
            self._carried(now, "out", op.endpoint, op.data)
            if not op.response and self._posted(now, op):
                return
        elif len(self._ops) >= OPS_MAX and not isinstance(op, Close):  # hanging up is a way to be sure of zero
            self.dropped += 1
            error = AirError(tr("too many operations under way"))
            self._put(lambda now_s, driver: driver.done(now_s, op.tag, b"", error))
            return
        self._ops.begin(self._carry(op))

    async def close(self) -> None:
        """Give up whatever is under way, and hang up."""
        await self._ops.end(OP_TIMEOUT_S)
        await hang_up(self.link)

    def _posted(self, now: Now, op: Write) -> bool:
        """Hand a command over at once, if the link can; say whether that is done with."""
        try:
            if not self.link.post(op.endpoint, op.data):
                return False
        except AirError as error:
            self._lose(str(error))
            return True
        events = self.driver.done(now.mono_s, op.tag, b"", None)
        if events:
            self._put(lambda _now_s, _driver: events)
        return True

    async def _carry(self, op: Op) -> None:
        data = b""
        error = None
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S if isinstance(op, Close) else OP_TIMEOUT_S):
                match op:
                    case Write(_, endpoint, payload, response, _):
                        await self.link.write(endpoint, payload, response)
                    case Read(_, endpoint):
                        data = await self.link.read(endpoint)
                    case Close():
                        await self.link.close()
                        self._lose(tr("the link was closed to be sure that the output ends"))
        except AirError as failure:
            error = failure
        except TimeoutError:
            error = AirError(tr("no answer within {seconds:.0f} s", seconds=OP_TIMEOUT_S))
        except Exception as bug:  # of a Bluetooth library: whatever it was, this operation failed
            logging.getLogger(__name__).exception("an operation on the air failed")
            error = AirError(tr("the Bluetooth library failed: {error!r}", error=bug))
        if error is not None and error.lost:
            self._lose(str(error))
        if error is None and isinstance(op, Write) and not op.response:
            # A command that went out is no news: nothing is decided anew, only the next due time may be another.
            events = self.driver.done(self._clock.now().mono_s, op.tag, b"", None)
            if events:
                self._put(lambda _now_s, _driver: events)
            else:
                self._sent()
        else:
            self._put(lambda now_s, driver: driver.done(now_s, op.tag, data, error))


async def hang_up(link: Link) -> None:
    """Hang up; a link that can't be closed is gone for us all the same."""
    try:
        async with asyncio.timeout(5):
            await link.close()
    except (AirError, TimeoutError):
        pass
