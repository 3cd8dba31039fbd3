"""Changes one setting by what was typed, checked like the file; for the settings' place and `estim settings set`."""

import tomllib
from pathlib import Path

from estim.config.mqtt_settings import without_password
from estim.config.settings import Known, Settings, Value, change_settings, known_settings, read_settings
from estim.core.errors import EstimError, Exit
from estim.core.translation import mark, tr, tr_text
from estim.tui.all_keys import ALL
from estim.tui.keymap import USUAL as USUAL_KEYS
from estim.tui.keymap import keymap_of
from estim.tui.keymap import shown as shown_key

USUAL = "default"
"""What is typed to go back to the default."""

UNSET = mark("none", "setting")
"""What is shown of a setting that has no value."""


def value_of(text: str) -> Value:
    """Read a value as TOML has it; what is none is text, so that nobody has to quote a word."""
    if text.strip() == USUAL:
        return None
    try:
        value = tomllib.loads(f"value = {text}")["value"]  # untranslated: a line of TOML
    except tomllib.TOMLDecodeError:
        return text
    return value if isinstance(value, bool | int | float | str | list) else text


def shown(value: object) -> str:
    """Return a value as it is typed; a secret in an address isn't shown by settings themselves."""
    match value:
        case None:
            return tr_text(UNSET, "setting")
        case bool():
            return str(value).lower()
        case tuple() | list():
            return f"[{', '.join(map(shown_in_list, value))}]"
        case dict():
            return "; ".join(f"{name} {shown(one)}" for name, one in value.items()) or tr_text(UNSET, "setting")
        case float():
            return f"{value:g}"
        case _:
            return without_password(str(value))


def shown_in_list(value: object) -> str:
    """Return an item of a list: text in quotes, as it is typed."""
    return f'"{value}"' if isinstance(value, str) else shown(value)


def find_setting(settings: Settings, name: str) -> Known:
    """Return one setting by its name, or by the table that it is in; raises EstimError (2) naming the nearest."""
    from difflib import get_close_matches

    known = {one.name: one for one in known_settings(settings)}
    one = known.get(name) or known.get(name.partition(".")[0])
    if one is None:
        near = get_close_matches(name, known, n=1)
        if near:
            sentence = tr("{name!r} isn't a setting; did you mean {near}?", name=name, near=near[0])
        else:
            sentence = tr("{name!r} isn't a setting; known: {known}", name=name, known=", ".join(known))
        raise EstimError(sentence, code=Exit.USAGE)
    return one


def known_keys(settings: Settings) -> tuple[Known, ...]:
    """Return every key of the screen as it is set, with what it does; of wrong ones in the file the usual keys."""
    try:
        keymap = keymap_of(settings.keys)
    except EstimError:
        keymap = USUAL_KEYS
    return tuple(
        Known(
            name=f"keys.{one.name}",
            value=", ".join(map(shown_key, keymap.keys[one.name])),
            usual=one.name not in settings.keys,
            allowed=one.about,
        )
        for one in ALL
    )


def change(path: Path, name: str, text: str) -> Settings:
    """Change one setting and return all; raises EstimError (2, 78) and leaves the file as it was."""
    before = read_settings(path)
    find_setting(before, name)
    value = value_of(text)
    table, _, key = name.partition(".")
    if table == "keys":
        others = {what: held for what, held in before.keys.items() if what != key}
        keymap_of(others if value is None else {**others, key: str(value)})
        value = value if value is None else str(value)
    if name == "theme" and isinstance(value, str):
        from estim.tui.themes import check_kept  # what knows the library's themes is imported for this alone

        check_kept(value, path.with_name("themes"))
    return change_settings(path, name, value)
