"""The Guard: last before the driver and always on. It returns what of a request is permitted, and names the limit.

Rules:
1. The permitted level is the smallest of what is requested and all caps. Nothing is ever rounded up.
2. Lower is granted at once, whatever else is wrong.
3. Higher is granted only in a closed loop on what the unit reports: its level is known, was told afresh, has been
   settled for the family's gap, and the target is at most one step above it. While one of these fails, the level is
   held: where it is if it is known, else where it surely is or was granted to be when it was known. So an answer that
   got lost can never let two raises add up, and a level that nobody knows is never written from above.
4. Zero whenever the session doesn't play, the time is up, or the unit has not been heard for too long.
"""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct, field

from estim.core.errors import EstimError, Exit
from estim.core.translation import mark, tr, tr_text
from protocols.vocabulary import Capabilities, Channel, Level, Mode, Reported

SESSION_MAX_S = 30 * 60.0
"""No session puts out longer than this (safety.md C-31; consumer units end at 20 or 30 minutes)."""

NEW_UNIT_CAP_PCT = 35
"""Cap for a unit that nobody has set one for, % of its scale (70 of 200, as a careful host of the same box ships)."""


class Cap(Struct, frozen=True):
    """One upper limit: `why` completes "held by …", and names where to change it if that is possible."""

    why: str
    level: Mapping[Channel, Level]


class Limits:
    """All caps of a session, outermost first. The smallest of those that name a channel is the channel's."""

    def __init__(self, caps: tuple[Cap, ...]) -> None:
        self.caps = caps
        smallest: dict[Channel, tuple[Level, str]] = {}
        for cap in caps:
            for channel, level in cap.level.items():
                if channel not in smallest or level < smallest[channel][0]:
                    smallest[channel] = level, cap.why
        self._smallest = MappingProxyType(dict(sorted(smallest.items())))
        self.ceiling: Mapping[Channel, Level] = MappingProxyType({ch: cap for ch, (cap, _) in self._smallest.items()})

    def of(self, channel: Channel) -> tuple[Level, str]:
        """Return the smallest cap of a channel and why; 0 for a channel that no cap names."""
        return self._smallest.get(channel) or (Level(0), tr_text(_NO_CHANNEL))


_NO_CHANNEL = mark("the unit has no such channel")


def family_cap(caps: Capabilities) -> Cap:
    """Return the absolute cap: the top of the family's scale."""
    return Cap(tr("the scale ends at {level}", level=caps.scale), dict.fromkeys(caps.channels, caps.scale))


def percent_cap(caps: Capabilities, percent: float, why: str) -> Cap:
    """Return a cap of so many % of the scale, rounded down; it may leave nothing but 0 on a coarse scale."""
    return Cap(why, dict.fromkeys(caps.channels, Level(int(caps.scale * percent / 100))))


class Request(Struct, frozen=True):
    """What the session wants now. `gate` is the score's envelope (1: full); `halted` says why nothing may flow.

    `held` is what was granted last: while a level is unknown it is not passed.
    """

    mode: Mode
    level: Mapping[Channel, Level]
    gate: float
    started_s: float
    end_s: float
    halted: str = ""
    held: Mapping[Channel, Level] = field(default_factory=dict)


class Permit(Struct, frozen=True):
    """What is permitted, and for each channel the sentence of the limit that decided (empty: the request itself).

    `asks`: a raise waits for nothing but the unit's fresh word on its level.
    """

    level: Mapping[Channel, Level]
    why: Mapping[Channel, str]
    asks: bool = False


NOT_FRESH = mark("waiting for the unit to say its level again")


def permit(now_s: float, request: Request, reported: Reported, caps: Capabilities, limits: Limits) -> Permit:
    """Decide. Pure: the same arguments give the same answer, and asking twice changes nothing."""
    level: dict[Channel, Level] = {}
    why: dict[Channel, str] = {}
    barred = _barred(now_s, request, reported, caps)
    for channel in caps.channels:
        if barred:
            level[channel] = Level(0)
            why[channel] = barred
        else:
            level[channel], why[channel] = _one(now_s, channel, request, reported, caps, limits)
    asks = NOT_FRESH in why.values()  # the code's own sentence: it is translated after this alone
    said = {channel: tr_text(text) if text == NOT_FRESH else text for channel, text in why.items()}
    return Permit(level, said, asks=asks)


def _barred(now_s: float, request: Request, reported: Reported, caps: Capabilities) -> str:
    if request.mode is not Mode.PLAY:
        return request.halted or tr("nothing is playing")
    if now_s >= request.end_s or now_s >= request.started_s + SESSION_MAX_S:
        return tr("the time is up")
    if now_s - reported.heard_s > caps.fault_s:
        return tr("the unit has said nothing for {seconds:.0f} s", seconds=caps.fault_s)
    return ""


def _one(
    now_s: float, channel: Channel, request: Request, reported: Reported, caps: Capabilities, limits: Limits
) -> tuple[Level, str]:
    cap, cap_why = limits.of(channel)
    requested = request.level.get(channel, Level(0))
    target, why = (cap, cap_why) if requested > cap else (requested, "")
    dial = reported.ceiling.get(channel, caps.scale)
    if target > dial:
        target = dial
        why = tr("the unit's own limit is {level}", level=dial)
    if 0 < target < caps.first:
        target = Level(0)
        why = tr("the unit's first level is {level}", level=caps.first)
    span = reported.level[channel]
    # what it surely is at; and while that isn't known, what was granted when it was
    held = Level(max(span.lo, min(request.held.get(channel, Level(0)), span.hi)))
    if target <= held:
        return target, why
    if not span.known:
        return held, tr("waiting for the unit to say its level")
    if now_s - reported.told_s > caps.stale_s:
        return held, tr("the unit has not said its level lately")
    if request.gate < 1.0:
        return held, tr("no raise while a contraction rises, falls or rests")
    if now_s < reported.settled_s[channel] + caps.raise_gap_s - 1e-9:
        return held, tr("one step each {seconds:g} s", seconds=caps.raise_gap_s)
    if now_s - reported.told_s > caps.fresh_s:
        return held, NOT_FRESH
    reach = max(span.lo + caps.step, caps.first)
    if target > reach:
        return Level(reach), tr("at most {steps} a step", steps=caps.step)
    return target, why


def check_level(limits: Limits, channel: Channel, goal: int) -> None:
    """Refuse a goal above the cap, naming the cap."""
    cap, why = limits.of(channel)
    if goal > cap:
        raise EstimError(
            tr(
                "level {level} on {channel} is above its cap of {cap} ({why}): ask for 0 to {cap}",
                level=goal,
                channel=channel.value,
                cap=cap,
                why=why,
            ),
            code=Exit.REFUSED,
        )


def reached(requested: Mapping[Channel, Level], reported: Reported, limits: Limits) -> bool:
    """Say whether every channel is where it is requested, or at its cap."""
    return all(reported.level[channel].lo >= min(level, limits.of(channel)[0]) for channel, level in requested.items())
