"""Says where everything lies: below one folder with --home, else where the platform keeps such things.

1. Settings and own programs are the user's (config), the journal is the user's (data); what estim remembers by itself
   is state; socket and lock live only as long as the login (runtime).
2. ESTIM_CONFIG and ESTIM_DATA move the first two. --home moves everything, the socket too.
3. Who can write to the folder of the socket could answer in our name, so it must be ours, and 0700 if we make it.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from estim.core.errors import EstimError, Exit
from estim.core.system import cause
from estim.core.translation import mark, tr

SOCKET_PATH_MAX = 107
"""Longest path of a socket, bytes: sun_path has 108, one of them for the closing zero (unix(7))."""


class Home(Struct, frozen=True):
    """Four folders, and the files in them. Making a Home touches no disk; `prepare` makes the folders."""

    config: Path
    data: Path
    state: Path
    runtime: Path

    @property
    def settings_file(self) -> Path:
        return self.config / "config.toml"

    @property
    def programs(self) -> Path:
        """The folder of the user's own programs; it need not exist."""
        return self.config / "programs"

    @property
    def themes(self) -> Path:
        """The folder of the user's own themes of the screen; it need not exist."""
        return self.config / "themes"

    @property
    def plan_file(self) -> Path:
        """The user's own care plan; without it the one that is shipped holds."""
        return self.config / "care.toml"

    @property
    def journal(self) -> Path:
        return self.data / "log.sqlite"

    @property
    def simulated(self) -> Path:
        """The journal of simulated sessions: a file of its own, emptied at each start of a simulated host."""
        return self.state / "simulated.sqlite"

    @property
    def units_file(self) -> Path:
        return self.state / "units.json"

    @property
    def host_id_file(self) -> Path:
        """The host's id in MQTT topics: made once, so that a house knows it again."""
        return self.state / "host-id"

    @property
    def calendar_file(self) -> Path:
        """Which events a calendar was given, so that the next export changes those and makes no second ones."""
        return self.state / "calendar.json"

    @property
    def first_start_file(self) -> Path:
        """How far the three steps of the first start have come; without it they begin."""
        return self.state / "first-start.json"

    @property
    def log(self) -> Path:
        """What a host that was started in the background says to nobody."""
        return self.state / "host.log"

    @property
    def lock(self) -> Path:
        return self.runtime / "host.lock"

    @property
    def socket(self) -> Path:
        """The control socket; raises EstimError (73) if its path is longer than the system allows."""
        path = self.runtime / "control.sock"
        length = len(os.fsencode(path))
        if length > SOCKET_PATH_MAX:
            text = tr(
                "the control socket's path would have {length} bytes, the system allows {most}: {path}; choose a "
                "shorter folder with --home",
                length=length,
                most=SOCKET_PATH_MAX,
                path=path,
            )
            raise EstimError(text, code=Exit.CANT_CREATE)
        return path

    @property
    def demo_file(self) -> Path:
        """Marks a home whose days are made up (estim demo): no real unit is ever used in it."""
        return self.state / "demo"

    @property
    def demo(self) -> bool:
        """Whether this is a demo home."""
        return self.demo_file.exists()

    def places(self) -> dict[str, Path]:
        """Return every place by its name, for `estim paths`; a name is shown by tr_text(name, "place")."""
        return {
            mark("settings", "place"): self.settings_file,
            mark("programs", "place"): self.programs,
            mark("themes", "place"): self.themes,
            mark("care plan", "place"): self.plan_file,
            mark("journal", "place"): self.journal,
            mark("simulated", "place"): self.simulated,
            mark("units", "place"): self.units_file,
            mark("log", "place"): self.log,
            mark("lock", "place"): self.lock,
            mark("socket", "place"): self.runtime / "control.sock",
        }

    def prepare(self) -> None:
        """Make the folders that are missing, 0700; raises EstimError (73) with the folder and the cause."""
        for folder in dict.fromkeys((self.config, self.data, self.state, self.runtime)):
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                text = tr(
                    "can't make the folder {folder}: {why}; choose another with --home", folder=folder, why=cause(error)
                )
                raise EstimError(text, code=Exit.CANT_CREATE) from error
        owner = self.runtime.stat().st_uid
        if owner != os.getuid():
            text = tr(
                "the folder of the control socket belongs to somebody else (user {user}): {folder}; choose one of your "
                "own with --home",
                user=owner,
                folder=self.runtime,
            )
            raise EstimError(text, code=Exit.CANT_CREATE)


def made_up(home: Home) -> EstimError:
    """Return the refusal of whatever is real in a demo home: levels that are made up must reach no skin."""
    text = tr("{home} is a demo home, its days and levels are made up: estim demo {home} opens it", home=home.state)
    return EstimError(text, code=Exit.REFUSED)


def find_home(folder: str | None = None, environ: Mapping[str, str] = os.environ) -> Home:
    """Return the home: everything below `folder` (--home) if it is given, else the platform's places.

    Raises EstimError (73) for a folder of somebody whom the system doesn't know.
    """
    if folder is not None:
        root = _whole(folder)
        return Home(config=root, data=root, state=root, runtime=root)
    from platformdirs import PlatformDirs  # not needed with --home, and it costs milliseconds

    dirs = PlatformDirs("estim", appauthor=False)
    state = dirs.user_state_path
    return Home(
        config=_moved(environ, "ESTIM_CONFIG", dirs.user_config_path),
        data=_moved(environ, "ESTIM_DATA", dirs.user_data_path),
        state=state,
        runtime=_runtime(environ, state),
    )


def _moved(environ: Mapping[str, str], name: str, usual: Path) -> Path:
    value = environ.get(name, "").strip()
    return _whole(value) if value else usual


def _whole(folder: str) -> Path:
    try:
        return Path(folder).expanduser().absolute()
    except RuntimeError as error:
        text = tr("{folder}: there is no user of that name; name the whole folder, beginning with /", folder=folder)
        raise EstimError(text, code=Exit.CANT_CREATE) from error


def _runtime(environ: Mapping[str, str], state: Path) -> Path:
    """The login's own folder; without one (cron, a bare container) a folder of ours, never one that all may write."""
    value = environ.get("XDG_RUNTIME_DIR", "")
    if value.startswith("/"):
        return Path(value) / "estim"
    usual = Path(f"/run/user/{os.getuid()}")
    return usual / "estim" if usual.is_dir() else state / "run"
