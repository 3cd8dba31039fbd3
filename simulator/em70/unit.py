"""A software Beurer EM 70 (radio name LT1102S): level, own timer, keys and states as captured from a real one.

Rules (public capture of one unit, thesis repository Trojan13/ma-ems; "choice" where nobody knows):
1. Frames with a wrong start, length or checksum are acknowledged by the radio and ignored by the unit (choice).
2. It runs while the level is above 0. Its timer counts down by itself, with or without a central, and at its end the
   level is 0 and the timer full again. A link that is lost changes nothing (choice, hence an option).
3. 01 and 02 step by one and are echoed, 03 sets, 03 00 stops. An echo tells the level after the command.
4. The state (07) tells load, program, mode, level, time left and battery, in eight bytes, or nine by option.
5. What flows is unknown; see em70_current for the assumption that stands in for it.
"""

from math import inf
from typing import Any

from construct_typed import DataclassMixin

from protocols.em70.packets import (
    ASK_STATE,
    ASK_VERSION,
    BATTERY,
    CHARGE,
    CONTROL,
    ECHO_DOWN,
    ECHO_SET,
    ECHO_UP,
    ENDED,
    KEY,
    LOCK,
    LOCKED,
    LONG_STATE,
    LOW_BATTERY,
    OVERLOAD,
    PAUSE,
    POWER_OFF,
    PROGRAM,
    SELECT,
    SET_LEVEL,
    STATE,
    STEP_DOWN,
    STEP_UP,
    TOP,
    VERSION,
    Charge,
    Hold,
    Lock,
    LongState,
    Plain,
    Program,
    State,
    Strength,
    Version,
)
from protocols.layout import Form, Layout, T, pick
from protocols.vocabulary import Advert, BadPacket, Endpoint
from simulator.chance import Chance
from simulator.em70.options import Em70Options
from simulator.em70.output import AssumedCurrent
from simulator.em70.timer import Timer
from simulator.outbox import Act, Agenda, Outbox
from simulator.trace import silent
from simulator.twin import Kind, Log, Pulse, Said, WriteRefused

NAME = "em70"
PROGRAMS = 30
"""Highest program number it takes (choice: the real list isn't public)."""
WRITE_MAX = 20
ANSWER_S = 0.025, 0.035
"""From the command's arrival to the notification: about 30 ms, as captured at a connection interval of 15 ms."""
DARK_S = 0.2
"""How long it takes to switch off after 0D (choice)."""
LOW_PERCENT = 20
COMMANDS: tuple[Layout[Any], ...]
COMMANDS = STEP_UP, STEP_DOWN, SET_LEVEL, SELECT, LOCK, PAUSE, ASK_STATE, ASK_VERSION, POWER_OFF


