"""Describes a unit and its host to Home Assistant: one message a device (MQTT device discovery), the same set always.

The form is that of Home Assistant Core 2026.11 (home-assistant.md): what it refuses or drops is not here. No entity
starts, arms, resumes or raises; the buttons stop, pause and lower, and what is entered goes into the diary.
"""

from collections.abc import Sequence

from msgspec import Struct

from estim import __version__
from estim.core.remote.state import HOST_EVENTS, REASONS, STATES, UNIT_EVENTS, level_key
from estim.core.remote.topics import HostTopics
from estim.core.translation import tr
from protocols.vocabulary import Channel

Plain = str | int | float | bool | None | list["Plain"] | dict[str, "Plain"]
Entity = dict[str, Plain]

AWAY = ("stop", "link", "state", "reason", "may_be_on", "may_be_on_until", "alarm", "alarm_text", "event")
"""What needs only the host: a unit that is lost is stopped when it is found, and that it is lost has to be seen.

Seen on a real Home Assistant: an event of a unit whose link had just gone never showed."""

EXPIRE_S = 15
"""A live figure that isn't said again within this is unavailable; states are sent at least every 5 s."""


class UnitFacts(Struct, frozen=True):
    """What is fixed of a unit: `unit` is its id in topics, `name` what its person calls it."""

    unit: str
    name: str
    address: str
    family: str
    title: str
    channels: Sequence[Channel]


def unit_device(topics: HostTopics, facts: UnitFacts) -> dict[str, Plain]:
    """Return the description of one unit."""
    ident = f"estim_{topics.host}_{facts.unit}".replace("-", "_")
    orders = topics.unit(facts.unit, "cmd")
    bridge: list[Plain] = [{"t": topics.bridge}]
    link = topics.unit(facts.unit, "link")
    entities = {
        **_buttons(orders),
        **_truths(link),
        **_figures(facts.channels),
        "event": _event(tr("Session"), UNIT_EVENTS, topics.unit(facts.unit, "event")),
    }
    for key in AWAY:
        entities[key] = {**entities[key], "avty": bridge}
    return {
        "dev": {
            "ids": [ident],
            "name": facts.name,
            "mdl": facts.title,
            "sn": facts.address,
            "via_device": _host_ident(topics),
        },
        "o": {"name": "estim", "sw": __version__},
        "stat_t": topics.unit(facts.unit, "state"),
        "avty": [{"t": topics.bridge}, {"t": link}],
        "avty_mode": "all",
        "qos": 1,
        "cmps": _named(ident, entities),
    }


def host_device(topics: HostTopics, name: str, *, health: bool) -> dict[str, Plain]:
    """Return the description of a host: its stop for all units, and, if `health`, what the diary takes and tells."""
    ident = _host_ident(topics)
    entities: dict[str, Entity] = {
        "stop_all": _button(tr("Stop all units"), topics.orders, "stop", "mdi:stop-circle"),
        "connected": {
            "p": "binary_sensor",
            "name": tr("Host"),
            "dev_cla": "connectivity",
            "ent_cat": "diagnostic",
            "stat_t": topics.bridge,
            "pl_on": "online",
            "pl_off": "offline",
        },
        "may_be_on": _truth(tr("May be on"), "may_be_on", "safety"),
        "warning": _sensor(tr("Warning"), "warning", icon="mdi:alert"),
        "units": _sensor(tr("Units"), "units", icon="mdi:devices", stat_cla="measurement"),
        "playing": _sensor(tr("Units that play"), "playing", icon="mdi:pulse", stat_cla="measurement"),
        "orders_dropped": _sensor(
            tr("Orders not carried out"), "orders_dropped", ent_cat="diagnostic", stat_cla="total_increasing"
        ),
    }
    if health:
        entities |= _diary(topics)
    return {
        "dev": {"ids": [ident], "name": name, "mdl": "estim host"},
        "o": {"name": "estim", "sw": __version__},
        "stat_t": topics.state,
        "avty": [{"t": topics.bridge}],
        "qos": 1,
        "cmps": _named(ident, entities),
    }


def _host_ident(topics: HostTopics) -> str:
    return f"estim_{topics.host}".replace("-", "_")


def _named(ident: str, entities: dict[str, Entity]) -> Plain:
    """Give each entity its ids: the domain has to stand before the second one."""
    named: dict[str, Plain] = {}
    for key, entity in entities.items():
        named[key] = {**entity, "uniq_id": f"{ident}_{key}", "def_ent_id": f"{entity['p']}.{ident}_{key}"}
    return named


def _buttons(orders: str) -> dict[str, Entity]:
    return {
        "stop": _button(tr("Stop"), orders, "stop", "mdi:stop-circle"),
        "pause": _button(tr("Pause"), orders, "pause", "mdi:pause-circle"),
        "level_down": _button(tr("Level down"), orders, "level_down", "mdi:minus-circle"),
    }


