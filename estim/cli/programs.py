"""`estim programs …`: what programs play and ask of the skin, where the numbers come from, and how to write one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from estim.cli.amounts import field
from estim.cli.completers import families
from estim.cli.completers import programs as program_names
from estim.cli.flags import Flags
from estim.cli.output import note, say, tell, tell_row
from estim.core.errors import EstimError, Exit
from estim.core.numbers import m_ss
from estim.core.programs.dosimetry import CURRENT_MA
from estim.core.programs.fields import PAD_CM2
from estim.core.translation import figure, mark, tr, tr_many, tr_text

if TYPE_CHECKING:
    from estim.core.programs.dosimetry import Figures, Reckoning
    from estim.core.programs.matrix import Cell
    from estim.core.programs.program import Program
    from protocols.family import Family

programs = typer.Typer(help="Programs: what they play, and where the numbers come from.", no_args_is_help=True)

TITLE_COLUMNS = 24


COLUMNS_MAX = 110

SIGNS = {"yes": "✓", "differs": "≈", "no": "–"}

LEGEND = mark("✓ as written   ≈ with differences   – can't; the sentences: estim programs matrix --long")

HEAD = mark("phase|length|current flows|on average|r.m.s.|density|charge")
"""The heads of the table's columns."""

ANY = mark("any", "sites")
PROGRAM = mark("program", "head")
UNKNOWN_FIGURE = mark("unknown", "figure")


@programs.command(name="list")
def list_programs(context: typer.Context) -> None:
    """Show every program."""
    from estim.catalogue.programs import all_programs

    flags: Flags = context.obj
    found, problems = all_programs(flags.host.place.programs)
    tell(flags, "program", "\n".join(map(_listed, found)), map(_row, found))
    for problem in problems:
        note(problem)


@programs.command()
def show(
    context: typer.Context, program: Annotated[str, typer.Argument(help="name or file", autocompletion=program_names)]
) -> None:
    """Show what a program plays, where the pads go, and what each family makes of it."""
    from estim.catalogue.programs import find_program
    from estim.core.programs.pads import drawn
    from estim.core.programs.phase_text import kind_named, minutes_text, phase_text

    flags: Flags = context.obj
    found = find_program(flags.host.place.programs, program)
    families = _families(found)
    lines = [
        tr(
            "{title} ({id}, {kind}), {minutes} minutes",
            title=tr_text(found.title),
            id=found.id,
            kind=kind_named(found.kind),
            minutes=minutes_text(found.length_s),
        )
    ]
    for number, phase in enumerate(found.phases, 1):
        lines += [f"  {number}. {phase_text(phase)}", *([f"     {tr_text(phase.note)}"] if phase.note else [])]
    lines += [
        tr("Feels like: {feeling}", feeling=tr_text(found.rule.text)),
        tr("Pads: {pads}", pads=tr_text(found.pads)),
        *(line for name in found.pictures for line in drawn(name)),
        tr("Sites: {sites}", sites=", ".join(found.site) or tr_text(ANY, "sites")),
        tr("Numbers from: {source}", source=tr_text(found.source)),
    ]
    lines += [
        tr("On {family}: {sentences}", family=family, sentences="; ".join(sentences) or tr("as written"))
        for family, sentences in families.items()
    ]
    tell(flags, "program", "\n".join(lines), [{**_row(found), "families": families}])


@programs.command()
def check(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="a program file")],
    pad_cm2: Annotated[
        float | None,
        typer.Option(
            metavar="CM2", parser=field("--pad-cm2", PAD_CM2), help="area of one pad; without it the file's, or 25"
        ),
    ] = None,
    current_ma: Annotated[
        float | None,
        typer.Option(
            metavar="MA",
            parser=field("--current-ma", CURRENT_MA),
            help="peak of one phase, as you measured it at your level",
        ),
    ] = None,
) -> None:
    """Check a program file: every mistake with its field and range; if there is none, what it asks of the skin.

    Exit 65: the file is wrong. Exit 77: with such a current it passes the limits of the standard.
    """
    from estim.catalogue.programs import read_file
    from estim.core.programs.dosimetry import reckon
    from estim.core.programs.phase_text import minutes_text

    flags: Flags = context.obj
    found = read_file(file)
    made = reckon(found, current_ma, pad_cm2)
    fine = tr_many(
        "{file}: {id} is fine, {minutes} minutes in {count} phase",
        "{file}: {id} is fine, {minutes} minutes in {count} phases",
        len(found.phases),
        file=file,
        id=found.id,
        minutes=minutes_text(found.length_s),
    )
    lines = [fine, *_table(made)]
    row = {"file": str(file), "ok": not made.refused, **_row(found), **_reckoned(made)}
    tell(flags, "program-check", "\n".join(lines), [row])
    if made.refused:
        raise EstimError(f"{file}: {made.refused}", code=Exit.REFUSED)


