"""`estim fleet`: all hosts of a broker in one table, and a stop for one of them or for all; it can do nothing else.

1. A stop goes out as soon as the broker is there; only then it is listened who is there. It goes out once more when
   that is known, and only what is said after that counts.
2. Only what a host says of its units is confirmed: one that is silent, gone, or tells of no proof means exit code 80.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct

from estim.cli.output import Redrawn, complain, outlet, say, tell, tell_row
from estim.config.broker import Broker, broker_of, check_address
from estim.config.mqtt_settings import MqttSettings
from estim.config.settings import read_settings
from estim.core.errors import EstimError, Exit
from estim.core.moment import local
from estim.core.numbers import m_ss
from estim.core.remote.fleet import OUT_OF_REACH, SILENT, STALE_S, Fleet, Stopping, UnitSeen
from estim.core.remote.topics import ALL_ORDERS, FLEET, ID, RESERVED, HostTopics
from estim.core.translation import mark, tr, tr_many, tr_text
from estim.core.vocabulary import State
from estim.mqtt import BrokerConnection
from estim.tasks import end

if TYPE_CHECKING:
    from estim.cli.flags import Flags

LOOK_S = 6.0
"""How long is listened before one picture is shown, s: each unit says something every five."""

CONNECT_S = 10.0
"""Longest wait for the broker, s."""

LEAVE_S = 3.0
"""Longest wait for the connection to end, s: what was proved is told whether or not a broker lets go."""

DRAW_S = 1.0
"""How often a live table is drawn, s."""

STOP_S = 40.0
"""Longest wait for the word of all units that they are off, s: a stop that waits for a lost unit takes 35."""

OFFLINE_S = 10.0
"""How long units are waited for whose hosts are all offline, s: one that comes back says its state at once."""

AGAIN_S = 3.0
"""How often hosts with units that aren't off are asked again, s: one that has just come drops what it hears in its
first second. One that has said that its units are off isn't asked any more, nor one that has said nothing since.
"""

LEARN_S = 1.0
"""How long after the first word of a stop the names of hosts are waited for, s: what is retained comes at once."""

NAMED_MAX = 20
"""Units and hosts that a sentence names, the others it counts."""

NONE = mark("none", "hosts")

HEAD = mark("HOST|UNIT|STATE|LEVEL|LEFT|LAST WORD")
"""The heads of the table's columns."""

STATES = {
    State.IDLE.value: mark("idle"),
    State.CONNECTING.value: mark("connecting"),
    State.READY.value: mark("ready"),
    State.ARMED.value: mark("armed"),
    State.RAMPING.value: mark("ramping"),
    State.RUNNING.value: mark("running"),
    State.PAUSED.value: mark("paused"),
    State.STOPPING.value: mark("stopping"),
    State.FAULT.value: mark("fault"),
    State.ENDED.value: mark("ended"),
}
"""What a host says of a unit, in words; what isn't here is shown as it was said."""


class Stopped(Struct, frozen=True):
    """What came of a stop: units that were asked, and those whose hosts didn't say that they are off; `offline`
    are hosts that aren't at the broker, so they may never have heard of it.
    """

    asked: int
    open_units: tuple[tuple[str, UnitSeen], ...]
    offline: frozenset[str] = frozenset()


class Viewer:
    """Somebody who hears what all hosts say."""

    def __init__(self, broker: Broker) -> None:
        self.fleet = Fleet()
        self._stops: set[Stopping] = set()
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
            noticed=self.hear,
            connected=self._there.set,
        )

    async def there(self) -> None:
        """Return when the broker is connected; raises EstimError (69)."""
        try:
            async with asyncio.timeout(CONNECT_S):
                await self._there.wait()
        except TimeoutError:
            late = tr("the MQTT broker has not answered for {seconds:g} s", seconds=CONNECT_S)
            text = self.connection.trouble or late
            raise EstimError(text, code=Exit.NO_DEVICE) from None

    def order_stop(self, host: str | None) -> None:
        """Send a stop for one host or all."""
        self.connection.publish(ALL_ORDERS if host is None else HostTopics(host).orders, b"stop", event=True)

    async def stop(self, host: str | None) -> Stopped:
        """Stop one host or all, and wait until each unit's host says that it is off, or the time is over."""
        asked_s = self._loop.time()
        asked = len(self.fleet.units_of(host))
        self.order_stop(host)
        stopping = Stopping(self.fleet, host, asked_s)
        self._stops.add(stopping)
        try:
            await self._all_off(stopping, asked_s)
        finally:
            self._stops.discard(stopping)
        asked = max(asked, len(self.fleet.units_of(host)))
        return Stopped(asked, tuple(self.fleet.open_units(host, asked_s)), self._offline())

    async def _all_off(self, stopping: Stopping, asked_s: float) -> None:
        """Return when each host that is meant has said that it is off, or the time is over."""
        again_s = asked_s + AGAIN_S
        while stopping.open:
            now_s = self._loop.time()
            limit_s = asked_s + (STOP_S if stopping.reachable else OFFLINE_S)
            if now_s >= limit_s:
                break
            if now_s >= again_s:
                again_s = now_s + AGAIN_S
                for one in list(stopping.due):  # more of them than may wait: the others are first the next time
                    if self.connection.publish(HostTopics(one).orders, b"stop"):
                        stopping.asked(one)
            self._heard.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout_at(min(limit_s, again_s)):
                    await self._heard.wait()

    def _offline(self) -> frozenset[str]:
        return frozenset(seen.host for seen in self.fleet.hosts.values() if not seen.online)

    def hear(self, topic: str, payload: bytes) -> None:
        """Take one message."""
        host = self.fleet.hear(topic, payload, self._loop.time())
        if host is not None:
            for stopping in self._stops:
                stopping.look(host)
        self._heard.set()


