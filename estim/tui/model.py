"""What the screen knows: the last Snapshot of each unit, and how the way to the host is; drawn as a View.

1. It adds nothing to a Snapshot but that it is old, or that nobody is left to vouch for it.
2. A lost controller stays on the screen until there is another one and a person has acknowledged the loss.
3. Output counts as possible until a Snapshot or an Ended line says otherwise: so a quit stops first.
"""

from collections.abc import Callable
from dataclasses import dataclass

from msgspec.structs import replace

from estim.core.messages.commands import Ask, Done, Overview, Refusal, Reply, Start, Watch
from estim.core.messages.events import Alarmed, Ended, Happened, LinkBack, LinkLost, Reminded
from estim.core.messages.lines import Line
from estim.core.messages.lowering import Stop
from estim.core.messages.shown import Snapshot
from estim.core.vocabulary import Priority, State
from estim.tui import wording
from protocols.vocabulary import Channel

BELL_TICKS = 5
"""Seconds between two bells while an alarm of high priority waits."""


@dataclass(frozen=True, slots=True)
class View:
    """Everything a screen draws. `gone` are the sentences of a lost controller, empty while there is one; `others_on`
    is what units may be putting out that aren't shown."""

    snapshot: Snapshot | None = None
    channel: Channel = Channel.A
    simulated: bool = False
    silent: bool = False
    gone: tuple[str, ...] = ()
    note: str = ""
    starting: bool = False
    ended: Ended | None = None
    others: tuple[str, ...] = ()
    others_on: str = ""
    today: str = ""

    @property
    def alarmed(self) -> bool:
        """Whether there is an alarm to acknowledge."""
        return bool(self.gone) or (self.snapshot is not None and bool(self.snapshot.alarms))

    @property
    def named(self) -> str:
        """The unit that is shown, and which others there are."""
        others = f" · also: {', '.join(self.others)} (u)" if self.others else ""
        return f"{wording.unit(self.snapshot) if self.snapshot else 'the unit is looked for at the start'}{others}"

    @property
    def also_on(self) -> str:
        """What units may be putting out that aren't shown; empty if none may."""
        return f"also on: {self.others_on} (u)" if self.others_on else ""

    @property
    def stale(self) -> bool:
        """Whether the figures may be old."""
        return self.silent or bool(self.gone) or (self.snapshot is not None and self.snapshot.stale)


