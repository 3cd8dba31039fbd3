"""Facts about the house's broker: whether it is there, and lets this host in."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress

from estim.config.broker import broker_of
from estim.config.options import HostOptions
from estim.config.settings import read_settings
from estim.core.errors import EstimError
from estim.core.remote.topics import HOUSE_STATUS
from estim.core.translation import mark, tr
from estim.doctor.findings import Finding, good, warning
from estim.mqtt import BrokerConnection
from estim.tasks import end

CONNECT_S = 5.0
"""Longest wait for a broker, s."""

DO = mark("look at --mqtt or [mqtt] in config.toml, and at docs/mqtt.md; sessions go on without it")


LEAVE_S = 3.0
"""Longest wait for the connection to end, s."""


async def of_broker(options: HostOptions) -> AsyncIterator[Finding]:
    """Judge the broker, if there is one to judge."""
    what = "broker"
    try:
        settings = read_settings(options.place.settings_file).mqtt
        broker = await asyncio.to_thread(broker_of, settings, options.mqtt)
    except EstimError as error:
        yield warning(what, error.text, DO)
        return
    if broker is None:
        return
    logging.getLogger("estim.mqtt").addHandler(logging.NullHandler())  # what it would log is told as the finding
    there = asyncio.Event()
    connection = BrokerConnection(
        broker,
        client_id="",
        bridge=None,
        orders=(),
        notices=(HOUSE_STATUS,),
        obey=lambda _topic, _payload: None,
        noticed=lambda _topic, _payload: None,
        connected=there.set,
    )
    running = asyncio.get_running_loop().create_task(connection.run())
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(CONNECT_S):
                await there.wait()
    finally:
        with suppress(TimeoutError):
            async with asyncio.timeout(LEAVE_S):
                await end(running)
    if there.is_set() and not connection.trouble:
        yield good(what, tr("{host}:{port} lets this host in", host=broker.host, port=broker.port))
        return
    trouble = connection.trouble or tr(
        "{host}:{port} has not answered for {seconds:g} s", host=broker.host, port=broker.port, seconds=CONNECT_S
    )
    yield warning(what, trouble, DO)
