"""A dialog that stays open for a while, and does its work by workers of its own, which end with it."""

from typing import TypeVar

from estim.tui.desk import Desk
from estim.tui.dialog import Dialog

T = TypeVar("T")


class Watched(Dialog[T | None]):
    """Returns None where it was left."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk

    async def on_mount(self) -> None:
        """Show what is on before anything else; then begin."""
        await super().on_mount()
        self.query_one("#keys").focus()
        self.begin()

    def begin(self) -> None:
        """Begin what the dialog is for."""
