"""Stops and the commands of every day: which lines are theirs, what leaves on the socket, how they end."""

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estim.cli.daily import command_of, daily
from estim.cli.quick import Wanted, Where, quick, read_stop, split
from estim.config.paths import find_home
from estim.core.errors import Exit
from estim.core.messages.commands import Ask, Done, Overview, Refusal, Reply, Resume, SetLevel, Status
from estim.core.messages.lowering import Pause, Stop
from estim.core.messages.shown import Snapshot
from estim.core.vocabulary import State
from estim.host.main import hold
from estim.host.server import Connection, serve
from estim.journal.marker import How, Marker, MayBeOn, begin_markers, markers
from estim.journal.rows import NEVER
from protocols.vocabulary import Channel
from tests.cli.line import Kept, Said, gone, short_home, streams, typed

FULL = b'{"answer":"refused","code":75,"text":"full"}\n'
"""What a host says that has no room for one more front end."""

SNAPSHOT = Snapshot(unit="one", address="-", family="-", title="One", simulated=True, state=State.READY)

READ: msgspec.json.Decoder[Ask] = msgspec.json.Decoder(Ask)
"""As the host reads what comes over the socket."""


class Supervisor:
    """Answers everything with `reply`."""

    def __init__(self) -> None:
        self.asked: list[Ask] = []
        self.reply: Reply = Done("done it")

    async def ask(self, front: Connection, command: Ask) -> Reply:
        del front
        self.asked.append(command)
        return self.reply

    def left(self, front: Connection) -> None:
        assert front.gone


@pytest.fixture
def home() -> Iterator[Path]:
    """A home with a path short enough for a socket."""
    with short_home() as folder:
        yield folder


@pytest.fixture
async def supervisor(home: Path) -> AsyncIterator[Supervisor]:
    """The supervisor of a host that runs in the home."""
    supervisor = Supervisor()
    server = await serve(home / "control.sock", supervisor)
    yield supervisor
    await server.close()


async def say(home: Path, *words: str) -> int:
    """Type a line while a host answers in this process."""
    return await asyncio.to_thread(typed, home, *words)


def asks(line: str) -> Ask | None:
    """Return the command of a line as the host will read it."""
    words = line.split()
    stop = read_stop(words)
    if stop is not None:
        return READ.decode(stop[0].line())
    parts = split(words)
    assert parts is not None
    command = command_of(*parts)
    return None if command is None else READ.decode(msgspec.json.encode(command))


Types = Callable[..., Said]

starts_a_host = pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")
"""A host that was started to stop what was left on lives on for a moment; who typed the stop doesn't wait for that."""


@pytest.fixture
def types(capsys: pytest.CaptureFixture[str]) -> Types:
    """Type a line at a home, in this process."""

    def line(home: Path, *words: str) -> Said:
        code = typed(home, *words)
        return Said(code, *capsys.readouterr())

    return line


@pytest.mark.parametrize(
    ("line", "words", "options"),
    [
        ("", [], {}),
        ("stop", ["stop"], {}),
        ("stop --soft --json --no-input", ["stop"], {"--soft": "yes", "--json": "yes", "--no-input": "yes"}),
        ("--home h stop --unit=one", ["stop"], {"--home": "h", "--unit": "one"}),
        ("level A -1 --unit one", ["level", "A", "-1"], {"--unit": "one"}),
        ("--unit one --unit two stop", ["stop"], {"--unit": ""}),
        (
            "--simulate coyote3:lost=0.2 --speed max stop",
            ["stop"],
            {"--simulate": "coyote3:lost=0.2", "--speed": "max"},
        ),
        ("--home --json stop", ["stop"], {"--home": "--json"}),
        ("-h", ["-h"], {}),
    ],
)
def test_a_line_falls_into_words_and_options(line: str, words: list[str], options: dict[str, str]) -> None:
    assert split(line.split()) == (words, options)


