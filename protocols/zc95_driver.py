"""The driver of a ZC95: parameters on a grid as commands, levels and zeros as requests whose replies are the proof.

1. A level is believed from the reply to the write that set it, and asked for by writing it again. The dials come by
   themselves; one that is turned below the level lowers it, as any hand does.
2. Before the first power of a session the channel has its width and rate, and is enabled at power 0.
3. What moves (sweeps, bursts, contractions) goes out as commands, on slots of 50 ms: a reply each would be too slow.
4. Stop: power 0 and enable 0 as commands at once, past everything; then the same as requests, which prove it. Without
   replies it hangs up: a box without a link is off.
"""

from collections import Counter
from math import inf

from protocols.belief import Belief, Change, How
from protocols.pace import Reading
from protocols.score import Texture, slotted, texture, unchanged_s
from protocols.vocabulary import (
    AirError,
    BadPacket,
    Capabilities,
    Channel,
    Close,
    Endpoint,
    Event,
    Hand,
    Level,
    Mode,
    Op,
    Out,
    Read,
    Reported,
    Span,
    Wanted,
    Write,
    Zero,
)
from protocols.zc95 import (
    BATTERY,
    CAPS,
    CHANNELS,
    CHARGE,
    DIAL,
    DIALS,
    ENABLE,
    ENABLES,
    POWER,
    POWERS,
    RATE,
    RATES,
    TOP,
    WIDTH,
    WIDTHS,
    Power,
    Rate,
    Switch,
    Width,
    whole,
)
from protocols.zc95_lane import Lane, Sent, Stop

ASK_S = 1.0
"""Between two questions while a level stays."""

REPLY_S = 1.0
"""A request without a reply is given up after this; on BlueZ a reply takes about two connection intervals."""

AGAIN_S = 0.3
CLOSE_S = 2.0
"""A stop that nothing has proved for so long is proved by hanging up."""

NOTICE_S = 6.0
"""The longest supervision time-out seen in units: so long may a box not know that its link is lost."""

DIAL_EVERY_S, BATTERY_EVERY_S, TICK_S, SLOT_S = 5.0, 60.0, 0.001, 0.05


