"""The host's process: joins the real parts (and the twins, the only place that may), and lives until it is told to end.

1. One host a home: it holds the lock for as long as it lives, and only who holds it may remove a stale socket.
2. It says on a pipe that it is ready, or why it never will be; a front end waits for that and for nothing else.
3. SIGTERM, SIGINT and SIGHUP run the stop ladder and verify before anything is closed; SIGUSR1 stops everything, and
   the host goes on.
4. No file keeps a stop away: what can't be read or written is told, and what was left on is stopped all the same.
"""

import asyncio
import fcntl
import gc
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path

import msgspec

from estim.catalogue.families import families
from estim.clock import Clock, new_loop
from estim.config.files import no_right
from estim.config.options import BROKER_VARIABLE, HostOptions
from estim.config.paths import Home, made_up
from estim.config.settings import ReminderSettings, Settings, read_settings
from estim.config.timezone import local_zone
from estim.config.units import Units
from estim.core.errors import EstimError, Exit
from estim.core.translation import tr
from estim.core.values import replace
from estim.core.vocabulary import Reason
from estim.host.notify.notice import Way
from estim.host.radio.link import Air, NoAir
from estim.host.server import Server, serve
from estim.host.services import Services
from estim.host.supervisor import Supervisor
from estim.host.systemd import Systemd
from estim.journal.marker import begin_markers
from estim.journal.writer import JournalWriter
from estim.language import choose
from estim.tasks import end

LAST_WORDS_S = 3.0
"""Longest wait for a broker to hear that the host ends, s; connections have shorter ones of their own."""

ALONE_S = 15.0
"""A host that was started for a front end which never came ends after this."""


