"""Every key of the screen that can be another one: its name in [keys], where it works, its usual key, and what it does.

A key that is new: one row here, and `bound("its.name", "its_action")` among the BINDINGS of its screen. Footer, `?`,
the settings' place, `estim settings` and its completion, and what is checked of a person's keys come from these rows.
"""

from msgspec import Struct

from estim.core.translation import mark, tr_text
from estim.tui.places import PLACES

APP = "app"
SESSION = "session-screen"
CHOOSE = "choosing"
SUMMARY = "summary"
"""Where a key works: everywhere, or on one of the session's three screens; on a place it is the place's name."""


class Named(Struct, frozen=True):
    """One key. `usual`: as the library calls it, several with commas, a letter in both cases by itself.

    `titled` is what the footer and the palette call it; `told` what it does, for `?`; empty: told with the row above.
    """

    name: str
    usual: str
    titled: str
    told: str = ""
    on: tuple[str, ...] = ()

    @property
    def scopes(self) -> tuple[str, ...]:
        """Return where it works: a name such as `log.undo` says its place."""
        return self.on or (self.name.partition(".")[0],)

    @property
    def about(self) -> str:
        """Return what it does, in the reader's language."""
        return tr_text(self.told or self.titled)


STOPS = (
    Named(
        "panic",
        "f12",
        mark("PANIC"),
        mark("panic: zero at once, works everywhere, also with Shift, Ctrl or Alt"),
        (APP,),
    ),
    Named(
        "stop",
        "s",
        mark("Stop"),
        mark(
            "stop: zero at once, and end (also with Caps Lock, and as the same key of another layout); in a field "
            "Ctrl+S, or a press on STOP"
        ),
        (APP,),
    ),
    Named("quit", "q", mark("Quit"), mark("stop if output may be on, then leave; so does Ctrl+Q"), (APP,)),
)
"""What stops or leaves: it gets more keys, and never loses its own."""

EVERYWHERE = (
    Named("quiet", "k", mark("OK alarm"), mark("acknowledge the first alarm"), (APP,)),
    Named("unit", "u", mark("Next unit"), mark("the next unit, if there are several"), (APP,)),
    Named("palette", "ctrl+p", mark("Palette"), mark("everything that can be done, by its name"), (APP,)),
    Named("help", "question_mark", mark("Help"), mark("this list; the same key or Enter closes it"), (APP,)),
)

OF_PLACES = tuple(Named(one.name, one.key, one.titled, one.told, (APP,)) for one in PLACES)

OF_SESSION = (
    Named("pause", "space", mark("Pause"), mark("pause; again: go on, up from zero"), (SESSION,)),
    Named("arm", "enter", mark("Pads on"), mark("the pads are on: begin what waits for it"), (SESSION,)),
    Named(
        "level_up",
        "plus,equals_sign",
        mark("Level"),
        mark("goal of the lit channel one step up, down; held, it stays a few steps above what the unit says"),
        (SESSION,),
    ),
    Named("level_down", "minus,underscore", mark("Level down"), "", (SESSION,)),
    Named(
        "level_far_up",
        "pageup",
        mark("Level up"),
        mark("the same in larger steps, at most a twentieth"),
        (SESSION,),
    ),
    Named("level_far_down", "pagedown", mark("Level far down"), "", (SESSION,)),
    Named(
        "channel_a",
        "a",
        mark("Channel A"),
        mark("choose that channel: it is lit, and the keys of the level move it"),
        (SESSION,),
    ),
    Named("channel_b", "b", mark("Channel B"), "", (SESSION,)),
    Named("channel_c", "c", mark("Channel C"), "", (SESSION,)),
    Named("channel_d", "d", mark("Channel D"), "", (SESSION,)),
    Named("channel_next", "tab", mark("Next channel"), mark("choose the next channel"), (SESSION,)),
    Named(
        "unit_1",
        "1",
        mark("Unit 1"),
        mark("that unit, if there are several; else the key leads to its place"),
        (SESSION,),
    ),
    Named("unit_2", "2", mark("Unit 2"), "", (SESSION,)),
    Named("unit_3", "3", mark("Unit 3"), "", (SESSION,)),
    Named("unit_4", "4", mark("Unit 4"), "", (SESSION,)),
    Named(
        "last_level", "l", mark("Last level"), mark("the level that was comfortable last time"), (SESSION, CHOOSE)
    ),
    Named("beside", "b", mark("A second unit"), mark(
        "a second unit beside the first; then the number of each starts it when its pads are on, and the palette "
        "leads to the places of these numbers"), (CHOOSE,)),
    Named(
        "answer_again", "h", mark("Health questions"),
        mark("the questions again whose answer forbids every session"), (CHOOSE,),
    ),
    Named("new_session", "enter,space", mark("New session"), mark("after a session: a new one"), (SUMMARY,)),
    Named("skin_ok", "o", mark("Skin ok"), mark("after a session: the skin under the pads is all right"), (SUMMARY,)),
    Named("skin_bad", "b", mark("Skin not ok"), mark("after a session: it is not"), (SUMMARY,)),
    Named(
        "weaker", "w", mark("Weaker"), mark("after a session: it felt weaker than last time, the same, stronger"),
        (SUMMARY,),
    ),
    Named("same", "e", mark("The same"), "", (SUMMARY,)),
    Named("stronger", "r", mark("Stronger"), "", (SUMMARY,)),
)  # fmt: skip

