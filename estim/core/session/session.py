"""One session on one unit: commands, reports and time go in; a request to the Guard, events and a Snapshot come out.

Rules:
1. The states are the table in states.py. A command that it doesn't allow is refused and changes nothing.
2. Doubt, pause, stop and fault clear the ramp; only the goal is kept, for the resume key, and it ramps from zero.
3. The session owns the ramp and the position; the Guard owns caps and slope; the driver owns wire, retries and proof.
4. A level that rose without estim and without a hand is a fault. A hand is never fought below the cap.
5. It ends with `stop_confirmed` true only if the driver says Zero.CONFIRMED of the stop that was asked for last: each
   pause, stop and fault asks for a zero of its own, and no earlier one proves it.
6. A stop by a person is a latch: after it nothing leads back to output, whatever comes (a link, a pause, a key).
7. A unit that was unfed for longer than UNFED_MAX_S, or a computer that slept, was interrupted: zero first. The first
   goes on by a ramp from zero if it was short, and waits for a key if it wasn't; the second is the end.
"""

from collections.abc import Mapping, Sequence
from math import inf
from typing import assert_never

from estim.core.errors import EstimError, Exit, IllegalMove
from estim.core.messages.events import Happened
from estim.core.moment import Now
from estim.core.session.announce import Alarms, author_of, local_time
from estim.core.session.doubt import Doubt, surely_off
from estim.core.session.guard import SESSION_MAX_S, Limits, Permit, Request, check_level, reached
from estim.core.session.order import Order, Unit
from estim.core.session.ramp import Ramp, ramp_default_s
from estim.core.session.states import (
    ARM_WINDOW_S,
    ASLEEP_S,
    BATTERY_MIN_PCT,
    CHARGE_WAIT_S,
    DISK_MAX_S,
    HALTED,
    NAP_S,
    PAUSE_MAX_S,
    PLAYING,
    READY_MAX_S,
    RISING_S,
    UNFED_KEY_S,
    Move,
    move,
    refusal,
)
from estim.core.session.unit_texts import of_unit
from estim.core.translation import mark, tr, tr_text
from estim.core.vocabulary import Priority, Reason, State
from protocols.vocabulary import (
    UNFED_MAX_S,
    Capabilities,
    Channel,
    Contact,
    Ended,
    Event,
    Hand,
    Level,
    LowBattery,
    Mode,
    OffBy,
    Out,
    Refused,
    Reported,
    Wanted,
    Zero,
)

_BY_A_PERSON = mark("stopped by a person")

_STOPPED = {Reason.PANIC: mark("panic key"), Reason.INTERRUPTED: mark("interrupted")}
"""What a stop is called that isn't just one by a person."""

AHEAD_MIN = 3
"""How far a key may move the goal beyond the unit's level at least, in the unit's own steps: three taps in a row count
on a unit that takes one step a second (em70), and 1 to 3 s after the key is let go it has come to rest."""


def ahead(caps: Capabilities) -> int:
    """Return how far a key may move the goal beyond the level that the unit told, in its own steps.

    On fine scales that is what the Guard grants in one raise (20 of 1000 on a zc95): less would slow a held key down
    below the slope that is safe, more would go on climbing after it is let go.
    """
    return max(AHEAD_MIN, caps.step)


