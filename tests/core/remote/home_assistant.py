"""What Home Assistant Core 2026.11 takes of a device's description and what it makes of a state, as a strict reader.

The rules are those that were observed there; what it would drop without a word is refused here.
"""

import json
import re
from datetime import datetime
from typing import Any
from urllib.parse import urlparse

ROOT_REQUIRED = {"dev", "o", "cmps"}
INHERITED = {"stat_t", "cmd_t", "avty", "avty_mode", "qos", "e"}
DEVICE_KEYS = {"ids", "cns", "name", "mf", "mdl", "sw", "hw", "sn", "cu", "sa", "via_device"}
ORIGIN_KEYS = {"name", "sw", "url"}
COMMON = {"p", "name", "uniq_id", "def_ent_id", "avty", "avty_mode", "qos", "ic", "ent_cat", "en"}
READS = COMMON | {"stat_t", "val_tpl", "dev_cla"}
KEYS = {
    "button": COMMON | {"cmd_t", "pl_prs"},
    "binary_sensor": READS | {"pl_on", "pl_off", "exp_aft"},
    "sensor": READS | {"unit_of_meas", "stat_cla", "ops", "exp_aft", "sug_dsp_prc"},
    "event": READS | {"evt_typ"},
    "number": READS | {"cmd_t", "cmd_tpl", "min", "max", "step", "mode", "unit_of_meas"},
    "switch": READS | {"cmd_t", "pl_on", "pl_off", "stat_on", "stat_off"},
}
NEEDED = {
    "button": {"cmd_t", "pl_prs"},
    "binary_sensor": set(),
    "sensor": set(),
    "event": {"evt_typ", "stat_t"},
    "number": {"cmd_t", "cmd_tpl"},
    "switch": {"cmd_t"},
}
SENSOR_CLASSES = {"duration", "timestamp", "enum", "battery", "signal_strength"}
TRUTH_CLASSES = {"running", "connectivity", "problem", "safety"}
UNITS_OF = {"duration": {"s"}, "battery": {"%"}, "signal_strength": {"dBm"}}
READ_ONLY = {"sensor", "binary_sensor", "event"}


def described(payload: bytes, taken: set[str]) -> dict[str, dict[str, Any]]:
    """Return the entities of a description, each with what it inherits; assert all rules. `taken`: ids in use."""
    root = json.loads(payload)
    assert set(root) <= ROOT_REQUIRED | INHERITED, set(root) - ROOT_REQUIRED - INHERITED
    assert set(root) >= ROOT_REQUIRED
    assert set(root["dev"]) <= DEVICE_KEYS
    assert root["dev"].get("ids") or root["dev"].get("cns")
    assert set(root["o"]) <= ORIGIN_KEYS
    assert root["o"]["name"]
    for url in (root["o"].get("url"), root["dev"].get("cu")):
        assert url is None or urlparse(url).scheme in ("http", "https")
    assert root["cmps"]
    shared = {key: root[key] for key in INHERITED if key in root}
    found = {}
    for key, entity in root["cmps"].items():
        _entity(key, entity, taken)
        found[key] = {**shared, **entity}
        if entity["p"] != "button":
            assert "stat_t" in found[key], f"{key} has no state"
    names = [entity["name"] for entity in found.values()]
    assert len(names) == len(set(names)), "two entities have one name"
    assert not any(name.startswith(root["dev"]["name"]) for name in names), "the device's name is put before it anyway"
    return found


def _entity(key: str, entity: dict[str, Any], taken: set[str]) -> None:
    kind = entity["p"]
    assert set(entity) <= KEYS[kind], f"{key}: {set(entity) - KEYS[kind]} would be dropped without a word"
    assert NEEDED[kind] <= set(entity), key
    assert entity["uniq_id"] not in taken, f"{entity['uniq_id']} is taken"
    taken.add(entity["uniq_id"])
    assert re.fullmatch(rf"{kind}\.[a-z0-9_]+", entity["def_ent_id"])
    assert entity.get("ic", "mdi:x").startswith("mdi:")
    assert entity.get("ent_cat") in ((None, "diagnostic") if kind in READ_ONLY else (None, "config", "diagnostic"))
    assert ("avty_mode" not in entity) or ("avty" in entity)
    match kind:
        case "sensor":
            _sensor(key, entity)
        case "binary_sensor":
            assert entity.get("dev_cla") in TRUTH_CLASSES | {None}
        case "number":
            assert entity["mode"] in ("auto", "box", "slider")
            assert entity["min"] < entity["max"]
        case "event":
            assert entity["evt_typ"]
            assert len(set(entity["evt_typ"])) == len(entity["evt_typ"])
            assert "dev_cla" not in entity
        case _:
            pass


def _sensor(key: str, entity: dict[str, Any]) -> None:
    dev_cla = entity.get("dev_cla")
    assert dev_cla in SENSOR_CLASSES | {None}, key
    if "ops" in entity or dev_cla == "enum":
        assert dev_cla == "enum", key
        assert entity["ops"], key
        assert not {"stat_cla", "unit_of_meas"} & set(entity), key
    if dev_cla in UNITS_OF:
        assert entity.get("unit_of_meas") in UNITS_OF[dev_cla], key
    assert entity.get("stat_cla") in (None, "measurement", "total", "total_increasing")
    if entity.get("stat_cla"):
        assert dev_cla != "timestamp", key


def read(entity: dict[str, Any], payload: bytes) -> str | int | None:
    """Return what an entity shows of a state that was sent on its topic; assert that it can be read."""
    kind = entity["p"]
    if "val_tpl" not in entity:
        value: Any = payload.decode()
    else:
        template = re.fullmatch(r"\{\{ value_json\.([a-z_]+) \}\}", entity["val_tpl"])
        assert template, entity["val_tpl"]
        fields = json.loads(payload)
        assert template[1] in fields, f"{template[1]} is missing, which is warned of"
        value = fields[template[1]]
    if value is None:
        return None
    assert not isinstance(value, bool | float), f"{value!r} is no value here"
    match kind:
        case "binary_sensor" | "switch":
            on = entity.get("pl_on" if kind == "binary_sensor" else "stat_on", "ON")
            off = entity.get("pl_off" if kind == "binary_sensor" else "stat_off", "OFF")
            assert value in (on, off), value
        case "sensor" if entity.get("dev_cla") == "enum":
            assert value in entity["ops"], value
        case "sensor" if entity.get("dev_cla") == "timestamp":
            assert datetime.fromisoformat(str(value)).tzinfo is not None, value
        case "sensor" if entity.get("unit_of_meas") or entity.get("stat_cla"):
            assert isinstance(value, int), value
        case "sensor":
            assert len(str(value)) <= 255, "a state has up to 255 signs"
        case "number":
            assert entity["min"] <= int(value) <= entity["max"]
        case "event":
            raise AssertionError("an event's payload is read by `happened`")
        case _:
            pass
    assert isinstance(value, str | int)
    return value


def happened(entity: dict[str, Any], payload: bytes) -> str:
    """Return the kind of an event that was sent; assert that it is one that was described."""
    said = json.loads(payload)
    assert said["event_type"] in entity["evt_typ"], said
    return str(said["event_type"])