@asynccontextmanager
async def viewing(broker: Broker) -> AsyncIterator[Viewer]:
    """Give a viewer that is connected; what the connection would log is told in other ways."""
    viewer = Viewer(broker)
    aside = logging.NullHandler()
    logging.getLogger("estim.mqtt").addHandler(aside)
    running = asyncio.get_running_loop().create_task(viewer.connection.run())
    try:
        await viewer.there()
        yield viewer
    finally:
        with suppress(TimeoutError):
            async with asyncio.timeout(LEAVE_S):
                await end(running)
        logging.getLogger("estim.mqtt").removeHandler(aside)


def rows(fleet: Fleet, now_s: float) -> list[dict[str, object]]:
    """Return a row for each unit, and one for each host without units, as `--json` prints them."""
    found: list[dict[str, object]] = []
    for host in sorted(fleet.hosts.values(), key=lambda one: one.host):
        units = sorted(host.units.values(), key=lambda one: one.unit)
        found += [_row(host.host, host.online, unit, now_s) for unit in units or (None,)]
    return found


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
    lines: list[tuple[str, ...]] = [(*tr_text(HEAD).split("|"), "")]
    lines += [_cells(row) for row in found]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]


def _cells(row: dict[str, object]) -> tuple[str, ...]:
    age_s = row["age_s"]
    left_s = row["left_s"]
    return (
        str(row["host"]),
        str(row["unit"] or "-"),
        _state(row["state"]),
        "-" if row["level"] is None else str(row["level"]),
        m_ss(left_s) if isinstance(left_s, int) else "-",
        tr("{seconds:.0f} s ago", seconds=age_s) if isinstance(age_s, float) else "-",
        "; ".join(_remarks(row)),
    )


def _state(said: object) -> str:
    """Return what a host said of a unit as people read it."""
    state = str(said or "-")
    return tr_text(STATES[state]) if state in STATES else state


def _remarks(row: dict[str, object]) -> list[str]:
    """Return what somebody should look at."""
    age_s = row["age_s"]
    silent = isinstance(age_s, float) and age_s > STALE_S
    found = [
        tr("host is offline") if not row["online"] else "",
        tr("silent") if silent else "",
        tr("may be on") if row["may_be_on"] and (silent or not row["online"]) else "",
        local(str(row["alarm"] or "")),
    ]
    return [one for one in found if one]


def fitted(found: Sequence[dict[str, object]], lines_max: int) -> list[str]:
    """Return a table that fits: where it can't hold all, those with a remark come first, and the rest are counted."""
    if len(found) + 1 <= lines_max:
        return table(found)
    shown = sorted(found, key=lambda row: not _remarks(row))[: max(1, lines_max - 2)]
    rest = tr("and {count} more: make the window taller, or --once", count=len(found) - len(shown))
    return [*table(shown), rest]


async def look(broker: Broker, tell: Callable[[list[dict[str, object]], str], None], *, live: bool) -> None:
    """Show all hosts: once after a while of listening, or (`live`) again and again until it is cancelled.

    `tell` takes rows, and what is wrong with the broker ("": nothing).
    """
    loop = asyncio.get_running_loop()
    async with viewing(broker) as viewer:
        if not live:
            await asyncio.sleep(LOOK_S)
            tell(rows(viewer.fleet, loop.time()), viewer.connection.trouble)
            return
        while True:
            tell(rows(viewer.fleet, loop.time()), viewer.connection.trouble)
            await asyncio.sleep(DRAW_S)


async def stop_hosts(broker: Broker, host: str | None) -> Stopped:
    """Stop one host or all; raises EstimError (69) if nobody is there who could say what became of it."""
    async with viewing(broker) as viewer:
        viewer.order_stop(host)
        await asyncio.sleep(LEARN_S)
        if host is not None and host not in viewer.fleet.hosts:
            text = tr(
                "no host {host!r} is known to this broker (the stop was sent all the same); known: {known}",
                host=host,
                known=", ".join(sorted(viewer.fleet.hosts)[:NAMED_MAX]) or tr_text(NONE, "hosts"),
            )
            raise EstimError(text, code=Exit.NO_DEVICE)
        if not viewer.fleet.hosts:
            text = tr("no host is known to this broker, or this user may not read them; the stop was sent all the same")
            raise EstimError(text, code=Exit.NO_DEVICE)
        return await viewer.stop(host)


