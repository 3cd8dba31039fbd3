"""The commands that must be quick: stop, pause, level, status, log, care: no typer, radio or screen in the way.

1. They are parsed here only if the line has exactly their form; anything else goes on to the full command line.
2. The command is sent first. What reads and shows the answer is imported after that.
3. A stop has three ends: nothing ran, zero is confirmed (both 0), or it is not (80), whatever the reason for that is,
   and whether or not anybody can read it. It needs no connection, no folder and no settings: a host that takes none
   is signalled, and where there is none one is started that stops what was left on.
"""

import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from estim.client.exchange import NoHost, exchange
from estim.config.paths import find_home
from estim.core.errors import EstimError, Exit

if TYPE_CHECKING:
    from estim.core.messages.commands import Reply

Words = dict[str, object]

STOP_TIMEOUT_S = 35.0
"""Longest wait for the answer to a stop: a unit that is to be found first (25 s), and the longest ladder, with room."""

ANSWER_TIMEOUT_S = 10.0
"""Longest wait for any other answer, s."""

STOP_TRIES = 50
"""Attempts to find or start a host for a stop."""

STOP_PAUSE_S = 0.2
"""The wait between two of them: a host that leaves needs up to 3 s."""

_SHOWN = frozenset({"log", "care", "report"})
_FLAGS = frozenset({"--json", "--no-input", "--soft", "--seen-off"})
_VALUES = frozenset({"--home", "--unit", "--radio", "--seed"})
_LOOSE = frozenset({"--simulate", "--speed", "--log", "--mqtt"})
"""Checked by the full command line; a stop takes them as they are, since nothing may keep a stop."""
_CHANNELS = frozenset("ABCD")


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
        elif name in _VALUES | _LOOSE and (equals or rest):
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
    if len(words) == 1 and words[0] in _SHOWN and options.keys() <= {"--home", "--json", "--no-input"}:
        return _shown(words[0], options)
    command = command_of(words, options)
    if command is None:
        return None
    as_json = "--json" in options
    if command["do"] == "stop":
        return _stop_and_tell(command, options, as_json)
    try:
        return told(_asked(command, options), as_json)
    except EstimError as error:
        return _told_error(error, as_json)


def _stop_and_tell(command: Words, options: dict[str, str], as_json: bool) -> int:
    """Stop, and return one of the three ends' codes, whatever becomes of the words."""
    try:
        reply: Reply | EstimError = _stopped(command, options)
    except EstimError as error:
        reply = error
    except Exception as error:  # noqa: BLE001 - whatever went wrong: what isn't known to be off isn't off
        reply = _unproved(f"estim failed ({error!r})")
    code = reply.code if isinstance(reply, EstimError) else getattr(reply, "code", Exit.DONE)
    if code not in (Exit.DONE, Exit.USAGE) and not command["seen_off"]:
        code = Exit.NOT_CONFIRMED  # a bug of the host's, a unit that nobody knows: what isn't known to be off isn't off
    try:
        if isinstance(reply, EstimError):
            _told_error(reply, as_json)
        else:
            told(reply, as_json)
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        _look_away()
    return int(code)


