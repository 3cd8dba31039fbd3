"""Reads a Bluetooth address in any form that people write, and says what is none."""

import re

from estim.core.errors import EstimError, Exit
from estim.core.translation import mark, tr

_PAIRS = re.compile(r"[0-9A-F]{2}(?:([:\-. _]?)[0-9A-F]{2})(?:\1[0-9A-F]{2}){4}")
_FOURS = re.compile(r"[0-9A-F]{4}([.:\-])[0-9A-F]{4}\1[0-9A-F]{4}")
_UUID = re.compile(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}")
"""Where the system hides addresses, it gives each unit one of these instead."""
_BARE = re.compile(r"[0-9A-Fa-f:\-. _]+")  # untranslated: a pattern
_NOBODYS = ("000000000000", "FFFFFFFFFFFF")
_DIGITS_MIN = 8
"""Fewer hex digits than that without a colon are a name such as "cafe" or "ems-2"."""


def address_of(text: str) -> str | None:
    """Return an address as estim writes it, from c1-02-…, C102.0304.0506, C10203040506 …; None if it is none."""
    wanted = text.strip().upper()
    if _UUID.fullmatch(wanted):
        return wanted
    if not _PAIRS.fullmatch(wanted) and not _FOURS.fullmatch(wanted):
        return None
    digits = re.sub(r"[^0-9A-F]", "", wanted)
    return None if digits in _NOBODYS else ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def same_address(one: str, other: str) -> bool:
    """Say whether both are one address, in whatever form."""
    read = address_of(one)
    return one.strip().casefold() == other.strip().casefold() or (read is not None and read == address_of(other))


def meant_as_address(text: str) -> bool:
    """Say whether somebody may have meant an address by this, be it one or not."""
    wanted = text.strip()
    hexes = sum(letter in "0123456789abcdefABCDEF" for letter in wanted)
    bare = _BARE.fullmatch(wanted) is not None and hexes >= _DIGITS_MIN
    return bare or wanted.count(":") >= 2 or wanted.count("-") == 5


def check_address(text: str) -> str:
    """Return an address as estim writes it; raises EstimError (2) for what can't be one."""
    read = address_of(text)
    if read is None:
        raise EstimError(tr(NO_ADDRESS, typed=text), code=Exit.USAGE)
    return read


NO_ADDRESS = mark(
    "{typed!r} isn't a Bluetooth address: one has 12 hex digits, such as C1:02:03:04:05:06 (`estim devices scan` shows "
    "them)"
)
"""What is said of a `typed` text that can't be an address; marked, so it is said by `tr`."""
