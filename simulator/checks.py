"""A witness over what software units recorded: each check returns sentences, one for each time the rule was broken.

The rules are those of the hazard table for any session: no jump up, nothing above the cap, nothing before the arming
act, zero at the end and before a hang-up, no output at a strength that somebody left in the box.
"""

from collections.abc import Iterable, Mapping
from typing import cast

from simulator.trace import Record

HELD_S = 1.0
"""A level above the cap that a hand made may last so long until it is lowered."""
_SAME = 1e-4
"""Two moments this close are one: 0.1 ms."""


def violations(
    records: Iterable[Record],
    *,
    step: int,
    gap_s: float,
    cap: Mapping[str, int],
    armed_s: float | None,
    ended: bool = True,
) -> list[str]:
    """Return all that any rule has against a trace; `armed_s` None: never armed, `ended` false: it may still run."""
    kept = tuple(records)
    found = jumps(kept, step, gap_s) + above(kept, cap) + unarmed(kept, armed_s) + left_over(kept)
    return found + (still_on(kept) + hung_up_on(kept) if ended else [])


def jumps(records: Iterable[Record], step: int, gap_s: float) -> list[str]:
    """Check that the host never raises a level by more than `step` within any `gap_s` seconds."""
    found = []
    level: dict[str, int] = {}
    rises: dict[str, list[tuple[float, int]]] = {}
    for record, who, now in _levels(records):
        rise = now - level.get(who, 0)
        at_s = _t(record)
        level[who] = now
        if record["event"] != "level" or record["by"] != "host" or rise <= 0:
            continue
        near = [(when_s, by) for when_s, by in rises.get(who, []) if at_s - when_s < gap_s - _SAME]
        rises[who] = [*near, (at_s, rise)]
        total = sum(by for _, by in rises[who])
        if total > step:
            found.append(f"{at_s:.3f} s: {who} rose by {total} to {now} within {gap_s:g} s; {step} is allowed")
    return found


def above(records: Iterable[Record], cap: Mapping[str, int]) -> list[str]:
    """Check that no level goes above its cap; one that a hand made has to be lowered within HELD_S."""
    found = []
    since: dict[str, tuple[float, int]] = {}
    for record, who, now in _levels(records):
        at_s = _t(record)
        top = cap[who.rsplit(" ", 1)[-1]]
        if who in since and at_s - since[who][0] > HELD_S:
            found.append(f"{at_s:.3f} s: {who} was at {since[who][1]} for {at_s - since[who][0]:.1f} s; cap {top}")
        if now <= top:
            since.pop(who, None)
        elif record["event"] == "level" and record["by"] == "host" and now > since.get(who, (0.0, top))[1]:
            found.append(f"{at_s:.3f} s: {who} was raised to {now}, above its cap of {top}")
        elif record["event"] == "level":
            since[who] = since.get(who, (at_s, 0))[0], now
    return found


def still_on(records: Iterable[Record]) -> list[str]:
    """Check that the last level of every channel is 0."""
    last = {who: (now, _t(record)) for record, who, now in _levels(records)}
    return [f"{at_s:.3f} s: {who} was left at {now}" for who, (now, at_s) in last.items() if now]


def hung_up_on(records: Iterable[Record]) -> list[str]:
    """Check that every level is 0 whenever a link ends. Not for traces with a link that was lost."""
    found = []
    for record in records:
        if record["event"] == "disconnect":
            found += [
                f"{_t(record):.3f} s: {record['unit']} {channel} was at {level} when the link ended"
                for channel, level in cast("Mapping[str, int]", record["level"]).items()
                if level
            ]
    return found


def unarmed(records: Iterable[Record], armed_s: float | None) -> list[str]:
    """Check that nothing is raised and nothing flows before the arming act."""
    found = []
    level: dict[str, int] = {}
    for record in records:
        at_s = _t(record)
        if armed_s is not None and at_s >= armed_s:
            break
        if record["event"] == "output" and cast("float", record["current_ma"]) > 0 and record["why"] != "before":
            found.append(f"{at_s:.3f} s: {record['unit']} {record['channel']} gave {record['current_ma']} mA unarmed")
        for _, who, now in _levels([record]):
            if record["event"] == "level" and record["by"] == "host" and now > level.get(who, 0):
                found.append(f"{at_s:.3f} s: {who} was raised to {now} unarmed")
            level[who] = now
    return found


def left_over(records: Iterable[Record]) -> list[str]:
    """Check that a strength found in the unit at a connect is brought to 0 before anything flows on that link."""
    found = []
    stale: dict[str, int] = {}
    for record in records:
        unit = str(record["unit"])
        if record["event"] == "connect":
            for channel, level in cast("Mapping[str, int]", record["level"]).items():
                stale[f"{unit} {channel}"] = level
        elif record["event"] == "level" and record["level"] == 0:
            stale[f"{unit} {record['channel']}"] = 0
        elif record["event"] == "output" and record["why"] == "frame" and cast("float", record["current_ma"]) > 0:
            who = f"{unit} {record['channel']}"
            if stale.get(who):
                found.append(f"{_t(record):.3f} s: {who} gave output at {stale[who]}, which was left in the unit")
    return found


def _levels(records: Iterable[Record]) -> Iterable[tuple[Record, str, int]]:
    """Return each record that tells a level, with "unit channel" and the level."""
    for record in records:
        unit = str(record["unit"])
        if record["event"] == "level":
            yield record, f"{unit} {record['channel']}", cast("int", record["level"])
        elif record["event"] in ("connect", "disconnect"):
            for channel, level in cast("Mapping[str, int]", record["level"]).items():
                yield record, f"{unit} {channel}", level


def _t(record: Record) -> float:
    return cast("float", record["t"])
