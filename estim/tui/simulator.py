"""The simulator: lets go wrong whatever can go wrong with a software unit, so that everybody can see what estim does.

It is there with software units only; the host refuses all of it for a real one.
"""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget

from estim.core.messages.commands import Touch
from estim.core.messages.shown import Snapshot
from estim.core.translation import mark, tr, tr_text
from estim.tui import wording
from estim.tui.model import View
from estim.tui.place import Place
from estim.tui.widgets import Line

ACTS = (
    ("o", "pads-off", mark("pads off"), mark("no current flows any more: units that feel it say so, and estim stops")),
    ("p", "pads-on", mark("pads on again"), mark("estim never goes up again by itself to where it was")),
    ("plus", "A+", mark("wheel or key: A up"), mark("a hand at the unit: estim follows, and holds its cap")),
    ("minus", "A-", mark("wheel or key: A down"), mark("a hand always wins downwards")),
    (
        "c",
        "cut",
        mark("cut the link"),
        mark("it is lost for a few seconds: what may be on until when is told, and it is searched for"),
    ),
    (
        "d",
        "deaf",
        mark("ignore what it is told"),
        mark("stops too: then press s, and see NOT CONFIRMED, and what to do by hand"),
    ),
    ("e", "hears", mark("listen again"), mark("the next stop is proved")),
    ("b", "low-battery", mark("battery low"), mark("told at the next reading")),
    ("x", "power-off", mark("unit off"), mark("as if by its own switch")),
    ("w", "power-on", mark("unit on"), mark("and it is found again")),
)
"""Key, what the host is asked, its name, and what to look at."""

SHOWN = {"plus": "+", "minus": "-"}


def acts_told() -> list[str]:
    """Return every fault with its key and what to look at."""
    wide = max(24, *(len(tr_text(name)) for _, _, name, _ in ACTS))
    return [f"{SHOWN.get(key, key)}  {tr_text(name):<{wide}} {tr_text(about)}" for key, _, name, about in ACTS]


class SimulatorPlace(Place):
    """Faults by keys; what estim makes of them stands above, as in every place."""

    HEADING = mark("Simulator: software units only, no current flows")
    HELP = mark("""\
o             pads off
p             pads on again
+             wheel or key: A up
-             wheel or key: A down
c             cut the link
d             ignore what it is told
e             listen again
b             battery low
x             unit off
w             unit on""")
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key, f"touch('{act}')", name, show=False) for key, act, name, _ in ACTS),
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
        text = tr("no session yet: the unit is met at the first start (1 or 2)")
        if now is not None:
            text = f"{wording.unit(now)}: {wording.state(now)} · {wording.link(now, view.silent)}"
        self.query_one("#unit-now", Line).say(text)

    def action_touch(self, act: str) -> None:
        """Ask the host for it; what it says comes as a note."""
        address = self._shown.address if self._shown is not None else None
        touch = Touch(act=act, address=address)  # type: ignore[arg-type] # a word of ACTS, by way of a key's binding
        self.run_worker(self.desk.ask(touch), group="touch")
