"""The driver of a ZC95: requests whose replies are the proof of levels and zeros, texture as commands on a grid.

1. A level is believed from the reply to the write that set it, and asked for by writing it again. A lost reply is
   never followed by the same raise, but by the lowest power that may be there; and first of all by readings, since the
   request may still lie in a queue of the system.
2. Before the first power a channel has its width and rate by reply, is at power 0 by reply, and is enabled by reply.
3. What moves (sweeps, bursts, contractions) goes out as commands: a reply each (50 to 60 ms on BlueZ) would be too
   slow for four channels. What then stays for STEADY_S is written once more, for the reply. Bursts are width 0.
4. Stop: power 0, then enable 0, of all channels as commands at once, past everything; then the same as requests, which
   prove it, if they were sent after the stop was asked for (its number). Without replies it hangs up: a box without a
   link is off, but only once it has noticed (NOTICE_S), which no hang-up proves. A channel that goes to 0 is stopped
   alike.
5. A dial is no level: turned below the level it is told as a hand that lowered it, and turned up it raises nothing.
"""

from collections import Counter
from math import inf

from protocols.vocabulary import (
    AirError,
    BadPacket,
    Capabilities,
    Endpoint,
    Event,
    Hand,
    Level,
    Mode,
    Op,
    Out,
    Refused,
    Reported,
    Span,
    Wanted,
    Zero,
)
from protocols.zc95.channel import ChannelState, Sent, Stop, What
from protocols.zc95.packets import BATTERY, CAPS, CHANNELS, CHARGE, DIAL, DIALS, TOP
from protocols.zc95.requests import REPLY_S, Words, meant, place, rests_s

ASK_S = 1.0
"""Between two questions while a level stays."""

AGAIN_S = 0.3
"""Between a refusal and the next try, and between the commands of a stop."""

CLOSE_S = 1.2
"""A stop that no replies have proved for so long hangs up (60 ms for a reply, 3 s to hang up)."""

NOTICE_S = 6.0
"""The longest supervision time-out seen in units: so long may a box not know that its link is lost, or was closed."""

GAP_S = 0.01
"""Between two commands of texture: all four channels fit into a slot, and no queue fills."""

REFUSALS = 3
"""So many in a row, with nothing taken in between, are told as such; the session faults, and a stop may hang up."""

STEADY_S = 1.0
HURRY_S = 0.05
DIAL_EVERY_S = 5.0
BATTERY_EVERY_S = 60.0
TICK_S = 0.001


