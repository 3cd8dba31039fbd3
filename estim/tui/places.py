"""The places of the screen: which there are, and by which key each is reached.

A place's file is imported when it is first opened: opening the screen costs none of them anything.
"""

from msgspec import Struct

from estim.core.translation import mark, tr_text

TODAY = "today"
"""Where the screen opens."""
SESSION = "session"
"""The screen of the session itself, which every place stands above: it is no place."""


class Listed(Struct, frozen=True):
    """One place: its name in keymaps and palette, its key, what it is called, what it is for, and where it lives."""

    name: str
    key: str
    titled: str
    told: str
    where: str = ""
    simulated: bool = False

    @property
    def title(self) -> str:
        """Return what it is called, in the reader's language."""
        return tr_text(self.titled)

    @property
    def about(self) -> str:
        """Return what it is for, in the reader's language."""
        return tr_text(self.told)


PLACES = (
    Listed(TODAY, "1", mark("Today"), mark("what is due, pain, the steps' ticks, the week"), "today:TodayPlace"),
    Listed(SESSION, "2", mark("Session"), mark("choose, start, follow and end a session")),
    Listed("log", "3", mark("Log"), mark("sessions, pain, runs and notes; levels and pain over time"), "log:LogPlace"),
    Listed("programs", "4", mark("Programs"), mark("what each plays, where the pads go"), "programs:ProgramsPlace"),
    Listed("care", "5", mark("Care"), mark("the plan's steps and gates, planned runs, red flags"), "care:CarePlace"),
    Listed("units", "6", mark("Units"), mark("scan, name, side, highest levels, forget"), "units:UnitsPlace"),
    Listed(
        "simulator",
        "7",
        mark("Simulator"),
        mark("make things go wrong: pads, link, battery"),
        "simulator:SimulatorPlace",
        simulated=True,
    ),
    Listed("alarms", "8", mark("Alarms"), mark("alarms so far"), "alarms:AlarmsPlace"),
    Listed("settings", "9", mark("Settings"), mark("every setting, checked"), "settings:SettingsPlace"),
)
"""Every screen, in the order of its keys; `simulated` ones are there only with software units."""

FIRST_START = Listed(
    "first", "", mark("First start"), mark("three steps before the first session"), "first_start:FirstStart"
)
"""Where a home begins that has never been used: no key leads there."""


def listed(name: str) -> Listed:
    """Return the place of this name; there must be one."""
    return next(one for one in (*PLACES, FIRST_START) if one.name == name)
