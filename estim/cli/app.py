"""All verbs of the command line, each a few lines: parse, check, hand over."""

import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from typer.main import get_command

from estim import __version__
from estim.cli.amounts import amount, count
from estim.cli.completers import COMPLETING, families, one_of, programs, themes, units
from estim.cli.flags import Flags
from estim.cli.lazy import add_names, add_verbs
from estim.cli.output import flush, say, tell, tell_row
from estim.config.options import BROKER_VARIABLE, HostOptions
from estim.core.errors import MEANING, EstimError, Exit
from estim.core.numbers import read_number
from estim.core.translation import LANGUAGE, mark, tr, tr_text
from estim.core.values import replace
from estim.language import ENGLISH
from protocols.registry import names

if TYPE_CHECKING:
    from estim.core.messages.commands import Ask

EPILOG = mark(
    "Examples:  estim run tens-ankle --level 10 --pads-on  |  estim stop  |  estim --simulate em70 --speed max run "
    "tens-ankle --level 5 --pads-on  |  estim devices scan.  Not a medical device: read SAFETY.md. "
    "`estim help exit-codes` lists the exit codes."
)


RAMP_MAX_S = 1800
"""Longest ramp, seconds: the longest session."""

MINUTES = amount("--minutes", 0, 1440, mark("minutes"))
"""Reads a length; above 30 minutes a session is refused with its reason, by who knows the program."""

OR_MAX = mark("or max")

SEED_MAX = 2**63 - 1

PROGRAM = typer.Argument(
    help="a name (`estim programs list`) or a file; without it today's of the schedule", autocompletion=programs
)
UNITS = typer.Option(
    metavar="NAME|ADDRESS",
    help="which unit, if there are several; given twice: two as one session",
    autocompletion=units,
)
OVERRIDE = typer.Option(
    metavar="gap|dose|run",
    help="start even though the rest, the day's dose or a planned run is against it",
    autocompletion=one_of("gap", "dose", "run"),
)


app = typer.Typer(
    help="Sessions on the Bluetooth stimulator that you already own: one key, twenty minutes, it ends itself.",
    epilog=EPILOG,
    rich_markup_mode=None,
    no_args_is_help=False,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def flags(
    context: typer.Context,
    home: Annotated[str | None, typer.Option(metavar="DIR", help="keep everything below this folder")] = None,
    radio: Annotated[str, typer.Option(metavar="bluetooth[:hciN]|hci:TRANSPORT", help="which radio")] = "bluetooth",
    simulate: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FAMILY[:opt=val,…]",
            help="a software unit instead, several if repeated (see `estim-sim list`)",
            autocompletion=families,
        ),
    ] = None,
    speed: Annotated[str, typer.Option(metavar="N|max", help="with --simulate: run time faster, or let it jump")] = "1",
    mqtt: Annotated[
        str | None,
        typer.Option(
            metavar="mqtt[s]://…", envvar=BROKER_VARIABLE, show_envvar=True, help="a house's broker: docs/mqtt.md"
        ),
    ] = None,
    seed: Annotated[
        int,
        typer.Option(metavar="N", parser=count("--seed", 0, SEED_MAX), help="with --simulate: the seed of all chance"),
    ] = 0,
    log: Annotated[
        str | None, typer.Option(metavar="FILE", help="with --simulate: write here what the unit saw")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines on stdout, nothing else")] = False,
    no_input: Annotated[bool, typer.Option("--no-input", help="never ask, refuse instead")] = False,
    theme: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="the screen's colours, such as nord", autocompletion=themes),
    ] = None,
    version: Annotated[bool, typer.Option("--version", help="show versions and end")] = False,
) -> None:
    """Check the global flags; without a verb, open the session screen, or off a terminal tell what today asks for."""
    if version:
        _tell_versions(as_json)
        raise typer.Exit
    if mqtt is not None:
        from estim.config.broker import check_address

        check_address(mqtt)
    software = ";".join(simulate) if simulate else None
    if software is None:
        for name, given in (("--speed", speed != "1"), ("--log", log is not None)):
            if given:
                _usage(tr("{option} goes with --simulate only: a real unit can't be hurried", option=name))
    elif radio != "bluetooth":
        _usage(tr("--simulate needs no radio: leave --radio out"))
    _check_radio(radio)
    host = HostOptions(
        home=home, radio=radio, simulate=software, speed=_speed(speed), seed=seed, log=_absolute(log), mqtt=mqtt
    )
    context.obj = Flags(host, as_json, no_input, theme)
    if context.invoked_subcommand is None:
        from estim.cli.daily import open_screen

        raise typer.Exit(open_screen(context.obj))


