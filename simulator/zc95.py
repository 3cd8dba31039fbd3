"""A software ZC95: four channels with live parameters, dials that are a ceiling, and silence as soon as its link ends.

Rules (firmware of CrashOverride85/zc95, see the family's file; "choice" where nobody knows):
1. On connect the routine begins anew: power 0, channels off, width 150/150 µs, 150 Hz (kept on a reconnect by option).
2. A wrong size, a power above 1000 or a switch above 1 is ATT error 0x13; a rate of 0 is ignored without a word.
3. Output needs enable, power and a dial above 0: the smaller of power and dial, or their product, as the box is set.
4. It never stops by itself while the link is up. When it ends, all is off at once.
5. Isolation is on: never two channels at once. Pulses of this twin sit on a grid of 1 ms and may share a tick (choice).
6. Its voltage isn't published: 0.1 mA for each step of power into 500 ohm is assumed.
"""

from dataclasses import dataclass
from math import inf
from typing import Any

from protocols.layout import Layout
from protocols.vocabulary import Advert, BadPacket, Can, Channel, Endpoint
from protocols.zc95 import (
    BATTERY,
    CHANNELS,
    CHARGE,
    CONTROL_SERVICE,
    DIAL,
    DIALS,
    ENABLE,
    ENABLES,
    ISOLATED,
    ISOLATION,
    MAY_JOIN,
    POWER,
    POWERS,
    PULSES,
    RATE,
    RATES,
    STREAM,
    TOP,
    USED,
    WIDTH,
    WIDTHS,
    Charge,
    Packet,
    Power,
    Rate,
    Switch,
    Width,
)
from simulator.chance import Chance
from simulator.kind import Kind
from simulator.options import acts, number, one_of, option, pair, whole, word, yes
from simulator.outbox import Act, Agenda, Outbox
from simulator.output import Run, Stage, tick_at
from simulator.trace import silent
from simulator.twin import Log, Pulse, Said, Twin, WriteRefused

NOT_ALLOWED, NOT_PERMITTED, NOT_SUPPORTED = 0x13, 0x03, 0x06
TELL_S = 0.25
"""A dial that moves is told at most this often."""

MA_A_STEP = 0.1


@dataclass(frozen=True, slots=True)
class Zc95Options:
    """How a ZC95 is set, what its sheet leaves open, and what goes wrong."""

    strength: tuple[int, int] = option((0, 0), "A/B", "power that A and B run at when it is met (0-1000)", pair(TOP))
    dials: int = option(1000, "N", "where all four dials stand (0-1000)", whole(0, TOP))
    mode: str = option("limit", "limit|scale", "what a dial does to the power", one_of("limit", "scale"))
    battery: int = option(80, "N", "battery in %", whole(0, 100))
    low_battery: float = option(inf, "T", "the battery falls to 5 % after T s", number(0))
    name: str = option("ZC95", "NAME", "name in the adverts", word)
    hand: tuple[Act, ...] = option((), "ACT@T;…", "dials and more, as A-500@40;power-off@60", acts(channels="ABCD"))
    pads_off: float = option(inf, "T", "the pads come off after T s", number(0))
    load_ohm: float = option(500.0, "OHM", "load between the pads (no effect on its assumed current)", number(1))
    stop_ignored: int = option(0, "N", "the next N zeros have no effect, though replied to", whole(0, 10**6))
    refuse: int = option(0, "N", "the next N writes are refused with an error", whole(0, 10**6))
    keeps: bool = option(False, "yes|no", "width and rate survive a reconnect", yes)
    joins: bool = option(True, "yes|no", "switching isolation off is allowed", yes)


@dataclass(slots=True)
class Output:
    """One channel's parameters."""

    positive_us: int = 150
    negative_us: int = 150
    rate_hz: int = 150
    power: int = 0
    on: bool = False


