"""Drives an openEMSstim board: what is written when, what is on its way, and the proof of zero by time alone."""

from collections import Counter
from dataclasses import dataclass, replace
from math import floor, inf

from protocols.belief import Belief, Change, How
from protocols.openemsstim.board import ACTS_S, QUEUE_S, QUICK_S, RELAYS_S, Backlog, length
from protocols.openemsstim.packets import ASK_S, CAPS, COMMAND, LEASE_MAX_S, LEASE_S, SLOT_S, TEXT, Command
from protocols.score import Part, Score, Steady, lasts_s, part_at, slotted, texture, unchanged_s
from protocols.vocabulary import AirError, Channel, Endpoint, Event, Mode, Op, Out, Reported, Wanted, Write, Zero

RENEWED_S = 0.3
"""So long before the end of a time the next one has to have its reply."""


REPLY_S = 1.0
"""A command without a reply is given up after that."""

LATE_S = 0.1
"""A burst that begins at most so late is played in full."""

TICK_S = 0.001
"""What is due is asked for so much later, against the rounding of sums."""


IDLE_S = {Mode.PLAY: 2.0, Mode.READY: 5.0, Mode.OFF: 5.0, Mode.WATCH: inf}
"""How old the last reply may get before a silent unit is asked for one, by a stop: seldom, since its relay clicks."""


STEADY = Score((Part("steady", 0.0, inf, Steady(100.0), Steady(200.0)),))


@dataclass(slots=True)
class ChannelState:
    """One channel. It was `said` an intensity (-1: none) until `ends_s`, and is to be said again at `again_s`.

    By `renew_s` a reply has to be there, by `over_s` all that is done is over. While `shut` it is silent whatever is
    wanted: until zero is proved and no more than a first step is wanted. `zero` is the first stop of the present demand
    (0: none was written), which is surely done by `zeroed_s`.
    """

    channel: Channel
    number: int
    belief: Belief
    over_s: float
    again_s: float = -inf
    ends_s: float = -inf
    said_s: float = -inf
    renew_s: float = inf
    said: int = -1
    shut: bool = True
    zero: int = 0
    zeroed_s: float = inf

    def demand(self) -> None:
        """A zero is asked for anew: what proved one before proves nothing any more."""
        self.zero = 0
        self.zeroed_s = inf
        self.again_s = -inf
        self.said = -1


@dataclass(slots=True)
class Sent:
    """A command that the board may not have done yet. For its reply others wait until `awaited_s`.

    With a reply it is `there`, and holds until `renew_s`.
    """

    state: ChannelState
    level: int
    on_s: float
    awaited_s: float
    renew_s: float
    there: bool = False


