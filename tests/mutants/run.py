"""`make mutants`: plants each bug that is kept beside this file and runs the tests that should see it.

1. The tracked tree is copied to a folder for each worker; nothing is ever changed in the tree itself.
2. The named tests are run without a bug first: where they aren't green, nothing is planted.
3. A bug is killed if its tests fail. If they pass it has survived, and if they don't end within LIMIT_S they hung:
   a bug must end a test. One that can't be planted as it is written, or not even be imported, is told as such.
"""

import argparse
import compileall
import json
import os
import py_compile
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Timer

ROOT = Path(__file__).parent.parent.parent
ROOM = Path(__file__).parent
WORKERS = 2
LIMIT_S = 120.0
"""What a mutant's tests may take, seconds."""

GREEN_LIMIT_S = 900.0
"""What all of the named tests may take without a mutant, seconds."""


class MutantError(ValueError):
    """A mutant is written wrongly, or its text is not there any more; the text names it."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One planted bug: `find`, which occurs once in `file`, becomes `replace`; `tests` are files or node ids."""

    name: str
    file: str
    find: str
    replace: str
    hazard: str
    tests: tuple[str, ...]


class Verdict(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    SURVIVED = "SURVIVED"
    HUNG = "HUNG"
    STALE = "STALE"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A verdict, how long it took in seconds, and what there is to say of it: which test killed it."""

    mutant: Mutant
    verdict: Verdict
    took_s: float
    why: str = ""


def read_all(room: Path = ROOM) -> tuple[Mutant, ...]:
    """Return the mutants of all files in a folder; raise MutantError for one that is written wrongly."""
    found: list[Mutant] = []
    for path in sorted(room.glob("*.toml")):
        for row in tomllib.loads(path.read_text(encoding="utf-8"))["mutant"]:
            try:
                mutant = Mutant(**{**row, "tests": tuple(row["tests"])})
            except (TypeError, KeyError) as error:
                raise MutantError(f"{path.name}: {row.get('name', 'one without a name')}: {error}") from error
            if mutant.find == mutant.replace or not mutant.tests:
                raise MutantError(f"{path.name}: {mutant.name}: it changes nothing, or names no test")
            found.append(mutant)
    names = [mutant.name for mutant in found]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise MutantError(f"two mutants have one name: {', '.join(sorted(twice))}")
    return tuple(found)


def planted(mutant: Mutant, text: str) -> str:
    """Return a file's text with the bug in it; raise MutantError unless what it replaces occurs exactly once."""
    times = text.count(mutant.find)
    if times != 1:
        raise MutantError(f"{mutant.name}: its text occurs {times} times in {mutant.file}, not once")
    return text.replace(mutant.find, mutant.replace)


def copy_tree(into: Path) -> None:
    """Copy what git tracks, or would track, as it is on the disk."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in dict.fromkeys(listed.split("\0")):
        source = ROOT / name
        if name and source.is_file():
            target = into / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    # checked by the source's hash, so that a changed file is never run from what was compiled before
    compileall.compile_dir(into, quiet=2, invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH)


class Copy:
    """A copy of the tree, and the process that runs tests in it (serve.py). One run at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # none written: a file that is changed and put back within a second would keep that of the bug
        env = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
        self._server = subprocess.Popen(
            [sys.executable, "-P", str(ROOM / "serve.py")],
            cwd=folder,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run_tests(self, tests: Sequence[str], limit_s: float) -> tuple[int | None, str]:
        """Run tests; return pytest's exit code (None: they didn't end in time) and the end of what it said."""
        with tempfile.NamedTemporaryFile("r", encoding="utf-8", errors="replace") as said:
            pid = int(self._ask(json.dumps({"tests": list(tests), "said": said.name})))
            late = Event()

            def end_it() -> None:
                late.set()
                _end(pid)

            timer = Timer(limit_s, end_it)
            timer.start()
            try:
                code = int(self._answer())
            finally:
                timer.cancel()
                _end(pid)
            return None if late.is_set() else code, said.read()[-2000:]

    def close(self) -> None:
        """End the process."""
        _end(self._server.pid)
        self._server.communicate()

    def _ask(self, order: str) -> str:
        assert self._server.stdin is not None
        self._server.stdin.write(f"{order}\n")
        self._server.stdin.flush()
        return self._answer()

    def _answer(self) -> str:
        assert self._server.stdout is not None
        line = self._server.stdout.readline()
        if not line:
            raise MutantError("the process that runs the tests has ended")
        return line


def _end(group: int) -> None:
    """End what a run has left behind, all of it: hosts and units are processes of their own."""
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def judge(copy: Copy, mutant: Mutant, limit_s: float = LIMIT_S) -> Outcome:
    """Plant a mutant in a copy, run its tests, and put the file back."""
    began_s = time.monotonic()
    path = copy.folder / mutant.file
    try:
        before = path.read_text(encoding="utf-8")
        path.write_text(planted(mutant, before), encoding="utf-8")
    except (OSError, MutantError) as error:
        return Outcome(mutant, Verdict.STALE, 0.0, str(error))
    try:
        code, said = copy.run_tests(mutant.tests, limit_s)
    finally:
        path.write_text(before, encoding="utf-8")
    return Outcome(mutant, verdict_of(code), time.monotonic() - began_s, why_of(code, said))


def verdict_of(code: int | None) -> Verdict:
    """Return what pytest's exit code says of a mutant."""
    match code:
        case None:
            return Verdict.HUNG
        case 0:
            return Verdict.SURVIVED
        case 1:
            return Verdict.KILLED
        case _:
            return Verdict.STALE


def why_of(code: int | None, said: str) -> str:
    """Return what there is to say: which test killed it, or of tests that couldn't be run the end of pytest's words."""
    if code == 1:
        failed = (line for line in said.splitlines() if line.startswith(("FAILED ", "ERROR ")))
        return next((line.partition(" ")[2].partition(" - ")[0] for line in failed), "")
    return said if code not in (None, 0) else ""


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _each(copies: Sequence[Copy], items: Iterable[object], work: Callable[[Copy, object], None]) -> None:
    """Do the work on each item, in as many copies at a time as there are."""
    free: SimpleQueue[Copy] = SimpleQueue()
    for copy in copies:
        free.put(copy)

    def one(item: object) -> None:
        copy = free.get()
        try:
            work(copy, item)
        finally:
            free.put(copy)

    with ThreadPoolExecutor(len(copies)) as pool:
        list(pool.map(one, items))


def green(copies: Sequence[Copy], mutants: Sequence[Mutant]) -> bool:
    """Run all named tests without a mutant, a share of their files in each copy; say what failed."""
    red: list[str] = []

    def work(copy: Copy, share: object) -> None:
        assert isinstance(share, tuple)
        code, said = copy.run_tests(share, GREEN_LIMIT_S)
        if code != 0:
            red.append(said)
            _say(f"these tests aren't green without a mutant:\n{said}")

    tests = sorted({test for mutant in mutants for test in mutant.tests})
    shares = [tuple(tests[first :: len(copies)]) for first in range(len(copies))]
    _each(copies, [share for share in shares if share], work)
    return not red


def plant_all(copies: Sequence[Copy], mutants: Sequence[Mutant]) -> list[Outcome]:
    """Judge all mutants and print a line for each."""
    outcomes: list[Outcome] = []

    def work(copy: Copy, mutant: object) -> None:
        assert isinstance(mutant, Mutant)
        outcome = judge(copy, mutant)
        outcomes.append(outcome)
        _say(f"{outcome.verdict:<9} {outcome.took_s:6.1f} s  {mutant.name}")
        if outcome.why:
            _say(f"          {outcome.why}")

    _each(copies, mutants, work)
    return outcomes


def summary(outcomes: Sequence[Outcome]) -> str:
    """Return the last line."""
    counts = {verdict: sum(one.verdict is verdict for one in outcomes) for verdict in Verdict}
    return ", ".join((f"{len(outcomes)} planted", *(f"{count} {verdict.lower()}" for verdict, count in counts.items())))


def main(words: Sequence[str] | None = None) -> int:
    """Plant what was asked for; return 0 if all of it was killed."""
    reader = argparse.ArgumentParser(prog="python -m tests.mutants", description=(__doc__ or "").splitlines()[0])
    reader.add_argument("--only", metavar="TEXT", default="", help="only mutants with this in their name or file")
    reader.add_argument("--list", action="store_true", help="list them and plant nothing")
    asked = reader.parse_args(words)
    mutants = [one for one in read_all() if asked.only in one.name or asked.only in one.file]
    if asked.list:
        for one in mutants:
            _say(f"{one.hazard:<6} {one.name} ({one.file})")
        return 0
    if not mutants:
        _say(f"no mutant has {asked.only!r} in its name or file")
        return 1
    with tempfile.TemporaryDirectory(prefix="estim-mutants-") as name:
        folders = [Path(name) / str(number) for number in range(WORKERS)]
        for folder in folders:
            copy_tree(folder)
        copies = [Copy(folder) for folder in folders]
        try:
            if not green(copies, mutants):
                _say("nothing was planted: mend these tests first")
                return 1
            outcomes = plant_all(copies, mutants)
        finally:
            for copy in copies:
                copy.close()
    _say(summary(outcomes))
    return int(any(one.verdict is not Verdict.KILLED for one in outcomes))