@pytest.mark.parametrize(
    "line",
    ["--help", "stop --help", "stop --now", "stop --unit", "--home", "status --json=yes", "run p --minutes 3", "--"],
)
def test_what_is_not_known_here_goes_on(line: str) -> None:
    assert split(line.split()) is None
    assert quick(line.split()) is None
    assert daily(line.split()) is None


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("stop", Stop()),
        ("stop --soft --unit one", Stop(soft=True, unit="one")),
        ("--radio hci:usb:0 --simulate em70 --speed max --log x stop", Stop()),
        ("status", Status()),
        ("status --json", Status()),
        ("pause", Pause()),
        ("pause --unit=one", Pause(unit="one")),
        ("resume", Resume()),
        ("level A +1", SetLevel(channel=Channel.A, by=1)),
        ("level b -2", SetLevel(channel=Channel.B, by=-2)),
        ("level A -0", SetLevel(channel=Channel.A, by=0)),
        ("level A 0", SetLevel(channel=Channel.A, to=0)),
        ("level A 007", SetLevel(channel=Channel.A, to=7)),
        ("level A 9999 --unit one", SetLevel(channel=Channel.A, to=9999, unit="one")),
        ("level A +999", SetLevel(channel=Channel.A, by=999)),
    ],
)
def test_a_line_becomes_the_command_that_it_says(line: str, command: Ask) -> None:
    assert asks(line) == command


@pytest.mark.parametrize(
    "line",
    [
        "stop now",
        "-h stop",
        "Stop",
        "run tens-ankle",
        "devices scan",
        "pause --soft",
        "status --simulate em70",
        "level A 1 --speed max",
        "level",
        "level A",
        "level E 1",
        "level A one",
        "level A 1.5",
        "level A +",
        "level A +-1",
        "level A ++1",
        "level A ²",
        "level A +٣",
        "level A 1e2",
        "level A 10000",
        "level A +1000",
        "level A 1 2",
    ],
)
def test_any_other_form_is_for_the_full_command_line(line: str) -> None:
    assert asks(line) is None
    assert quick(line.split()) is None
    assert daily(line.split()) is None


VERBS = st.sampled_from(["stop", "status", "pause", "resume", "level", "run"])
FIGURES = st.sampled_from(["A", "b", "E", "+1", "-999", "12", "9999", "99999", "-0"])
FLAGS = st.sampled_from(
    ["--soft", "--json", "--unit", "--unit=x", "--home", "--simulate", "--speed=max", "--help", "--"]
)


@given(line=st.lists(VERBS | FIGURES | FLAGS | st.text(min_size=1, max_size=5), max_size=6))
def test_whatever_is_typed_is_left_alone_or_understood_by_the_host(line: list[str]) -> None:
    parts = split(line)
    if parts is None or parts[1].get("--unit") == "":
        return  # the host itself refuses an empty name, with a sentence
    read = asks(" ".join(line)) if not any(" " in word or not word.strip() for word in line) else None
    if read is None:
        return
    assert isinstance(read, Stop | Status | Pause | Resume | SetLevel)
    assert read.__struct_config__.tag == parts[0][0]


@given(unit=st.none() | st.text(min_size=1, max_size=64), soft=st.booleans(), seen_off=st.booleans())
def test_a_stop_that_is_written_without_its_library_is_the_one_that_the_host_reads(
    unit: str | None, soft: bool, seen_off: bool
) -> None:
    line = Wanted(unit, soft, seen_off).line()
    assert line.count(b"\n") == 1
    assert READ.decode(line) == Stop(unit=unit, soft=soft, seen_off=seen_off)


def test_a_stop_that_is_written_without_its_library_has_all_that_a_person_can_say() -> None:
    written = {*Wanted.__struct_fields__}
    assert written == {*Stop.__struct_fields__} - {"number", "reason"}, "those two are a front end's own"
    assert Wanted() == Wanted(**{name: getattr(Stop(), name) for name in written})