class OpenEmsStim:
    """The driver, see protocols.driver.Driver."""

    caps = CAPS

    def __init__(self, now_s: float) -> None:
        over_s = now_s + QUEUE_S + LEASE_MAX_S + RELAYS_S  # what a host before us may have left on, or in the queue
        self._wanted = Wanted(Mode.WATCH)
        self._score = STEADY
        self._acting = Mode.WATCH
        self._states = [ChannelState(ch, number, Belief(CAPS.scale), over_s) for number, ch in enumerate(CAPS.channels)]
        self._sent: dict[int, Sent] = {}
        self._board = Backlog()
        self._tag = 0
        self._heard_s = -inf
        self.due_s = now_s
        self._counts: Counter[str] = Counter()

    def want(self, now_s: float, wanted: Wanted) -> None:
        again = wanted.stop != self._wanted.stop
        self._wanted = wanted
        self._score = wanted.score or STEADY
        self._turn(now_s, again=again)
        for state in self._states:
            begins = self._acting is Mode.PLAY and wanted.level.get(state.channel, 0) <= CAPS.step
            state.shut = state.shut and not (begins and state.belief.span.hi == 0)
        self.due_s = now_s

    def receive(self, now_s: float, endpoint: Endpoint, data: bytes) -> list[Event]:
        self._counts["unknown"] += 1  # no firmware says anything
        return []

    def done(self, now_s: float, tag: int, data: bytes, error: AirError | None) -> list[Event]:
        sent = self._sent.get(tag)
        if sent is None or sent.there:
            return []
        state = sent.state
        if error is not None:
            self._counts["errors"] += 1
            sent.awaited_s = now_s
            state.again_s = min(state.again_s, now_s + ASK_S)
            if error.code is not None:
                self._refused(tag, state)
            return []
        self._heard_s = now_s
        self._board.arrived(now_s, tag)
        for key, one in self._sent.items():
            one.there = one.there or key <= tag  # order is kept: what went before a reply is there, too
        sent.awaited_s = now_s
        if sent.level == 0 and state.shut:
            state.again_s = now_s + REPLY_S  # most likely off; said again until it surely is
        elif state.belief.awaits(tag):
            state.renew_s = inf if state.shut else sent.renew_s
        return []

    def poll(self, now_s: float) -> list[Op]:
        self._turn(now_s)
        self._take(now_s)
        ops: list[Op] = []
        for state in self._states:
            self._look(now_s, state)
            if self._stops(now_s, state) and now_s >= self._next_s(now_s, state):
                ops += self._say(now_s, state)
        for state in sorted(self._states, key=lambda state: state.said_s):
            if not self._stops(now_s, state) and now_s >= self._next_s(now_s, state):
                ops += self._say(now_s, state)
        due_s = [self._next_s(now_s, state) for state in self._states]
        due_s += [sent.awaited_s for sent in self._sent.values()] + [due.done_s for due in self._board.dues().values()]
        due_s += [due.surely_s for due in self._board.dues().values()]
        due_s += [at_s for state in self._states for at_s in (state.renew_s, state.zeroed_s)]
        due_s += [self._over_s(state) for state in self._states if state.belief.span.hi]
        self.due_s = max(min((at_s for at_s in due_s if at_s > now_s), default=inf), now_s + TICK_S)
        return ops

    def reported(self, now_s: float) -> Reported:
        spans = {state.channel: state.belief.span for state in self._states}
        off = all(span.hi == 0 for span in spans.values())
        on = any(span.lo for span in spans.values())
        playing = self._wanted.mode is Mode.PLAY and now_s < self._wanted.end_s
        proved = off and all(state.zeroed_s <= now_s for state in self._states)
        zero = Zero.NO if playing or self._wanted.mode is Mode.WATCH else Zero.CONFIRMED if proved else Zero.SENT
        return Reported(
            ready=self._heard_s > -inf and (playing or zero is Zero.CONFIRMED),
            closable=True,
            level=spans,
            settled_s={state.channel: state.belief.settled_s for state in self._states},
            ceiling=dict.fromkeys(CAPS.channels, CAPS.scale),
            out=Out.OFF if off else Out.ON if on else Out.MAYBE,
            zero=zero,
            until_s=now_s if off else max(now_s, *(self._over_s(state) for state in self._states)),
            heard_s=self._heard_s,
            told_s=self._heard_s,
            trouble="" if self._heard_s > -inf else "it replies to no command",
            counts=dict(self._counts),
            stop=self._wanted.stop,
        )

    def lost(self, now_s: float) -> Reported:
        """See Driver. The firmware goes off as the connection ends, but learns of it later: the time is the proof."""
        self._board.arrived(now_s)  # nothing arrives any more, and what did was there by now
        self._wanted = replace(self._wanted, mode=Mode.OFF)
        self._turn(now_s)
        self._take(now_s)
        for state in self._states:
            state.shut = True
            self._look(now_s, state)
        last = self.reported(now_s)
        return last if last.out is Out.OFF else replace(last, out=Out.MAYBE, zero=Zero.NO)

    def _turn(self, now_s: float, *, again: bool = False) -> None:
        """Follow the mode: a new stop, and one that follows on output or on mere looking, needs a zero of its own."""
        was = self._acting
        self._acting = self._wanted.mode
        if self._acting is Mode.PLAY and now_s >= self._wanted.end_s:
            self._acting = Mode.OFF
        stops = self._acting in (Mode.OFF, Mode.READY)
        if again or (stops and was not in (Mode.OFF, Mode.READY)) or (not stops and was is not self._acting):
            for state in self._states:
                state.demand()

    def _refused(self, tag: int, state: ChannelState) -> None:
        """The radio module refused a command, so the board never sees it."""
        del self._sent[tag]
        self._board.refused(tag)
        if state.zero == tag:
            state.zero = 0

    def _take(self, now_s: float) -> None:
        """See what the board has done by now: a level is believed, and what is surely done is forgotten."""
        for tag, due in self._board.dues().items():
            sent = self._sent[tag]
            state = sent.state
            shuts = sent.level == 0 and state.shut and state.belief.span.hi > 0  # only its time proves a zero
            if sent.there and due.done_s <= now_s and not shuts and state.belief.awaits(tag):
                state.belief.answer(now_s, tag, sent.level)
            if due.surely_s > now_s:
                continue
            if sent.on_s:
                state.over_s = max(state.over_s, due.surely_s + sent.on_s + RELAYS_S)
            if state.zero == tag:
                state.zeroed_s = due.surely_s + RELAYS_S
            del self._sent[tag]
        self._board.forget(now_s)

    def _over_s(self, state: ChannelState) -> float:
        """Return when all that was ever said to a channel is over at the latest."""
        dues = self._board.dues() if any(sent.state is state and sent.on_s for sent in self._sent.values()) else {}
        mine = ((self._sent[tag], due) for tag, due in dues.items() if self._sent[tag].state is state)
        return max([state.over_s, *(due.surely_s + sent.on_s + RELAYS_S for sent, due in mine if sent.on_s)])

    def _look(self, now_s: float, state: ChannelState) -> None:
        """See what the time has done: a level was not renewed, or a zero is proved."""
        if now_s >= state.renew_s and self._level(now_s, state):
            self._counts["lapsed"] += 1
            # it may be off by now, and must not be back at once when the air is
            state.shut = True
            state.said = -1
        if now_s >= self._over_s(state) and state.shut and state.belief.span.hi:
            state.belief = Belief(CAPS.scale)
            state.belief.overhear(now_s, 0)

    def _level(self, now_s: float, state: ChannelState) -> int:
        """Return the level to play, 0 for a stop."""
        if state.shut or self._wanted.mode is not Mode.PLAY or self._wanted.end_s - now_s < TICK_S:
            return 0
        return min(self._wanted.level.get(state.channel, 0), self._wanted.ceiling.get(state.channel, 0), CAPS.scale)

    def _now(self, now_s: float, state: ChannelState) -> tuple[int, int]:
        """Return the level to play, and the intensity to say: less in a contraction, 0 in a rest."""
        level = self._level(now_s, state)
        if level == 0:
            return 0, 0
        now = texture(self._score, slotted(self._score, now_s - self._wanted.origin_s, SLOT_S))
        return level, min(level, max(1, floor(level * now.gate + 1e-9))) if now.on else 0

    def _stops(self, now_s: float, state: ChannelState) -> bool:
        """Say whether a channel needs a stop, which waits for nothing."""
        demanded = self._acting in (Mode.OFF, Mode.READY) and state.zeroed_s > now_s
        silent = state.belief.span.hi > 0 and self._level(now_s, state) == 0
        return self._wanted.mode is not Mode.WATCH and (demanded or silent)

    def _next_s(self, now_s: float, state: ChannelState) -> float:
        """Return when it has something to say next; what is no stop waits for the reply before and the board."""
        if self._wanted.mode is Mode.WATCH:
            return inf
        if self._stops(now_s, state):
            return state.again_s if state.said == 0 and state.shut else now_s
        if any(now_s < sent.awaited_s for sent in self._sent.values()):
            return inf
        level, says = self._now(now_s, state)
        if says:
            at_s = state.again_s if says == state.said and now_s < state.ends_s else now_s
        elif state.said > 0 and now_s < state.ends_s - LATE_S:
            at_s = now_s  # a rest that doesn't come by itself
        else:
            at_s = max(state.again_s if state.said == 0 else -inf, self._heard_s + IDLE_S[self._wanted.mode])
        if level:
            turn_s = now_s + unchanged_s(self._score, now_s - self._wanted.origin_s, SLOT_S) + 1e-6
            at_s = min(at_s, turn_s, self._wanted.end_s)
        return max(at_s, self._board.free_s)

    def _say(self, now_s: float, state: ChannelState) -> list[Op]:
        urgent = self._stops(now_s, state)
        level, says = (0, 0) if urgent else self._now(now_s, state)
        at_s = now_s - self._wanted.origin_s
        on_s = 0.0
        if says:
            into_s = (at_s - part_at(self._score, at_s)[1].start_s) % SLOT_S
            began_s = at_s - into_s if into_s <= LATE_S else at_s
            on_s = min(LEASE_S, self._wanted.end_s - now_s, lasts_s(self._score, began_s, self._turn_s()))
        if says and on_s < TICK_S:
            return []
        ends_s = now_s + on_s
        goes_on = says > 0 and texture(self._score, at_s + on_s + TICK_S).on and ends_s < self._wanted.end_s - TICK_S
        data = TEXT.build(Command(state.number, says, floor(on_s * 1000)))
        self._tag += 1
        acts_s = QUICK_S if not urgent and self._acting is Mode.PLAY and self._quick(at_s) else ACTS_S
        repeat_s = ASK_S if self._board.room(now_s, 2 * length(data)) else REPLY_S
        self._board.wrote(now_s, self._tag, length(data), acts_s)
        self._sent[self._tag] = Sent(
            state,
            level,
            on_s,
            awaited_s=now_s if urgent else now_s + REPLY_S,
            renew_s=ends_s - min(RENEWED_S, on_s / 5) if goes_on else inf,
        )
        state.belief.write(now_s, Change(How.SET, level), self._tag)
        state.shut = state.shut or level == 0
        state.said = says
        state.said_s = now_s
        state.ends_s = ends_s
        state.again_s = now_s + on_s / 2 if goes_on else inf if says else now_s + repeat_s
        state.renew_s = min(state.renew_s, now_s + REPLY_S) if says else inf
        state.zero = state.zero or (self._tag if level == 0 else 0)
        return [Write(self._tag, COMMAND, data, response=True, urgent=urgent)]

    def _quick(self, at_s: float) -> bool:
        """Say whether what is played changes faster than a slow board could follow: bursts and contractions."""
        part = part_at(self._score, at_s)[1]
        return part.burst is not None or part.envelope is not None

    def _turn_s(self) -> float:
        """Return how long it takes until a contraction's channel has its turn again: the board does one at a time."""
        return SLOT_S * max(1, sum(self._wanted.level.get(state.channel, 0) > 0 for state in self._states))
