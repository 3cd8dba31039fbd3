"""Contains a family that isn't ours: whatever its code does, it is checked, and its name stands in the message.

1. A family must be what it says: limits that the Guard can rely on, a name of its own, endpoints it really has.
2. Its driver is asked as any other, but each answer is checked. The first fault silences it: nothing of it is written
   any more, and the runner breaks the session off and stops the unit by a fresh link and a fresh driver.
3. What its bytes mean nobody can check: the Guard bounds what it is asked for, its own honesty the rest (SAFETY.md).
"""

from collections.abc import Callable
from math import inf, isnan
from typing import Any, TypeVar

from estim.core.translation import mark, tr, tr_text
from estim.core.values import replace
from protocols.driver import Driver
from protocols.family import Family
from protocols.vocabulary import (
    Advert,
    AirError,
    Capabilities,
    Close,
    Endpoint,
    Event,
    Match,
    Op,
    Out,
    Read,
    Reported,
    Span,
    Wanted,
    Write,
    Zero,
)

T = TypeVar("T")

OPS_A_POLL = 16
"""More at one moment is a flood; the largest ladder of ours has seven."""

OPS_A_SECOND = 120
"""More in one second is a flood; two channels streamed at 100 ms with questions make about forty."""

WRITE_MAX = 512
"""Longest value of a characteristic, bytes (Bluetooth Core, Vol 3 Part F 3.2.9)."""

SCALE_MAX = 10_000
"""No unit has a finer scale; levels of this size still make sense to a person."""


class PluginError(Exception):
    """A plug-in broke a rule; the text names it and the rule."""


def blamed(bug: Exception) -> str:
    """Return the sentence for a bug that broke in: a plug-in's by its name, else ours."""
    return str(bug) if isinstance(bug, PluginError) else tr("a bug in estim: {bug}", bug=repr(bug))


def _broken(origin: str, why: str) -> PluginError:
    return PluginError(tr("plug-in {package}: {why}", package=origin, why=why))


def checked(family: object, name: str, origin: str, taken: tuple[str, ...]) -> Family:
    """Return a plug-in's family, contained; raise PluginError if it is no family or breaks a rule.

    `name` is the entry point's, `origin` the package it came in, `taken` the names that are in use.
    """
    if not isinstance(family, Family):
        raise _broken(
            origin, tr("{name} is {kind}, not a protocols.family.Family", name=name, kind=type(family).__name__)
        )
    for wrong, text in (
        (
            family.name != name,
            tr("the family calls itself {own!r}, the entry point {name!r}", own=family.name, name=name),
        ),
        (family.caps.family != name, tr("its capabilities are those of {family!r}", family=family.caps.family)),
        (name in taken, tr("there is a family {family!r} already", family=name)),
        (not name.isascii() or not name.isidentifier(), tr("its name must be letters, digits and _")),
        (
            family.caps.scale > SCALE_MAX,
            tr("a scale of {scale}: at most {most}", scale=family.caps.scale, most=SCALE_MAX),
        ),
        (not family.endpoints, tr("it has no endpoint")),
        (not set(family.subscribe) <= set(family.endpoints), tr("it subscribes to endpoints that it hasn't")),
        (not family.by_hand.strip(), tr("it doesn't say how to end output by hand")),
    ):
        if wrong:
            raise _broken(origin, text)
    _check_limits(family.caps, family.caps, origin)
    return replace(
        family,
        match=_guarded(family.match, Match.NO),
        profile_named=_named(family),
        connect=lambda now_s, profile: Contained(family, origin, now_s, profile),
        title=tr("{family} (plug-in {package})", family=family.title, package=origin),
    )


def _guarded(match: Callable[[Advert], Match], otherwise: Match) -> Callable[[Advert], Match]:
    def guarded(advert: Advert) -> Match:
        try:
            found: Any = match(advert)
        except Exception:  # noqa: BLE001 - somebody else's code
            return otherwise
        return found if isinstance(found, Match) else otherwise

    return guarded


def _named(family: Family) -> Callable[[str], str | None]:
    def guarded(name: str) -> str | None:
        try:
            found = family.profile_named(name)
        except Exception:  # noqa: BLE001 - somebody else's code
            return None
        return found if found in family.profiles else None

    return guarded


def _check_limits(caps: Capabilities, first: Capabilities, origin: str) -> None:
    """Check capabilities by the rules of the vocabulary again, and that they are no looser than at first."""
    try:
        replace(caps)  # runs the checks of the vocabulary, which a subclass may have got around
    except (ValueError, TypeError) as error:
        raise _broken(origin, str(error)) from error
    looser = (
        caps.channels != first.channels
        or caps.scale > first.scale
        or caps.step > first.step
        or caps.first > first.first
        or caps.raise_gap_s < first.raise_gap_s
        or caps.fresh_s > first.fresh_s
        or caps.stale_s > first.stale_s
        or caps.fault_s > first.fault_s
    )
    if looser or type(caps) is not Capabilities:
        raise _broken(origin, tr("its limits became looser after connecting"))


