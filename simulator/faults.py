"""What can be made to go wrong, as frozen records: one for the radio, one for each family; and the text form of them.

Text form: `opt=val,opt=val`; a bare `opt` is `opt=yes`. Radio times are seconds since the link was opened, times of
what a person does are seconds since it was opened first. Shares are 0..1. Where a fact sheet leaves something open,
an option holds each reading of it, and the default is the one that is worse for a driver, unless a reason says
otherwise.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from difflib import get_close_matches
from math import inf, isfinite
from typing import Any, Literal, TypeVar

from simulator.outbox import Act

AWAY_S = 6.0
"""How long a unit is away after a cut, unless the option says so: the longest supervision time-out seen in units."""
HAND_ACTS = ("pads-off", "pads-on", "power-off", "power-on", "low-battery")
_HAND = re.compile(r"[AB][+-]\d{0,3}")
U = TypeVar("U", "Coyote3Options", "Em70Options")


class BadOption(ValueError):
    """An option that doesn't exist or doesn't fit: one sentence, with the nearest name or the allowed range."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option, for people: its name, the form of its value, what it does, its default as text."""

    name: str
    form: str
    meaning: str
    default: str


def _option(default: Any, form: str, meaning: str, read: Callable[[str], object]) -> Any:
    return field(default=default, metadata={"form": form, "meaning": meaning, "read": read})


def _number(low: float, high: float = inf) -> Callable[[str], float]:
    def read(text: str) -> float:
        value = float(text)
        if not isfinite(value) or not low <= value <= high:
            raise ValueError(f"{low:g} to {high:g}" if isfinite(high) else f"{low:g} or more")
        return value

    return read


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not low <= int(text) <= high:
            raise ValueError(f"{low} to {high}")
        return int(text)

    return read


def _one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError(f"one of {', '.join(words)}")
        return text

    return read


def _yes(text: str) -> bool:
    return _one_of("yes", "no")(text) == "yes"


def _pair(top: int) -> Callable[[str], tuple[int, int]]:
    def read(text: str) -> tuple[int, int]:
        first, _, second = text.partition("/")
        return _whole(0, top)(first), _whole(0, top)(second or first)

    return read


def _span(more_s: float | None) -> Callable[[str], tuple[float, float]]:
    def read(text: str) -> tuple[float, float]:
        at, plus, length = text.partition("+")
        if not plus and more_s is None:
            raise ValueError("T+D, both in seconds")
        return _number(0)(at), _number(0)(length) if plus else more_s or 0.0

    return read


def _acts(text: str) -> tuple[Act, ...]:
    acts = []
    for part in text.split(";"):
        what, _, at = part.partition("@")
        if what not in HAND_ACTS and not _HAND.fullmatch(what):
            raise ValueError(f"A+ A- B+ B- (A+5 is five steps) {' '.join(HAND_ACTS)}, each @seconds, with ; between")
        acts.append(Act(_number(0)(at), what))
    return tuple(acts)


def _word(text: str) -> str:
    if len(text.encode()) > 20:
        raise ValueError("at most 20 bytes")
    return text


_SHARE = _number(0, 1)


@dataclass(frozen=True, slots=True)
class RadioFaults:
    """What goes wrong on the air. Order is kept always; everything else may happen."""

    lost: float = _option(0.0, "P", "share of notifications that get lost", _SHARE)
    lost_after: float = _option(inf, "T", "from T s after connecting, all notifications get lost", _number(0))
    mute: bool = _option(False, "yes|no", "the unit is never heard: no notification arrives", _yes)
    late_s: float = _option(0.0, "S", "each notification comes S/2 to S seconds late", _number(0))
    dup: float = _option(0.0, "P", "share of notifications that arrive twice", _SHARE)
    corrupt: float = _option(0.0, "P", "share of notifications with a byte damaged or the end cut off", _SHARE)
    cut: tuple[float, float] | None = _option(
        None, "T[+D]", f"the link is lost T s after connecting; the unit is away D s ({AWAY_S:g})", _span(AWAY_S)
    )
    stall: tuple[float, float] | None = _option(
        None, "T+D", "silence on the air from T s after connecting, for D s; writes wait", _span(None)
    )
    decoy: bool = _option(False, "yes|no", "a second unit with the same service but another name is there", _yes)
    seed: int | None = _option(None, "N", "seed of all chance", _whole(0, 2**31))