@app.command()
def run(
    context: typer.Context,
    program: Annotated[str | None, PROGRAM] = None,
    unit: Annotated[list[str] | None, UNITS] = None,
    minutes: Annotated[
        float | None,
        typer.Option(metavar="N", parser=MINUTES, help="length, fractions allowed; usually 20, at most 30"),
    ] = None,
    level: Annotated[
        str,
        typer.Option(metavar="N|A=N,B=N|last", help="steps of the unit's scale; N means channel A; last: as before"),
    ] = "0",
    ramp: Annotated[
        float | None,
        typer.Option(
            metavar="S", parser=amount("--ramp", 0, RAMP_MAX_S, mark("seconds")), help="seconds up to the level"
        ),
    ] = None,
    pads_on: Annotated[bool, typer.Option("--pads-on", help="the pads are on and you are ready: start")] = False,
    at_slot: Annotated[
        bool, typer.Option("--at-slot", help="the pads are on: begin by itself at the next slot, at most 15 min ahead")
    ] = False,
    site: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LEG|SITE",
            help="a leg (left, right) or one of the program's sites; one for each unit, in their order",
        ),
    ] = None,
    override: Annotated[list[str] | None, OVERRIDE] = None,
    keep: Annotated[bool, typer.Option("--keep", help="go on if this terminal vanishes")] = False,
    plain: Annotated[bool, typer.Option("--plain", help="a line for each event, nothing drawn over")] = False,
) -> None:
    """Play one session. Ctrl-C stops it; so does `estim stop` in any terminal. Keys: + - space q.

    Two units make one session: 1 and 2 start them and choose whose level + and - move; every stop is for both.
    """
    from estim.cli.questions import gates_of
    from estim.cli.starts import units_and_sites, with_goals
    from estim.cli.together import run_session
    from estim.core.messages.commands import Start

    made: Flags = context.obj
    if minutes == 0:
        _usage(tr("--minutes 0: say more than 0 and at most 30"))
    if program is not None and not program.strip():
        _usage(tr("the program has no name: say one of `estim programs list`, or nothing for today's"))
    gates = gates_of(override or [])
    pairs = units_and_sites(unit or [], site or [], at_slot=at_slot)
    start = Start(program=program or "", minutes=minutes, ramp_s=ramp, pads_on=pads_on, override=gates, keep=keep)
    try:
        starts = with_goals(made.host, start, pairs, level)
    except EstimError as error:
        code = _refused(made, program or "", error)
        raise typer.Exit(code) from error
    raise typer.Exit(run_session(made, starts, at_slot=at_slot, plain=plain))


@app.command()
def stop(
    context: typer.Context,
    unit: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME|ADDRESS", help="only this unit; a name that no unit has stops all", autocompletion=units
        ),
    ] = None,
    soft: Annotated[bool, typer.Option("--soft", help="down in two seconds")] = False,
    seen_off: Annotated[
        bool, typer.Option("--seen-off", help="you have looked: a unit that can't be reached is off, so stop searching")
    ] = False,
) -> None:
    """Zero at once, proved by the unit (exit 0), or told that it isn't (exit 80). Works from any terminal."""
    from estim.cli.quick import Wanted, Where, stop_and_tell

    made: Flags = context.obj
    named = unit or []
    if seen_off and len(named) > 1:
        _usage(tr("--seen-off takes one --unit at a time: what you have seen is one unit"))
    one = named[0] if len(named) == 1 else None  # who names several has all stopped: rather one too many than too few
    where = Where(made.host.home, made.host.radio, simulated=made.host.simulate is not None)
    raise typer.Exit(stop_and_tell(Wanted(one or None, soft, seen_off), where, as_json=made.as_json))


@app.command()
def disconnect(
    context: typer.Context,
    unit: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME|ADDRESS", help="only this unit; a name that no unit has stops all", autocompletion=units
        ),
    ] = None,
) -> None:
    """Stop, proved by the unit, and give its link back, so that another program can connect at once."""
    from estim.cli.quick import Where, disconnect_and_tell

    made: Flags = context.obj
    where = Where(made.host.home, made.host.radio, simulated=made.host.simulate is not None)
    raise typer.Exit(disconnect_and_tell(unit or None, where, as_json=made.as_json))


