"""Plug-ins: the example is installed and played; those that raise, lie or flood are refused or contained by name."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import Any

import pytest

from estim.catalogue.contained import Contained, PluginError, checked
from estim.core.values import replace
from protocols.driver import Driver
from protocols.family import Family
from protocols.registry import family
from protocols.vocabulary import (
    Advert,
    Can,
    Capabilities,
    Channel,
    Endpoint,
    Level,
    Match,
    Mode,
    Op,
    Read,
    Reported,
    Span,
    Wanted,
    Write,
    Zero,
)

ROOT = Path(__file__).parents[2]
EM70 = family("em70")
A = Channel.A


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example plug-in, installed by pip into a folder of its own."""
    folder = tmp_path_factory.mktemp("plugins")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run(
        [*command, "--target", str(folder), str(ROOT / "examples/estim-example")],
        check=True,
        capture_output=True,
        timeout=120,
    )
    return folder


def estim(plugins: Path, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(plugins), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, "-m", "estim.cli.main", "--home", str(home), *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONPATH": path},
    )


def test_the_example_is_installed_found_and_plays_its_own_program(installed: Path, tmp_path: Path) -> None:
    listed = [json.loads(line) for line in estim(installed, tmp_path, "--json", "plugins").stdout.splitlines()]
    assert {(one["group"], one["name"], one["ok"]) for one in listed} == {
        ("estim.families", "example", True),
        ("estim.programs", "example", True),
    }
    assert all((one["schema"], one["version"]) == ("estim.plugin", 1) for one in listed)
    front = ("--simulate", "example", "--speed", "max", "--json", "--no-input")
    done = estim(installed, tmp_path, *front, "run", "example-hum", "--minutes", "3", "--level", "5", "--pads-on")
    last = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, last["reason"], last["stop_confirmed"], last["level_max"]) == (
        0,
        "completed",
        True,
        {"A": 5},
    )
    assert last["duration_s"] == pytest.approx(180, abs=1)


def test_the_guard_holds_for_a_plug_in_too(installed: Path, tmp_path: Path) -> None:
    words = ("--simulate", "example", "--speed", "max", "run", "example-hum", "--level", "18", "--pads-on", "--json")
    done = estim(installed, tmp_path, *words, "--no-input")
    last = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, last["reason"]) == (77, "refused")
    assert "cap of 17" in last["message"]


def make_plugin(folder: Path, code: str, points: str, name: str = "broken") -> None:
    """Lay down a package as an installer would, without one."""
    (folder / f"{name}.py").write_text(code, encoding="utf-8")
    info = folder / f"{name}_plugin-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-plugin\nVersion: 1\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(points, encoding="utf-8")


BROKEN = {
    "breaks": ("1 / 0", "ZeroDivisionError"),
    "ends": ("raise SystemExit(3)", "SystemExit"),
    "lies": ("FAMILY = 7", "is int, not a protocols.family.Family"),
    "poses": ("from protocols.em70.family import FAMILY", "the family calls itself 'em70'"),
}
"""Packages by name: the code of each, and a word of why it can't be used."""


def test_those_that_cannot_be_used_are_left_out_and_named(tmp_path: Path) -> None:
    for name, (code, _) in BROKEN.items():
        make_plugin(tmp_path, code, f"[estim.families]\n{name}box = {name}:FAMILY\n", name)
    done = estim(tmp_path, tmp_path / "home", "plugins")
    assert done.returncode == 78
    for name, (_, sentence) in BROKEN.items():
        (line,) = [line for line in done.stdout.splitlines() if f"{name}-plugin" in line]
        assert sentence in line
    assert estim(tmp_path, tmp_path / "home", "--json", "programs", "matrix", "tens-ankle").returncode == 0
    asked = estim(tmp_path, tmp_path / "home", "decode", "liesbox", "to-device", "00")
    assert "the family liesbox can't be used: plug-in lies-plugin" in asked.stderr


def test_what_a_plug_in_warns_of_while_it_is_loaded_reaches_nobody(tmp_path: Path) -> None:
    code = "import logging, warnings; warnings.warn('odd'); logging.getLogger('box').warning('strange'); FAMILY = 7"
    make_plugin(tmp_path, code, "[estim.families]\nmybox = broken:FAMILY\n")
    assert estim(tmp_path, tmp_path / "home", "plugins").stderr == ""


