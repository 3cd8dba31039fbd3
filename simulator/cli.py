"""`estim-sim`: software stimulators for whoever writes Bluetooth code and has no hardware."""

import asyncio
import contextlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from simulator.options import BadOption
from simulator.registry import kind, names, options, read_line

if TYPE_CHECKING:
    from simulator.air.serve import Served

HCI = "tcp-server:127.0.0.1:6402"
EPILOG = (
    "Examples:  estim-sim serve coyote3  |  estim-sim serve em70:strength=3 coyote3 --fault lost=0.5 --log air.jsonl"
    "  |  then: estim --radio hci:tcp-client:127.0.0.1:6402 run tens-ankle"
)
app = typer.Typer(
    help="Software stimulators on a virtual air.", add_completion=False, no_args_is_help=True, rich_markup_mode=None
)


@app.command(name="list")
def list_families(as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False) -> None:
    """Show the families that can be simulated, and their options."""
    for family in names():
        if as_json:
            told = {"family": family, "title": kind(family).title}
            typer.echo(json.dumps({**told, "options": [asdict(option) for option in options(family)]}))
            continue
        typer.echo(f"{family}: {kind(family).title}")
        for option in options(family):
            typer.echo(f"  {option.name + '=' + option.form:34} {option.meaning} ({option.default})")


@app.command(epilog=EPILOG)
def serve(
    families: Annotated[list[str], typer.Argument(metavar="FAMILY[:opt=val,…]…", help="see `estim-sim list`")],
    hci: Annotated[str, typer.Option(metavar="tcp-server:127.0.0.1:PORT", help="port 0: any free one")] = HCI,
    fault: Annotated[list[str] | None, typer.Option(metavar="opt=val,…", help="for all units; repeatable")] = None,
    seed: Annotated[int, typer.Option(min=0, help="of all chance")] = 0,
    log: Annotated[Path | None, typer.Option(help="lines of JSON: t, unit, event, …")] = None,
) -> None:
    """Serve software units: each process that connects to the port gets a Bluetooth controller that hears them."""
    from simulator.air.dongle import port_of
    from simulator.air.serve import serve as serve_units

    try:
        port = port_of(hci)
        setups = [read_line(_with(line, fault or [])) for line in families]
    except (BadOption, ValueError) as error:
        _fail(2, str(error))
    with contextlib.ExitStack() as opened:
        try:
            file = None if log is None else opened.enter_context(log.open("w", encoding="utf-8"))
        except OSError as error:
            _fail(73, f"--log {log}: {error.strerror}")
        try:
            code = asyncio.run(serve_units(setups, port, seed, file, _ready))
        except OSError as error:
            _fail(69, f"--hci {hci}: {error.strerror or error}")
    raise typer.Exit(code)


def _with(line: str, faults: list[str]) -> str:
    """Return the line of a unit with the options for all of them put before its own, which so have the last word."""
    family, _, own = line.partition(":")
    return f"{family}:{','.join(part for part in [*faults, own] if part)}"


def _ready(served: "Served") -> None:
    units = ", ".join(f"{name} {address}" for name, address in served.units)
    typer.echo(f"estim-sim: on the air: {units}; HCI for a host at {served.transport}", err=True)


def _fail(code: int, why: str) -> NoReturn:
    typer.echo(f"estim-sim: {why}", err=True)
    raise typer.Exit(code)


def main() -> None:
    """Run `estim-sim`."""
    app()


if __name__ == "__main__":
    main()