@programs.command()
def new(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="ID", help="small letters, digits, hyphens")] = None,
    like: Annotated[
        str | None,
        typer.Option(metavar="PROGRAM", help="begin with this one: name or file", autocompletion=program_names),
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="where to; without it your programs folder")] = None,
) -> None:
    """Write a program file for you to change, every field explained; never overwrites one (exit 73)."""
    from estim.catalogue.programs import find_program, shipped
    from estim.config.files import write_new
    from estim.config.own_programs import make_folder, own_file, usual_id
    from estim.core.programs.blank import START, mine, written

    flags: Flags = context.obj
    home = flags.host.place
    base = START if like is None else find_program(home.programs, like)
    chosen = _chosen(name, out, START.id if like is None else usual_id(base))
    path = own_file(home, chosen) if out is None else out.expanduser()
    if path.parent.absolute() == home.programs.absolute() and path.name != f"{chosen}.toml":
        text = tr("in {folder} a file is called as its program: {id}.toml", folder=home.programs, id=chosen)
        raise EstimError(text, code=Exit.USAGE)
    if out is None:
        make_folder(home)
    write_new(path, written(mine(base, chosen) if like else _named(base, chosen)))
    text = tr("{file} is written: change it, then `estim programs check {file}`", file=path)
    tell(flags, "program-file", text, [{"file": str(path), "id": chosen, "like": like}])
    if out is None and chosen in {program.id for program in shipped()}:
        note(tr("note: from now on `{id}` is your file, no longer the program that comes with estim", id=chosen))


@programs.command()
def schema(context: typer.Context) -> None:
    """Print the JSON schema of program files, for editors that check TOML while you type."""
    import json

    from estim.core.programs.schema import schema as made

    flags: Flags = context.obj
    if flags.as_json:
        tell_row("program-schema", made())  # with two words that no JSON schema gives a meaning, so it still is one
    else:
        say(json.dumps(made(), ensure_ascii=False, indent=2))


def _chosen(name: str | None, out: Path | None, usual: str) -> str:
    """Return the id of a new program: as asked for, or as its file is called."""
    from estim.config.own_programs import checked_id

    return checked_id(name if name is not None else usual if out is None else out.stem)


def _named(program: "Program", name: str) -> "Program":
    from estim.core.values import replace

    return replace(program, id=name)


def _table(made: "Reckoning") -> list[str]:
    """Return figures as lines: a row for each phase, then what is unknown and what is to be said."""
    from estim.core.programs.dosimetry import UNKNOWN

    known = made.current_ma is not None
    peak = (
        tr("{current:g} mA at the peak, in every phase", current=made.current_ma)
        if known
        else tr("current unknown: {why}", why=tr_text(UNKNOWN))
    )
    head = tuple(tr_text(HEAD).split("|"))
    rows = [
        (f"{number} {tr_text(one.title)}"[:TITLE_COLUMNS], *_cells(one)) for number, one in enumerate(made.phases, 1)
    ]
    wide = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = [tr("pads of {area:g} cm², {peak}", area=made.pad_cm2, peak=peak), ""]
    for first, *cells in (head, *rows):
        texts = [f"{cell:>{width}}" for cell, width in zip(cells, wide[1:], strict=True)]
        lines.append("  ".join([f"{first:<{wide[0]}}", *texts]))
    flows = tr("current flows: share of the time, both phases of a pulse, fastest rate and widest pulse together")
    lines += ["", flows]
    if known:
        lines.append(tr("r.m.s. and density: at most; charge: of one phase of the widest pulse"))
    return [*lines, *(tr("note: {notice}", notice=notice) for notice in made.notices)]


def _cells(one: "Figures") -> tuple[str, ...]:
    left = (m_ss(round(one.length_s)), figure(one.duty_max, ".2%"), figure(one.duty_mean, ".2%"))
    made = one.currents
    if made is None:
        return (*left, *[tr_text(UNKNOWN_FIGURE, "figure")] * 3)
    return (
        *left,
        tr("{current:.1f} mA", current=made.rms_ma),
        tr("{density:.2f} mA/cm²", density=made.density_ma_cm2),
        tr("{charge:.1f} µC", charge=made.charge_uc),
    )


