"""`estim stop`, with as little as possible in its way: no typer, radio or screen, and no library before it is sent.

1. It is parsed here if the line has exactly its form; the full command line hands any other form of it to
   `stop_and_tell` as well.
2. It is sent first. What reads and shows the answer is imported after that.
3. It has three ends: nothing ran, zero is confirmed (both 0), or it is not (80), whatever the reason for that is,
   and whether or not anybody can read it. It needs no connection, no folder and no settings: a host that takes none
   is signalled, and where there is none one is started that stops what was left on.
"""

import json
from collections.abc import Sequence
from threading import Timer
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import asdict

from estim.cli.output import flush, note, unread
from estim.client.exchange import NoHost, exchange
from estim.config.paths import Home, find_home
from estim.core.errors import EstimError, Exit
from estim.core.translation import tr

if TYPE_CHECKING:
    from estim.core.messages.commands import Reply

STOP_TIMEOUT_S = 35.0
"""Longest wait for the answer to a stop: a unit that is to be found first (25 s), and the longest ladder, with room."""

DISCONNECT_TIMEOUT_S = STOP_TIMEOUT_S + 11.0
"""The same for a disconnect: a link that isn't given back is waited for 10 s after the stop."""

PATIENCE_S = 3.0
"""After so long without an answer to a stop it is said what to do meanwhile, s: a usual one takes less than one."""

STOP_TRIES = 50
"""Attempts to find or start a host for a stop."""

STOP_PAUSE_S = 0.2
"""The wait between two of them: a host that leaves needs up to 3 s."""

OF_A_STOP = frozenset({"--soft", "--seen-off"})
_FLAGS = frozenset({"--json", "--no-input"}) | OF_A_STOP
_VALUES = frozenset({"--home", "--unit", "--radio", "--seed"})
UNASKED = frozenset({"--simulate", "--speed", "--log", "--mqtt"})
"""Checked by the full command line; a stop takes them as they are, since nothing may keep a stop."""


class Wanted(Struct, frozen=True):
    """What is to be stopped: fields of estim.core.messages.commands.Stop, whose import alone takes 70 ms.

    A test holds the two together.
    """

    unit: str | None = None
    soft: bool = False
    seen_off: bool = False

    def line(self) -> bytes:
        """Return the command as it goes over the socket."""
        return json.dumps({"do": "stop", **asdict(self)}).encode() + b"\n"


class Where(Struct, frozen=True):
    """Whom it goes to: the host of a home, or one that is started there with this radio."""

    folder: str | None = None
    radio: str = "bluetooth"
    simulated: bool = False


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
        elif name in _VALUES | UNASKED and (equals or rest):
            given = value if equals else rest.pop(0)
            # who names several units has all stopped: rather one too many than too few
            options[name] = "" if name == "--unit" and name in options else given
        elif word.startswith("--"):
            return None
        else:
            words.append(word)
    return words, options


def quick(argv: Sequence[str]) -> int | None:
    """Carry out a stop and return its exit code; None: the line isn't one."""
    read = read_stop(argv)
    return None if read is None else stop_and_tell(read[0], read[1], as_json=read[2])


def read_stop(argv: Sequence[str]) -> tuple[Wanted, Where, bool] | None:
    """Return what a line stops, at whom, and whether it is told as JSON; None if it is no stop, or not in its form."""
    parts = split(argv)
    if parts is None or parts[0] != ["stop"]:
        return None
    options = parts[1]
    if "--seen-off" in options and options.get("--unit") == "":
        return None  # which of them has been seen is not clear: the full command line asks
    wanted = Wanted(options.get("--unit") or None, soft="--soft" in options, seen_off="--seen-off" in options)
    radio = options.get("--radio", "bluetooth")
    where = Where(options.get("--home"), radio, simulated="--simulate" in options)
    return wanted, where, "--json" in options


def stop_and_tell(wanted: Wanted, where: Where, *, as_json: bool) -> int:
    """Stop, and return one of the three ends' codes, whatever becomes of the words."""
    waiting = Timer(PATIENCE_S, _say_waiting)
    waiting.daemon = True  # nobody waits for its words
    waiting.start()
    try:
        reply: Reply | EstimError = _stopped(wanted, where)
    except EstimError as error:  # whatever its own code is: one who reads it is told first what is not known
        reply = error if error.code == Exit.NOT_CONFIRMED else _unproved(error.text)
    except Exception as error:  # noqa: BLE001 - whatever went wrong: what isn't known to be off isn't off
        reply = _unproved(tr("estim failed ({error!r})", error=error))
    waiting.cancel()
    code = reply.code if isinstance(reply, EstimError) else getattr(reply, "code", Exit.DONE)
    if code not in (Exit.DONE, Exit.USAGE) and not wanted.seen_off:
        code = Exit.NOT_CONFIRMED  # a bug of the host's, a unit that nobody knows: what isn't known to be off isn't off
    _tell_whatever(reply, as_json=as_json)
    return int(code)


