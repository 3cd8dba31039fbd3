"""Keeps the rest between sessions and counts the day: pure, on moments with a zone.

1. Two hours lie between the end of one session and the start of the next on one site. The person may override that in
   full words, and it is told.
2. A past session with less than two minutes of output doesn't ask for rest, but its minutes count in the day's.
3. More than four sessions or 120 minutes a day on one site is warned of, not refused (programs.md section 3).
4. What isn't known counts as the longest it can have been. A site that nobody named may be any site.
5. Rest is counted in UTC, so a night of changing clocks is not two hours and not none; only what is told is local.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

GAP = timedelta(hours=2)
"""Least rest on one site between two sessions (safety.md C-17)."""

BRIEF_S = 120.0
"""Output shorter than this asks for no rest."""

DAY_SESSIONS = 4
DAY_MINUTES = 120.0
"""Highest usual dose a day and site (programs.md section 3)."""

LOOK_BACK = timedelta(days=2)
"""How far back records are needed: a local day has up to 25 hours, and one session may have begun before it."""

ANY = "any"
"""The site of a program that names none: the same place as every other."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """One past session on one site: `output_s` seconds of level above 0, pauses in `ended_utc` (None: none)."""

    site: str
    started_utc: datetime
    output_s: float
    ended_utc: datetime | None = None

    def __post_init__(self) -> None:
        if self.started_utc.tzinfo is None or (self.ended_utc is not None and self.ended_utc.tzinfo is None):
            raise ValueError("a moment of a session needs a zone")

    @property
    def over_utc(self) -> datetime:
        """When it was over: never before its output could have ended."""
        least = self.started_utc + timedelta(seconds=self.output_s)
        return least if self.ended_utc is None else max(least, self.ended_utc)


@dataclass(frozen=True, slots=True)
class Verdict:
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
    override_gap: bool = False,
    zone: tzinfo | None = None,
) -> Verdict:
    """Decide if a session of `minutes` on `sites` may start now; `zone` is the person's (None: the system's)."""
    if now_utc.tzinfo is None:
        raise ValueError("now needs a zone")
    now = now_utc.astimezone(UTC)
    records = tuple(past)
    warn: list[str] = []
    latest: tuple[datetime, str, Delivered] | None = None
    for site in dict.fromkeys(sites or (ANY,)):
        mine = [record for record in records if _same_site(record.site, site)]
        warn += _day(now, site, minutes, mine, zone)
        for record in mine:
            again = record.over_utc.astimezone(UTC) + GAP
            if record.output_s >= BRIEF_S and now < again and (latest is None or again > latest[0]):
                latest = again, site, record
    if latest is None:
        return Verdict(True, warn=tuple(warn))
    again, site, record = latest
    sentence = _rest(now, again, site, record, zone)
    if override_gap:
        return Verdict(True, warn=(f"gap overridden: {sentence}", *warn))
    why = f"{sentence}; to start all the same: --override gap"
    return Verdict(False, why, again, tuple(warn))


def _same_site(one: str, other: str) -> bool:
    return one == other or ANY in (one, other)


def _place(site: str) -> str:
    return "" if site == ANY else f" on {site}"


def _rest(now: datetime, again: datetime, site: str, record: Delivered, zone: tzinfo | None) -> str:
    ended = local_time(record.over_utc, now, zone)
    sentence = (
        f"the last session{_place(site)} ended at {ended} and 2 h of rest belong between two: "
        f"possible again at {local_time(again, now, zone, up=True)}"
    )
    if record.started_utc > now:
        sentence += " (that session lies in the future: check this computer's clock)"
    return sentence


def _day(now: datetime, site: str, minutes: float, mine: Sequence[Delivered], zone: tzinfo | None) -> list[str]:
    today = now.astimezone(zone).date()
    of_day = [record for record in mine if record.started_utc.astimezone(zone).date() == today]
    sessions = sum(record.output_s >= BRIEF_S for record in of_day) + 1
    total = sum(record.output_s for record in of_day) / 60 + minutes
    warn: list[str] = []
    if sessions > DAY_SESSIONS:
        warn.append(f"session {sessions} of the day{_place(site)}: {DAY_SESSIONS} a day are the usual most")
    if total > DAY_MINUTES:
        warn.append(f"{total:.0f} min of the day{_place(site)}: {DAY_MINUTES:.0f} a day are the usual most")
    return warn


def local_time(moment: datetime, now: datetime, zone: tzinfo | None = None, *, up: bool = False) -> str:
    """Return a moment as hh:mm, with the date if it isn't today, with the offset if the clocks change in between.

    `up` rounds up to the full minute, so that what is told as possible is.
    """
    exact = moment.astimezone(UTC)
    if up and (exact.second or exact.microsecond):
        exact = exact.replace(second=0, microsecond=0) + timedelta(minutes=1)
    local, here = exact.astimezone(zone), now.astimezone(zone)
    text = local.strftime("%H:%M" if local.date() == here.date() else "%Y-%m-%d %H:%M")
    if local.utcoffset() != here.utcoffset():
        text += local.strftime(" (UTC%z)")
    return text
