"""Random and mutated packets of every family: nothing but BadPacket is raised, and no level changes."""

from contextlib import suppress
from random import Random
from typing import Any

import pytest

from protocols.family import Family
from protocols.layout import Direction, Forms, pick
from protocols.registry import family, names
from protocols.vocabulary import BadPacket, Can, Mode, Wanted
from simulator.registry import make, read_line
from simulator.trace import silent
from simulator.twin import WriteRefused
from tests.effort import PACKETS
from tests.packets import literal

PROFILES = [(name, profile) for name in names() for profile in (family(name).profiles or ("",))]


LENIENT = {
    "openemsstim": "its firmware looks for each letter anywhere in a text (see its twin)",
    "bluetens": "its shell reads a stream: a line is one whatever stands behind it, or before its >",
}
"""Units that really do obey what is no packet of ours."""


def mutated(luck: Random, data: bytes) -> bytes:
    """Return a packet with a bit turned, a byte changed, taken out or put in, its end cut off or a tail behind it."""
    body = bytearray(data)
    at = luck.randrange(len(body)) if body else 0
    match luck.randrange(6):
        case 0 if body:
            body[at] ^= 1 << luck.randrange(8)
        case 1 if body:
            body[at] = luck.randrange(256)
        case 2 if body:
            del body[at]
        case 3:
            body.insert(at, luck.randrange(256))
        case 4:
            del body[at:]
        case _:
            body += luck.randbytes(luck.randrange(1, 4))
    return bytes(body)


def packets(luck: Random, known: list[bytes], count: int) -> list[bytes]:
    """Return packets of which a third is random, and the rest known ones with one to three mutations."""
    out = []
    for _ in range(count):
        data = luck.randbytes(luck.randrange(24)) if luck.random() < 0.33 or not known else luck.choice(known)
        for _ in range(luck.randrange(1, 4)):
            data = mutated(luck, data)
        out.append(data)
    return out


def forms_of(made: Family, profile: str) -> Forms:
    return made.other_layouts.get(profile, made.layouts)


@pytest.mark.control("C-34")
@pytest.mark.parametrize(("name", "profile"), PROFILES)
def test_whatever_comes_is_bad_or_builds_back(name: str, profile: str) -> None:
    made = family(name)
    luck = Random(f"{name} {profile}")
    good = 0
    table = [(direction, endpoint) for direction in Direction for endpoint in forms_of(made, profile)[direction]]
    for direction, endpoint in table:
        forms = forms_of(made, profile)[direction][endpoint]
        for data in packets(luck, literal(name, direction, endpoint, profile), PACKETS // len(table)):
            try:
                form, packet = pick(forms, data)
            except BadPacket:
                continue
            good += 1
            assert form.build(packet) == data
    assert good < PACKETS / 2


@pytest.mark.control("C-34")
@pytest.mark.parametrize(("name", "profile"), [case for case in PROFILES if case[0] not in LENIENT])
def test_no_twin_changes_its_level_for_a_broken_packet(name: str, profile: str) -> None:
    """What is no packet of the family leaves a twin as it is; a valid one may do what it says."""
    made = family(name)
    luck = Random(f"twin {name} {profile}")
    options = f"version={profile}" if profile else ""
    twin: Any = make(read_line(f"{name}:{options}"), lambda _unit: silent)[0]
    twin.connect(0.0)
    table = forms_of(made, profile)[Direction.TO_DEVICE]
    now_s = 0.0
    tried = 0
    for endpoint in (one for one in made.endpoints if one.name in table):
        for data in packets(luck, literal(name, Direction.TO_DEVICE, endpoint.name, profile), PACKETS // 20):
            try:
                pick(table[endpoint.name], data)
                continue
            except BadPacket:
                pass
            now_s = now_s + 0.001
            tried = tried + 1
            with suppress(WriteRefused):
                twin.write(now_s, endpoint, data, bool(endpoint.can & Can.WRITE))
            assert all(twin.level(channel.value) == 0 for channel in made.caps.channels), data.hex()
    assert tried > PACKETS // 60


@pytest.mark.control("C-34")
@pytest.mark.parametrize(("name", "profile"), PROFILES)
def test_a_driver_that_hears_noise_believes_no_level_beyond_its_scale(name: str, profile: str) -> None:
    made = family(name)
    luck = Random(f"driver {name} {profile}")
    driver = made.connect(0.0, profile)
    driver.want(0.0, Wanted(Mode.OFF))
    now_s = 0.0
    for endpoint in made.subscribe:
        for data in packets(luck, literal(name, Direction.FROM_DEVICE, endpoint.name, profile), PACKETS // 20):
            now_s += 0.01
            driver.receive(now_s, endpoint, data)
            driver.poll(now_s)
            assert driver.due_s > now_s
            told = driver.reported(now_s)
            assert all(
                0 <= told.level[channel].lo <= told.level[channel].hi <= made.caps.scale for channel in told.level
            )
