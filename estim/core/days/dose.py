"""Keeps the rest between sessions and counts the day: pure, on moments with a zone.

1. Two hours lie between the end of one session and the start of the next on one site. The person may override that in
   full words, and it is told.
2. What asks for rest is two minutes of output on a site, in one session or in several that lie less than two hours
   apart: short ones add up. A single shorter one asks for none, but its minutes count in the day's.
3. More than four sessions or 120 minutes a day on one site are refused, and so are more sessions of one program than
   its file allows a day (programs.md section 6); that can be overridden in full words as well.
4. What isn't known counts as the longest it can have been. A site that nobody named may be any site.
5. Rest is counted in UTC, so a night of changing clocks is not two hours and not none; only what is told is local.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo
from math import fsum
from typing import Literal

from msgspec import Struct

from estim.core.numbers import m_ss
from estim.core.translation import day_name, tr

GAP = timedelta(hours=2)
"""Least rest on one site between two sessions (safety.md C-17)."""

BRIEF_S = 120.0
"""Output shorter than this, all of it within the rest taken together, asks for no rest."""

DAY_SESSIONS = 4
DAY_MINUTES = 120.0
"""Highest dose a day and site (programs.md section 6)."""

Gate = Literal["gap", "dose", "run"]
"""What a person may override, typed in full: the rest, the day's dose, the hours before a run."""

LOOK_BACK = timedelta(days=2)
"""How far back records are needed: a local day has up to 25 hours, and one session may have begun before it."""

ANY = "any"
"""The site of a program that names none: the same place as every other."""


class Delivered(Struct, frozen=True):
    """One past session on one site: `output_s` seconds of level above 0, pauses in `ended_utc` (None: none)."""

    site: str
    started_utc: datetime
    output_s: float
    ended_utc: datetime | None = None
    program: str = ""

    def __post_init__(self) -> None:
        if self.started_utc.tzinfo is None or (self.ended_utc is not None and self.ended_utc.tzinfo is None):
            raise ValueError("a moment of a session needs a zone")

    @property
    def over_utc(self) -> datetime:
        """When it was over: never before its output could have ended."""
        least = self.started_utc.astimezone(UTC) + timedelta(seconds=self.output_s)
        return least if self.ended_utc is None else max(least, self.ended_utc.astimezone(UTC))


def put_out_s(last: Delivered, records: Iterable[Delivered]) -> float:
    """Return what was put out on one site from two hours before a session to its end, itself included, seconds.

    `records` are those of its site. A session that lies in these hours in part counts as a whole.
    """
    since = last.started_utc.astimezone(UTC) - GAP
    until = last.over_utc
    others = [record.output_s for record in records if record is not last and since < record.over_utc <= until]
    return fsum((last.output_s, *others))


class Verdict(Struct, frozen=True):
    """`why` is the sentence of a refusal, `again_at` (UTC) when it is possible again; `warn` is to be recorded."""

    ok: bool
    why: str = ""
    again_at: datetime | None = None
    warn: tuple[str, ...] = ()


def may_start(
    now_utc: datetime,
    sites: Sequence[str],
    minutes: float,
    past: Iterable[Delivered],
    override: Collection[Gate] = (),
    zone: tzinfo | None = None,
    program: str = "",
    per_day: int = DAY_SESSIONS,
) -> Verdict:
    """Decide if a session of `minutes` on `sites` may start now; `zone` is the person's (None: the system's).

    `per_day` is how often a day the file of `program` allows it on one site.
    """
    if now_utc.tzinfo is None:
        raise ValueError("now needs a zone")
    now = now_utc.astimezone(UTC)
    rule = _Rule(tuple(dict.fromkeys(sites or (ANY,))), minutes, tuple(past), zone, program, per_day)
    rest = _rests(now, rule)
    full = _full(now, rule)
    again = _again(now, rule, "gap" not in override, "dose" not in override)
    if rest is not None and "gap" not in override:
        return Verdict(False, tr("{why}; to start all the same: --override gap", why=rest[1]), again)
    if full and "dose" not in override:
        at = local_time(again, now, zone, up=True)
        why = tr("{why}; possible again at {again}, to start all the same: --override dose", why=full[0], again=at)
        return Verdict(False, why, again)
    told = [] if rest is None else [tr("gap overridden: {why}", why=rest[1])]
    return Verdict(True, warn=(*told, *(tr("dose overridden: {why}", why=sentence) for sentence in full)))


class _Rule(Struct, frozen=True):
    """What is asked for, against what was."""

    sites: tuple[str, ...]
    minutes: float
    past: tuple[Delivered, ...]
    zone: tzinfo | None
    program: str
    per_day: int

    def of(self, site: str) -> list[Delivered]:
        return [record for record in self.past if _same_site(record.site, site)]


def _rests(now: datetime, rule: _Rule) -> tuple[datetime, str] | None:
    """Return until when the rest lasts that still holds, and its sentence."""
    latest: tuple[datetime, str, Delivered, float] | None = None
    for site in rule.sites:
        records = rule.of(site)
        for record in records:
            again = record.over_utc + GAP
            if record.output_s == 0 or again <= now or (latest is not None and again <= latest[0]):
                continue
            output_s = put_out_s(record, records)
            if output_s >= BRIEF_S:
                latest = again, site, record, output_s
    if latest is None:
        return None
    again, site, record, output_s = latest
    return again, _rest(now, again, site, record, output_s, rule.zone)


