"""What an editor puts before a text to say that it is UTF-8 is no mistake, in any file that a person writes."""

from importlib.resources import files
from pathlib import Path

from estim.catalogue.programs import read_file
from estim.config.care_plan import read_own_plan, shipped
from estim.config.settings import change_settings, read_settings

MARK = b"\xef\xbb\xbf"


def test_settings_programs_and_plans_may_begin_with_one(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(MARK + b"minutes = 12  # short\n")
    assert read_settings(tmp_path / "config.toml").minutes == 12
    assert change_settings(tmp_path / "config.toml", "minutes", 13.0).minutes == 13
    assert "# short" in (tmp_path / "config.toml").read_text(encoding="utf-8")
    (tmp_path / "care.toml").write_bytes(MARK + shipped().encode())
    assert read_own_plan(tmp_path / "care.toml").steps
    program = files("estim").joinpath("programs", "tens-ankle.toml").read_bytes()
    (tmp_path / "tens-ankle.toml").write_bytes(MARK + program)
    assert read_file(tmp_path / "tens-ankle.toml").id == "tens-ankle"
