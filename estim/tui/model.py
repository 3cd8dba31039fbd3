"""What the screen knows: the last Snapshot of each unit, and how the way to the host is; drawn as a View.

1. It adds nothing to a Snapshot but that it is old, or that nobody is left to vouch for it.
2. A lost controller stays on the screen until there is another one and a person has acknowledged the loss.
3. A note stays until another one comes (`say`), the person goes somewhere else (`answer`), or the moment that it is
   true of is over (`hint`).
4. Output counts as possible until a Snapshot or an Ended line says otherwise: so a quit stops first.
"""

from collections.abc import Callable, Collection, Mapping

from msgspec import Struct, field

from estim.core.addresses import same_address
from estim.core.messages.commands import (
    Arm,
    Ask,
    Done,
    Found,
    Overview,
    Refusal,
    Reply,
    Resume,
    Scan,
    SetLevel,
    Sighting,
    Start,
    Watch,
)
from estim.core.messages.events import Alarmed, Ended, Happened, LinkBack, LinkLost, Reminded
from estim.core.messages.lines import Line
from estim.core.messages.lowering import Pause, Stop
from estim.core.messages.shown import Snapshot
from estim.core.translation import tr
from estim.core.values import replace
from estim.core.vocabulary import Priority, State
from estim.tui import wording
from estim.tui.choice import Choice, seen
from estim.tui.keymap import key_of
from estim.tui.pair import Pair
from protocols.vocabulary import Channel

PLAYING = frozenset({State.RAMPING, State.RUNNING})
"""Where a level is one of the session's."""

AT_REST = frozenset({State.CONNECTING, State.READY, State.STOPPING, State.ENDED})
"""The states of a session that was never armed: nothing can have been put out in it."""

SCAN_S = 4.0
"""How long it is looked for units, s."""

WAITING = frozenset({State.READY, State.PAUSED})
"""Where a session waits for a key."""

OF_THE_MOMENT = (Pause, Resume, SetLevel, Arm)
"""Keys of a session: what comes of them, or why nothing does, is true of this moment only."""

PASSING_TICKS = 8
"""So many seconds an answer of the moment is shown."""

BELL_TICKS = 5
"""Seconds between two bells while an alarm of high priority waits."""


class Trace(Struct):
    """The highest level of each second of one session, by channel, as far as it was shown and known."""

    program: str = ""
    elapsed_s: float = 0.0
    levels: dict[Channel, dict[int, int]] = field(default_factory=dict)

    def take(self, snapshot: Snapshot) -> None:
        """Take what is shown; a session that begins anew is another one."""
        if snapshot.program != self.program or snapshot.elapsed_s < self.elapsed_s:
            self.program = snapshot.program
            self.levels = {}
        self.elapsed_s = snapshot.elapsed_s
        second = int(snapshot.elapsed_s)
        for lane in snapshot.lanes:
            if lane.lo == lane.hi and snapshot.state in PLAYING:
                seen = self.levels.setdefault(lane.channel, {})
                seen[second] = max(seen.get(second, 0), lane.lo)


class SoFar(Struct, frozen=True):
    """What was seen of a session by the time its controller went."""

    program: str
    duration_s: float
    level_max: Mapping[Channel, int]


