"""What may be on and can't be stopped from here, with the sentence why: every stop tells it until it is settled."""

from collections.abc import Iterable
from contextlib import suppress

from estim.clock import Clock
from estim.core.addresses import same_address
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
        self._left: dict[str, tuple[tuple[OpenSession, ...], str]] = {}
        """By address, with every row of that unit: two units may have one name."""

    def note(self, left: OpenSession, why: str) -> None:
        """Keep what was left on, and why it can't be taken up."""
        rows, _ = self._left.get(left.address.casefold(), ((), ""))
        self._left[left.address.casefold()] = ((*rows, left), why)

    def told(self) -> tuple[str, ...]:
        """Return what keeps this host from knowing that nothing else is on, a sentence each."""
        blind = self._journal.blind
        now = self._clock.now()
        left_on = tuple(
            tr("{unit} may be on: {why}", unit=self._called(rows[-1]), why=why)
            for rows, why in self._left.values()
            if any((row.on_until_utc or NEVER) > now.utc for row in rows)
        )
        if not blind:
            return left_on
        return (*left_on, tr("whether another unit was left on can't be known: {why}", why=blind))

    def named(self, name: str | None) -> dict[str, str]:
        """Return the units of this name or address, all of them for None: what each is called, by address."""
        return {
            address: self._called(rows[-1])
            for address, (rows, _) in self._left.items()
            if name is None or name.casefold() == rows[-1].unit.casefold() or same_address(name, address)
        }

    async def seen_off(self, addresses: Iterable[str]) -> None:
        """Take a person's word that these are off; of the others nobody has said anything."""
        for address in addresses:
            rows, _ = self._left.pop(address)
            for left in rows:
                with suppress(EstimError):  # it is taken up again by the next host
                    if left.id:
                        await self._journal.settle(left.id, self._clock.now())
                    await self._journal.unmark(left.address, left.started_utc, How.SEEN_OFF)

    def _called(self, left: OpenSession) -> str:
        """Return a unit's name, with its address where another one has the same name."""
        if not left.unit:
            return left.address
        alike = sum(rows[-1].unit.casefold() == left.unit.casefold() for rows, _ in self._left.values())
        return f"{left.unit} ({left.address})" if alike > 1 else left.unit
