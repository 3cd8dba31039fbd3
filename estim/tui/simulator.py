"""The simulator: lets go wrong whatever can go wrong with a software unit, so that everybody can see what estim does.

It is there with software units only; the host refuses all of it for a real one.
"""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget

from estim.core.messages.commands import Touch
from estim.core.messages.shown import Snapshot
from estim.core.translation import mark, tr, tr_text
from estim.tui import wording
from estim.tui.all_keys import NAMED
from estim.tui.key_names import bound
from estim.tui.keymap import key_of
from estim.tui.model import View
from estim.tui.place import Place
from estim.tui.widgets import Line

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


def acts_told() -> list[str]:
    """Return every fault with its key and what to look at."""
    rows = [(f"simulator.{name}", about) for name, _, about in ACTS]
    keys = max(len(key_of(name)) for name, _ in rows)
    wide = max(24, *(len(NAMED[name].about) for name, _ in rows))
    return [f"{key_of(name):<{keys}}  {NAMED[name].about:<{wide}} {tr_text(about)}" for name, about in rows]


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
            yield Line(id="unit-now")
            yield Line(id="acts")

    def load(self) -> None:
        """Say what can be done; nothing is read."""
        self.query_one("#acts", Line).say("\n".join(acts_told()))

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
            text = f"{wording.unit(now)}: {wording.state(now)} · {wording.link(now, view.silent)}"
        self.query_one("#unit-now", Line).say(text)

    def action_touch(self, act: str) -> None:
        """Ask the host for it; what it says comes as a note."""
        address = self._shown.address if self._shown is not None else None
        touch = Touch(act=act, address=address)  # type: ignore[arg-type] # a word of ACTS, by way of a key's binding
        self.run_worker(self.desk.ask(touch), group="touch")
