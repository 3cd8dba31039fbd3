"""What is written to a terminal steers nothing there; a gone reader, odd bytes and foreign files leave no traces."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from estim.cli import output
from estim.core.errors import Exit
from estim.terminal import UNREAD, Outlet, inked, plain, steer
from tests.cli.line import Kept, Person, gone, streams, typed

AS_USUAL = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
"""What is written waits in Python's buffer, as on anybody's computer: a disk or reader that is gone shows late."""

NASTY = "a\x1b[2Jb\x07c\x9b31md\u202ee\u2066f\x7fg\rh"


def estim(
    home: Path,
    *words: str | bytes,
    encoding: str = "utf-8",
    close: bool = False,
    out: IO[bytes] | int = subprocess.PIPE,
) -> subprocess.CompletedProcess[bytes]:
    """Run `estim` in a process of its own, for what only that shows."""
    line = [sys.executable, "-m", "estim.cli.main", "--home", str(home), "--no-input", *words]
    return subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *line] if close else line,
        env=AS_USUAL | {"PYTHONIOENCODING": encoding, "TZ": "Europe/Berlin"},
        stdout=out,
        stderr=subprocess.PIPE,
        check=False,
        timeout=60,
    )


def steers(text: str) -> bool:
    odd = {"\u2028", "\u2029", *map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))}
    return any((unicodedata.category(one) in ("Cc", "Cs") and one not in "\n\t") or one in odd for one in text)


@example("\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\x1b\x85\x9b\x7f\ud800")
@given(st.text(st.characters(), max_size=40))
def test_nothing_that_is_written_steers_and_json_means_the_same(text: str) -> None:
    inner = io.StringIO()
    assert Outlet(inner).write(text) == len(text)
    assert not steers(inner.getvalue())
    if not steers(text):
        assert inner.getvalue() == text
    told = plain(json.dumps({"note": text}, ensure_ascii=False))
    assert not steers(told)
    assert json.loads(told) == {"note": text}


def test_no_library_gets_around_it() -> None:
    outlet = Outlet(io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))
    assert outlet.encoding == "utf-8"
    assert not hasattr(outlet, "buffer")


def test_our_own_signs_pass_and_those_of_a_name_between_them_do_not() -> None:
    inner = io.StringIO()
    steer(Outlet(inner), "\r\x1b[K")  # type: ignore[arg-type] # it does what a stream does
    assert inner.getvalue() == "\r\x1b[K"
    assert inked("\x1b[31mname\x1b[2J\x1b[0m") == "\x1b[31mname\ufffd[2J\x1b[0m"


def test_a_note_and_a_name_reach_no_terminal_with_signs_that_steer(person: Person, tmp_path: Path) -> None:
    assert person.types("note", "add", NASTY).code == Exit.DONE
    units = {"schema": 1, "units": [{"name": NASTY, "address": "AA:BB:CC:DD:EE:01", "family": "em70",
                                     "added_utc": "2026-03-01T08:00:00+00:00"}]}  # fmt: skip
    (person.home / "units.json").write_text(json.dumps(units), encoding="utf-8")
    for words in (
        ["log"],
        ["log", "--rows", "5"],
        ["devices", "list"],
        ["--json", "log"],
        ["--json", "devices", "list"],
        ["devices", NASTY],
        [NASTY],
        ["import", str(tmp_path / NASTY)],
    ):
        said = person.types(*words)
        assert said.out + said.err, words
        assert not steers(said.out + said.err), words
    rows = person.types("log", json_=True).rows
    assert any(NASTY in str(row.values()) or NASTY in row.values() for row in rows)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_what_the_terminal_does_not_have_is_replaced(person: Person, encoding: str) -> None:
    person.types("note", "add", "µ ▁ 痛 é")
    for verb, replaced in (("log", True), ("report", False), ("help", False)):
        out = Kept(encoding)
        err = Kept(encoding)
        with streams(out, err):
            assert typed(person.home, verb) == Exit.DONE
        assert (bool(out.written), err.written) == (True, b"")
        assert b"?" in out.written or not replaced


def test_python_takes_the_encoding_from_outside(person: Person) -> None:
    person.types("note", "add", "µ ▁ 痛 é")
    done = estim(person.home, "log", encoding="ascii")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"? ? ? ?" in done.stdout


@pytest.mark.parametrize("words", [["log"], ["help"], ["programs", "list"], ["export", "jsonl"], ["paths"]])
def test_a_reader_that_went_away_ends_it_quietly(person: Person, words: list[str]) -> None:
    person.types("note", "add", "x")
    err = Kept("utf-8")
    with gone("unread") as out, streams(out, err):
        assert typed(person.home, *words) in (0, UNREAD)
    assert err.written == b""


def test_python_itself_says_nothing_of_a_reader_that_went_away(person: Person) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = estim(person.home, "paths", out=writing)
    os.close(writing)
    assert (done.returncode in (0, UNREAD), done.stderr) == (True, b"")


@pytest.mark.parametrize("verb", ["paths", "log", "help"])
def test_a_disk_that_is_full_and_a_closed_output_are_no_traces(person: Person, verb: str) -> None:
    err = Kept("utf-8")
    with gone("full") as out, streams(out, err):
        assert typed(person.home, verb) == Exit.CANT_CREATE
    assert err.written == b"estim: the output can't be written: No space left on device\n"
    with streams(None, None):
        assert typed(person.home, verb) == Exit.DONE


def test_python_itself_says_nothing_of_a_full_disk_or_a_closed_output(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = estim(tmp_path, "log", out=full)
    assert done.returncode == Exit.CANT_CREATE
    assert done.stderr == b"estim: the output can't be written: No space left on device\n"
    assert estim(tmp_path, "log", close=True).returncode == 0


@pytest.mark.parametrize("kind", ["full", "unread", "missing"])
def test_an_error_that_cannot_be_told_keeps_its_code(person: Person, kind: str) -> None:
    out = Kept("utf-8")
    with gone(kind) as err, streams(out, err):
        assert typed(person.home, "log", "--rows", "0") == Exit.USAGE
        assert typed(person.home, "devices", "forget", "nothing") == Exit.NO_DEVICE
    assert out.written == b""


@pytest.mark.parametrize("words", [[b"note", b"add", b"caf\xe9"], [b"log", b"--since", b"\xff"], [b"\xff\xfe"]])
def test_words_that_are_no_text_get_a_sentence(person: Person, words: list[bytes]) -> None:
    said = person.types(*map(os.fsdecode, words))
    assert (said.code, said.out) == (Exit.USAGE, "")
    assert "isn't text in UTF-8" in said.err
    assert said.err.count("\n") == 1


def test_words_come_from_outside_as_bytes(tmp_path: Path) -> None:
    done = estim(tmp_path, b"note", b"add", b"caf\xe9")
    assert (done.returncode, done.stdout) == (Exit.USAGE, b"")
    assert b"isn't text in UTF-8" in done.stderr


NOBODY = 65534
"""A user who owns nothing here."""


@contextmanager
def as_a_stranger() -> Iterator[None]:
    """Be somebody whom rights hold for: where the tests run as root, another user."""
    if os.geteuid() != 0:
        yield
        return
    os.setresgid(NOBODY, NOBODY, 0)
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
        os.setresgid(0, 0, 0)


@pytest.fixture
def place(person: Person) -> Iterator[Path]:
    """Where a home and an exported folder lie, all of it the stranger's own: only what is shut is in the way."""
    folder = Path(tempfile.mkdtemp(prefix="estim-"))
    person.home = folder / "mine"
    person.home.mkdir()
    (person.home / "config.toml").write_text("minutes = 20\n", encoding="utf-8")
    # each verb once, and a plan of one's own: a stranger may have no right to read what Python and estim ship either
    for line in ("pain add 1", "log", "care edit", "care", f"export csv --out {folder}/csv", f"import {folder}/csv"):
        assert person.types(*line.split()).code == Exit.DONE
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("line", ["pain add 2", "log", "care", "export csv --out {}/out", "import {}/csv"])
@pytest.mark.parametrize("shut", ["mine", "mine/log.sqlite", "mine/config.toml", "csv"])
def test_files_that_may_not_be_read_are_a_sentence(person: Person, place: Path, shut: str, line: str) -> None:
    (place / shut).chmod(0)
    with as_a_stranger():
        said = person.types(*line.format(place).split())
    (place / shut).chmod(0o700)
    untouched = (
        ("import",) if shut == "mine/config.toml" else ("pain", "log", "care", "export") if shut == "csv" else ()
    )
    if line.startswith(untouched):
        assert said.code == Exit.DONE
        return
    assert said.code == (Exit.CANT_CREATE if shut == "mine/log.sqlite" else Exit.REFUSED)
    assert said.err.startswith("estim: ")
    assert said.err.count("\n") == 1


WAYS_AROUND = re.compile(r"\bsys\.(__)?std(out|err)|\b(typer|click)\.(secho|echo)\b|(?<![.\w])print\(")


def test_one_file_of_the_command_line_writes() -> None:
    assert WAYS_AROUND.search("        sys.stderr.write(text)")
    folder = Path(output.__file__).parent
    found = [
        f"{path.name}:{number}: {line.strip()}"
        for path in sorted(folder.glob("*.py"))
        if path.name != "output.py"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if WAYS_AROUND.search(line)
    ]
    assert found == []
