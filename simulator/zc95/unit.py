"""A software ZC95: four channels with live parameters, dials that are a ceiling, and silence as soon as its link ends.

Rules (firmware of CrashOverride85/zc95, see the family's file; "choice" where nobody knows):
1. A connect begins at power 0 with channels off, at first at 150/150 µs and 150 Hz; later as option `keeps` has it.
2. A wrong size, a power above 1000 or a switch above 1 is ATT error 0x13; a rate of 0 is ignored without a word. A
   write without response shows no error.
3. Output needs enable, power and a dial above 0: the smaller of power and dial, or their product, as the box is set.
4. It never stops by itself while the link is up. When it ends, all is off at once; a box that hears nothing of the end
   learns of it by the link's supervision time-out, up to 32 s later (option `notice`). A new link is an end as well.
5. Isolation is on, unless switched off where its settings allow that: no two channels pulse at once.
6. A streamed pulse needs no enable; its amplitude stands for the power (choice).
7. Its voltage isn't published: 0.1 mA for each step of power into 500 ohm is assumed.
"""

from collections.abc import Mapping
from heapq import merge
from math import inf
from typing import Any

from protocols.layout import Layout
from protocols.vocabulary import Advert, BadPacket, Can, Channel, Endpoint
from protocols.zc95.packets import (
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
    Power,
    Rate,
    Switch,
    Width,
)
from simulator.chance import Chance
from simulator.outbox import Act, Agenda
from simulator.trace import silent
from simulator.twin import Kind, Log, Pulse, Said, WriteRefused
from simulator.zc95.channel import Outlet
from simulator.zc95.options import Zc95Options
from simulator.zc95.output import LEAD_US, Streamed, Train, isolate, us_at

NOT_READABLE = 0x02
NOT_PERMITTED = 0x03
UNLIKELY = 0x0E
NOT_ALLOWED = 0x13
TELL_S = 0.25
"""A dial that moves is told at most this often."""

MA_A_STEP = 0.1
RANGES = {"low": 1 / 3, "medium": 2 / 3, "high": 1.0}
"""What the box's power level does to its output (choice: three even steps)."""


