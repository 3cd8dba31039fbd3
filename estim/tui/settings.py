"""The settings' place: every setting with its value and what is allowed; a change is checked like the file."""

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from estim.config.options import HostOptions
from estim.config.settings import Known, Settings, known_settings, read_settings
from estim.core.translation import mark, tr
from estim.tui.app_interface import app_of
from estim.tui.keymap import all_keys_of, keymap_of
from estim.tui.place import Place
from estim.tui.press_key import PressKey
from estim.tui.typed import ask
from estim.tui.typed_setting import change, known_keys, shown

KEYS = "keys."
"""What the settings that are keys begin with."""


class SettingsPlace(Place):
    """All settings, in the order of the file."""

    HEADING = mark("Settings")
    FIXED = (("enter", mark('change the one that is lit; "default" takes it back')),)
    _known: tuple[Known, ...] = ()
    _keys: Mapping[str, str] = {}

    def body(self) -> Iterable[Widget]:
        """The list, and what is allowed for the one that is lit."""
        yield OptionList(id="entries", markup=False, compact=True)
        yield Static("", id="detail", markup=False)

    def load(self) -> None:
        """Read them."""
        self.query_one("#entries").focus()
        options = self.desk.options
        if options is not None:
            self.fetch(lambda: read_settings(options.place.settings_file), self._show)

    def _show(self, settings: Settings) -> None:
        self._keys = settings.keys
        self._known = (*(one for one in known_settings(settings) if one.name != "keys"), *known_keys(settings))
        entries = self.query_one("#entries", OptionList)
        lit = entries.highlighted
        entries.clear_options()
        entries.add_options(Option(row_of(one)) for one in self._known)
        entries.highlighted = lit or 0

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Say what is allowed."""
        one = self._known[event.option_index]
        options = self.desk.options
        file = options.place.settings_file if options is not None else None
        self.query_one("#detail", Static).update(told_of(one, file))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Ask for a value."""
        event.stop()
        one = self._known[event.option_index]
        options = self.desk.options
        if one.name.startswith(KEYS):
            self.app.push_screen(PressKey(one.name.removeprefix(KEYS), self._keys), partial(self._pressed, one))
            return
        if isinstance(one.value, dict):
            self.desk.say(
                tr("{name} is a table: estim settings set {name}.NAME VALUE, or estim settings edit", name=one.name)
            )
            return
        allowed = one.allowed
        if one.name == "theme":
            themes = ", ".join(sorted(self.app.available_themes))
            allowed = tr("one of {themes}", themes=themes)
        question = tr("{name}: {allowed}; “default” takes it back", name=one.name, allowed=allowed)
        # an address with a password in it is shown without, and must not be kept like that
        usual = "" if one.value is None or ("@" in str(one.value) and ":" in str(one.value)) else shown(one.value)
        if options is not None:
            ask(self, question, partial(_change, options, one.name), self._changed, usual)

    def _pressed(self, one: Known, key: str | None) -> None:
        options = self.desk.options
        if key and options is not None:
            self.fetch(partial(_change, options, one.name, key), partial(self._key_changed, one.name))

    def _key_changed(self, name: str, settings: Settings) -> None:
        """Let it hold at once: it is in the file, and was checked with all others."""
        app_of(self).take_keys(keymap_of(settings.keys))
        self._show(settings)
        self.desk.say(tr("{name} = {key}, from now on", name=name, key=", ".join(all_keys_of(name.removeprefix(KEYS)))))

    def _changed(self, settings: Settings) -> None:
        self.desk.say("; ".join(settings.warnings()) or tr("kept; it holds for the next session and screen"))
        self._show(settings)


def told_of(one: Known, file: Path | None) -> str:
    """Return what is allowed for a setting, and from when on it holds; of a key what it does."""
    if one.name.startswith(KEYS):
        return tr("{name}: {what}; Enter, then the key: it holds at once", name=one.name, what=one.allowed)
    if file is None:
        return tr("{name}: {allowed}; for the next session and screen", name=one.name, allowed=one.allowed)
    return tr(
        "{name}: {allowed}; in {file}, for the next session and screen", name=one.name, allowed=one.allowed, file=file
    )


def row_of(one: Known) -> str:
    """Return one setting as a line; what differs from the default has a mark and a word."""
    row = f"{one.name:<26} {shown(one.value)}"
    return row if one.usual else "   ".join([row, tr("(changed)")])


def _change(options: HostOptions, name: str, text: str) -> Settings:
    options.place.prepare()
    return change(options.place.settings_file, name, text)