@app.command()
def pause(
    context: typer.Context,
    unit: Annotated[str | None, typer.Option(metavar="NAME|ADDRESS", help="which unit", autocompletion=units)] = None,
) -> None:
    """Zero at once, keep the time that is left."""
    from estim.core.messages.lowering import Pause

    _ask(context, Pause(unit=unit or None))


@app.command()
def resume(
    context: typer.Context,
    unit: Annotated[str | None, typer.Option(metavar="NAME|ADDRESS", help="which unit", autocompletion=units)] = None,
) -> None:
    """Go on after a pause, up from zero."""
    from estim.core.messages.commands import Resume

    _ask(context, Resume(unit=unit or None))


@app.command(context_settings={"ignore_unknown_options": True})
def level(
    context: typer.Context,
    channel: Annotated[str, typer.Argument(help="A, B, C or D", autocompletion=one_of("A", "B", "C", "D"))],
    amount: Annotated[str, typer.Argument(help="+1, -1, or a level")],
    unit: Annotated[str | None, typer.Option(metavar="NAME|ADDRESS", help="which unit", autocompletion=units)] = None,
) -> None:
    """Move the level of one channel, within its cap."""
    from estim.cli.daily import level_of

    command = level_of(channel, amount, unit or None)
    if command is None:
        words = ["level", channel, amount, *(["--unit", unit] if unit else [])]
        _usage(tr("{typed}: that is not understood; see `estim level --help`", typed=" ".join(words)))
    _ask(context, command)


@app.command()
def status(context: typer.Context) -> None:
    """Show what is running."""
    from estim.core.messages.commands import Status

    _ask(context, Status())


@app.command()
def today(context: typer.Context) -> None:
    """Show what is due today, and at a terminal answer it with single keys, down to the start of the session.

    Yesterday's missing scores, this morning's pain (0 to 9, x for 10), steps by their numbers, the skin, the start.
    Each answer is kept at once; Enter leaves a question out, q or Esc ends it. Without a terminal it only shows.
    """
    from estim.cli.today import show_today

    raise typer.Exit(show_today(context.obj))


@app.command()
def daemon(context: typer.Context) -> None:
    """Run the host in the foreground: front ends join it, and sessions outlive their terminal if asked to."""
    import msgspec

    from estim.host.main import main

    made: Flags = context.obj
    options = replace(made.host, solo=False, home=None)
    raise typer.Exit(main(msgspec.json.encode(options).decode(), made.host.home))


@app.command()
def remind(context: typer.Context) -> None:
    """Look at the schedule once and tell what is due, as `estim daemon` does all day; for a timer of the system.

    It uses no radio and starts nothing. `estim service install --remind-only` lets systemd call it.
    """
    import asyncio

    from estim.client.lock import holder
    from estim.clock import RealClock
    from estim.host.main import remind

    made: Flags = context.obj
    if made.host.simulate is not None:
        _usage(tr("software units have no schedule: leave --simulate out"))
    home = made.host.place
    here = holder(home.lock) is not None
    text = tr("a host runs here, and reminds by itself") if here else asyncio.run(remind(home, RealClock()))
    tell(made, "reminded", text, [{"text": text}])


@app.command()
def decode(
    family: Annotated[str, typer.Argument(help=", ".join(names()), autocompletion=families)],
    direction: Annotated[
        str, typer.Argument(metavar="to-device|from-device", autocompletion=one_of("to-device", "from-device"))
    ],
    packet: Annotated[str | None, typer.Argument(metavar="HEX", help="one packet")] = None,
    endpoint: Annotated[str | None, typer.Option(metavar="NAME|UUID", help="which characteristic")] = None,
    batch: Annotated[bool, typer.Option("--batch", help="one packet a line from stdin")] = False,
    text: Annotated[bool, typer.Option("--text", help="text instead of hex")] = False,
    profile: Annotated[
        str | None, typer.Option(metavar="VERSION", help="version of the protocol, where a family has several")
    ] = None,
) -> None:
    """Show one packet as JSON. A bad one: ok false, exit 65. With --batch one line each, in order (65: any bad)."""
    from estim.cli.decode import Decoder

    if batch == (packet is not None):
        _usage(tr("give one packet, or --batch and packets on stdin"))
    decoder = Decoder(family, direction, endpoint, profile, text=text)
    # bytes, since a line that is no text must be answered too, and only a line feed ends one
    lines = (line.decode(errors="replace").rstrip("\r\n") for line in sys.stdin.buffer) if batch else [packet or ""]
    good = True
    for answer in decoder.many(lines):
        good = good and bool(answer["ok"])
        tell_row("packet", answer)
        flush()  # who writes the lines may wait for each answer
    raise typer.Exit(Exit.DONE if good else Exit.BAD_DATA)


