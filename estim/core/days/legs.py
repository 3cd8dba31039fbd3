"""Which leg a session was on, as far as its sites say: left, right, or not said.

1. Sites of programs end with their side ("ankle-left"). Sites of one side say the leg.
2. Sites of both sides mean that nobody said which: such a session may have been on either leg, so it counts in the dose
   of both, and is told as the one session that it was. So is one on a site that nobody named.
3. The usual place is a site or a leg: of a program that isn't for that site its leg counts. "any" is the answer of who
   didn't say, so that nobody is asked again.
"""

from collections.abc import Iterable, Sequence
from functools import reduce

from estim.core.translation import mark, tr, tr_text

LEGS = ("left", "right")

LEG_NAMES = {"left": mark("left leg"), "right": mark("right leg")}
"""What people read for a leg."""

_AT = {"left": mark("{place} left"), "right": mark("{place} right"), "": mark("{place}, leg not said")}
"""What people read for a place of which the leg is known, or not."""

ANYWHERE = "any"
"""As the usual place: it was asked for, and nobody said it."""

UNSAID = ""
"""The leg of a session of which nobody said it."""


def legs_of(sites: Iterable[str]) -> tuple[str, ...]:
    """Return the sides that sites name, left first."""
    named = {site.rpartition("-")[2] for site in sites}
    return tuple(leg for leg in LEGS if leg in named)


def leg_of(sites: Iterable[str]) -> str:
    """Return the one leg that sites are on, UNSAID if they are on both or on none."""
    named = legs_of(sites)
    return named[0] if len(named) == 1 else UNSAID


def leg_text(sites: Iterable[str]) -> str:
    """Return the leg in words, "" where sites have no sides."""
    named = legs_of(sites)
    return tr_text(LEG_NAMES[named[0]]) if len(named) == 1 else tr("leg not said") if named else ""


def sites_on(sites: Sequence[str], wanted: str) -> tuple[str, ...]:
    """Return those of a program's sites that a site or a leg means; none: it is for neither."""
    if wanted in sites:
        return (wanted,)
    return tuple(site for site in sites if wanted in LEGS and leg_of((site,)) == wanted)


def usual_sites(sites: Sequence[str], usual: str | None) -> tuple[str, ...]:
    """Return where a program is usually played: all of its sites if nobody said it; none: it isn't for that place."""
    if usual is None or usual == ANYWHERE:
        return tuple(sites)
    return sites_on(sites, usual) or sites_on(sites, leg_of((usual,)))


def parts_of(sites: Iterable[str]) -> tuple[str, ...]:
    """Return sites without their sides, each once: "ankle" of ankle-left and ankle-right."""
    return tuple(dict.fromkeys(site.removesuffix("-left").removesuffix("-right") for site in sites))


def place_of(sites: Sequence[str]) -> str:
    """Return where a session was as one place: its site, or what its sites have in common, the leg not said."""
    if len(sites) == 1:
        return sites[0]
    place = reduce(lambda one, other: tr("{one} or {other}", one=one, other=other), parts_of(sites))
    return tr(_AT[leg_of(sites)], place=place)
