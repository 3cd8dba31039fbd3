"""The driver of a YOKONEX EMS: proves which protocol a unit speaks before anything is felt, then sends what differs.

1. Before anything plays it is proved which protocol is spoken; see yokonex_proof.
2. A level is believed from the channel's own reports; see yokonex_level for which of them are news.
3. Orders go out on slots of 100 ms, for what differs, since the unit plays on by itself. A rest is a width of 0 at
   1 Hz. A zero waits for no slot. Each order repeats the intensity, so a hand that lowers it in that very moment is
   overruled once.
   That holds for what is told again without a change, too: it waits for a fresh word on the level.
4. Stop: urgent, in both protocols while it isn't known which one is spoken, again each AGAIN_S until both tell zero.
   Each stop number asks for a zero of its own. An order of which nobody said that it went out may come after a stop:
   until it is heard of, or GIVE_UP_S old, nothing is proved, and then zero is ordered once more.
"""

from collections import Counter
from math import inf

from protocols.pace import Turn
from protocols.vocabulary import (
    FRESH_MAX_S,
    AirError,
    BadPacket,
    Capabilities,
    Contact,
    Ended,
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
    Write,
    Zero,
)
from protocols.yokonex.channel import BOTH, OFF, ChannelState, Playing, Texture, order, stops, waits_s
from protocols.yokonex.level import GIVE_UP_S, Gauge, News
from protocols.yokonex.packets import (
    CAPS,
    CHARGE,
    CUSTOM,
    ERROR,
    IN,
    TOP,
    V1,
    Told,
)
from protocols.yokonex.proof import Proof
from protocols.yokonex.queries import AGAIN_S, ASK_S, QUERY_S, Questions, heard

GAP_S = 0.0999
"""Orders of a channel at most each 100 ms, as the document asks for (and a little rounding)."""

COMMAND_S = 0.3
"""A command of which nobody says that it went out no longer holds up the next one after this."""

REFRESH_S = 5.0
"""What plays in custom is told again, in case an order got lost behind the air; never an own program, which may begin
anew."""

FRESHEN_S = 0.3
"""So long after a level was changed it is asked again, so that the next raise has its fresh word in time."""

TICK_S = 0.001


