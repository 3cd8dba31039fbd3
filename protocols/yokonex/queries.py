"""What a YOKONEX EMS is asked and when: its channels, its battery, and the fence between old reports and new ones.

1. A report carries no number. But a unit answers in order, so what comes after the answer to a question of another kind
   (a fence) is newer than that question. So a report tells a level as of the last fence, not as of when it is heard.
2. A kind of fence is asked again only when it was answered or is LATE_S old, so that an answer is never taken for a
   later question's. There are kinds in turn, so that one that a unit doesn't know, or that got lost, holds up nothing.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import inf
from typing import Any

from protocols.layout import Direction, Form, Layout, pick
from protocols.pace import Reading
from protocols.yokonex.channel import BOTH, ChannelState
from protocols.yokonex.level import LATE_S
from protocols.yokonex.packets import LAYOUTS, MOTION, MOTOR_TOLD, QUERY, STEPS, Value

ASK_S = 1.0
"""Between two questions about a channel."""

AGAIN_S = 0.3
"""The same while its level isn't sure."""

QUERY_S = 0.05
"""Between any two questions, as the public drivers do it."""

_BATTERY = 4
_FENCES = {MOTOR_TOLD: 3, STEPS: 5, MOTION: 6}
"""What is asked for as a fence: nothing here moves the motor or switches a sensor on, so it is told only if asked."""

FENCE_S = 1.0
"""Between two fences of a stop: one that isn't answered by then may have got lost."""

_SLACK_S = 1e-9


@lru_cache(maxsize=256)
def heard(endpoint: str, data: bytes) -> tuple[Form, Any]:
    """Return what a unit has said, which is the same again and again; raise BadPacket."""
    return pick(LAYOUTS[Direction.FROM_DEVICE].get(endpoint, ()), data)


class Questions:
    """The questions of one link. `fenced_s` is when the last fence was put that is answered (-inf: none was)."""

    def __init__(self, now_s: float) -> None:
        self.percent: int | None = None
        self._asked_s = -inf
        self.fenced_s = -inf
        self._fence_s = -inf  # when one was put last
        self._fences = [_Fence(what) for what in _FENCES.values()]
        self._battery = Reading(now_s, every_s=60.0, retry_s=1.0, timeout_s=1.0)

    def due_s(self, states: tuple[ChannelState, ...], *, stops: bool, fence_s: float, fresh_s: float) -> float:
        """Return when to ask next. `stops`: zero has to be proved; a fence after `fence_s` without a clear report.

        At `fresh_s` (inf: never) levels are needed that are told afresh.
        """
        asks_s = [self._ask_s(state, stops=stops, fresh_s=fresh_s) for state in states]
        fence_due_s = self._fence_due_s(states, fence_s, fresh_s)
        return max(self._asked_s + QUERY_S, min(*asks_s, self._battery.due_s, fence_due_s))

    def ask(
        self, now_s: float, tag: int, states: tuple[ChannelState, ...], *, stops: bool, fence_s: float, fresh_s: float
    ) -> bytes | None:
        """Return the question that is due, which goes out as number `tag`."""
        self._battery.late(now_s)
        if now_s < self._asked_s + QUERY_S - _SLACK_S:
            return None
        state = min(states, key=lambda state: self._ask_s(state, stops=stops, fresh_s=fresh_s))
        if self._fence_due_s(states, fence_s, fresh_s) <= now_s:
            fence = next(one for one in self._fences if one.free_s <= now_s)
            fence.tag = tag
            fence.put_s = now_s
            self._fence_s = now_s
            what = fence.what
        elif now_s >= self._ask_s(state, stops=stops, fresh_s=fresh_s):
            what = BOTH.index(state.channel) + 1
            state.asked_s = now_s
        elif self._battery.begin(now_s, tag):
            what = _BATTERY
        else:
            return None
        self._asked_s = now_s
        return QUERY.build(Value(what))

    def passed(self, now_s: float, form: Form) -> int:
        """Take the answer to a fence: return its number (0: it was none). Reports know of all orders before it now."""
        fence = next((one for one in self._fences if isinstance(form, Layout) and one.what == _FENCES.get(form)), None)
        if fence is None or fence.free_s <= now_s:
            return 0
        tag = fence.tag
        self.fenced_s = max(self.fenced_s, fence.put_s)
        fence.tag = 0
        fence.put_s = -inf
        self._fences.remove(fence)
        self._fences.insert(0, fence)  # one that is answered is asked before those that may never be
        return tag

    def charged(self, percent: int) -> None:
        """Take the battery."""
        self.percent = percent
        self._battery.took()

    def _fence_due_s(self, states: tuple[ChannelState, ...], fence_s: float, fresh_s: float) -> float:
        due_s = max(fresh_s, self._fence_s + AGAIN_S)
        for state in states:
            if state.gauge.unclear:
                again_s = self._fence_s + FENCE_S if self._fence_s >= state.changed_s else -inf
                due_s = min(due_s, max(state.changed_s + fence_s, again_s))
        return max(due_s, min(one.free_s for one in self._fences))

    def _ask_s(self, state: ChannelState, *, stops: bool, fresh_s: float) -> float:
        """Return when a channel is asked next: at once, if a fence was put for a fresh level since it was asked."""
        if state.asked_s < self._fence_s and fresh_s <= self._fence_s:
            return self._fence_s
        gap_s = AGAIN_S if not state.gauge.span.known or (stops and not state.gauge.zero) else ASK_S
        return state.asked_s + gap_s


@dataclass(slots=True)
class _Fence:
    what: int
    tag: int = 0
    put_s: float = -inf

    @property
    def free_s(self) -> float:
        """When it may be put again: now, unless an answer may still come."""
        return self.put_s + LATE_S
