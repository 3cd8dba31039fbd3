"""The library's footer, made anew only where it would be another one, with as many keys as find room.

1. The library remakes it, key by key, at each change of focus, each screen that comes or goes, and each refresh of the
   bindings: it was nine times before the first picture, of a screen that nobody saw among them.
2. Where not all keys find room, help and quit have theirs first, and a sign says that there are more: help has them
   all. The keys that stop are on STOP too, which is never without room.
3. What a key really does is said: Escape stops softly too while a session is under way.
"""

from msgspec import Struct
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Footer
from textual.widgets._footer import FooterKey, FooterLabel

from estim.core.translation import tr
from estim.tui.app_interface import app_of

FIRST = ("keys", "app.keys_away", "quit")
"""What has room before all else: help, which tells the rest, and the way out."""

SOFT = ("leave", "later")
"""What Escape does in a dialog, and at the first steps: while a session is under way it is a soft stop too."""

MORE = "…"


class Entry(Struct, frozen=True):
    """One key of the footer, as it is shown."""

    key: str
    display: str
    action: str
    description: str
    enabled: bool
    tooltip: str

    def columns(self, *, compact: bool) -> int:
        """How wide it is: the library sets each part off by a space, in compact form less."""
        return len(self.display) + len(self.description) + (2 if compact else 3)


def fitting(entries: tuple[Entry, ...], width: int) -> tuple[tuple[Entry | None, ...], bool]:
    """Return what finds room, None where something is left out, and whether it is in compact form."""
    for compact in (False, True):
        if sum(one.columns(compact=compact) for one in entries) <= width:
            return entries, compact
    left = width - len(MORE) - 1
    kept: set[int] = set()
    for number, one in sorted(enumerate(entries), key=lambda each: (each[1].action not in FIRST, each[0])):
        if one.columns(compact=True) <= left:
            left -= one.columns(compact=True)
            kept.add(number)
    first = next((number for number in range(len(entries)) if number not in kept), len(entries))
    shown: list[Entry | None] = [one for number, one in enumerate(entries) if number in kept]
    shown.insert(sum(number < first for number in kept), None)
    return tuple(shown), True


class KeyBar(Footer):
    """The keys of a screen and what they do, without the palette's."""

    def __init__(self) -> None:
        super().__init__(show_command_palette=False)
        self._shown: tuple[Entry | None, ...] = ()

    def bindings_changed(self, screen: Screen[object]) -> None:
        """Take what holds now; called by the library."""
        if self.is_attached and screen is self.screen and screen.app.app_focus:
            self._take(self.app.size.width)

    def on_resize(self, event: events.Resize) -> None:
        """Leave out what finds no room any more."""
        if self._bindings_ready:
            self._take(event.size.width)

    def _take(self, width: int) -> None:
        wanted: dict[str, Entry] = {}
        for one in self.screen.active_bindings.values():
            if one.binding.show and one.binding.action not in wanted:
                wanted[one.binding.action] = self._entry(one.binding, one.enabled, one.tooltip)
        shown, compact = fitting(tuple(wanted.values()), width)
        if shown != self._shown:
            self._shown = shown
            self.compact = compact
            super().bindings_changed(self.screen)

    def _entry(self, binding: Binding, enabled: bool, tooltip: str) -> Entry:
        softly = binding.action in SOFT and app_of(self).model.live
        return Entry(
            key=binding.key,
            display=self.app.get_key_display(binding),
            action=binding.action,
            description=tr("Soft stop") if softly else binding.description,
            enabled=enabled,
            tooltip=tooltip,
        )

    def compose(self) -> ComposeResult:
        """One part for each key that finds room, and the sign where one doesn't."""
        for one in self._shown:
            if one is None:
                yield FooterLabel(f"{MORE} ")
            else:
                made = FooterKey(
                    one.key, one.display, one.description, one.action, disabled=not one.enabled, tooltip=one.tooltip
                )
                yield made.data_bind(compact=Footer.compact)