class Zc95:
    """The twin; see simulator.twin.Twin for its methods."""

    family = "zc95"
    endpoints: tuple[Endpoint, ...] = (*USED, PULSES, MAY_JOIN, ISOLATION)

    def __init__(self, address: str, options: Zc95Options, _chance: Chance, log: Log = silent) -> None:
        self.address = address
        self.on = True
        self._options = options
        self._log = log
        self._outlets = {channel: Outlet(channel, options.dials) for channel in CHANNELS}
        self._trains = {channel: Train(channel.value) for channel in CHANNELS}
        self._streamed = Streamed()
        self._battery = options.battery
        self._isolated = options.isolated
        self._pads_on = True
        self._linked = self._met = False
        self._shrugged = self._refused = 0
        self._began_s = self._gone_s = inf
        self._heard: set[Endpoint] = set()
        timed = (Act(options.pads_off, "pads-off"), Act(options.low_battery, "low-battery"))
        self._agenda = Agenda((*options.hand, *(act for act in timed if act.at_s < inf)))

    @property
    def advert(self) -> Advert:
        """See Twin."""
        return Advert(self.address, self._options.name, (CONTROL_SERVICE, BATTERY.service))

    @property
    def due_s(self) -> float:
        """See Twin."""
        return min(self._agenda.due_s, self._gone_s, *(outlet.tell_s for outlet in self._outlets.values()))

    def level(self, channel: str = "A") -> int:
        """Return the power of a channel, 0 if it is not enabled."""
        return self._outlets[Channel(channel)].level

    def advance(self, now_s: float) -> list[Said]:
        """See Twin."""
        self._live(now_s)
        said = []
        for channel, outlet in self._outlets.items():
            if outlet.tell_s <= now_s:
                said.append(Said(outlet.tell_s, DIALS[channel], DIAL.build(Power(outlet.dial))))
                outlet.told(outlet.tell_s)
        heard = [one for one in sorted(said, key=lambda one: one.at_s) if one.endpoint in self._heard]
        for one in heard:
            self._log(now_s, "notify", {"endpoint": one.endpoint.name, "hex": one.data.hex()})
        return heard

    def connect(self, now_s: float) -> None:
        """See Twin: the routine begins. What it was met running at belongs to a host that died, its link alive."""
        self._agenda.begin(now_s)
        self._began_s = min(self._began_s, now_s)
        self._linked = True
        self._live(now_s)
        self._gone_s = inf
        for channel, outlet in self._outlets.items():
            if not (self._met and self._options.keeps):
                outlet.positive_us = outlet.negative_us = outlet.rate_hz = 150
            self._set(now_s, channel, power=0, on=False, by="connect")
        for channel, power in zip(CHANNELS, self._options.strength, strict=False):
            if power and not self._met:
                self._set(now_s, channel, power=power, on=True, by="before")
        self._met = True
        self._log(now_s, "connect", {"level": self._levels()})

    def disconnect(self, now_s: float) -> None:
        """See Twin: everything is off as soon as it notices."""
        self._live(now_s)
        self._log(now_s, "disconnect", {"level": self._levels()})
        self._linked = False
        self._heard.clear()
        self._gone_s = now_s + self._options.notice
        self._live(now_s)

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
        try:
            if not endpoint.can & (Can.WRITE if response else Can.COMMAND):
                raise WriteRefused(NOT_PERMITTED, f"{endpoint.name} takes no write of this kind")
            if now_s >= self._began_s + self._options.refuse_from:
                raise WriteRefused(UNLIKELY, "option refuse_from")
            if response and self._refused < self._options.refuse:
                self._refused += 1
                raise WriteRefused(UNLIKELY, "option refuse")
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
                return DIAL.build(Power(self._outlets[channel].dial))
        if endpoint == BATTERY:
            return CHARGE.build(Charge(self._battery))
        if endpoint in (ISOLATION, MAY_JOIN):
            return ISOLATED.build(Switch(int(self._isolated if endpoint == ISOLATION else self._options.joins)))
        raise WriteRefused(NOT_READABLE, f"{endpoint.name} can't be read")

    def hand(self, now_s: float, act: str) -> None:
        """See Twin: A+ to D- turn the dials, A+50 by 50."""
        self._live(now_s)
        self._log(now_s, "hand", {"act": act})
        match act:
            case "pads-off" | "pads-on":
                self._pads_on = act == "pads-on"
                for channel in CHANNELS:
                    self._flow(now_s, channel, act)
            case "power-off" | "power-on":
                self.on = act == "power-on"
                self._off(now_s, "power")
            case "low-battery":
                self._battery = min(self._battery, 5)
            case _ if act[:1] in CHANNELS and act[1:2] in ("+", "-"):
                channel = Channel(act[0])
                if self._outlets[channel].turn(now_s, int(f"{act[1]}{act[2:] or 1}"), TELL_S):
                    self._flow(now_s, channel, "hand")
            case _:
                raise ValueError(f"a hand can't do {act!r} to a {self.family}")

    def pulses(self, since_s: float, until_s: float) -> list[Pulse]:
        """See Twin; the current is an assumption, rule 7."""
        self._live(until_s)
        since_us = us_at(since_s)
        until_us = us_at(until_s)
        begin_us = since_us - LEAD_US if self._isolated else since_us
        trains: list[Train | Streamed] = [*self._trains.values(), self._streamed]
        found = merge(*(train.pulses(begin_us, until_us) for train in trains), key=lambda pulse: pulse.at_s)
        return [pulse for pulse in (isolate(found) if self._isolated else found) if since_s <= pulse.at_s < until_s]

    def _levels(self) -> Mapping[str, int]:
        return {channel.value: outlet.level for channel, outlet in self._outlets.items()}

    def _live(self, now_s: float) -> None:
        while min(self._agenda.due_s, self._gone_s) <= now_s:
            if self._gone_s <= self._agenda.due_s:
                at_s = self._gone_s
                self._gone_s = inf
                self._off(at_s, "link")
            else:
                self.hand(*self._agenda.take())

    def _obey(self, now_s: float, endpoint: Endpoint, data: bytes) -> None:
        if endpoint == ISOLATION:
            if not self._options.joins:
                raise WriteRefused(NOT_PERMITTED, "the box's settings don't allow it")
            self._isolated = bool(_parsed(ISOLATED, data).on)
        elif endpoint == PULSES:
            self._stream(now_s, data)
        else:
            channel = next(ch for ch in CHANNELS if endpoint in (WIDTHS[ch], RATES[ch], POWERS[ch], ENABLES[ch]))
            self._take(now_s, channel, endpoint, data)

    def _take(self, now_s: float, channel: Channel, endpoint: Endpoint, data: bytes) -> None:
        """Take one parameter of a channel."""
        outlet = self._outlets[channel]
        if endpoint == WIDTHS[channel]:
            width: Width = _parsed(WIDTH, data)
            outlet.positive_us = width.positive_us
            outlet.negative_us = width.negative_us
        elif endpoint == RATES[channel]:
            if data == b"\0":
                self._log(now_s, "ignored", {"hex": data.hex(), "why": "0 Hz"})
                return
            rate: Rate = _parsed(RATE, data)
            outlet.rate_hz = rate.rate_hz
        elif endpoint == POWERS[channel]:
            power: Power = _parsed(POWER, data)
            if power.power and not outlet.dial and self._options.dial_zero == "refuse":
                raise WriteRefused(NOT_ALLOWED, "the dial is at 0")
            if power.power or not self._shrugs(now_s, outlet):
                self._set(now_s, channel, power=power.power, on=outlet.on, by="host")
        else:
            switch: Switch = _parsed(ENABLE, data)
            if switch.on or not self._shrugs(now_s, outlet):
                self._set(now_s, channel, power=outlet.power, on=bool(switch.on), by="host")
        self._flow(now_s, channel, "host")

    def _stream(self, now_s: float, data: bytes) -> None:
        try:
            packet = STREAM.parse(data)
        except BadPacket as error:
            raise WriteRefused(self._options.pulse_code, str(error)) from error
        self._log(now_s, "pulses", {"count": packet.count, "counter": packet.counter})
        for message in packet.messages:
            current_ma = {ch.value: self._current_ma(ch, message.amplitude) for ch in CHANNELS}
            dropped = self._streamed.take(us_at(now_s), message, CHANNELS, current_ma)
            if dropped:
                self._log(now_s, "ignored", {"why": dropped})

    def _shrugs(self, now_s: float, outlet: Outlet) -> bool:
        if not outlet.level or self._shrugged >= self._options.stop_ignored:
            return False
        self._shrugged += 1
        self._log(now_s, "ignored", {"why": "option stop_ignored"})
        return True

    def _set(self, now_s: float, channel: Channel, *, power: int, on: bool, by: str) -> None:
        outlet = self._outlets[channel]
        before = outlet.level
        outlet.power = power
        outlet.on = on
        if outlet.level != before:
            self._log(now_s, "level", {"channel": channel.value, "level": outlet.level, "by": by})
            self._flow(now_s, channel, by)

    def _off(self, now_s: float, by: str) -> None:
        for channel in CHANNELS:
            self._set(now_s, channel, power=0, on=False, by=by)
            self._trains[channel].cut(us_at(now_s))
        self._streamed.cut(us_at(now_s))

    def _current_ma(self, channel: Channel, power: int) -> float:
        dial = self._outlets[channel].dial
        effective = min(power, dial) if self._options.mode == "limit" else power * dial / TOP
        return round(effective * MA_A_STEP * RANGES[self._options.range], 3) if self._pads_on else 0.0

    def _flow(self, now_s: float, channel: Channel, why: str) -> None:
        """Let the electrodes see what is so now, after the box's own delay."""
        outlet = self._outlets[channel]
        current_ma = self._current_ma(channel, outlet.level)
        width_us = max(outlet.positive_us, outlet.negative_us)
        at_us = us_at(now_s + self._options.latency_ms / 1000)
        self._trains[channel].play(at_us, outlet.rate_hz, width_us, current_ma)
        if current_ma != outlet.current_ma:
            outlet.current_ma = current_ma
            self._log(now_s, "output", {"channel": channel.value, "current_ma": current_ma, "why": why})


def _parsed(layout: Layout[Any], data: bytes) -> Any:
    try:
        return layout.parse(data)
    except BadPacket as error:
        raise WriteRefused(NOT_ALLOWED, str(error)) from error


KIND = Kind("zc95", "ZC95", "ZC95-X", "28:CD:C1:09:05", Zc95Options(), Zc95)
