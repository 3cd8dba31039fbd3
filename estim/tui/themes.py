"""Themes of a person: a file of colours each in the folder `themes` of the home, checked; text can be read on them."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from textual.color import Color, ColorParseError
from textual.theme import BUILTIN_THEMES, Theme

from estim.config.files import read_small
from estim.core.errors import EstimError, Exit
from estim.core.system import cause
from estim.core.toml_file import NotToml, in_file, parsed
from estim.core.translation import tr
from estim.tui.looks import contrast

COLOURS = (
    "primary", "secondary", "accent", "foreground", "background", "surface", "panel", "success", "warning", "error",
)  # fmt: skip
"""What a theme has, as the library calls it; all but the first may be left out."""

SHIPPED = tuple(BUILTIN_THEMES)
"""The names of the library's themes."""

FIELDS = ("name", "dark", *COLOURS)

GROUNDS = ("background", "surface", "panel")
"""What plain text stands on; everywhere else it is black or white, whichever is clearer (looks.py)."""

LEAST = 4.5
"""Contrast of text that is readable (WCAG 2.2, 1.4.3)."""

MUTED = 0.6
"""How far the library takes text that matters less from its ground to black or white."""

THEMES_MAX = 100


def read_themes(folder: Path) -> tuple[dict[str, Theme], dict[str, str]]:
    """Return the themes of a folder by their names, and for each file that is wrong why, by the name of the file."""
    found: dict[str, Theme] = {}
    wrong: dict[str, str] = {}
    try:
        files = sorted(folder.glob("*.toml"))[:THEMES_MAX]
    except OSError as error:
        return {}, {"": tr("can't read {file}: {why}", file=folder, why=cause(error))}
    for file in files:
        try:
            theme = read_theme(file)
            if theme.name in found:
                raise _wrong(file, [tr("name = {name!r}: another file has this name already", name=theme.name)])
            found[theme.name] = theme
        except EstimError as error:
            wrong[file.stem] = error.text
    return found, wrong


def theme_names(own: Iterable[str] = ()) -> list[str]:
    """Return the names of all themes: the library's, and a person's own."""
    return sorted({*SHIPPED, *own})


def check_theme(name: str, where: str, code: Exit, own: Iterable[str] = ()) -> None:
    """Refuse a theme that there isn't, naming those that there are."""
    known = theme_names(own)
    if name not in known:
        from difflib import get_close_matches

        near = tuple(get_close_matches(name, known, n=3, cutoff=0.5))
        themes = ", ".join(known)
        text = tr("{where}: there is no theme “{name}”; there are {themes}", where=where, name=name, themes=themes)
        if near:
            text = tr(
                "{where}: there is no theme “{name}”; did you mean {near}? There are {themes}",
                where=where,
                name=name,
                near=tr(" or ").join(near),
                themes=themes,
            )
        raise EstimError(text, code=code, nearest=near)


def check_kept(name: str, folder: Path) -> None:
    """Refuse to keep a theme that there isn't, or whose file in the folder of a person's own is wrong."""
    own, broken = read_themes(folder)
    if name in broken:
        raise EstimError(broken[name], code=Exit.USAGE)
    check_theme(name, "theme", Exit.USAGE, own)


def read_theme(file: Path) -> Theme:
    """Return the theme of a file; raises EstimError (78) with everything that is wrong in it."""
    try:
        held = parsed(read_small(file))
    except OSError as error:
        raise EstimError(tr("can't read {file}: {why}", file=file, why=cause(error)), code=Exit.CONFIG) from error
    except NotToml as error:
        raise _wrong(file, [str(error)]) from error
    held.setdefault("name", file.stem)
    problems = list(_problems(held))
    if problems:
        raise _wrong(file, problems)
    theme = Theme(**held)
    problems = list(_faint(theme))
    if problems:
        raise _wrong(file, problems)
    return theme


def _problems(held: Mapping[str, Any]) -> Iterator[str]:
    """Return what is no theme: a field that there isn't, a value that is no colour, a name that is taken."""
    for field, value in held.items():
        if field not in FIELDS:
            yield tr("{field} isn't a part of a theme; known: {fields}", field=field, fields=", ".join(FIELDS))
        elif field == "dark" and not isinstance(value, bool):
            yield tr("dark = {value!r} is not allowed: it takes true or false", value=value)
        elif field in COLOURS and not _is_colour(value):
            yield tr(
                '{field} = {value!r} is not allowed: it takes a colour such as "#2e3440"', field=field, value=value
            )
    name = held["name"]
    if not isinstance(name, str) or not name.replace("-", "").replace("_", "").isalnum() or len(name) > 64:
        yield tr("name = {name!r} is not allowed: it takes letters, digits and -, up to 64 of them", name=name)
    elif name in BUILTIN_THEMES:
        yield tr("name = {name!r} is a theme that is there already: choose another name", name=name)
    if "primary" not in held:
        yield tr('primary is missing: it takes a colour such as "#2e3440"')


def _is_colour(value: object) -> bool:
    """Say whether it is a colour that is the same on every terminal and lets nothing through."""
    if not isinstance(value, str):
        return False
    try:
        colour = Color.parse(value)
    except ColorParseError:
        return False
    return colour.a == 1 and colour.ansi is None


def _faint(theme: Theme) -> Iterator[str]:
    """Return where text would be too faint, reckoned as the library draws it."""
    drawn = theme.to_color_system().generate()
    text = Color.parse(drawn["foreground"])
    for name in GROUNDS:
        ground = Color.parse(drawn[name])
        plain = contrast(ground + text, ground)
        if plain < LEAST:
            yield tr(
                "foreground {text} on {ground} {colour}: a contrast of {found:.1f}, and text needs {least} to be read",
                text=text.hex, ground=name, colour=ground.hex, found=plain, least=LEAST,
            )  # fmt: skip
        elif contrast(ground.blend(ground.get_contrast_text(1.0), MUTED), ground) < LEAST:
            yield tr(
                "{ground} {colour}: no text is clear on it; make it darker or lighter", ground=name, colour=ground.hex
            )


def _wrong(file: Path, problems: list[str]) -> EstimError:
    return EstimError(in_file(str(file), problems), code=Exit.CONFIG)
