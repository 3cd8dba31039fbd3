"""`estim scope`: the pulses that a program plays on a family, as its electrodes would see them."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from estim.cli.amounts import amount, count
from estim.cli.completers import families, programs
from estim.cli.flags import Flags
from estim.cli.output import is_watched, overdraw, say, tell_row
from estim.cli.programs import COLUMNS_MAX
from estim.core.errors import EstimError, Exit
from estim.core.translation import tr, tr_text

if TYPE_CHECKING:
    from protocols.family import Family


def scope(
    context: typer.Context,
    program: Annotated[str, typer.Argument(help="a name (`estim programs list`) or a file", autocompletion=programs)],
    family: Annotated[
        str, typer.Option(metavar="FAMILY", help="on which family (`estim programs matrix`)", autocompletion=families)
    ] = "coyote3",
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
    from estim.rehearsal.electrodes import rehearse
    from estim.rehearsal.scope import text

    flags: Flags = context.obj
    made = find_family(family)
    found = find_program(flags.host.place.programs, program)
    bar = _progress if is_watched() and not flags.as_json else (lambda _share: None)
    seen = rehearse(found, made, minutes=minutes, level=level, profile=_profile(flags, made), progress=bar)
    title = tr(
        "{program} ({id}) on {family}, software, level {level}",
        program=tr_text(found.title),
        id=tr("{id}, locked", id=found.id) if found.gated else found.id,
        family=made.title,
        level=max(n for _, n in seen.level),
    )
    if png is not None:
        _write_png(png, seen, title, at, lasts)
    if flags.as_json:
        told = {"program": found.id, "family": made.name, "differs": list(seen.course.differs)}
        pulses = [[round(one.at_s, 6), one.width_us, round(one.current_ma, 3)] for one in seen.pulses]
        tell_row("scope", {**told, "level": seen.level, "pulses": pulses})
        return
    columns = min(COLUMNS_MAX, shutil.get_terminal_size((100, 24)).columns)
    differs = [tr("  differs: {sentence}", sentence=sentence) for sentence in seen.course.differs]
    say("\n".join([title, *differs, ""]))
    say(text(seen, columns, at, lasts))


def _profile(flags: Flags, family: "Family") -> str:
    from estim.catalogue.families import profile_of
    from estim.config.settings import read_settings

    settings = read_settings(flags.host.place.settings_file)
    return profile_of(family, settings.profile.get(family.name, ""))


def _write_png(path: Path, seen: object, title: str, at_s: float | None, for_s: float | None) -> None:
    from estim.config.files import write_whole
    from estim.rehearsal.electrodes import Seen
    from estim.rehearsal.scope import picture

    assert isinstance(seen, Seen)
    try:
        data = picture(seen, title, at_s, for_s)
    except ImportError as error:
        text = tr("a picture needs matplotlib: pip install 'estim[plot]'")
        raise EstimError(text, code=Exit.USAGE) from error
    write_whole(path, data)


def _progress(share: float) -> None:
    text = tr("playing on a software unit … {share:4.0%}", share=share)
    overdraw(f"\r{text}" + ("\r\x1b[K" if share >= 1 else ""))
