"""Which sites get no pads because the skin there wasn't all right, until somebody has looked (safety.md C-59).

Rules:
1. "Not ok" holds every site of the session that it was said of; a site that isn't known may be any site.
2. An "ok" lets go of the sites of the session that it is said of, and of no other: a leg that is well says nothing
   about the other one. Nothing else lets go, no time and no new plan.
3. A check keeps its sites, if it holds or lets go of any, so that it is understood without its session. Those written
   before that was so take them from the session, as far as it is at hand.
"""

from bisect import bisect_right
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from estim.core.days.diary import Check, Diary, Played, Topic
from estim.core.days.dose import ANY
from estim.core.days.legs import LEGS, UNSAID, leg_of, sites_on
from estim.core.translation import mark, tr, tr_text

OK = "ok"
BAD = "bad"

LOOK_BACK = timedelta(days=30)
"""So far back sessions are read for checks that don't keep their sites themselves."""

ONCE_WELL = mark("when it is as before: estim care skin ok")
"""What lets go of it, as every sentence says."""


def held(diary: Diary) -> Mapping[str, Check]:
    """Return the sites that nobody has looked at since, each with the check that holds it."""
    sites: dict[str, Check] = {}
    places = _places(diary)
    for check in _in_order(diary):
        _apply(sites, check, places)
    return sites


def refusal(diary: Diary, wanted: Collection[str]) -> str:
    """Return why no session may take place on these sites, "": nothing speaks against it."""
    mine = set(wanted or (ANY,))
    now = held(diary)
    if ANY not in mine:
        now = {site: check for site, check in now.items() if site in mine or site == ANY}
    return "; ".join(_sentence(site, check) for site, check in now.items())


def told(diary: Diary) -> tuple[str, ...]:
    """Return what is held, one sentence for each site."""
    return tuple(_sentence(site, check) for site, check in held(diary).items())


def seen(diary: Diary, session: Played, answer: str, at: datetime) -> Check:
    """Return what to keep of a look at the skin after a session."""
    sites = session.sites or (ANY,)
    keeps = answer == BAD or not set(sites).isdisjoint(held(diary))
    return Check(at=at, topic=Topic.SKIN, about=",".join(sites) if keeps else "", answer=answer, session=session.id)


def looked(diary: Diary, at: datetime) -> tuple[Check, ...]:
    """Return what to keep when somebody has looked at all that is held, and it is well."""
    found: dict[int | None, list[str]] = {}
    for site, check in held(diary).items():
        found.setdefault(check.session, []).append(site)
    return tuple(
        Check(at=at, topic=Topic.SKIN, about=",".join(sites), answer=OK, session=session)
        for session, sites in found.items()
    )


class Holds(Struct, frozen=True):
    """Which sites were held when: `since_s` seconds since 1970, in order, each with the sites from then on.

    `used` are the sites of the sessions that the diary holds, `legs` those that they say.
    """

    since_s: tuple[float, ...]
    sites: tuple[frozenset[str], ...]
    used: frozenset[str]
    legs: tuple[str, ...]

    def why_at(self, moment_s: float, usual: str, of_program: Callable[[], Sequence[str] | None]) -> str:
        """Return why nothing could be played at a moment, "": nothing speaks against it.

        `usual` is the leg that slots are for, UNSAID: any that is in use, and one that isn't held is enough.
        `of_program` returns the sites of the program whose turn it was; None: they aren't known, so any place that is
        in use on the leg would have done.
        """
        place = bisect_right(self.since_s, moment_s)
        held = self.sites[place - 1] if place else frozenset()
        if not held:
            return ""
        if ANY in held:
            return tr_text(WHY)
        sites = of_program()
        if not sites:
            used = {site for site in self.used if usual in (UNSAID, leg_of((site,)))}
            return tr_text(WHY) if used <= held else ""
        places = [sites_on(sites, leg) for leg in ((usual,) if usual else self.legs)]
        ways = [one for one in places if one] or [tuple(sites)]
        return tr_text(WHY) if all(not held.isdisjoint(way) for way in ways) else ""


def holds(diary: Diary) -> Holds:
    """Return when which sites were held."""
    real = [one for one in diary.sessions if not one.simulated]
    places = _places(diary)
    sites: dict[str, Check] = {}
    since_s = []
    held = []
    for check in _in_order(diary):
        _apply(sites, check, places)
        since_s.append(check.at.timestamp())
        held.append(frozenset(sites))
    said = {leg_of(one.sites) for one in real}
    return Holds(
        tuple(since_s),
        tuple(held),
        frozenset(site for one in real for site in one.sites),
        tuple(leg for leg in LEGS if leg in said),
    )


WHY = mark("the skin wasn't all right")


def _in_order(diary: Diary) -> list[Check]:
    checks = [check for check in diary.checks if check.topic is Topic.SKIN]
    return sorted(checks, key=lambda check: (check.at.astimezone(UTC), check.id))


def _places(diary: Diary) -> Mapping[int | None, tuple[str, ...]]:
    return {session.id: session.sites for session in diary.sessions}


def _apply(sites: dict[str, Check], check: Check, places: Mapping[int | None, tuple[str, ...]]) -> None:
    mine = tuple(check.about.split(",")) if check.about else places.get(check.session) or (ANY,)
    for site in mine:
        if check.answer == BAD:
            sites[site] = check
        elif check.answer == OK:
            sites.pop(site, None)


def _sentence(site: str, check: Check) -> str:
    on = check.at.date()
    if site == ANY:
        held = tr("the skin wasn't all right on {on:%Y-%m-%d}: no pads there until somebody has looked", on=on)
    else:
        held = tr(
            "the skin at {site} wasn't all right on {on:%Y-%m-%d}: no pads there until somebody has looked",
            site=site,
            on=on,
        )
    return tr(
        "{held}; red for more than an hour, or blisters: show it to a doctor or a pharmacist; {once_well}",
        held=held,
        once_well=tr_text(ONCE_WELL),
    )
