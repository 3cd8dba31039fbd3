"""A dialog that takes the key itself: whichever is pressed is the new one, or it says at once why it can't be.

What stops stops here too, so those keys can't be chosen; Backspace takes the usual key back, Escape leaves it all.
"""

from collections.abc import Iterable, Mapping

from textual import events
from textual.widget import Widget
from textual.widgets import Static

from estim.client.stop_keys import STOP_LETTERS, bare
from estim.core.errors import EstimError
from estim.core.translation import tr
from estim.tui.all_keys import NAMED
from estim.tui.dialog import Dialog
from estim.tui.keymap import SIGNS, all_keys_of, keymap_of, shown
from estim.tui.typed_setting import USUAL

_WRITTEN = {name: sign for sign, name in SIGNS.items() if sign != ","}
"""How a sign is written in the file; a comma stands between keys there."""


class PressKey(Dialog[str | None]):
    """Returns the key as the file has it, "default" for the usual one, None if it was left."""

    def __init__(self, name: str, held: Mapping[str, str]) -> None:
        """`held`: the keys as they stand in the file."""
        super().__init__()
        self._what = name
        self._others = {what: key for what, key in held.items() if what != name}

    def body(self) -> Iterable[Widget]:
        """What it is for, and how it is done."""
        yield Static(self._question(), id="question", markup=False)
        yield Static("", id="wrong", markup=False)

    def _question(self) -> str:
        one = NAMED[self._what]
        usual = ", ".join(map(shown, one.usual.split(",")))
        asks = tr("{name}: {what}. Now: {key}", name=one.name, what=one.about, key=", ".join(all_keys_of(one.name)))
        how = tr("Press the key that it is to be. Backspace: the usual one ({usual}). Escape leaves it", usual=usual)
        return f"{asks}\n\n{how}"

    def on_key(self, event: events.Key) -> None:
        """Take the key if it may be one; what stops and what leaves goes its usual way."""
        if bare(event.key) in STOP_LETTERS or event.key == "escape":
            return
        event.stop()
        event.prevent_default()
        back = event.key == "backspace"
        try:
            keymap_of(self._others if back else {**self._others, self._what: event.key})
        except EstimError as error:
            self.query_one("#wrong", Static).update(f"\n{error.text}")
            return
        key = event.key.lower() if len(event.key) == 1 else event.key  # a letter counts in both cases
        self.dismiss(USUAL if back else _WRITTEN.get(key, key))