def test_the_full_command_line_hands_over_the_same(home: Path, types: Types) -> None:
    """Behind `--` no line has the quick form."""
    heard: list[tuple[Wanted, Where, bool]] = []

    def hear(wanted: Wanted, where: Where, *, as_json: bool) -> int:
        heard.append((wanted, where, as_json))
        return Exit.DONE

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("estim.cli.quick.stop_and_tell", hear)
        for words in ("stop", "stop --soft --unit=one", "--radio hci:usb:0 stop --seen-off", "--json stop"):
            line = words.split()
            assert quick(["--home", str(home), *line]) == Exit.DONE
            at = line.index("stop")
            assert types(home, *line[:at], "--", *line[at:]).code == Exit.DONE
    assert heard[::2] == heard[1::2]
    assert len(heard) == 8


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("stop --soft", Stop(soft=True)),
        ("pause", Pause()),
        ("level a +1 --unit one", SetLevel(channel=Channel.A, by=1, unit="one")),
    ],
)
@pytest.mark.parametrize("way", [[], ["--"]], ids=["at once", "past the parser"])
async def test_what_was_done_is_said(
    home: Path, supervisor: Supervisor, capsys: pytest.CaptureFixture[str], line: str, command: Ask, way: list[str]
) -> None:
    assert await say(home, *way, *line.split()) == Exit.DONE
    assert supervisor.asked == [command]
    assert capsys.readouterr() == ("done it\n", "")


@pytest.mark.parametrize("line", ["stop", "level A 70"])
@pytest.mark.parametrize("code", [Exit.REFUSED, Exit.NOT_CONFIRMED])
async def test_a_refusal_is_said_and_its_code_is_the_exit_code(
    home: Path, supervisor: Supervisor, capsys: pytest.CaptureFixture[str], line: str, code: Exit
) -> None:
    supervisor.reply = Refusal(code=code, text="the cap is 50", nearest=("50",))
    ends = Exit.NOT_CONFIRMED if line == "stop" else code  # a stop has three ends, whatever the host says
    assert await say(home, *line.split()) == ends
    assert capsys.readouterr() == ("", "estim: the cap is 50\n")
    assert await say(home, "--json", *line.split()) == ends
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (told["schema"], told["version"], told["answer"]) == ("estim.answer", 1, "refused")
    assert (told["code"], told["text"], told["nearest"]) == (code, "the cap is 50", ["50"])


async def test_the_status_of_a_host_says_what_runs(
    home: Path, supervisor: Supervisor, capsys: pytest.CaptureFixture[str]
) -> None:
    supervisor.reply = Overview(pid=7, simulated=True, units=(SNAPSHOT,))
    assert await say(home, "status", "--json") == Exit.DONE
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (told["running"], told["pid"], told["simulated"]) == (True, 7, True)
    assert told["units"][0]["state"] == "ready"
    assert await say(home, "status") == Exit.DONE
    assert "one" in capsys.readouterr().out.casefold()


def test_the_status_of_nothing_is_that_nothing_runs(home: Path, types: Types) -> None:
    assert types(home, "status") == Said(Exit.DONE, "no estim is running here\n", "")
    said = types(home, "--json", "status")
    (told,) = said.rows
    assert (said.code, said.err) == (Exit.DONE, "")
    assert (told["running"], told["units"]) == (False, [])
    assert list(home.iterdir()) == []


@pytest.mark.control("C-47")
def test_where_no_controller_answers_the_status_says_what_may_be_on(home: Path, types: Types) -> None:
    place = find_home(str(home))
    place.prepare()
    marker = Marker(markers(place)[0])
    since = datetime(2026, 1, 1, tzinfo=UTC)
    marker.put(MayBeOn(address="AA", unit="calf", family="em70", since_utc=since, until_utc=NEVER))
    told = types(home, "status").out
    assert told.splitlines() == [
        "no estim is running here",
        "calf may be on and doesn't end by itself: switch it off, or let estim stop search for it",
    ]
    (row,) = types(home, "--json", "status").rows
    assert row["running"] is False
    assert row["may_be_on"] == [{"address": "AA", "unit": "calf", "until": None}]
    later = datetime(2099, 1, 1, tzinfo=UTC)
    marker.put(MayBeOn(address="BB", unit="knee", family="em70", since_utc=since, until_utc=later))
    marker.put(MayBeOn(address="CC", unit="old", family="em70", since_utc=since, until_utc=since))
    told = types(home, "status").out
    assert "knee may be on until " in told
    assert "old" not in told, "its time is over"
    markers(place)[0].write_text("{")
    assert "it says which units may be on" in types(home, "status").out
    lock = hold(place)
    assert "a controller (process " in types(home, "status").out
    (row,) = types(home, "--json", "status").rows
    assert (row["running"], row["pid"]) == (True, os.getpid())
    os.close(lock)


