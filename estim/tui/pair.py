"""Two units as one session: ordered one after the other, each begun by its own number, and ended together.

1. The orders begin nothing: both units wait at zero, and a unit's number is its pads-on act, once both have been ready.
2. What keeps one of them from being ready, or ends one before its time, stops the other; one that has completed lets
   the other go on. That is decided as the host's lines come in, before anything is drawn.
3. A stop between the two orders, whoever of this screen sent it, keeps the second from being sent.
4. A number that has just led here from a place begins nothing, however long it is held (client/consent.py).
"""

from collections.abc import Callable, Sequence
from typing import Literal

from estim.client.consent import Consent
from estim.client.follower import Follower
from estim.core.messages.commands import Arm, Ask, Done, Refusal, Reply, Start
from estim.core.messages.events import Ended
from estim.core.messages.lines import Line
from estim.core.messages.lowering import Stop
from estim.core.messages.shown import Snapshot
from estim.core.translation import tr
from estim.core.vocabulary import Reason, State
from estim.tui import wording
from estim.tui.keymap import key_of

ENDING = frozenset({State.STOPPING, State.FAULT, State.ENDED})
"""Where a session is on its way to its end, or there."""
NOT_YET = frozenset({State.IDLE, State.CONNECTING})
"""Where a unit isn't ready yet."""
BY_A_PERSON = frozenset({Reason.STOPPED, Reason.PANIC, Reason.INTERRUPTED})