class Yokonex:
    """See the module and protocols.driver.Driver; `profile` is the protocol that a person has chosen."""

    def __init__(self, now_s: float, profile: str) -> None:
        self._profile = profile
        self._wanted = Wanted(Mode.WATCH)
        self._acting = Mode.WATCH
        self._a, self._b = self._states = tuple(ChannelState(channel, Gauge(TOP)) for channel in BOTH)
        self._proof = Proof(profile)
        self._proving = self._prepared = False
        self._stop: tuple[int, float] | None = None  # tag of its first frame, when to say it again
        self._stops = 0
        self._command: Turn | None = None
        self._ordered: dict[int, float] = {}  # orders with a level that nobody said of that they went out, until when
        self._questions = Questions(now_s)
        self._texture = Texture()
        self._tag = 0
        self._heard_s = -inf
        self._due_s = now_s
        self._counts: Counter[str] = Counter()

    @property
    def caps(self) -> Capabilities:
        return CAPS

    @property
    def due_s(self) -> float:
        return self._due_s

    def want(self, now_s: float, wanted: Wanted) -> None:
        changed = wanted != self._wanted
        asked = wanted.stop != self._wanted.stop
        self._wanted = wanted
        self._turn(now_s)
        if asked and self._stop is not None:
            self._begin_stop(now_s)  # whatever proved zero before proves nothing any more
        if changed:
            self._due_s = now_s

    def receive(self, now_s: float, endpoint: Endpoint, data: bytes) -> list[Event]:
        try:
            form, packet = heard(endpoint.name, data)
        except BadPacket:
            self._counts["bad"] += 1
            return []
        self._heard_s = self._due_s = now_s
        if isinstance(packet, Told):
            return self._take_late() + self._told(now_s, self._states[packet.channel - 1], packet)
        if form is CHARGE:
            self._questions.charged(packet.value)
        else:
            passed = self._questions.passed(now_s, form)
            for state in self._states:
                state.gauge.fence(passed)
        self._counts[f"error {packet.value}" if form is ERROR else form.name] += 1
        return self._take_late()

    def done(self, now_s: float, tag: int, data: bytes, error: AirError | None) -> list[Event]:
        self._counts["errors"] += error is not None
        for state in self._states:
            state.gauge.went(now_s, tag)
        if self._command is not None and tag == self._command.tag:
            self._command = None
            self._due_s = now_s
        if self._ordered.pop(tag, None) is not None and self._stop is not None and self._stop[0] > tag:
            self._begin_stop(now_s)  # a stop went past it, so it may have come after that
        return self._take_late()

    def poll(self, now_s: float) -> list[Op]:
        self._turn(now_s)
        if self._command is not None and now_s >= self._command.until_s:
            self._command = None
        if self._proof.fails(now_s):
            self._begin_stop(now_s)
        self._give_up(now_s)
        ops = self._urgent(now_s)
        if self._command is None and not ops:
            ops = self._next(now_s)
        self._due_s = now_s + TICK_S if ops and self._command is None else max(self._next_s(now_s), now_s + TICK_S)
        return ops

    def lost(self, now_s: float) -> Reported:
        """See Driver: nothing is known of what it does without a link, so it may go on for ever."""
        return self.reported(now_s, lost=True)

    # What the unit says

    def _told(self, now_s: float, state: ChannelState, told: Told) -> list[Event]:
        level = told.intensity if told.on else 0
        state.contact = told.contact != 0
        news = state.gauge.told(now_s, level, self._questions.fenced_s)
        if self._proof.asks:
            if self._proof.told(state.channel, level, told.mode):
                self._begin_stop(now_s)
            return self._take_late()
        if self._acting is not Mode.PLAY or not self._level(state):
            return []
        if not state.contact and not state.missed:
            state.missed = True
            return [Contact(state.channel, False)]
        if state.contact and state.missed:
            state.missed = False
            return [Contact(state.channel, True)]
        if news is not News.FELL:
            return []
        if level == 0 and not any(one.gauge.span.hi for one in self._states if one is not state):
            return [Ended("the unit has switched itself off, or somebody has")]
        return [Hand(state.channel, Level(level), rose=False)]

    def _take_late(self) -> list[Event]:
        """Return what only a poll has found out."""
        return [Refused(self._trouble)] if self._proof.take_refusal() else []

    @property
    def _trouble(self) -> str:
        return self._proof.trouble(pads_on=self._b.contact is True)

    # What goes out

    def _turn(self, now_s: float) -> None:
        mode = self._wanted.mode
        if mode is Mode.PLAY and now_s >= self._wanted.end_s:
            mode = Mode.OFF
        self._prepared = self._prepared or (self._proof.done and self._is_off)
        if mode is Mode.PLAY and not self._prepared:
            mode = Mode.READY  # of a link that was opened again in mid-session
        self._acting = mode
        if mode in (Mode.PLAY, Mode.WATCH):
            self._stop = None
        elif self._stop is None or (mode is Mode.OFF and self._proof.asks):
            self._begin_stop(now_s)
        if mode is not Mode.PLAY:
            for state in self._states:
                state.missed = False

    def _begin_stop(self, now_s: float) -> None:
        self._proof.give_up()
        self._stop = (self._tag + 1, now_s)
        self._stops = 0
        self._due_s = now_s

    def _give_up(self, now_s: float) -> None:
        """Orders that are too old to go out any more have done so, or never will: a stop may have gone past them."""
        old = [tag for tag, until_s in self._ordered.items() if now_s >= until_s]
        for tag in old:
            del self._ordered[tag]
        if self._stop is not None and any(tag < self._stop[0] for tag in old):
            self._begin_stop(now_s)

    @property
    def _is_off(self) -> bool:
        stopped = self._stop is not None and self._stops > 0 and not self._ordered
        return stopped and all(state.gauge.zero for state in self._states)

    def _urgent(self, now_s: float) -> list[Op]:
        """Return what waits for nothing: a stop, or a channel that comes down to zero."""
        if self._stop is not None:
            first, again_s = self._stop
            if self._is_off or now_s < again_s or self._proof.asks:
                return []
            self._stop = (first, now_s + AGAIN_S)
            self._proving = False
            frames = stops(self._profile, self._stops, proved=self._proof.done)
            ops: list[Op] = [self._say(now_s, data, urgent=True) for data in frames]
            for state in self._states:
                self._note(now_s, state, OFF, afresh=self._stops == 0)
            self._stops += 1
            return ops
        ops = []
        for state in self._states if self._acting is Mode.PLAY else ():
            again = state.sent != OFF or now_s >= state.ordered_s + AGAIN_S
            if self._level(state) == 0 and not state.gauge.zero and again:
                ops.append(self._order(now_s, state, urgent=True))
        return ops

    def _next(self, now_s: float) -> list[Op]:
        """Return the one command that is due: the proof, an order, or a question."""
        if self._acting is Mode.READY and self._proof.due and self._is_off:
            self._proof.begin(now_s)
            self._proving = True
            proof = self._say(now_s, self._proof.frame)
            self._ordered[self._tag] = now_s + GIVE_UP_S
            for state in self._states:
                self._note(now_s, state, Playing(self._proof.intensity(state.channel), CUSTOM, 1, 0))
            return [proof]
        if self._acting is Mode.PLAY:
            for state in sorted(self._states, key=lambda state: state.ordered_s):
                if self._order_s(now_s, state) <= now_s:
                    return [self._order(now_s, state)]
        return self._ask(now_s)

    def _order(self, now_s: float, state: ChannelState, *, urgent: bool = False) -> Write:
        """Tell a channel what to play now; V2.0 has one frame for both."""
        states = [state] if self._profile == V1 else list(self._states)
        a, b = (self._playing(now_s, one) if one in states else OFF for one in self._states)
        write = self._say(now_s, order(self._profile, BOTH.index(state.channel) + 1, a, b), urgent=urgent)
        if a != OFF or b != OFF:
            self._ordered[self._tag] = now_s + GIVE_UP_S
        for one in states:
            self._note(now_s, one, a if one is self._a else b)
        return write

    def _note(self, now_s: float, state: ChannelState, told: Playing, *, afresh: bool = False) -> None:
        """Take note of the frame that was just made."""
        if afresh or told.intensity != state.gauge.expected:
            # It tells a change by itself; if not, it is asked soon. A stop is asked about at once.
            state.asked_s = now_s - (ASK_S if afresh else AGAIN_S - 2 * QUERY_S)
            state.changed_s = now_s
        state.gauge.ordered(now_s, self._tag, told.intensity, afresh=afresh)
        state.sent = told
        state.ordered_s = now_s

    def _order_s(self, now_s: float, state: ChannelState) -> float:
        """Return when a channel needs its next order, as far as can be said now (inf: it doesn't)."""
        now = self._playing(now_s, state)
        span = state.gauge.span
        soonest_s = state.ordered_s + GAP_S
        if now == OFF:
            return inf
        if state.sent is None or state.sent == OFF:
            # it begins with a slot: orders keep their distance, so all slots after this one would be as late
            return max(soonest_s, now_s + waits_s(self._wanted, now_s))
        if now.texture != state.sent.texture:
            return soonest_s
        if now != state.sent:
            return max(soonest_s, now_s + waits_s(self._wanted, now_s))
        due_s = state.ordered_s + (AGAIN_S if span.lo != now.intensity else REFRESH_S if now.mode == CUSTOM else inf)
        if not span.known:
            return inf
        if span.lo <= now.intensity and now_s > state.gauge.told_s + FRESH_MAX_S:
            return inf  # where a hand may have turned it down since, its level is no place to go back to
        return due_s if due_s > now_s else now_s + waits_s(self._wanted, now_s)

    def _level(self, state: ChannelState) -> int:
        if self._acting is not Mode.PLAY or self._wanted.score is None:
            return 0
        ceiling = self._wanted.ceiling.get(state.channel, CAPS.scale)
        wanted = min(self._wanted.level.get(state.channel, Level(0)), ceiling, TOP)
        span = state.gauge.span
        sent = state.sent.intensity if state.sent else 0
        if wanted > sent and not (span.known and wanted <= span.lo + CAPS.step):
            return sent  # where it may already be is no place to rise to, since orders are absolute
        return wanted

    def _playing(self, now_s: float, state: ChannelState) -> Playing:
        return self._texture.playing(now_s, self._wanted, self._level(state))

    def _ask(self, now_s: float) -> list[Op]:
        stops, fence_s = self._asking()
        fresh_s = self._fresh_s(now_s)
        data = self._questions.ask(now_s, self._tag + 1, self._states, stops=stops, fence_s=fence_s, fresh_s=fresh_s)
        return [] if data is None else [self._say(now_s, data)]

    def _asking(self) -> tuple[bool, float]:
        """Return whether zero has to be proved, and how long after an order a fence is due."""
        patient = self._acting is Mode.PLAY or self._proof.asks
        return self._stop is not None, inf if self._acting is Mode.WATCH else AGAIN_S if patient else 0.0

    def _fresh_s(self, now_s: float) -> float:
        """Return when the levels are needed afresh: for the next raise, or for what is told again (inf: never)."""
        if self._acting is not Mode.PLAY:
            return inf
        if self._wanted.rises:
            return now_s
        raised_s = max(state.changed_s for state in self._states)
        needs_s = [raised_s + FRESHEN_S] if now_s < raised_s + CAPS.raise_gap_s + FRESH_MAX_S else []
        needs_s += [
            max(state.ordered_s + REFRESH_S, state.gauge.told_s + AGAIN_S)
            for state in self._states
            if state.sent is not None and state.sent.intensity and state.sent.mode == CUSTOM
        ]
        return min(needs_s, default=inf)

    def _say(self, now_s: float, data: bytes, *, urgent: bool = False) -> Write:
        self._tag += 1
        if not urgent:
            self._command = Turn(self._tag, now_s + COMMAND_S)
        return Write(self._tag, IN, data, response=False, urgent=urgent)

    def _next_s(self, now_s: float) -> float:
        dues_s = [now_s + ASK_S]
        if self._command is not None:
            dues_s.append(self._command.until_s)
        else:
            stops, fence_s = self._asking()
            fresh_s = self._fresh_s(now_s)
            dues_s.append(self._questions.due_s(self._states, stops=stops, fence_s=fence_s, fresh_s=fresh_s))
        dues_s.append(self._proof.due_s)
        dues_s += self._ordered.values()
        if self._stop is not None and not self._is_off:
            dues_s.append(self._stop[1])
        if self._acting is Mode.PLAY:
            dues_s.append(self._wanted.end_s)
            dues_s += [state.ordered_s + AGAIN_S for state in self._states if not state.gauge.zero]
            dues_s += [self._order_s(now_s, state) for state in self._states if self._command is None]
            dues_s.append(self._texture.until_s)
            dues_s += [
                state.gauge.settled_s + CAPS.raise_gap_s for state in self._states
            ]  # the next raise may come then
        return min(due_s for due_s in dues_s if due_s > now_s)

    # What is so

    def _span(self, state: ChannelState) -> Span:
        """Return where a channel may be; what the proof has switched on carries nothing."""
        return Span(0, state.gauge.span.hi) if self._proving else state.gauge.span

    def reported(self, now_s: float, *, lost: bool = False) -> Reported:
        spans = {state.channel: self._span(state) for state in self._states}
        settled_s = {state.channel: state.gauge.settled_s if self._span(state).known else inf for state in self._states}
        zero = Zero.CONFIRMED if self._is_off else Zero.SENT if self._stop is not None and self._stops else Zero.NO
        out = Out.ON if any(span.lo for span in spans.values()) and not lost else Out.MAYBE
        if not any(span.hi for span in spans.values()):
            out = Out.OFF
        return Reported(
            ready=self._proof.done and (self._acting is Mode.PLAY or zero is Zero.CONFIRMED),
            closable=self._acting is Mode.WATCH or out is Out.OFF,
            level=spans,
            settled_s=settled_s,
            ceiling=dict.fromkeys(BOTH, CAPS.scale),
            out=out,
            zero=zero,
            until_s=now_s if out is Out.OFF else inf,
            heard_s=self._heard_s,
            told_s=min(state.gauge.told_s for state in self._states),
            battery=self._questions.percent,
            trouble=self._trouble if self._proof.refused else "",
            switched_on=not self._proof.due and not self._is_off,
            counts=dict(self._counts),
            stop=self._wanted.stop,
        )
