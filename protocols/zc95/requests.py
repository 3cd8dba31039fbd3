"""What a ZC95 is told and asked: commands, requests and readings as operations, and which of them are on their way."""

from math import inf

from protocols.score import Score, slotted, texture, unchanged_s
from protocols.vocabulary import Channel, Close, Endpoint, Read, Wanted, Write
from protocols.zc95.channel import ChannelState, Sent, What
from protocols.zc95.packets import (
    BATTERY,
    DIALS,
    ENABLE,
    ENABLES,
    POWER,
    POWERS,
    RATE,
    RATES,
    SLOT_S,
    WIDTH,
    WIDTHS,
    Power,
    Rate,
    Switch,
    Width,
    whole,
)

REPLY_S = 2.5
"""A request without a reply is given up after this, a little later than the host gives it up."""

_WHERE: dict[What, dict[Channel, Endpoint]] = {
    What.POWER: POWERS,
    What.ENABLE: ENABLES,
    What.WIDTH: WIDTHS,
    What.RATE: RATES,
    What.DIAL: DIALS,
}


class Words:
    """Makes operations and keeps the requests by their tag: one that hurries at most, and one that doesn't."""

    def __init__(self) -> None:
        self.tag = 0
        self._sent: dict[int, Sent] = {}

    @property
    def due_s(self) -> float:
        """When to give a request up (inf: there is none)."""
        return min((sent.until_s for sent in self._sent.values()), default=inf)

    def free(self, *, hurries: bool) -> bool:
        """Say whether a request may go: one that hurries waits for its like, another for all (so that it never lies in
        a queue of the system, where a command could overtake it).
        """
        return not any(sent.hurries or not hurries for sent in self._sent.values())

    def say(self, now_s: float, state: ChannelState, what: What, value: int, *, urgent: bool = True) -> Write:
        """Return a command; nothing answers it."""
        self.tag += 1
        state.says(now_s, what, value, None)
        if urgent:
            state.leaving.add(self.tag)
        return Write(self.tag, _WHERE[what][state.channel], _bytes(what, value), response=False, urgent=urgent)

    def ask(self, now_s: float, state: ChannelState, what: What, value: int, *, hurries: bool = False) -> Write:
        """Return a request; its reply is an answer."""
        self._begin(now_s, state, what, value, hurries=hurries)
        state.says(now_s, what, value, self.tag)
        return Write(self.tag, _WHERE[what][state.channel], _bytes(what, value), response=True, urgent=hurries)

    def read(self, now_s: float, state: ChannelState, what: What) -> Read:
        """Return a reading of a channel's dial, or of the battery."""
        self._begin(now_s, state, what, 0)
        return Read(self.tag, BATTERY if what is What.BATTERY else _WHERE[what][state.channel])

    def close(self) -> Close:
        """Return a hang-up."""
        self.tag += 1
        return Close(self.tag)

    def end(self, tag: int) -> Sent | None:
        """The outcome is told; None for what is no request, or was given up."""
        return self._sent.pop(tag, None)

    def give_up(self, now_s: float) -> int:
        """Give up what is over its time; return how many those were."""
        late = [tag for tag, sent in self._sent.items() if now_s >= sent.until_s]
        for tag in late:
            del self._sent[tag]
        return len(late)

    def _begin(self, now_s: float, state: ChannelState, what: What, value: int, *, hurries: bool = False) -> None:
        self.tag += 1
        self._sent[self.tag] = Sent(self.tag, state, what, value, state.turn, now_s + REPLY_S, hurries)


def meant(wanted: Wanted, now_s: float, *, plays: bool) -> dict[What, int]:
    """Return width and rate that a channel is to have now. Until it plays, the width is that of a pulse."""
    if wanted.score is None:
        return {}
    now = texture(wanted.score, slotted(wanted.score, _at_s(wanted, now_s), SLOT_S))
    width_us = int(whole(now.width_us)) if now.on or not plays else 0
    return {What.WIDTH: width_us, What.RATE: max(1, int(whole(now.rate_hz)))}


def rests_s(wanted: Wanted, now_s: float) -> float:
    """Return how long width and rate stay as they are (inf: there is no score)."""
    score: Score | None = wanted.score
    return inf if score is None else unchanged_s(score, _at_s(wanted, now_s), SLOT_S)


def place(sent: Sent) -> str:
    """Return the name of the characteristic that a request goes to."""
    return BATTERY.name if sent.what is What.BATTERY else _WHERE[sent.what][sent.state.channel].name


def _at_s(wanted: Wanted, now_s: float) -> float:
    return max(0.0, now_s - wanted.origin_s)


def _bytes(what: What, value: int) -> bytes:
    match what:
        case What.POWER:
            return POWER.build(Power(value))
        case What.ENABLE:
            return ENABLE.build(Switch(value))
        case What.WIDTH:
            return WIDTH.build(Width(value, value))
        case What.RATE:
            return RATE.build(Rate(value))
        case What.DIAL | What.BATTERY:
            raise ValueError(f"{what.value} is read, not written")
