"""The journal in a process that is killed, or whose disk is full: nothing that was promised is lost, nothing starts."""

import json
import random
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from estim.core.errors import Exit

COMMON = """
import asyncio, json, resource, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from estim.core.errors import EstimError
from estim.core.moment import Now
from estim.core.vocabulary import Priority, Reason
from estim.journal.writer import JournalWriter
from estim.journal.rows import Opening, Outcome
from protocols.vocabulary import Can, Channel, Endpoint

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
PIPE = Endpoint("150A", "s", "u", Can.COMMAND)
PATH = Path(sys.argv[1])

def after(seconds):
    return Now(seconds, START + timedelta(seconds=seconds))

def opening(seconds):
    return Opening(program="tens-ankle", unit="coyote3", address="F0", family="coyote3", sites=("ankle-left",),
                   simulated=False, started=after(seconds), length_s=1200.0)

def outcome(seconds):
    return Outcome(reason=Reason.COMPLETED, ended_utc=after(seconds).utc, duration_s=10.0, output_s=9.0,
                   level_max={Channel.A: 5}, level_end={Channel.A: 0}, stop_confirmed=True)

def say(**words):
    print(json.dumps(words), flush=True)

async def attempt(name, work):
    try:
        say(did=name, found=await work)
    except EstimError as error:
        say(did=name, code=int(error.code), text=error.text)

def fill_the_disk():
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
"""

LIVES = """
async def main():
    journal = await JournalWriter.open(PATH)
    seconds = 0.0
    while True:
        session = await journal.begin(opening(seconds))
        say(begun=session)
        for _ in range(30):
            seconds += 1.0
            journal.carried("coyote3", after(seconds), "out", PIPE, bytes(20))
            journal.level(session, seconds, Channel.A, 5, "ramp")
            journal.beat(session, after(seconds), seconds)
            await asyncio.sleep(0)
        await journal.close_session(session, outcome(seconds))
        say(closed=session)

asyncio.run(main())
"""

FILLS_UP = """
async def main():
    journal = await JournalWriter.open(PATH)
    session = await journal.begin(opening(0.0))
    fill_the_disk()
    await attempt("begin", journal.begin(opening(1.0)))
    for step in range(100):
        journal.level(session, float(step), Channel.A, step, "ramp")
    await attempt("flush", journal.flush())
    await attempt("close", journal.close_session(session, outcome(2.0)))
    say(did="count", dropped=journal.dropped, text=journal.trouble)
    await journal.close()

asyncio.run(main())
"""

FINDS_IT_FULL = """
async def main():
    fill_the_disk()
    journal = await JournalWriter.open(PATH)
    say(did="open", text=journal.trouble)
    say(did="look", found=[session.unit for session in await journal.open_sessions()])
    await attempt("begin", journal.begin(opening(1.0)))
    await journal.close()

asyncio.run(main())
"""

LOOKS = """
async def main():
    journal = await JournalWriter.open(PATH)
    say(did="open", text=journal.trouble)
    say(did="look", found=len(await journal.open_sessions()))
    await attempt("begin", journal.begin(opening(1.0)))
    await journal.close()

asyncio.run(main())
"""

BEGINS = """
async def main():
    journal = await JournalWriter.open(PATH)
    say(begun=await journal.begin(opening(0.0)))
    await asyncio.Event().wait()

asyncio.run(main())
"""

NEVER_HAD_ROOM = """
async def main():
    fill_the_disk()
    await attempt("open", JournalWriter.open(PATH))

asyncio.run(main())
"""


def run(program: str, path: Path) -> dict[str, dict[str, object]]:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", COMMON + program, str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told: list[dict[str, object]] = [json.loads(line) for line in done.stdout.splitlines()]
    return {str(line["did"]): line for line in told}


@pytest.mark.control("C-12")
@pytest.mark.parametrize("seed", range(6))
def test_a_kill_at_any_moment_leaves_a_journal_that_opens(seed: int, tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    chance = random.Random(seed)
    begun: set[int] = set()
    closed: set[int] = set()
    command = [sys.executable, "-c", COMMON + LIVES, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for _ in range(chance.randint(1, 12)):
            line = json.loads(child.stdout.readline())
            begun |= {line["begun"]} if "begun" in line else set()
            closed |= {line["closed"]} if "closed" in line else set()
        for _ in range(chance.randint(0, 20_000)):
            pass  # lands somewhere inside the next session
        child.send_signal(signal.SIGKILL)
        rest = [json.loads(line) for line in child.stdout.read().splitlines() if line.endswith("}")]
    begun |= {line["begun"] for line in rest if "begun" in line}
    closed |= {line["closed"] for line in rest if "closed" in line}
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        known = {row[0] for row in db.execute("SELECT id FROM session")}
        still_open = {row[0] for row in db.execute("SELECT id FROM session WHERE ended_utc IS NULL")}
    assert begun <= known
    assert not closed & still_open
    assert len(still_open) <= 1


@pytest.mark.control("C-12")
def test_after_a_kill_the_next_start_finds_the_open_session_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    with subprocess.Popen([sys.executable, "-c", COMMON + BEGINS, str(path)], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        child.kill()
    told = run(LOOKS, path)
    assert told["open"]["text"] == ""
    assert told["look"]["found"] == 1
    assert told["begin"]["found"] == 2


def test_a_disk_that_fills_up_refuses_the_next_session_and_tells_what_it_lost(tmp_path: Path) -> None:
    told = run(FILLS_UP, tmp_path / "log.sqlite")
    assert told["begin"]["code"] == Exit.CANT_CREATE
    assert "no session starts without its journal" in str(told["begin"]["text"])
    assert told["flush"]["found"] is None
    assert told["close"]["code"] == Exit.CANT_CREATE
    assert told["count"]["dropped"] == 100
    assert "can't write the journal" in str(told["count"]["text"])


@pytest.mark.control("C-12")
def test_what_was_left_open_is_found_on_a_full_disk_and_nothing_new_starts(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    run(FILLS_UP, path)
    told = run(FINDS_IT_FULL, path)
    assert told["look"]["found"] == ["coyote3"]
    assert told["begin"]["code"] == Exit.CANT_CREATE


def test_a_disk_without_room_for_a_journal_is_refused_at_once(tmp_path: Path) -> None:
    told = run(NEVER_HAD_ROOM, tmp_path / "log.sqlite")
    assert told["open"]["code"] == Exit.CANT_CREATE
    assert "can't write the journal" in str(told["open"]["text"])
