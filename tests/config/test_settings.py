"""Settings are read as they stand or refused in words, and a change keeps every comment."""

from pathlib import Path

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from estim.config.caps import unit_caps
from estim.config.settings import Settings, change_fields, change_settings, read_settings
from estim.config.template import TEMPLATE
from estim.core.errors import EstimError, Exit
from estim.core.session.guard import Limits, family_cap
from protocols.coyote3.packets import CAPS
from protocols.vocabulary import Channel

OWN = """\
# mine
minutes = 15   # long enough
[cap.calf]
A = 40  # tested in May
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def refused(path: Path, text: str) -> list[str]:
    path.write_text(text)
    with pytest.raises(EstimError) as told:
        read_settings(path)
    assert told.value.code is Exit.CONFIG
    lines = told.value.text.splitlines()
    assert all(str(path) in line for line in lines)
    return lines


def test_without_a_file_all_is_default(path: Path) -> None:
    settings = read_settings(path)
    assert settings == Settings()
    assert (settings.new_unit_cap_pct, settings.minutes, settings.keep_running) == (35, 20.0, False)
    assert (settings.ramp_s, settings.theme, settings.cap) == (None, None, {})
    assert settings.warnings() == ()


def test_the_template_is_the_default_and_so_is_what_it_comments_out(path: Path) -> None:
    path.write_text(TEMPLATE)
    assert read_settings(path) == Settings()
    awake = "\n".join(line[2:] if " = " in line and line.startswith("# ") else line for line in TEMPLATE.splitlines())
    path.write_text(awake.replace("# [", "["))
    settings = read_settings(path)
    assert (settings.minutes, settings.new_unit_cap_pct, settings.keep_running) == (20.0, 35, False)
    assert settings.cap == {"coyote3": {Channel.A: 40, Channel.B: 40}}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("minutes = 31", "minutes = 31 is not allowed: it takes more than 0 and at most 30 minutes"),
        ("minutes = 0", "more than 0"),
        ("minutes = nan", "more than 0"),
        ('minutes = "20"', "minutes = '20' is not allowed"),
        ("new_unit_cap_pct = 0", "from 1 to 100"),
        ("new_unit_cap_pct = 101", "from 1 to 100"),
        ("new_unit_cap_pct = 35.5", "whole number"),
        ("new_unit_cap_pct = true", "new_unit_cap_pct = true is not allowed"),
        ("keep_running = 1", "true or false"),
        ("ramp_s = 2.9", "seconds, from 3 to 300"),
        ("theme = ''", "1 to 64 characters"),
        ("cap.calf.A = -1", "cap.calf.A = -1 is not allowed"),
        ("cap.calf.E = 4", "cap.calf.E = 4 is not allowed"),
        ("cap.calf = 4", "cap.calf = 4 is not allowed"),
        ("cap = 4", "cap = 4 is not allowed"),
        ("minuts = 20", "minuts isn't a setting; did you mean minutes?"),
        ("qqq = 20", "qqq isn't a setting; known: schema, new_unit_cap_pct"),
        ("schema = 2", "newer estim"),
        ("schema = 'x'", "a whole number"),
        ("minutes = ", "not TOML"),
    ],
)
def test_a_wrong_line_names_field_and_range(path: Path, line: str, says: str) -> None:
    [sentence] = refused(path, line)
    assert says in sentence


def test_all_mistakes_are_told_in_one_go(path: Path) -> None:
    assert len(refused(path, "minutes = 31\nthem = 'x'\ncap.a.A = -1\ncap.a.B = 5\ncap.b.C = -1")) == 4


def test_a_file_that_can_not_be_read_is_refused(path: Path, tmp_path: Path) -> None:
    with pytest.raises(EstimError, match="can't read") as told:
        read_settings(tmp_path)
    assert told.value.code is Exit.CONFIG
    path.write_bytes(b"theme = '\xff'")
    with pytest.raises(EstimError, match="not UTF-8"):
        read_settings(path)
    path.write_text(f"minutes = {'9' * 5000}")  # Python's own error for it is none of tomllib's
    with pytest.raises(EstimError, match="not TOML: Exceeds the limit") as told:
        read_settings(path)
    assert told.value.code is Exit.CONFIG


@pytest.mark.control("C-06")
def test_a_change_keeps_every_comment(path: Path) -> None:
    path.write_text(OWN)
    change_settings(path, "minutes", 10)
    change_settings(path, "cap.calf.A", 35)
    settings = change_settings(path, "cap.calf.B", 30)
    assert settings == read_settings(path)
    assert settings.caps_of("CALF") == {Channel.A: 35, Channel.B: 30}
    assert path.read_text() == OWN.replace("= 15", "= 10").replace("A = 40", "A = 35") + "B = 30\n"


def test_a_first_change_writes_the_explained_file_and_back_is_back(path: Path) -> None:
    assert change_settings(path, "minutes", 15).minutes == 15
    assert path.read_text() == TEMPLATE.replace("# minutes = 20", "minutes = 15")
    change_settings(path, "cap.my.unit.A", 12)
    assert read_settings(path).cap == {"my.unit": {Channel.A: 12}}
    change_settings(path, "cap.my.unit.A", None)
    assert change_settings(path, "minutes", None) == Settings(cap={"my.unit": {}})
    assert change_settings(path, "cap.other.A", None) == Settings(cap={"my.unit": {}})
    assert path.stat().st_mode & 0o077 == 0


def test_a_settings_file_that_is_a_link_stays_one(path: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.toml").write_text(OWN)
    path.symlink_to(tmp_path / "elsewhere.toml")
    change_settings(path, "theme", "nord")
    assert path.is_symlink()
    assert "nord" in (tmp_path / "elsewhere.toml").read_text()


@pytest.mark.parametrize(
    ("field", "value"), [("minutes", 31), ("nothing", 1), ("cap.calf", 3), ("cap.calf.E", 3), ("minutes.x", 3), ("", 1)]
)
def test_a_wrong_change_changes_nothing(path: Path, field: str, value: int) -> None:
    path.write_text(OWN)
    with pytest.raises(EstimError) as told:
        change_settings(path, field, value)
    assert told.value.code is Exit.CONFIG
    assert path.read_text() == OWN


def test_a_wrong_file_is_not_changed(path: Path) -> None:
    path.write_text("minutes = 99")
    with pytest.raises(EstimError, match="at most 30"):
        change_settings(path, "theme", "nord")
    assert path.read_text() == "minutes = 99"


def test_a_high_cap_for_new_units_is_allowed_and_warned_of(path: Path) -> None:
    [warning] = change_settings(path, "new_unit_cap_pct", 60).warnings()
    assert "above 35 %" in warning


@pytest.mark.control("C-06")
def test_the_smallest_cap_of_a_unit_holds_and_names_its_place() -> None:
    def of(settings: Settings, remembered: dict[Channel, int] | None) -> tuple[tuple[int, str], tuple[int, str]]:
        limits = Limits((family_cap(CAPS), *unit_caps(CAPS, settings, "calf", remembered)))
        return limits.of(Channel.A), limits.of(Channel.B)

    new_a, new_b = of(Settings(), None)
    assert new_a == new_b == (70, "a new unit is capped at 35 % of its scale: new_unit_cap_pct in config.toml")
    own_a, still_new_b = of(Settings(cap={"Calf": {Channel.A: 90}}), None)
    assert own_a == (90, "the cap of calf in config.toml")
    assert still_new_b == new_b
    kept_a, _ = of(Settings(cap={"calf": {Channel.A: 90}}), {Channel.A: 50})
    assert kept_a == (50, "the cap that is remembered for calf")
    twice, _ = of(Settings(cap={"calf": {Channel.A: 90}, "CALF": {Channel.A: 80}}), None)
    assert twice[0] == 80
    highest, _ = of(Settings(cap={"calf": {Channel.A: 999}}), None)
    assert highest[0] == CAPS.scale


@given(
    st.dictionaries(
        st.sampled_from(["schema", "minutes", "ramp_s", "theme", "cap", "new_unit_cap_pct", "keep_running", "x"]),
        st.booleans()
        | st.integers(-5, 400)
        | st.floats()
        | st.text(max_size=5)
        | st.dictionaries(
            st.text(max_size=3), st.integers(-5, 5) | st.dictionaries(st.sampled_from("ABE"), st.integers(-2, 99))
        ),
    )
)
def test_whatever_stands_there_is_read_within_its_range_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: dict[str, object]
) -> None:
    path = tmp_path_factory.mktemp("config") / "config.toml"
    path.write_text(tomlkit.dumps(data), encoding="utf-8")
    try:
        settings = read_settings(path)
    except EstimError as error:
        code = error.code
    else:
        code = Exit.DONE
    if code is not Exit.DONE:
        assert code is Exit.CONFIG
        return
    assert 0 < settings.minutes <= 30
    assert 1 <= settings.new_unit_cap_pct <= 100
    assert settings.ramp_s is None or 3 <= settings.ramp_s <= 300
    assert all(level >= 0 for caps in settings.cap.values() for level in caps.values())


def test_several_fields_are_changed_together_or_not_at_all(path: Path) -> None:
    path.write_text(OWN, encoding="utf-8")
    with pytest.raises(EstimError):
        change_fields(path, {"minutes": 10, "schedule.zone": "Mars/Olympus"})
    assert path.read_text(encoding="utf-8") == OWN
    settings = change_fields(path, {"minutes": 10, "schedule.zone": "Europe/Berlin"})
    assert (settings.minutes, settings.schedule.zone) == (10, "Europe/Berlin")