IN_PLACES = (
    Named("first.name", "n", mark("Name"), mark("remembers the unit under a name of yours")),
    Named("first.scan", "a", mark("Search"), mark("searches for units again (five seconds)")),
    Named("first.without", "w", mark("Demo"), mark("tries estim without hardware: made-up days, a software unit")),
    Named("today.morning", "m", mark("Morning pain"), mark("pain of this morning's first steps, 0 to 10")),
    Named("today.tick", "t", mark("Tick"), mark("tick a step of the plan off, by its number")),
    Named("log.filter", "f", mark("Filter"), mark("everything, sessions, pain, runs, notes")),
    Named("log.search", "slash", mark("Search"), mark("search; Enter leads back to the list")),
    Named("log.trend", "g", mark("Pain trend"), mark("pain over 30 days; again: 120 days")),
    Named("log.undo", "z", mark("Undo"), mark("undo the last thing that was written down")),
    Named("programs.filter", "f", mark("Kind"), mark("every kind, pain, twitch, tetanic")),
    Named("programs.search", "slash", mark("Search"), mark("search; Enter leads back to the list")),
    Named("programs.edit", "e", mark("Edit"), mark("edit it in your editor; a shipped one is copied first")),
    Named("care.begin", "b", mark("Begin"), mark("begin the plan, or begin it anew")),
    Named("care.run", "n", mark("Plan a run"), mark("plan a run; only where the gates are open")),
    Named("care.cancel", "c", mark("Cancel it"), mark("cancel the planned run, or say that it didn't take place")),
    Named("care.flag", "r", mark("Red flag"), mark("a sign of a torn tendon or a clot: the plan ends at once")),
    Named("units.scan", "a", mark("Scan"), mark("scan: which units are on the air (five seconds)")),
    Named("units.identify", "i", mark("Tell apart"), mark("tell units apart: hold one close, and its bar grows")),
    Named("units.name", "n", mark("Name"), mark("name the unit that is lit; a new one is remembered so")),
    Named("units.drill", "r", mark("Stop drill"), mark("stop drill: pads off, level 1, then the panic key")),
    Named("units.doctor", "d", mark("Doctor"), mark("doctor: what a session needs here; its stop at level 0")),
    Named("units.side", "e", mark("Side"), mark("the side where the pads usually are")),
    Named("units.cap", "p", mark("Caps"), mark("its highest levels: A=40,B=40, or none")),
    Named("units.forget", "x", mark("Forget"), mark("forget it")),
    Named("simulator.pads_off", "o", mark("pads off")),
    Named("simulator.pads_on", "p", mark("pads on again")),
    Named("simulator.a_up", "plus", mark("wheel or key: A up")),
    Named("simulator.a_down", "minus", mark("wheel or key: A down")),
    Named("simulator.cut", "c", mark("cut the link")),
    Named("simulator.deaf", "d", mark("ignore what it is told")),
    Named("simulator.hears", "e", mark("listen again")),
    Named("simulator.low_battery", "b", mark("battery low")),
    Named("simulator.power_off", "x", mark("unit off")),
    Named("simulator.power_on", "w", mark("unit on")),
)

ALL = (*OF_PLACES, *EVERYWHERE, *STOPS, *OF_SESSION, *IN_PLACES)

NAMED = {one.name: one for one in ALL}


def on(scope: str) -> tuple[Named, ...]:
    """Return the keys of one screen, without those that work everywhere."""
    return tuple(one for one in ALL if scope in one.scopes)
