"""A software Coyote 2.0: strengths that stay, waves that last 100 ms, wheels; crossed as the real one is.

Rules (the maker's open V2 document, see the family's file; what nobody knows is an option):
1. 1504 sets both strengths at once, clamped to the maximum that 1507 tells. Words of another length are ignored.
2. 1506 is A's wave and 1505 is B's. What they play, and for how long, is in coyote2_socket.
3. A wheel goes by 7 and is told on 1504. A box that isn't listened to tells nobody.
4. Words are taken without response only, as the copied table of a real box has it; it advertises no service.
"""

from functools import lru_cache
from math import inf

from protocols.coyote2.packets import (
    APP_STEP,
    BATTERY,
    CHARGE,
    CONFIG,
    CONFIG_WORD,
    FIRMWARE,
    MAX_STRENGTH,
    STRENGTH_WORD,
    STRENGTHS,
    VERSION,
    WAVE_A,
    WAVE_B,
    WAVE_WORD,
    Charge,
    Config,
    Strengths,
    Version,
    Wave,
)
from protocols.vocabulary import Advert, BadPacket, Endpoint
from simulator.chance import Chance
from simulator.coyote2.channel import ChannelOutput
from simulator.coyote2.options import Coyote2Options
from simulator.outbox import Act, Agenda, Outbox
from simulator.trace import silent
from simulator.twin import Kind, Log, Pulse, Said, WriteRefused

NAME = "coyote2"
LETTERS = "AB"
WAVES = (WAVE_A, WAVE_B)
TELL_S = 0.010, 0.040
"""How long a notification takes: an assumption, as for the newer box."""


