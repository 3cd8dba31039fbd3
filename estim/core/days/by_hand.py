"""What may be written down as a session that a unit played by itself, without estim: it counts as any other (C-69).

1. It is over, and it didn't begin before this estim was made: what is older is read in from a file, with its source.
2. It overlaps no session that is known on its site: that would be one of them twice, or two units on one place.
3. Its unit is nobody's here: its levels are of another scale, and are offered for no next session.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from estim.core.days.diary import Played
from estim.core.days.dose import ANY, DAY_MINUTES, local_time
from estim.core.moment import BUILT_UTC
from estim.core.translation import mark, tr, tr_text

UNIT = mark("by hand")
"""What stands for the unit, in the journal too: it is said in words by `tr_text`."""

MINUTES_MAX = DAY_MINUTES
"""Longest session that is written down: what a site may have on one day."""

SLACK = timedelta(minutes=1)
"""A clock that is a little behind another one isn't the future."""


def session(program: str, at: datetime, minutes: float, sites: tuple[str, ...], level: Mapping[str, int]) -> Played:
    """Return it as the diary keeps it; of output that nobody measured the whole length counts."""
    over = at + timedelta(minutes=minutes)
    return Played(
        at=at,
        program=program,
        unit=UNIT,
        family="",
        sites=sites or (ANY,),
        simulated=False,
        length_s=minutes * 60,
        output_s=minutes * 60,
        delivered_until=over,
        ended=over,
        reason="completed",
        duration_s=minutes * 60,
        level_max=level,
        by_hand=True,
    )


def misdated(one: Played, now: datetime) -> str:
    """Return why its moments can't be right, "": they can."""
    if one.delivered_until.timestamp() > now.timestamp() + SLACK.total_seconds():
        over = local_time(one.delivered_until, now, now.tzinfo)
        return tr(
            "{minutes:g} min from {began} on end at {over}, in the future: log it when it is over",
            minutes=round(one.length_s / 60, 1),
            began=_told(one, now),
            over=over,
        )
    if one.at.timestamp() < BUILT_UTC.timestamp():
        return tr(
            "{at:%Y-%m-%d} is before this estim was made ({made:%Y-%m-%d}): is the year right? Older sessions come in "
            "by estim import",
            at=one.at,
            made=BUILT_UTC,
        )
    return ""


def overlapped(one: Played, known: Iterable[Played], now: datetime) -> str:
    """Return which known session on its site it overlaps, as the sentence of a refusal; "": none."""
    for other in known:
        if other.output_s <= 0 or other.simulated or not _same_place(one.sites, other.sites):
            continue
        if one.at.timestamp() < other.delivered_until.timestamp() and other.at < one.delivered_until:
            return _same_one(other, now)
    return ""


def _same_one(other: Played, now: datetime) -> str:
    what = tr(
        "{program} on {unit}, {began} to {ended}",
        program=other.program,
        unit=tr_text(other.unit) if other.by_hand else other.unit,
        began=_told(other, now),
        ended=local_time(other.delivered_until, now, now.tzinfo),
    )
    if not other.id:
        return tr(
            "a session ({what}) was on that site at that time: is it the same one? Else say --at, or another --site",
            what=what,
        )
    return tr(
        "session {number} ({what}) was on that site at that time: is it the same one? Else say --at, or another --site",
        number=other.id,
        what=what,
    )


def _told(one: Played, now: datetime) -> str:
    return local_time(one.at, now, now.tzinfo)


def _same_place(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return ANY in one or ANY in other or not set(one).isdisjoint(other)
