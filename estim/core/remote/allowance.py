"""How many orders of a kind are carried out, however many come: some at once, then one after each interval. Pure."""

from msgspec import Struct


class Allowance(Struct):
    """`most` at once, and one more each `every_s`; moments in seconds of one clock that never runs back."""

    most: int
    every_s: float
    _used: float = 0.0
    _at_s: float = 0.0

    def take(self, now_s: float) -> bool:
        """Take one if there is one left, and say so."""
        self._used = max(0.0, self._used - (now_s - self._at_s) / self.every_s)
        self._at_s = now_s
        if self._used > self.most - 1:
            return False
        self._used += 1
        return True
