"""A software Coyote 3.0: memory, wheels and answers as the fact sheet has them, and an output stage as measured.

Rules (DG-LAB's open document for V3, unless marked):
1. A frame orders strengths first, then 4 x 25 ms of texture for each socket. One byte out of range drops the channel's
   whole block, and the channel is silent for that frame.
2. Strength stays within 0 and the limit, whoever changes it; 201-255 count as 0. Nothing wraps.
3. B1 answers a numbered frame, or tells of a wheel with number 0. A box that isn't listened to tells nobody.
4. Without a new frame it falls silent after 100 ms and keeps the strength (uncertain, hence options).
5. Height of a pulse from strength, width from intensity: the measured table and 2 µs + 1.5 µs x intensity into 500 ohm.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import inf

from protocols.coyote3.packets import B1, BATTERY, BE, BF, CHARGE, FRAME, IN, LIMITS, OLD_REPLY, OUT, TOLD, Charge
from protocols.vocabulary import Advert, BadPacket, Endpoint
from simulator.chance import Chance
from simulator.coyote3.channel import Block, ChannelOutput, block_of
from simulator.coyote3.options import Coyote3Options
from simulator.outbox import Act, Agenda, Outbox
from simulator.output import Skin
from simulator.trace import silent
from simulator.twin import Kind, Log, Pulse, Said, WriteRefused

NAME = "coyote3"
TOP = 200
FRAME_MAX = 20
ANSWER_S = 0.010, 0.040
"""How long an answer takes (fact sheet, section 9; the real one is unknown)."""
_ODD = b"\x51\x01", b"\x53\x00\x0a\x0a", b"\xb1\x00", b"\x7f\x01\x02\x03", b"\xb1\x01\x05\x05\x00"


@dataclass(frozen=True, slots=True)
class _Frame:
    """A B0 as the box understands it: mode, value and block of A and B; a block of None was dropped."""

    sequence: int
    modes: tuple[int, int]
    values: tuple[int, int]
    blocks: tuple[Block | None, Block | None]


@lru_cache(maxsize=4096)
def _understand(data: bytes, lowest: int) -> _Frame:
    packet = FRAME.parse(data)
    values = packet.strength_a, packet.strength_b
    return _Frame(
        packet.sequence,
        (packet.mode_a, packet.mode_b),
        (values[0] if values[0] <= TOP else 0, values[1] if values[1] <= TOP else 0),
        (
            block_of(packet.period_a, packet.intensity_a, lowest),
            block_of(packet.period_b, packet.intensity_b, lowest),
        ),
    )


class Coyote3:
    """The twin; see simulator.twin.Twin for its methods, and `level` for what a test wants to know."""

    family = NAME
    endpoints: tuple[Endpoint, ...] = (IN, OUT, BATTERY)

    def __init__(self, address: str, options: Coyote3Options, chance: Chance, log: Log = silent) -> None:
        self.address = address
        self._options = options
        self._log = log
        self._chance = chance.stream(f"{NAME} {address}")
        skin = Skin(options.load_ohm)
        self._sockets = tuple(
            ChannelOutput(name, options.strength[place], options.limit[place], skin, log)
            for place, name in enumerate("AB")
        )
        self._battery = options.battery
        self._on = True
        self._heard: set[Endpoint] = set()
        self._outbox = Outbox()
        timed = (Act(options.pads_off, "pads-off"), Act(options.low_battery, "low-battery"))
        self._agenda = Agenda((*options.hand, *(act for act in timed if act.at_s < inf)))
        self._stops_ignored = self._answers = 0
        self._lowest_code = 5 if options.accept_5_to_9 else 10

    @property
    def advert(self) -> Advert:
        """See Twin. No service is named unless the option says so, since nobody knows."""
        return Advert(self.address, self._options.name, (IN.service,) if self._options.adv_service else ())

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
        return self._sockets["AB".index(channel)].strength

    def limit(self, channel: str) -> int:
        """Return the limit that is in force."""
        return self._sockets["AB".index(channel)].limit

    def advance(self, now_s: float) -> list[Said]:
        """See Twin."""
        self._live(now_s)
        if self._outbox.due_s > now_s:
            return []
        out = [said for said in self._outbox.take(now_s) if said.endpoint in self._heard]
        for said in out:
            self._log(now_s, "notify", {"endpoint": said.endpoint.name, "hex": said.data.hex()})
        return out

    def connect(self, now_s: float) -> None:
        """See Twin."""
        self._agenda.begin(now_s)
        self._live(now_s)
        self._log(now_s, "connect", {"level": self._levels()})

    def disconnect(self, now_s: float) -> None:
        """See Twin. What is left of the last frame still plays."""
        self._live(now_s)
        self._heard.clear()
        self._outbox.clear()
        self._log(now_s, "disconnect", {"level": self._levels()})
        if self._options.reconnect == "zero":
            for socket in self._sockets:
                socket.set(now_s, 0, "link")

    def subscribe(self, now_s: float, endpoint: Endpoint, on: bool) -> None:
        """See Twin."""
        self._live(now_s)
        if endpoint == OUT:
            (self._heard.add if on else self._heard.discard)(endpoint)

    def write(self, now_s: float, endpoint: Endpoint, data: bytes, response: bool) -> None:
        """See Twin. Bytes that are no packet are ignored without a word, as far as is known of the real box."""
        self._live(now_s)
        if not self._on:
            return
        fields = {"endpoint": endpoint.name, "hex": data.hex(), "response": response}
        if endpoint != IN or (response and not self._options.write_also):
            self._log(now_s, "refused", {**fields, "code": 0x03})
            raise WriteRefused(0x03, f"{endpoint.name} takes no write {'with' if response else 'without'} response")
        if len(data) > FRAME_MAX:
            self._log(now_s, "refused", {**fields, "code": 0x0D})
            raise WriteRefused(0x0D, f"{endpoint.name} takes at most {FRAME_MAX} bytes, not {len(data)}")
        self._log(now_s, "write", fields)
        try:
            if data[:1] == LIMITS.head:
                self._limit(now_s, LIMITS.parse(data))
            else:
                self._play(now_s, _understand(data, self._lowest_code))
        except BadPacket as error:
            self._log(now_s, "ignored", {"hex": data.hex(), "why": str(error)})

    def read(self, now_s: float, endpoint: Endpoint) -> bytes:
        """See Twin."""
        self._live(now_s)
        if endpoint != BATTERY:
            raise WriteRefused(0x02, f"{endpoint.name} can't be read")
        return CHARGE.build(Charge(self._battery))

    def hand(self, now_s: float, act: str) -> None:
        """See Twin."""
        self._live(now_s)
        self._act(now_s, act)

    def pulses(self, since_s: float, until_s: float) -> list[Pulse]:
        """See Twin; `until_s` may not lie in the future."""
        self._live(until_s)
        both = [pulse for socket in self._sockets for pulse in socket.stage_at(until_s).pulses(since_s, until_s)]
        return sorted(both, key=lambda pulse: (pulse.at_s, pulse.channel))

    def _live(self, now_s: float) -> None:
        while self._agenda.due_s <= now_s:
            at_s, act = self._agenda.take()
            self._run_dry(at_s)
            self._act(at_s, act)
        self._run_dry(now_s)

    def _run_dry(self, now_s: float) -> None:
        for socket in self._sockets:
            socket.run_dry(now_s)

    def _play(self, now_s: float, frame: _Frame) -> None:
        orders = tuple(zip(self._sockets, frame.modes, frame.values, strict=True))
        if self._stops_ignored < self._options.stop_ignored and any(
            mode == 3 and value == 0 and socket.strength for socket, mode, value in orders
        ):
            self._stops_ignored += 1
            self._log(now_s, "ignored", {"why": "option stop_ignored"})
            self._answer(now_s, frame, changed=False)
            return
        changed = False
        for socket, mode, value in orders:
            changed |= socket.set(now_s, socket.ordered(mode, value), "host")
        self._answer(now_s, frame, changed)
        again = self._options.repeat_last
        for socket, block in zip(self._sockets, frame.blocks, strict=True):
            socket.play(now_s, block, again=again, why="frame" if block else "dropped")

    def _answer(self, now_s: float, frame: _Frame, changed: bool) -> None:
        options = self._options
        if frame.sequence:
            ordered = any(frame.modes) or options.ack_idle
            answers = changed if options.ack == "changed" else ordered and options.ack == "always"
        else:
            answers = changed and options.b1_on_seq0
        if not answers:
            return
        self._answers += 1
        if options.ack_drop_n and self._answers % options.ack_drop_n == 0:
            return
        at_s = now_s + self._chance.between(*ANSWER_S) + options.ack_late_s
        for _ in range(2 if options.ack_twice else 1):
            self._tell(at_s, frame.sequence)
        if self._chance.happens(options.noise):
            self._outbox.put(at_s, OUT, self._chance.one_of(_ODD))

    def _tell(self, at_s: float, sequence: int) -> None:
        first, second = self._sockets
        self._outbox.put(at_s, OUT, TOLD.build(B1(sequence, first.strength, second.strength)))

    def _limit(self, now_s: float, packet: BF) -> None:
        limits = packet.limit_a, packet.limit_b
        balances = (
            (packet.freq_balance_a, packet.intensity_balance_a),
            (packet.freq_balance_b, packet.intensity_balance_b),
        )
        lowered = False
        for socket, limit, balance in zip(self._sockets, limits, balances, strict=True):
            socket.balance = balance
            if limit <= TOP:
                socket.limit = limit
                lowered |= socket.set(now_s, min(socket.strength, limit), "limit")
        self._log(now_s, "limit", {socket.name: socket.limit for socket in self._sockets})
        if lowered:
            self._tell(now_s + self._chance.between(*ANSWER_S), 0)
        if self._options.be_reply:
            reply = BE(self._sockets[0].limit, self._sockets[1].limit, *LIMITS.build(packet)[3:])
            self._outbox.put(now_s + self._chance.between(*ANSWER_S), OUT, OLD_REPLY.build(reply))

    def _act(self, now_s: float, act: str) -> None:
        self._log(now_s, "hand", {"act": act})
        match act:
            case "pads-off" | "pads-on":
                for socket in self._sockets:
                    socket.wear(now_s, Skin(self._options.load_ohm, act == "pads-on"), act)
            case "power-off" | "power-on":
                self._on = act == "power-on"
                for socket in self._sockets:
                    socket.play(now_s, None, again=False, why=act)
                    socket.set(now_s, 0, "power")
            case "low-battery":
                self._battery = min(self._battery, 5)
            case _:
                self._turn(now_s, act)

    def _turn(self, now_s: float, act: str) -> None:
        if act[:1] not in ("A", "B") or act[1:2] not in ("+", "-"):
            raise ValueError(f"a hand can't do {act!r} to a {NAME}")
        socket = self._sockets["AB".index(act[0])]
        for _ in range(int(act[2:] or 1)):
            if socket.set(now_s, socket.ordered(1 if act[1] == "+" else 2, 1), "hand"):
                self._tell(now_s + self._chance.between(*ANSWER_S), 0)

    def _levels(self) -> dict[str, int]:
        return {socket.name: socket.strength for socket in self._sockets}


KIND = Kind("coyote3", "DG-LAB Coyote 3.0", "47L127000", "C0:70:7E:03:00", Coyote3Options(), Coyote3)
