"""The software unit of the example family: it answers each frame, and falls silent when it isn't fed."""

from dataclasses import dataclass
from math import inf

from estim_example.family import BOX, LEVEL, SERVICE, SILENT_S, Strength
from protocols.layout import pick
from protocols.vocabulary import Advert, BadPacket, Endpoint
from simulator.chance import Chance
from simulator.options import acts, option, whole, word
from simulator.outbox import Act, Agenda, Outbox
from simulator.output import Run, Stage, tick_at
from simulator.twin import Kind, Log, Pulse, Said, Twin, WriteRefused

PERIOD_MS = 10
WIDTH_US = 100.0


@dataclass(frozen=True, slots=True)
class ExampleOptions:
    """What can be set on it."""

    name: str = option("EXAMPLE", "NAME", "name in the adverts", word)
    strength: int = option(0, "N", "level that it runs at already (0-50)", whole(0, 50))
    hand: tuple[Act, ...] = option((), "ACT@T;…", "acts of a person, as A-5@40;power-off@60", acts())


class ExampleTwin:
    """See simulator.twin.Twin."""

    family = "example"
    endpoints = (BOX,)

    def __init__(self, address: str, options: ExampleOptions, _chance: Chance, log: Log) -> None:
        self.address = address
        self._name = options.name
        self._log = log
        self._level = options.strength
        self._silent_s = inf
        self._heard = False
        self._outbox = Outbox()
        self._agenda = Agenda(options.hand)
        self._stage = Stage("A")
        self._stage.play(0, (Run(PERIOD_MS, PERIOD_MS, WIDTH_US),), again=True)
        self.on = True

    @property
    def advert(self) -> Advert:
        return Advert(self.address, self._name, (SERVICE,))

    @property
    def due_s(self) -> float:
        return min(self._outbox.due_s, self._agenda.due_s, self._silent_s)

    def level(self, channel: str = "A") -> int:
        return self._level

    def advance(self, now_s: float) -> list[Said]:
        self._live(now_s)
        return [said for said in self._outbox.take(now_s) if self._heard]

    def connect(self, now_s: float) -> None:
        self._agenda.begin(now_s)
        self._live(now_s)
        self._log(now_s, "connect", {"level": {"A": self._level}})

    def disconnect(self, now_s: float) -> None:
        self._live(now_s)
        self._heard = False
        self._outbox.clear()
        self._log(now_s, "disconnect", {"level": {"A": self._level}})

    def subscribe(self, now_s: float, endpoint: Endpoint, on: bool) -> None:
        self._heard = on

    def write(self, now_s: float, endpoint: Endpoint, data: bytes, response: bool) -> None:
        self._live(now_s)
        if endpoint != BOX or not response:
            raise WriteRefused(0x03, "it takes writes with response only")
        self._log(now_s, "write", {"endpoint": BOX.name, "hex": data.hex(), "response": response})
        try:
            _, packet = pick((LEVEL,), data)
        except BadPacket as error:
            self._log(now_s, "ignored", {"hex": data.hex(), "why": str(error)})
            return
        self._set(now_s, packet.level, "host")
        self._silent_s = now_s + SILENT_S
        self._tell(now_s)

    def read(self, now_s: float, endpoint: Endpoint) -> bytes:
        raise WriteRefused(0x02, "nothing can be read")

    def hand(self, now_s: float, act: str) -> None:
        self._live(now_s)
        self._log(now_s, "hand", {"act": act})
        if act == "power-off":
            self.on = False
            self._set(now_s, 0, "power")
        elif act == "power-on":
            self.on = True
        elif act[:2] in ("A+", "A-"):
            self._set(now_s, max(0, min(50, self._level + int(f"{act[1]}{act[2:] or 1}"))), "hand")
            self._tell(now_s)
        else:
            raise ValueError(f"a hand can't do {act!r} to the example unit")

    def pulses(self, since_s: float, until_s: float) -> list[Pulse]:
        self._live(until_s)
        self._stage.live(tick_at(until_s))
        return list(self._stage.pulses(since_s, until_s))

    def _live(self, now_s: float) -> None:
        while (at_s := min(self._agenda.due_s, self._silent_s)) <= now_s:
            if at_s == self._silent_s:
                self._silent_s = inf
                self._set(at_s, 0, "silence")
            else:
                self.hand(*self._agenda.take())

    def _set(self, now_s: float, level: int, by: str) -> None:
        if level == self._level:
            return
        self._level = level
        self._stage.strength(tick_at(now_s), float(level))
        self._log(now_s, "level", {"channel": "A", "level": level, "by": by})
        self._log(now_s, "output", {"channel": "A", "current_ma": float(level), "why": by})

    def _tell(self, now_s: float) -> None:
        self._outbox.put(now_s + 0.02, BOX, LEVEL.build(Strength(self._level)))


def _make(address: str, options: ExampleOptions, chance: Chance, log: Log) -> Twin:
    return ExampleTwin(address, options, chance, log)


KIND = Kind("example", "Example unit", "EXAMPLE-2", "E0:00:00:00:00", ExampleOptions(), _make)
