"""What the desk keeps of each unit and of each front end that watches."""

import asyncio
from dataclasses import dataclass, field

from estim.core.panel import State
from estim.host.control import Front
from estim.host.runner import Runner
from estim.host.scribe import Scribe


@dataclass(slots=True)
class Station:
    """One unit with its present (or last) session. `keep`: it outlives its owner, as a person has asked for."""

    runner: Runner
    scribe: Scribe
    task: asyncio.Task[None]
    owner: Front | None
    keep: bool

    @property
    def running(self) -> bool:
        """Say whether the session has not ended yet."""
        return self.runner.session.state is not State.ENDED

    @property
    def kept(self) -> bool:
        """Say whether the session goes on although nobody watches; one that only stops a unit doesn't count."""
        return self.keep and self.running and self.runner.session.order is not None


@dataclass(slots=True)
class Watcher:
    """One front end that wants to see everything, a snapshot of each unit at most every `every_s`."""

    every_s: float
    told_s: dict[str, float] = field(default_factory=dict)
