"""Doubt: what must not be. A level that rose with no one raising it, silence, a level unknown for too long."""

from collections.abc import Mapping

from estim.core.translation import tr
from protocols.vocabulary import Capabilities, Channel, Hand, Level, OffBy, Reported


def surely_off(now_s: float, caps: Capabilities, last: Reported | None) -> bool:
    """Say whether a lost unit is off by itself by now: its link or lease has been over for long enough.

    A unit that is off without its link, or when its lease ends, needs no other proof. One that only falls silent
    unfed keeps its level, and one that must be told goes on: time proves nothing of these.
    """
    return last is not None and caps.off_by in (OffBy.LINK, OffBy.LEASE) and now_s >= last.until_s


class Doubt:
    """Keeps, for each channel, the highest level that somebody (estim or a hand) accounts for."""

    def __init__(self, caps: Capabilities) -> None:
        self._caps = caps
        self._due: dict[Channel, int] = {}
        self._unknown_since_s: dict[Channel, float] = {}
        self.fresh()

    def fresh(self) -> None:
        """A new link: nothing is known, so anything is accounted for until the first word."""
        self._due = dict.fromkeys(self._caps.channels, self._caps.scale)
        self._unknown_since_s.clear()

    def granted(self, level: Mapping[Channel, Level]) -> None:
        """Account for what the Guard has granted: a rise up to it is explained."""
        for channel, granted in level.items():
            self._due[channel] = max(self._due[channel], granted)

    def hand(self, hand: Hand) -> None:
        """Account for a hand at the unit: a rise up to where it turned is explained."""
        if hand.rose:
            self._due[hand.channel] = max(self._due[hand.channel], hand.level)

    def look(self, now_s: float, reported: Reported) -> str:
        """Return the sentence of what is wrong, or nothing; to be called once for each report, after hand()."""
        wrong = ""
        for channel, span in reported.level.items():
            if span.lo > self._due[channel]:
                wrong = tr(
                    "{channel} rose to {level} without estim and without a hand", channel=channel.value, level=span.lo
                )
            self._due[channel] = max(min(self._due[channel], span.hi), span.lo)
            if span.known:
                self._unknown_since_s.pop(channel, None)
            else:
                self._unknown_since_s.setdefault(channel, now_s)
        return wrong

    def silent(self, now_s: float, reported: Reported) -> str:
        """Return the sentence if a playing unit has been mute, or its level unknown, for Capabilities.fault_s."""
        if now_s - reported.heard_s > self._caps.fault_s:
            return tr("the unit has said nothing for {seconds:.0f} s", seconds=self._caps.fault_s)
        if self._unknown_since_s and now_s - min(self._unknown_since_s.values()) > self._caps.fault_s:
            return tr("the unit has not said its level for {seconds:.0f} s", seconds=self._caps.fault_s)
        return ""
