"""`estim devices`: what is remembered of a unit is changed by a word, and nonsense gets a sentence."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from estim.catalogue.families import profile_of
from estim.config.settings import change_settings, read_settings
from estim.core.errors import EstimError, Exit
from protocols.registry import family

ADDRESS = "C0:70:7E:03:00:01"


def devices(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "estim.cli.main", "--home", str(home), "--json", "devices", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_name_cap_and_version_are_set_and_taken_back(tmp_path: Path) -> None:
    devices(tmp_path, "add", ADDRESS, "--family", "yokonex")
    told = [
        json.loads(devices(tmp_path, "set", *words).stdout)
        for words in (
            ("yokonex", "profile", "v2.0"),
            ("yokonex", "cap", "A=40,B=30"),
            ("yokonex", "name", "calf"),
            ("calf", "cap", "50"),
            ("calf", "cap", "none"),
            ("calf", "profile", "usual"),
        )
    ]
    assert [one["profile"] for one in told] == ["V2.0"] * 5 + [""]
    assert [one["cap"] for one in told] == [None, *[{"A": 40, "B": 30}] * 2, {"A": 50, "B": 50}, None, None]
    assert told[-1]["name"] == "calf"


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("coyote3", "cap", "201"), Exit.USAGE, "cap “201”: it takes 0 to 200"),
        (("coyote3", "cap", "C=4"), Exit.USAGE, "say A=N,B=N"),
        (("coyote3", "cap", "A=1.000"), Exit.USAGE, "can mean"),
        (("coyote3", "cap", "00000000099999"), Exit.USAGE, "it takes 0 to 200"),
        (("coyote3", "profile", "V9"), Exit.CONFIG, "it has only one"),
        (("coyote3", "name", "EM70"), Exit.USAGE, "means a family"),
        (("coyote3", "name", "C1-02-03-04-05-06"), Exit.USAGE, "reads as an address"),
        (("coyote3", "colour", "red"), Exit.USAGE, "there are name, cap, profile"),
        (("coyote", "name", "calf"), Exit.NO_DEVICE, "did you mean coyote3?"),
    ],
)
def test_nonsense_gets_a_sentence(tmp_path: Path, words: tuple[str, ...], code: Exit, sentence: str) -> None:
    devices(tmp_path, "add", ADDRESS, "--family", "coyote3")
    done = devices(tmp_path, "set", *words)
    assert done.returncode == code
    assert sentence in done.stderr + done.stdout


@pytest.mark.parametrize("text", ["c0-70-7e-03-00-01", "C0707E030001", ADDRESS.lower()])
def test_an_address_is_read_in_any_usual_form(tmp_path: Path, text: str) -> None:
    added = devices(tmp_path, "add", text, "--family", "coyote3")
    assert json.loads(added.stdout)["address"] == ADDRESS
    forgotten = devices(tmp_path, "forget", text)
    assert json.loads(forgotten.stdout)["forgotten"]


@pytest.mark.parametrize("text", ["coyote3", "C0:70:7E:03:00", "C0:70:7E:03:00:0G", ""])
def test_what_can_be_no_address_is_not_remembered(tmp_path: Path, text: str) -> None:
    done = devices(tmp_path, "add", text, "--family", "coyote3")
    assert done.returncode == Exit.USAGE
    assert "no Bluetooth address: that has 12 hex digits" in done.stderr + done.stdout
    assert devices(tmp_path, "list").stdout == ""


def test_a_family_without_versions_has_none_to_choose() -> None:
    assert profile_of(family("em70"), "") == ""
    with pytest.raises(EstimError, match="it has only one") as told:
        profile_of(family("em70"), "V2.0")
    assert told.value.code == Exit.CONFIG


def test_settings_name_the_version_of_a_family(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    assert change_settings(path, "profile.yokonex", "V2.0").profile == {"yokonex": "V2.0"}
    path.write_text("[profile]\nyokonex = 2\n", encoding="utf-8")
    with pytest.raises(EstimError, match=r"profile.yokonex = 2 is not allowed: it takes a table \[profile\]"):
        read_settings(path)


@pytest.mark.control("C-55")
def test_a_yokonex_whose_name_tells_the_newer_protocol_is_refused_as_the_older_and_else_taken_as_told(
    tmp_path: Path,
) -> None:
    def run(*more: str) -> subprocess.CompletedProcess[str]:
        air = ["--home", str(tmp_path), "--simulate", "yokonex:name=YYC-DJ-V2-01,adv_service=no,version=V2.0"]
        words = ["--speed", "max", "run", "tens-ankle", "--minutes", "1", "--level", "5", "--pads-on", "--no-input"]
        return subprocess.run(
            [sys.executable, "-m", "estim.cli.main", *air, *words, *more],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    done = run()
    assert done.returncode == 0, done.stdout + done.stderr
    change_settings(tmp_path / "config.toml", "profile.yokonex", "V1.6")
    refused = run()
    assert refused.returncode == Exit.CONFIG
    assert (
        "calls itself YYC-DJ-V2-01, so it speaks protocol V2.0, but V1.6 is chosen" in refused.stdout + refused.stderr
    )
