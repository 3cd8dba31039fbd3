"""The commands that must be quick: stop, pause, resume, level and status, without typer, radio or screen in the way.

They are parsed here only if the line has exactly their form; anything else goes on to the full command line.
"""

import json
import sys
from collections.abc import Sequence

import msgspec

from estim.client import HostOptions, NoHost, ask_once, socket_of, start_host
from estim.core.errors import EstimError, Exit
from estim.core.panel import Ask, Done, Overview, Pause, Raise, Refusal, Reply, Resume, Snapshot, Status, Stop
from protocols.vocabulary import Channel

_FLAGS = frozenset({"--json", "--no-input", "--soft"})
_VALUES = frozenset({"--home", "--unit", "--radio", "--seed"})


def split(argv: Sequence[str]) -> tuple[list[str], dict[str, str]] | None:
    """Return words and options of a line, None if something in it is for the full command line."""
    words: list[str] = []
    options: dict[str, str] = {}
    rest = list(argv)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if word in _FLAGS:
            options[word] = "yes"
        elif name in _VALUES and (equals or rest):
            options[name] = value if equals else rest.pop(0)
        elif word.startswith("--"):
            return None
        else:
            words.append(word)
    return words, options


def quick(argv: Sequence[str]) -> int | None:
    """Carry out a quick command and return its exit code; None: the line isn't one."""
    parts = split(argv)
    if parts is None:
        return None
    words, options = parts
    command = _command(words, options)
    if command is None:
        return None
    host = HostOptions(home=options.get("--home"), radio=options.get("--radio", "bluetooth"))
    as_json = "--json" in options
    try:
        return told(_asked(host, command), as_json)
    except EstimError as error:
        return told(Refusal(code=error.code, text=error.text), as_json)


def _command(words: list[str], options: dict[str, str]) -> Ask | None:
    unit = options.get("--unit")
    soft = "--soft" in options
    match words:
        case ["stop"]:
            return Stop(unit=unit, soft=soft)
        case ["status"] if not soft:
            return Status()
        case ["pause"] if not soft:
            return Pause(unit)
        case ["resume"] if not soft:
            return Resume(unit)
        case ["level", channel, amount] if not soft and channel.upper() in Channel.__members__:
            return _level(Channel(channel.upper()), amount, unit)
        case _:
            return None


def _level(channel: Channel, amount: str, unit: str | None) -> Raise | None:
    if not amount.lstrip("+-").isdecimal() or len(amount) > 4:
        return None
    number = int(amount)
    if amount[0] in "+-":
        return Raise(channel=channel, by=number, unit=unit)
    return Raise(channel=channel, to=number, unit=unit)


def _asked(host: HostOptions, command: Ask) -> Reply:
    try:
        return ask_once(socket_of(host), command)
    except NoHost:
        if isinstance(command, Status):
            return Overview(pid=0, simulated=False, units=())
        if not isinstance(command, Stop):
            raise
    # Nobody runs: a host that died may have left a unit on. A new one looks in the journal first, and stops it.
    start_host(host)
    return ask_once(socket_of(host), command)


def told(reply: Reply, as_json: bool) -> int:
    """Print an answer and return the exit code."""
    if as_json:
        sys.stdout.write(json.dumps(_plain(reply), ensure_ascii=False) + "\n")
    elif isinstance(reply, Refusal):
        sys.stderr.write(f"estim: {reply.text}\n")
    elif isinstance(reply, Done):
        sys.stdout.write(f"{reply.text}\n")
    elif isinstance(reply, Overview):
        sys.stdout.write(_status(reply) + "\n")
    return reply.code if isinstance(reply, Refusal) else Exit.DONE


def _plain(reply: Reply) -> dict[str, object]:
    plain: dict[str, object] = msgspec.to_builtins(reply)
    if isinstance(reply, Overview):
        plain["running"] = reply.pid != 0
    return {"schema": "estim.answer", "version": 1, **plain}


def _status(overview: Overview) -> str:
    if overview.pid == 0:
        return "no estim is running here"
    if not overview.units:
        return "estim is running, no unit is in use"
    return "\n".join(_unit_line(shown) for shown in overview.units)


def _unit_line(shown: Snapshot) -> str:
    from estim.plain import minutes

    mark = "SIMULATED " if shown.simulated else ""
    levels = ", ".join(
        f"{lane.channel.value} {lane.lo if lane.lo == lane.hi else f'{lane.lo}-{lane.hi}'} of {lane.cap}"
        for lane in shown.lanes
    )
    age = "never heard" if shown.told_age_s is None else f"told {shown.told_age_s:.1f} s ago"
    battery = "" if shown.battery is None else f", battery {shown.battery} %"
    alarms = "".join(f"\n  {alarm.text}: {alarm.do}" for alarm in shown.alarms)
    return (
        f"{mark}{shown.unit}: {shown.state.value}, {shown.program or 'no program'}, "
        f"{minutes(shown.left_s)} left, level {levels} ({age}){battery}{alarms}"
    )
