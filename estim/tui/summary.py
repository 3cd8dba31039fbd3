"""The screen after a session: why it ended, how long, how high, and whether the stop is proved."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Footer

from estim.core.messages.events import Ended
from estim.core.messages.shown import Snapshot
from estim.core.translation import mark, tr, tr_text
from estim.tui import wording
from estim.tui.frame import Strip, strip
from estim.tui.key_names import name_keys
from estim.tui.model import View
from estim.tui.room import Room, rows_of
from estim.tui.widgets import ALARM_ROWS, MARGIN, Alarms, Banner, Line, StopBar

END_ROWS = 3
"""Rows for how it ended before anything else: whether the stop is proved, what may be on, and why it ended."""
NOTE_ROWS = 3


class Summary(Screen[None]):
    """After a session: why it ended, how long, how high, and whether the stop is proved."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "app.again", mark("New session"), key_display="Enter"),
        Binding("o,O", "app.after('skin', 'ok')", mark("Skin ok"), show=False),  # untranslated: the app's action
        Binding("b,B", "app.after('skin', 'bad')", mark("Skin not ok"), show=False),  # untranslated: the app's action
        Binding("w,W", "app.after('feel', 'weaker')", mark("Weaker"), show=False),  # untranslated: the app's action
        Binding("e,E", "app.after('feel', 'same')", mark("The same"), show=False),  # untranslated: the app's action
        Binding("r,R", "app.after('feel', 'stronger')", mark("Stronger"), show=False),  # untranslated: the app's action
    ]
    ASKS = mark("Skin under the pads: o ok, b not ok.  Against last time: w weaker, e the same, r stronger.")

    def __init__(self) -> None:
        super().__init__()
        name_keys(self)

    def compose(self) -> ComposeResult:
        """A short list, and STOP as everywhere: an unproved stop can be asked for again."""
        yield Banner(id="banner")
        yield Strip(id="strip", classes="medium")
        yield Line(id="program")
        yield Alarms(id="alarms")
        with VerticalScroll(id="summary", can_focus=False):
            for row in ("stop", "on", "reason", "minutes", "highest", "message", "others", "asks"):
                yield Line(id=f"sum-{row}", classes="sum")
        yield Line(id="note")
        yield StopBar()
        yield Footer(show_command_palette=False)

    async def draw(self, view: View) -> None:
        """Show the end."""
        width, height = self.app.size
        room = Room(height)
        stop = room.take(1)
        self.query_one("#banner", Banner).draw(view, room.take(1 if view.simulated else 0))
        on = strip(view, width - MARGIN)
        self.query_one("#strip", Strip).say(on, room.take(1 if on else 0))
        room.take(1 + END_ROWS)
        self.query_one("#alarms", Alarms).draw(view, room.take(min(ALARM_ROWS, Alarms.needed(view, width))))
        self.query_one("#note", Line).say(view.note, room.take(min(NOTE_ROWS, rows_of(view.note, width - MARGIN))))
        self.query_one(Footer).display = bool(room.take(1))
        self.query_one(StopBar).draw(stop + room.take(2, whole=True))
        self.query_one("#summary").styles.margin = (room.take(1), 0, 0, 0)
        ended = view.ended
        if ended is None:
            return
        title = _title(view.snapshot, ended)
        title = f"{title} · {ended.unit}" if view.ends else title
        self.query_one("#program", Line).say(tr("Session over: {title}", title=title), 1)
        why, message = wording.why(ended)
        for row, name, text in (
            ("stop", tr("stop confirmed"), wording.confirmed(ended)),
            ("on", tr("may be on"), "" if ended.stop_confirmed else dict(view.on).get(ended.unit, "")),
            ("reason", tr("why"), why),
            ("minutes", tr("length"), tr("{time} min", time=wording.clock(ended.duration_s))),
            ("highest", tr("highest level"), wording.highest(ended)),
            ("message", "", message),
            ("others", "", "\n".join(wording.farewell_of(end) for end in view.ends)),
            ("asks", "", tr_text(self.ASKS) if ended.started_at is not None and not ended.simulated else ""),
        ):
            self.query_one(f"#sum-{row}", Line).say(f"{name:<16}{text}" if name and text else text)
        self.query_one("#sum-on").set_class(True, "high")
        self.query_one("#sum-stop").set_class(not ended.stop_confirmed, "high")


def _title(snapshot: Snapshot | None, ended: Ended) -> str:
    title = tr_text(snapshot.program_title) if snapshot and snapshot.program == ended.program else ""
    return f"{title} ({ended.program})" if title else ended.program or tr("no program")
