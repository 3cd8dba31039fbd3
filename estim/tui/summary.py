"""The screen after a session: why it ended, how long, how high, and whether the stop is proved."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Footer

from estim.core.messages.events import Ended
from estim.core.messages.shown import Snapshot
from estim.core.translation import tr, tr_text
from estim.tui import wording
from estim.tui.frame import Strip, strip
from estim.tui.key_names import bound, name_keys
from estim.tui.keymap import key_of
from estim.tui.model import View
from estim.tui.room import Room, rows_of
from estim.tui.widgets import ALARM_ROWS, MARGIN, Alarms, Banner, Line, StopBar

END_ROWS = 3
"""Rows for how it ended before anything else: whether the stop is proved, what may be on, and why it ended."""
NOTE_ROWS = 3


class Summary(Screen[None]):
    """After a session: why it ended, how long, how high, and whether the stop is proved."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bound("new_session", "app.again"),
        bound("skin_ok", "app.after('skin', 'ok')", show=False),  # untranslated: the app's action
        bound("skin_bad", "app.after('skin', 'bad')", show=False),  # untranslated: the app's action
        bound("weaker", "app.after('feel', 'weaker')", show=False),  # untranslated: the app's action
        bound("same", "app.after('feel', 'same')", show=False),  # untranslated: the app's action
        bound("stronger", "app.after('feel', 'stronger')", show=False),  # untranslated: the app's action
    ]

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
            ("asks", "", _asks() if ended.started_at is not None and not ended.simulated else ""),
        ):
            self.query_one(f"#sum-{row}", Line).say(f"{name:<16}{text}" if name and text else text)
        self.query_one("#sum-on").set_class(True, "high")
        self.query_one("#sum-stop").set_class(not ended.stop_confirmed, "high")


def _asks() -> str:
    """Return what is asked after a session, with the keys that answer it."""
    return tr(
        "Skin under the pads: {ok} ok, {bad} not ok.  Against last time: {weaker} weaker, {same} the same, "
        "{stronger} stronger.",
        ok=key_of("skin_ok"),
        bad=key_of("skin_bad"),
        weaker=key_of("weaker"),
        same=key_of("same"),
        stronger=key_of("stronger"),
    )


def _title(snapshot: Snapshot | None, ended: Ended) -> str:
    title = tr_text(snapshot.program_title) if snapshot and snapshot.program == ended.program else ""
    return f"{title} ({ended.program})" if title else ended.program or tr("no program")
