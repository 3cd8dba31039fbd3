"""Which sites get no pads because the skin there wasn't all right, until somebody has looked (safety.md C-59).

Rules:
1. "Not ok" holds every site of the session that it was said of; a site that isn't known may be any site.
2. An "ok" lets go of the sites of the session that it is said of, and of no other: a leg that is well says nothing
   about the other one. Nothing else lets go, no time and no new plan.
3. A check keeps its sites, if it holds or lets go of any, so that it is understood without its session. Those written
   before that was so take them from the session, as far as it is at hand.
"""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta

from estim.core.days.diary import Check, Diary, Played, Topic
from estim.core.days.dose import ANY
from estim.core.days.screening import Span

OK = "ok"
BAD = "bad"

LOOK_BACK = timedelta(days=30)
"""So far back sessions are read for checks that don't keep their sites themselves."""

ONCE_WELL = "when it is as before: estim care skin ok"
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


def forbidden(diary: Diary) -> tuple[Span, ...]:
    """Return when every site that is in use was held: then there was nowhere to put the pads."""
    used = {site for one in diary.sessions if not one.simulated for site in one.sites}
    places = _places(diary)
    sites: dict[str, Check] = {}
    spans: list[Span] = []
    since: datetime | None = None
    for check in _in_order(diary):
        _apply(sites, check, places)
        shut = bool(sites) and (ANY in sites or used <= set(sites))
        if shut and since is None:
            since = check.at
        elif not shut and since is not None:
            spans.append(Span(since, check.at, WHY))
            since = None
    return (*spans, Span(since, None, WHY)) if since is not None else tuple(spans)


WHY = "the skin wasn't all right"


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
    where = "" if site == ANY else f" at {site}"
    return (
        f"the skin{where} wasn't all right on {check.at.date()}: no pads there until somebody has looked; red for more "
        f"than an hour, or blisters: show it to a doctor or a pharmacist; {ONCE_WELL}"
    )