class Zc95:
    """See the module and protocols.driver.Driver."""

    def __init__(self, now_s: float) -> None:
        self._wanted = Wanted(Mode.WATCH)
        self._lanes = {channel: Lane(channel, Belief(TOP)) for channel in CHANNELS}
        self._stop: Stop | None = None
        self._flight: dict[int, Sent] = {}
        self._command: tuple[int, float] | None = None
        self._tag = 0
        self._battery = Reading(now_s, every_s=BATTERY_EVERY_S, retry_s=5.0, timeout_s=REPLY_S)
        self._percent: int | None = None
        self._dial_s = now_s
        self._heard_s = self._told_s = -inf
        self._acting = Mode.WATCH
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
        lane = next((lane for lane in self._lanes.values() if DIALS[lane.channel] == endpoint), None)
        self._counts["unknown"] += lane is None
        return [] if lane is None else self._dial(lane, data)

    def done(self, now_s: float, tag: int, data: bytes, error: AirError | None) -> list[Event]:
        if self._command is not None and self._command[0] == tag:
            self._command = None
            return []
        if self._battery.is_of(tag):
            self._charge(now_s, data, error)
            return []
        sent = self._flight.pop(tag, None)
        if sent is None:
            return []
        if error is not None:
            self._counts["errors"] += 1
            return []
        self._heard_s, lane = now_s, sent.lane
        if sent.dial:
            return self._dial(lane, data)
        if sent.power is not None and lane.belief.awaits(tag):
            self._told_s = now_s
            lane.belief.answer(now_s, tag, sent.power)
        if self._stop is not None and lane.zero == "power" and sent.power == 0:
            lane.zero = "enable"
        elif self._stop is not None and lane.zero == "enable" and sent.enable is False:
            lane.zero = ""
        return []

    def poll(self, now_s: float) -> list[Op]:
        self._turn(now_s)
        for tag in [tag for tag, sent in self._flight.items() if now_s >= sent.late_s]:
            del self._flight[tag]
            self._counts["timeouts"] += 1
        if self._command is not None and now_s >= self._command[1]:
            self._command = None
        self._battery.late(now_s)
        ops = self._hurry(now_s)
        if not self._flight and not (self._stop is not None and self._stop.closing):
            ops += self._request(now_s)
        if self._command is None:
            ops += self._texture(now_s)
        self._due_s = max(self._next_s(now_s), now_s + TICK_S)
        return ops

    def lost(self, now_s: float) -> Reported:
        """See Driver. A box without a link is off; until it must have noticed, it may not be."""
        return self.reported(now_s, lost=True)

    # What the box says

    def _dial(self, lane: Lane, data: bytes) -> list[Event]:
        try:
            place = DIAL.parse(data).power
        except BadPacket:
            self._counts["bad"] += 1
            return []
        before, lane.dial = lane.dial, place
        lowered = before is not None and place < before and place < lane.belief.span.hi
        return [Hand(lane.channel, Level(place), rose=False)] if lowered else []

    def _charge(self, now_s: float, data: bytes, error: AirError | None) -> None:
        try:
            if error is not None:
                raise BadPacket(str(error))
            self._percent = CHARGE.parse(data).percent
        except BadPacket:
            self._counts["bad"] += 1
            self._battery.failed(now_s)
        else:
            self._heard_s = now_s
            self._battery.took()

    # What goes out

    def _turn(self, now_s: float) -> None:
        mode = self._wanted.mode
        if mode is Mode.PLAY and now_s >= self._wanted.end_s:
            mode = Mode.OFF
        was, self._acting = self._acting, mode
        if mode in (Mode.OFF, Mode.READY) and (was not in (Mode.OFF, Mode.READY) or self._stop is None):
            self._stop = Stop(now_s, now_s, lanes=list(self._lanes.values()))
            for lane in self._lanes.values():
                lane.zero = "power"
        elif mode in (Mode.PLAY, Mode.WATCH):
            self._stop = None

    def _level(self, lane: Lane) -> int:
        if self._acting is not Mode.PLAY:
            return 0
        ceiling = self._wanted.ceiling.get(lane.channel, CAPS.scale)
        return min(self._wanted.level.get(lane.channel, Level(0)), ceiling, TOP)

    def _hurry(self, now_s: float) -> list[Op]:
        """Return what waits for nothing: the commands of a stop, and of a channel that has to come down."""
        if self._stop is None:
            return [
                self._say(now_s, lane, POWERS, POWER.build(Power(0)))
                for lane in self._lanes.values()
                if self._acting is Mode.PLAY and self._level(lane) == 0 < lane.belief.expected.hi
            ]
        stop, ops = self._stop, list[Op]()
        if now_s >= stop.again_s and not self._proved():
            stop.again_s = now_s + AGAIN_S
            for lane in stop.lanes:
                if lane.belief.span.hi or lane.enabled is not False:
                    ops.append(self._say(now_s, lane, POWERS, POWER.build(Power(0))))
                    ops.append(self._say(now_s, lane, ENABLES, ENABLE.build(Switch(0))))
        gives_up = self._acting is Mode.OFF and now_s >= stop.since_s + CLOSE_S and not self._proved()
        if gives_up and not stop.closing:
            stop.closing = True
            self._tag += 1
            ops.append(Close(self._tag))
        return ops

    def _say(self, now_s: float, lane: Lane, where: dict[Channel, Endpoint], data: bytes) -> Write:
        """Return an urgent command of a stop; nothing answers it."""
        self._tag += 1
        if where is POWERS:
            lane.belief.write(now_s, Change(How.SET, 0), None)
        else:
            lane.enabled = False
        return Write(self._tag, where[lane.channel], data, response=False, urgent=True)

    def _request(self, now_s: float) -> list[Op]:
        """Return the one request that is due: proof of a stop, a level, a dial, the battery, a question."""
        if self._acting is Mode.WATCH:
            return self._look(now_s)
        for lane in self._lanes.values():
            if self._stop is not None and lane.zero == "power":
                return [self._power(now_s, lane, 0)]
            if self._stop is not None and lane.zero == "enable":
                return [self._enable(now_s, lane, on=False)]
        for lane in self._lanes.values():
            level = self._level(lane)
            if level > 0 and lane.enabled is not True and lane.set_up:
                return [self._enable(now_s, lane, on=True)]
            if level != lane.belief.expected.hi and (level == 0 or self._may_play(lane)):
                return [self._power(now_s, lane, level)]
        return self._look(now_s)

    def _may_play(self, lane: Lane) -> bool:
        return self._acting is Mode.PLAY and lane.enabled is True and lane.set_up

    def _look(self, now_s: float) -> list[Op]:
        self._tag += 1
        if self._battery.begin(now_s, self._tag):
            return [Read(self._tag, BATTERY)]
        unread = next((lane for lane in self._lanes.values() if lane.dial is None), None)
        if unread is None and now_s >= self._dial_s + DIAL_EVERY_S:
            unread = min(self._lanes.values(), key=lambda lane: lane.asked_s)
        if unread is not None and (unread.asked_s == -inf or now_s >= self._dial_s + AGAIN_S):
            self._dial_s = unread.asked_s = now_s
            self._flight[self._tag] = Sent(unread, now_s + REPLY_S, dial=True)
            return [Read(self._tag, DIALS[unread.channel])]
        if self._acting is not Mode.WATCH and now_s >= self._told_s + ASK_S:
            lane = max(self._lanes.values(), key=lambda lane: lane.belief.span.hi)
            return [self._power(now_s, lane, self._level(lane) if self._may_play(lane) else 0)]
        return []

    def _power(self, now_s: float, lane: Lane, power: int) -> Write:
        self._tag += 1
        lane.belief.write(now_s, Change(How.SET, power), self._tag)
        self._flight[self._tag] = Sent(lane, now_s + REPLY_S, power=power)
        return Write(self._tag, POWERS[lane.channel], POWER.build(Power(power)), response=True, urgent=power == 0)

    def _enable(self, now_s: float, lane: Lane, *, on: bool) -> Write:
        self._tag += 1
        lane.enabled = on
        self._flight[self._tag] = Sent(lane, now_s + REPLY_S, enable=on)
        return Write(self._tag, ENABLES[lane.channel], ENABLE.build(Switch(int(on))), response=True, urgent=not on)

    def _texture(self, now_s: float) -> list[Op]:
        """Return the next command that a channel in use needs so that it plays what the score says now."""
        score = self._wanted.score
        if score is None or self._acting not in (Mode.READY, Mode.PLAY) or not (self._stop is None or self._proved()):
            return []
        now = texture(score, slotted(score, max(0.0, now_s - self._wanted.origin_s), SLOT_S))
        for lane in self._lanes.values():
            if self._acting is Mode.PLAY and self._level(lane) == 0 and lane.belief.span.hi == 0:
                continue
            for where, data in self._changes(lane, now):
                self._tag += 1
                self._command = self._tag, now_s + REPLY_S
                return [Write(self._tag, where[lane.channel], data, response=False)]
        return []

    def _changes(self, lane: Lane, now: Texture) -> list[tuple[dict[Channel, Endpoint], bytes]]:
        """Return the first thing that differs from what the box was told last; it counts as told from now on."""
        width_us = int(whole(now.width_us)) if now.on or self._acting is Mode.READY else 0
        rate_hz = max(1, int(whole(now.rate_hz)))
        if width_us != lane.width_us:
            lane.width_us = width_us
            return [(WIDTHS, WIDTH.build(Width(width_us, width_us)))]
        if rate_hz != lane.rate_hz:
            lane.rate_hz = rate_hz
            return [(RATES, RATE.build(Rate(rate_hz)))]
        return []

    def _next_s(self, now_s: float) -> float:
        dues_s = [sent.late_s for sent in self._flight.values()]
        if self._command is not None:
            dues_s.append(self._command[1])
        elif self._wanted.score is not None and self._acting is Mode.PLAY:
            dues_s.append(now_s + unchanged_s(self._wanted.score, now_s - self._wanted.origin_s, SLOT_S))
        if self._stop is not None and not self._stop.closing and not self._proved():
            dues_s += [max(self._stop.again_s, now_s), self._stop.since_s + CLOSE_S]
        if not self._flight:
            known = all(lane.dial is not None for lane in self._lanes.values())
            dues_s += [self._battery.due_s, self._dial_s + (DIAL_EVERY_S if known else AGAIN_S)]
            dues_s += [self._told_s + ASK_S] if self._acting is not Mode.WATCH else []
        return min(due_s for due_s in [*dues_s, now_s + DIAL_EVERY_S, self._wanted.end_s or inf] if due_s > now_s)

    # What is so

    def _proved(self) -> bool:
        return all(lane.zero == "" and lane.belief.span.hi == 0 for lane in self._lanes.values())

    def reported(self, now_s: float, *, lost: bool = False) -> Reported:
        spans = {channel: lane.belief.span for channel, lane in self._lanes.items()}
        zero = Zero.NO if self._stop is None else Zero.CONFIRMED if self._proved() else Zero.SENT
        hung_up = lost and self._stop is not None and self._stop.closing
        if hung_up:
            spans, zero = dict.fromkeys(CHANNELS, Span(0, 0)), Zero.CONFIRMED
        highest = max(span.hi for span in spans.values())
        out = Out.OFF if highest == 0 else Out.ON if not lost and any(s.lo for s in spans.values()) else Out.MAYBE
        met = all(lane.dial is not None and lane.width_us >= 0 for lane in self._lanes.values())
        return Reported(
            ready=self._acting is Mode.PLAY or (zero is Zero.CONFIRMED and met),
            closable=True,
            level=spans,
            settled_s={channel: lane.belief.settled_s for channel, lane in self._lanes.items()},
            ceiling={ch: CAPS.scale if lane.dial is None else Level(lane.dial) for ch, lane in self._lanes.items()},
            out=out,
            zero=zero,
            until_s=now_s if out is Out.OFF else now_s + NOTICE_S if lost else inf,
            heard_s=self._heard_s,
            told_s=self._told_s,
            battery=self._percent,
            counts=dict(self._counts),
        )
