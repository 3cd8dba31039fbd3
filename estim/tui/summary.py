"""The screen after a session: why it ended, how long, how high, and whether the stop is proved."""

from collections.abc import Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen

from estim.core.messages.events import Ended
from estim.core.messages.shown import Snapshot
from estim.core.translation import tr, tr_text
from estim.tui import wording
from estim.tui.drill import was_drill
from estim.tui.frame import Strip, strip
from estim.tui.key_bar import KeyBar
from estim.tui.key_names import bound, name_keys
from estim.tui.keymap import key_of
from estim.tui.model import View
from estim.tui.room import Room, rows_of
from estim.tui.widgets import ALARM_ROWS, MARGIN, NARROW, Alarms, Banner, Line, StopBar

ROWS = ("stop", "on", "others", "reason", "minutes", "highest", "message", "asks")
"""What is told of an end, in this order: first whether each stop is proved."""

URGENT_ROWS = 4
"""Rows that a lost controller or link has before how it ended."""


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
            for row in ROWS:
                yield Line(id=f"sum-{row}", classes="sum")
        yield Line(id="note")
        yield StopBar()
        yield KeyBar()

    async def draw(self, view: View) -> None:
        """Show the end; where there is little room the proof of each stop and what a person has to read come first."""
        ended = view.ended
        texts = _texts(view, ended, narrow=self.app.size.width < NARROW) if ended else {}
        rows = summary_rows(view, texts, *self.app.size)
        self.query_one("#banner", Banner).draw(view, rows["banner"])
        self.query_one("#strip", Strip).say(strip(view, self.app.size.width - MARGIN), rows["strip"])
        self.query_one("#alarms", Alarms).draw(view, rows["alarms"])
        self.query_one("#note", Line).say(view.note, rows["note"])
        self.query_one(KeyBar).display = bool(rows["footer"])
        self.query_one(StopBar).draw(rows["bar"])
        self.query_one("#summary").styles.margin = (rows["gap"], 0, 0, 0)
        if ended is None:
            return
        self.query_one("#program", Line).say(texts["program"], rows["program"])
        for name in ROWS:
            self.query_one(f"#sum-{name}", Line).say(texts[name], rows[name])
        self.query_one("#sum-on").set_class(True, "high")
        self.query_one("#sum-stop").set_class(not ended.stop_confirmed, "high")


def summary_rows(view: View, texts: Mapping[str, str], width: int, height: int) -> dict[str, int]:
    """Share the rows out by the names of the parts, STOP and the proof of each stop first; `bar` is STOP."""
    room = Room(height)
    rows = {"bar": room.take(1), "banner": room.take(1 if view.simulated else 0)}
    rows["strip"] = room.take(1 if strip(view, width - MARGIN) else 0)
    urgent = sum(rows_of(text, width - MARGIN) for text in Alarms.urgent(view))
    rows["alarms"] = room.take(min(urgent, URGENT_ROWS))
    for name in ("program", "stop", "on", "others", "note"):
        text = view.note if name == "note" else texts.get(name, "")
        rows[name] = room.take(rows_of(text, width - MARGIN))
    rows["footer"] = room.take(1)
    rows["alarms"] += room.take(min(Alarms.needed(view, width), ALARM_ROWS) - rows["alarms"])
    for name in ("reason", "asks", "minutes", "highest", "message"):
        rows[name] = room.take(rows_of(texts.get(name, ""), width - MARGIN))
    rows["bar"] += room.take(2, whole=True)
    rows["gap"] = room.take(1)
    return rows


def _is_asked(view: View, ended: Ended) -> bool:
    """Say whether how it was is asked: in a stop drill the pads are off, and nobody has felt anything."""
    return ended.started_at is not None and not ended.simulated and not was_drill(ended, view.snapshot)


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
        "asks": _asks() if _is_asked(view, ended) else "",
    }


def _title(snapshot: Snapshot | None, ended: Ended) -> str:
    title = tr_text(snapshot.program_title) if snapshot and snapshot.program == ended.program else ""
    return f"{title} ({ended.program})" if title else ended.program or tr("no program")
