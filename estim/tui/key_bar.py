"""The library's footer, made anew only where it would be another one.

The library remakes it, key by key, at each change of focus, each screen that comes or goes, and each refresh of the
bindings: it was nine times before the first picture, of a screen that nobody saw among them.
"""

from textual.screen import Screen
from textual.widgets import Footer


class KeyBar(Footer):
    """The keys of a screen and what they do, without the palette's."""

    def __init__(self) -> None:
        super().__init__(show_command_palette=False)
        self._shown: tuple[tuple[str, str, str, bool], ...] = ()

    def bindings_changed(self, screen: Screen[object]) -> None:
        """Take what holds now; called by the library."""
        wanted = tuple(
            (self.app.get_key_display(one.binding), one.binding.action, one.binding.description, one.enabled)
            for one in screen.active_bindings.values()
            if one.binding.show
        )
        if wanted != self._shown and self.is_attached and screen is self.screen and screen.app.app_focus:
            self._shown = wanted
            super().bindings_changed(screen)
