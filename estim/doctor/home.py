"""Facts about a home: its settings, units, journal, what may be on, and who has it."""

import os
from collections.abc import Iterator

from estim.client.connection import ask_once
from estim.client.exchange import NoHost
from estim.client.lock import holder, markers
from estim.config.paths import Home
from estim.config.settings import read_settings
from estim.config.units import Units
from estim.core.errors import EstimError, Exit
from estim.core.messages.commands import Overview, Status
from estim.doctor.findings import Finding, bad, good, of_error, of_folder, warning
from estim.journal.database import flaw_of
from estim.journal.marker import Marker
from estim.journal.rows import NEVER

ALIVE_S = 3.0
"""Longest wait for a host to answer, s."""


def of_folders(home: Home) -> Finding:
    """Judge the folders that are there; the first with something wrong is told."""
    found = [
        of_folder(str(folder), folder.stat().st_mode, mine=folder.stat().st_uid == os.getuid())
        for folder in dict.fromkeys((home.config, home.data, home.state, home.runtime))
        if folder.exists()
    ]
    told = good("permissions", "there is no home yet; the first session makes it, for you alone")
    return next((one for one in found if one.do), found[0] if found else told)


def of_settings(home: Home) -> Finding:
    """Judge the settings."""
    try:
        warnings = read_settings(home.settings_file).warnings()
    except EstimError as error:
        return of_error("settings", error)
    if warnings:
        return warning("settings", "; ".join(warnings))
    there = home.settings_file.exists()
    return good("settings", f"{home.settings_file} is right" if there else "none, so the defaults hold")


def of_units(home: Home) -> Finding:
    """Judge the remembered units."""
    try:
        names = [one.name for one in Units.load(home)]
    except EstimError as error:
        return of_error("units", error)
    if not names:
        return warning("units", "none is remembered yet", "estim devices scan, then estim devices add ADDRESS")
    return good("units", ", ".join(names))


def of_journal(home: Home) -> Finding:
    """Judge the journal's file: every page is read."""
    what = "journal"
    path = home.journal
    if not path.exists():
        return good(what, "none yet; the first session makes it")
    do = f"keep a copy of {path}, then `estim export` what can be read, and move it away"
    try:
        flaw = flaw_of(path, ALIVE_S)
    except EstimError as error:
        return bad(what, error.text, do, Exit.CONFIG)
    if flaw:
        return bad(what, f"{path} is damaged: {flaw}", do, Exit.CONFIG)
    return good(what, f"{path} is whole")


def of_left_on(home: Home) -> Iterator[Finding]:
    """Judge what may be on."""
    what = "left on"
    try:
        marks = Marker(markers(home)[0]).read()
    except EstimError as error:
        yield of_error(what, error)
        return
    units = marks.units if marks is not None else ()
    if not units:
        yield good(what, "no unit was left on")
    for one in units:
        until = "" if one.until_utc >= NEVER else f" until {one.until_utc.astimezone():%H:%M}"
        do = "estim stop; if you have seen that it is off: estim stop --seen-off"
        yield warning(what, f"{one.unit or one.address} may be on{until}", do)


def of_host(home: Home) -> tuple[Finding, bool]:
    """Judge who has this home, and say whether a session is under way."""
    what = "host"
    process = holder(home.lock)
    try:
        reply = ask_once(home.socket, Status(), ALIVE_S)
    except NoHost as error:
        if process is None:
            return good(what, "none runs; one is started when it is needed"), False
        text = f"process {process} has this home, and can't be asked: {error.text}"
        return bad(what, text, f"estim stop, then end it: kill {process}", Exit.TRY_LATER), False
    except EstimError as error:
        do = f"estim stop, then end it: kill {process}" if process else "estim stop"
        return bad(what, error.text, do, Exit.TRY_LATER), False
    if not isinstance(reply, Overview):
        return bad(what, "it answers with something else", "estim stop, then end it", Exit.TRY_LATER), False
    busy = [one.unit for one in reply.units if one.live]
    doing = f"{', '.join(busy)} in use" if busy else "nothing is running"
    return good(what, f"process {reply.pid} runs; {doing}"), bool(busy)
