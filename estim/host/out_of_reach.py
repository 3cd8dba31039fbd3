"""What may be on and can't be stopped from here, with the sentence why: every stop tells it until it is settled."""

from contextlib import suppress

from estim.clock import Clock
from estim.core.errors import EstimError
from estim.core.translation import tr
from estim.journal.marker import How
from estim.journal.rows import NEVER, OpenSession
from estim.journal.writer import JournalWriter


class OutOfReach:
    """The sessions that were left open and that nobody here can take up."""

    def __init__(self, journal: JournalWriter, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self._left: dict[str, tuple[OpenSession, str]] = {}

    def note(self, left: OpenSession, why: str) -> None:
        """Keep what was left on, and why it can't be taken up."""
        self._left[left.unit or left.address] = (left, why)

    def told(self) -> tuple[str, ...]:
        """Return what keeps this host from knowing that nothing else is on, a sentence each."""
        blind = self._journal.blind
        now = self._clock.now()
        left_on = (
            tr("{unit} may be on: {why}", unit=unit, why=why)
            for unit, (left, why) in self._left.items()
            if (left.on_until_utc or NEVER) > now.utc
        )
        if not blind:
            return tuple(left_on)
        return (*left_on, tr("whether another unit was left on can't be known: {why}", why=blind))

    async def seen_off(self) -> list[str]:
        """Take a person's word that all of it is off, and return the names."""
        settled = self._left
        self._left = {}
        for left, _ in settled.values():
            with suppress(EstimError):  # it is taken up again by the next host
                if left.id:
                    await self._journal.settle(left.id, self._clock.now())
                await self._journal.unmark(left.address, left.started_utc, How.SEEN_OFF)
        return list(settled)