class Zc95:
    """See the module and protocols.driver.Driver."""

    def __init__(self, now_s: float) -> None:
        self._wanted = Wanted(Mode.WATCH)
        self._acting = Mode.WATCH
        self._states = {channel: ChannelState(channel) for channel in CHANNELS}
        self._stop: Stop | None = None
        self._stop_number = 0
        self._words = Words()
        self._texture: dict[bool, dict[What, int]] = {False: {}, True: {}}
        self._command: tuple[int, float] | None = None
        self._next_command_s = now_s
        self._next_lane = 0
        self._again_s = self._prove_s = self._dial_s = self._battery_s = now_s
        self._mute = False
        self._percent: int | None = None
        self._heard_s = -inf
        self._refused = ""
        self._refusals = 0
        self._due_s = now_s
        self._counts: Counter[str] = Counter()

    @property
    def caps(self) -> Capabilities:
        return CAPS

    @property
    def due_s(self) -> float:
        return self._due_s

    def want(self, now_s: float, wanted: Wanted) -> None:
        self._wanted = wanted
        self._turn(now_s)
        self._due_s = now_s

    def receive(self, now_s: float, endpoint: Endpoint, data: bytes) -> list[Event]:
        state = next((state for state in self._states.values() if DIALS[state.channel] == endpoint), None)
        if state is not None:
            return self._dial(now_s, state, data)
        if endpoint == BATTERY:
            self._charge(now_s, data)
        else:
            self._counts["unknown"] += 1
        return []

    def done(self, now_s: float, tag: int, data: bytes, error: AirError | None) -> list[Event]:
        if self._command is not None and self._command[0] == tag:
            self._command = None
            self._due_s = min(self._due_s, max(now_s, self._next_command_s))
        if self._stop is not None and self._stop.closing == tag and error is not None:
            self._stop.closing = None
            self._stop.close_s = now_s + AGAIN_S
        for state in self._states.values():
            state.leaving.discard(tag)
        sent = self._words.end(tag)
        if sent is None:
            return []
        self._mute = error is not None and error.code is None
        if error is not None:
            return self._failed(now_s, sent, error)
        if sent.what is What.DIAL:
            events = self._dial(now_s, sent.state, data)
            self._again_s = now_s + (AGAIN_S if sent.state.dial is None else 0.0)
            return events
        if sent.what is What.BATTERY:
            self._charge(now_s, data)
        else:
            self._heard_s = now_s
            self._refused = ""
            self._refusals = 0
            sent.state.answered(now_s, sent)
        return []

    def poll(self, now_s: float) -> list[Op]:
        self._turn(now_s)
        if late := self._words.give_up(now_s):
            self._counts["timeouts"] += late
            self._mute = True
        if self._command is not None and now_s >= self._command[1]:
            self._command = None
        if self._acting in (Mode.READY, Mode.PLAY):
            self._texture = {plays: meant(self._wanted, now_s, plays=plays) for plays in (False, True)}
        ops = self._hurry(now_s) + self._prove(now_s)
        if self._words.free(hurries=False) and now_s >= self._again_s:
            ops += self._request(now_s)
        ops += self._tune(now_s)
        self._due_s = max(self._next_s(now_s), now_s + TICK_S)
        return ops

    def lost(self, now_s: float) -> Reported:
        """See Driver: off once the box has noticed, which a hang-up of our own may not have told it either."""
        return self._report(now_s, lost=True)

    def reported(self, now_s: float) -> Reported:
        return self._report(now_s, lost=False)

    # What the box says

    def _failed(self, now_s: float, sent: Sent, error: AirError) -> list[Event]:
        self._counts["errors"] += 1
        if error.code is not None:
            self._heard_s = now_s
            self._refused = f"the box refuses {place(sent)} (error {error.code:#04x})"
        if sent.hurries:
            self._prove_s = now_s + HURRY_S
            return []
        self._again_s = now_s + AGAIN_S
        self._refusals += error.code is not None
        return [Refused(self._refused)] if self._refusals == REFUSALS else []

    def _dial(self, now_s: float, state: ChannelState, data: bytes) -> list[Event]:
        try:
            dial = DIAL.parse(data).power
        except BadPacket:
            self._counts["bad"] += 1
            return []
        self._heard_s = now_s
        before = state.dial
        state.dial = dial
        lowered = before is not None and dial < before and dial < state.belief.span.hi
        return [Hand(state.channel, Level(dial), rose=False)] if lowered else []

    def _charge(self, now_s: float, data: bytes) -> None:
        try:
            self._percent = CHARGE.parse(data).percent
        except BadPacket:
            self._counts["bad"] += 1
        else:
            self._heard_s = now_s
            self._battery_s = now_s + BATTERY_EVERY_S

    # What is wanted

    def _turn(self, now_s: float) -> None:
        """Follow the mode; after its end a play is a stop, and a new number asks for one that begins anew.

        A channel that is to be at 0 is silenced.
        """
        mode = self._wanted.mode
        if mode is Mode.PLAY and now_s >= self._wanted.end_s:
            mode = Mode.OFF
        was = self._acting
        self._acting = mode
        anew = self._wanted.stop != self._stop_number
        self._stop_number = self._wanted.stop
        if mode in (Mode.PLAY, Mode.WATCH):
            self._stop = None
        elif anew or was is not mode:
            self._stop = Stop(now_s + CLOSE_S)
        begins = self._stop is not None and (anew or was in (Mode.PLAY, Mode.WATCH))
        for state in self._states.values() if mode is not Mode.WATCH else ():
            if begins or (self._level(state) == 0 and state.zero is None and state.may_flow):
                state.silence(now_s)

    def _level(self, state: ChannelState) -> int:
        if self._acting is not Mode.PLAY:
            return 0
        ceiling = self._wanted.ceiling.get(state.channel, CAPS.scale)
        return min(self._wanted.level.get(state.channel, Level(0)), ceiling, TOP)

    def _power(self, state: ChannelState) -> int:
        """Return the power to write: while nobody knows the present one, the lowest that it may be."""
        return min(self._level(state), TOP if state.belief.span.known else state.belief.span.lo)

    # What goes out

    def _hurry(self, now_s: float) -> list[Op]:
        """Return what waits for nothing: commands of channels that go to zero or come down, and the hanging up."""
        if self._acting is Mode.WATCH:
            return []
        states = self._states.values()
        due = [state for state in states if state.zero is not None and now_s >= state.again_s]
        silent = [state for state in due if not state.leaving or now_s >= state.again_s + REPLY_S]
        silent.sort(key=lambda state: not state.used)
        for state in silent:
            state.again_s = now_s + AGAIN_S
        ops: list[Op] = [
            self._words.say(now_s, state, what, 0) for what in (What.POWER, What.ENABLE) for state in silent
        ]
        ops += [
            self._words.say(now_s, state, What.POWER, self._power(state))
            for state in states
            if state.zero is None and self._level(state) < state.told.get(What.POWER, 0)
        ]
        stop = self._stop if self._acting is Mode.OFF and not self._proved() else None
        if stop is not None and stop.closing is None and now_s >= stop.close_s:
            ops.append(self._words.close())
            stop.closing = self._words.tag
        return ops

    def _prove(self, now_s: float) -> list[Op]:
        """Return the request that proves the next zero, of channels that may be putting out first."""
        silent = [state for state in self._states.values() if state.zero is not None]
        if not silent or now_s < self._prove_s or self._acting is Mode.WATCH or not self._words.free(hurries=True):
            return []
        state = min(silent, key=lambda state: not state.used)
        return [self._words.ask(now_s, state, state.zero or What.POWER, 0, hurries=True)]

    def _request(self, now_s: float) -> list[Op]:
        """Return the one request that is due: set up, enable, a level, a value to read, a question."""
        free = [state for state in self._states.values() if state.zero is None and not self._mute]
        readies = self._acting is Mode.READY and self._proved()
        for state in free if readies or self._acting is Mode.PLAY else ():
            level = self._level(state)
            if not state.prepared and self._wanted.score is not None and (readies or level > 0):
                what = What.WIDTH if What.WIDTH not in state.sure else What.RATE
                return [self._words.ask(now_s, state, what, self._texture[state.plays][what])]
            if level > 0 and state.prepared and state.enabled is not True and state.belief.span == Span(0, 0):
                return [self._words.ask(now_s, state, What.ENABLE, 1)]
            if level > 0 and state.belief.span != Span(level, level) and self._in_tune(state):
                return [self._words.ask(now_s, state, What.POWER, self._power(state))]
        return self._look(now_s) or self._repeat(now_s, free)

    def _in_tune(self, state: ChannelState) -> bool:
        return state.plays and all(state.told.get(what) == value for what, value in self._texture[state.plays].items())

    def _look(self, now_s: float) -> list[Op]:
        """Return the reading that is due: the battery, a dial."""
        state = min(self._states.values(), key=lambda state: state.dial_s)
        if now_s >= self._battery_s:
            self._battery_s = now_s + DIAL_EVERY_S
            return [self._words.read(now_s, state, What.BATTERY)]
        if state.dial is None or now_s >= self._dial_s or self._mute:
            self._dial_s = now_s + DIAL_EVERY_S
            state.dial_s = now_s
            return [self._words.read(now_s, state, What.DIAL)]
        return []

    def _repeat(self, now_s: float, free: list[ChannelState]) -> list[Op]:
        """Return a question, which is a write of what is so already: of a level each second, of texture that stays."""
        if self._acting is Mode.WATCH or not free:
            return []
        used = [state for state in free if state.used]
        state = min(used or free, key=lambda state: state.told_s)
        if now_s >= self._told_s(used or free, oldest=bool(used)) + ASK_S:
            return [self._words.ask(now_s, state, What.POWER, min(state.belief.span.lo, self._level(state)))]
        for state in used if rests_s(self._wanted, now_s) >= STEADY_S else ():
            for what, value in self._texture[state.plays].items():
                if what not in state.sure and state.told.get(what) == value:
                    return [self._words.ask(now_s, state, what, value)]
        return []

    def _tune(self, now_s: float) -> list[Op]:
        """Return the next command that a playing channel needs to play what the score says now; each in its turn."""
        if self._command is not None or now_s < self._next_command_s or self._acting is not Mode.PLAY:
            return []
        for step in range(len(CHANNELS)):
            index = (self._next_lane + step) % len(CHANNELS)
            state = self._states[CHANNELS[index]]
            for what, value in self._texture[state.plays].items() if state.plays and self._level(state) else ():
                if state.told.get(what) != value:
                    self._next_lane = (index + 1) % len(CHANNELS)
                    self._next_command_s = now_s + GAP_S
                    op = self._words.say(now_s, state, what, value, urgent=False)
                    self._command = op.tag, now_s + REPLY_S
                    return [op]
        return []

    def _next_s(self, now_s: float) -> float:
        """Return when something may be due that no outcome of an operation announces."""
        dues_s = [self._words.due_s, now_s + ASK_S, self._battery_s, self._dial_s, self._again_s, self._prove_s]
        dues_s += [state.again_s for state in self._states.values() if state.zero is not None]
        dues_s += [state.told_s + ASK_S for state in self._states.values()]
        if self._stop is not None and self._stop.closing is None:
            dues_s.append(self._stop.close_s)
        if self._acting is Mode.PLAY:
            dues_s += [self._wanted.end_s, now_s + rests_s(self._wanted, now_s), self._next_command_s]
        if self._command is not None:
            dues_s.append(self._command[1])
        return min(due_s for due_s in dues_s if due_s > now_s)

    # What is so

    def _proved(self) -> bool:
        return all(state.zero is None and not state.may_flow for state in self._states.values())

    def _told_s(self, states: list[ChannelState], *, oldest: bool) -> float:
        """Return when levels were told: of channels that may be above 0 the oldest word counts, else the newest."""
        return (min if oldest else max)((state.told_s for state in states), default=-inf)

    def _report(self, now_s: float, *, lost: bool) -> Reported:
        states = list(self._states.values())
        spans = {state.channel: state.belief.span for state in states}
        zero = Zero.NO if self._stop is None else Zero.CONFIRMED if self._proved() else Zero.SENT
        highest = max(span.hi for span in spans.values())
        out = Out.OFF if highest == 0 else Out.ON if not lost and any(s.lo for s in spans.values()) else Out.MAYBE
        used = [state for state in states if state.used]
        met = all(state.dial is not None and (state.prepared or self._wanted.score is None) for state in states)
        return Reported(
            ready=self._acting is Mode.PLAY or (self._acting is Mode.READY and zero is Zero.CONFIRMED and met),
            closable=self._acting is Mode.WATCH or self._proved(),
            level=spans,
            settled_s={state.channel: state.belief.settled_s for state in states},
            ceiling={state.channel: CAPS.scale if state.dial is None else Level(state.dial) for state in states},
            out=out,
            zero=zero,
            until_s=self._until_s(now_s, out, zero, lost=lost),
            heard_s=self._heard_s,
            told_s=self._told_s(used or states, oldest=bool(used)),
            battery=self._percent,
            trouble=self._refused,
            counts=dict(self._counts),
            stop=self._stop_number,
        )

    def _until_s(self, now_s: float, out: Out, zero: Zero, *, lost: bool) -> float:
        """Return when output ends by itself: of a lost link's box that has proved no zero of this stop, by noticing."""
        if lost:
            return now_s if zero is Zero.CONFIRMED else now_s + NOTICE_S
        return now_s if out is Out.OFF else inf