class Em70:
    """The twin; see simulator.twin.Twin for its methods, and `level` for what a test wants to know."""

    family = NAME
    endpoints: tuple[Endpoint, ...] = (CONTROL, BATTERY)

    def __init__(self, address: str, options: Em70Options, chance: Chance, log: Log = silent) -> None:
        self.address = address
        self._options = options
        self._log = log
        self._chance = chance.stream(f"{NAME} {address}")
        self._timer = Timer(options, chance.stream(f"{NAME} {address} timer"))
        self._program = options.program
        self._timer.reload(self._program)
        self._level = 0
        self._battery = options.battery
        self._load = 0
        self._pads_on = self._on = self._unlocked = True
        self._paused = self._told_low = False
        self._dark_s = inf
        self._ignored = {"stop": 0, "down": 0, "off": 0}
        self._last = b""
        self._heard: set[Endpoint] = set()
        self._outbox = Outbox()
        timed = (Act(options.pads_off, "pads-off"), Act(options.low_battery, "low-battery"))
        self._agenda = Agenda((*options.hand, *(act for act in timed if act.at_s < inf)))
        self._current = AssumedCurrent(log)

    @property
    def advert(self) -> Advert:
        """See Twin: the maker's data is the address backwards, its first two bytes read as a company by receivers."""
        backwards = bytes.fromhex(self.address.replace(":", ""))[::-1]
        name = self._options.name + ("\0\0" if self._options.nul and self._options.name else "")
        return Advert(self.address, name, (), ((int.from_bytes(backwards[:2], "little"), backwards[2:]),))

    @property
    def on(self) -> bool:
        """See Twin."""
        return self._on

    @property
    def due_s(self) -> float:
        """See Twin."""
        return min(self._outbox.due_s, self._agenda.due_s, self._timer.due_s, self._dark_s)

    def level(self, channel: str = "A") -> int:
        """Return the level that it is really at, whatever it says; it has one for all channels."""
        return self._level

    def advance(self, now_s: float) -> list[Said]:
        """See Twin."""
        self._live(now_s)
        out = [said for said in self._outbox.take(now_s) if said.endpoint in self._heard]
        for said in out:
            self._last = said.data
            self._log(now_s, "notify", {"endpoint": said.endpoint.name, "hex": said.data.hex()})
        return out

    def connect(self, now_s: float) -> None:
        """See Twin. A unit that runs already has run since just before the first connect."""
        self._agenda.begin(now_s)
        self._live(now_s)
        if self._options.strength and self._timer.fresh:
            self._set(now_s, self._options.strength, "before")
        self._log(now_s, "connect", {"level": {"A": self._level}})

    def disconnect(self, now_s: float) -> None:
        """See Twin."""
        self._live(now_s)
        self._heard.clear()
        self._outbox.clear()
        self._log(now_s, "disconnect", {"level": {"A": self._level}})
        if self._options.link_loss == "stop":
            self._set(now_s, 0, "link")

    def subscribe(self, now_s: float, endpoint: Endpoint, on: bool) -> None:
        """See Twin."""
        self._live(now_s)
        (self._heard.add if on else self._heard.discard)(endpoint)

    def write(self, now_s: float, endpoint: Endpoint, data: bytes, response: bool) -> None:
        """See Twin: with response only."""
        self._live(now_s)
        if not self._on:
            return
        fields = {"endpoint": endpoint.name, "hex": data.hex(), "response": response}
        if endpoint != CONTROL or not response:
            self._log(now_s, "refused", {**fields, "code": 0x03})
            raise WriteRefused(0x03, f"{endpoint.name} takes no write {'with' if response else 'without'} response")
        if len(data) > WRITE_MAX:
            self._log(now_s, "refused", {**fields, "code": 0x0D})
            raise WriteRefused(0x0D, f"{endpoint.name} takes at most {WRITE_MAX} bytes, not {len(data)}")
        self._log(now_s, "write", fields)
        try:
            layout, packet = pick(COMMANDS, data)
        except BadPacket as error:
            self._log(now_s, "ignored", {"hex": data.hex(), "why": str(error)})
            return
        self._obey(now_s, layout, packet)

    def read(self, now_s: float, endpoint: Endpoint) -> bytes:
        """See Twin: battery, or the last frame that was notified (uncertain)."""
        self._live(now_s)
        return CHARGE.build(Charge(self._battery)) if endpoint == BATTERY else self._last

    def hand(self, now_s: float, act: str) -> None:
        """See Twin."""
        self._live(now_s)
        self._act(now_s, act)

    def pulses(self, since_s: float, until_s: float) -> list[Pulse]:
        """See Twin; `until_s` may not lie in the future. An assumption, rule 5."""
        self._live(until_s)
        return self._current.pulses(since_s, until_s)

    def _live(self, now_s: float) -> None:
        while (at_s := min(self._agenda.due_s, self._timer.due_s, self._dark_s)) <= now_s:
            if at_s == self._dark_s:
                self._dark_s = inf
                self._on = False
                self._set(at_s, 0, "power")
            elif at_s == self._agenda.due_s:
                self._act(*self._agenda.take())
            elif self._timer.tick():
                self._set(at_s, 0, "timer")
                self._say(at_s, ENDED, Plain(0))

    def _obey(self, now_s: float, layout: Form, packet: DataclassMixin) -> None:
        match packet:
            case Plain():
                self._obey_plain(now_s, layout.name)
            case Strength(level):
                if level or not self._shrugs(now_s, "stop", self._options.stop_ignored):
                    self._set(now_s, level, "host")
                if self._options.echo03:
                    self._say(now_s, ECHO_SET, Strength(self._level))
            case Program(program):
                self._select(now_s, program)
            case Lock(unlocked):
                self._unlocked = bool(unlocked)
                self._say(now_s, LOCKED, Lock(unlocked))
            case Hold(resumed) if self._level:
                self._paused = not resumed
                self._timer.hold(now_s, self._paused)
                self._flow(now_s, "host")

    def _obey_plain(self, now_s: float, name: str) -> None:
        if name == STEP_UP.name:
            self._set(now_s, min(TOP, self._level + 1), "host")
            self._say(now_s, ECHO_UP, Strength(self._level))
        elif name == STEP_DOWN.name:
            if not self._shrugs(now_s, "down", self._options.down_ignored):
                self._set(now_s, max(0, self._level - 1), "host")
            self._say(now_s, ECHO_DOWN, Strength(self._level))
        elif name == ASK_STATE.name:
            self._tell_state(now_s)
        elif name == ASK_VERSION.name:
            self._say(now_s, VERSION, Version(1, 2))
        elif name == POWER_OFF.name and not self._shrugs(now_s, "off", self._options.off_ignored):
            self._dark_s = now_s + DARK_S

    def _shrugs(self, now_s: float, what: str, times: int) -> bool:
        """Say whether a stop, a step down or a switching off has no effect this time."""
        if not self._level or self._ignored[what] >= times:
            return False
        self._ignored[what] += 1
        self._log(now_s, "ignored", {"why": f"option {what}_ignored"})
        return True

    def _select(self, now_s: float, program: int) -> None:
        if not 1 <= program <= PROGRAMS:
            self._log(now_s, "ignored", {"why": f"no program {program}"})
            return
        self._set(now_s, 0, "program")
        self._program = program
        self._timer.reload(program)
        self._log(now_s, "program", {"program": program})
        if self._options.notify04:
            self._say(now_s, PROGRAM, Program(program))

    def _tell_state(self, now_s: float) -> None:
        minutes, seconds = divmod(self._timer.left_s, 60)
        mode = 2 if self._program == 19 else 1
        lock = 0
        known = self._load, self._program, mode, self._level, minutes, self._battery
        if self._options.nine:
            cure = 1 if self._level else 0
            self._say(now_s, LONG_STATE, LongState(*known, cure, 60 - seconds if seconds else 0, lock))
        else:
            self._say(now_s, STATE, State(*known, seconds, lock))

    def _act(self, now_s: float, act: str) -> None:
        self._log(now_s, "hand", {"act": act})
        match act:
            case "pads-off":
                self._pads_on = False
                self._overload(now_s)
            case "pads-on":
                self._pads_on = True
                self._flow(now_s, act)
            case "power-off":
                self._on = False
                self._set(now_s, 0, "power")
            case "power-on":
                self._on = True
                self._timer.reload(self._program)
            case "low-battery":
                self._battery = min(self._battery, 5)
                self._warn(now_s)
            case _ if act[:2] in ("A+", "A-"):
                self._press(now_s, act)
            case _:
                raise ValueError(f"a hand can't do {act!r} to an {NAME}")

    def _press(self, now_s: float, act: str) -> None:
        """Its own keys; locked, they do nothing."""
        if not (self._unlocked and self._on):
            return
        for _ in range(int(act[2:] or 1)):
            level = self._level
            self._set(now_s, max(0, min(TOP, level + (1 if act[1] == "+" else -1))), "hand")
            if self._level != level:
                self._say(now_s, KEY, Strength(self._level))

    def _overload(self, now_s: float) -> None:
        """Notice that the pads are off, which it can only do while something flows."""
        self._load = 0
        if self._level:
            self._say(now_s, OVERLOAD, Plain(0))
            if self._options.overload_drops:
                self._set(now_s, 0, "pads")
        self._flow(now_s, "pads-off")

    def _set(self, now_s: float, level: int, by: str) -> None:
        before = self._level
        if level == before:
            return
        self._level = level
        self._log(now_s, "level", {"channel": "A", "level": level, "by": by})
        if before == 0:
            self._timer.start(now_s)
            self._battery = max(1, self._battery - self._chance.number(3, 5))
            self._load = 1 if self._pads_on else 0
            self._warn(now_s)
        elif level == 0:
            self._timer.reload(self._program)
            self._paused = False
            self._battery = min(100, self._battery + 2)
        self._flow(now_s, by)
        if before == 0 and not self._pads_on:
            self._overload(now_s)

    def _warn(self, now_s: float) -> None:
        if self._battery < LOW_PERCENT and not self._told_low:
            self._told_low = True
            self._say(now_s, LOW_BATTERY, Plain(0))

    def _flow(self, now_s: float, why: str) -> None:
        self._current.flow(now_s, self._level, self._pads_on and not self._paused, why)

    def _say(self, now_s: float, layout: Layout[T], packet: T) -> None:
        self._outbox.put(now_s + self._chance.between(*ANSWER_S), CONTROL, layout.build(packet))


KIND = Kind(NAME, "Beurer EM 70 Wireless", "LT5009NEW", "F9:8B:6F:12:EC", Em70Options(), Em70)
