"""`estim devices`: what is remembered of a unit is changed by a word, and nonsense gets a sentence."""

from pathlib import Path

import pytest

from estim.catalogue.families import profile_of
from estim.config.settings import change_settings, read_settings
from estim.core.errors import EstimError, Exit
from protocols.registry import family
from tests.cli.line import Person, Said
from tests.cli.playing import plays
from tests.cli.test_today import Typist

ADDRESS = "C0:70:7E:03:00:01"


def devices(person: Person, *words: str) -> Said:
    return person.types("devices", *words, json_=True)


def test_where_no_unit_is_remembered_that_is_said_with_how_to_add_one(person: Person) -> None:
    said = person.types("devices", "list")
    assert said.out == ""
    assert "no unit is remembered" in said.err
    assert "estim devices scan" in said.err
    assert person.types("devices", "list", json_=True).err == ""


def test_name_cap_and_version_are_set_and_taken_back(person: Person) -> None:
    devices(person, "add", ADDRESS, "--family", "yokonex")
    told = [
        devices(person, "set", *words).rows[0]
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


@pytest.mark.control("C-64")
def test_at_a_terminal_a_cap_is_raised_only_when_it_is_said_once_more(person: Person) -> None:
    """Two of them are enough: each is a process of its own."""
    devices(person, "add", ADDRESS, "--family", "coyote3")
    devices(person, "set", "coyote3", "cap", "A=60,B=40")
    for answer, code, cap in (("n", Exit.REFUSED, 60), ("y", Exit.DONE, 65)):
        typist = Typist("--home", str(person.home), "devices", "set", "coyote3", "cap", "A=65,B=30")
        typist.reads("[y/N]")
        assert "A from 60 to 65, of 200" in " ".join(typist.seen.split())
        assert "B from" not in typist.seen
        typist.types(f"{answer}\n")
        assert typist.ends() == code
        assert devices(person, "list").rows[0]["cap"]["A"] == cap
    assert devices(person, "set", "coyote3", "cap", "200").rows[0]["cap"] == {"A": 200, "B": 200}, (
        "a script is not asked"
    )


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
def test_nonsense_gets_a_sentence(person: Person, words: tuple[str, ...], code: Exit, sentence: str) -> None:
    devices(person, "add", ADDRESS, "--family", "coyote3")
    done = devices(person, "set", *words)
    assert done.code == code
    assert sentence in done.err + done.out


@pytest.mark.parametrize("text", ["c0-70-7e-03-00-01", "C0707E030001", ADDRESS.lower()])
def test_an_address_is_read_in_any_usual_form(person: Person, text: str) -> None:
    added = devices(person, "add", text, "--family", "coyote3")
    assert added.rows[0]["address"] == ADDRESS
    forgotten = devices(person, "forget", text)
    assert forgotten.rows[0]["forgotten"]


@pytest.mark.parametrize("text", ["coyote3", "C0:70:7E:03:00", "C0:70:7E:03:00:0G", ""])
def test_what_can_be_no_address_is_not_remembered(person: Person, text: str) -> None:
    done = devices(person, "add", text, "--family", "coyote3")
    assert done.code == Exit.USAGE
    assert "isn't a Bluetooth address: one has 12 hex digits" in done.err + done.out
    assert devices(person, "list").out == ""


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
    person: Person,
) -> None:
    unit = "yokonex:name=YYC-DJ-V2-01,adv_service=no,version=V2.0"
    words = ("tens-ankle", "--minutes", "1", "--level", "5", "--pads-on")
    done = plays(person, unit, *words, json_=False)
    assert done.code == 0, done.out + done.err
    change_settings(person.home / "config.toml", "profile.yokonex", "V1.6")
    refused = plays(person, unit, *words, json_=False)
    assert refused.code == Exit.CONFIG
    assert "calls itself YYC-DJ-V2-01, so it speaks protocol V2.0, but V1.6 is chosen" in refused.out + refused.err