def _reckoned(made: "Reckoning") -> dict[str, object]:
    from msgspec.structs import asdict

    from estim.core.programs.dosimetry import UNKNOWN

    figures = [
        {"phase": number, "title": one.title, "duty_max": round(one.duty_max, 6), "duty_mean": round(one.duty_mean, 6)}
        | (asdict(one.currents) if one.currents is not None else dict.fromkeys(_of_currents()))
        for number, one in enumerate(made.phases, 1)
    ]
    unknown = tr_text(UNKNOWN) if made.current_ma is None else None
    told = {"pad_cm2": made.pad_cm2, "current_ma": made.current_ma, "unknown": unknown, "figures": figures}
    return {**told, "notices": list(made.notices), "refused": made.refused or None}


def _of_currents() -> list[str]:
    from estim.core.programs.dosimetry import Currents

    return [*Currents.__struct_fields__]


def _row(program: "Program") -> dict[str, object]:
    from estim.core.programs.phase_text import phase_text

    return {
        "id": program.id,
        "title": program.title,
        "kind": program.kind,
        "locked": program.gated,
        "minutes": round(program.length_s / 60, 3),
        "site": list(program.site),
        "source": program.source,
        "pads": program.pads,
        "pad_cm2": program.pad_cm2,
        "rule": {"target": program.rule.target, "text": program.rule.text},
        "phases": [
            {"title": phase.title, "length_s": phase.length_s, "plays": phase_text(phase), "note": phase.note}
            for phase in program.phases
        ],
    }


def _families(program: "Program") -> dict[str, list[str]]:
    from estim.catalogue.families import families
    from estim.core.programs.matrix import Plays, cell

    cells = [cell(program, family) for family in families()]
    return {
        one.family: [tr("can't be played: {why}", why=one.sentences[0])]
        if one.plays is Plays.NO
        else list(one.sentences)
        for one in cells
    }


def _listed(program: "Program") -> str:
    from estim.core.programs.phase_text import kind_named, minutes_text

    kind = kind_named(program.kind)
    length = tr("{minutes} min", minutes=minutes_text(program.length_s))
    return f"{program.id:<20} {kind:<7} {length:>8}  {tr_text(program.title)}{_lock(program.gated)}"


def _lock(locked: bool) -> str:
    return "  " + tr("(locked)") if locked else ""


@programs.command("matrix")
def matrix(
    context: typer.Context,
    program: Annotated[
        list[str] | None, typer.Argument(help="only these; usually all", autocompletion=program_names)
    ] = None,
    family: Annotated[
        list[str] | None,
        typer.Option(metavar="FAMILY", help="only these families; may be repeated", autocompletion=families),
    ] = None,
    long: Annotated[bool, typer.Option("--long", help="with every difference and reason in words")] = False,
) -> None:
    """Show what every family makes of every program."""
    from estim.catalogue.families import find_family, names
    from estim.catalogue.programs import all_programs, find_program
    from estim.core.programs.matrix import matrix as matrix_of

    flags: Flags = context.obj
    folder = flags.host.place.programs
    families = [find_family(name) for name in family or names()]
    programs = [find_program(folder, name) for name in program] if program else all_programs(folder)[0]
    rows = matrix_of(programs, families)
    locked = {one.id for one in programs if one.gated}
    cells = [
        {
            "program": one.program,
            "family": one.family,
            "plays": one.plays,
            "sentences": one.sentences,
            "locked": one.program in locked,
        }
        for row in rows
        for one in row
    ]
    tell(flags, "matrix", "\n".join(_long(rows) if long else _short(rows, families, locked)), cells)


def _short(rows: "list[list[Cell]]", families: "list[Family]", locked: set[str]) -> list[str]:
    head = tr_text(PROGRAM, "head")
    wide = max([len(head), *(len(row[0].program) for row in rows)])
    lines = [f"{head:<{wide}}  {'  '.join(one.name for one in families)}"]
    for row in rows:
        cells = "  ".join(f"{SIGNS[one.plays]:^{len(one.family)}}" for one in row)
        lines.append(f"{row[0].program:<{wide}}  {cells}{_lock(row[0].program in locked)}".rstrip())
    more = [tr("(locked): it holds a muscle contracted, and is not unlocked in this version")] if locked else []
    return [*lines, "", tr_text(LEGEND), *more]


def _long(rows: "list[list[Cell]]") -> list[str]:
    lines = []
    for row in rows:
        lines.append(row[0].program)
        for one in row:
            sentences = one.sentences or (tr("as written"),)
            lines += [
                f"  {one.family if first else '':<12} {SIGNS[one.plays] if first else ' '} {sentence}"
                for first, sentence in zip([True, *[False] * len(sentences)], sentences, strict=False)
            ]
    return lines
