"""`estim fleet`: all hosts of a broker in one table, and a stop for one of them or for all; it can do nothing else."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from estim.config.broker import Broker
from estim.core.errors import EstimError, Exit
from estim.core.numbers import m_ss
from estim.core.remote.fleet import STALE_S, Fleet, UnitSeen
from estim.core.remote.topics import ALL_ORDERS, FLEET, HostTopics
from estim.mqtt import BrokerConnection

LOOK_S = 6.0
"""How long is listened before one picture is shown, s: each unit says something every five."""

CONNECT_S = 10.0
"""Longest wait for the broker, s."""

DRAW_S = 1.0
"""How often a live table is drawn, s."""

STOP_S = 40.0
"""Longest wait for the word of all units that they are off, s: a stop that waits for a lost unit takes 35."""

LEARN_S = 1.0
"""How long after the first word of a stop the names of hosts are waited for, s: what is retained comes at once."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """What came of a stop: units that were asked, and those whose hosts didn't say that they are off."""

    asked: int
    open_units: tuple[tuple[str, UnitSeen], ...]


class Viewer:
    """Somebody who hears what all hosts say."""

    def __init__(self, broker: Broker) -> None:
        self.fleet = Fleet()
        self._loop = asyncio.get_running_loop()
        self._there = asyncio.Event()
        self._heard = asyncio.Event()
        self.connection = BrokerConnection(
            broker,
            client_id=f"estim-fleet-{secrets.token_hex(4)}",
            bridge=None,
            orders=(),
            notices=FLEET,
            obey=lambda _topic, _payload: None,
            noticed=self._hear,
            connected=self._there.set,
        )

    async def there(self) -> None:
        """Return when the broker is connected; raises EstimError (69)."""
        try:
            async with asyncio.timeout(CONNECT_S):
                await self._there.wait()
        except TimeoutError:
            text = f"the broker can't be reached ({self.connection.trouble or 'no answer'})"
            raise EstimError(text, code=Exit.NO_DEVICE) from None

    async def stop(self, host: str | None, timeout_s: float = STOP_S) -> Stopped:
        """Stop one host or all, and wait until each unit's host says that it is off, or the time is over."""
        asked_s = self._loop.time()
        asked = len(self.fleet.open_units(host, asked_s))
        topic = ALL_ORDERS if host is None else HostTopics(host).orders
        self.connection.publish(topic, b"stop", event=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while self.fleet.open_units(host, asked_s):
                    self._heard.clear()
                    await self._heard.wait()
        return Stopped(asked, tuple(self.fleet.open_units(host, asked_s)))

    def _hear(self, topic: str, payload: bytes) -> None:
        self.fleet.hear(topic, payload, self._loop.time())
        self._heard.set()


@asynccontextmanager
async def viewing(broker: Broker) -> AsyncIterator[Viewer]:
    """Give a viewer that is connected."""
    viewer = Viewer(broker)
    running = asyncio.get_running_loop().create_task(viewer.connection.run())
    try:
        await viewer.there()
        yield viewer
    finally:
        running.cancel()
        await asyncio.wait({running})


def rows(fleet: Fleet, now_s: float) -> Iterable[dict[str, object]]:
    """Return a row for each unit, and one for each host without units, as `--json` prints them."""
    for host in sorted(fleet.hosts.values(), key=lambda one: one.host):
        units = sorted(host.units.values(), key=lambda one: one.unit)
        for unit in units or (None,):
            yield _row(host.host, host.online, unit, now_s)


def _row(host: str, online: bool, unit: UnitSeen | None, now_s: float) -> dict[str, object]:
    known = unit is not None and unit.stimulating is not None
    age_s = round(now_s - unit.heard_s, 1) if unit is not None and known else None
    return {
        "host": host,
        "online": online,
        "unit": unit.name or unit.unit if unit else None,
        "linked": unit.linked if unit else None,
        "state": unit.state if unit is not None and known else None,
        "level": unit.level if unit else None,
        "left_s": unit.left_s if unit else None,
        "alarm": unit.alarm if unit else None,
        "may_be_on": (unit.may_be_on or bool(unit.stimulating)) if unit is not None and known else None,
        "age_s": age_s,
    }


def table(found: Sequence[dict[str, object]]) -> list[str]:
    """Return the rows as a table for a person."""
    lines: list[tuple[str, ...]] = [("HOST", "UNIT", "STATE", "LEVEL", "LEFT", "LAST WORD", "")]
    lines += [_cells(row) for row in found]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]


def _cells(row: dict[str, object]) -> tuple[str, ...]:
    age_s = row["age_s"]
    left_s = row["left_s"]
    silent = isinstance(age_s, float) and age_s > STALE_S
    remarks = [
        "host is offline" if not row["online"] else "",
        "silent" if silent else "",
        "link lost" if row["linked"] is False else "",
        str(row["alarm"] or ""),
    ]
    return (
        str(row["host"]),
        str(row["unit"] or "-"),
        str(row["state"] or "-"),
        "-" if row["level"] is None else str(row["level"]),
        m_ss(left_s) if isinstance(left_s, int) else "-",
        f"{age_s:.0f} s ago" if isinstance(age_s, float) else "-",
        "; ".join(filter(None, remarks)),
    )


async def look(broker: Broker, tell: Callable[[list[dict[str, object]]], None], *, live: bool) -> None:
    """Show all hosts: once after a while of listening, or (`live`) again and again until it is cancelled."""
    loop = asyncio.get_running_loop()
    async with viewing(broker) as viewer:
        if not live:
            await asyncio.sleep(LOOK_S)
            tell(list(rows(viewer.fleet, loop.time())))
            return
        while True:
            tell(list(rows(viewer.fleet, loop.time())))
            await asyncio.sleep(DRAW_S)


async def stop(broker: Broker, host: str | None) -> Stopped:
    """Stop one host or all; raises EstimError (69) for a host that nobody knows."""
    async with viewing(broker) as viewer:
        viewer.connection.publish(ALL_ORDERS if host is None else HostTopics(host).orders, b"stop", event=True)
        await asyncio.sleep(LEARN_S)
        if host is not None and host not in viewer.fleet.hosts:
            text = (
                f"no host {host!r} is known to this broker; `estim fleet` lists them (the stop was sent all the same)"
            )
            raise EstimError(text, code=Exit.NO_DEVICE)
        return await viewer.stop(host)


def told(stopped: Stopped, host: str | None) -> tuple[str, Exit]:
    """Return what to say of a stop, and the exit code: only what every host has said of its units is confirmed."""
    whom = f"host {host}" if host else "all hosts"
    if not stopped.open_units:
        return f"{whom}: stopped, every unit is off as its host says", Exit.DONE
    names = ", ".join(f"{one} {unit.name or unit.unit}" for one, unit in stopped.open_units[:20])
    more = len(stopped.open_units) - 20
    rest = f" and {more} more" if more > 0 else ""
    return (
        f"the stop is NOT confirmed for {names}{rest}: go there and switch them off by hand",
        Exit.NOT_CONFIRMED,
    )