class Coyote2:
    """The twin; see simulator.twin.Twin for its methods."""

    family = NAME
    endpoints: tuple[Endpoint, ...] = (BATTERY, VERSION, STRENGTHS, WAVE_B, WAVE_A, CONFIG)

    def __init__(self, address: str, options: Coyote2Options, chance: Chance, log: Log = silent) -> None:
        self.address = address
        self._options = options
        self._log = log
        self._chance = chance.stream(f"{NAME} {address}")
        self._sockets = tuple(ChannelOutput(LETTERS[at], options.strength[at], options, log) for at in range(2))
        self._battery = options.battery
        self._on = True
        self._ignored = 0
        self._heard: set[Endpoint] = set()
        self._outbox = Outbox()
        timed = (Act(options.pads_off, "pads-off"), Act(options.low_battery, "low-battery"))
        self._agenda = Agenda((*options.hand, *(act for act in timed if act.at_s < inf)))

    @property
    def advert(self) -> Advert:
        """See Twin: it names no service."""
        return Advert(self.address, self._options.name)

    @property
    def on(self) -> bool:
        """See Twin."""
        return self._on

    @property
    def due_s(self) -> float:
        """See Twin."""
        first, second = self._sockets
        return min(self._outbox.due_s, self._agenda.due_s, first.due_s, second.due_s)

    def level(self, channel: str = "A") -> int:
        """Return the strength that a channel is really set to."""
        return self._sockets[LETTERS.index(channel)].strength

    def advance(self, now_s: float) -> list[Said]:
        """See Twin."""
        self._live(now_s)
        said = [one for one in self._outbox.take(now_s) if one.endpoint in self._heard]
        for one in said:
            self._log(now_s, "notify", {"endpoint": one.endpoint.name, "hex": one.data.hex()})
        return said

    def connect(self, now_s: float) -> None:
        """See Twin."""
        self._agenda.begin(now_s)
        self._live(now_s)
        self._log(now_s, "connect", {"level": self._levels()})

    def disconnect(self, now_s: float) -> None:
        """See Twin. What is left of the last waves still plays."""
        self._live(now_s)
        self._heard.clear()
        self._outbox.clear()
        self._log(now_s, "disconnect", {"level": self._levels()})
        if self._options.reconnect == "zero":
            self._set(now_s, (0, 0), "link")

    def subscribe(self, now_s: float, endpoint: Endpoint, on: bool) -> None:
        """See Twin."""
        self._live(now_s)
        if endpoint in (STRENGTHS, BATTERY):
            (self._heard.add if on else self._heard.discard)(endpoint)

    def write(self, now_s: float, endpoint: Endpoint, data: bytes, response: bool) -> None:
        """See Twin."""
        self._live(now_s)
        if not self._on:
            return
        fields = {"endpoint": endpoint.name, "hex": data.hex(), "response": response}
        if endpoint not in (STRENGTHS, *WAVES) or (response and not self._options.write_also):
            self._log(now_s, "refused", {**fields, "code": 0x03})
            raise WriteRefused(0x03, f"{endpoint.name} takes no write {'with' if response else 'without'} response")
        self._log(now_s, "write", fields)
        try:
            if endpoint == STRENGTHS:
                self._order(now_s, STRENGTH_WORD.parse(data))
            else:
                self._sockets[WAVES.index(endpoint)].take(now_s, _wave(data))
        except BadPacket as error:
            self._log(now_s, "ignored", {"hex": data.hex(), "why": str(error)})

    def read(self, now_s: float, endpoint: Endpoint) -> bytes:
        """See Twin."""
        self._live(now_s)
        if endpoint == STRENGTHS:
            return self._word()
        if endpoint in WAVES:
            return WAVE_WORD.build(self._sockets[WAVES.index(endpoint)].wave or Wave(0, 0, 0, 0))
        if endpoint == CONFIG and self._options.config:
            return CONFIG_WORD.build(Config(0, self._options.maximum, APP_STEP))
        if endpoint == BATTERY:
            return CHARGE.build(Charge(self._battery))
        if endpoint == VERSION:
            return FIRMWARE.build(Version(0x10, 0x01))
        raise WriteRefused(0x02, f"{endpoint.name} can't be read")

    def hand(self, now_s: float, act: str) -> None:
        """See Twin."""
        self._live(now_s)
        self._act(now_s, act)

    def pulses(self, since_s: float, until_s: float) -> list[Pulse]:
        """See Twin; `until_s` may not lie in the future. The current is an assumption."""
        self._live(until_s)
        both = [pulse for socket in self._sockets for pulse in socket.stage_at(until_s).pulses(since_s, until_s)]
        return sorted(both, key=lambda pulse: (pulse.at_s, pulse.channel))

    def _levels(self) -> dict[str, int]:
        return {socket.name: socket.strength for socket in self._sockets}

    def _word(self) -> bytes:
        first, second = self._sockets
        return STRENGTH_WORD.build(Strengths(0, first.strength, second.strength))

    def _live(self, now_s: float) -> None:
        while (at_s := min(self._agenda.due_s, *(socket.due_s for socket in self._sockets))) <= now_s:
            if at_s == self._agenda.due_s:
                self._act(*self._agenda.take())
                continue
            for socket in self._sockets:
                if socket.due_s == at_s:
                    socket.run_dry(at_s)

    def _order(self, now_s: float, order: Strengths) -> None:
        stops = order.a == order.b == 0 and any(socket.strength for socket in self._sockets)
        if stops and self._ignored < self._options.stop_ignored:
            self._ignored += 1
            self._log(now_s, "ignored", {"why": "option stop_ignored"})
            return
        top = self._options.maximum if self._options.clamps else MAX_STRENGTH
        changed = self._set(now_s, (min(top, order.a), min(top, order.b)), "host")
        if (self._options.echo and changed) or self._options.echo_same:
            self._tell(now_s)

    def _set(self, now_s: float, levels: tuple[int, int], by: str) -> bool:
        changed = [socket.set(now_s, level, by) for socket, level in zip(self._sockets, levels, strict=True)]
        return any(changed)

    def _tell(self, now_s: float) -> None:
        at_s = now_s + self._chance.between(*TELL_S) + self._options.tell_late_s
        self._outbox.put(at_s, STRENGTHS, self._word())

    def _act(self, now_s: float, act: str) -> None:
        self._log(now_s, "hand", {"act": act})
        match act:
            case "pads-off" | "pads-on":
                for socket in self._sockets:
                    socket.wear(now_s, pads_on=act == "pads-on", why=act)
            case "power-off" | "power-on":
                self._on = act == "power-on"
                for socket in self._sockets:
                    socket.off(now_s, act)
                self._set(now_s, (0, 0), "power")
            case "low-battery":
                self._battery = min(self._battery, 5)
                self._outbox.put(now_s, BATTERY, CHARGE.build(Charge(self._battery)))
            case _:
                self._turn(now_s, act)

    def _turn(self, now_s: float, act: str) -> None:
        """Turn a wheel, step by step; each is told."""
        if act[:1] not in ("A", "B") or act[1:2] not in ("+", "-"):
            raise ValueError(f"a hand can't do {act!r} to a {NAME}")
        socket = self._sockets[LETTERS.index(act[0])]
        step = APP_STEP if act[1] == "+" else -APP_STEP
        for _ in range(int(act[2:] or 1)):
            if socket.set(now_s, max(0, min(self._options.maximum, socket.strength + step)), "hand"):
                self._tell(now_s)


@lru_cache(maxsize=1024)
def _wave(data: bytes) -> Wave:
    """Return the wave of a word; kept, since a program sends the same ones again and again."""
    return WAVE_WORD.parse(data)


KIND = Kind(NAME, "DG-LAB Coyote 2.0", "OTHER ESTIM01", "C2:70:7E:02:00", Coyote2Options(), Coyote2)