class Contained:
    """A driver of a plug-in: see the module. It raises PluginError once, from `poll` or `reported`, then is silent."""

    def __init__(self, family: Family, origin: str, now_s: float, profile: str) -> None:
        self._family = family
        self._origin = origin
        self._fault = ""
        self._told = False
        self._second = -inf
        self._count = 0
        self._stop = 0
        self._due_s = now_s
        self._last = _nothing(family.caps)
        self._inner: Driver | None = self._ask(lambda: family.connect(now_s, profile), None)

    @property
    def caps(self) -> Capabilities:
        """See protocols.driver.Driver."""
        return self._family.caps

    @property
    def due_s(self) -> float:
        """See protocols.driver.Driver."""
        return self._due_s if self._inner is not None else inf

    def want(self, now_s: float, wanted: Wanted) -> None:
        """See protocols.driver.Driver."""
        if self._inner is not None:
            inner = self._inner
            self._stop = wanted.stop
            self._ask(lambda: inner.want(now_s, wanted), None)

    def receive(self, now_s: float, endpoint: Endpoint, data: bytes) -> list[Event]:
        """See protocols.driver.Driver."""
        inner = self._inner
        return [] if inner is None else self._events(lambda: inner.receive(now_s, endpoint, data))

    def done(self, now_s: float, tag: int, data: bytes, error: AirError | None) -> list[Event]:
        """See protocols.driver.Driver."""
        inner = self._inner
        return [] if inner is None else self._events(lambda: inner.done(now_s, tag, data, error))

    def poll(self, now_s: float) -> list[Op]:
        """See protocols.driver.Driver; raises PluginError."""
        inner = self._inner
        ops: list[Op] = [] if inner is None else self._ask(lambda: self._polled(inner, now_s), [])
        self._raise_once()
        return ops

    def reported(self, now_s: float) -> Reported:
        """See protocols.driver.Driver; raises PluginError."""
        self._raise_once()
        inner = self._inner
        if inner is not None:
            self._last = self._ask(lambda: self._report(inner.reported(now_s), now_s), self._last)
        self._raise_once()
        return self._last if self._inner is not None else _nothing(self._family.caps)

    def lost(self, now_s: float) -> Reported:
        """See protocols.driver.Driver."""
        inner = self._inner
        nothing = _nothing(self._family.caps)
        return nothing if inner is None else self._ask(lambda: self._report(inner.lost(now_s), now_s), nothing)

    def _raise_once(self) -> None:
        if self._fault and not self._told:
            self._told = True
            raise PluginError(self._fault)

    def _ask(self, act: Callable[[], T], otherwise: T) -> T:
        try:
            return act()
        except PluginError as fault:
            self._fault = self._fault or str(fault)
        except Exception as bug:  # noqa: BLE001 - somebody else's code
            failed = tr("plug-in {package} failed: {bug}", package=self._origin, bug=repr(bug))
            self._fault = self._fault or failed
        self._inner = None
        return otherwise

    def _events(self, act: Callable[[], Any]) -> list[Event]:
        events: Any = self._ask(act, [])
        if isinstance(events, list) and all(isinstance(event, Event) for event in events):
            return events[:OPS_A_POLL]
        self._fault = str(_broken(self._origin, tr("reports something that isn't an event")))
        self._inner = None
        return []

    def _polled(self, inner: Driver, now_s: float) -> list[Op]:
        ops = inner.poll(now_s)
        _check_limits(inner.caps, self._family.caps, self._origin)
        self._due_s = inner.due_s
        if now_s >= self._second + 1.0:
            self._second = now_s
            self._count = 0
        self._count += len(ops)
        if len(ops) > OPS_A_POLL or self._count > OPS_A_SECOND:
            raise _broken(self._origin, tr("floods the air, {count} operations within a second", count=self._count))
        for op in ops:
            self._check_op(op)
        return ops

    def _check_op(self, op: Any) -> None:
        match op:
            case Write(_, endpoint, data, _, _):
                value: Any = data
                if not isinstance(value, bytes) or len(value) > WRITE_MAX:
                    text = tr("writes something that isn't a value of at most {most} bytes", most=WRITE_MAX)
                    raise _broken(self._origin, text)
            case Read(_, endpoint):
                pass
            case Close():
                return
            case _:
                raise _broken(self._origin, tr("asks for {kind}, which isn't an operation", kind=type(op).__name__))
        if endpoint not in self._family.endpoints:
            why = tr("uses the endpoint {endpoint}, which the family hasn't", endpoint=endpoint.name)
            raise _broken(self._origin, why)

    def _report(self, reported: Reported, now_s: float) -> Reported:
        caps = self._family.caps
        if type(reported.stop) is not int or reported.stop > self._stop:
            raise _broken(self._origin, tr("speaks of a stop that nobody has asked for yet"))
        for channel in caps.channels:
            span: Any = reported.level.get(channel)
            if not isinstance(span, Span) or span.hi > caps.scale:
                raise _broken(
                    self._origin,
                    tr(
                        "says {told} of channel {channel}, levels go from 0 to {scale}",
                        told=tr("nothing") if span is None else span,
                        channel=channel.value,
                        scale=caps.scale,
                    ),
                )
            if isnan(reported.settled_s.get(channel, inf)):
                raise _broken(self._origin, tr("doesn't say since when a level is known"))
        fed_s = -inf if reported.fed_s is None else reported.fed_s
        for at_s, why in (
            (reported.heard_s, mark("was heard in the future, or never says when")),
            (reported.told_s, mark("was told in the future, or never says when")),
            (fed_s, mark("was fed in the future, or never says when")),
        ):
            if not at_s <= now_s + 1e-6:
                raise _broken(self._origin, tr_text(why))
        return reported


def _nothing(caps: Capabilities) -> Reported:
    """Return that nothing is known: the unit may be at any level."""
    return Reported(
        ready=False,
        closable=True,
        level=dict.fromkeys(caps.channels, Span(0, caps.scale)),
        settled_s=dict.fromkeys(caps.channels, inf),
        ceiling=dict.fromkeys(caps.channels, caps.scale),
        out=Out.MAYBE,
        zero=Zero.NO,
        until_s=inf,
        heard_s=-inf,
        told_s=-inf,
    )
