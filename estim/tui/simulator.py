"""The simulator: makes go wrong what can go wrong with a software unit, so that everybody can see what estim does.

It is there with software units only; the host refuses all of it for a real one.
"""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widget import Widget

from estim.core.messages.commands import Touch
from estim.core.messages.shown import Snapshot
from estim.core.moment import local
from estim.core.translation import mark, tr, tr_text
from estim.tui import wording
from estim.tui.all_keys import NAMED
from estim.tui.key_names import bound
from estim.tui.keymap import key_of
from estim.tui.model import View
from estim.tui.place import Place
from estim.tui.room import hung
from estim.tui.widgets import NARROW, Line

ACTS = (
    ("pads_off", "pads-off", mark("no current flows any more: units that feel it say so, and estim stops")),
    ("pads_on", "pads-on", mark("estim never goes up again by itself to where it was")),
    ("a_up", "A+", mark("a hand at the unit: estim follows, and holds its cap")),
    ("a_down", "A-", mark("a hand always wins downwards")),
    ("cut", "cut", mark("it is lost for a few seconds: what may be on until when is told, and it is searched for")),
    ("deaf", "deaf", mark("stops too: then press s, and see NOT CONFIRMED, and what to do by hand")),
    ("hears", "hears", mark("the next stop is proved")),
    ("low_battery", "low-battery", mark("told at the next reading")),
    ("power_off", "power-off", mark("as if by its own switch")),
    ("power_on", "power-on", mark("and it is found again")),
)
"""The name of its key (below `simulator.`), what the host is asked, and what to look at."""


def acts_told(columns: int = 200) -> list[str]:
    """Return every fault with its key and what to look at, in rows of at most so many columns."""
    rows = [(f"simulator.{name}", about) for name, _, about in ACTS]
    keys = max(len(key_of(name)) for name, _ in rows)
    wide = max(24, *(len(NAMED[name].about) for name, _ in rows))
    told = [f"{key_of(name):<{keys}}  {NAMED[name].about:<{wide}} {tr_text(about)}" for name, about in rows]
    return [hung(row, columns, keys + 2 + (wide + 1 if columns >= NARROW else 0)) for row in told]


def now_told(now: Snapshot, silent: bool) -> str:
    """Return how the unit is. What ended vouches for no age: its last word stays as it was."""
    if now.live:
        return f"{wording.unit(now)}: {wording.state(now)} · {wording.link(now, silent)}"
    battery = [tr("battery {percent} %", percent=now.battery)] if now.battery is not None else []
    return " · ".join([f"{wording.unit(now)}: {wording.state(now)}", *battery])


class SimulatorPlace(Place):
    """Faults by keys; what estim makes of them stands above, as in every place."""

    HEADING = mark("Simulator: software units only, no current flows")
    BINDINGS: ClassVar[list[BindingType]] = [
        *(bound(f"simulator.{name}", f"touch('{act}')", show=False) for name, act, _ in ACTS),
    ]
    _shown: Snapshot | None = None

    def body(self) -> Iterable[Widget]:
        """What is so now, and every fault with its key."""
        with VerticalScroll(id="full", can_focus=False):
            with Vertical(id="side-unit", classes="column"):
                yield Line(id="unit-now")
                yield Line(id="unit-full")
            with Vertical(id="side-acts", classes="column"):
                yield Line(id="acts")

    def load(self) -> None:
        """Say what can be done; nothing is read."""
        width = self.app.size.width
        columns = width * 3 // 5 - 6 if self.broad else width - 6
        self.query_one("#acts", Line).say("\n".join(acts_told(columns)))

    async def draw(self, view: View) -> None:
        """Show the unit as it is."""
        await super().draw(view)
        self._shown = view.snapshot
        now = view.snapshot
        text = tr(
            "no session yet: the unit is met at the first start ({today} or {session})",
            today=key_of("today"),
            session=key_of("session"),
        )
        if now is not None:
            text = now_told(now, view.silent)
        self.query_one("#unit-now", Line).say(text)
        more = _more(now) if now is not None and self.broad else []
        self.query_one("#unit-full", Line).say("\n".join(more))
        self.load()

    def action_touch(self, act: str) -> None:
        """Ask the host for it; what it says comes as a note."""
        address = self._shown.address if self._shown is not None else None
        touch = Touch(act=act, address=address)  # type: ignore[arg-type] # a word of ACTS, by way of a key's binding
        self.run_worker(self.desk.ask(touch), group="touch")


def _more(now: Snapshot) -> list[str]:
    """Return what there is room for on a broad screen: the levels, what holds them, and how it ended."""
    lines = (
        [wording.phase(now), wording.unit_says(now)]
        if now.live
        else [wording.reason(now.reason) if now.reason else local(now.message)]
    )
    for lane in now.lanes if now.live else ():
        goal = tr("goal {level}", level=lane.goal)
        lines += [f"{lane.channel}  {tr('level')} {wording.level(lane)}, {goal}", wording.held(lane)]
    return ["", *filter(None, [*lines, tr("To end output by hand: {by_hand}", by_hand=now.by_hand)])]