@pytest.mark.parametrize("line", ["pause", "resume", "level A +1", "level A 0 --json"])
@pytest.mark.parametrize("way", ["at once", "past the parser"])
def test_nobody_to_tell_is_one_sentence_with_exit_69(home: Path, types: Types, line: str, way: str) -> None:
    said = types(home, *([] if way == "at once" else ["--speed", "1"]), *line.split())
    assert said.code == Exit.NO_DEVICE
    assert "no estim is running here" in (said.out if "--json" in line else said.err)
    assert list(home.iterdir()) == []


def test_a_line_that_is_almost_one_is_explained_with_exit_2(home: Path, types: Types) -> None:
    said = types(home, "level", "A", "one", "--unit", "x")
    assert (said.code, said.out) == (Exit.USAGE, "")
    assert said.err == "estim: level A one --unit x: that is not understood; see `estim level --help`\n"


@pytest.mark.control("C-48")
def test_a_stop_that_waits_long_says_what_to_do_meanwhile(
    home: Path, types: Types, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This process holds the home, and takes the signal without doing anything."""
    place = find_home(str(home))
    place.prepare()
    since = datetime(2026, 1, 1, tzinfo=UTC)
    Marker(markers(place)[0]).put(MayBeOn(address="AA", unit="calf", family="em70", since_utc=since, until_utc=NEVER))
    lock = hold(place)
    before = signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    monkeypatch.setattr("estim.cli.quick.PATIENCE_S", 0.05)
    monkeypatch.setattr("estim.cli.quick.STOP_TIMEOUT_S", 1.0)
    said = types(home, "stop")
    signal.signal(signal.SIGUSR1, before)
    os.close(lock)
    assert said.code == Exit.NOT_CONFIRMED
    waits = "no proof yet that the output is off: if you can reach the unit, switch it off"
    assert said.err.splitlines()[0] == waits
    assert said.err.count(waits) == 1
    assert "NOT confirmed" in said.err.splitlines()[1]


@pytest.mark.control("C-47")
@pytest.mark.parametrize("damaged", [False, True])
def test_a_real_unit_that_was_left_on_is_none_of_the_software_units_that_have_gone(
    home: Path, types: Types, monkeypatch: pytest.MonkeyPatch, damaged: bool
) -> None:
    """No host can be started here, so nobody can prove anything."""
    place = find_home(str(home))
    place.prepare()
    since = datetime(2026, 1, 1, tzinfo=UTC)
    Marker(markers(place)[0]).put(MayBeOn(address="AA", unit="calf", family="em70", since_utc=since, until_utc=NEVER))
    if damaged:
        markers(place)[0].write_text("{")
    monkeypatch.setattr(sys, "executable", str(home / "none"))
    said = types(home, "--simulate", "coyote3", "stop")
    assert said.code == Exit.NOT_CONFIRMED
    assert "can't start a host" in said.err


@pytest.mark.parametrize("between", [[], ["--"]])
def test_a_stop_of_software_units_that_are_gone_has_nothing_to_do(home: Path, types: Types, between: list[str]) -> None:
    said = types(home, "--simulate", "coyote3", *between, "stop")
    assert said.code == Exit.DONE
    assert "nothing is running" in said.out


def test_a_line_in_a_process_of_its_own_ends_with_its_code(home: Path) -> None:
    for words, code in ((["status"], Exit.DONE), (["pause"], Exit.NO_DEVICE), (["--simulate", "em70", "stop"], 0)):
        line = [sys.executable, "-m", "estim.cli.main", "--home", str(home), *words]
        assert subprocess.run(line, capture_output=True, timeout=50, check=False).returncode == code


@pytest.mark.control("C-09")
@pytest.mark.parametrize("says", [b"", b'{"answer":"do', b"nonsense\n", FULL, None])
async def test_a_stop_whose_answer_never_comes_is_not_confirmed(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, says: bytes | None
) -> None:
    """A host that holds the home, has a unit on, and neither answers nor obeys a signal; or takes no connection."""
    monkeypatch.setattr("estim.cli.quick.STOP_TIMEOUT_S", 0.5)
    before = signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    lock = hold(find_home(str(home)))
    begin_markers(find_home(str(home)))
    marked = MayBeOn(address="A", unit="one", family="em70", since_utc=NEVER, until_utc=NEVER)
    Marker(home / "log.on.json").put(marked)
    heard: list[bytes] = []

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readline())
        writer.write(says or b"")
        writer.close()

    try:
        if says is None:
            assert await say(home, "stop") == Exit.NOT_CONFIRMED
        else:
            async with await asyncio.start_unix_server(meet, path=str(home / "control.sock")):
                assert await say(home, "stop") == Exit.NOT_CONFIRMED
    finally:
        os.close(lock)
        signal.signal(signal.SIGUSR1, before)
    assert [json.loads(line)["do"] for line in heard] == ([] if says is None else ["stop"])
    told = capsys.readouterr().err
    assert "the stop is NOT confirmed" in told
    assert "switch the unit off by hand" in told


@pytest.mark.control("C-48")
@pytest.mark.parametrize("says", [b"", b"nonsense\n", FULL])
async def test_a_stop_that_the_socket_brings_nowhere_goes_as_a_signal(
    home: Path, capsys: pytest.CaptureFixture[str], says: bytes
) -> None:
    before = signal.getsignal(signal.SIGUSR1)
    lock = hold(find_home(str(home)))
    begin_markers(find_home(str(home)))
    marker = Marker(home / "log.on.json")
    marker.put(MayBeOn(address="A", unit="one", family="em70", since_utc=NEVER, until_utc=NEVER))
    signal.signal(signal.SIGUSR1, lambda *_: marker.drop("A", NEVER, How.PROVED))

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(says)
        writer.close()

    try:
        async with await asyncio.start_unix_server(meet, path=str(home / "control.sock")):
            assert await say(home, "stop") == Exit.DONE
    finally:
        os.close(lock)
        signal.signal(signal.SIGUSR1, before)
    assert "zero confirmed (by a signal" in capsys.readouterr().out


@pytest.mark.control("C-53")
@starts_a_host
def test_a_home_whose_socket_cant_be_keeps_no_stop_away(home: Path, types: Types) -> None:
    """The socket's path is too long: what was left on is looked for all the same, and here it was nothing."""
    said = types(home / ("d" * 100), "stop")
    assert (said.code, said.out) == (Exit.DONE, "nothing is running\n")


@pytest.mark.control("C-53")
def test_a_home_that_nobody_has_is_no_proof_of_anything(home: Path, types: Types) -> None:
    said = types(home, "--home", "~nobody-of-that-name", "stop")
    assert (said.code, said.out) == (Exit.NOT_CONFIRMED, "")
    assert "the stop is NOT confirmed" in said.err


@pytest.mark.control("C-53")
@starts_a_host
def test_where_nobody_can_know_nothing_is_called_off(home: Path, types: Types) -> None:
    (home / "log.sqlite").write_bytes(b"not a database at all, and longer than a header of one " * 10)
    said = types(home, "stop")
    assert said.code == Exit.NOT_CONFIRMED
    assert "can't be known" in said.err
    assert (home / "log.sqlite").read_bytes().startswith(b"not a database")


@starts_a_host
@pytest.mark.control("C-53")
@pytest.mark.parametrize("spoiled", ["units.json", "config.toml", "host.log", "host.lock"])
def test_no_file_keeps_a_stop_away(home: Path, types: Types, spoiled: str) -> None:
    if spoiled in ("host.log", "host.lock"):
        (home / spoiled).mkdir()
    else:
        (home / spoiled).write_bytes(b"\xff\x00 {[ no such thing")
    said = types(home, "stop")
    assert (said.code, said.out) == (Exit.DONE, "nothing is running\n"), said.err


@starts_a_host
@pytest.mark.control("C-53")
@pytest.mark.parametrize("place", ["units.json", "config.toml", "host.log", "host.lock", "log.on.json"])
def test_no_pipe_in_a_files_place_is_waited_for(home: Path, types: Types, place: str) -> None:
    os.mkfifo(home / place)
    said = types(home, "stop")
    known = place != "log.on.json"  # that one says which units may be on
    told = (Exit.DONE, "nothing is running\n") if known else (Exit.NOT_CONFIRMED, "")
    assert (said.code, said.out) == told, said.err


GONE = ["full", "unread", "missing"]


@pytest.mark.parametrize("out", [*GONE, "kept"])
@pytest.mark.parametrize("err", [*GONE, "kept"])
@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_a_stop_keeps_its_exit_whatever_becomes_of_its_words(home: Path, out: str, err: str, flags: list[str]) -> None:
    kept = Kept("ascii")
    with (
        gone(out) as no_out,
        gone(err) as no_err,
        streams(kept if out == "kept" else no_out, kept if err == "kept" else no_err),
    ):
        assert typed(home, "--simulate", "coyote3", *flags, "stop") == Exit.DONE
        assert typed(home, "--simulate", "coyote3", *flags, "--", "stop", "--seen-off") == Exit.NOT_CONFIRMED
    assert (b"nothing is running" in kept.written) == (out == "kept")


@pytest.mark.parametrize("line", ["stop --unit a --unit b", "--unit=a --unit=b stop", "--unit a --json stop --unit a"])
def test_who_names_several_units_has_all_stopped(line: str) -> None:
    read = read_stop(line.split())
    assert read is not None
    assert read[0].unit is None


@pytest.mark.parametrize("line", ["stop --seen-off --unit a --unit b", "stop --unit=a --unit=b --seen-off"])
def test_only_one_unit_at_a_time_is_seen_off(home: Path, types: Types, line: str) -> None:
    assert read_stop(line.split()) is None
    said = types(home, *line.split())
    assert said.code == Exit.USAGE
    assert "one --unit at a time" in said.err


class Odd(io.StringIO):
    """A stream that fails as no stream should, as one does in a handler of signals that came while it was written."""

    def write(self, text: str) -> int:
        raise RuntimeError("reentrant call")


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_no_fault_of_the_telling_changes_a_stops_exit(home: Path, flags: list[str]) -> None:
    with streams(Odd(), Odd()):
        assert quick(["--home", str(home), "--simulate", "coyote3", *flags, "stop"]) == Exit.DONE
        assert quick(["--home", str(home), *flags, "stop", "--seen-off"]) == Exit.NOT_CONFIRMED
        assert typed(home, "--simulate", "coyote3", *flags, "stop") == Exit.DONE


@pytest.mark.parametrize(("where", "flags"), [(">/dev/full 2>&1", ""), (">&- 2>&-", "--json")])
def test_python_itself_says_nothing_of_a_stops_lost_words(home: Path, where: str, flags: str) -> None:
    line = f'"{sys.executable}" -m estim.cli.main --home "{home}" --simulate coyote3 {flags} stop {where}'
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, timeout=50, check=False)
    assert (done.returncode, done.stderr) == (Exit.DONE, "")


def test_a_stop_keeps_its_exit_in_an_encoding_that_has_few_signs(home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "estim.cli.main", "--home", str(home / "\udcff-ü"), "stop"],
        capture_output=True,
        timeout=50,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C"},
    )
    assert done.returncode == Exit.DONE, done.stderr
