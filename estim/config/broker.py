"""Where the MQTT broker is and who this host is there: an address as typed or as settings have it, read in one place.

A password stands in the address, in a file or is what a command prints; it is in no text that estim writes.
"""

import secrets
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from estim.config.files import read_small, write_whole
from estim.config.mqtt_settings import BROKER_EXAMPLE, MqttSettings
from estim.config.paths import Home
from estim.core.errors import EstimError, Exit
from estim.core.remote.topics import ID, id_of
from estim.core.translation import tr, tr_text

PORT = 1883
TLS_PORT = 8883

SETTING = "[mqtt] url"  # untranslated: a setting's name

COMMAND_TIMEOUT_S = 10.0
"""Longest time that a command for the password may take, s."""


@dataclass(frozen=True, slots=True)
class Broker:
    """How a broker is reached. `ca`, `certificate` and `key` are files, None: the system's own, none, none."""

    host: str
    port: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


def broker_of(settings: MqttSettings, typed: str | None = None) -> Broker | None:
    """Return the broker that was typed, else the one of the settings, None without any.

    Raises EstimError: 2 for an address that was typed wrongly, 78 for one in the settings, or a password that can't be
    had.
    """
    address = typed or settings.url
    if address is None:
        return None
    parts = _read(address, SETTING, Exit.CONFIG) if typed is None else check_address(typed)
    tls = parts.scheme == "mqtts"
    return Broker(
        host=parts.hostname or "",
        port=parts.port or (TLS_PORT if tls else PORT),
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else _password(settings),
        tls=tls,
        ca=_file(settings.ca, "ca"),
        certificate=_file(settings.certificate, "certificate"),
        key=_file(settings.key, "key"),
    )


def check_address(typed: str) -> SplitResult:
    """Return the parts of an address as it was typed; raises EstimError (2)."""
    return _read(typed, "--mqtt", Exit.USAGE)


def _read(address: str, where: str, code: Exit) -> SplitResult:
    text = tr("{where}: that isn't a broker's address; write {example}", where=where, example=tr_text(BROKER_EXAMPLE))
    wrong = EstimError(text, code=code)
    try:
        parts = urlsplit(address)
        known = parts.scheme in ("mqtt", "mqtts") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # whose text may hold a part of the password
        raise wrong from None
    if not known or parts.path.strip("/") or parts.query or parts.fragment:
        raise wrong
    return parts


def _file(place: str | None, field_name: str) -> Path | None:
    if place is None:
        return None
    path = Path(place).expanduser()
    if not path.is_file():
        raise EstimError(tr("[mqtt] {field}: there is no file {file}", field=field_name, file=path), code=Exit.CONFIG)
    return path


def _password(settings: MqttSettings) -> str | None:
    """Return the password of the settings; the first line of what a file or a command gives."""
    if settings.password_file is not None:
        path = _file(settings.password_file, "password_file")
        assert path is not None, "it was named"  # untranslated: a bug's words
        try:
            return _first_line(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise EstimError(tr("[mqtt] password_file: {file} can't be read", file=path), code=Exit.CONFIG) from error
    if settings.password_command is None:
        return None
    words = settings.password_command
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=COMMAND_TIMEOUT_S, check=True
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        text = tr(
            "[mqtt] password_command: {command!r} gave no password within {seconds:g} s; try it by hand",
            command=words[0],
            seconds=COMMAND_TIMEOUT_S,
        )
        raise EstimError(text, code=Exit.CONFIG) from None  # what it said may hold the password
    return _first_line(done.stdout)


def _first_line(text: str) -> str:
    return text.partition("\n")[0].rstrip("\r")


def host_id(home: Home, settings: MqttSettings) -> str:
    """Return this host's id in topics: the one of the settings, else the computer's name with four digits of chance,
    kept in the home so that it stays; two computers of one name are two hosts. Raises EstimError (73)."""
    if settings.host is not None:
        return settings.host
    try:
        kept = read_small(home.host_id_file).decode(errors="replace").strip()
    except OSError:
        kept = ""
    if ID.fullmatch(kept):
        return kept
    name = id_of(socket.gethostname())[:27].strip("-") or "host"
    fresh = f"{name}-{secrets.token_hex(2)}"
    write_whole(home.host_id_file, fresh + "\n")
    return fresh
