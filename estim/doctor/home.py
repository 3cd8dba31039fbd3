"""Facts about a home: its settings, units, journal, what may be on, and who has it."""

import os
from collections.abc import Iterator

from estim.client.connection import ask_once
from estim.client.exchange import NoHost
from estim.client.lock import holder
from estim.config.paths import Home
from estim.config.settings import read_settings
from estim.config.units import Units
from estim.core.errors import EstimError, Exit
from estim.core.messages.commands import Overview, Status
from estim.core.translation import tr
from estim.doctor.findings import Finding, bad, good, of_error, of_folder, warning
from estim.journal.database import flaw_of
from estim.journal.marker import Marker, markers
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
    told = good("permissions", tr("there is no home yet; the first session makes it, for you alone"))
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
    return good(
        "settings",
        tr("{file} is right", file=home.settings_file) if there else tr("none, so the defaults hold"),
    )


def of_units(home: Home) -> Finding:
    """Judge the remembered units."""
    try:
        names = [one.name for one in Units.load(home)]
    except EstimError as error:
        return of_error("units", error)
    if not names:
        return warning("units", tr("none is remembered yet"), tr("estim devices scan, then estim devices add ADDRESS"))
    return good("units", ", ".join(names))


def of_journal(home: Home) -> Finding:
    """Judge the journal's file: every page is read."""
    what = "journal"
    path = home.journal
    if not path.exists():
        return good(what, tr("none yet; the first session makes it"))
    do = tr("keep a copy of {file}, then `estim export` what can be read, and move it away", file=path)
    try:
        flaw = flaw_of(path, ALIVE_S)
    except EstimError as error:
        return bad(what, error.text, do, Exit.CONFIG)
    if flaw:
        return bad(what, tr("{file} is damaged: {flaw}", file=path, flaw=flaw), do, Exit.CONFIG)
    return good(what, tr("{file} is whole", file=path))


def of_left_on(home: Home) -> Iterator[Finding]:
    """Judge what may be on."""
    what = "left on"  # untranslated: a code
    try:
        marks = Marker(markers(home)[0]).read()
    except EstimError as error:
        yield of_error(what, error)
        return
    units = marks.units if marks is not None else ()
    if not units:
        yield good(what, tr("no unit was left on"))
    for one in units:
        name = one.unit or one.address
        if one.until_utc >= NEVER:
            text = tr("{unit} may be on", unit=name)
        else:
            text = tr("{unit} may be on until {until:%H:%M}", unit=name, until=one.until_utc.astimezone())
        do = tr("estim stop; if you have seen that it is off: estim stop --seen-off")
        yield warning(what, text, do)


def of_host(home: Home) -> tuple[Finding, bool]:
    """Judge who has this home, and say whether a session is under way."""
    what = "host"
    process = holder(home.lock)
    try:
        reply = ask_once(home.socket, Status(), ALIVE_S)
    except NoHost as error:
        if process is None:
            return good(what, tr("none runs; one is started when it is needed")), False
        text = tr("process {process} has this home, and can't be asked: {why}", process=process, why=error.text)
        return bad(what, text, _end(process), Exit.TRY_LATER), False
    except EstimError as error:
        do = _end(process) if process else "estim stop"
        return bad(what, error.text, do, Exit.TRY_LATER), False
    if not isinstance(reply, Overview):
        return bad(what, tr("it answers with something else"), tr("estim stop, then end it"), Exit.TRY_LATER), False
    busy = [one.unit for one in reply.units if one.live]
    if busy:
        text = tr("process {process} runs; {units} in use", process=reply.pid, units=", ".join(busy))
    else:
        text = tr("process {process} runs; nothing is running", process=reply.pid)
    return good(what, text), bool(busy)


def _end(process: int) -> str:
    return tr("estim stop, then end it: kill {process}", process=process)
