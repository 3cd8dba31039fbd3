"""`estim devices …`: what is on the air, and which units are remembered."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from estim.cli.amounts import amount
from estim.cli.completers import families, one_of, units
from estim.cli.flags import Flags
from estim.cli.output import is_watched, note, tell
from estim.core.errors import EstimError, Exit
from estim.core.translation import mark, tr
from protocols.vocabulary import Channel

if TYPE_CHECKING:
    from estim.config.units import Unit, Units
    from estim.core.messages.commands import Sighting
    from protocols.vocabulary import Capabilities

devices = typer.Typer(help="Units: what is on the air, and which ones are yours.", no_args_is_help=True)

SCAN_S = 5.0

SECONDS = amount("--seconds", 0.5, 60, mark("seconds"))
"""Reads how long is listened."""


FIELDS = ("name", "cap", "profile")

RAISE = mark("Raise it?")


@devices.command()
def scan(
    context: typer.Context,
    seconds: Annotated[float, typer.Option(metavar="S", parser=SECONDS, help="how many seconds to listen")] = SCAN_S,
) -> None:
    """Show supported units on the air."""
    flags: Flags = context.obj
    if not flags.as_json:
        note(tr("listening for {seconds:g} s …", seconds=seconds))
    units = _seen(flags, seconds)
    rows = [
        {"address": one.address, "name": one.name, "family": one.family, "sure": one.sure, "known_as": one.known_as,
         "rssi_dbm": one.rssi_dbm}
        for one in units
    ]  # fmt: skip
    tell(flags, "sighting", "\n".join(map(_sighting, units)), rows)
    if not units and not flags.as_json:
        note(tr("nothing found: switch the unit on, close other apps that hold it, and scan again"))
    raise typer.Exit(Exit.DONE if units else Exit.NO_DEVICE)


@devices.command()
def add(
    context: typer.Context,
    address: Annotated[str, typer.Argument(help="as `devices scan` shows it, in any usual form")],
    family: Annotated[
        str | None,
        typer.Option(metavar="FAMILY", help="without it the unit must be on the air", autocompletion=families),
    ] = None,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="what to call it")] = None,
) -> None:
    """Remember a unit by its address, even one that hides its name."""
    from estim.catalogue.families import check_unit_name, names
    from estim.clock import RealClock
    from estim.core.addresses import check_address, same_address

    flags: Flags = context.obj
    if flags.host.simulate is not None:
        text = tr("a software unit is there without being added: leave --simulate out")
        raise EstimError(text, code=Exit.USAGE)
    address = check_address(address)
    if family is None:
        seen = [one for one in _seen(flags, SCAN_S) if same_address(one.address, address)]
        if not seen:
            text = tr(
                "{address} is not on the air: switch it on, or say what it is with --family {families}",
                address=address,
                families="|".join(names()),
            )
            raise EstimError(text, code=Exit.NO_DEVICE)
        address = seen[0].address
        family = seen[0].family
    if family not in names():
        text = tr("no family {family!r}: there are {families}", family=family, families=", ".join(names()))
        raise EstimError(text, code=Exit.USAGE)
    if name is not None:
        check_unit_name(name, family)
    unit = _units(flags).add(address, family, RealClock().now().utc, name=name, pinned=True)
    text = tr("{unit}: {family} at {address}", unit=unit.name, family=unit.family, address=unit.address)
    tell(flags, "unit", text, [_row(unit)])


@devices.command(name="list")
def list_devices(context: typer.Context) -> None:
    """Show the units that are remembered."""
    flags: Flags = context.obj
    units = list(_units(flags))
    lines = [f"{unit.name:<20} {unit.family:<9} {unit.address}" for unit in units]
    tell(flags, "unit", "\n".join(lines), [{**_row(unit), "cap": _levels(unit)} for unit in units])
    if not units and not flags.as_json:
        note(tr("no unit is remembered: switch it on, then estim devices scan and estim devices add ADDRESS"))


@devices.command()
def forget(
    context: typer.Context, unit: Annotated[str, typer.Argument(help="name or address", autocompletion=units)]
) -> None:
    """Forget a unit."""
    flags: Flags = context.obj
    remembered = _units(flags)
    _check_at_rest(flags, remembered.find(unit))
    gone = remembered.forget(unit)
    tell(flags, "unit", tr("{unit} is forgotten", unit=gone.name), [{**_row(gone), "forgotten": True}])


def _sighting(one: "Sighting") -> str:
    sure = "" if one.sure else "  " + tr("(not certain: add it by its address if it is yours)")
    name = one.known_as or one.name or tr("(no name)")
    return f"{one.address}  {one.family:<9} {name}{sure}"


def _row(unit: "Unit") -> dict[str, object]:
    return {"name": unit.name, "address": unit.address, "family": unit.family}


def _check_at_rest(flags: Flags, known: "Unit") -> None:
    """Refuse to forget or rename a unit while it has a session: it is stopped by the name that it began with."""
    from estim.cli.daily import asked_host
    from estim.core.addresses import same_address
    from estim.core.messages.commands import Overview, Status

    reply = asked_host(Status(), flags)
    live = [one for one in reply.units if one.live] if isinstance(reply, Overview) else []
    if any(same_address(one.address, known.address) for one in live):
        raise EstimError(tr("{name} has a session: end it first", name=known.name), code=Exit.TRY_LATER)


def _levels(unit: "Unit") -> dict[str, int] | None:
    """Return the caps of a unit by channel, None where those of a new unit hold."""
    return None if unit.cap is None else {channel.value: level for channel, level in unit.cap.items()}


def _seen(flags: "Flags", seconds: float) -> tuple["Sighting", ...]:
    """Return what is on the air, by the host that runs, or by one of our own that ends with this command."""
    from estim.client.connection import ask_any
    from estim.core.messages.commands import Found, Refusal, Scan

    reply = ask_any(flags.host, Scan(seconds))
    if isinstance(reply, Refusal):
        raise EstimError(reply.text, code=Exit(reply.code))
    assert isinstance(reply, Found), "a scan is answered by what was found"
    return reply.units


def _units(flags: "Flags") -> "Units":
    from estim.config.units import Units

    flags.host.place.prepare()
    return Units.load(flags.host.place)


@devices.command("set")
def set_unit(
    context: typer.Context,
    unit: Annotated[str, typer.Argument(help="name or address", autocompletion=units)],
    field: Annotated[str, typer.Argument(metavar="name|cap|profile", autocompletion=one_of("name", "cap", "profile"))],
    value: Annotated[str, typer.Argument(help="a name; A=40,B=40 or none; a version such as V2.0, or usual")],
    yes: Annotated[
        bool, typer.Option("--yes", help="raise a cap without asking once more, as it is done without a terminal")
    ] = False,
) -> None:
    """Change what is remembered of a unit: how it is called, its highest levels, the version of its protocol."""
    from estim.catalogue.families import check_unit_name, find_family, profile_of
    from estim.config.caps import read_caps

    flags: Flags = context.obj
    units = _units(flags)
    known = units.find(unit)
    match field:
        case "name":
            _check_at_rest(flags, known)
            known = units.rename(unit, check_unit_name(value, known.family))
        case "cap":
            caps = find_family(known.family).caps
            cap = read_caps(value, caps)
            if not yes:
                _agree(flags, known, caps, cap)
            known = units.set_cap(unit, cap)
        case "profile":
            known = units.set_profile(unit, profile_of(find_family(known.family), "" if value == "usual" else value))
        case _:
            text = tr("a unit has no field {field!r}: there are {fields}", field=field, fields=", ".join(FIELDS))
            raise EstimError(text, code=Exit.USAGE)
    kept = _levels(known)
    text = tr(
        "{unit}: {family} at {address}, cap {caps}",
        unit=known.name,
        family=known.family,
        address=known.address,
        caps=tr("of a new unit")
        if kept is None
        else ", ".join(f"{channel} {level}" for channel, level in kept.items()),
    )
    if known.profile:
        text = tr("{unit}, protocol {version}", unit=text, version=known.profile)
    tell(flags, "unit", text, [{**_row(known), "cap": kept, "profile": known.profile}])


def _agree(flags: Flags, known: "Unit", caps: "Capabilities", cap: dict[Channel, int] | None) -> None:
    """Ask once more before a cap is raised, where a person sits at a terminal. Raises EstimError (77) for a no."""
    from estim.cli.questions import confirmed
    from estim.config.caps import held_by, raised, warning_of
    from estim.config.settings import read_settings

    if flags.as_json or not (sys.stdin.isatty() and is_watched()):
        return
    settings = read_settings(flags.host.place.settings_file)
    now = held_by(caps, settings, known.name, known.cap)
    more = raised(now, held_by(caps, settings, known.name, cap))
    if more:
        note(warning_of(known.name, more, caps.scale))
        if not confirmed(RAISE):
            raise EstimError(tr("{unit} keeps its highest levels", unit=known.name), code=Exit.REFUSED)
