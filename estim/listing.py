"""The verbs that list and look things up: `estim devices …` and `estim programs …`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from estim.core.errors import EstimError, Exit

if TYPE_CHECKING:
    from estim.core.panel import Sighting
    from estim.core.program import Phase, Program
    from estim.flags import Flags
    from estim.host.units import Units

devices = typer.Typer(help="Units: what is on the air, and which ones are yours.", no_args_is_help=True)
programs = typer.Typer(help="Programs: what they play, and where the numbers come from.", no_args_is_help=True)

SCAN_S = 5.0


@devices.command()
def scan(
    context: typer.Context,
    seconds: Annotated[float, typer.Option(min=0.5, max=60, help="how long to listen")] = SCAN_S,
) -> None:
    """Show supported units on the air."""
    flags: Flags = context.obj
    if not flags.as_json:
        typer.echo(f"listening for {seconds:g} s …", err=True)
    units = _seen(flags, seconds)
    for one in units:
        if flags.as_json:
            row = {"address": one.address, "name": one.name, "family": one.family, "sure": one.sure}
            typer.echo(json.dumps({**row, "known_as": one.known_as, "rssi_dbm": one.rssi_dbm}, ensure_ascii=False))
        else:
            sure = "" if one.sure else "  (not certain: add it by its address if it is yours)"
            typer.echo(f"{one.address}  {one.family:<9} {one.known_as or one.name or '(no name)'}{sure}")
    if not units and not flags.as_json:
        typer.echo("nothing found: switch the unit on, close other apps that hold it, and scan again", err=True)
    raise typer.Exit(Exit.DONE if units else Exit.NO_DEVICE)


@devices.command()
def add(
    context: typer.Context,
    address: Annotated[str, typer.Argument(help="as `devices scan` shows it")],
    family: Annotated[str | None, typer.Option(help="without it the unit must be on the air")] = None,
    name: Annotated[str | None, typer.Option(help="what to call it")] = None,
) -> None:
    """Remember a unit by its address, even one that hides its name."""
    from estim.families import names
    from estim.host.clock import RealClock

    flags: Flags = context.obj
    if flags.host.simulate is not None:
        raise EstimError("a software unit is there without being added: leave --simulate out", code=Exit.USAGE)
    if family is None:
        seen = [one for one in _seen(flags, SCAN_S) if one.address.casefold() == address.casefold()]
        if not seen:
            text = f"{address} is not on the air: switch it on, or say what it is with --family {'|'.join(names())}"
            raise EstimError(text, code=Exit.NO_DEVICE)
        address, family = seen[0].address, seen[0].family
    if family not in names():
        raise EstimError(f"no family {family!r}: there are {', '.join(names())}", code=Exit.USAGE)
    unit = _units(context).add(address, family, RealClock().now().utc, name=name, pinned=True)
    told: dict[str, object] = {"name": unit.name, "address": unit.address, "family": unit.family}
    _tell(flags, told, f"{unit.name}: {unit.family} at {unit.address}")


@devices.command(name="list")
def list_devices(context: typer.Context) -> None:
    """Show the units that are remembered."""
    flags: Flags = context.obj
    for unit in _units(context):
        if flags.as_json:
            cap = None if unit.cap is None else {channel.value: level for channel, level in unit.cap.items()}
            typer.echo(json.dumps({"name": unit.name, "address": unit.address, "family": unit.family, "cap": cap}))
        else:
            typer.echo(f"{unit.name:<20} {unit.family:<9} {unit.address}")


@devices.command()
def forget(context: typer.Context, unit: Annotated[str, typer.Argument(help="name or address")]) -> None:
    """Forget a unit."""
    gone = _units(context).forget(unit)
    told: dict[str, object] = {"name": gone.name, "address": gone.address, "family": gone.family, "forgotten": True}
    _tell(context.obj, told, f"{gone.name} is forgotten")


@programs.command(name="list")
def list_programs(context: typer.Context) -> None:
    """Show every program."""
    from estim.catalogue import all_programs
    from estim.host.home import find_home

    flags: Flags = context.obj
    found, problems = all_programs(find_home(flags.host.home).programs)
    for program in found:
        if flags.as_json:
            typer.echo(json.dumps(_row(program), ensure_ascii=False))
        else:
            typer.echo(f"{program.id:<20} {program.kind:<7} {program.length_s / 60:>4.0f} min  {program.title}")
    for problem in problems:
        typer.echo(problem, err=True)


@programs.command()
def show(context: typer.Context, program: Annotated[str, typer.Argument(help="name or file")]) -> None:
    """Show what a program plays, where the pads go, and what each family makes of it."""
    from estim.catalogue import find_program
    from estim.host.home import find_home

    flags: Flags = context.obj
    found = find_program(find_home(flags.host.home).programs, program)
    if flags.as_json:
        typer.echo(json.dumps({**_row(found), "families": _families(found)}, ensure_ascii=False))
        return
    typer.echo(f"{found.title} ({found.id}, {found.kind}), {found.length_s / 60:g} minutes")
    for number, phase in enumerate(found.phases, 1):
        typer.echo(f"  {number}. {_phase(phase)}")
    typer.echo(f"Feels like: {found.rule.text}\nPads: {found.pads}\nSites: {', '.join(found.site) or 'any'}")
    typer.echo(f"Numbers from: {found.source}")
    for family, sentences in _families(found).items():
        typer.echo(f"On {family}: {'; '.join(sentences) or 'as written'}")


@programs.command()
def check(context: typer.Context, file: Annotated[Path, typer.Argument(help="a program file")]) -> None:
    """Check a program file: every mistake with its field and the allowed range."""
    from estim.catalogue import read_file

    found = read_file(file)
    text = f"{file}: {found.id} is fine, {found.length_s / 60:g} minutes in {len(found.phases)} phases"
    _tell(context.obj, {"file": str(file), "ok": True, **_row(found)}, text)


def _tell(flags: "Flags", told: dict[str, object], text: str) -> None:
    """Print one thing: as a JSON line, or as a sentence."""
    typer.echo(json.dumps(told, ensure_ascii=False) if flags.as_json else text)


def _seen(flags: "Flags", seconds: float) -> tuple["Sighting", ...]:
    """Return what is on the air, by the host that runs, or by one of our own that ends with this command."""
    from estim.client import ask_any
    from estim.core.panel import Found, Refusal, Scan

    reply = ask_any(flags.host, Scan(seconds))
    if isinstance(reply, Refusal):
        raise EstimError(reply.text, code=Exit(reply.code))
    assert isinstance(reply, Found), "a scan is answered by what was found"
    return reply.units


def _units(context: typer.Context) -> "Units":
    from estim.host.home import find_home
    from estim.host.units import Units

    flags: Flags = context.obj
    home = find_home(flags.host.home)
    home.prepare()
    return Units.load(home)


def _row(program: "Program") -> dict[str, object]:
    return {
        "id": program.id,
        "title": program.title,
        "kind": program.kind,
        "minutes": round(program.length_s / 60, 3),
        "site": list(program.site),
        "source": program.source,
        "pads": program.pads,
        "rule": {"target": program.rule.target, "text": program.rule.text},
        "phases": [
            {"title": phase.title, "length_s": phase.length_s, "plays": _phase(phase)} for phase in program.phases
        ],
    }


def _families(program: "Program") -> dict[str, list[str]]:
    from estim.core.matrix import Plays, cell
    from estim.families import families

    cells = [cell(program, family) for family in families()]
    return {
        one.family: [f"can't be played: {one.sentences[0]}"] if one.plays is Plays.NO else list(one.sentences)
        for one in cells
    }


def _phase(phase: "Phase") -> str:
    from estim.core.program import words

    parts = [f"{phase.title}: {phase.length_s / 60:g} min, {words(phase.rate_hz, 'Hz')}", words(phase.width_us, "µs")]
    if phase.burst is not None:
        parts.append(f"bursts of {phase.burst.on_s * 1000:g} ms, {phase.burst.off_s * 1000:g} ms apart")
    if phase.envelope is not None:
        one = phase.envelope
        parts.append(f"rise {one.up_s:g} s, hold {one.on_s:g} s, fall {one.down_s:g} s, rest {one.off_s:g} s")
    if phase.level_pct != 100:
        parts.append(f"{phase.level_pct} % of your level")
    return ", ".join(parts)
