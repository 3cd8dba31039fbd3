"""A real Home Assistant with MQTT, `serve.py FOLDER PORT`: an order a line comes in, an answer a line goes out.

It is run by the Python that has Home Assistant installed, and imports nothing of this project.
"""

import asyncio
import json
import logging
import sys
from pathlib import Path
from types import MappingProxyType
from typing import Any

from homeassistant import bootstrap
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import __version__
from homeassistant.core import callback
from homeassistant.helpers import device_registry, entity_registry
from homeassistant.runner import RuntimeConfig

complaints: list[str] = []


class Complaints(logging.Handler):
    """Keeps what is warned of over MQTT and its discovery."""

    def emit(self, record: logging.LogRecord) -> None:
        if "mqtt" in record.name:
            complaints.append(f"{record.levelname} {record.name}: {record.getMessage()[:300]}")


def entry(port: int) -> Any:
    return ConfigEntry(
        version=1,
        minor_version=2,
        domain="mqtt",
        title="broker",
        data={"broker": "127.0.0.1", "port": port, "protocol": "5", "discovery": True},
        options={},
        source="user",
        unique_id=None,
        discovery_keys=MappingProxyType({}),
    )


def entities(hass: Any) -> dict[str, Any]:
    """Return each entity that belongs to a device of MQTT: the device's name, its own id there, its state."""
    devices = device_registry.async_get(hass).devices
    found = {}
    for one in entity_registry.async_get(hass).entities.values():
        if one.platform != "mqtt" or one.device_id is None:
            continue
        state = hass.states.get(one.entity_id)
        found[one.entity_id] = {
            "device": devices[one.device_id].name,
            "id": one.unique_id,
            "state": None if state is None else state.state,
            "event": None if state is None else state.attributes.get("event_type"),
        }
    return found


async def changed(hass: Any) -> None:
    """Return when a state changes, or a second later."""
    known = asyncio.Event()

    @callback  # type: ignore[untyped-decorator] # it isn't installed where types are checked
    def told(_event: Any) -> None:
        known.set()

    forget = hass.bus.async_listen_once("state_changed", told)
    try:
        await asyncio.wait_for(known.wait(), 1.0)
    except TimeoutError:
        forget()


async def answer(hass: Any, order: dict[str, Any]) -> Any:
    match order["do"]:
        case "entities":
            return entities(hass)
        case "changed":
            await changed(hass)
            return entities(hass)
        case "complaints":
            return complaints
        case "call":
            await hass.services.async_call(order["domain"], order["service"], order["data"], blocking=True)
            return True
        case other:
            raise ValueError(other)


async def serve(folder: Path, port: int) -> None:
    (folder / "configuration.yaml").write_text("homeassistant:\n  time_zone: Europe/Berlin\n", encoding="utf-8")
    hass = await bootstrap.async_setup_hass(RuntimeConfig(config_dir=str(folder)))
    logging.getLogger().addHandler(Complaints(logging.WARNING))
    await hass.async_start()
    if not hass.config_entries.async_entries("mqtt"):
        await hass.config_entries.async_add(entry(port))
    _say(__version__)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        _say(await answer(hass, json.loads(line)))
    await hass.async_stop(force=True)


def _say(said: Any) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
