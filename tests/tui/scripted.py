"""A host in a few lines for the screen's tests: it keeps what it was asked, and says what a test tells it to say."""

import asyncio
from collections.abc import AsyncIterator

from textual.pilot import Pilot
from textual.widgets import Static

from estim.client.consent import APART_S, READ_S
from estim.core.messages.commands import Acknowledge, Ask, Done, Overview, Reply, Resume, SetLevel, Start, Status
from estim.core.messages.events import Ended, Happened
from estim.core.messages.lines import Line
from estim.core.messages.lowering import Pause, Stop
from estim.core.messages.shown import Alarm, ChannelView, Snapshot
from estim.core.values import replace
from estim.core.vocabulary import Priority, Reason, State
from estim.tui.app import SessionApp
from estim.tui.choose import Choose
from estim.tui.place import Place
from estim.tui.wording import Offer
from protocols.vocabulary import Channel

OFFERS = (
    Offer("tens-ankle", "TENS for a sore ankle", 20, "80 Hz, 200 µs, a quarter of it in bursts; strong but pleasant"),
    Offer("tens-burst", "TENS in bursts", 25, "100 Hz in bursts, twice a second; a visible, painless twitch"),
    Offer("ems-recovery", "Recovery ladder", 24, "from 9 Hz down to 1 Hz, three minutes each"),
)

LANES = (
    ChannelView(channel=Channel.A, lo=12, hi=12, goal=20, request=13, cap=70, cap_why="35 % of the scale", scale=200),
    ChannelView(channel=Channel.B, lo=0, hi=0, goal=0, request=0, cap=70, cap_why="35 % of the scale", scale=200),
)

IDLE = Snapshot(
    unit="coyote3",
    address="C0:FF:EE:00:00:03",
    family="coyote3",
    title="Coyote 3",
    simulated=False,
    state=State.IDLE,
    by_hand="take the pads off; hold the wheel for three seconds",
)

RUNNING = replace(
    IDLE,
    state=State.RUNNING,
    program="tens-ankle",
    program_title="TENS for a sore ankle",
    phase="build-up",
    phase_number=1,
    phase_count=3,
    lanes=LANES,
    length_s=1200.0,
    elapsed_s=72.5,
    left_s=1127.5,
    heard_age_s=0.1,
    told_age_s=0.4,
    battery=87,
    out="on",
    differs=("width 152 µs instead of 200",),
)

ALARM = Alarm(
    number=7,
    priority=Priority.HIGH,
    text="the stop is not confirmed by the unit",
    do="take the pads off",
    at="2026-03-01T08:01:00+00:00",
)

ENDED = Ended(
    reason=Reason.COMPLETED,
    program="tens-ankle",
    unit="coyote3",
    family="coyote3",
    simulated=False,
    started_at="2026-03-01T08:00:00+00:00",
    duration_s=1200.0,
    level_max={Channel.A: 20, Channel.B: 0},
    level_end={Channel.A: 0, Channel.B: 0},
    stop_confirmed=True,
    message="the time is up; coyote3 is at zero, confirmed",
)


