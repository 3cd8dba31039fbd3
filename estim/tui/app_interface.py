"""What dialogs and places ask of the app that shows them; it imports them, so they can't import it."""

from typing import Protocol, runtime_checkable

from textual.dom import DOMNode

from estim.tui.keymap import Keymap
from estim.tui.model import Model


@runtime_checkable
class AppInterface(Protocol):
    """The part of estim.tui.app.SessionApp that a dialog or a place may use."""

    model: Model

    @property
    def last_key(self) -> str:
        """The key that was handled last, as the library names it."""

    @property
    def plain(self) -> bool:
        """Whether the terminal gets plain signs, of which no big figures can be made."""

    def action_soft(self) -> None:
        """Down in two seconds, and end, on all units; only where a session is under way."""

    def action_renew_day(self) -> None:
        """Show what the day asks for."""

    def action_without_hardware(self) -> None:
        """Leave, so that a demo home can be opened."""

    def take_keys(self, keys: Keymap) -> None:
        """Let other keys hold from now on."""


def app_of(node: DOMNode) -> AppInterface:
    """Return the app that shows this part; no part of the screen is shown by any other."""
    app = node.app
    assert isinstance(app, AppInterface), f"{type(app).__name__} doesn't show sessions"
    return app
