"""What facts about a computer, a home and a unit mean for a session: one finding each, with what to do. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from estim.core.errors import EstimError, Exit
from estim.core.moment import check_clock

BLUEZ_TRIED = ((5, 66), (5, 82))
"""BlueZ versions with which everything was measured (bluetooth.md section 1)."""

DISK_LOW_MB = 200
DISK_FULL_MB = 5
"""A session writes well under a megabyte; a database that can't grow by some pages is refused at the start."""

STOP_SLOW_S = 3.0
"""A stop at level 0 that takes longer deserves a look: a weak radio, or a unit that is far away."""


class Grade(StrEnum):
    """How bad a finding is: with `bad` no session can start."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    `do` says what to do, "" where there is nothing; `code` is what a start ends with.
    """

    what: str
    grade: Grade
    text: str
    do: str = ""
    code: Exit = Exit.DONE


@dataclass(frozen=True, slots=True)
class Adapter:
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
        do = "install and start it: apt install bluez, then systemctl start bluetooth"
        return bad(what, "no Bluetooth service (BlueZ) answers on the system's message bus", do, Exit.NO_DEVICE)
    if not found:
        do = "plug one in; `rfkill list` and `dmesg` tell why one that is there isn't seen"
        return bad(what, "there is no Bluetooth adapter", do, Exit.NO_DEVICE)
    meant = [one for one in found if wanted in ("", one.name)]
    if not meant:
        names = ", ".join(one.name for one in found)
        return bad(what, f"there is no adapter {wanted}", f"there are: {names}", Exit.NO_DEVICE)
    on = [one.name for one in meant if one.powered]
    if not on:
        do = "switch it on: bluetoothctl power on; if that fails: rfkill unblock bluetooth"
        return bad(what, f"{meant[0].name} is switched off", do, Exit.NO_DEVICE)
    return good(what, f"{', '.join(on)} is switched on")


def of_bluez(version: str) -> Finding:
    """Judge BlueZ's version, "" if it can't be had."""
    what = "BlueZ"
    parts = version.split(".")
    if len(parts) < 2 or not all(part.isascii() and part.isdecimal() for part in parts[:2]):
        return warning(what, "its version can't be had", "bluetoothctl --version tells it")
    number = (int(parts[0]), int(parts[1]))
    low, high = (f"{first}.{second}" for first, second in BLUEZ_TRIED)
    if number < BLUEZ_TRIED[0]:
        return warning(what, f"{version} is older than {low}, the oldest that was tried", "update it if links get lost")
    return good(what, f"{version}; {low} and {high} were tried")


def of_clock(now_utc: datetime, synchronised: bool | None) -> Finding:
    """Judge the clock: rest and dose are counted by it. `synchronised` None: nobody can say."""
    what = "clock"
    try:
        check_clock(now_utc)
    except EstimError as error:
        return of_error(what, error)
    told = f"{now_utc.astimezone():%Y-%m-%d %H:%M %Z}"
    if synchronised is False:
        return warning(what, f"{told}, not set by the network", "timedatectl set-ntp true; compare it with your watch")
    return good(what, told if synchronised is None else f"{told}, set by the network")


def of_disk(free_mb: float, place: str) -> Finding:
    """Judge the room for the journal, MB."""
    what = "disk"
    text = f"{free_mb:,.0f} MB free for {place}".replace(",", " ")
    if free_mb < DISK_FULL_MB:
        return bad(what, text, "make room: no session starts without its journal", Exit.CANT_CREATE)
    return warning(what, text, "make room soon") if free_mb < DISK_LOW_MB else good(what, text)


def of_folder(place: str, mode: int, mine: bool) -> Finding:
    """Judge who may look into a folder of ours: `mode` as the system has it."""
    what = "permissions"
    if not mine:
        return bad(what, f"{place} belongs to somebody else", "choose another folder with --home", Exit.CANT_CREATE)
    if mode & 0o022:
        return warning(what, f"others on this computer can write to {place}", f"chmod 700 {place}")
    if mode & 0o055:
        return warning(what, f"others on this computer can read {place}", f"chmod 700 {place}")
    return good(what, f"only you can read {place}")


def of_stop(unit: str, took_s: float, proved: bool) -> Finding:
    """Judge a stop at level 0: how long it took, and whether the unit proved it."""
    what = "stop"
    if not proved:
        do = "switch the unit off by hand, and look at it before you use it"
        return bad(what, f"{unit} did not prove the stop", do, Exit.NOT_CONFIRMED)
    text = f"{unit} was connected, and stopped in {took_s:.1f} s, zero confirmed; nothing was put out"
    return warning(what, text, "bring the unit nearer") if took_s > STOP_SLOW_S else good(what, text)


def code_of(findings: Sequence[Finding]) -> Exit:
    """Return what a start would end with here: the first that is bad says it, a stop without proof before all."""
    wrong = [one.code for one in findings if one.grade is Grade.BAD]
    if Exit.NOT_CONFIRMED in wrong:
        return Exit.NOT_CONFIRMED
    return wrong[0] if wrong else Exit.DONE
