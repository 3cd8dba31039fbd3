"""`estim demo`: a home of made-up days with a software unit, to try everything without hardware."""

import tempfile
from typing import Annotated

import typer

from estim.cli.flags import Flags
from estim.cli.output import tell
from estim.core.errors import Exit
from estim.core.translation import tr
from estim.core.values import replace

FAMILY = "coyote3"
"""The software unit that is there, if none is named by --simulate."""


def demo(
    context: typer.Context,
    folder: Annotated[
        str | None, typer.Argument(metavar="DIR", help="where it is kept, and opened again; without it a new one")
    ] = None,
) -> None:
    """Try everything without hardware: a fortnight of made-up days and a software unit, always marked SIMULATED.

    On a terminal the screen opens; elsewhere the folder is only made, and named.
    """
    flags: Flags = context.obj
    raise typer.Exit(open_demo(flags, folder, flags.host.home))


def open_demo(flags: Flags, folder: str | None = None, home: str | None = None) -> int:
    """Open a demo home: the folder, else the home, else a new one, never the one that the flags name.

    Return the exit code. Without a terminal it is only made, and told.
    """
    from estim.journal.demo import make_demo
    from estim.tui.main import has_screen, run_screen

    if flags.theme is not None:
        _check_theme(flags, folder, flags.theme)
    where = folder or home or tempfile.mkdtemp(prefix="estim-demo-")
    options = replace(flags.host, home=where, simulate=flags.host.simulate or FAMILY)
    make_demo(options.place)
    rows = [{"folder": where, "simulated": True}]
    if flags.as_json or flags.no_input or not has_screen():
        text = tr("{folder}: a demo home, SIMULATED; `estim demo {folder}` opens it on a terminal", folder=where)
        tell(flags, "demo", text, rows)
        return Exit.DONE
    own = flags.host.place.themes / f"{flags.theme}.toml"
    if flags.theme is not None and own.is_file() and not (options.place.themes / own.name).exists():
        options.place.themes.mkdir(parents=True, exist_ok=True)
        (options.place.themes / own.name).write_bytes(own.read_bytes())
    code = run_screen(options, flags.theme)
    if folder is None:
        tell(flags, "demo", tr("the demo is kept: estim demo {folder}", folder=where), rows)
    return code or Exit.DONE


def _check_theme(flags: Flags, folder: str | None, theme: str) -> None:
    """Refuse a theme that neither home has, before anything is made for it; raises EstimError (2)."""
    from estim.tui.themes import check_theme, read_themes

    known: set[str] = set()
    for home in (flags.host, replace(flags.host, home=folder or flags.host.home)):
        own, broken = read_themes(home.place.themes)
        known.update(own, broken)
    check_theme(theme, "--theme", Exit.USAGE, known)