def _look_away() -> None:
    """Nobody can read it: keep Python from trying again, and failing, when it ends."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)


def _shown(verb: str, options: dict[str, str]) -> int:
    """Show what is asked for every day, without the parser, whose libraries alone take longer than the answer."""
    from estim.cli.flags import Flags
    from estim.config.options import HostOptions

    flags = Flags(HostOptions(home=options.get("--home")), "--json" in options, no_input="--no-input" in options)
    match verb:
        case "log":
            from estim.cli.log_view import show_log

            show_log(flags)
        case "care":
            from estim.cli.care_view import show_care

            show_care(flags)
        case _:
            from estim.cli.report_view import show_report

            show_report(flags)
    return Exit.DONE


def command_of(words: Sequence[str], options: dict[str, str]) -> Words | None:
    """Return the command of a line as it goes over the socket (core.messages.commands), None if it is no quick one."""
    unit: Words = {"unit": options["--unit"]} if "--unit" in options else {}
    if list(words) == ["stop"]:
        return {"do": "stop", "soft": "--soft" in options, "seen_off": "--seen-off" in options, **unit}
    if "--soft" in options or "--seen-off" in options or not _LOOSE.isdisjoint(options):
        return None
    match words:
        case ["status"]:
            return {"do": "status"}
        case ["pause" | "resume" as verb]:
            return {"do": verb, **unit}
        case ["level", channel, amount] if channel.upper() in _CHANNELS:
            move = _move(amount)
            return None if move is None else {"do": "level", "channel": channel.upper(), **move, **unit}
        case _:
            return None


def _move(amount: str) -> Words | None:
    sign, digits = (amount[0], amount[1:]) if amount[:1] in ("+", "-") else ("", amount)
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 3 + (not sign)):
        return None
    return {"by": int(amount)} if sign else {"to": int(digits)}


def _asked(command: Words, options: dict[str, str]) -> "Reply":
    try:
        asked = exchange(find_home(options.get("--home")).socket, _line(command), ANSWER_TIMEOUT_S)
        line = asked.answer()
    except NoHost:
        if command["do"] != "status":
            raise
        line = b""
    from estim.client.connection import read_reply
    from estim.core.messages.commands import Overview

    return read_reply(line) if line else Overview(pid=0, simulated=False, units=())


def _stopped(command: Words, options: dict[str, str]) -> "Reply":
    """Deliver a stop by whatever way there is; raises EstimError (80) if nothing says that it came to its end."""
    line = _line(command)
    error: EstimError = NoHost("no estim is running here")
    for attempt in range(STOP_TRIES):
        try:
            answer = _over_the_socket(line, options)
            if answer is None and command["seen_off"]:
                raise EstimError("no host could be asked, so nothing was noted", code=Exit.TRY_LATER)
            if answer is None:
                answer = _by_signal(options)
            if answer is None and "--simulate" in options:
                from estim.core.messages.commands import Done

                return Done("nothing is running: a software unit ends with its host")
            if answer is None:
                answer = _by_a_new_host(options, attempt)
            if answer is not None:
                return answer
        except EstimError as why:
            error = why
            break
    if error.code == Exit.NOT_CONFIRMED:
        raise error
    raise _unproved(error.text) from error


def _unproved(why: str) -> EstimError:
    text = f"the stop is NOT confirmed: {why}; switch the unit off by hand"
    return EstimError(text, code=Exit.NOT_CONFIRMED)


def _over_the_socket(line: bytes, options: dict[str, str]) -> "Reply | None":
    """Return the host's answer; None if it can't be reached by its socket, or there is no host."""
    try:
        asked = exchange(find_home(options.get("--home")).socket, line, STOP_TIMEOUT_S)
    except EstimError:
        _note(options)
        return None  # nobody, no socket, or one that takes no connection
    _note(options)
    try:
        answer = asked.answer()
    except EstimError:
        return None  # it was mute, or broke off: it is told once more, in another way
    from estim.client.connection import read_reply
    from estim.core.messages.commands import Refusal

    try:
        reply = read_reply(answer)
    except EstimError:
        return None  # nonsense: it is told once more, in another way
    if isinstance(reply, Refusal) and reply.code == Exit.TRY_LATER and b'"seen_off": true' not in line:
        return None  # it had no room, or is leaving: a stop is told in another way
    return reply


def _note(options: dict[str, str]) -> None:
    """Leave word of this stop for a start that is on its way; after it was sent, since it takes imports."""
    from estim.config.stamp import note_stop

    note_stop(find_home(options.get("--home")))


def _by_signal(options: dict[str, str]) -> "Reply | None":
    """Stop by a signal to the process that holds the home; None if there is none."""
    from estim.client.lock import stop_by_signal
    from estim.core.messages.commands import Done

    told = stop_by_signal(find_home(options.get("--home")), STOP_TIMEOUT_S)
    return None if told is None else Done(told)


def _by_a_new_host(options: dict[str, str], attempt: int) -> "Reply | None":
    """Start a host: one that died may have left a unit on, and a new one stops what was left on, first of all.

    Returns None if it can be asked on its socket now, or another host is just starting or leaving.
    """
    from threading import Event

    from estim.client.launch import start_to_stop
    from estim.config.options import HostOptions

    if attempt:
        Event().wait(STOP_PAUSE_S)
    host = HostOptions(home=options.get("--home"), radio=options.get("--radio", "bluetooth"))
    try:
        return start_to_stop(host)
    except EstimError as error:
        if error.code != Exit.TRY_LATER:
            raise
        return None


def _line(command: Words) -> bytes:
    return json.dumps(command).encode() + b"\n"


def told(reply: "Reply", as_json: bool) -> int:
    """Print an answer and return the exit code."""
    import msgspec

    from estim.core.messages.commands import Done, Overview, Refusal

    if as_json:
        plain: Words = msgspec.to_builtins(reply)
        running: Words = {"running": reply.pid != 0} if isinstance(reply, Overview) else {}
        _print_json({**plain, **running})
    elif isinstance(reply, Refusal):
        sys.stderr.write(f"estim: {reply.text}\n")
    elif isinstance(reply, Done):
        sys.stdout.write(f"{reply.text}\n")
    elif isinstance(reply, Overview):
        from estim.cli.text import status

        sys.stdout.write(status(reply) + "\n")
    return reply.code if isinstance(reply, Refusal) else Exit.DONE


def _told_error(error: EstimError, as_json: bool) -> int:
    if as_json:
        _print_json({"answer": "refused", "code": int(error.code), "text": error.text, "nearest": list(error.nearest)})
    else:
        sys.stderr.write(f"estim: {error.text}\n")
    return error.code


def _print_json(words: Words) -> None:
    sys.stdout.write(json.dumps({"schema": "estim.answer", "version": 1, **words}, ensure_ascii=False) + "\n")