class View(Struct, frozen=True):
    """Everything a screen draws. `on` is what each unit may be putting out, `trace` the levels so far, `last` those
    that were comfortable last time.

    `gone` are the sentences of a lost controller, until a person has acknowledged them; `unknown`: there is no other
    one yet, so nobody knows what is on.

    `ended` is how it ended, of several units the one that needs a person first, and `ends` are the others.

    `unit` is what a start is for, as it was seen on the air; empty: whichever is there. `units` are the two that it is
    for, with the sites of their pads, where it is for two. `number` is the key of one of
    two units that were started as one, 0 for any other; `waits` are those of the two that wait for it.

    `connecting`: no controller has been joined yet, so nobody knows what is on.

    `looked_at`: the session that is shown is only the doctor's look at a unit, which is never armed.

    `panes` holds a view for each of several sessions, each of them with what is its own; `lit` is false for those that
    the level keys are not meant for.
    """

    snapshot: Snapshot | None = None
    channel: Channel = Channel.A
    simulated: bool = False
    silent: bool = False
    gone: tuple[str, ...] = ()
    unknown: bool = False
    note: str = ""
    starting: bool = False
    ended: Ended | None = None
    ends: tuple[Ended, ...] = ()
    others: tuple[str, ...] = ()
    on: tuple[tuple[str, str], ...] = ()
    today: str = ""
    trace: Mapping[Channel, Mapping[int, int]] = field(default_factory=dict)
    last: Mapping[Channel, int] = field(default_factory=dict)
    panes: tuple["View", ...] = ()
    lit: bool = True
    unit: str = ""
    looked_at: bool = False
    units: str = ""
    number: int = 0
    waits: tuple[tuple[int, str], ...] = ()
    connecting: bool = False

    @property
    def alarmed(self) -> bool:
        """Whether there is an alarm to acknowledge."""
        return bool(self.gone) or (self.snapshot is not None and bool(self.snapshot.alarms))

    @property
    def named(self) -> str:
        """The unit that is shown, and which others there are."""
        if self.snapshot is None:
            return tr("the unit is searched for when you start")
        unit = wording.unit(self.snapshot)
        if not self.others or not self.snapshot.live:
            return unit
        return tr("{unit} · also: {others} ({key})", unit=unit, others=", ".join(self.others), key=key_of("unit"))

    @property
    def meant(self) -> str:
        """Which unit or units a start is for, and how others are chosen."""
        if self.connecting:
            return tr("connecting to the controller …")
        keys = {"unit": key_of("unit"), "beside": key_of("beside")}
        if self.units:
            return tr("units: {units} ({beside}: the next one)", units=self.units, beside=keys["beside"])
        if self.unit:
            return tr("unit: {name} ({unit}: the next one, {beside}: a second)", name=self.unit, **keys)
        if self.snapshot is not None:
            return tr("{name} · {unit} chooses one of several, {beside} a second", name=self.named, **keys)
        return tr("the unit is searched for when you start; {unit} chooses one of several, {beside} a second", **keys)

    def also_on(self, beside: Collection[str] = ()) -> str:
        """What units may be putting out that aren't shown, nor drawn beside it; empty if none may."""
        shown = {*beside, self.snapshot.unit if self.snapshot else ""}
        texts = [f"{unit}: {text}" for unit, text in self.on if unit not in shown]
        return tr("also on: {units} ({key})", units="; ".join(texts), key=key_of("unit")) if texts else ""

    @property
    def snapshots(self) -> tuple[Snapshot, ...]:
        """Every unit that is shown, each once."""
        shown = [pane.snapshot for pane in self.panes] or [self.snapshot]
        return tuple(one for one in shown if one is not None)

    @property
    def unheard(self) -> bool:
        """Whether the controller itself says nothing any more: how old a figure is isn't known then."""
        return self.silent or self.unknown

    @property
    def stale(self) -> bool:
        """Whether nothing vouches for the figures any more."""
        return self.unheard or (self.snapshot is not None and self.snapshot.stale)

    @property
    def grey(self) -> bool:
        """Whether the figures are old."""
        return self.stale or (self.snapshot is not None and self.snapshot.live and wording.is_old(self.snapshot))


