"""What facts about a computer, a home and a unit mean for a session: one finding each, with what to do. Pure."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from estim.core.errors import EstimError, Exit
from estim.core.moment import check_clock
from estim.core.translation import mark, tr, tr_text

BLUEZ_TRIED = ((5, 66), (5, 82))
"""BlueZ versions with which everything was measured (bluetooth.md section 1)."""

DISK_LOW_MB = 200
DISK_FULL_MB = 5
"""A session writes well under a megabyte; a database that can't grow by some pages is refused at the start."""

STOP_SLOW_S = 3.0
"""A stop at level 0 that takes longer deserves a look: a weak radio, or a unit that is far away."""


LOOKED_AT = (
    mark("clock", "doctor"),
    mark("disk", "doctor"),
    mark("permissions", "doctor"),
    mark("settings", "doctor"),
    mark("units", "doctor"),
    mark("journal", "doctor"),
    mark("left on", "doctor"),
    mark("host", "doctor"),
    mark("broker", "doctor"),
    mark("unit", "doctor"),
    mark("start", "doctor"),
    mark("stop", "doctor"),
)
"""What a finding may be about, but for names such as Bluetooth."""


class Grade(StrEnum):
    """How bad a finding is: with `bad` no session can start."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


SIGN = {Grade.GOOD: mark("ok"), Grade.WARNING: "!", Grade.BAD: mark("NO")}
"""What stands before a finding."""


class Finding(Struct, frozen=True):
    """One thing that was looked at.

    `do` says what to do, "" where there is nothing; `code` is what a start ends with.
    """

    what: str
    grade: Grade
    text: str
    do: str = ""
    code: Exit = Exit.DONE

    @property
    def named(self) -> str:
        """Return what it is about as a person reads it; `what` is the word for programs."""
        return tr_text(self.what, "doctor")


class Adapter(Struct, frozen=True):
    """One Bluetooth adapter as BlueZ has it: `name` such as hci0."""

    name: str
    powered: bool


def good(what: str, text: str) -> Finding:
    """Return a finding with which all is well."""
    return Finding(what, Grade.GOOD, text)


def warning(what: str, text: str, do: str = "") -> Finding:
    """Return a finding with which a session can start."""
    return Finding(what, Grade.WARNING, text, do)


def bad(what: str, text: str, do: str, code: Exit) -> Finding:
    """Return a finding with which no session can start."""
    return Finding(what, Grade.BAD, text, do, code)


def of_error(what: str, error: EstimError) -> Finding:
    """Return a refusal as a finding: its sentence says what to do."""
    return Finding(what, Grade.BAD, error.text, "", error.code)


def of_adapters(found: Sequence[Adapter] | None, wanted: str) -> Finding:
    """Judge the adapters: None if BlueZ doesn't answer; `wanted` names one of them, "" any."""
    what = "Bluetooth"
    if found is None:
        do = tr("install and start it: apt install bluez, then systemctl start bluetooth")
        return bad(what, tr("no Bluetooth service (BlueZ) answers on the system's message bus"), do, Exit.NO_DEVICE)
    if not found:
        do = tr("plug one in; `rfkill list` and `dmesg` tell why one that is there isn't seen")
        return bad(what, tr("there is no Bluetooth adapter"), do, Exit.NO_DEVICE)
    meant = [one for one in found if wanted in ("", one.name)]
    if not meant:
        names = ", ".join(one.name for one in found)
        return bad(
            what,
            tr("there is no adapter {wanted}", wanted=wanted),
            tr("there are: {names}", names=names),
            Exit.NO_DEVICE,
        )
    on = [one.name for one in meant if one.powered]
    if not on:
        do = tr("switch it on: bluetoothctl power on; if that fails: rfkill unblock bluetooth")
        return bad(what, tr("{adapter} is switched off", adapter=meant[0].name), do, Exit.NO_DEVICE)
    return good(what, tr("{adapters} is switched on", adapters=", ".join(on)))


def of_bluez(version: str) -> Finding:
    """Judge BlueZ's version, "" if it can't be had."""
    what = "BlueZ"
    parts = version.split(".")
    if len(parts) < 2 or not all(part.isascii() and part.isdecimal() for part in parts[:2]):
        return warning(what, tr("its version isn't known"), tr("bluetoothctl --version tells it"))
    number = (int(parts[0]), int(parts[1]))
    low, high = (f"{first}.{second}" for first, second in BLUEZ_TRIED)
    if number < BLUEZ_TRIED[0]:
        return warning(
            what,
            tr("{version} is older than {low}, the oldest that was tried", version=version, low=low),
            tr("update it if links get lost"),
        )
    return good(what, tr("{version}; {low} and {high} were tried", version=version, low=low, high=high))


def of_clock(now_utc: datetime, synchronised: bool | None) -> Finding:
    """Judge the clock: rest and dose are counted by it. `synchronised` None: nobody can say."""
    what = "clock"
    try:
        check_clock(now_utc)
    except EstimError as error:
        return of_error(what, error)
    told = f"{now_utc.astimezone():%Y-%m-%d %H:%M %Z}"
    if synchronised is False:
        return warning(
            what,
            tr("{told}, not set by the network", told=told),
            tr("timedatectl set-ntp true; compare it with your watch"),
        )
    return good(what, told if synchronised is None else tr("{told}, set by the network", told=told))


def of_disk(free_mb: float, place: str) -> Finding:
    """Judge the room for the journal, MB."""
    what = "disk"
    room = f"{free_mb:,.0f}".replace(",", " ")
    text = tr("{mb} MB free for {folder}", mb=room, folder=place)
    if free_mb < DISK_FULL_MB:
        return bad(what, text, tr("make room: no session starts without its journal"), Exit.CANT_CREATE)
    return warning(what, text, tr("make room soon")) if free_mb < DISK_LOW_MB else good(what, text)


def of_folder(place: str, mode: int, mine: bool) -> Finding:
    """Judge who may look into a folder of ours: `mode` as the system has it."""
    what = "permissions"
    if not mine:
        return bad(
            what,
            tr("{folder} belongs to somebody else", folder=place),
            tr("choose another folder with --home"),
            Exit.CANT_CREATE,
        )
    do = f"chmod 700 {place}"  # untranslated: to be typed
    if mode & 0o022:
        return warning(what, tr("others on this computer can write to {folder}", folder=place), do)
    if mode & 0o055:
        return warning(what, tr("others on this computer can read {folder}", folder=place), do)
    return good(what, tr("only you can read {folder}", folder=place))


def of_stop(unit: str, took_s: float, proved: bool) -> Finding:
    """Judge a stop at level 0: how long it took, and whether the unit proved it."""
    what = "stop"
    if not proved:
        do = tr("switch the unit off by hand, and look at it before you use it")
        return bad(what, tr("{unit} did not prove the stop", unit=unit), do, Exit.NOT_CONFIRMED)
    text = tr(
        "{unit} was connected, and stopped in {seconds:.1f} s, zero confirmed; nothing was put out",
        unit=unit,
        seconds=took_s,
    )
    return warning(what, text, tr("bring the unit nearer")) if took_s > STOP_SLOW_S else good(what, text)


def code_of(findings: Sequence[Finding]) -> Exit:
    """Return what a start would end with here: the first that is bad says it, a stop without proof before all."""
    wrong = [one.code for one in findings if one.grade is Grade.BAD]
    if Exit.NOT_CONFIRMED in wrong:
        return Exit.NOT_CONFIRMED
    return wrong[0] if wrong else Exit.DONE
