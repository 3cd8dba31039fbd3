"""What `estim` without a verb does: starts a host where there is none, then the screen, and waits for neither first.

This file imports nothing that the screen alone needs: the host is on its way while those libraries are read.
"""

import gc
import sys

from estim.client.launch import Starting, begin_host
from estim.client.lock import holder
from estim.config.options import HostOptions
from estim.core.errors import EstimError, Exit
from estim.core.translation import tr


def has_screen() -> bool:
    """Say whether there is a terminal to draw on and to hear keys from."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def run_screen(options: HostOptions, theme: str | None = None) -> int | None:
    """Show the home's host, or one of our own; return the exit code. Raises EstimError if there is none to be had.

    None: the person left it to try estim without hardware, in a demo home (cli/demo.py).

    `theme` is what a person asked for on the line; None: the one of config.toml, else the library's.
    """
    if theme is not None:
        from estim.tui.themes import check_theme, read_themes

        own, broken = read_themes(options.place.themes)
        if theme not in broken:
            check_theme(theme, "--theme", Exit.USAGE, own)
    if not has_screen():
        raise EstimError(tr("the screen needs a terminal; without one use `estim run PROGRAM`"), code=Exit.USAGE)
    starting = _begun(options)
    gc.disable()  # next to nothing that a start makes is garbage; `show` lets it be collected again
    from estim.tui.show import show

    return show(options, theme, starting)


def _begun(options: HostOptions) -> Starting | None:
    """Start a host if nobody has the home; None: somebody has, and is joined."""
    return begin_host(options) if holder(options.place.lock) is None else None