@app.command()
def paths(context: typer.Context) -> None:
    """Show where settings, programs, journal and socket lie."""
    made: Flags = context.obj
    places = {name: str(path) for name, path in made.host.place.places().items()}
    named = [(tr_text(name, "place"), path) for name, path in places.items()]
    wide = max(len(name) for name, _ in named)
    text = "\n".join(f"{name:<{wide}}  {path}" for name, path in named)
    tell(made, "paths", text, [{"what": name, "path": path} for name, path in places.items()])


@app.command(name="help")
def help_on(
    context: typer.Context,
    topic: Annotated[
        str, typer.Argument(help="exit-codes or keys", autocompletion=one_of("exit-codes", "keys"))
    ] = "exit-codes",
) -> None:
    """Explain a topic."""
    if topic == "keys":
        from estim.cli.settings import tell_keys

        tell_keys(context.obj)
        return
    if topic != "exit-codes":
        _usage(tr("no help on {topic!r}: there is exit-codes, and keys", topic=topic))
    lines = [f"{code.value:>4}  {tr_text(meaning)}" for code, meaning in MEANING.items()]
    rows = [{"code": code.value, "meaning": meaning} for code, meaning in MEANING.items()]
    tell(context.obj, "exit-code", "\n".join(lines), rows)


def run_typer(argv: list[str], *, completing: list[str] | None = None) -> int:
    """Run the line; return the exit code. Errors of a person's making come out as sentences, not as traces.

    With `completing` no line is run: the words are those of one that a shell completes. Without it a variable of the
    environment that asks for completions keeps nothing from being carried out, least of all a stop.
    """
    verbs = add_verbs(app, argv) if completing is None else add_names(app, completing)
    asked = "" if completing is None else COMPLETING
    try:
        _parser(verbs, LANGUAGE.name)(args=argv, prog_name="estim", complete_var=asked)
    except SystemExit as end:
        return int(end.code or 0)
    return Exit.DONE


@cache
def _parser(verbs: int, language: str) -> Callable[..., object]:
    """Return the parser of the verbs that are there, with help in this language; making one takes most of a line.

    `verbs` says how many there are: none ever goes.
    """
    del verbs  # what it was made for
    from estim.cli.help_texts import translate_help, without_types

    made = get_command(app)
    without_types(made)
    if language != ENGLISH:
        translate_help(made)
    return made


def _ask(context: typer.Context, command: "Ask") -> NoReturn:
    """Ask the host, and end with the exit code of its answer."""
    from estim.cli.daily import ask

    raise typer.Exit(ask(command, context.obj))


def _refused(made: Flags, program: str, error: EstimError) -> int:
    """Tell a session that was refused before a host was asked; what was typed wrongly is told as everywhere."""
    from estim.cli.run import refuse_session

    if error.code is Exit.USAGE:
        raise error
    return refuse_session(made.host, program, error, as_json=made.as_json)


def _check_radio(radio: str) -> None:
    """Raise EstimError (2) for what names no radio."""
    kind, colon, which = radio.partition(":")
    if kind not in ("bluetooth", "hci") or bool(colon) != bool(which.strip()) or (kind == "hci" and not which):
        _usage(
            tr(
                "--radio {radio!r}: say bluetooth, bluetooth:hci1 for one of several adapters, or hci:TRANSPORT such as"
                " hci:usb:0",
                radio=radio,
            )
        )


def _speed(text: str) -> str:
    """Return a speed as the host reads it: max, or a factor with a decimal point."""
    if text == "max":
        return text
    return f"{read_number(text, what='--speed', lo=1, hi=10_000, unit=tr_text(OR_MAX)):.12g}"


def _absolute(path: str | None) -> str | None:
    return None if path is None else str(Path(path).absolute())


def _tell_versions(as_json: bool) -> None:
    import platform
    from importlib.metadata import version

    told = {
        "estim": __version__,
        "python": platform.python_version(),
        "bleak": version("bleak"),
        "system": f"{platform.system()} {platform.release()}",
    }
    if as_json:
        tell_row("versions", told)
    else:
        say(f"estim {told['estim']}, Python {told['python']}, bleak {told['bleak']}, {told['system']}")


def _usage(text: str) -> NoReturn:
    raise EstimError(text, code=Exit.USAGE)
