"""What happened on the software units, as records in order: kept for a test, or written as lines of JSON."""

import json
from collections import deque
from collections.abc import Mapping
from typing import IO

from simulator.twin import Log

RECORDS_MAX = 200_000
"""Bound of a trace in memory: some eight sessions of 20 minutes with a frame every 100 ms."""

Record = Mapping[str, object]
"""t (seconds of the running clock), unit, event, and what belongs to that event."""


def record(t_s: float, unit: str, event: str, fields: Mapping[str, object]) -> Record:
    """Return one record; t, unit and event come first."""
    return {"t": round(t_s, 6), "unit": unit, "event": event, **fields}


class Trace:
    """Records of one or several units. With a file, each is also written there at once, as a line of JSON."""

    def __init__(self, file: IO[str] | None = None) -> None:
        self.records: deque[Record] = deque(maxlen=RECORDS_MAX)
        self._file = file

    def of(self, unit: str) -> Log:
        """Return the log that a unit of this name writes to."""

        def log(t_s: float, event: str, fields: Mapping[str, object]) -> None:
            made = record(t_s, unit, event, fields)
            self.records.append(made)
            if self._file is not None:
                self._file.write(json.dumps(made, ensure_ascii=False) + "\n")
                self._file.flush()

        return log

    def text(self) -> str:
        """Return all records as lines of JSON."""
        return "".join(json.dumps(made, ensure_ascii=False) + "\n" for made in self.records)


def silent(t_s: float, event: str, fields: Mapping[str, object]) -> None:
    """Keep nothing: the log of a unit that nobody watches."""
