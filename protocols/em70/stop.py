"""The stop of an EM 70 as a ladder that climbs by what the unit answers, until two states have proved zero.

1. Three times 03 00, each with a question right behind it; then 02 for each level; then from the start again.
2. The next rung comes with an answer above zero (in the first round), or when an answer has failed to come in ASK_S.
3. Switching the unit off (0D) comes last: after a whole round, not while answers say zero, and later if there are
   no answers at all, so that replies lost on the air don't switch a unit off that has long stopped.
4. Nothing ends the ladder but the proof, which takes 2.5 s longer if the unit was at zero already (its old answers).
5. A 0D that went out proves nothing, nor does a link that is lost later. Only a unit that acknowledged it and then
   ended the link itself is off: soon after, and in mid-conversation (one out of range falls silent first).
"""

from math import inf

from protocols.em70.level import Act

ASK_S = 0.3
"""How long an answer is waited for."""

DOWN_GAP_S = 0.06
"""Between two 02 whose response has not come (about four times the response time at a 15 ms interval)."""

ROUND = 4
"""Rungs in a round: three times 03 00, then the 02s."""

OFF_TOLD_S = 2.0
"""Switch off no sooner than this if the unit's answers say that it goes on."""

OFF_MUTE_S = 3.0
"""Switch off no sooner than this if there are no answers (with half of them lost, ten lost in a row: 1 in 1000)."""

OFF_AGAIN_S = 2.5
"""A unit that has not acknowledged 0D for so long, or still tells a level then, did not take it: it is sent again. Nor
is the end of a link a consequence of it any more."""

SILENT_S = 0.4
"""A link that ends sooner than this after the unit's last word was ended by the unit: the shortest supervision time-out
(420 ms, as Linux asks for; the unit asks for 6 s) would need a longer silence."""

ZERO_HOLDS_S = 1.0
"""A zero that may be an old one holds back the switching off for this long."""


class Stop:
    """One stop. `due_s` says when to act next (inf: proved, nothing left to do)."""

    def __init__(self, now_s: float) -> None:
        self.sent = False
        self.due_s = now_s
        self._since_s = now_s
        self._rung = 0
        self._downs = 0
        self._zeros = 0
        self._asked = False
        self._above = False
        self._zero_s = -inf
        self._off_s: float | None = None
        self._taken_s: float | None = None

    @property
    def seen_zero(self) -> bool:
        """Say whether one state has proved zero."""
        return self._zeros > 0

    @property
    def proved(self) -> bool:
        """Say whether two states have."""
        return self._zeros > 1

    def ended_link(self, now_s: float, heard_s: float) -> bool:
        """Say whether a link that is lost now was ended by the unit because it took the 0D; `heard_s` is when it last
        acknowledged or said anything.
        """
        return self._taken_s is not None and now_s - self._taken_s <= OFF_AGAIN_S and now_s - heard_s <= SILENT_S

    def act(self, now_s: float, hi: int, *, may_switch_off: bool) -> list[Act]:
        """Return what has to be written now; `hi` is the highest level that the unit may be at."""
        if now_s < self.due_s:
            return []
        self.sent = True
        self.due_s = now_s + ASK_S
        if self._zeros:
            self._asked = True
            return [Act.ASK]
        if not self._downs and self._rung >= ROUND and may_switch_off and self._last_resort(now_s):
            self._off_s = now_s
            self._taken_s = None
            return [Act.POWER_OFF, Act.ASK]
        if not self._downs:
            self._rung += 1
            if self._rung % ROUND or hi == 0:
                self._asked = True
                return [Act.ZERO, Act.ASK]
            self._downs = hi
        self._downs -= 1
        if self._downs:
            self.due_s = now_s + DOWN_GAP_S
            return [Act.DOWN]
        self._asked = True
        return [Act.DOWN, Act.ASK]

    def responded(self, now_s: float) -> None:
        """The unit acknowledged a write: the next of several 02 may go."""
        if self._downs:
            self.due_s = min(self.due_s, now_s)

    def answered(self, now_s: float, level: int, *, fresh: bool) -> None:
        """Take the level that a state told; `fresh` if it can't be an old one."""
        if level == 0:
            self._above = False
            self._zero_s = now_s
            if fresh and self._asked:
                self._zeros = self._zeros + 1
                self._asked = False
                self._downs = 0
                self.due_s = inf if self.proved else now_s
            return
        self._above = True
        if self._off_s is not None and now_s >= self._off_s + OFF_AGAIN_S:
            self._off_s = self._taken_s = None
        if not self._downs and not self._zeros and self._rung < ROUND:
            self.due_s = min(self.due_s, now_s)

    def taken(self, now_s: float) -> None:
        """The unit acknowledged the 0D."""
        if self._off_s is not None:
            self._taken_s = now_s

    def failed(self) -> None:
        """The 0D did not reach the unit."""
        self._off_s = None

    def _last_resort(self, now_s: float) -> bool:
        if now_s < self._zero_s + ZERO_HOLDS_S:
            return False
        if self._off_s is not None:
            return self._taken_s is None and now_s >= self._off_s + OFF_AGAIN_S
        if self._above:
            return now_s - self._since_s >= OFF_TOLD_S
        return now_s - max(self._since_s, self._zero_s) >= OFF_MUTE_S
