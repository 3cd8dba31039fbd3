"""`estim service`: lets systemd run the host day and night, and takes it away again."""

import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from estim.cli.output import tell
from estim.config.files import write_whole
from estim.config.paths import find_home
from estim.config.service import NAME, unit_file, unit_text
from estim.core.errors import EstimError, Exit

if TYPE_CHECKING:
    from estim.cli.flags import Flags

SYSTEMCTL_S = 60.0
"""Longest that systemctl may take, s: it waits for a stop ladder."""

service = typer.Typer(help="Let systemd run the host day and night: reminders, the house, and a stop that is at hand.")


@service.command()
def install(context: typer.Context) -> None:
    """Write the unit, enable it and start it."""
    flags: Flags = context.obj
    if flags.host.simulate is not None:
        raise EstimError("a software unit needs no service: leave --simulate out", code=Exit.USAGE)
    home = find_home(flags.host.home)
    home.prepare()
    command = [sys.executable, "-m", "estim.cli.main"]
    if flags.host.home is not None:
        command += ["--home", str(Path(flags.host.home).absolute())]
    if flags.host.radio != "bluetooth":
        command += ["--radio", flags.host.radio]
    path = unit_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EstimError(f"can't make the folder {path.parent}: {error.strerror}", code=Exit.CANT_CREATE) from error
    folders = dict.fromkeys((home.config, home.data, home.state, home.runtime))
    write_whole(path, unit_text([*command, "daemon"], [folder.absolute() for folder in folders]))
    done = _systemctl("daemon-reload") and _systemctl("enable", "--now", NAME)
    text = f"{path} is written" + (
        "; the host runs now, and after each login. Without a login too: loginctl enable-linger"
        if done
        else f"; systemd can't be reached from here: `systemctl --user enable --now {NAME}` starts it"
    )
    tell(flags, "service", text, [{"file": str(path), "running": done}])


@service.command()
def uninstall(context: typer.Context) -> None:
    """Stop the host, verified, and take the unit away."""
    flags: Flags = context.obj
    path = unit_file()
    if not path.exists():
        raise EstimError(f"there is no {path}: nothing to take away", code=Exit.NO_INPUT)
    done = _systemctl("disable", "--now", NAME)
    with suppress(FileNotFoundError):
        path.unlink()
    done = _systemctl("daemon-reload") and done
    text = f"{path} is gone" + ("" if done else "; systemd can't be reached from here: a host that runs goes on")
    tell(flags, "service", text, [{"file": str(path), "running": None if not done else False}])


@service.command()
def status(context: typer.Context) -> None:
    """Say whether the unit is there, and what systemd says of it."""
    flags: Flags = context.obj
    path = unit_file()
    word = _asked("is-active", NAME) or "systemd can't be reached from here"
    text = f"{path}: {'there' if path.exists() else 'not there'}; {word}"
    tell(flags, "service", text, [{"file": str(path), "installed": path.exists(), "systemd": word}])


def _systemctl(*words: str) -> bool:
    """Tell the user's systemd something; False if there is none, or it refuses."""
    return _run(*words) is not None


def _asked(*words: str) -> str:
    """Return what systemd answers, "" without one: a unit that isn't active is an answer too."""
    done = _run(*words, check=False)
    return "" if done is None else done.stdout.strip()


def _run(*words: str, check: bool = True) -> "subprocess.CompletedProcess[str] | None":
    program = shutil.which("systemctl")
    if program is None:
        return None
    command = [program, "--user", *words]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=SYSTEMCTL_S, check=check)
    except (OSError, subprocess.SubprocessError):
        return None
