"""Lends the terminal to the person's editor: only while nothing can be on, and nothing begins here until it is back.

1. While the terminal is lent no key is read and nothing is drawn, so no key could stop: hence not while output may be
   on or a start is under way. The follower goes on hearing, and what began elsewhere is shown on return.
2. A thread waits for the editor, as long as a person types: the loop goes on.
3. Ctrl-C belongs to the editor then. What ends the screen (a signal, a hang-up) ends the editor first, since it would
   be left with a terminal that somebody else reads.
"""

import asyncio
import os
import subprocess
from collections.abc import Callable
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any, TypeVar

from textual.app import App

from estim.config.editor import editor_of, open_editor
from estim.core.errors import EstimError
from estim.core.translation import tr
from estim.tui.model import Model

T = TypeVar("T")

END_S = 2.0
"""How long an editor that is told to end may take to save what it has, s; then it is killed."""


class Editing:
    """The terminal, lent or not; at most one editor at a time."""

    def __init__(self, app: App[Any], model: Model) -> None:
        self._app = app
        self._model = model
        self._process: subprocess.Popen[bytes] | None = None
        self._back = asyncio.Event()
        self._back.set()

    @property
    def lent(self) -> bool:
        """Whether the editor has the terminal."""
        return not self._back.is_set()

    def may(self) -> bool:
        """Say whether nothing can be on; else tell the person why not."""
        if self._model.flows:
            self._model.answer(tr("not while output may be on or a start is under way: stop first (s), then edit"))
        return not self._model.flows and not self.lent

    def edit(self, path: Path, check: Callable[[], T], then: Callable[[T, str], None]) -> None:
        """Open a file in the editor; when that has ended, check it in a thread.

        `then` takes what came of it, and what the editor failed in, "" if in nothing.
        """
        if self.may():
            self._back.clear()  # from here on nothing begins, so what was looked at holds until the terminal is lent
            # a task of the app, not of the place: a session that begins elsewhere takes the place away
            self._app.run_worker(self._edit(path, check, then), group="edit")

    async def _edit(self, path: Path, check: Callable[[], T], then: Callable[[T, str], None]) -> None:
        said = ""
        try:
            with nullcontext() if self._app.is_headless else self._app.suspend():
                said = await self._wait_for_editor(path)
        finally:
            self._process = None
            self._back.set()
        found = await asyncio.to_thread(check)
        if self._app.is_running:
            then(found, said)

    async def _wait_for_editor(self, path: Path) -> str:
        """Return what went wrong with the editor; empty: nothing did."""
        try:
            self._process = await asyncio.to_thread(open_editor, path)
        except EstimError as error:
            return error.text
        code = await asyncio.to_thread(self._process.wait)
        await asyncio.sleep(0)  # a Ctrl-C typed for it may wait behind the word of its end, and is still the editor's
        editor = editor_of(os.environ)
        return (
            tr("the editor {editor!r} ended with {code}: look at what it left", editor=editor, code=code)
            if code
            else ""
        )

    async def end(self) -> None:
        """End the editor, and wait until the terminal is ours again: what leaves now would else leave it to two."""
        for ask in ("terminate", "kill"):
            if self.lent and self._process is not None:
                with suppress(ProcessLookupError):
                    getattr(self._process, ask)()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._back.wait(), END_S)