def told(stopped: Stopped, host: str | None) -> tuple[str, Exit]:
    """Return what to say of a stop, and the exit code: only what every host has said of its units is confirmed."""
    whom = tr("host {host}", host=host) if host else tr("all hosts")
    if not stopped.open_units and not stopped.asked:
        return tr("{whom}: no unit is known there, so there was nothing to stop", whom=whom), Exit.DONE
    if not stopped.open_units:
        return tr("{whom}: stopped, every unit is off as its host says", whom=whom), Exit.DONE
    names = ", ".join(_open(one, unit, stopped.offline) for one, unit in stopped.open_units[:NAMED_MAX])
    more = len(stopped.open_units) - NAMED_MAX
    if more > 0:
        names = tr_many("{names} and {count} more", "{names} and {count} more", more, names=names)
    text = tr("the stop is NOT confirmed for {names}: go there and switch them off by hand", names=names)
    return text, Exit.NOT_CONFIRMED


def _open(host: str, unit: UnitSeen, offline: frozenset[str]) -> str:
    name = tr_text(unit.name) if unit in (OUT_OF_REACH, SILENT) else unit.name or unit.unit
    both = f"{host} {name}"
    return tr("{unit} (its host is offline)", unit=both) if host in offline else both


fleet = typer.Typer()


@fleet.callback(invoke_without_command=True)
def show(
    context: typer.Context,
    mqtt: Annotated[
        str | None, typer.Option(metavar="mqtt[s]://…", help="the broker; without it [mqtt] url of config.toml")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="one picture, after 6 s of listening")] = False,
) -> None:
    """All hosts of an MQTT broker in one table, drawn anew until Ctrl-C; and a stop for them.

    With --json, --once, or where stdout isn't a terminal: one picture, after listening for 6 seconds.
    It sees what hosts publish and can only stop: nothing starts from here.

    Examples:  estim fleet  |  estim fleet --mqtt mqtt://broker.lan --once  |  estim fleet stop clinic-7
    """
    if context.invoked_subcommand is not None:
        context.meta["mqtt"] = mqtt
        return
    flags: Flags = context.obj
    broker = _broker(flags, mqtt)
    live = not once and not flags.as_json and outlet().isatty()
    picture = Redrawn()

    def draw(found: list[dict[str, object]], trouble: str) -> None:
        if live:
            picture.draw(
                [*([trouble] if trouble else []), *fitted(found, picture.lines_max - 2), tr("Ctrl-C ends this")]
            )
        else:
            tell(flags, "fleet", "\n".join(table(found)), found)

    try:
        asyncio.run(look(broker, draw, live=live))
    except KeyboardInterrupt:
        raise typer.Exit(Exit.DONE if live else Exit.INTERRUPTED) from None


@fleet.command()
def stop(
    context: typer.Context,
    host: Annotated[str | None, typer.Argument(help="only this host; without it every host of the broker")] = None,
) -> None:
    """Stop every unit of one host or of all: exit 0 once each host has said that they are off, 80 if one hasn't."""
    flags: Flags = context.obj
    broker = _broker(flags, context.meta.get("mqtt"))
    stopped: Stopped | None = None
    try:
        stopped = asyncio.run(stop_hosts(broker, _host(host)))
        text, code = told(stopped, host)
    except KeyboardInterrupt:
        text = tr("the stop is NOT confirmed: it was sent, and nobody waited for the hosts' word")
        code = Exit.NOT_CONFIRMED
    if flags.as_json:
        open_units = stopped.open_units if stopped else ()
        found = [{"host": one, "unit": unit.name or unit.unit} for one, unit in open_units]
        asked = stopped.asked if stopped else None
        row = {"host": host, "confirmed": code == Exit.DONE, "asked": asked, "open": found, "text": text}
        tell_row("fleet-stop", row)
    elif code == Exit.DONE:
        say(text)
    else:
        complain(text)
    raise typer.Exit(code)


def _host(typed: str | None) -> str | None:
    """Return a host's id; raises EstimError (2) for what can be none, since it would be part of a topic."""
    if typed is None or (ID.fullmatch(typed) and typed not in RESERVED):
        return typed
    text = tr(
        "{typed!r} can't be a host's id: that has small letters, digits and hyphens, such as clinic-7 (`estim fleet`)",
        typed=typed,
    )
    raise EstimError(text, code=Exit.USAGE)


def _broker(flags: "Flags", typed: str | None) -> Broker:
    """Return the broker that is meant; raises EstimError: 2 without any, 78 for wrong settings."""
    address = typed or flags.host.mqtt
    if typed is not None:
        check_address(typed)
    try:
        settings = read_settings(flags.host.place.settings_file).mqtt
    except EstimError:
        if address is None:
            raise
        settings = MqttSettings()  # a file that is wrong keeps nobody from a broker that was typed
    broker = broker_of(settings, address)
    if broker is None:
        text = tr("no broker is named: say --mqtt mqtt://HOST, or write it into config.toml (docs/mqtt.md)")
        raise EstimError(text, code=Exit.USAGE)
    return broker
