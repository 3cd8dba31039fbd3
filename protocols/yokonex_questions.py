"""What a YOKONEX EMS is asked and when: its channels, its battery, and the fence between old reports and new ones."""

from functools import lru_cache
from math import inf
from typing import Any

from protocols.driver import Direction
from protocols.layout import Form, pick
from protocols.pace import Reading
from protocols.yokonex import LAYOUTS, QUERY, Value
from protocols.yokonex_lane import BOTH, Lane
from protocols.yokonex_level import LATE_S

ASK_S, AGAIN_S = 1.0, 0.3
"""Between two questions about a channel, and while its level isn't sure."""

QUERY_S = 0.05
"""Between any two questions, as the public drivers do it."""

_MOTOR, _BATTERY = 3, 4
_SLACK_S = 1e-9


@lru_cache(maxsize=256)
def heard(endpoint: str, data: bytes) -> tuple[Form, Any]:
    """Return what a unit has said, which is the same again and again; raise BadPacket."""
    return pick(LAYOUTS[Direction.FROM_DEVICE].get(endpoint, ()), data)


class Questions:
    """The questions of one link. The motor is the fence: nothing here ever moves it, so it is told when it is asked."""

    def __init__(self, now_s: float) -> None:
        self.percent: int | None = None
        self._asked_s = -inf
        self._fence: tuple[int, float] | None = None
        self._battery = Reading(now_s, every_s=60.0, retry_s=1.0, timeout_s=1.0)

    def due_s(self, lanes: tuple[Lane, ...], *, stops: bool, fence_s: float) -> float:
        """Return when to ask next. `stops`: zero has to be proved; a fence after `fence_s` without a clear report."""
        asks_s = [lane.asked_s + _gap_s(lane, stops=stops) for lane in lanes]
        return max(self._asked_s + QUERY_S, min(*asks_s, self._battery.due_s, self._fence_due_s(lanes, fence_s)))

    def ask(self, now_s: float, tag: int, lanes: tuple[Lane, ...], *, stops: bool, fence_s: float) -> bytes | None:
        """Return the question that is due, which goes out as number `tag`."""
        self._battery.late(now_s)
        if now_s < self._asked_s + QUERY_S - _SLACK_S:
            return None
        lane = min(lanes, key=lambda lane: lane.asked_s + _gap_s(lane, stops=stops))
        if self._fence_due_s(lanes, fence_s) <= now_s:
            what, self._fence = _MOTOR, (tag, now_s)
        elif now_s >= lane.asked_s + _gap_s(lane, stops=stops):
            what, lane.asked_s = BOTH.index(lane.channel) + 1, now_s
        elif self._battery.begin(now_s, tag):
            what = _BATTERY
        else:
            return None
        self._asked_s = now_s
        return QUERY.build(Value(what))

    def passed(self) -> int:
        """Take the answer to a fence: return its number (0: it was none). Reports know of all orders before it now."""
        tag, self._fence = (self._fence or (0, 0.0))[0], None
        return tag

    def charged(self, percent: int) -> None:
        """Take the battery."""
        self.percent = percent
        self._battery.took()

    def _fence_due_s(self, lanes: tuple[Lane, ...], fence_s: float) -> float:
        unclear_s = [lane.changed_s + fence_s for lane in lanes if lane.gauge.unclear]
        if not unclear_s:
            return inf
        return min(unclear_s) if self._fence is None else max(min(unclear_s), self._fence[1] + LATE_S)


def _gap_s(lane: Lane, *, stops: bool) -> float:
    return AGAIN_S if not lane.gauge.span.known or (stops and not lane.gauge.zero) else ASK_S
