"""Puts what people read into their language: the one door between the English sentences of the code and catalogues.

1. The English sentence stands where it is used and is its own key: `tr("pain {score}, {at:%a %H:%M}", …)`. Without a
   translation, and until somebody has chosen one (estim/language.py), it is what people read.
2. Figures and dates in it follow the language: `{km:g}` has its decimal sign, `{at:%a %d %b}` its names of days and
   months. A moment as programs read it (isoformat, --json, csv) never comes through here.
3. A translation that can't be filled in is left for the English sentence: nothing that is wrong with a language keeps a
   word about a stop away.
4. A text that can't stand in a call, such as one of a table, is marked where it stands (`mark`), and translated where
   it is shown, by `tr_text`.
"""

from datetime import date
from string import Formatter
from typing import Protocol


def mark(text: str, context: str = "") -> str:
    """Return the text itself; it is found as one to translate, and translated where it is used, by `tr_text`.

    `context` tells apart what is one word in English only; `tr_text` has to name it too.
    """
    return text


DECIMAL = mark("decimal sign: .")
WEEKDAYS_SHORT = mark("Mon Tue Wed Thu Fri Sat Sun")
WEEKDAYS = mark("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
MONTHS_SHORT = mark("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec")
MONTHS = mark("January February March April May June July August September October November December")


class Catalogue(Protocol):
    """What a language has to answer; the names are those of the standard library's gettext."""

    def gettext(self, message: str, /) -> str:
        """Return the translation of a text, the text itself if there is none."""
        ...

    def pgettext(self, context: str, message: str, /) -> str:
        """Return the translation that a text has in this context."""
        ...

    def ngettext(self, one: str, many: str, count: int, /) -> str:
        """Return the translation for so many of something."""
        ...


class English:
    """The language that everything is written in."""

    def gettext(self, message: str, /) -> str:
        """Return the text itself."""
        return message

    def pgettext(self, context: str, message: str, /) -> str:
        """Return the text itself."""
        return message

    def ngettext(self, one: str, many: str, count: int, /) -> str:
        """Return the first for 1, else the second."""
        return one if count == 1 else many


class _Words(Formatter):
    """Fills in what a sentence leaves open, in one language."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._decimal = catalogue.gettext(DECIMAL)[-1]

    def format_field(self, value: object, format_spec: str) -> str:
        """Return one value as people read it."""
        if isinstance(value, date) and "%" in format_spec:
            return self._moment(value, format_spec)
        text = str(format(value, format_spec))
        if isinstance(value, float) and self._decimal != ".":
            return text.replace(".", self._decimal)
        return text

    def _moment(self, at: date, form: str) -> str:
        for sign, (names, number) in {
            "%a": (WEEKDAYS_SHORT, at.weekday()),
            "%A": (WEEKDAYS, at.weekday()),
            "%b": (MONTHS_SHORT, at.month - 1),
            "%B": (MONTHS, at.month - 1),
        }.items():
            if sign in form:
                form = form.replace(sign, self._catalogue.gettext(names).split()[number])
        return format(at, form)


class Language:
    """The language of this process. One for all of it: who reads what it says is one person, at one place."""

    def __init__(self) -> None:
        self.name = "en"
        self.catalogue: Catalogue = English()
        self._words = _Words(self.catalogue)

    def speak(self, name: str, catalogue: Catalogue) -> None:
        """Say everything from now on in this language; `name` is its code, such as "de"."""
        words = _Words(catalogue)
        self.name = name
        self.catalogue = catalogue
        self._words = words

    def filled(self, text: str, english: str, parts: dict[str, object]) -> str:
        """Return a sentence with its parts; the English one, if the translation can't take them."""
        try:
            return self._words.vformat(text, (), parts)
        except (LookupError, ValueError, TypeError, AttributeError):
            return _Words(English()).vformat(english, (), parts)


LANGUAGE = Language()


def tr(text: str, /, **parts: object) -> str:
    """Return a sentence in the reader's language; `parts` fill in what stands in braces."""
    return LANGUAGE.filled(LANGUAGE.catalogue.gettext(text), text, parts)


def tr_many(one: str, many: str, count: int, /, **parts: object) -> str:
    """Return the form of a sentence that belongs to so many; `count` is one of its parts."""
    english = one if count == 1 else many
    return LANGUAGE.filled(LANGUAGE.catalogue.ngettext(one, many, count), english, {"count": count, **parts})


def tr_text(text: str, context: str = "") -> str:
    """Return a text that was marked, or stands in a file that is ours, in the reader's language; braces stay braces."""
    if not text:
        return text
    return LANGUAGE.catalogue.pgettext(context, text) if context else LANGUAGE.catalogue.gettext(text)


def figure(value: float, form: str = "g") -> str:
    """Return a number as people read it, by a format such as "g" or ".1f"."""
    return LANGUAGE.filled(f"{{value:{form}}}", f"{{value:{form}}}", {"value": float(value)})


def day_name(at: date, form: str) -> str:
    """Return a day or a moment as people read it, by a format such as "%a %H:%M"."""
    return LANGUAGE.filled(f"{{at:{form}}}", f"{{at:{form}}}", {"at": at})


def weekdays() -> list[str]:
    """Return the short names of the days, Monday first."""
    return tr_text(WEEKDAYS_SHORT).split()
