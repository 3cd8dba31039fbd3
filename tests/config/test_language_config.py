"""What is said of settings, places and known units: all of it translated, and a new file explains itself in German."""

import errno
import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from estim import language
from estim.config.broker import broker_of, check_address
from estim.config.files import no_right, read_small, write_new, write_whole
from estim.config.mqtt_settings import MqttSettings
from estim.config.paths import Home, find_home, made_up
from estim.config.settings import Settings, change_settings, known_settings, read_settings
from estim.config.template import TEMPLATE, template
from estim.config.units import Units
from estim.core.errors import EstimError
from estim.core.system import SYSTEM_SAYS, cause
from estim.core.translation import LANGUAGE, English, tr_text
from tests.pseudo import plain_words, pseudo

AT = datetime(2026, 3, 5, 7, 30, tzinfo=UTC)
SETTING = re.compile(r"(# )?(\[[a-z_.0-9]+\]$|[A-Za-z_]+ = )")


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    """Leave the language as it was."""
    yield
    LANGUAGE.speak("en", English())


def refused(act: Callable[[], object]) -> str:
    """Return the sentence of a refusal, as it comes out in the pseudo language."""
    with pseudo(), pytest.raises(EstimError) as error:
        act()
    return error.value.text


WRONG = {
    'minutes = "long"': ("minutes", "long"),
    "minutess = 5": ("minutess", "minutes"),
    "zzz = 5": ("zzz", *Settings.__struct_fields__),
    "cap = 5": ("cap",),
    "cap = { box = { A = -1 } }": ("cap", "box"),
    "schedule = 5": ("schedule", *Settings().schedule.__struct_fields__),
    "[mqtt]\nurl = 5": ("mqtt.url",),
    "[mqtt]\nhealth = 5": ("mqtt.health",),
    '[reminders]\nquiet_from = "25:00"': ("reminders.quiet_from",),
    "schema = 7": ("schema",),
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_with_settings_is_translated(text: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    told = refused(lambda: read_settings(path))
    assert re.search("[ａ-ｚ]{2}", told)
    assert plain_words(told, str(path), *WRONG[text]) == []


def test_what_a_setting_takes_is_translated() -> None:
    with pseudo():
        told = [one.allowed for one in known_settings(Settings())]
        warned = Settings(new_unit_cap_pct=90).warnings()
    assert [word for text in (*told, *warned) for word in plain_words(text)] == []
    english = {one.name: one.allowed for one in known_settings(Settings())}
    language.choose({"LANG": "de_DE.UTF-8"})
    same = [one.name for one in known_settings(Settings()) if one.allowed == english[one.name]]
    assert [name for name in same if not name.startswith("schedule.")] == []  # those stand in estim/core/days


def test_what_is_said_of_files_is_translated(tmp_path: Path) -> None:
    path = tmp_path / "there"
    path.write_text("{")
    lost = tmp_path / "gone" / "there"
    for told in (
        refused(lambda: write_new(path, "")),
        refused(lambda: write_whole(lost, "")),
        refused(lambda: change_settings(tmp_path / "config.toml", "a.b.c.d", 5)),
        refused(lambda: find_home("~nobody-of-this-name")),
        refused(lambda: Home(lost, lost, lost, tmp_path / ("x" * 200)).socket),
        refused(lambda: Home(path, path, path, path / "below").prepare()),
        made_up_text(),
    ):
        left = plain_words(
            told,
            str(path),
            str(lost),
            str(tmp_path),
            "config.toml",
            "control.sock",
            "a.b.c.d",
            "x" * 200,
            "~nobody-of-this-name",
        )
        assert left == [], told


def made_up_text() -> str:
    with pseudo():
        return made_up(Home(Path("/h"), Path("/h"), Path("/h"), Path("/h"))).text


def test_who_may_not_read_a_file_is_told_whose_it_is(tmp_path: Path) -> None:
    ours = tmp_path / "there"
    ours.write_text("")
    denied = PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    with pseudo():
        told = {no_right(path, denied).text for path in (ours, Path("/proc/1/stat"), tmp_path / "gone")}
        told.add(no_right(ours, OSError(errno.EISDIR, os.strerror(errno.EISDIR))).text)
        with pytest.raises(OSError, match="ａ ｆｉｌｅ") as none:
            read_small(Path("/dev/null"))
        told.add(cause(none.value))
    assert len(told) >= 4
    for text in told:
        assert plain_words(text, str(tmp_path), "there", "gone", "/proc/1/stat") == [], text


def test_what_the_system_says_is_what_we_know() -> None:
    said = {os.strerror(number) for number in errno.errorcode}
    assert set(SYSTEM_SAYS) <= said
    language.choose({"LANG": "de_DE.UTF-8"})
    assert cause(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))) == "Auf dem Datenträger ist kein Platz mehr"
    assert cause(ValueError("embedded null byte")) == "embedded null byte"