def _say_waiting() -> None:
    note(tr("no proof yet that the output is off: if you can reach the unit, switch it off"))


_SETTLED = frozenset({Exit.NOT_CONFIRMED, Exit.USAGE, Exit.GENERAL})
"""Refusals of a disconnect that another way to stop would only cover up."""


def disconnect_and_tell(unit: str | None, where: Where, *, as_json: bool) -> int:
    """Stop, and give the link back; where the host can't be asked for that, stop in every way that there is."""
    import msgspec

    from estim.client.connection import read_reply
    from estim.core.messages.commands import Done, Refusal
    from estim.core.messages.lowering import Disconnect

    try:
        home = find_home(where.folder)
        asked = exchange(home.socket, msgspec.json.encode(Disconnect(unit)) + b"\n", DISCONNECT_TIMEOUT_S)
        _note(home)
        reply = read_reply(asked.answer())
    except EstimError:
        reply = None
    if isinstance(reply, Done) or (isinstance(reply, Refusal) and reply.code in _SETTLED):
        _tell_whatever(reply, as_json=as_json)
        return reply.code if isinstance(reply, Refusal) else Exit.DONE
    return stop_and_tell(Wanted(unit), where, as_json=as_json)


def _tell_whatever(reply: "Reply | EstimError", *, as_json: bool) -> None:
    try:
        _tell(reply, as_json=as_json)
    except Exception:  # noqa: BLE001 - the code tells of the unit, whatever went wrong with the words
        unread()


def _tell(reply: "Reply | EstimError", *, as_json: bool) -> None:
    from estim.cli.answer import told, told_error

    if isinstance(reply, EstimError):
        told_error(reply, as_json=as_json)
    else:
        told(reply, as_json=as_json)
    flush()


def _stopped(wanted: Wanted, where: Where) -> "Reply":
    """Deliver a stop by whatever way there is; raises EstimError (80) if nothing says that it came to its end."""
    home = find_home(where.folder)
    error: EstimError = NoHost(tr("no estim is running here"))
    for attempt in range(STOP_TRIES):
        try:
            answer = _over_the_socket(wanted, home)
            if answer is None and wanted.seen_off:
                raise EstimError(tr("no host could be asked, so nothing was noted"), code=Exit.TRY_LATER)
            if answer is None:
                answer = _by_signal(home)
            if answer is None and where.simulated and not _left_on(home):
                from estim.core.messages.commands import Done

                return Done(tr("nothing is running: a software unit ends with its host"))
            if answer is None:
                answer = _by_a_new_host(where, attempt)
            if answer is not None:
                return answer
        except EstimError as why:
            error = why
            break
    raise error


def _unproved(why: str) -> EstimError:
    text = tr("the stop is NOT confirmed: {why}; switch the unit off by hand", why=why)
    return EstimError(text, code=Exit.NOT_CONFIRMED)


def _over_the_socket(wanted: Wanted, home: Home) -> "Reply | None":
    """Return the host's answer; None if it can't be reached by its socket, or there is no host."""
    try:
        asked = exchange(home.socket, wanted.line(), STOP_TIMEOUT_S)
    except EstimError:
        _note(home)
        return None  # nobody, no socket, or one that takes no connection
    _note(home)
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
    if isinstance(reply, Refusal) and reply.code == Exit.TRY_LATER and not wanted.seen_off:
        return None  # it had no room, or is leaving: a stop is told in another way
    return reply


def _note(home: Home) -> None:
    """Leave word of this stop for a start that is on its way; after it was sent, since it takes imports."""
    from estim.config.stamp import note_stop

    note_stop(home)


def _by_signal(home: Home) -> "Reply | None":
    """Stop by a signal to the process that holds the home; None if there is none."""
    from estim.client.lock import stop_by_signal
    from estim.core.messages.commands import Done

    told = stop_by_signal(home, STOP_TIMEOUT_S)
    return None if told is None else Done(told)


def _left_on(home: Home) -> bool:
    """Say whether a real unit may be on: a stop is for that one too, whatever was said of software units."""
    from estim.client.lock import left_on

    try:
        return bool(left_on(home))
    except EstimError:
        return True  # nobody can know


def _by_a_new_host(where: Where, attempt: int) -> "Reply | None":
    """Start a host: one that died may have left a unit on, and a new one stops what was left on, first of all.

    Returns None if it can be asked on its socket now, or another host is just starting or leaving.
    """
    from threading import Event

    from estim.client.launch import start_to_stop
    from estim.config.options import HostOptions

    if attempt:
        Event().wait(STOP_PAUSE_S)
    try:
        return start_to_stop(HostOptions(home=where.folder, radio=where.radio))
    except EstimError as error:
        if error.code != Exit.TRY_LATER:
            raise
        return None