def _again(now: datetime, rule: _Rule, rest: bool, dose: bool) -> datetime:
    """Return when it is possible at the earliest: after the rest, on a day that isn't full."""
    at = now
    for _ in range(2 + len(rule.past)):
        held = _rests(at, rule) if rest else None
        if held is not None:
            at = held[0]
        elif dose and _full(at, rule):
            at = _midnight(at, rule.zone)
        else:
            break
    return at


def _midnight(now: datetime, zone: tzinfo | None) -> datetime:
    """Return the next local midnight; without a zone, the system's of that day."""
    tomorrow = datetime.combine(now.astimezone(zone).date() + timedelta(days=1), time())
    return (tomorrow.astimezone() if zone is None else tomorrow.replace(tzinfo=zone)).astimezone(UTC)


def _same_site(one: str, other: str) -> bool:
    return one == other or ANY in (one, other)


def _rest(now: datetime, again: datetime, site: str, record: Delivered, output_s: float, zone: tzinfo | None) -> str:
    ended = local_time(record.over_utc, now, zone)
    if record.output_s >= BRIEF_S:
        why = _one_asks(site, ended)
    else:
        why = _some_ask(site, ended, m_ss(int(output_s)))
    sentence = tr("{why}: possible again at {again}", why=why, again=local_time(again, now, zone, up=True))
    if record.started_utc > now:
        return tr("{sentence} (that session lies in the future: check this computer's clock)", sentence=sentence)
    return sentence


def _one_asks(site: str, ended: str) -> str:
    if site == ANY:
        return tr("the last session ended at {ended} and 2 h of rest belong between two", ended=ended)
    return tr("the last session on {site} ended at {ended} and 2 h of rest belong between two", site=site, ended=ended)


def _some_ask(site: str, ended: str, minutes: str) -> str:
    if site == ANY:
        return tr(
            "the last sessions add up to {minutes} min of output, the last one ended at {ended} and 2 h of rest belong "
            "after that",
            minutes=minutes,
            ended=ended,
        )
    return tr(
        "the last sessions on {site} add up to {minutes} min of output, the last one ended at {ended} and 2 h of rest "
        "belong after that",
        site=site,
        minutes=minutes,
        ended=ended,
    )


def _full(now: datetime, rule: _Rule) -> list[str]:
    """Return what one session more would be too much for on that day, a sentence each."""
    today = now.astimezone(rule.zone).date()
    full: list[str] = []
    for site in rule.sites:
        of_day = [record for record in rule.of(site) if record.started_utc.astimezone(rule.zone).date() == today]
        whole = [record for record in of_day if record.output_s >= BRIEF_S]
        same = sum(record.program == rule.program for record in whole) + 1
        total = sum(record.output_s for record in of_day) / 60 + rule.minutes
        if len(whole) + 1 > DAY_SESSIONS:
            full.append(_too_many(site, len(whole) + 1))
        if total > DAY_MINUTES:
            full.append(_too_long(site, total))
        if rule.program and same > rule.per_day:
            full.append(_too_often(site, same, rule))
    return full


def _too_many(site: str, number: int) -> str:
    if site == ANY:
        return tr("this is session {number} of the day, and {most} are the most", number=number, most=DAY_SESSIONS)
    return tr(
        "this is session {number} of the day on {site}, and {most} are the most",
        number=number,
        site=site,
        most=DAY_SESSIONS,
    )


def _too_long(site: str, total: float) -> str:
    if site == ANY:
        return tr(
            "this makes {minutes:.0f} min in one day, and {most:.0f} are the most", minutes=total, most=DAY_MINUTES
        )
    return tr(
        "this makes {minutes:.0f} min in one day on {site}, and {most:.0f} are the most",
        minutes=total,
        site=site,
        most=DAY_MINUTES,
    )


def _too_often(site: str, number: int, rule: _Rule) -> str:
    if site == ANY:
        return tr(
            "this is session {number} of {program} that day; it is meant for {most}",
            number=number,
            program=rule.program,
            most=rule.per_day,
        )
    return tr(
        "this is session {number} of {program} that day on {site}; it is meant for {most}",
        number=number,
        program=rule.program,
        site=site,
        most=rule.per_day,
    )


def local_time(moment: datetime, now: datetime, zone: tzinfo | None = None, *, up: bool = False) -> str:
    """Return a moment as hh:mm, with the date if it isn't today, with the offset if the clocks change in between.

    `up` rounds up to the full minute, so that what is told as possible is.
    """
    exact = moment.astimezone(UTC)
    if up and (exact.second or exact.microsecond):
        exact = exact.replace(second=0, microsecond=0) + timedelta(minutes=1)
    local = exact.astimezone(zone)
    here = now.astimezone(zone)
    text = day_name(local, "%H:%M") if local.date() == here.date() else tr("{at:%Y-%m-%d %H:%M}", at=local)
    if local.utcoffset() != here.utcoffset():
        return f"{text} ({local:UTC%z})"
    return text
