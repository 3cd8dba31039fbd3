"""The keys that stop, as data: whatever layout or lock is on, the key at the same place stops. A stop too many is none.

1. A letter counts in its upper case too (Caps Lock, Shift), and as what the same place gives on the usual layouts.
2. A modifier changes nothing: whoever grips F12 or S in a hurry may hold Shift, Ctrl or Alt as well.
3. Where two layouts disagree on a letter (Serbian has с at S's place, Russian at C's), it stops.
"""

PLACE_OF_S = {
    "Latin": "s",
    "Latin, full width": "ｓ",  # untranslated: a layout
    "Russian, Belarusian, Kazakh, Mongolian": "ы",  # untranslated: a layout
    "Ukrainian": "і",
    "Serbian, Macedonian, Bulgarian by sound": "с",  # untranslated: a layout
    "Bulgarian": "я",
    "Greek": "σς",
    "Hebrew": "ד",
    "Arabic, Persian": "س",  # untranslated: a layout
    "Armenian": "ս",
    "Georgian": "ს",
    "Devanagari": "ेए",
    "Thai": "หฆ",
    "Korean": "ㄴ",
    "Japanese kana": "と",  # untranslated: a layout
    "Zhuyin": "ㄋ",
}
"""What the key S gives, by layout."""

PLACE_OF_Q = {
    "Latin": "q",
    "Latin, full width": "ｑ",  # untranslated: a layout
    "Russian, Ukrainian, Belarusian, Kazakh": "й",  # untranslated: a layout
    "Serbian, Macedonian": "љ",  # untranslated: a layout
    "Arabic, Persian": "ض",  # untranslated: a layout
    "Georgian": "ქ",
}
"""What the key Q gives, where that is a letter: it stops, then leaves."""

PANIC_KEY = "f12"
"""Zero at once, from everywhere."""

PANIC_NAMES = frozenset({PANIC_KEY, "f24"})
"""F12 by its names: terminals send F24 for Shift+F12."""

F12_CODES = frozenset({"24"})
"""The number of F12 in a terminal's sequence ESC [ number ; modifiers ~ (or $, ^, @ with Shift, Ctrl, both in rxvt)."""


def _both_cases(places: dict[str, str]) -> frozenset[str]:
    letters = "".join(places.values())
    return frozenset(case for letter in letters for case in (letter, letter.upper(), letter.lower()))


STOP_LETTERS = _both_cases(PLACE_OF_S)
"""Every character that means: zero at once, and end."""

LEAVE_LETTERS = _both_cases(PLACE_OF_Q)
"""Every character that means: zero at once, then leave."""


def bare(key: str) -> str:
    """Return a key's name (`ctrl+alt+f12`) without its modifiers; `+` itself stays what it is."""
    return key.rpartition("+")[2] or key


def panics(key: str) -> bool:
    """Say whether a key is the panic key, by its name."""
    return bare(key) in PANIC_NAMES