def hold(home: Home) -> int:
    """Take the home's lock; raise EstimError (75) if another host has it. It is let go when the process ends."""
    try:
        handle = os.open(home.lock, os.O_RDWR | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    except OSError as error:
        why = error.strerror or str(error)
        raise EstimError(tr("can't write {file}: {why}", file=home.lock, why=why), code=Exit.CANT_CREATE) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        pid = os.pread(handle, 32, 0).decode(errors="replace").strip()
        os.close(handle)
        raise EstimError(
            tr(
                "another host (process {process}) has the home {folder}: use it, or end it first",
                process=pid or tr("unknown"),
                folder=home.runtime,
            ),
            code=Exit.TRY_LATER,
        ) from error
    with suppress(OSError):  # the kernel knows who holds it, should this be no file at all
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
    return handle


@asynccontextmanager
async def opened_air(options: HostOptions) -> AsyncIterator[Air]:
    """Give the radio that the options name, and give it back at the end."""
    with ExitStack() as files:
        air = _air(options, files)
        try:
            yield air
        finally:
            await air.release()


def _air(options: HostOptions, files: ExitStack) -> Air:
    if options.simulate is not None:
        from simulator.memory import MemoryAir
        from simulator.options import BadOption
        from simulator.registry import make_all, read_lines
        from simulator.trace import Trace, silent

        try:
            setups = read_lines(options.simulate)
            log = Path(options.log).open("w", encoding="utf-8") if options.log else None  # noqa: SIM115 - kept below
        except BadOption as error:
            raise EstimError(f"--simulate {options.simulate}: {error}", code=Exit.USAGE) from error
        except OSError as error:
            raise EstimError(f"--log {options.log}: {error.strerror}", code=Exit.CANT_CREATE) from error
        trace = Trace(files.enter_context(log)) if log else None
        made = make_all(setups, trace.of if trace else lambda _unit: silent, options.seed)
        air = MemoryAir([twin for twins in made for twin in twins], setups[0].seed(options.seed), setups[0].radio)
        for setup, twins in zip(setups[1:], made[1:], strict=True):
            for twin in twins:
                air.change(twin.address, setup.radio)
        return air
    from estim.host.radio.bleak_link import BleAir

    kind, _, which = options.radio.partition(":")
    if kind != "hci":
        return BleAir(adapter=which.strip())
    from simulator.air.bleak_backend import Radio

    radio = Radio(which)
    return BleAir(client=radio.client, scanner=radio.scanner, give_back=radio.close)


def _hand_of(air: Air) -> Callable[[str | None, str], None] | None:
    """Return what touches a software unit, None where units are real."""
    if not air.simulated:
        return None
    from simulator.memory import MemoryAir

    return air.hand if isinstance(air, MemoryAir) else None


def _simulated_units(home: Home) -> Units:
    """Software units are new at each start, like their journal."""
    path = home.simulated.with_name("simulated-units.json")
    path.unlink(missing_ok=True)
    return Units(path)


@asynccontextmanager
async def joined(options: HostOptions, home: Home, clock: Clock) -> AsyncIterator[Services]:
    """Join the parts, and take them apart again in the right order."""
    simulated = options.simulate is not None
    journal, no_journal = await _journal(home, simulated)
    try:
        async with opened_air(options) as air:
            units, no_units = (_simulated_units(home), "") if simulated else _units(home)
            settings, no_settings = _settings(home)
            trouble = no_settings or no_units or no_journal
            yield Services(
                clock=clock,
                air=air,
                journal=journal,
                home=home,
                settings=settings,
                units=units,
                families=families,
                pid=os.getpid(),
                zone=partial(local_zone, lambda: settings.schedule.zone),
                trouble=trouble,
                hand=_hand_of(air),
                simulate=options.simulate or "",
            )
    finally:
        await journal.close()


async def _journal(home: Home, simulated: bool) -> tuple[JournalWriter, str]:
    """Return the journal, or a closed one and what is wrong with it: a stop needs none."""
    begin_markers(home)
    if simulated and home.demo:
        return await JournalWriter.open(home.journal, simulated=True, kept=True), ""
    if simulated:
        return await JournalWriter.open(home.simulated, simulated=True), ""
    try:
        return await JournalWriter.open(home.journal), ""
    except EstimError as error:
        return JournalWriter.closed(home.journal, error), error.text


def _units(home: Home) -> tuple[Units, str]:
    """Return the remembered units, or none and what is wrong with the file: a session's own row names its unit."""
    try:
        return Units.load(home), ""
    except EstimError as error:
        return Units(home.units_file), error.text


def _settings(home: Home) -> tuple[Settings, str]:
    """Return the settings, or the defaults and what is wrong with the file: nothing in it may keep a stop."""
    try:
        return read_settings(home.settings_file), ""
    except EstimError as error:
        return Settings(), error.text


async def live(options: HostOptions, home: Home, clock: Clock, ready: "Ready") -> None:
    """Serve until a signal, or the last front end of a solo host, ends it."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, ended.set)
    async with joined(options, home, clock) as services:
        supervisor = Supervisor(services, solo=options.solo, leaving=ended)
        loop.add_signal_handler(signal.SIGUSR1, supervisor.stops.order_all, Reason.STOPPED)
        await supervisor.sessions.recover()
        if services.trouble and not options.solo:
            # Units that a dead host left behind are being stopped: to the end, whatever else.
            await supervisor.sessions.close()
            raise EstimError(services.trouble, code=Exit.CONFIG)
        server = await _served(home, supervisor, options)
        if server is None:
            ready.say({"ready": True, "reply": await supervisor.stops.stop_now()})
            await supervisor.sessions.close()
            return
        try:
            async with (
                awake(services, supervisor),
                reminded(services, supervisor, options) as snooze,
                told_to_house(services, supervisor, options, snooze),
                told_to_systemd(supervisor) as systemd,
            ):
                ready.say({"ready": True, "pid": os.getpid()})
                systemd.ready()
                _settle_memory()
                if options.solo:
                    supervisor.front_ends.expect_one(ALONE_S)
                await ended.wait()
                systemd.stopping()
                server.deafen()
                await supervisor.sessions.close()
        finally:
            await server.close()


async def _served(home: Home, supervisor: Supervisor, options: HostOptions) -> Server | None:
    """Open the socket; None if that can't be, and this host is wanted for a stop. Raises EstimError (73)."""
    try:
        with suppress(FileNotFoundError):
            home.socket.unlink()
        return await serve(home.socket, supervisor)
    except OSError as error:
        if options.to_stop:
            return None
        text = tr(
            "can't open the control socket {file}: {error}; choose another --home",
            file=home.socket,
            error=error.strerror or error,
        )
        raise EstimError(text, code=Exit.CANT_CREATE) from error
    except EstimError:
        if options.to_stop:
            return None
        raise


def _held(home: Home, options: HostOptions) -> int | None:
    """Make the folders and take the lock; None if that can't be, and this host is wanted for a stop."""
    try:
        home.prepare()
        return hold(home)
    except EstimError as error:
        if not options.to_stop or error.code == Exit.TRY_LATER:
            raise
        return None


@asynccontextmanager
async def reminded(
    services: Services, supervisor: Supervisor, options: HostOptions
) -> AsyncIterator[Callable[[], Awaitable[None]] | None]:
    """Remind of slots meanwhile, and give what puts off the one that is due.

    Software units have none; a host that ends with its front end connects nothing.
    """
    if services.journal.simulated:
        yield None
        return
    from estim.host.notify.notifier import Notifier
    from estim.host.reminders import Reminders

    settings = services.settings.reminders
    acted: list[Callable[[str, str], None]] = []
    ways: list[Way] = []
    try:
        ways = ways_of(settings, lambda key, action: acted[0](key, action))
    except EstimError as error:
        if not options.solo:
            await supervisor.sessions.close()  # as above
            raise
        logging.getLogger(__name__).warning("nobody is reminded: %s", error.text)
    notifier = Notifier(ways, logging.getLogger(__name__).warning)
    prepare = None if options.solo else supervisor.sessions.prepare
    reminders = Reminders(services, notifier, prepare, supervisor.front_ends.tell)
    acted.append(reminders.acted)
    looking = asyncio.get_running_loop().create_task(reminders.run())
    try:
        yield reminders.snooze
    finally:
        await end(looking)
        await notifier.close()


@asynccontextmanager
async def awake(services: Services, supervisor: Supervisor) -> AsyncIterator[None]:
    """Keep the computer from sleeping in a session meanwhile, and stop before it does. Software units need no such."""
    if services.journal.simulated or sys.platform != "linux":
        yield
        return
    from estim.host.power import Power

    power = Power(supervisor.stops.stop_and_wait)
    supervisor.sessions.busy_changed = power.busy
    power.busy(supervisor.sessions.busy)  # units that a dead host left behind are being stopped already
    holding = asyncio.get_running_loop().create_task(power.run())
    try:
        yield
    finally:
        await end(holding)


@asynccontextmanager
async def told_to_house(
    services: Services,
    supervisor: Supervisor,
    options: HostOptions,
    snooze: Callable[[], Awaitable[None]] | None,
) -> AsyncIterator[None]:
    """Let a house see the units and stop them meanwhile, where a broker is named."""
    if options.mqtt is None and services.settings.mqtt.url is None:
        yield
        return
    from estim.host.house import House
    from estim.host.orders import Orders

    orders = Orders(services, supervisor.units, supervisor.stops, snooze)
    house = House(services, supervisor.front_ends, orders, options.mqtt)
    telling = asyncio.get_running_loop().create_task(house.run())
    try:
        yield
    finally:
        with suppress(TimeoutError):  # no broker holds up the end of a host
            async with asyncio.timeout(LAST_WORDS_S):
                await end(telling)


@asynccontextmanager
async def told_to_systemd(supervisor: Supervisor) -> AsyncIterator[Systemd]:
    """Tell systemd meanwhile that the host lives, and what it does."""
    systemd = Systemd()

    def lives() -> bool:
        return not any(active.runner.stands_still for active in supervisor.units)

    feeding = asyncio.get_running_loop().create_task(systemd.feed(lives, supervisor.units.doing))
    try:
        yield systemd
    finally:
        await end(feeding)
        systemd.close()


def ways_of(settings: ReminderSettings, acted: Callable[[str, str], None]) -> list[Way]:
    """Return the ways in which a person is told; an address that can't be used raises EstimError (78)."""
    ways: list[Way] = []
    if settings.desktop and sys.platform == "linux":
        from estim.host.notify.desktop import Desktop

        ways.append(Desktop(acted))
    if settings.terminal and sys.stderr.isatty():
        from estim.host.notify.terminal import Terminal

        ways.append(Terminal(sys.stderr))
    if settings.elsewhere:
        from estim.host.notify.remote import ways_elsewhere

        ways += ways_elsewhere(settings.elsewhere)
    return ways


async def remind(home: Home, clock: Clock) -> str:
    """Look at the schedule once, without a radio and without a session, and tell what is due; return what was told.

    For who has no host that stays: a timer calls this. The notice has no buttons, since nobody would be there to take
    them. Raises EstimError: 78 for wrong settings or a journal that can't be used.
    """
    from estim.host.notify.notifier import Notifier
    from estim.host.reminders import Reminders, Unanswered

    home.prepare()
    settings = read_settings(home.settings_file)
    told: list[str] = []
    journal = await JournalWriter.open(home.journal)
    notifier = Notifier(ways_of(settings.reminders, lambda _key, _action: None), logging.getLogger(__name__).warning)
    try:
        services = Services(
            clock=clock,
            air=NoAir(),
            journal=journal,
            home=home,
            settings=settings,
            units=Units(home.units_file),
            families=tuple,
            pid=os.getpid(),
            zone=partial(local_zone, lambda: settings.schedule.zone),
        )
        await Reminders(services, Unanswered(notifier), None, lambda one: told.append(one.text)).look()
    finally:
        await notifier.close()
        await journal.close()
    return "; ".join(told) or tr("nothing is due now")


def _settle_memory() -> None:
    """Keep the collector from walking all that was imported: a pause of its own would shift a frame."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


class Ready:
    """The pipe to the front end that started this host: one line, once."""

    def __init__(self, handle: int | None) -> None:
        self._handle = handle

    def say(self, word: dict[str, object]) -> None:
        """Write the line and close the pipe; a front end that is gone already is no trouble."""
        if self._handle is None:
            return
        with suppress(OSError):
            os.write(self._handle, msgspec.json.encode(word) + b"\n")
            os.close(self._handle)
        self._handle = None


def _for_a_person(record: logging.LogRecord) -> bool:
    """Say whether a person at a terminal has use for a record: warnings of libraries go into a log file only."""
    return record.levelno >= logging.ERROR or record.name.partition(".")[0] in ("estim", "protocols")


def main(argument: str, folder: str | None = None) -> int:
    """Run a host with these options (JSON, but for the home); return the exit code."""
    broker = os.environ.pop(BROKER_VARIABLE, None)
    options = msgspec.json.decode(argument, type=HostOptions)
    options = replace(options, home=folder, mqtt=options.mqtt or broker)
    ready = Ready(options.ready_fd)
    choose()
    form = "%(asctime)s %(name)s %(levelname)s %(message)s"  # untranslated: for the log
    logging.basicConfig(level=logging.WARNING, format=form)
    if sys.stderr.isatty():
        for handler in logging.getLogger().handlers:
            handler.addFilter(_for_a_person)
    try:
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # until there is somebody who can stop something
        home = options.place
        if home.demo and options.simulate is None and not options.to_stop:
            raise made_up(home)
        lock = _held(home, options)
        loop, clock = new_loop(options.speed)
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(live(options, home, clock, ready))
        if lock is not None:
            os.close(lock)
    except EstimError as error:
        ready.say({"code": int(error.code), "text": error.text})
        sys.stderr.write(f"{error.text}\n")
        return error.code
    except PermissionError as error:
        refused = no_right(Path(error.filename or tr("a file")), error)
        ready.say({"code": int(refused.code), "text": refused.text})
        sys.stderr.write(f"{refused.text}\n")
        return refused.code
    except Exception as error:
        logging.getLogger(__name__).exception("the host failed")
        text = tr("a bug in estim: {error}; see {folder}", error=repr(error), folder=Path(options.home or "."))
        ready.say({"code": int(Exit.INTERNAL), "text": text})
        return Exit.INTERNAL
    return Exit.DONE


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
