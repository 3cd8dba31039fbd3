"""The verbs that show what would be played, and by whose code: `programs matrix`, `scope` and `plugins`."""

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from estim.cli.amounts import amount, count
from estim.cli.flags import Flags
from estim.cli.programs import programs
from estim.core.errors import EstimError, Exit
from estim.terminal import steer

if TYPE_CHECKING:
    from estim.core.programs.matrix import Cell
    from protocols.family import Family

COLUMNS_MAX = 110
SIGNS = {"yes": "✓", "differs": "≈", "no": "–"}
LEGEND = "✓ as written   ≈ with differences   – can't; the sentences: estim programs matrix --long"


@programs.command("matrix")
def matrix(
    context: typer.Context,
    program: Annotated[list[str] | None, typer.Argument(help="only these; without any, all")] = None,
    family: Annotated[list[str] | None, typer.Option(help="only these families; repeatable")] = None,
    long: Annotated[bool, typer.Option("--long", help="with every difference and reason in words")] = False,
) -> None:
    """Show what every family makes of every program."""
    from estim.catalogue.families import find_family, names
    from estim.catalogue.programs import all_programs, find_program
    from estim.config.paths import find_home
    from estim.core.programs.matrix import matrix as matrix_of

    flags: Flags = context.obj
    folder = find_home(flags.host.home).programs
    families = [find_family(name) for name in family or names()]
    programs = [find_program(folder, name) for name in program] if program else all_programs(folder)[0]
    rows = matrix_of(programs, families)
    locked = {one.id for one in programs if one.gated}
    if flags.as_json:
        for one in (one for row in rows for one in row):
            told = {"program": one.program, "family": one.family, "plays": one.plays.value}
            typer.echo(
                json.dumps(
                    {**told, "sentences": list(one.sentences), "locked": one.program in locked}, ensure_ascii=False
                )
            )
        return
    typer.echo("\n".join(_long(rows) if long else _short(rows, families, locked)))


def _short(rows: "list[list[Cell]]", families: "list[Family]", locked: set[str]) -> list[str]:
    wide = max([7, *(len(row[0].program) for row in rows)])
    lines = [f"{'program':<{wide}}  {'  '.join(one.name for one in families)}"]
    for row in rows:
        cells = "  ".join(f"{SIGNS[one.plays]:^{len(one.family)}}" for one in row)
        lines.append(f"{row[0].program:<{wide}}  {cells}{'  (locked)' if row[0].program in locked else ''}".rstrip())
    more = ["(locked): it holds a muscle contracted, and is not unlocked in this version"] if locked else []
    return [*lines, "", LEGEND, *more]


def _long(rows: "list[list[Cell]]") -> list[str]:
    lines = []
    for row in rows:
        lines.append(row[0].program)
        for one in row:
            sentences = one.sentences or ("as written",)
            lines += [
                f"  {one.family if first else '':<12} {SIGNS[one.plays] if first else ' '} {sentence}"
                for first, sentence in zip([True, *[False] * len(sentences)], sentences, strict=False)
            ]
    return lines


def scope(
    context: typer.Context,
    program: Annotated[str, typer.Argument(help="a name (`estim programs list`) or a file")],
    family: Annotated[str, typer.Option(help="on which family (`estim programs matrix`)")] = "coyote3",
    minutes: Annotated[
        float | None,
        typer.Option(metavar="N", parser=amount("--minutes", 0, 1440, "minutes"), help="length; without it as written"),
    ] = None,
    level: Annotated[
        int | None,
        typer.Option(
            metavar="N", parser=count("--level", 0, 9999), help="steps of the family's scale; without it 15 %"
        ),
    ] = None,
    at: Annotated[
        float | None,
        typer.Option(
            metavar="S", parser=amount("--at", 0, 1800, "seconds"), help="where the close view begins, seconds"
        ),
    ] = None,
    lasts: Annotated[
        float | None,
        typer.Option(
            "--for", metavar="S", parser=amount("--for", 0.01, 1800, "seconds"), help="how long it is, seconds"
        ),
    ] = None,
    png: Annotated[Path | None, typer.Option(metavar="FILE", help="draw a picture too (extra `plot`)")] = None,
) -> None:
    """Draw what the electrodes would see: the program is played on a software unit in no time, and its pulses shown."""
    from estim.catalogue.families import find_family
    from estim.catalogue.programs import find_program
    from estim.config.paths import find_home
    from estim.rehearsal.electrodes import rehearse
    from estim.rehearsal.scope import text

    flags: Flags = context.obj
    home = find_home(flags.host.home)
    made = find_family(family)
    found = find_program(home.programs, program)
    bar = _progress if sys.stderr.isatty() and not flags.as_json else (lambda _share: None)
    seen = rehearse(found, made, minutes=minutes, level=level, profile=_profile(flags, made), progress=bar)
    locked = ", locked" if found.gated else ""
    title = f"{found.title} ({found.id}{locked}) on {made.title}, software, level {max(n for _, n in seen.level)}"
    if png is not None:
        _write_png(png, seen, title, at, lasts)
    if flags.as_json:
        told = {"program": found.id, "family": made.name, "differs": list(seen.course.differs)}
        pulses = [[round(one.at_s, 6), one.width_us, round(one.current_ma, 3)] for one in seen.pulses]
        typer.echo(json.dumps({**told, "level": seen.level, "pulses": pulses}, ensure_ascii=False))
        return
    columns = min(COLUMNS_MAX, shutil.get_terminal_size((100, 24)).columns)
    typer.echo(f"{title}\n" + "".join(f"  differs: {sentence}\n" for sentence in seen.course.differs))
    typer.echo(text(seen, columns, at, lasts))


def plugins(context: typer.Context) -> None:
    """Show the plug-ins that bring families and programs, and what is wrong with those that can't be used."""
    from estim.catalogue.families import plugins as of_families
    from estim.catalogue.plugged import brought
    from estim.catalogue.programs import shipped

    flags: Flags = context.obj
    found = (*of_families(), *brought(frozenset(program.id for program in shipped())).plugins)
    for one in found:
        if flags.as_json:
            told = {"group": one.group, "name": one.name, "package": one.package}
            typer.echo(json.dumps({**told, "ok": not one.trouble, "trouble": one.trouble}, ensure_ascii=False))
        else:
            typer.echo(f"{one.name:<16} {one.group:<15} {one.package:<24} {one.trouble or 'fine'}")
    if not found and not flags.as_json:
        typer.echo("no plug-in is installed; docs/plugins.md says how to write one", err=True)
    raise typer.Exit(Exit.CONFIG if any(one.trouble for one in found) else Exit.DONE)


def _profile(flags: Flags, family: "Family") -> str:
    from estim.config.paths import find_home
    from estim.config.settings import read_settings
    from estim.host.prepare import profile_of

    settings = read_settings(find_home(flags.host.home).settings_file)
    return profile_of(family, settings.profile.get(family.name, ""))


def _write_png(path: Path, seen: object, title: str, at_s: float | None, for_s: float | None) -> None:
    from estim.config.files import write_whole
    from estim.rehearsal.electrodes import Seen
    from estim.rehearsal.scope import picture

    assert isinstance(seen, Seen)
    try:
        data = picture(seen, title, at_s, for_s)
    except ImportError as error:
        raise EstimError("a picture needs matplotlib: pip install 'estim[plot]'", code=Exit.USAGE) from error
    write_whole(path, data)


def _progress(share: float) -> None:
    steer(sys.stderr, f"\rplaying on a software unit … {share:4.0%}" + ("\r\x1b[K" if share >= 1 else ""))
    sys.stderr.flush()
