"""The commands of every day, without the parser in the way: its libraries take as long to import as the whole answer.

1. A line is read here only if it has exactly their form; anything else goes on to the full command line (app.py),
   which makes the same commands, and hands them to `ask` as well.
2. A command is sent first. What reads and shows the answer is imported after that.
"""

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from estim.cli.quick import OF_A_STOP, UNASKED, split
from estim.client.exchange import NoHost, exchange
from estim.core.errors import EstimError, Exit

if TYPE_CHECKING:
    from estim.cli.flags import Flags
    from estim.core.messages.commands import Ask, Reply, SetLevel

ANSWER_TIMEOUT_S = 10.0
"""Longest wait for an answer, s."""

_SHOWN = frozenset({"log", "care", "report", "today"})
_ASKED = frozenset({"status", "pause", "resume", "level"})
_OF_A_VIEW = frozenset({"--home", "--json", "--no-input"})
_OF_THE_SCREEN = _OF_A_VIEW | {"--simulate"}
_CHANNELS = frozenset("ABCD")


def daily(argv: Sequence[str]) -> int | None:
    """Carry out a command of every day and return its exit code; None: the line isn't one."""
    parts = split(argv)
    if parts is None:
        return None
    words, options = parts
    if not words and _opens_a_screen(argv, options):
        return open_screen(_flags(options))
    if len(words) == 1 and words[0] in _SHOWN and options.keys() <= _OF_A_VIEW:
        return _show(words[0], _flags(options))
    command = command_of(words, options)
    return None if command is None else ask(command, _flags(options))


def _opens_a_screen(argv: Sequence[str], options: Mapping[str, str]) -> bool:
    """Say whether a line without a verb is one to be read here: a home, one software unit, no house's broker."""
    from estim.config.options import BROKER_VARIABLE

    units = sum(word.partition("=")[0] == "--simulate" for word in argv)
    return options.keys() <= _OF_THE_SCREEN and units <= 1 and BROKER_VARIABLE not in os.environ


def open_screen(flags: "Flags") -> int:
    """Open the screen; where there is no terminal for it, show the day. Software units have none: they are refused."""
    from estim.tui.main import has_screen, run_screen

    if has_screen() or flags.host.simulate is not None:
        code = run_screen(flags.host, flags.theme)
        if code is not None:
            return code
        from estim.cli.demo import open_demo

        return open_demo(flags)
    from estim.cli.today import show_today
    from estim.core.values import replace

    return show_today(replace(flags, no_input=True))


def _flags(options: Mapping[str, str]) -> "Flags":
    from estim.cli.flags import Flags
    from estim.config.options import HostOptions

    host = HostOptions(home=options.get("--home"), simulate=options.get("--simulate"))
    return Flags(host, as_json="--json" in options, no_input="--no-input" in options)


def _show(verb: str, flags: "Flags") -> int:
    match verb:
        case "log":
            from estim.cli.log_view import show_log

            show_log(flags)
        case "care":
            from estim.cli.care_view import show_care

            show_care(flags)
        case "today":
            from estim.cli.today import show_today

            return show_today(flags)
        case _:
            from estim.cli.report_view import show_report

            show_report(flags)
    return Exit.DONE


def command_of(words: Sequence[str], options: Mapping[str, str]) -> "Ask | None":
    """Return the command of a line, None if it is none of these."""
    if not words or words[0] not in _ASKED or not (OF_A_STOP | UNASKED).isdisjoint(options):
        return None
    from estim.core.messages.commands import Resume, Status
    from estim.core.messages.lowering import Pause

    unit = options.get("--unit")
    match words:
        case ["status"]:
            return Status()
        case ["pause"]:
            return Pause(unit=unit)
        case ["resume"]:
            return Resume(unit=unit)
        case ["level", channel, amount]:
            return level_of(channel, amount, unit)
        case _:
            return None


def level_of(channel: str, amount: str, unit: str | None) -> "SetLevel | None":
    """Return the command that moves a level by +1 or -1, or to 12; None if it says no such thing."""
    from estim.core.messages.commands import SetLevel
    from protocols.vocabulary import Channel

    sign, digits = (amount[0], amount[1:]) if amount[:1] in ("+", "-") else ("", amount)
    if channel.upper() not in _CHANNELS:
        return None
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 3 + (not sign)):
        return None
    if sign:
        return SetLevel(channel=Channel(channel.upper()), by=int(amount), unit=unit)
    return SetLevel(channel=Channel(channel.upper()), to=int(digits), unit=unit)


def ask(command: "Ask", flags: "Flags") -> int:
    """Ask the home's host, tell its answer and return the exit code."""
    from estim.cli.absent import tell_absent
    from estim.cli.answer import told, told_error
    from estim.core.messages.commands import Overview

    try:
        reply = asked_host(command, flags)
        if isinstance(reply, Overview) and reply.pid == 0:
            tell_absent(flags)
            return Exit.DONE
        return told(reply, as_json=flags.as_json)
    except EstimError as error:
        return told_error(error, as_json=flags.as_json)


def asked_host(command: "Ask", flags: "Flags") -> "Reply":
    """Return what the home's host answers; raises EstimError, but for a Status, if there is none."""
    import msgspec

    from estim.core.messages.commands import Overview, Status

    try:
        asked = exchange(flags.host.place.socket, msgspec.json.encode(command) + b"\n", ANSWER_TIMEOUT_S)
        line = asked.answer()
    except NoHost:
        if not isinstance(command, Status):
            raise
        return Overview(pid=0, simulated=False, units=())
    from estim.client.connection import read_reply

    return read_reply(line)
