"""Shows a host: programs, theme and keys of its home around the app, which is drawn before the host is there."""

import asyncio
import gc
import sys
from collections.abc import Container, Iterable, Mapping, Sequence
from functools import partial

from textual.theme import Theme

from estim.client.connection import Client, NotYet, join, join_begun, programs_of, running
from estim.client.launch import Starting, start_host
from estim.config.options import HostOptions
from estim.config.settings import read_settings
from estim.core.errors import EstimError, Exit
from estim.core.translation import tr
from estim.journal.first_start import OVER, next_step
from estim.journal.today import Today
from estim.tui.app import SessionApp
from estim.tui.keymap import USUAL, Keymap, keymap_of
from estim.tui.offers import read_offers
from estim.tui.places import FIRST_START, TODAY
from estim.tui.themes import check_theme, read_themes


def show(options: HostOptions, theme: str | None, starting: Starting | None) -> int | None:
    """Show the host that is on its way (None: one is there already) and return the exit code.

    None: the person left it to try estim without hardware, in a demo home (cli/demo.py).

    Raises EstimError if there is none to be had.
    """
    own, broken = read_themes(options.place.themes)
    problems = list(broken.values())
    try:
        looks = theme or theme_of(options, own, broken)
    except EstimError as error:  # wrong settings keep no screen away: a stop may be wanted
        looks = None
        problems = [*problems, error.text]
    if looks in broken:
        looks = None  # why is told; a file that is wrong keeps no screen away
    return asyncio.run(_show(options, starting, problems, (looks, own)))


def theme_of(options: HostOptions, own: Iterable[str] = (), broken: Container[str] = ()) -> str | None:
    """Return the theme of config.toml, None if it names none. Raises EstimError (78) if there isn't such a one.

    `own` are the names of a person's themes, `broken` those whose files are wrong.
    """
    theme = read_settings(options.place.settings_file).theme
    if theme is not None and theme not in broken:
        check_theme(theme, tr("theme in config.toml"), Exit.CONFIG, own)
    return theme


SWITCH_S = 0.001
"""Longest wait of one thread for another, s (Python's usual one is 0.005): a key that stops needs several turns."""


def opening_of(options: HostOptions) -> str:
    """Return where the screen opens: a home that has never been used at its first steps. Where the host then says that
    something may be on, the app leaves them."""
    return TODAY if next_step(options) == OVER else FIRST_START.name


async def reach(options: HostOptions) -> Client:
    """Join the home's host, or one of our own. Starting one takes a while: a thread waits for it, so keys live on."""
    if await asyncio.to_thread(running, options) is None:
        await asyncio.to_thread(start_host, options)
    return await join(options)


def _keys_of(options: HostOptions) -> tuple[Keymap, str]:
    """Return the person's keys; where they are wrong the usual ones and why: nothing keeps the screen closed."""
    try:
        return keymap_of(read_settings(options.place.settings_file).keys), ""
    except EstimError as error:
        return USUAL, error.text


async def _show(
    options: HostOptions,
    starting: Starting | None,
    problems: Sequence[str],
    themes: tuple[str | None, Mapping[str, Theme]],
) -> int | None:
    """Run the app; `themes` are the one that is wanted, and a person's own."""
    keys, wrong = _keys_of(options)
    app = SessionApp(
        NotYet(options.place),
        (),
        lambda: reach(options),
        today=Today(options),
        options=options,
        opening=opening_of(options),
        keys=keys,
        joining=_reached(options, starting),
        read_offers=partial(read_offers, programs_of(options)),
    )
    wanted, own = themes
    for one in own.values():
        app.register_theme(one)
    if wanted is not None:
        app.theme = wanted
    if wrong:
        app.model.say(wrong)
    if problems:
        app.model.say("; ".join(problems))
    try:
        await app.run_async()
    except OSError:
        # After a hang-up nobody is there to read the last words; the session's end has been told to the host.
        if not app.alone:
            raise
    finally:
        await app.follower.close()
    if app.no_host is not None:
        raise _none_to_be_had(app.no_host, stopped=app.follower.owes)
    return None if app.wants_demo and not app.return_code else app.return_code or 0


async def _reached(options: HostOptions, starting: Starting | None) -> Client:
    """Join the host; the picture is there by now, and memory is settled before a session needs quick keys."""
    client = await join_begun(options, starting)
    settle()
    return client


def settle() -> None:
    """Let the thread that reads keys have its turn soon while the loop draws.

    And keep the collector from walking all that was imported and built: a pause of its own would hold up a key.
    """
    sys.setswitchinterval(SWITCH_S)
    gc.freeze()
    gc.enable()
    gc.set_threshold(5_000, 20, 50)


def _none_to_be_had(why: EstimError, *, stopped: bool) -> EstimError:
    """Return why there is no host; where a stop was pressed, that nothing proves it."""
    if not stopped:
        return why
    text = tr("the stop is NOT confirmed: {why}; switch the unit off by hand", why=why.text)
    return EstimError(text, code=Exit.NOT_CONFIRMED)
