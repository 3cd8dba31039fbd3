"""`estim devices …`: what is on the air, and which units are remembered."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from estim.cli.flags import Flags
from estim.core.errors import EstimError, Exit
from estim.core.levels import read_levels
from estim.core.numbers import read_whole, shown
from protocols.vocabulary import Channel

if TYPE_CHECKING:
    from estim.config.units import Units
    from estim.core.messages.commands import Sighting
    from protocols.family import Family

devices = typer.Typer(help="Units: what is on the air, and which ones are yours.", no_args_is_help=True)

SCAN_S = 5.0


FIELDS = ("name", "cap", "profile")


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
    address: Annotated[str, typer.Argument(help="as `devices scan` shows it, in any usual form")],
    family: Annotated[str | None, typer.Option(help="without it the unit must be on the air")] = None,
    name: Annotated[str | None, typer.Option(help="what to call it")] = None,
) -> None:
    """Remember a unit by its address, even one that hides its name."""
    from estim.catalogue.families import check_unit_name, names
    from estim.clock import RealClock
    from estim.core.addresses import check_address, same_address

    flags: Flags = context.obj
    if flags.host.simulate is not None:
        raise EstimError("a software unit is there without being added: leave --simulate out", code=Exit.USAGE)
    address = check_address(address)
    if family is None:
        seen = [one for one in _seen(flags, SCAN_S) if same_address(one.address, address)]
        if not seen:
            text = f"{address} is not on the air: switch it on, or say what it is with --family {'|'.join(names())}"
            raise EstimError(text, code=Exit.NO_DEVICE)
        address = seen[0].address
        family = seen[0].family
    if family not in names():
        raise EstimError(f"no family {family!r}: there are {', '.join(names())}", code=Exit.USAGE)
    if name is not None:
        check_unit_name(name, family)
    unit = _units(context).add(address, family, RealClock().now().utc, name=name, pinned=True)
    told: dict[str, object] = {"name": unit.name, "address": unit.address, "family": unit.family}
    tell(flags, told, f"{unit.name}: {unit.family} at {unit.address}")


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
    tell(context.obj, told, f"{gone.name} is forgotten")


def tell(flags: "Flags", told: dict[str, object], text: str) -> None:
    """Print one thing: as a JSON line, or as a sentence."""
    typer.echo(json.dumps(told, ensure_ascii=False) if flags.as_json else text)


def _seen(flags: "Flags", seconds: float) -> tuple["Sighting", ...]:
    """Return what is on the air, by the host that runs, or by one of our own that ends with this command."""
    from estim.client.connection import ask_any
    from estim.core.messages.commands import Found, Refusal, Scan

    reply = ask_any(flags.host, Scan(seconds))
    if isinstance(reply, Refusal):
        raise EstimError(reply.text, code=Exit(reply.code))
    assert isinstance(reply, Found), "a scan is answered by what was found"
    return reply.units


def _units(context: typer.Context) -> "Units":
    from estim.config.paths import find_home
    from estim.config.units import Units

    flags: Flags = context.obj
    home = find_home(flags.host.home)
    home.prepare()
    return Units.load(home)


@devices.command("set")
def set_unit(
    context: typer.Context,
    unit: Annotated[str, typer.Argument(help="name or address")],
    field: Annotated[str, typer.Argument(metavar="name|cap|profile")],
    value: Annotated[str, typer.Argument(help="a name; A=40,B=40 or none; a version such as V2.0, or usual")],
) -> None:
    """Change what is remembered of a unit: how it is called, its highest levels, the version of its protocol."""
    from estim.catalogue.families import check_unit_name, find_family, profile_of
    from estim.config.paths import find_home
    from estim.config.units import Units

    flags: Flags = context.obj
    home = find_home(flags.host.home)
    home.prepare()
    units = Units.load(home)
    known = units.find(unit)
    match field:
        case "name":
            known = units.rename(unit, check_unit_name(value, known.family))
        case "cap":
            known = units.set_cap(unit, _cap(value, find_family(known.family)))
        case "profile":
            known = units.set_profile(unit, profile_of(find_family(known.family), "" if value == "usual" else value))
        case _:
            raise EstimError(f"a unit has no field {field!r}: there are {', '.join(FIELDS)}", code=Exit.USAGE)
    cap = None if known.cap is None else {channel.value: level for channel, level in known.cap.items()}
    if flags.as_json:
        told = {"name": known.name, "address": known.address, "family": known.family, "cap": cap}
        typer.echo(json.dumps({**told, "profile": known.profile}, ensure_ascii=False))
        return
    caps = "of a new unit" if cap is None else ", ".join(f"{channel} {level}" for channel, level in cap.items())
    version = f", protocol {known.profile}" if known.profile else ""
    typer.echo(f"{known.name}: {known.family} at {known.address}, cap {caps}{version}")


def _cap(text: str, family: "Family") -> dict[Channel, int] | None:
    """Read A=40,B=40, or one level for all channels; none: back to the cap of a new unit."""
    if text == "none":
        return None
    channels = {channel.value for channel in family.caps.channels}
    form = ",".join(f"{channel.value}=N" for channel in family.caps.channels)
    if "=" not in text:
        level = read_whole(text, what="cap", lo=0, hi=family.caps.scale)
        return dict.fromkeys(family.caps.channels, level)
    found = read_levels(text, "cap")
    for channel, level in found.items():
        if channel.value not in channels or level > family.caps.scale:
            raise EstimError(
                f"cap {shown(text)}: say {form} with levels from 0 to {family.caps.scale}, one N for all, or none",
                code=Exit.USAGE,
            )
    return found
