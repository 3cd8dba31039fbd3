"""`estim settings get|set|edit`: the settings of config.toml, each checked; comments in the file are kept."""

from typing import Annotated

import typer

from estim.cli.completers import setting_names
from estim.cli.flags import Flags
from estim.cli.output import note, plain, tell
from estim.config.mqtt_settings import without_password
from estim.config.settings import Known, known_settings, read_settings
from estim.core.translation import tr

settings = typer.Typer(
    help="Settings: what is set, what is allowed, and changes that keep your comments.", no_args_is_help=True
)


@settings.command()
def get(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="one of them; without it all")] = None,
) -> None:
    """Show settings with what is allowed."""
    from estim.tui.typed_setting import find_setting

    flags: Flags = context.obj
    held = read_settings(flags.host.place.settings_file)
    found = known_settings(held) if name is None else (find_setting(held, name),)
    tell(flags, "setting", "\n".join(map(_line, found)), map(_row, found))


@settings.command("set")
def set_(
    context: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            help="such as minutes, keys.log or cap.coyote3.A; names of keys: estim help keys",
            autocompletion=setting_names,
        ),
    ],
    value: Annotated[str, typer.Argument(help="as it stands in the file; default: back to it")],
) -> None:
    """Change one setting; exit 78 if the value isn't allowed, and the file stays as it was."""
    from estim.tui.typed_setting import change, find_setting

    flags: Flags = context.obj
    home = flags.host.place
    home.prepare()
    held = change(home.settings_file, name, value)
    one = find_setting(held, name)
    tell(flags, "setting", _line(one), [_row(one)])
    for warning in held.warnings():
        note(warning)


@settings.command()
def edit(context: typer.Context) -> None:
    """Open the file in $VISUAL or $EDITOR, with every setting explained in it, and check it afterwards."""
    from estim.cli.questions import may_ask
    from estim.config.editor import open_editor
    from estim.config.files import write_new
    from estim.config.template import template
    from estim.tui.keymap import keymap_of

    flags: Flags = context.obj
    home = flags.host.place
    home.prepare()
    path = home.settings_file
    if not path.exists():
        write_new(path, template())
    if may_ask(flags):
        open_editor(path).wait()
    keymap_of(read_settings(path).keys)
    tell(flags, "paths", tr("{path} is fine", path=path), [{"path": str(path)}])


def tell_keys(flags: Flags) -> None:
    """Tell every key of the screen by its name: as it is set, and what it does."""
    from estim.tui.all_keys import ALL
    from estim.tui.keymap import keymap_of, shown

    held = read_settings(flags.host.place.settings_file).keys
    keymap = keymap_of(held)
    rows = [(one, ", ".join(map(shown, keymap.keys[one.name]))) for one in ALL]
    wide = max(len(one.name) for one, _ in rows)
    text = "\n".join(f"{one.name:<{wide}}  {key:<18} {one.about}" for one, key in rows)
    tell(
        flags,
        "key",
        text,
        [{"name": one.name, "key": held.get(one.name, one.usual), "default": one.name not in held} for one, _ in rows],
    )


def _line(one: Known) -> str:
    from estim.tui.typed_setting import shown

    allowed = one.allowed if one.usual else tr("(changed) {allowed}", allowed=one.allowed)
    return f"{one.name:<26} {shown(one.value):<24} {allowed}"


def _row(one: Known) -> dict[str, object]:
    value = without_password(one.value) if isinstance(one.value, str) else plain(one.value)
    return {"name": one.name, "value": value, "default": one.usual, "allowed": one.allowed}