class Model:
    """Takes in what comes from the host. `wake` is called after each change, `ring` for what can't wait."""

    def __init__(
        self, wake: Callable[[], None], ring: Callable[[], None], *, simulated: bool = False, joined: bool = True
    ) -> None:
        self._wake = wake
        self._ring = ring
        self._snapshots: dict[str, Snapshot] = {}
        self._traces: dict[str, Trace] = {}
        self._last: dict[tuple[str, str], Mapping[Channel, int]] = {}
        self._unit = ""
        self._choosing = False
        self._looked_at = ""
        self.overhear: Callable[[Line], None] = lambda _line: None
        self.host_gone: Callable[[], None] = lambda: None
        self.choice = Choice()
        self._channel = Channel.A
        self._gone: tuple[str, ...] = ()
        self._before: dict[str, SoFar] = {}
        """The sessions that a controller left behind when it went, by unit."""
        self._joined = joined
        self._simulated = simulated
        self._silent = False
        self._note = ""
        self._passing = ""
        self._passing_ticks = 0
        self._answer = ""
        self.waits: Callable[[], None] = lambda: None
        """Told as soon as a session waits for a key that it didn't wait for before."""
        self._today = ""
        self._ticks = 0
        self._ends: dict[str, Ended] = {}
        self.last_ended: Ended | None = None
        self.starting = False
        self.pair: Pair | None = None
        """Two units that were started as one; it hears what this hears."""

    @property
    def view(self) -> View:
        """What is to be drawn now."""
        snapshot = self.shown
        under_way = self._under_way
        return replace(
            self._pane(snapshot),
            note=self._note,
            connecting=self.connecting,
            starting=self.starting,
            ended=self._worst,
            ends=tuple(end for end in self._ends.values() if end is not self._worst),
            today=self._today,
            looked_at=snapshot is not None and self._only_looked_at(snapshot),
            unit=self.choice.first.whole if self.choice.first else "",
            units=self.choice.text,
            others=tuple(name for name in self._snapshots if snapshot is None or name != snapshot.unit),
            on=tuple(
                (unit.unit, wording.may_be_on(unit)) for unit in self._snapshots.values() if wording.may_be_on(unit)
            ),
            panes=tuple(self._pane(one) for one in under_way) if len(under_way) > 1 else (),
            waits=tuple((self._number(one), one.unit) for one in under_way if self.pair and self.pair.waits(one.unit)),
        )

    def _pane(self, snapshot: Snapshot | None) -> View:
        """Return what is to be drawn of one unit."""
        if snapshot is None:
            return View(
                channel=self.channel,
                simulated=self._simulated,
                silent=self._silent,
                gone=self._loss,
                unknown=self._unknown,
            )
        trace = self._traces.get(snapshot.unit)
        return View(
            snapshot=snapshot,
            channel=_meant(self._channel, snapshot),
            simulated=snapshot.simulated,
            silent=self._silent,
            gone=self._loss,
            unknown=self._unknown,
            trace={} if trace is None else trace.levels,
            last=self._last.get((snapshot.unit, snapshot.program), {}),
            lit=snapshot is self.shown,
            number=self._number(snapshot),
        )

    def _number(self, snapshot: Snapshot) -> int:
        return self.pair.number(snapshot.unit) if self.pair else 0

    @property
    def _worst(self) -> Ended | None:
        """The last end, but one whose stop isn't proved goes before all that are."""
        ends = list(self._ends.values())[::-1]
        return next((end for end in ends if end.unproved), ends[0] if ends else None)

    @property
    def _under_way(self) -> list[Snapshot]:
        """Two that were started as one are first, in the order of their numbers."""
        live = [snapshot for snapshot in self._snapshots.values() if snapshot.live]
        return sorted(live, key=lambda one: self._number(one) or len(live) + 1)

    @property
    def shown(self) -> Snapshot | None:
        """The unit on the screen: the chosen one, else the first; one without a session never hides one with."""
        shown = self._under_way or list(self._snapshots.values())
        chosen = [snapshot for snapshot in shown if snapshot.unit == self._unit]
        return next(iter(chosen or shown), None)

    @property
    def live(self) -> list[str]:
        """The units with a session."""
        return [snapshot.unit for snapshot in self._under_way]

    def of(self, unit: str) -> Snapshot | None:
        """The last word on a unit."""
        return self._snapshots.get(unit)

    def in_state(self, *states: State) -> list[str]:
        """The units with a session in one of these states."""
        return [snapshot.unit for snapshot in self._under_way if snapshot.state in states]

    @property
    def channel(self) -> Channel:
        """The channel that the level keys are meant for: the chosen one if the unit has it, else its first."""
        shown = self.shown
        return self._channel if shown is None else _meant(self._channel, shown)

    @property
    def flows(self) -> bool:
        """Whether output may be on, or about to be."""
        return (
            not self._joined
            or self.starting
            or any(wording.may_flow(snapshot) for snapshot in self._snapshots.values())
        )

    @property
    def connecting(self) -> bool:
        """Whether no controller has said yet what is on."""
        return not self._joined and not self._gone

    def say(self, text: str) -> None:
        """Show a note until another one comes."""
        self._note = text
        self._wake()

    def hint(self, text: str) -> None:
        """Show a note that is true of this moment only, until something changes or some seconds are over."""
        self._passing = text
        self._passing_ticks = self._ticks
        self.say(text)

    def answer(self, text: str) -> None:
        """Show what came of something that was done where one is, until another note comes or the person leaves."""
        self._answer = text
        self.say(text)

    def left(self) -> None:
        """The person goes somewhere else: what was answered where they were is no news there."""
        if self._answer and self._note == self._answer:
            self._note = ""
        self._answer = ""
        self._wake()

    def _pass(self) -> None:
        """Something is otherwise now: a note of the moment before may not stay."""
        if self._passing and self._note == self._passing:
            self._note = ""
        self._passing = ""

    def today(self, text: str) -> None:
        """Show what the day asks for, where a program is chosen."""
        self._today = text
        self._wake()

    def recall(self, unit: str, program: str, levels: Mapping[Channel, int]) -> None:
        """Take what was comfortable last time on a unit with a program."""
        self._last[unit, program] = levels
        self._wake()

    def unrecalled(self) -> list[Snapshot]:
        """Return the sessions of which nobody has looked yet what was comfortable last time; each once."""
        fresh = [one for one in self._under_way if one.program and (one.unit, one.program) not in self._last]
        self._last.update({(one.unit, one.program): {} for one in fresh})
        return fresh

    def begin(self) -> None:
        """A start is on its way to the host."""
        self.starting = True
        self._looked_at = ""
        self._ends = {}
        self.say(tr("starting: looking for the unit"))

    def again(self) -> None:
        """Leave the summary."""
        self._ends = {}
        self.say("")

    def choose(self, name: str) -> None:
        """Choose a channel by its name; empty: the next one. One that the unit doesn't have is told, and not chosen."""
        channels = self._channels()
        if name in channels:
            self._channel = Channel(name)
        elif name and channels:
            self._note = tr(
                "this unit has no channel {channel}: {up} and {down} are still meant for {chosen}",
                up=key_of("level_up"),
                down=key_of("level_down"),
                channel=name,
                chosen=self.channel,
            )
        elif not name and channels:
            self._channel = channels[(channels.index(self.channel) + 1) % len(channels)]
        self._wake()

    def turn(self) -> None:
        """Show the next unit."""
        units = [one.unit for one in self._under_way] or list(self._snapshots)
        shown = self.shown
        if shown is not None:
            self._unit = units[(units.index(shown.unit) + 1) % len(units)]
            self._pass()
        self._wake()

    @property
    def start_unit(self) -> str | None:
        """Which unit a start is for, by its name or address; None: whichever is there."""
        return self.choice.first.name if self.choice.first else None

    def next_meant(self) -> bool:
        """Choose the next of the units that were seen for a start; say whether it has to be looked for them first."""
        if not self.choice.found:
            self._choosing = True
            self.say(tr("looking for units, {seconds:.0f} s", seconds=SCAN_S))
            return True
        self.choice.next_first()
        self._wake()
        return False

    def look_at(self, address: str) -> None:
        """The doctor looks at a unit from now on; "": no more, once the session of his look has ended."""
        if address or not any(one.live and self._only_looked_at(one) for one in self._snapshots.values()):
            self._looked_at = address

    def _only_looked_at(self, snapshot: Snapshot) -> bool:
        return bool(self._looked_at) and same_address(snapshot.address, self._looked_at)

    def mean(self, one: Sighting) -> None:
        """Let a start be for this unit, of those that were seen last."""
        self.choice.take([seen(one)])
        self._wake()

    def turn_to(self, number: int) -> None:
        """Show the unit of this number, of those with a session; there may be none."""
        under_way = self._under_way
        if 0 < number <= len(under_way):
            self._unit = under_way[number - 1].unit
            self._pass()
            self._wake()

    def seen(self) -> bool:
        """Acknowledge a lost controller, if there is another one by now; say whether that was it."""
        if not self._gone or not self._joined:
            return False
        self._gone = ()
        self._wake()
        return True

    @property
    def out_of_link(self) -> tuple[Snapshot, ...]:
        """The units that may be on and have no link, so that no stop reaches them now."""
        return tuple(one for one in self._snapshots.values() if wording.may_flow(one) and wording.searched(one))

    @property
    def reaches(self) -> bool:
        """Whether a unit that may be on has a link, or nothing is known of any."""
        flowing = [one for one in self._snapshots.values() if wording.may_flow(one)]
        return not flowing or any(not wording.searched(one) for one in flowing)

    @property
    def by_hand(self) -> str:
        """What to do where the host can't."""
        shown = self.shown
        return (shown.by_hand if shown else "") or tr("take the pads off, then switch the unit off")

    def heard(self, line: Line) -> None:
        """Take in what the host says by itself; what is drawn is always the last of it."""
        if not isinstance(line, Snapshot | Happened):
            return
        if self._silent:
            self._silent = False
            self._note = ""
        match line:
            case Snapshot():
                if self._only_looked_at(line) and line.state not in AT_REST and line.live:
                    self._looked_at = ""  # somebody plays on it: from now on it is a session as any other
                self._take(line)
                if line.live:
                    self.starting = False
            case Ended() if self._ends_a_look(line):
                self._close(line)
                self._looked_at = ""
            case Ended():
                line = self._with_before(line)
                self.starting = False
                self._ends = {**{unit: end for unit, end in self._ends.items() if unit != line.unit}, line.unit: line}
                self.last_ended = self._worst
                self._close(line)
                self._note = ""
            case Alarmed(priority=Priority.HIGH) | LinkLost():
                self._ring()
            case LinkBack():
                self._note = tr("the link is back")
            case Reminded():
                self._note = wording.local(line.text)
                self._ring()
            case _:
                pass
        self.overhear(line)
        if self.pair:
            self.pair.heard(line)
        self._wake()

    def _with_before(self, ended: Ended) -> Ended:
        """Return the end of what a lost controller left on, with what was seen of its session: nobody else has it."""
        before = self._before.pop(ended.unit, None)
        if before is None or ended.program:
            return ended
        highest = {channel: max(level, before.level_max.get(channel, 0)) for channel, level in ended.level_max.items()}
        return replace(ended, program=before.program, duration_s=before.duration_s, level_max=highest)

    def _so_far(self, snapshot: Snapshot) -> SoFar:
        trace = self._traces.get(snapshot.unit, Trace())
        highest = {
            lane.channel: max(lane.lo, *trace.levels.get(lane.channel, {}).values(), 0) for lane in snapshot.lanes
        }
        return SoFar(snapshot.program, snapshot.elapsed_s, highest)

    def _ends_a_look(self, ended: Ended) -> bool:
        """Say whether a look of the doctor's is over in which nothing was put out: it is told as his finding."""
        snapshot = self._snapshots.get(ended.unit)
        looked = snapshot is not None and self._only_looked_at(snapshot)
        return looked and not ended.unproved and not any(ended.level_max.values())

    def answered(self, command: Ask, reply: Reply) -> None:
        """Show what came of a command; a stop that was refused rings, too.

        What a scan of a place has found chooses no unit for a start: the nearest one may just have been carried by.
        """
        chosen = isinstance(command, Scan) and self._choosing
        if chosen:
            self._choosing = False
        match reply:
            case Refusal() if isinstance(command, Stop):
                self._note = wording.local(reply.text)
                self._ring()
            case Refusal() if isinstance(command, OF_THE_MOMENT):
                self.hint(_refused(reply))
            case Refusal():
                self.answer(_refused(reply))
                if isinstance(command, Start):
                    self.starting = False
            case Overview():
                self._meet(reply)
            case Found() if chosen:
                self.choice.take([seen(one) for one in reply.units])
                names = ", ".join(one.whole for one in self.choice.found)
                self._note = tr("no unit is in range: switch it on and bring it near")
                if names:
                    self._note = tr("in range: {units}", units=names)
            case Done() if reply.text and isinstance(command, OF_THE_MOMENT):
                self.hint(wording.local(reply.text))
            case Done() if reply.text and not isinstance(command, Watch):
                self._note = wording.local(reply.text)
            case _:
                pass
        self.overhear(reply)
        if self.pair:
            self.pair.answered(command)
        self._wake()

    def undelivered(self, command: Ask, why: str) -> None:
        """Say that there was no answer; for a stop, what to do by hand."""
        name = str(command.__struct_config__.tag)
        if isinstance(command, Scan):
            self._choosing = False
        self._note = tr("“{command}” was not answered: {why}", command=name, why=why)
        if isinstance(command, Stop) and self.connecting:
            self._note = tr("the stop is kept: it is the first thing that the controller hears")
        elif isinstance(command, Stop):
            self._note = tr("THE STOP WAS NOT ANSWERED ({why}): {by_hand}", why=why, by_hand=self.by_hand)
            self._ring()
        if isinstance(command, Start):
            self.starting = False
        self._wake()

    def fell_silent(self) -> None:
        """Nothing comes any more, though a session is under way."""
        self._silent = True
        self._note = tr("the controller says nothing; if it stays so: {by_hand}", by_hand=self.by_hand)
        self._wake()

    def stands_still(self) -> None:
        """A host that says nothing doesn't answer either: that is an alarm (safety.md H-29)."""
        if self._silent:
            self._note = tr("the controller does not answer, and output may be on: {by_hand}", by_hand=self.by_hand)
            self._ring()
            self._wake()

    def lost(self) -> None:
        """The host has gone."""
        flowing = self.flows
        self._before |= {unit: self._so_far(one) for unit, one in self._snapshots.items() if one.live and one.program}
        self.host_gone()
        if self.pair:
            self.pair.lost()
        self._joined = False
        self.starting = False
        self._pass()
        self._gone = (wording.gone(self.by_hand if flowing else ""), tr("a new controller is being started"))
        self._ring()
        self._wake()

    @property
    def _unknown(self) -> bool:
        """Whether the controller has gone, and there is no other one yet."""
        return bool(self._gone) and not self._joined

    @property
    def _loss(self) -> tuple[str, ...]:
        """The sentences of a lost controller; of one that has a successor what that one knows is told."""
        if not self._gone or not self._joined:
            return self._gone
        key = key_of("quiet")
        if self.flows:
            return (
                tr("the controller had gone; a new one is running and stops what was left on"),
                tr("at the unit: {by_hand}; {key} acknowledges it", by_hand=self.by_hand, key=key),
            )
        return (
            tr("the controller had gone; a new one is running, and knows of nothing that is on"),
            tr("look at the unit, then press {key}", key=key),
        )

    def failed_again(self, why: str) -> None:
        """No new host yet."""
        if self._gone:
            self._gone = (self._gone[0], tr("no new controller yet: {why}", why=why))
        self._wake()

    def tick(self) -> None:
        """A second is over: repeat the bell while an alarm of high priority waits (safety.md section 3)."""
        self._ticks += 1
        if self._passing and self._ticks - self._passing_ticks > PASSING_TICKS:
            self._pass()
            self._wake()
        alarms = [alarm for snapshot in self._snapshots.values() for alarm in snapshot.alarms]
        high = bool(self._gone) or any(alarm.priority is Priority.HIGH for alarm in alarms)
        if high and self._ticks % BELL_TICKS == 0:
            self._ring()

    def _meet(self, overview: Overview) -> None:
        """A host says what it knows; after a loss it is a new one."""
        known = {snapshot.unit for snapshot in overview.units}
        self._snapshots = {unit: one for unit, one in self._snapshots.items() if unit in known}
        for snapshot in overview.units:
            self._take(snapshot)
        self._joined = True
        self._simulated = overview.simulated
        self._silent = False

    def _take(self, snapshot: Snapshot) -> None:
        """Take in how a unit is now; what was said of the moment before a change goes."""
        before = self._snapshots.get(snapshot.unit)
        self._snapshots[snapshot.unit] = snapshot
        self._traces.setdefault(snapshot.unit, Trace()).take(snapshot)
        if before is None or (before.state, before.lost_at) != (snapshot.state, snapshot.lost_at):
            self._pass()
            if snapshot.state in WAITING:
                self.waits()

    def _close(self, ended: Ended) -> None:
        """Take an Ended line's word for the unit until its last Snapshot comes."""
        snapshot = self._snapshots.get(ended.unit)
        if snapshot is not None:
            out = "off" if ended.stop_confirmed else "maybe"
            self._snapshots[ended.unit] = replace(snapshot, state=State.ENDED, out=out)

    def _channels(self) -> list[Channel]:
        shown = self.shown
        return [lane.channel for lane in shown.lanes] if shown else []


def _refused(reply: Refusal) -> str:
    """Return why a command was refused. What is said of an option of the command line is a key here."""
    text = wording.local(reply.text)
    if (of_line := "name one with --unit") in text:  # untranslated: the English sentence
        text = text.replace(of_line, f"press {key_of('unit')} to choose one")  # untranslated: the same
    elif "--unit" in text:
        text = tr("{why} (here: {key} chooses one)", why=text, key=key_of("unit"))
    if reply.nearest:
        return tr("refused: {why} (do you mean {nearest}?)", why=text, nearest=", ".join(reply.nearest))
    return tr("refused: {why}", why=text)


def _meant(channel: Channel, snapshot: Snapshot) -> Channel:
    """Return the channel that was chosen if the unit has it, else its first."""
    channels = [lane.channel for lane in snapshot.lanes]
    return channel if channel in channels or not channels else channels[0]
