"""`estim service`: lets systemd run the host day and night, or remind without one, and takes both away again."""

import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from estim.cli.output import tell
from estim.config.files import write_whole
from estim.config.paths import find_home
from estim.config.service import HOST, REMIND, TIMER, host_unit, remind_timer, remind_unit, unit_folder
from estim.config.settings import read_settings
from estim.core.errors import EstimError, Exit
from estim.core.translation import mark, tr, tr_text

if TYPE_CHECKING:
    from estim.cli.flags import Flags

SYSTEMCTL_S = 60.0
"""Longest that systemctl may take, s: it waits for a stop ladder."""

NO_SYSTEMD = mark("systemd can't be reached from here")

service = typer.Typer()


@service.callback()
def group() -> None:
    """Let systemd run the host day and night: reminders, the house, and a stop that is at hand.

    Examples:  estim service install  |  estim service status  |  estim service install --remind-only  |
    journalctl --user -u estim
    """


@service.command()
def install(
    context: typer.Context,
    remind_only: Annotated[
        bool, typer.Option("--remind-only", help="no host: a timer that tells when a session is due, and no more")
    ] = False,
) -> None:
    """Write the service files, enable them and start them. Settings come from config.toml, a broker's password too."""
    flags: Flags = context.obj
    _check_line(flags)
    home = find_home(flags.host.home)
    home.prepare()
    read_settings(home.settings_file)  # wrong ones are told here, not by a service that doesn't start
    folder = unit_folder()
    if remind_only and (folder / HOST).exists():
        text = tr("the installed host reminds already: `estim service uninstall` first, if it is to go")
        raise EstimError(text, code=Exit.USAGE)
    command = _command(flags)
    if remind_only:
        texts = {REMIND: remind_unit([*command, "remind"], home), TIMER: remind_timer()}
        what = tr("every five minutes estim looks whether a session is due")
    else:
        _take_away(folder, TIMER, REMIND)
        texts = {HOST: host_unit([*command, "daemon"], home)}
        what = tr("the host runs now, and after each login. Without a login too: loginctl enable-linger")
    _write(folder, texts)
    main = TIMER if remind_only else HOST
    # restart: one that runs already goes on with the old text otherwise, after a stop that is verified
    why = _systemctl("daemon-reload") or _systemctl("enable", main) or _systemctl("restart", main)
    places = _places(folder, texts)
    if why:
        text = tr(
            "written: {places}; {why}: `systemctl --user enable --now {unit}` starts it",
            places=places,
            why=why,
            unit=main,
        )
    else:
        text = tr("written: {places}; {what}", places=places, what=what)
    rows = [{"file": str(folder / name), "running": not why} for name in texts]
    tell(flags, "service", text, rows)


@service.command()
def uninstall(context: typer.Context) -> None:
    """Stop the host, verified, and remove the service files."""
    flags: Flags = context.obj
    folder = unit_folder()
    gone = _take_away(folder, HOST, TIMER, REMIND)
    if not gone:
        text = tr("there are no units of estim in {folder}: nothing to take away", folder=folder)
        raise EstimError(text, code=Exit.NO_INPUT)
    why = next(filter(None, gone.values()), "")
    text = tr("gone: {places}", places=_places(folder, gone))
    if why:
        text = tr("{gone}; {why}: what runs goes on, and `estim stop` stops it", gone=text, why=why)
    rows = [{"file": str(folder / name), "running": None if not_told else False} for name, not_told in gone.items()]
    tell(flags, "service", text, rows)


@service.command()
def status(context: typer.Context) -> None:
    """Show which service files are installed, and what systemd says of them."""
    flags: Flags = context.obj
    folder = unit_folder()
    rows: list[dict[str, object]] = []
    lines: list[str] = []
    for name in (HOST, TIMER):
        path = folder / name
        word = _asked("is-active", name) or tr_text(NO_SYSTEMD)
        rows.append({"file": str(path), "installed": path.exists(), "systemd": word})
        there = mark("{file}: there; {said}") if path.exists() else mark("{file}: not there; {said}")
        lines.append(tr(there, file=path, said=word))
    tell(flags, "service", "\n".join(lines), rows)


def _places(folder: Path, names: Iterable[str]) -> str:
    return tr(" and ").join(str(folder / name) for name in names)


def _check_line(flags: "Flags") -> None:
    """Refuse what a service can't be started with; raises EstimError (2)."""
    if flags.host.simulate is not None:
        raise EstimError(tr("a software unit needs no service: leave --simulate out"), code=Exit.USAGE)
    if flags.host.mqtt is not None:
        text = tr(
            "a unit of systemd can be read by anybody, and a broker's address may hold a password: leave --mqtt and"
            " ESTIM_MQTT out, and write [mqtt] url and password_file into config.toml (`estim paths` says where)"
        )
        raise EstimError(text, code=Exit.USAGE)


def _command(flags: "Flags") -> list[str]:
    command = [sys.executable, "-m", "estim.cli.main"]
    if flags.host.home is not None:
        command += ["--home", str(find_home(flags.host.home).config)]
    if flags.host.radio != "bluetooth":
        command += ["--radio", flags.host.radio]
    return command


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        text = tr("can't make the folder {folder}: {why}", folder=folder, why=error.strerror)
        raise EstimError(text, code=Exit.CANT_CREATE) from error
    for name, text in texts.items():
        write_whole(folder / name, text)


def _take_away(folder: Path, *names: str) -> dict[str, str]:
    """Stop and remove those that are there; return for each why systemd didn't do its part, "": it did."""
    gone: dict[str, str] = {}
    for name in names:
        path = folder / name
        if path.exists():
            gone[name] = _systemctl("disable", "--now", name)
            path.unlink(missing_ok=True)
    if gone:
        _systemctl("daemon-reload")
    return gone


def _systemctl(*words: str) -> str:
    """Tell the user's systemd something; return why it can't be, or why it refuses, "": done."""
    done = _run(*words)
    if done is None:
        return tr_text(NO_SYSTEMD)
    if done.returncode == 0:
        return ""
    said = done.stderr.strip().splitlines()
    return tr(
        "systemctl {words} refused ({why})",
        words=" ".join(words),
        why=said[-1] if said else tr("exit code {code}", code=done.returncode),
    )


def _asked(*words: str) -> str:
    """Return what systemd answers, "" without one: a unit that isn't active is an answer too."""
    done = _run(*words)
    return "" if done is None else done.stdout.strip()


def _run(*words: str) -> subprocess.CompletedProcess[str] | None:
    program = shutil.which("systemctl")
    if program is None:
        return None
    command = [program, "--user", *words]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=SYSTEMCTL_S, check=False)
    except (OSError, subprocess.SubprocessError):
        return None
