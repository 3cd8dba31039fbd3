"""What a person is told, and what every way of telling it offers.

1. A notice shows on lock screens and leaves this computer. So its title and text hold no pain score and no word about
   pain, a tendon, a body site or health. Whoever makes the texts keeps that; nothing here reads them.
2. A notice only reminds. Its actions are wishes: none of them leads to output (safety.md C-13).
"""

from typing import Protocol
from unicodedata import category

from msgspec import Struct

_UNSHOWN = frozenset({"Cc", "Cs"})
"""Control characters and half characters: the one steers a terminal, the other can't be sent at all."""

_TURNING = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Signs that turn the direction of writing, so that a text reads as another one."""


class Notification(Struct, frozen=True):
    """`key` is the slot's: a later notice with the same key replaces this one. `actions` are pairs of id and label."""

    key: str
    title: str
    text: str
    urgent: bool = False
    actions: tuple[tuple[str, str], ...] = ()

    @property
    def line(self) -> str:
        """All of it in one line, for what shows no more."""
        return one_line(": ".join(part for part in (self.title, self.text) if part))


class TellError(Exception):
    """A person couldn't be told in one way; the text is a sentence that says why and what to do."""


class Way(Protocol):
    """One way of telling; `name` is what a person calls it."""

    name: str

    async def tell(self, notice: Notification) -> None:
        """Tell it; raises TellError if that couldn't be done."""

    async def withdraw(self, key: str) -> None:
        """Take back the notice of this key, as far as this way can; never raises for a notice that is gone."""

    async def close(self) -> None:
        """Give back what this way holds."""


def one_line(text: str) -> str:
    """Return the text as one line without anything that steers a screen: names in it may come from a file."""
    kept = (c if not c.isspace() else " " for c in text if c.isspace() or category(c) not in _UNSHOWN)
    return " ".join("".join(c for c in kept if c not in _TURNING).split())
