"""`estim devices set`: what a person says of a unit that is remembered: its name, its caps, its protocol."""

import json
from typing import Annotated

import typer

from estim.cli.devices import devices
from estim.cli.flags import Flags
from estim.core.errors import EstimError, Exit
from estim.core.numbers import read_whole, shown
from protocols.family import Family
from protocols.vocabulary import Channel

FIELDS = ("name", "cap", "profile")


@devices.command("set")
def set_unit(
    context: typer.Context,
    unit: Annotated[str, typer.Argument(help="name or address")],
    field: Annotated[str, typer.Argument(metavar="name|cap|profile")],
    value: Annotated[str, typer.Argument(help="a name; A=40,B=40 or none; a version such as V2.0, or usual")],
) -> None:
    """Change what is remembered of a unit: how it is called, its highest levels, the version of its protocol."""
    from estim.catalogue.families import check_unit_name, find_family
    from estim.config.paths import find_home
    from estim.config.units import Units
    from estim.host.prepare import profile_of

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


def _cap(text: str, family: Family) -> dict[Channel, int] | None:
    """Read A=40,B=40, or one level for all channels; none: back to the cap of a new unit."""
    if text == "none":
        return None
    found: dict[Channel, int] = {}
    for part in text.split(","):
        name, equals, digits = part.strip().partition("=")
        names = [name.strip().upper()] if equals else [channel.value for channel in family.caps.channels]
        if not all(name in {channel.value for channel in family.caps.channels} for name in names):
            channels = ",".join(f"{channel.value}=N" for channel in family.caps.channels)
            raise EstimError(
                f"cap {shown(text)}: say {channels} with levels from 0 to {family.caps.scale}, one N for all, or none",
                code=Exit.USAGE,
            )
        level = read_whole(digits if equals else name, what="cap", lo=0, hi=family.caps.scale)
        found.update({Channel(name): level for name in names})
    return found