def _truths(link: str) -> dict[str, Entity]:
    connected: Entity = {
        "p": "binary_sensor",
        "name": tr("Link"),
        "dev_cla": "connectivity",
        "ent_cat": "diagnostic",
        "stat_t": link,
        "pl_on": "online",
        "pl_off": "offline",
    }
    return {
        "stimulating": _truth(tr("Stimulating"), "stimulating", "running"),
        "may_be_on": _truth(tr("May be on"), "may_be_on", "safety"),
        "alarm": _truth(tr("Alarm"), "alarm", "problem"),
        "link": connected,
    }


def _figures(channels: Sequence[Channel]) -> dict[str, Entity]:
    levels = {
        level_key(one): _sensor(
            tr("Level {channel}", channel=one.value), level_key(one), stat_cla="measurement", live=True
        )
        for one in channels
    }
    return {
        "level": _sensor(tr("Level"), "level", icon="mdi:sine-wave", stat_cla="measurement", live=True),
        **levels,
        "cap": _sensor(tr("Level allowed"), "cap", ent_cat="diagnostic"),
        "left": _sensor(tr("Time left"), "left_s", dev_cla="duration", unit="s", live=True),
        "ends_at": _sensor(tr("Ends at"), "ends_at", dev_cla="timestamp"),
        "state": _choice(tr("State"), "state", STATES),
        "reason": _choice(tr("Last end"), "reason", REASONS),
        "may_be_on_until": _sensor(tr("May be on until"), "may_be_on_until", dev_cla="timestamp"),
        "alarm_text": _sensor(tr("Alarm text"), "alarm_text", icon="mdi:alert"),
        "phase": _sensor(tr("Phase"), "phase", icon="mdi:timeline"),
        "program": _sensor(tr("Program"), "program", icon="mdi:playlist-play"),
        "battery": _sensor(tr("Battery"), "battery", dev_cla="battery", unit="%", ent_cat="diagnostic"),
        "heard": _sensor(tr("Heard"), "heard_s", dev_cla="duration", unit="s", ent_cat="diagnostic", live=True),
    }


def _diary(topics: HostTopics) -> dict[str, Entity]:
    orders = topics.orders
    return {
        "pain_entry": {
            "p": "number",
            "name": tr("Pain now"),
            "min": 0,
            "max": 10,
            "step": 1,
            "mode": "slider",
            "ic": "mdi:emoticon-sad-outline",
            "cmd_t": orders,
            "cmd_tpl": "pain {{ value | int }}",  # untranslated: for programs
            "val_tpl": "{{ value_json.pain }}",  # untranslated: for programs
        },
        "pain": _sensor(tr("Pain"), "pain", icon="mdi:emoticon-sad-outline", stat_cla="measurement"),
        "snooze": {**_button(tr("Remind later"), orders, "snooze", "mdi:alarm-snooze"), "ent_cat": "config"},
        "reminders": {
            "p": "switch",
            "name": tr("Reminders"),
            "ent_cat": "config",
            "cmd_t": orders,
            "pl_on": "reminders on",  # untranslated: for programs
            "pl_off": "reminders off",  # untranslated: for programs
            "stat_on": "ON",
            "stat_off": "OFF",
            "val_tpl": "{{ value_json.reminders }}",  # untranslated: for programs
        },
        "next_due": _sensor(tr("Next session"), "next_due", dev_cla="timestamp"),
        "sessions_today": _sensor(tr("Sessions today"), "sessions_today", icon="mdi:counter", stat_cla="measurement"),
        "minutes_today": _sensor(tr("Minutes today"), "minutes_today", icon="mdi:timer", stat_cla="measurement"),
        "adherence": _sensor(tr("Sessions done, 7 days"), "adherence_pct", unit="%", stat_cla="measurement"),
        "reminder": _event(tr("Reminder"), HOST_EVENTS, topics.event),
    }


def _button(name: str, orders: str, order: str, icon: str) -> Entity:
    return {"p": "button", "name": name, "cmd_t": orders, "pl_prs": order, "ic": icon}


def _truth(name: str, field: str, dev_cla: str) -> Entity:
    return {"p": "binary_sensor", "name": name, "dev_cla": dev_cla, "val_tpl": _value_of(field)}


def _value_of(field: str) -> str:
    return f"{{{{ value_json.{field} }}}}"  # untranslated: for programs


def _choice(name: str, field: str, options: Sequence[str]) -> Entity:
    return {**_sensor(name, field, dev_cla="enum"), "ops": list(options)}


def _event(name: str, kinds: Sequence[str], topic: str) -> Entity:
    return {"p": "event", "name": name, "evt_typ": list(kinds), "stat_t": topic}


def _sensor(
    name: str,
    field: str,
    *,
    dev_cla: str = "",
    unit: str = "",
    icon: str = "",
    ent_cat: str = "",
    stat_cla: str = "",
    live: bool = False,
) -> Entity:
    """Return a figure; one that is `live` expires."""
    found: Entity = {"p": "sensor", "name": name, "val_tpl": _value_of(field)}
    for key, value in (
        ("dev_cla", dev_cla),
        ("unit_of_meas", unit),
        ("ic", icon),
        ("ent_cat", ent_cat),
        ("stat_cla", stat_cla),
    ):
        if value:
            found[key] = value
    if live:
        found["exp_aft"] = EXPIRE_S
    return found