class Zc95:
    """The twin; see simulator.twin.Twin for its methods."""

    family = "zc95"
    endpoints: tuple[Endpoint, ...] = (*USED, PULSES, MAY_JOIN, ISOLATION)

    def __init__(self, address: str, options: Zc95Options, _chance: Chance, log: Log = silent) -> None:
        self.address = address
        self.on = True
        self._options = options
        self._log = log
        self._out = {channel: Output() for channel in CHANNELS}
        self._dials = dict.fromkeys(CHANNELS, options.dials)
        self._told_s = dict.fromkeys(CHANNELS, -inf)
        self._stages = {channel: Stage(channel.value, first=1) for channel in CHANNELS}
        self._battery = options.battery
        self._isolated = self._pads_on = True
        self._met = False
        self._ignored = self._refused = self._messages = 0
        self._heard: set[Endpoint] = set()
        self._outbox = Outbox()
        timed = (Act(options.pads_off, "pads-off"), Act(options.low_battery, "low-battery"))
        self._agenda = Agenda((*options.hand, *(act for act in timed if act.at_s < inf)))

    @property
    def advert(self) -> Advert:
        """See Twin."""
        return Advert(self.address, self._options.name, (CONTROL_SERVICE, BATTERY.service))

    @property
    def due_s(self) -> float:
        """See Twin."""
        return min(self._outbox.due_s, self._agenda.due_s)

    def level(self, channel: str = "A") -> int:
        """Return the power of a channel, 0 if it is not enabled."""
        out = self._out[Channel(channel)]
        return out.power if out.on else 0

    def advance(self, now_s: float) -> list[Said]:
        """See Twin."""
        self._live(now_s)
        said = [one for one in self._outbox.take(now_s) if one.endpoint in self._heard]
        for one in said:
            self._log(now_s, "notify", {"endpoint": one.endpoint.name, "hex": one.data.hex()})
        return said

    def connect(self, now_s: float) -> None:
        """See Twin: the routine begins anew. One that was met running belongs to a host that died (its link lived)."""
        self._agenda.begin(now_s)
        self._live(now_s)
        for channel, out in self._out.items():
            if not self._options.keeps:
                out.positive_us = out.negative_us = out.rate_hz = 150
            self._set(now_s, channel, power=0, on=False, by="connect")
        if not self._met:
            for channel, power in zip(CHANNELS, self._options.strength, strict=False):
                self._set(now_s, channel, power=power, on=power > 0, by="before")
        self._met = True
        self._log(now_s, "connect", {"level": self._levels()})

    def disconnect(self, now_s: float) -> None:
        """See Twin: everything is off at once."""
        self._live(now_s)
        self._log(now_s, "disconnect", {"level": self._levels()})
        self._heard.clear()
        self._outbox.clear()
        for channel in CHANNELS:
            self._set(now_s, channel, power=0, on=False, by="link")

    def subscribe(self, now_s: float, endpoint: Endpoint, on: bool) -> None:
        """See Twin."""
        self._live(now_s)
        (self._heard.add if on else self._heard.discard)(endpoint)

    def write(self, now_s: float, endpoint: Endpoint, data: bytes, response: bool) -> None:
        """See Twin."""
        self._live(now_s)
        if not self.on:
            return
        fields = {"endpoint": endpoint.name, "hex": data.hex(), "response": response}
        wanted = Can.WRITE if response else Can.COMMAND
        try:
            if not endpoint.can & wanted:
                raise WriteRefused(NOT_PERMITTED, f"{endpoint.name} takes no write of this kind")
            if response and self._refused < self._options.refuse:
                self._refused += 1
                raise WriteRefused(0x0E, "option refuse")
            self._log(now_s, "write", fields)
            self._obey(now_s, endpoint, data)
        except WriteRefused as refused:
            self._log(now_s, "refused", {**fields, "code": refused.code})
            raise

    def read(self, now_s: float, endpoint: Endpoint) -> bytes:
        """See Twin."""
        self._live(now_s)
        for channel, dial in DIALS.items():
            if endpoint == dial:
                return DIAL.build(Power(self._dials[channel]))
        if endpoint == BATTERY:
            return CHARGE.build(Charge(self._battery))
        if endpoint in (ISOLATION, MAY_JOIN):
            return ISOLATED.build(Switch(int(self._isolated if endpoint == ISOLATION else self._options.joins)))
        raise WriteRefused(0x02, f"{endpoint.name} can't be read")

    def hand(self, now_s: float, act: str) -> None:
        """See Twin: A+ to D- turn the dials."""
        self._live(now_s)
        self._log(now_s, "hand", {"act": act})
        match act:
            case "pads-off" | "pads-on":
                self._pads_on = act == "pads-on"
                for channel in CHANNELS:
                    self._flow(now_s, channel, act)
            case "power-off" | "power-on":
                self.on = act == "power-on"
                for channel in CHANNELS:
                    self._set(now_s, channel, power=0, on=False, by="power")
            case "low-battery":
                self._battery = min(self._battery, 5)
            case _ if act[:1] in "ABCD" and act[1:2] in ("+", "-"):
                self._turn(now_s, Channel(act[0]), int(f"{act[1]}{act[2:] or 1}"))
            case _:
                raise ValueError(f"a hand can't do {act!r} to a {self.family}")

    def pulses(self, since_s: float, until_s: float) -> list[Pulse]:
        """See Twin; the current is an assumption, rule 6."""
        self._live(until_s)
        found: list[Pulse] = []
        for stage in self._stages.values():
            stage.live(tick_at(until_s))
            found += stage.pulses(since_s, until_s)
        return sorted(found, key=lambda pulse: pulse.at_s)

    def _levels(self) -> dict[str, int]:
        return {channel.value: self.level(channel) for channel in CHANNELS}

    def _live(self, now_s: float) -> None:
        while self._agenda.due_s <= now_s:
            self.hand(*self._agenda.take())

    def _turn(self, now_s: float, channel: Channel, steps: int) -> None:
        place = max(0, min(TOP, self._dials[channel] + steps))
        if place == self._dials[channel]:
            return
        self._dials[channel] = place
        self._flow(now_s, channel, "hand")
        at_s = max(now_s + 0.02, self._told_s[channel] + TELL_S)
        self._told_s[channel] = at_s
        self._outbox.put(at_s, DIALS[channel], DIAL.build(Power(place)))

    def _obey(self, now_s: float, endpoint: Endpoint, data: bytes) -> None:
        if endpoint == ISOLATION:
            if not self._options.joins:
                raise WriteRefused(NOT_PERMITTED, "the box's settings don't allow it")
            self._isolated = bool(_parsed(ISOLATED, data).on)
            return
        if endpoint == PULSES:
            packet: Packet = _parsed(STREAM, data)
            self._messages += packet.count
            self._log(now_s, "pulses", {"count": packet.count})
            return
        for channel in CHANNELS:
            out = self._out[channel]
            if endpoint == WIDTHS[channel]:
                width: Width = _parsed(WIDTH, data)
                out.positive_us, out.negative_us = width.positive_us, width.negative_us
            elif endpoint == RATES[channel]:
                if data == b"\0":
                    self._log(now_s, "ignored", {"hex": data.hex(), "why": "0 Hz"})
                    return
                rate: Rate = _parsed(RATE, data)
                out.rate_hz = rate.rate_hz
            elif endpoint == POWERS[channel]:
                power: Power = _parsed(POWER, data)
                if power.power == 0 and out.power and self._shrugs(now_s):
                    return
                self._set(now_s, channel, power=power.power, on=out.on, by="host")
            elif endpoint == ENABLES[channel]:
                switch: Switch = _parsed(ENABLE, data)
                if not switch.on and self.level(channel) and self._shrugs(now_s):
                    return
                self._set(now_s, channel, power=out.power, on=bool(switch.on), by="host")
            else:
                continue
            self._flow(now_s, channel, "host")

    def _shrugs(self, now_s: float) -> bool:
        if self._ignored >= self._options.stop_ignored:
            return False
        self._ignored += 1
        self._log(now_s, "ignored", {"why": "option stop_ignored"})
        return True

    def _set(self, now_s: float, channel: Channel, *, power: int, on: bool, by: str) -> None:
        before, out = self.level(channel), self._out[channel]
        out.power, out.on = power, on
        if self.level(channel) != before:
            self._log(now_s, "level", {"channel": channel.value, "level": self.level(channel), "by": by})
            self._flow(now_s, channel, by)

    def _flow(self, now_s: float, channel: Channel, why: str) -> None:
        out, dial, level = self._out[channel], self._dials[channel], self.level(channel)
        effective = min(level, dial) if self._options.mode == "limit" else level * dial / TOP
        current_ma = round(effective * MA_A_STEP, 3) if self._pads_on else 0.0
        tick, period_ms = tick_at(now_s), max(1, round(1000 / out.rate_hz))
        self._stages[channel].play(tick, (Run(period_ms, period_ms, float(out.positive_us)),), again=True)
        self._stages[channel].strength(tick, current_ma)
        self._log(now_s, "output", {"channel": channel.value, "current_ma": current_ma, "why": why})


def _parsed(layout: Layout[Any], data: bytes) -> Any:
    try:
        return layout.parse(data)
    except BadPacket as error:
        raise WriteRefused(NOT_ALLOWED, str(error)) from error


def _make(address: str, options: Zc95Options, chance: Chance, log: Log) -> Twin:
    return Zc95(address, options, chance, log)


KIND = Kind("zc95", "ZC95", "ZC95-X", "28:CD:C1:09:05", Zc95Options(), _make)