class ScriptedClient:
    """Answers as a small core would: a start runs, a pause pauses, a stop ends, a level moves its goal.

    `slow` holds every answer but a stop's back; `zeroes` False: a stop is answered, and never proved.
    """

    def __init__(self, *units: Snapshot, slow: bool = False, zeroes: bool = True) -> None:
        self.asked: list[Ask] = []
        self.units = {unit.unit: unit for unit in units}
        self.slow = slow
        self.zeroes = zeroes
        self.dead = False
        self.still = False
        self.refuse: Reply | None = None
        self._lines: asyncio.Queue[Line | None] = asyncio.Queue(1000)

    async def ask(self, command: Ask) -> Reply:
        """Note the command, act on it, answer."""
        if self.dead:
            raise ConnectionResetError("the controller has gone")
        self.asked.append(command)
        if self.slow and not isinstance(command, Stop):
            await asyncio.Event().wait()
        match command:
            case Status():
                return Overview(pid=1, simulated=False, units=tuple(self.units.values()))
            case Start():
                if self.refuse is not None:
                    return self.refuse
                self.show(replace(RUNNING, program=command.program))
            case Pause():
                self._each(state=State.PAUSED)
            case Resume():
                self._each(state=State.RAMPING)
            case SetLevel():
                self._raise(command)
            case Acknowledge():
                self._each(alarms=())
            case Stop():
                self._stop(command)
            case _:
                pass
        return Done()

    async def lines(self) -> AsyncIterator[Line]:
        """Say what is to be said, until the host goes."""
        while (line := await self._lines.get()) is not None:
            yield line

    async def lives(self) -> bool:
        """Answer at the door, unless the host stands still or has gone."""
        return not (self.still or self.dead)

    async def close(self) -> None:
        """Hang up; nobody minds."""

    def show(self, snapshot: Snapshot) -> None:
        """Send a Snapshot."""
        self.units[snapshot.unit] = snapshot
        self._lines.put_nowait(snapshot)

    def tell(self, happened: Happened) -> None:
        """Send a Happening."""
        self._lines.put_nowait(happened)

    def die(self) -> None:
        """Go without a word."""
        self.dead = True
        self._lines.put_nowait(None)

    @property
    def stops(self) -> list[Stop]:
        """The stops that came."""
        return [command for command in self.asked if isinstance(command, Stop)]

    def _each(self, *, state: State | None = None, alarms: tuple[Alarm, ...] | None = None) -> None:
        for unit in tuple(self.units.values()):
            now = replace(unit, state=state or unit.state, alarms=unit.alarms if alarms is None else alarms)
            self.show(now)

    def _raise(self, command: SetLevel) -> None:
        for unit in tuple(self.units.values()):
            lanes = tuple(
                replace(lane, goal=lane.goal + (command.by or 0)) if lane.channel is command.channel else lane
                for lane in unit.lanes
            )
            self.show(replace(unit, lanes=lanes))

    def _stop(self, command: Stop) -> None:
        for unit in tuple(self.units.values()):
            if not self.zeroes or unit.state is State.IDLE:
                continue
            zero = tuple(replace(lane, lo=0, hi=0, goal=0, request=0) for lane in unit.lanes)
            self.show(replace(unit, state=State.ENDED, out="off", lanes=zero, stop_confirmed=True))
            self.tell(replace(ENDED, unit=unit.unit, reason=Reason(command.reason), message="coyote3 is at zero"))


class Pulse:
    """Time for the screen's waits: it passes only when a test lets it. The gap between two pictures passes at once."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._waiting: list[tuple[float, asyncio.Future[None]]] = []

    async def __call__(self, seconds: float) -> None:
        """Wait."""
        if seconds < 1:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((self.now_s + seconds, future))
        await future

    async def advance(self, seconds: float) -> None:
        """Let time pass, one wake after the other."""
        end_s = self.now_s + seconds
        while due := [one for one in self._waiting if one[0] <= end_s]:
            first = min(due, key=lambda one: one[0])
            self._waiting.remove(first)
            self.now_s = first[0]
            if not first[1].done():
                first[1].set_result(None)
            for _ in range(5):
                await asyncio.sleep(0)
        self.now_s = end_s


class Successors:
    """Hosts that are started after a loss: each call hands out the next one, or fails where there is none yet."""

    def __init__(self, *wires: ScriptedClient | OSError) -> None:
        self._wires = list(wires)
        self.calls = 0

    async def __call__(self) -> ScriptedClient:
        """Start one."""
        self.calls += 1
        client = self._wires.pop(0) if self._wires else OSError("no host")
        if isinstance(client, OSError):
            raise client
        return client


def screen_of(client: ScriptedClient, again: Successors | None = None, pulse: Pulse | None = None) -> SessionApp:
    """Return the screen on this host."""
    return SessionApp(client, OFFERS, again or Successors(), pulse or Pulse())


def app_in(pilot: Pilot[int]) -> SessionApp:
    """Return the screen's app, as what it is."""
    assert isinstance(pilot.app, SessionApp)
    return pilot.app


def place_in(pilot: Pilot[int]) -> Place:
    """Return the place where one is."""
    assert isinstance(pilot.app.screen, Place)
    return pilot.app.screen


def lit_in(pilot: Pilot[int]) -> str:
    """Return the program that is lit in the list before a start."""
    assert isinstance(pilot.app.screen, Choose)
    return pilot.app.screen.program


async def let_go() -> None:
    """Let so long pass without a key that the next one is pressed anew."""
    await asyncio.sleep(APART_S)


async def answer(pilot: Pilot[int], keys: str) -> None:
    """Answer one question after the other, each as soon as it can have been read."""
    for key in keys:
        await asyncio.sleep(READ_S)
        await pilot.press(key)


async def settle(pilot: Pilot[int]) -> None:
    """Wait until what was said is drawn."""
    for _ in range(2):
        await pilot.pause()


def asked_of(pilot: Pilot[int]) -> str:
    """Return the question of the dialog that is open; empty where there is none."""
    return text_of(pilot, "#question") if pilot.app.screen.query("#question") else ""


def text_of(pilot: Pilot[int], selector: str) -> str:
    """Return the text of the first shown part that the selector finds; empty if it is hidden."""
    part = pilot.app.screen.query(selector).first(Static)
    return str(part.render()) if part.display else ""