class Model:
    """Takes in what comes from the host. `wake` is called after each change, `ring` for what can't wait."""

    def __init__(self, wake: Callable[[], None], ring: Callable[[], None]) -> None:
        self._wake = wake
        self._ring = ring
        self._snapshots: dict[str, Snapshot] = {}
        self._unit = ""
        self._channel = Channel.A
        self._gone: tuple[str, ...] = ()
        self._joined = True
        self._simulated = False
        self._silent = False
        self._note = ""
        self._today = ""
        self._ticks = 0
        self._ended: Ended | None = None
        self.last_ended: Ended | None = None
        self.starting = False

    @property
    def view(self) -> View:
        """What is to be drawn now."""
        snapshot = self.shown
        return View(
            snapshot=snapshot,
            channel=self.channel,
            simulated=snapshot.simulated if snapshot else self._simulated,
            silent=self._silent,
            gone=self._gone,
            note=self._note,
            starting=self.starting,
            ended=self._ended,
            today=self._today,
            others=tuple(name for name in self._snapshots if snapshot is None or name != snapshot.unit),
            others_on="; ".join(
                f"{other.unit}: {wording.may_be_on(other)}"
                for other in self._snapshots.values()
                if other is not snapshot and wording.may_be_on(other)
            ),
        )

    @property
    def shown(self) -> Snapshot | None:
        """The unit on the screen: the chosen one, else the first; one without a session never hides one with."""
        under_way = [snapshot for snapshot in self._snapshots.values() if snapshot.live]
        shown = under_way or list(self._snapshots.values())
        chosen = [snapshot for snapshot in shown if snapshot.unit == self._unit]
        return next(iter(chosen or shown), None)

    @property
    def channel(self) -> Channel:
        """The channel that the level keys are meant for: the chosen one if the unit has it, else its first."""
        channels = self._channels()
        return self._channel if self._channel in channels or not channels else channels[0]

    @property
    def flows(self) -> bool:
        """Whether output may be on, or about to be."""
        unknown = bool(self._gone) and not self._joined
        return unknown or self.starting or any(wording.may_flow(snapshot) for snapshot in self._snapshots.values())

    def say(self, text: str) -> None:
        """Show a note until another one comes."""
        self._note = text
        self._wake()

    def today(self, text: str) -> None:
        """Show what the day asks for, where a program is chosen."""
        self._today = text
        self._wake()

    def begin(self) -> None:
        """A start is on its way to the host."""
        self.starting = True
        self._ended = None
        self.say("starting: looking for the unit")

    def again(self) -> None:
        """Leave the summary."""
        self._ended = None
        self.say("")

    def choose(self, name: str) -> None:
        """Choose a channel by its name; empty: the next one. One that the unit doesn't have is told, and not chosen."""
        channels = self._channels()
        if name in channels:
            self._channel = Channel(name)
        elif name and channels:
            self._note = f"this unit has no channel {name}: + and − are still meant for {self.channel}"
        elif not name and channels:
            self._channel = channels[(channels.index(self.channel) + 1) % len(channels)]
        self._wake()

    def turn(self) -> None:
        """Show the next unit."""
        under_way = [name for name, snapshot in self._snapshots.items() if snapshot.live]
        units = under_way or list(self._snapshots)
        shown = self.shown
        if shown is not None:
            self._unit = units[(units.index(shown.unit) + 1) % len(units)]
        self._wake()

    def seen(self) -> bool:
        """Acknowledge a lost controller, if there is another one by now; say whether that was it."""
        if not self._gone or not self._joined:
            return False
        self._gone = ()
        self._wake()
        return True

    @property
    def by_hand(self) -> str:
        """What to do where the host can't."""
        shown = self.shown
        return (shown.by_hand if shown else "") or "take the pads off, then switch the unit off"

    def heard(self, line: Line) -> None:
        """Take in what the host says by itself; what is drawn is always the last of it."""
        if not isinstance(line, Snapshot | Happened):
            return
        if self._silent:
            self._silent = False
            self._note = ""
        match line:
            case Snapshot():
                self._snapshots[line.unit] = line
                if line.live:
                    self.starting = False
            case Ended():
                self.starting = False
                self._ended = self.last_ended = line
                self._close(line)
                self._note = ""
            case Alarmed(priority=Priority.HIGH) | LinkLost():
                self._ring()
            case LinkBack():
                self._note = "the link is back"
            case Reminded():
                self._note = line.text
                self._ring()
            case _:
                pass
        self._wake()

    def answered(self, command: Ask, reply: Reply) -> None:
        """Show what came of a command; a stop that was refused rings, too."""
        match reply:
            case Refusal() if isinstance(command, Stop):
                self._note = reply.text
                self._ring()
            case Refusal():
                nearest = f" (do you mean {', '.join(reply.nearest)}?)" if reply.nearest else ""
                self._note = f"refused: {reply.text}{nearest}"
                if isinstance(command, Start):
                    self.starting = False
            case Overview():
                self._meet(reply)
            case Done() if reply.text and not isinstance(command, Watch):
                self._note = reply.text
            case _:
                pass
        self._wake()

    def undelivered(self, command: Ask, why: str) -> None:
        """Say that there was no answer; for a stop, what to do by hand."""
        name = str(command.__struct_config__.tag)
        self._note = f"“{name}” was not answered: {why}"
        if isinstance(command, Stop):
            self._note = f"THE STOP WAS NOT ANSWERED ({why}): {self.by_hand}"
            self._ring()
        if isinstance(command, Start):
            self.starting = False
        self._wake()

    def fell_silent(self) -> None:
        """Nothing comes any more, though a session is under way."""
        self._silent = True
        self._note = f"the controller says nothing; if it stays so: {self.by_hand}"
        self._wake()

    def stands_still(self) -> None:
        """A host that says nothing doesn't answer either: that is an alarm (safety.md H-29)."""
        if self._silent:
            self._note = f"the controller does not answer, and output may be on: {self.by_hand}"
            self._ring()
            self._wake()

    def lost(self) -> None:
        """The host has gone."""
        flowing = self.flows
        self._joined = False
        self.starting = False
        self._gone = (wording.gone(self.by_hand if flowing else ""), "a new controller is being started")
        self._ring()
        self._wake()

    def failed_again(self, why: str) -> None:
        """No new host yet."""
        if self._gone:
            self._gone = (self._gone[0], f"no new controller yet: {why}")
        self._wake()

    def tick(self) -> None:
        """A second is over: repeat the bell while an alarm of high priority waits (safety.md section 3)."""
        self._ticks += 1
        alarms = [alarm for snapshot in self._snapshots.values() for alarm in snapshot.alarms]
        high = bool(self._gone) or any(alarm.priority is Priority.HIGH for alarm in alarms)
        if high and self._ticks % BELL_TICKS == 0:
            self._ring()

    def _meet(self, overview: Overview) -> None:
        """A host says what it knows; after a loss it is a new one."""
        self._snapshots = {snapshot.unit: snapshot for snapshot in overview.units}
        self._joined = True
        self._simulated = overview.simulated
        self._silent = False
        if self._gone:
            self._gone = (self._gone[0], "a new controller is running: look at the unit, then press k")

    def _close(self, ended: Ended) -> None:
        """Take an Ended line's word for the unit until its last Snapshot comes."""
        snapshot = self._snapshots.get(ended.unit)
        if snapshot is not None:
            out = "off" if ended.stop_confirmed else "maybe"
            self._snapshots[ended.unit] = replace(snapshot, state=State.ENDED, out=out)

    def _channels(self) -> list[Channel]:
        shown = self.shown
        return [lane.channel for lane in shown.lanes] if shown else []
