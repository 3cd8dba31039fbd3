"""What is written to a terminal steers nothing there; a gone reader, odd bytes and foreign files leave no traces."""

import io
import json
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from estim.core.errors import Exit
from estim.terminal import Outlet, inked, plain, steer

AS_USUAL = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
"""What is written waits in Python's buffer, as on anybody's computer: a disk or reader that is gone shows late."""

NASTY = "a\x1b[2Jb\x07c\x9b31md\u202ee\u2066f\x7fg\rh"


def estim(
    home: Path, *words: str | bytes, stdin: str | None = None, encoding: str = "utf-8", close: bool = False
) -> subprocess.CompletedProcess[bytes]:
    line = [sys.executable, "-m", "estim.cli.main", "--home", str(home), "--no-input", *words]
    return subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *line] if close else line,
        env=AS_USUAL | {"PYTHONIOENCODING": encoding, "TZ": "Europe/Berlin"},
        input=None if stdin is None else stdin.encode(),
        capture_output=True,
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


def test_a_note_and_a_name_reach_no_terminal_with_signs_that_steer(tmp_path: Path) -> None:
    assert estim(tmp_path, "note", "add", NASTY).returncode == Exit.DONE
    units = {"schema": 1, "units": [{"name": NASTY, "address": "AA:BB:CC:DD:EE:01", "family": "em70",
                                     "added_utc": "2026-03-01T08:00:00+00:00"}]}  # fmt: skip
    (tmp_path / "units.json").write_text(json.dumps(units), encoding="utf-8")
    for words in (
        ["log"],
        ["log", "--rows", "5"],
        ["devices", "list"],
        ["--json", "log"],
        ["devices", NASTY],
        [NASTY],
        ["import", str(tmp_path / NASTY)],
    ):
        done = estim(tmp_path, *words)
        assert not steers((done.stdout + done.stderr).decode()), words
    rows = [json.loads(line) for line in estim(tmp_path, "--json", "log").stdout.decode().splitlines()]
    assert any(NASTY in str(row.values()) or NASTY in row.values() for row in rows)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_what_the_terminal_does_not_have_is_replaced(tmp_path: Path, encoding: str) -> None:
    estim(tmp_path, "note", "add", "µ ▁ 痛 é")
    done = estim(tmp_path, "log", encoding=encoding)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"?" in done.stdout
    assert estim(tmp_path, "report", encoding=encoding).returncode == 0
    assert estim(tmp_path, "help", encoding=encoding).returncode == 0


@pytest.mark.parametrize("words", [["log"], ["help"], ["programs", "list"], ["export", "jsonl"], ["paths"]])
def test_a_reader_that_went_away_ends_it_quietly(tmp_path: Path, words: list[str]) -> None:
    estim(tmp_path, "note", "add", "x")
    reading, writing = os.pipe()
    os.close(reading)
    line = [sys.executable, "-m", "estim.cli.main", "--home", str(tmp_path), *words]
    done = subprocess.run(line, stdout=writing, stderr=subprocess.PIPE, env=AS_USUAL, check=False, timeout=60)
    os.close(writing)
    assert (done.returncode in (0, 141), done.stderr) == (True, b"")


@pytest.mark.parametrize("verb", ["paths", "log"])
def test_a_disk_that_is_full_and_a_closed_output_are_no_traces(tmp_path: Path, verb: str) -> None:
    line = [sys.executable, "-m", "estim.cli.main", "--home", str(tmp_path), verb]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(line, stdout=full, stderr=subprocess.PIPE, env=AS_USUAL, check=False, timeout=60)
    assert done.returncode == Exit.CANT_CREATE
    assert done.stderr.decode() == "estim: the output can't be written: No space left on device\n"
    assert estim(tmp_path, verb, close=True).returncode == 0


@pytest.mark.parametrize("words", [[b"note", b"add", b"caf\xe9"], [b"log", b"--since", b"\xff"], [b"\xff\xfe"]])
def test_words_that_are_no_text_get_a_sentence(tmp_path: Path, words: list[bytes]) -> None:
    done = estim(tmp_path, *words)
    assert done.returncode == Exit.USAGE
    assert b"isn't text in UTF-8" in done.stderr
    assert done.stderr.count(b"\n") == 1


STRANGER = """
import os, sys
from contextlib import suppress
from estim.cli.main import main
for line in (["pain", "add", "1"], ["log"], ["care"], ["export", "csv", "--out", sys.argv[1] + "/csv"]):
    with suppress(SystemExit):
        main(["--home", sys.argv[1] + "/mine", *line])
os.chmod(sys.argv[1], 0o755)
for place in sys.argv[2].split(","):
    os.chmod(sys.argv[1] + "/" + place, 0)
if os.geteuid() == 0:
    os.setegid(65534)
    os.seteuid(65534)
main(["--home", sys.argv[1] + "/mine", *sys.argv[3:]])
"""


@pytest.mark.parametrize("line", ["pain add 2", "log", "care", "export csv", "import {}/csv"])
@pytest.mark.parametrize("place", ["mine", "mine/log.sqlite", "mine/config.toml", "csv"])
def test_files_that_may_not_be_read_are_a_sentence(tmp_path: Path, place: str, line: str) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "config.toml").write_text("minutes = 20\n", encoding="utf-8")
    words = line.format(tmp_path).split()
    done = subprocess.run(
        [sys.executable, "-c", STRANGER, str(tmp_path), place, *words],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    for name in ("mine", "csv"):
        (tmp_path / name).chmod(0o700)
    assert "Traceback" not in done.stderr
    if done.returncode != Exit.DONE:
        assert done.returncode in (Exit.CANT_CREATE, Exit.REFUSED), done.stderr
        assert done.stderr.startswith("estim: ")
        assert done.stderr.count("\n") == 1
