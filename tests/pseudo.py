"""A language of fullwidth letters: whatever still shows plain ones was said without asking for a translation."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from estim.core.translation import LANGUAGE, English

_BRACES = re.compile(r"(\{[^{}]*\})")

_COMMAND = re.compile(r"estim [a-z-]+(?: [a-z0-9:.=T_%…/-]+)*")
"""What is to be typed stays as it is in every language."""


class Pseudo:
    """Every text has a translation: the same text in other letters."""

    def gettext(self, message: str, /) -> str:
        """Return the text in fullwidth letters, with its braces as they are."""
        return "".join(part if part.startswith("{") else wide(part) for part in _BRACES.split(message))

    def pgettext(self, context: str, message: str, /) -> str:
        """Return the text in the same way."""
        return self.gettext(message)

    def ngettext(self, one: str, many: str, count: int, /) -> str:
        """Return the form for so many, in the same way."""
        return self.gettext(one if count == 1 else many)


def wide(text: str) -> str:
    """Return small and capital letters as their fullwidth forms."""
    return "".join(chr(ord(sign) + 0xFEE0) if sign.isascii() and sign.isalpha() else sign for sign in text)


@contextmanager
def pseudo() -> Iterator[None]:
    """Speak that language."""
    LANGUAGE.speak("xx", Pseudo())
    try:
        yield
    finally:
        LANGUAGE.speak("en", English())


def plain_words(told: str, *names: str) -> list[str]:
    """Return the words of two letters and more that nobody translated, but for commands and these names."""
    rest = _COMMAND.sub(" ", told)
    for name in sorted(names, key=len, reverse=True):
        rest = rest.replace(name, " ")
    return re.findall(r"[A-Za-z]{2,}", rest)
