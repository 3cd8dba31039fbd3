"""One session whose host is killed at a drawn moment on a radio that keeps the link, and the host that comes after it.

Judged at the electrodes and in the journal: `STOP_S` after the next host's start nothing is felt any more, and the
session has an end and an output time that isn't shorter than what the unit put out.
"""

import sqlite3
from contextlib import closing
from itertools import pairwise
from pathlib import Path

from estim.core.messages.commands import Resume
from estim.core.messages.lowering import Pause, Stop
from estim.core.values import replace
from estim.journal.reader import delivered
from protocols.vocabulary import Channel
from simulator.memory import MemoryAir
from simulator.registry import make, read_line
from simulator.trace import silent
from simulator.weather import RadioFaults
from tests.lives.lives import GOAL, Life

STOP_S = 3.0
"""How long output may go on after the start of the next host."""

PHASES = {
    "connecting": (0.0, 1.5),
    "ready and ramp": (1.5, 14.0),
    "running": (14.0, 24.0),
    "pausing": (24.0, 26.0),
    "resuming": (28.0, 36.0),
    "stopping": (40.0, 43.0),
}
"""In which seconds of the session each phase lies: paused at 24, resumed at 28, stopped softly at 40."""

SCRIPT = ((24.0, Pause()), (28.0, Resume()), (40.0, Stop(soft=True, reason="stopped")))

COUNTED = "started_utc, ended_utc, beat_utc, on_until_utc, length_s, output_s, stop_confirmed, imported"
"""What the dose is reckoned from."""

GAP_S = 0.5
"""Pulses that are no further apart belong to one span of output."""


class Killed(Life):
    """See the module: `phase` says when the host dies, the seed the family and all the rest."""

    def __init__(self, seed: int, folder: Path, phase: str) -> None:
        super().__init__(seed, folder)
        self.setup = read_line(self.made.name)  # a unit that can't be stopped is another test's
        self.twin = make(self.setup, lambda _unit: silent, seed)[0]
        self.verdict.options = phase
        self.phase = phase
        self.on_s = 0.0
        self.on_after_s = 0.0
        self.counted_s = 0.0

    async def _whole(self) -> None:
        chance = self.chance
        self.room = MemoryAir([self.twin], self.verdict.seed, RadioFaults())
        await self._begin_host()
        dies_s = chance.uniform(*PHASES[self.phase])
        start = replace(self._start(), level={Channel.A: GOAL[self.made.name]}, minutes=20.0)
        self._do(self._ask(0, start))
        for at_s, command in SCRIPT:
            await self._pass_time(max(0.0, min(at_s, dies_s) - self.loop.time()))
            if at_s < dies_s:
                self._do(self._ask(0, command))
        await self._pass_time(max(0.0, dies_s - self.loop.time()))
        await self._kill(keep_link=True)
        for link in self._left_links:
            link.orphan()
        self._left_links = []
        await self._pass_time(chance.choice((0.1, 1.0, 5.0, 20.0)))
        born_s = self.loop.time()
        self._note("a new host, on the link that was kept")
        await self._begin_host()
        await self._pass_time(60.0)
        self._judge(born_s)
        assert self.supervisor is not None, "the second host lives"
        assert self.journal is not None, "the second host lives"
        await self.supervisor.sessions.close()
        await self.journal.close()
        self._judge_journal()
        await self.room.release()

    def _judge(self, born_s: float) -> None:
        self.on_s = sum(b - a for a, b in pairwise(self._felt) if b - a <= GAP_S)
        self.on_after_s = max(0.0, max(self._felt, default=0.0) - born_s)
        if self.on_after_s > STOP_S:
            self.verdict.wrong.append(f"output went on for {self.on_after_s:.2f} s after the start at {born_s:.2f}")

    def _judge_journal(self) -> None:
        with closing(sqlite3.connect(self.home.journal)) as db:
            db.row_factory = sqlite3.Row
            rows = [dict(row) for row in db.execute("SELECT * FROM session")]
            counted_s = sum(delivered("", *row).output_s for row in db.execute(f"SELECT {COUNTED} FROM session"))
        if any(row["ended_utc"] is None for row in rows):
            self.verdict.wrong.append(f"a session without an end: {rows}")
        self.counted_s = counted_s
        if self.on_s > counted_s + GAP_S:
            self.verdict.wrong.append(f"{self.on_s:.2f} s were put out, {counted_s:.2f} s counted: {rows}")