class Pair:
    """The two that are under way, if there are two. `say` shows a sentence; `consent` knows what has just led here."""

    def __init__(self, follower: Follower, say: Callable[[str], None], consent: Consent) -> None:
        self._follower = follower
        self._say = say
        self._consent = consent
        self._units: list[str] = []
        self._last: dict[str, Snapshot] = {}
        self._ends: dict[str, Reason] = {}
        self._over: set[str] = set()
        self._stopped: set[str] = set()
        self._unanswered: list[Stop] = []
        self._ordering = False
        self._why = ""

    @property
    def on(self) -> bool:
        """Whether two units are ordered or under way."""
        return self._ordering or any(unit not in self._over for unit in self._units)

    def number(self, unit: str) -> int:
        """Return a unit's number, 0 if it isn't one of the two."""
        return self._units.index(unit) + 1 if self.on and unit in self._units else 0

    def waits(self, unit: str) -> bool:
        """Say whether a unit waits for its number, and would take it: the other isn't late."""
        return self._is_ready(unit) and len(self._units) == 2 and not any(self._is_late(one) for one in self._units)

    def _is_ready(self, unit: str) -> bool:
        last = self._last.get(unit)
        return self.number(unit) > 0 and last is not None and last.state is State.READY

    # The orders

    async def begin(self, starts: Sequence[Start]) -> None:
        """Order one after the other; what speaks against the second stops the first."""
        if self.on:
            return
        self._forget()
        self._ordering = True
        stops = self._follower.stops
        try:
            for number, start in enumerate(starts):
                other = starts[1 - number].unit or ""
                reply = await self._follower.say(start)
                if not isinstance(reply, Done) or reply.unit is None:
                    self._refused(start.unit or "", other, reply)
                    return
                self._units.append(reply.unit)
                self._settle(other)
                if self._follower.stops != stops or self._failed:
                    return
        finally:
            self._ordering = False

    def _forget(self) -> None:
        """Forget the two before these."""
        self._units = []
        for kept in (self._last, self._ends, self._over, self._stopped):
            kept.clear()
        self._unanswered.clear()
        self._why = ""

    def _refused(self, unit: str, other: str, reply: Reply | None) -> None:
        """One of them can't be started: nothing of the other may stay."""
        why = wording.local(reply.text) if isinstance(reply, Refusal) else tr("there was no answer")
        if not isinstance(reply, Refusal):
            self._follower.send(Stop(reason="interrupted"))  # nobody knows what came of it
        if self._units:
            other = self._units[0]
            self._stop(other, "interrupted")
            self._tell(
                tr("{unit} can't be started, so {other} was stopped too: {why}", unit=unit, other=other, why=why)
            )
        else:
            self._tell(tr("{unit} can't be started, so {other} isn't either: {why}", unit=unit, other=other, why=why))

    def _tell(self, why: str) -> None:
        self._why = why
        self._say(why)

    # The ends

    def heard(self, line: Line) -> None:
        """Take what the host says of the two."""
        if not self.on:
            return
        match line:
            case Ended():
                self._ends[line.unit] = line.reason
                self._over.add(line.unit)
            case Snapshot() if line.state not in ENDING:
                self._last[line.unit] = line
            case Snapshot() if line.unit in self._last and line.reason is not None:  # else it is of a session before
                self._last[line.unit] = line
                self._ends.setdefault(line.unit, line.reason)
            case _:
                return
        self._settle()
        if self._why and isinstance(line, Ended):
            self._say(self._why)  # an end takes the last sentence away, and this one says why

    def answered(self, command: Ask) -> None:
        """The answer to the other's stop is a note too, and may come last: why it was stopped is said once more."""
        if isinstance(command, Stop) and command in self._unanswered:
            self._unanswered.remove(command)
            if self._why:
                self._say(self._why)

    def lost(self) -> None:
        """The host has gone: the next one stops what it finds, each unit by itself."""
        self._forget()

    def _settle(self, unordered: str = "") -> None:
        """Stop the one that is left, if the other has ended before its time; `unordered` hasn't been ordered yet."""
        failed = self._failed
        if not failed:
            return
        reason = self._ends[failed]
        told = reason not in BY_A_PERSON
        for other in self._units:
            if other != failed and not self._is_ending(other):
                self._stop(other, _said(reason))
                if told:
                    text = tr("{unit} has ended before its time ({why}), so {other} was stopped too",
                              unit=failed, why=wording.reason(reason), other=other)  # fmt: skip
                    self._tell(text)
        if told and unordered and len(self._units) == 1:
            text = tr("{unit} has ended before its time ({why}), so {other} wasn't started",
                      unit=failed, why=wording.reason(reason), other=unordered)  # fmt: skip
            self._tell(text)

    @property
    def _failed(self) -> str:
        """The one that has ended before its time, "" for none."""
        return next((one for one in self._units if self._ends.get(one, Reason.COMPLETED) is not Reason.COMPLETED), "")

    def _is_ending(self, unit: str) -> bool:
        """Say whether a unit is being stopped already, perhaps softly."""
        last = self._last.get(unit)
        softly = last is not None and last.softening
        return softly or unit in self._ends or unit in self._stopped

    def _stop(self, unit: str, reason: Literal["stopped", "panic", "interrupted"]) -> None:
        stop = Stop(unit=unit, reason=reason)
        self._stopped.add(unit)
        self._unanswered.append(stop)
        self._follower.send(stop)

    # The keys

    def press(self, number: int, *, in_sight: bool) -> None:
        """Take a unit's number: the pads-on act, where it waits for it."""
        if not 0 < number <= len(self._units):
            if self._ordering:
                self._say(tr("unit {number} isn't there yet: each starts when both are ready", number=number))
            return
        unit = self._units[number - 1]
        if not self._is_ready(unit):
            return
        if self._ordering or any(self._is_late(one) for one in self._units):
            self._say(tr("the other unit isn't ready yet: each starts when both are ready"))
        elif not in_sight or not self._consent.given():
            self._consent.led_here()
            self._say(
                tr(
                    "to start {unit}: wait a moment, then press {number} again",
                    unit=unit,
                    number=key_of(f"unit_{number}"),
                )
            )
        elif not self._failed:
            self._follower.send(Arm(unit))

    def explain(self) -> bool:
        """Say what Enter doesn't do, where it would be meant for one of the two; say whether it was."""
        if not (self._ordering or any(self._is_ready(unit) for unit in self._units)):
            return False
        self._say(tr("each unit has its own key: press its number"))
        return True

    def _is_late(self, unit: str) -> bool:
        last = self._last.get(unit)
        return last is None or last.state in NOT_YET


def _said(reason: Reason) -> Literal["stopped", "panic", "interrupted"]:
    """Return as what the other is stopped: as by the person who stopped the first, else as interrupted."""
    match reason:
        case Reason.PANIC:
            return "panic"
        case Reason.STOPPED:
            return "stopped"
        case _:
            return "interrupted"