def test_programs_of_a_plug_in_that_are_wrong_or_taken_are_named(tmp_path: Path) -> None:
    package = tmp_path / "brings"
    package.mkdir()
    (package / "__init__.py").write_text("", encoding="utf-8")
    shipped = (ROOT / "estim/programs/tens-ankle.toml").read_text(encoding="utf-8")
    (package / "tens-ankle.toml").write_text(shipped, encoding="utf-8-sig")  # as some editors save it
    (package / "bad.toml").write_text("schema = 1", encoding="utf-8")
    make_plugin(tmp_path, "", "[estim.programs]\nmine = brings\n")
    done = estim(tmp_path, tmp_path / "home", "plugins")
    assert "plug-in broken-plugin: tens-ankle.toml: there is a program 'tens-ankle' already" in done.stdout
    assert "plug-in broken-plugin: bad.toml: id is missing" in done.stdout


# What a family may say of itself


def mine(**changes: Any) -> Family:
    caps = replace(EM70.caps, family="mybox", **changes.pop("caps", {}))
    return replace(EM70, name="mybox", caps=caps, **changes)


def loose(**limits: Any) -> Capabilities:
    """Capabilities that got around their own checks."""
    caps = replace(EM70.caps, family="mybox")
    for name, value in limits.items():
        object.__setattr__(caps, name, value)
    return caps


@pytest.mark.control("C-01")
@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (mine(by_hand=" "), "how to end output by hand"),
        (mine(subscribe=(Endpoint("x", "y", "z", Can.NOTIFY),)), "subscribes to endpoints that it hasn't"),
        (mine(endpoints=(), subscribe=()), "it has no endpoint"),
        (mine(caps={"scale": Level(20_000)}), "a scale of 20000: at most 10000"),
        (replace(mine(), caps=loose(step=5)), "a step is at most 2 %"),
        (replace(mine(), caps=loose(raise_gap_s=0.1)), "raise_gap_s >= 0.5"),
        (replace(mine(), caps=loose(first=Level(2))), "the first level is at most 2 % of the scale (or 1), not 2"),
        (replace(mine(), caps=loose(first=Level(0))), "0 < first <= scale"),
        (replace(mine(), caps=loose(fresh_s=9.0)), "0 < fresh_s <= stale_s"),
        (EM70, "calls itself 'em70'"),
        ("family", "is str"),
    ],
)
def test_a_family_that_breaks_a_rule_is_refused_with_the_rule(made: object, sentence: str) -> None:
    with pytest.raises(PluginError, match=r"plug-in acme-estim: .+") as told:
        checked(made, "mybox", "acme-estim", ("coyote3",))
    assert sentence in str(told.value)


def test_names_can_be_taken_only_once() -> None:
    with pytest.raises(PluginError, match="there is a family 'mybox' already"):
        checked(mine(), "mybox", "acme", ("mybox",))


def test_a_match_that_raises_or_talks_nonsense_is_a_no() -> None:
    advert = Advert("F0")
    for answer in (lambda _advert: 1 / 0, lambda _advert: "yes"):
        assert checked(mine(match=answer), "mybox", "acme", ()).match(advert) is Match.NO


def test_a_version_told_by_a_name_that_is_none_of_its_own_or_raises_is_none() -> None:
    for answer in (lambda _name: 1 / 0, lambda _name: "V9", lambda _name: 7):
        assert checked(mine(profile_named=answer), "mybox", "acme", ()).profile_named("box") is None


# What its driver may say and do


class Wrong:
    """An em70's driver with one thing wrong; `wrong` maps the names of methods to what they do instead."""

    def __init__(self, real: Driver, wrong: dict[str, Callable[..., Any]]) -> None:
        self._real = real
        self._wrong = wrong

    def __getattr__(self, name: str) -> Any:
        if name == "caps" and "caps" in self._wrong:
            return self._wrong["caps"]()
        return self._wrong.get(name, getattr(self._real, name))


def nonsense(_now_s: float, *_words: object) -> Any:
    raise KeyError("nonsense")


def many(_now_s: float) -> list[Op]:
    return [Read(number, EM70.endpoints[0]) for number in range(17)]


def again(_now_s: float) -> list[Op]:
    return [Read(1, EM70.endpoints[0]) for _ in range(13)]


def abroad(_now_s: float) -> list[Op]:
    return [Write(1, Endpoint("there", "a", "b", Can.WRITE), b"", response=True)]