@dataclass(frozen=True, slots=True)
class Coyote3Options:
    """How a coyote3 reads what its fact sheet leaves open, and what goes wrong inside it."""

    strength: tuple[int, int] = _option((0, 0), "A/B", "strengths left in the box from before (0-200)", _pair(200))
    limit: tuple[int, int] = _option((200, 200), "A/B", "limits left in the box from before (0-200)", _pair(200))
    battery: int = _option(82, "N", "battery in %", _whole(0, 100))
    low_battery: float = _option(inf, "T", "the battery falls to 5 % after T s", _number(0))
    name: str = _option("47L121000", "NAME", "name in the adverts; empty: hidden, as firmware of 2026 does", _word)
    adv_service: bool = _option(False, "yes|no", "adverts name service 180C", _yes)
    hand: tuple[Act, ...] = _option((), "ACT@T;…", "acts of a person, as A+@30;A-5@40;power-off@60", _acts)
    pads_off: float = _option(inf, "T", "the pads come off after T s", _number(0))
    load_ohm: float = _option(500.0, "OHM", "load between the pads", _number(1))
    stop_ignored: int = _option(0, "N", "the next N stops above 0 have no effect, though answered", _whole(0, 10**6))
    ack: Literal["always", "changed", "never"] = _option(
        "always",
        "always|changed|never",
        "which numbered changes are answered",
        _one_of("always", "changed", "never"),
    )
    ack_late_s: float = _option(0.0, "S", "answers come S seconds later still", _number(0))
    ack_drop_n: int = _option(0, "N", "every Nth answer is never sent", _whole(0, 10**6))
    ack_twice: bool = _option(False, "yes|no", "answers are sent twice", _yes)
    ack_idle: bool = _option(False, "yes|no", "numbered frames that order no change are answered too", _yes)
    b1_on_seq0: bool = _option(False, "yes|no", "changes without a number are told too, with number 0", _yes)
    reconnect: Literal["keep", "zero"] = _option(
        "keep", "keep|zero", "what a lost link does to the strengths", _one_of("keep", "zero")
    )
    repeat_last: bool = _option(False, "yes|no", "without a new frame the last one is repeated", _yes)
    accept_5_to_9: bool = _option(False, "yes|no", "period codes 5-9 are valid", _yes)
    be_reply: bool = _option(False, "yes|no", "limits are answered by the BE of old firmware", _yes)
    write_also: bool = _option(False, "yes|no", "150A takes writes with response too", _yes)
    noise: float = _option(0.0, "P", "share of answers that are followed by an unknown or odd packet", _SHARE)


@dataclass(frozen=True, slots=True)
class Em70Options:
    """How an em70 reads what its fact sheet leaves open, and what goes wrong inside it."""

    strength: int = _option(0, "N", "level that it runs at already (0-15)", _whole(0, 15))
    program: int = _option(9, "N", "program that is selected at the start", _whole(1, 255))
    timer: float = _option(0.0, "S", "length of each program; 0: 1800 s, and 1380 s for program 19", _number(0, 3600))
    drift: float = _option(0.0, "P", "share by which its clock runs slow, -0.2 to 0.2", _number(-0.2, 0.2))
    battery: int = _option(62, "N", "battery in %", _whole(0, 100))
    low_battery: float = _option(inf, "T", "the battery falls to 5 % after T s, and it says so", _number(0))
    name: str = _option("LT1102S", "NAME", "name in the adverts", _word)
    nul: bool = _option(True, "yes|no", "two NUL bytes follow the name, as captured", _yes)
    hand: tuple[Act, ...] = _option((), "ACT@T;…", "acts of a person, as A+@30;A-5@40;power-off@60", _acts)
    pads_off: float = _option(inf, "T", "the pads come off after T s", _number(0))
    load_ohm: float = _option(500.0, "OHM", "load between the pads (no effect on its assumed current)", _number(1))
    stop_ignored: int = _option(0, "N", "the next N stops (03 00) at a level above 0 have no effect", _whole(0, 10**6))
    down_ignored: int = _option(0, "N", "the next N steps down (02) have no effect", _whole(0, 10**6))
    echo03: bool = _option(False, "yes|no", "a set level (03) is echoed", _yes)
    nine: bool = _option(False, "yes|no", "the state has nine bytes, in the order of the app", _yes)
    notify04: bool = _option(True, "yes|no", "a change of program is told", _yes)
    overload_drops: bool = _option(True, "yes|no", "pads off: the level falls to 0; no: it stays", _yes)
    link_loss: Literal["run", "stop"] = _option(
        "run", "run|stop", "what a lost link does to the output", _one_of("run", "stop")
    )


def options_of(kind: type[RadioFaults] | type[Coyote3Options] | type[Em70Options]) -> tuple[Option, ...]:
    """Return the options of one record, in their order."""
    return tuple(Option(f.name, f.metadata["form"], f.metadata["meaning"], _told(f.default)) for f in fields(kind))


def read_options(text: str, radio: RadioFaults, unit: U) -> tuple[RadioFaults, U]:
    """Return both records with what the text sets; raise BadOption."""
    radio_fields: dict[str, Field[Any]] = {f.name: f for f in fields(radio)}
    unit_fields: dict[str, Field[Any]] = {f.name: f for f in fields(unit)}
    for part in text.split(",") if text.strip() else []:
        name, _, value = part.strip().partition("=")
        name = name.strip().replace("-", "_")
        if "=" not in part:
            value = "yes"
        if name in radio_fields:
            radio = replace(radio, **_read(radio_fields[name], value))
        elif name in unit_fields:
            unit = replace(unit, **_read(unit_fields[name], value))
        else:
            raise BadOption(_unknown(name, (*radio_fields, *unit_fields)))
    return radio, unit


def _read(option: "Field[Any]", value: str) -> Mapping[str, Any]:
    try:
        return {option.name: option.metadata["read"](value.strip())}
    except ValueError as error:
        allowed = str(error)
        if "could not convert" in allowed or "invalid literal" in allowed:
            allowed = "a number"
        raise BadOption(
            f"option {option.name}={option.metadata['form']}: {value!r} doesn't fit, it takes {allowed}"
        ) from error


def _unknown(name: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(known))}"
    return f"no option {name!r}; {hint}"


def _told(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case float() if value == inf:
            return "never"
        case float():
            return f"{value:g}"
        case tuple():
            return "/".join(str(part) for part in value) or "none"
        case None:
            return "none"
        case _:
            return str(value)
