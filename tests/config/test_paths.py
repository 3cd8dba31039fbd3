"""Everything has its place: below --home, or where the platform keeps such things."""

import os
from pathlib import Path

import pytest

from estim.config.paths import SOCKET_PATH_MAX, find_home
from estim.core.errors import EstimError, Exit


def test_home_puts_everything_below_one_folder(tmp_path: Path) -> None:
    home = find_home(str(tmp_path / "d"))
    assert home.socket == tmp_path / "d" / "control.sock"
    assert all(place.parent == tmp_path / "d" for place in home.places().values())
    assert len(set(home.places().values())) == len(home.places())


def test_a_relative_home_is_the_same_place_for_every_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    home = find_home("d")
    monkeypatch.chdir("/")
    assert home.journal == tmp_path / "d" / "log.sqlite"


def test_without_home_it_lies_where_the_platform_says(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", f"/x/{name.lower()}")
    home = find_home(environ={"XDG_RUNTIME_DIR": "/x/run"})
    assert home.settings_file == Path("/x/config/estim/config.toml")
    assert home.programs == Path("/x/config/estim/programs")
    assert home.journal == Path("/x/data/estim/log.sqlite")
    assert home.units_file == Path("/x/state/estim/units.json")
    assert home.simulated == Path("/x/state/estim/simulated.sqlite")
    assert home.log == Path("/x/state/estim/host.log")
    assert home.socket == Path("/x/run/estim/control.sock")
    assert home.lock == Path("/x/run/estim/host.lock")


def test_config_and_data_can_be_moved_alone(tmp_path: Path) -> None:
    environ = {"ESTIM_CONFIG": str(tmp_path / "c"), "ESTIM_DATA": str(tmp_path / "d"), "XDG_RUNTIME_DIR": "/x/run"}
    home = find_home(environ=environ)
    assert (home.config, home.data) == (tmp_path / "c", tmp_path / "d")


@pytest.mark.parametrize("environ", [{}, {"XDG_RUNTIME_DIR": "relative"}])
def test_without_a_login_the_socket_lies_where_nobody_else_can_write(environ: dict[str, str]) -> None:
    home = find_home(environ=environ)
    assert home.runtime.is_absolute()
    assert home.runtime in (home.state / "run", Path(f"/run/user/{os.getuid()}/estim"))


@pytest.mark.parametrize(("spare", "fits"), [(0, True), (1, False)])
def test_a_socket_path_is_refused_by_its_bytes(spare: int, fits: bool) -> None:
    folder = "/ä"  # three bytes
    folder += "x" * (SOCKET_PATH_MAX + spare - len(os.fsencode(folder + "/control.sock")))
    home = find_home(folder)
    if fits:
        assert len(os.fsencode(home.socket)) == SOCKET_PATH_MAX
        return
    with pytest.raises(EstimError, match=f"{SOCKET_PATH_MAX + 1} bytes, the system allows {SOCKET_PATH_MAX}") as told:
        _ = home.socket
    assert told.value.code is Exit.CANT_CREATE
    assert home.journal.name == "log.sqlite"


def test_folders_are_made_for_their_owner_only_and_again_is_no_harm(tmp_path: Path) -> None:
    home = find_home(str(tmp_path / "a" / "b"))
    home.prepare()
    home.prepare()
    assert home.data.stat().st_mode & 0o777 == 0o700


def test_a_home_that_can_not_be_made_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EstimError, match=r"can't make the folder .*file/home: .*--home") as told:
        find_home(str(tmp_path / "file" / "home")).prepare()
    assert told.value.code is Exit.CANT_CREATE


def test_a_runtime_folder_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = find_home(str(tmp_path))
    monkeypatch.setattr(os, "getuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(EstimError, match="belongs to somebody else"):
        home.prepare()


def test_a_folder_of_somebody_who_does_not_exist_gets_a_sentence() -> None:
    with pytest.raises(EstimError, match=r"^~nobody-of-that-name/d: .*; name the whole folder") as refused:
        find_home("~nobody-of-that-name/d")
    assert refused.value.code == Exit.CANT_CREATE
    with pytest.raises(EstimError, match=r"^~nobody-of-that-name: "):
        find_home(environ={"ESTIM_DATA": "~nobody-of-that-name"})