def test_what_is_said_of_known_units_is_translated(tmp_path: Path) -> None:
    home = Home(tmp_path, tmp_path, tmp_path, tmp_path)
    units = Units.load(home)
    none = refused(lambda: units.find("box"))
    units.add("C1:02:03:04:05:06", "em70", AT, name="calf")
    units.add("C1:02:03:04:05:07", "em70", AT, name="knee")
    told = [
        none,
        refused(lambda: units.find("cal")),
        refused(lambda: units.find("zzzz")),
        refused(lambda: units.rename("knee", "calf")),
        refused(lambda: units.rename("knee", "C1:02:03:04:05:09")),
        refused(lambda: units.rename("knee", "a\x1bb")),
    ]
    names = ("box", "calf", "cal", "knee", "zzzz", "C1:02:03:04:05:06", "C1:02:03:04:05:09", "C1:02", "a\\x1bb")
    for text in told:
        assert re.search("[ａ-ｚ]{3}", text)
        assert plain_words(text, *names) == [], text
    for wrong in ('{"schema": 2}', "[", '{"units": [{"name": "a", "address": "b", "family": "c", "added_utc": 5}]}'):
        home.units_file.write_text(wrong)
        text = refused(lambda: Units.load(home))
        assert re.search("[ａ-ｚ]{3}", text.replace(str(tmp_path), ""))


def test_what_is_said_of_a_broker_is_translated(tmp_path: Path) -> None:
    url = "mqtt://house"
    told = [
        refused(lambda: check_address("house")),
        refused(lambda: broker_of(MqttSettings(url="mqtt://house:0"))),
        refused(lambda: broker_of(MqttSettings(url=url, ca="/none/ca"))),
        refused(lambda: broker_of(MqttSettings(url=url, password_command=("/none/pass",)))),
    ]
    names = ("--mqtt", "[mqtt] url", "/none/ca", "/none/pass", "ca")
    for text in told:
        assert re.search("[ａ-ｚ]{3}", text)
        assert plain_words(text, *names) == [], text


def test_a_new_file_explains_itself_in_german_and_its_settings_are_the_same() -> None:
    language.choose({"LANG": "de_DE.UTF-8"})
    german = template()
    assert "# Länge einer Sitzung: bis zu 30 Minuten." in german
    assert settings_of(german) == settings_of(TEMPLATE)
    assert not set(said_of(german)) & set(said_of(TEMPLATE))
    assert max(len(line) for line in german.splitlines()) <= 120


def settings_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if SETTING.match(line)]


def said_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not SETTING.match(line)]


def test_a_setting_that_is_written_into_a_german_file_stands_where_it_is_explained(tmp_path: Path) -> None:
    language.choose({"LANG": "de_DE.UTF-8"})
    path = tmp_path / "config.toml"
    change_settings(path, "minutes", 15)
    lines = path.read_text().splitlines()
    assert lines[lines.index("minutes = 15") - 1] == "# Länge einer Sitzung: bis zu 30 Minuten."


def test_places_have_names_that_are_translated() -> None:
    language.choose({"LANG": "de_DE.UTF-8"})
    folder = Path("/h")
    shown = [tr_text(name, "place") for name in Home(folder, folder, folder, folder).places()]
    assert shown[:5] == ["Einstellungen", "Programme", "Farbschemata", "Behandlungsplan", "Protokoll"]