class Session:
    """See the module. `order` None makes a session that only stops a unit which was left running.

    Such a session ends by proof alone, or at `until_s` (monotonic seconds; inf: never), when the unit's output has
    ended by itself.
    """

    def __init__(
        self, unit: Unit, caps: Capabilities, limits: Limits, order: Order | None, now: Now, *, until_s: float = inf
    ) -> None:
        self.unit = unit
        self.caps = caps
        self.limits = limits
        self.order = order
        self.state = State.IDLE
        self.reason: Reason | None = None
        self.why = ""
        self.alarms = Alarms(unit, caps, limits, order)
        self.ramp = Ramp(caps.channels, order.course.score if order else None, order.goal if order else {})
        self.started: Now | None = None
        self.stop_confirmed: bool | None = None
        self.until_s = until_s
        self.linked = False
        self._stop_number = 0
        self._latched = False
        self._granted: Mapping[Channel, Level] = {}
        self._unfed_s: float | None = None
        self._stepped_s = now.mono_s
        self._was_zero = False
        self.was_seen_off = False
        self._seen_on = False
        self.lost: Now | None = None
        self._doubt = Doubt(caps)
        self._seen: tuple[Now, Reported] | None = None
        self._since_s = now.mono_s
        self._linked_s = now.mono_s
        self._pads_on_s: float | None = now.mono_s if order and order.pads_on else None

    def connect(self, now: Now) -> None:
        """Begin: the host is opening the link; what it waited for until now was its disk, and no sleep."""
        if now.mono_s - self._stepped_s <= DISK_MAX_S:
            self._stepped_s = now.mono_s
        self._go(now, Move.CONNECT)
        if self.order is None:
            self._stop(now, Reason.FAULT, tr("an earlier session was left open"))

    def link_up(self, now: Now) -> list[Happened]:
        """The link is open, with a fresh driver that knows nothing yet."""
        self.linked = True
        self.lost = None
        self._linked_s = now.mono_s
        self._doubt.fresh()
        if self.state in (State.STOPPING, State.FAULT):
            self._since_s = now.mono_s
        return self.alarms.back() if self.reason is Reason.LINK_LOST else []

    def link_down(self, now: Now, last: Reported, text: str) -> list[Happened]:
        """The link is gone; `last` is the driver's last word on what the unit may do by itself."""
        self.linked = False
        if self.state is State.ENDED:
            return []
        self._was_zero = self.proved(last)
        self._note_on(last)
        self.lost = now
        if self.state not in (State.STOPPING, State.FAULT):
            self._stop(now, Reason.LINK_LOST, text, by=Move.LOSE)
        elif self._was_zero:
            return []  # the stop that was under way has just been proved, by the unit's own leaving for instance
        return self.alarms.lost(now, last, text)

    def _note_on(self, reported: Reported) -> None:
        """Remember that the unit was on, by whomever, until it proves zero: a session that never began is none then."""
        if reported.switched_on or (reported.out is not Out.OFF and _above_zero(reported)):
            self._seen_on = True
        elif self.proved(reported):
            self._seen_on = False

    def no_device(self, now: Now, text: str) -> list[Happened]:
        """The unit can't be reached, before any output; nothing is known of it."""
        self._stop(now, Reason.NO_DEVICE, text)
        return self._end(now, None, confirmed=False)

    def give_up(self, now: Now, last: Reported | None, bug: str = "") -> list[Happened]:
        """The host stops trying to reach a unit: its output ended by itself, a person gave up, or a bug broke in."""
        if self.state is State.ENDED:
            return []
        self._stop(now, Reason.FAULT if bug else Reason.LINK_LOST, bug or tr("the link was lost"))
        proved = self._was_zero and not bug
        return self._end(now, last, confirmed=proved or surely_off(now.mono_s, self.caps, last))

    def proved(self, reported: Reported) -> bool:
        """Say whether the unit proved zero after the last time that it was asked for."""
        return reported.zero is Zero.CONFIRMED and reported.stop == self._stop_number

    def surely_off(self, now: Now, last: Reported | None) -> bool:
        """Say whether a lost unit is off by itself by now, and nothing else waits for it to come back."""
        return not self.waits_for_link and surely_off(now.mono_s, self.caps, last)

    @property
    def waits_for_link(self) -> bool:
        """Say whether a lost link that comes back leads to a pause, as was wanted, and not to the end."""
        return self.order is not None and self.order.wait_after_loss and not self._latched

    def seen_off(self, now: Now) -> list[Happened]:
        """Take a person's word that a unit which was left on is off; nothing is confirmed by that."""
        if self.state is State.ENDED:
            return []
        self.until_s = now.mono_s
        self.was_seen_off = True
        self.why = tr("a person has seen that the unit is off")
        return self._end(now, None, confirmed=False)

    @property
    def goals(self) -> dict[Channel, int]:
        """What was asked for, by channel."""
        return {channel: self.ramp.goal(channel) for channel in self.caps.channels}

    @property
    def untouched(self) -> bool:
        """Say whether nothing was put out as far as this session knows: it never began, and the unit was never on."""
        return self.order is not None and self.started is None and not self._seen_on

    def on_until_s(self, now: Now, reported: Reported | None) -> float:
        """Return until when the unit may be on (monotonic seconds, inf: it doesn't end by itself); -inf: it is off."""
        if self.stop_confirmed or self.untouched:
            return -inf
        if self.order is None:
            return self.until_s
        if reported is None:
            return inf
        return -inf if reported.out is Out.OFF or reported.until_s <= now.mono_s else reported.until_s

    @property
    def may_repeat(self) -> bool:
        """Say whether a unit that should have fallen silent may go on with its last frame: only a zero ends that doubt.

        How long it is counted as on is another thing (`on_until_s`): that it goes on is one report against all others.
        """
        proved = bool(self.stop_confirmed) or self.untouched or self.was_seen_off
        plays = self.linked and self.state is not State.ENDED
        return not self.caps.silence_sure and self.order is not None and not plays and not proved

    def warn(self, now: Now, text: str, do: str) -> list[Happened]:
        """Take a warning that is none of the unit's, and keep it until somebody acknowledges it."""
        return self.alarms.ring(now, Priority.MEDIUM, text, do)

    def arm(self, now: Now) -> list[Happened]:
        """Take the pads-on act."""
        if self.state not in (State.IDLE, State.CONNECTING, State.READY):
            move(self.state, Move.ARM)
        self._pads_on_s = now.mono_s
        return []

    def level(self, channel: Channel, *, by: int | None, to: int | None) -> str:
        """Move a channel's goal; above the cap it is refused, and the cap named. Returns what was done.

        `by` never leads further than a few steps beyond the level that the unit told (see `ahead`): a key that is
        held repeats thirty times a second, the unit takes a step or two, and whoever lets go means "no further". What
        is refused isn't remembered. `to` was typed as a number and holds as it is, within the caps.
        """
        after = move(self.state, Move.LEVEL)
        self._check_not_stopping(Move.LEVEL)
        self._check_channel(channel)
        goal = max(0, to if to is not None else self.ramp.goal(channel) + (by or 0))
        check_level(self.limits, channel, goal)
        if to is None and goal > max(self.ramp.goal(channel), self._come_to(channel) + ahead(self.caps)):
            # Without a figure in it that moves: the same refusal is the same sentence, and is told once.
            text = tr(
                "{channel} waits for the unit: a key moves the goal up to {steps} above its level; press again when it "
                "is there",
                channel=channel.value,
                steps=ahead(self.caps),
            )
            raise EstimError(text, code=Exit.TRY_LATER)
        self.ramp.aim(channel, goal, at_once=after is State.RUNNING)
        self.state = after
        return tr("{channel} goes to {level}", channel=channel.value, level=goal)

    def room(self, channel: Channel) -> int:
        """Return by how many steps a key may raise a channel's goal now (see `level`); 0 where it only stops."""
        if self.order is None:
            return 0
        most = min(self._come_to(channel) + ahead(self.caps), self.limits.of(channel)[0])
        return max(0, most - self.ramp.goal(channel))

    def lower(self, steps: int, channel: Channel | None = None) -> str:
        """Move a channel's goal (None: of all) down from where the unit has come to: a level that rises stops rising.

        Nothing can be raised by it, whatever `steps` is. Returns what was done, raises EstimError if nothing can be.
        """
        meant = list(self.caps.channels) if channel is None else [channel]
        for one in meant:
            self._check_channel(one)
        goals = {one: min(self.ramp.goal(one), self._come_to(one)) - max(0, steps) for one in meant}
        return "; ".join(self.level(one, by=None, to=max(0, goal)) for one, goal in goals.items())

    def pause(self, now: Now) -> list[Happened]:
        """Zero at once, keep the time that is left."""
        self._unfed_s = None  # it waits for a key from now on, whatever it waited for
        if self.state is State.PAUSED:
            return []
        move(self.state, Move.PAUSE)
        self._check_not_stopping(Move.PAUSE)
        self._go(now, Move.PAUSE)
        return self.alarms.paused(tr("paused by a person"), self.ramp.played_s(now.mono_s))

    def _check_channel(self, channel: Channel) -> None:
        if channel not in self.caps.channels:
            raise EstimError(
                tr("{unit} has no channel {channel}", unit=self.unit.name, channel=channel.value), code=Exit.USAGE
            )

    def _check_not_stopping(self, what: Move) -> None:
        """Refuse what would take a soft stop back."""
        if self._latched:
            raise refusal(what, tr("it is stopping"))

    def resume(self, now: Now, reported: Reported | None) -> list[Happened]:
        """Ramp again from zero; refused while zero isn't proved or the link is away."""
        after = move(self.state, Move.RESUME)
        self._check_not_stopping(Move.RESUME)
        if not self.linked or reported is None or not self.proved(reported):
            raise IllegalMove(tr("can't resume yet: the unit has not confirmed zero; try again in a second"))
        return self._resume(now, after)

    def _resume(self, now: Now, after: State) -> list[Happened]:
        self.state = after
        self._since_s = now.mono_s
        self.reason = None
        self.why = ""
        self._unfed_s = None
        self._begin(now)
        return self.alarms.resumed(self.ramp.played_s(now.mono_s))

    def stop(self, now: Now, reason: Reason, *, soft: bool = False) -> list[Happened]:
        """Stop. Soft comes down in two seconds first; any second stop makes it hard. Nothing leads back from it."""
        self._latched = True
        why = tr_text(_STOPPED.get(reason, _BY_A_PERSON))
        if self.state is State.PAUSED:
            self.reason = None  # whatever led to the pause is over: it is this person who ends it
        if not self.linked and self.reason is Reason.LINK_LOST:
            self._was_zero = False  # that proved a pause, or an earlier stop
        if soft and self.state in PLAYING and not self.ramp.softening:
            self.reason = reason
            self.why = why
            self.ramp.soften(now.mono_s)
        elif self.state is not State.ENDED:
            self._stop(now, reason, why)
        return []

    def looked_after(self, now: Now) -> list[Happened]:
        """Note that somebody looks after the session; to be called every second where there is no link to step with.

        Who slept, or stood still, plays nothing on; nor does it begin what was agreed to before.
        """
        slept_s = now.mono_s - self._stepped_s
        self._stepped_s = now.mono_s
        if slept_s <= ASLEEP_S:
            return []
        if self.state in PLAYING:
            return self._fault(now, _slept(slept_s))
        if self._pads_on_s is None or self.state not in (State.IDLE, State.CONNECTING, State.READY):
            return []
        self._pads_on_s = None
        text = tr("{what}: output doesn't begin by itself any more", what=_slept(slept_s))
        return self.alarms.ring(now, Priority.MEDIUM, text, tr("once it is ready, say again that the pads are on"))

    def step(self, now: Now, reported: Reported, events: Sequence[Event]) -> list[Happened]:
        """Let time pass and take what the unit said. Call after every input, before request()."""
        told = self._interruptions(now, reported)
        self._note_on(reported)
        if self.order is None and _above_zero(reported):
            self.until_s = max(self.until_s, reported.until_s)  # it says itself that it goes on
        self._seen = now, reported
        self.ramp.advance(now.mono_s)
        for event in events:
            told += self._take(now, event)
        told += self._look(now, reported)
        played_s = self.ramp.played_s(now.mono_s)
        fading = self.state in PLAYING and self.ramp.fading(now.mono_s)
        by_all = author_of(self.state, self.reason, softening=self.ramp.softening, fading=fading)
        turned = {event.channel: "hand" for event in events if isinstance(event, Hand) and event.rose}
        told += self.alarms.levels(self.ramp.moved_by(by_all) | turned, reported, played_s)
        told += self._proceed(now, reported)
        if self.state in PLAYING and self.order:
            told += self.alarms.playing(now, reported, self.order.course.score, played_s)
        return told

    def request(self, now: Now) -> Request:
        """Return the present request to the Guard."""
        now_s = now.mono_s
        if self.state in PLAYING:
            origin_s = self.ramp.origin_s(now_s)
            level = self.ramp.levels(now_s)
            gate = self.ramp.gate(now_s)
            end_s = min(self.ramp.end_s(now_s), origin_s + SESSION_MAX_S)
            return Request(Mode.PLAY, level, gate, origin_s, end_s, held=self._granted)
        prepares = self.state in (State.CONNECTING, State.READY, State.ARMED)
        return Request(Mode.READY if prepares else Mode.OFF, {}, 0.0, 0.0, 0.0, halted=tr_text(HALTED[self.state]))

    def wanted(self, now: Now, request: Request, permit: Permit) -> Wanted:
        """Return the order for the driver, and account for the levels that estim itself will bring about."""
        self._doubt.granted(permit.level)
        self._granted = permit.level
        return Wanted(
            mode=request.mode,
            level=permit.level,
            ceiling={} if request.mode is Mode.OFF else self.limits.ceiling,  # a stop writes nothing but zeros
            score=self.order.course.score if self.order else None,
            origin_s=self.ramp.origin_s(now.mono_s),
            end_s=request.end_s,
            stop=self._stop_number,
            rises=permit.asks,
        )

    def nap_s(self, now: Now, request: Request, permit: Permit) -> float:
        """Return how long step() may wait if nothing comes in, given what was asked of the Guard and permitted.

        Until the request changes by itself, NAP_S at most; while the Guard holds a level below what is requested it is
        asked again soon.
        """
        if any(permit.level[channel] < level for channel, level in request.level.items()):
            return RISING_S
        if self.state not in PLAYING:
            return NAP_S
        # while it plays the driver asks by itself; a gap in feeding must be seen about when it is one
        longest_s = NAP_S if self.caps.off_by is OffBy.FEED else 2 * NAP_S
        return min(longest_s, self.ramp.rests_s(now.mono_s))

    @property
    def length_s(self) -> float:
        """How long it plays, seconds; 0 for a session that only stops."""
        return min(self.order.course.score.length_s, SESSION_MAX_S) if self.order else 0.0

    def _come_to(self, channel: Channel) -> int:
        """Return how far on the person's own scale the unit has surely come, as it told last."""
        if self._seen is None or self.order is None:
            return 0
        now, reported = self._seen
        return self.ramp.come_to(now.mono_s, channel, reported.level[channel].lo)

    def _go(self, now: Now, by: Move) -> None:
        """Make a move; where it leads to zero the ramp is cleared, and a zero of its own asked for."""
        self.state = move(self.state, by)
        self._since_s = now.mono_s
        if self.state in (State.PAUSED, State.STOPPING, State.FAULT):
            self._unfed_s = None  # whatever led here now, a gap in feeding is not what waits to be over
            self._stop_number += by is not Move.BACK  # what came back has proved the zero of its stop
            self.ramp.clear(now.mono_s)

    def _interruptions(self, now: Now, reported: Reported) -> list[Happened]:
        """See whether time has passed in which nobody looked after the unit: zero comes first, then it is told."""
        slept = self.looked_after(now)
        if slept or self.state not in PLAYING:
            return slept
        if reported.fed_s is None or now.mono_s - reported.fed_s <= UNFED_MAX_S:
            return []
        text = tr("the unit was left without frames for a moment, so it goes back to zero")
        if self._latched:
            self._stop(now, Reason.STOPPED, tr_text(_BY_A_PERSON))
            return []
        self._go(now, Move.PAUSE)
        self._unfed_s = reported.fed_s
        return self.alarms.paused(text, self.ramp.played_s(now.mono_s))

    def _feed_again(self, now: Now) -> list[Happened]:
        """Zero is proved after a gap in feeding: a short one is ramped over, a long one waits for a key."""
        assert self._unfed_s is not None, "called after a gap only"
        gap_s = now.mono_s - self._unfed_s
        self._unfed_s = None
        if gap_s <= UNFED_KEY_S:
            return self._resume(now, move(self.state, Move.RESUME))
        text = tr("the unit was left without frames for {seconds:.0f} s: output is off", seconds=gap_s)
        return self.alarms.ring(now, Priority.MEDIUM, text, tr("resume with a key when you are ready"))

    def _stop(self, now: Now, reason: Reason, why: str, *, by: Move = Move.STOP) -> None:
        """Go to STOPPING, or stay in FAULT. The first reason stays, but a person's panic or interrupt is told."""
        if self.reason is None or reason in (Reason.PANIC, Reason.INTERRUPTED):
            self.reason = reason
            self.why = why
        if self.state not in (State.STOPPING, State.FAULT):
            self._go(now, by)

    def _fault(self, now: Now, why: str) -> list[Happened]:
        if self.state in (State.IDLE, State.STOPPING, State.FAULT, State.ENDED):
            return []
        self._go(now, Move.FAULT)
        self.reason = Reason.FAULT
        self.why = why
        return self.alarms.ring(now, Priority.HIGH, tr("stopped: {why}", why=why), self.unit.by_hand)

    def _begin(self, now: Now) -> None:
        top = max(self.ramp.goal(channel) for channel in self.caps.channels)
        ramp_s = self.order.ramp_s if self.order else None
        shortest_s = ramp_default_s(top, self.caps.step, self.caps.raise_gap_s)
        self.ramp.begin(now.mono_s, shortest_s if ramp_s is None else ramp_s)

    def _take(self, now: Now, event: Event) -> list[Happened]:
        waited = self._unfed_s is not None and self.state is State.PAUSED
        self._unfed_s = None  # something else has happened in a gap: it takes a key to go on
        match event:
            case Hand() if waited:
                self._doubt.hand(event)
                text = tr(
                    "{channel} was turned by hand while frames were missing: it stays off", channel=event.channel.value
                )
                return self.alarms.ring(now, Priority.MEDIUM, text, tr("resume with a key when you are ready"))
            case Hand():
                return self._hand(now, event)
            case Ended(said):
                if self.state not in PLAYING:
                    return []
                why = of_unit(said)
                self._stop(now, Reason.DEVICE_ENDED, why)
                text = tr("the unit ended by itself: {why}", why=why)
                return self.alarms.ring(now, Priority.MEDIUM, text, tr("start it again"))
            case Contact(channel, ok):
                return [] if ok or self.state not in PLAYING else self._no_contact(now, channel)
            case LowBattery():
                return self._fault(now, tr("the unit's battery is low")) if self.state in PLAYING else []
            case Refused(said):
                return self._fault(now, of_unit(said))
            case _:
                assert_never(event)

    def _hand(self, now: Now, hand: Hand) -> list[Happened]:
        self._doubt.hand(hand)
        if self.state not in PLAYING:
            return []
        channel = hand.channel
        cap, why = self.limits.of(channel)
        self.ramp.hand(now.mono_s, channel, min(hand.level, cap), rose=hand.rose, cap=cap)
        if not hand.rose or hand.level <= cap:
            return []
        text = tr(
            "{channel} was raised by hand to {level}, above the cap of {cap} ({why}): lowered to {cap}",
            channel=channel.value,
            level=hand.level,
            cap=cap,
            why=why,
        )
        return self.alarms.ring(now, Priority.MEDIUM, text, tr("use + in estim to go up, within the cap"))

    def _no_contact(self, now: Now, channel: Channel) -> list[Happened]:
        text = tr("the pads on {channel} have lost contact with the skin", channel=channel.value)
        told = self.alarms.ring(now, Priority.MEDIUM, text, tr("estim turns the output off: check pads and leads"))
        if self.order and self.order.wait_after_loss and not self._latched:
            self._go(now, Move.PAUSE)
            return told + self.alarms.paused(text, self.ramp.played_s(now.mono_s))
        self._stop(now, Reason.CONTACT_LOST, text)
        return told

    def _look(self, now: Now, reported: Reported) -> list[Happened]:
        wrong = self._doubt.look(now.mono_s, reported)
        if wrong and self.state is not State.CONNECTING:
            return self._fault(now, wrong)
        silent = self._doubt.silent(now.mono_s, reported) if self.state in PLAYING else ""
        return self._fault(now, silent) if silent else []

    def _proceed(self, now: Now, reported: Reported) -> list[Happened]:
        """Make the moves that need no person."""
        waited_s = now.mono_s - self._since_s
        match self.state:
            case State.CONNECTING if self.linked:
                return self._make_ready(now, reported)
            case State.READY:
                return self._make_start(now, waited_s)
            case State.RAMPING | State.RUNNING:
                self._play_on(now, reported)
            case State.PAUSED if waited_s > PAUSE_MAX_S:
                why = tr("paused for {minutes:.0f} minutes", minutes=PAUSE_MAX_S / 60)
                self._stop(now, Reason.STOPPED, why, by=Move.TIME_UP)
            case State.PAUSED if waited_s > self._pause_proof_s and not self.proved(reported):
                return self._fault(now, tr("the pause is not confirmed by the unit"))
            case State.PAUSED if self._unfed_s is not None and self.proved(reported):
                return self._feed_again(now)
            case State.STOPPING | State.FAULT if self.linked:
                return self._make_end(now, reported, waited_s)
            case _:
                pass
        return []

    @property
    def _pause_proof_s(self) -> float:
        """How long a pause may stay unproved. Where frames couldn't reach the unit its word can't come either, and it
        has fallen silent unfed; so silence is judged there as it is while it plays."""
        return self.caps.stop_s if self._unfed_s is None else self.caps.fault_s

    def _make_ready(self, now: Now, reported: Reported) -> list[Happened]:
        if not reported.ready:
            if now.mono_s - self._linked_s > READY_MAX_S:
                heard = reported.told_s >= self._linked_s
                text = of_unit(reported.trouble) or (
                    tr("it does not confirm level 0") if heard else tr("it never says its level")
                )
                why = tr("{trouble}: switch the unit off and on, and try again", trouble=text)
                self._stop(now, Reason.NO_DEVICE, why)
            return []
        if reported.battery is None and now.mono_s - self._linked_s < CHARGE_WAIT_S:
            return []
        self._go(now, Move.READIED)
        if reported.battery is not None and reported.battery < BATTERY_MIN_PCT:
            text = tr(
                "the battery is at {percent} %: charge it to {needed} % or more first",
                percent=reported.battery,
                needed=BATTERY_MIN_PCT,
            )
            self._stop(now, Reason.REFUSED, text)
            return []
        return self.alarms.connected(reported)

    def _make_start(self, now: Now, waited_s: float) -> list[Happened]:
        if self._pads_on_s is not None and now.mono_s - self._pads_on_s <= ARM_WINDOW_S:
            self._go(now, Move.ARM)
            self._go(now, Move.START)
            self.started = now
            self._begin(now)
            return self.alarms.armed() + self.alarms.started(now, self.length_s)
        if waited_s > ARM_WINDOW_S:
            text = tr("nobody said within {minutes:.0f} minutes that the pads are on", minutes=ARM_WINDOW_S / 60)
            self._stop(now, Reason.REFUSED, text, by=Move.TIME_UP)
        return []

    def _play_on(self, now: Now, reported: Reported) -> None:
        now_s = now.mono_s
        if now_s >= self.ramp.end_s(now_s) - 1e-9 or self.ramp.played_s(now_s) >= SESSION_MAX_S:
            self._stop(now, Reason.COMPLETED, tr("the time is up"), by=Move.TIME_UP)
        elif self.ramp.soft_over(now_s):
            self._stop(now, self.reason or Reason.STOPPED, self.why)
        elif (
            self.state is State.RAMPING
            and self.ramp.climbed()
            and reached(self.ramp.levels(now_s), reported, self.limits)
        ):
            self._go(now, Move.REACHED)

    def _make_end(self, now: Now, reported: Reported, waited_s: float) -> list[Happened]:
        if self.proved(reported):
            waits = self.order is not None and self.order.wait_after_loss and self.started is not None
            if waits and not self._latched and self.reason is Reason.LINK_LOST and self.state is State.STOPPING:
                self._go(now, Move.BACK)
                self.alarms.proved()
                why = tr("the link was lost; the unit is off, resume with a key")
                return self.alarms.paused(why, self.ramp.played_s(now.mono_s))
            return self._end(now, reported, confirmed=True)
        if waited_s <= self.caps.stop_s:
            return []
        text = tr("the stop is not confirmed by the unit")
        late = tr("the unit confirmed its stop late: it is at zero")
        told = self.alarms.ring(now, Priority.HIGH, text, self.unit.by_hand, proved=late)
        if self.order is None and now.mono_s < self.until_s:
            return told  # it was left running: only a proof or its own end ends this
        return told + self._end(now, reported, confirmed=False)

    def _end(self, now: Now, reported: Reported | None, *, confirmed: bool) -> list[Happened]:
        self._go(now, Move.ZEROED if confirmed else Move.GIVE_UP)
        self.stop_confirmed = confirmed
        if confirmed:
            self.alarms.proved()
        assert self.reason is not None, "a session ends for a reason"
        played_s = self.ramp.played_s(now.mono_s)
        until_s = self.on_until_s(now, reported)
        until = (until_s > now.mono_s or self.may_repeat, local_time(now, until_s))
        return self.alarms.ended(
            self.reason, self.why, self.started, played_s, reported, confirmed, until, self.untouched
        )


def _above_zero(reported: Reported) -> bool:
    return any(span.lo > 0 for span in reported.level.values())


def _slept(seconds: float) -> str:
    if seconds >= 120:
        return tr("the computer slept, or stood still, for {minutes:.0f} minutes", minutes=seconds / 60)
    return tr("the computer slept, or stood still, for {seconds:.0f} s", seconds=seconds)
