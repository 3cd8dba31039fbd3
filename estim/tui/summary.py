"""The screen after a session: why it ended, how long, how high, and whether the stop is proved."""

from collections.abc import Mapping
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
from estim.tui.key_names import name_keys
from estim.tui.model import View
from estim.tui.room import Room, rows_of
from estim.tui.widgets import ALARM_ROWS, MARGIN, NARROW, Alarms, Banner, Line, StopBar

ROWS = ("reason", "minutes", "highest", "stop", "on", "message", "others", "asks")
"""What is told of an end, in this order."""
ROOMY = 20
"""From so many rows on there is room for everything."""


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
        yield Line(id="program")
        yield Alarms(id="alarms")
        with VerticalScroll(id="summary", can_focus=False):
            for row in ROWS:
                yield Line(id=f"sum-{row}", classes="sum")
        yield Line(id="note")
        yield StopBar()
        yield Footer(show_command_palette=False)

    async def draw(self, view: View) -> None:
        """Show the end; where there is little room the proof of each stop and what a person has to read come first."""
        ended = view.ended
        texts = _texts(view, ended, narrow=self.app.size.width < NARROW) if ended else {}
        rows = summary_rows(view, texts, *self.app.size)
        self.query_one("#banner", Banner).draw(view)
        self.query_one("#alarms", Alarms).draw(view, rows["alarms"] if rows else ALARM_ROWS)
        self.query_one("#note", Line).say(view.note, rows.get("note"))
        self.query_one(StopBar).draw(1 if rows else 3)
        self.query_one("#summary").styles.margin = (0 if rows else 1, 0, 0, 0)
        if ended is None:
            return
        self.query_one("#program", Line).say(texts["program"], rows.get("program"))
        for name in ROWS:
            self.query_one(f"#sum-{name}", Line).say(texts[name], rows.get(name))
        self.query_one("#sum-on").set_class(True, "high")
        self.query_one("#sum-stop").set_class(not ended.stop_confirmed, "high")


def summary_rows(view: View, texts: Mapping[str, str], width: int, height: int) -> dict[str, int]:
    """Share the rows of a small screen out, the proof of each stop first; empty where there is room for everything."""
    if height >= ROOMY:
        return {}
    room = Room(height - 1)  # STOP
    room.take(1 if view.simulated else 0)
    alarms = sum(rows_of(text, width - MARGIN) for text in Alarms.urgent(view))
    rows = {"alarms": room.take(min(alarms, 4))}
    for name in ("program", "stop", "on", "others", "note"):
        text = view.note if name == "note" else texts.get(name, "")
        rows[name] = room.take(rows_of(text, width - MARGIN))
    room.take(1)  # the footer
    rows["alarms"] += room.take(ALARM_ROWS if view.snapshot and view.snapshot.alarms else 0)
    for name in ("reason", "asks", "minutes", "highest", "message"):
        rows[name] = room.take(rows_of(texts.get(name, ""), width - MARGIN))
    return rows


def _texts(view: View, ended: Ended, *, narrow: bool) -> dict[str, str]:
    """Return what each row says; in a narrow column only what tells the ends apart is said of several units."""
    title = ended.program if narrow and ended.program else _title(view.snapshot, ended)
    title = f"{title} · {ended.unit}" if view.ends else title
    why, message = wording.why(ended)
    told = wording.proof_of if narrow else wording.farewell_of
    named = {
        "reason": (tr("why"), why),
        "minutes": (tr("length"), tr("{time} min", time=wording.clock(ended.duration_s))),
        "highest": (tr("highest level"), wording.highest(ended)),
        "stop": (tr("stop confirmed"), wording.confirmed(ended)),
        "on": (tr("may be on"), "" if ended.stop_confirmed else dict(view.on).get(ended.unit, "")),
    }
    return {
        "program": tr("Session over: {title}", title=title),
        **{row: f"{name:<16}{text}" if text else "" for row, (name, text) in named.items()},
        "message": message,
        "others": "\n".join(told(end) for end in view.ends),
        "asks": tr_text(Summary.ASKS) if ended.started_at is not None and not ended.simulated else "",
    }


def _title(snapshot: Snapshot | None, ended: Ended) -> str:
    title = tr_text(snapshot.program_title) if snapshot and snapshot.program == ended.program else ""
    return f"{title} ({ended.program})" if title else ended.program or tr("no program")