def told(**changes: Any) -> Callable[[float], Reported]:
    return lambda now_s: replace(EM70.connect(0.0, "").reported(now_s), **changes)


WRONG: list[tuple[dict[str, Callable[..., Any]], str]] = [
    ({"poll": nonsense}, "failed: KeyError('nonsense')"),
    ({"receive": nonsense}, "failed: KeyError"),
    ({"done": nonsense}, "failed: KeyError"),
    ({"want": nonsense}, "failed: KeyError"),
    ({"reported": nonsense}, "failed: KeyError"),
    ({"receive": lambda _now_s, _endpoint, _data: "yes"}, "reports something that isn't an event"),
    ({"poll": many}, "floods the air, 17 operations within a second"),
    ({"poll": again}, "floods the air"),
    ({"poll": abroad}, "uses the endpoint there, which the family hasn't"),
    ({"poll": lambda _now_s: ["stop"]}, "asks for str, which isn't an operation"),
    ({"reported": told(level={A: Span(0, 16)})}, "levels go from 0 to 15"),
    ({"reported": told(level={})}, "says nothing of channel A"),
    ({"reported": told(heard_s=inf)}, "was heard in the future"),
    ({"reported": told(stop=1)}, "speaks of a stop that nobody has asked for yet"),
    ({"reported": told(stop=1, zero=Zero.CONFIRMED)}, "speaks of a stop that nobody has asked for yet"),
    ({"reported": told(fed_s=inf)}, "was fed in the future"),
    ({"caps": lambda: replace(EM70.caps, fresh_s=EM70.caps.fresh_s + 0.1)}, "its limits became looser"),
    ({"caps": lambda: replace(EM70.caps, raise_gap_s=0.5)}, "its limits became looser after connecting"),
]


def live(driver: Driver) -> None:
    """Ask a driver for all that a host asks, for two seconds."""
    for tick in range(40):
        now_s = tick / 20
        driver.want(now_s, Wanted(Mode.OFF))
        driver.receive(now_s, EM70.endpoints[0], b"\x5a")
        driver.done(now_s, 1, b"", None)
        driver.poll(now_s)
        driver.reported(now_s)


@pytest.mark.control("C-12")
@pytest.mark.parametrize(("wrong", "sentence"), WRONG, ids=lambda value: value if isinstance(value, str) else "")
def test_a_driver_that_breaks_a_rule_is_silenced_once_and_for_all(
    wrong: dict[str, Callable[..., Any]], sentence: str
) -> None:
    made = mine(connect=lambda now_s, profile: Wrong(EM70.connect(now_s, profile), wrong))
    driver = Contained(made, "acme-estim", 0.0, "")
    with pytest.raises(PluginError, match="plug-in acme-estim") as fault:
        live(driver)
    assert sentence in str(fault.value)
    assert driver.poll(9.0) == []
    assert driver.receive(9.0, EM70.endpoints[0], b"") == driver.done(9.0, 1, b"", None) == []
    assert driver.due_s == inf
    for last in (driver.reported(9.0), driver.lost(9.0)):
        assert (last.level[A], last.until_s, last.ready) == (Span(0, 15), inf, False), "nothing is known any more"


@pytest.mark.control("C-12")
@pytest.mark.parametrize("looser", [{"first": Level(2)}, {"step": 2}])
def test_a_first_level_and_a_step_that_grow_after_connecting_are_a_broken_rule(looser: dict[str, Any]) -> None:
    fine = mine(caps={"scale": Level(200)})
    wrong = {"caps": lambda: replace(fine.caps, **looser)}
    made = replace(fine, connect=lambda now_s, profile: Wrong(EM70.connect(now_s, profile), wrong))
    with pytest.raises(PluginError, match="its limits became looser after connecting"):
        live(Contained(made, "acme-estim", 0.0, ""))


def test_one_that_behaves_is_asked_as_any_other() -> None:
    made = checked(mine(), "mybox", "acme", ())
    driver = made.connect(0.0, "")
    real = EM70.connect(0.0, "")
    for now_s in (0.0, 0.5, 1.0):
        driver.want(now_s, Wanted(Mode.OFF))
        real.want(now_s, Wanted(Mode.OFF))
        assert driver.poll(now_s) == real.poll(now_s)
        assert driver.reported(now_s) == real.reported(now_s)
    assert made.title == "Beurer EM 70 Wireless (plug-in acme)"
