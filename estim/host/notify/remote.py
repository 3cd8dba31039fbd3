"""Tells on other devices, through the services that apprise knows (optional: `pip install "estim[notify]"`).

1. An address holds a password or a token. It is in no message and no log: an address is named by its number in the
   settings and its scheme. The libraries' own talk goes nowhere, since it holds addresses too.
2. Each address is a way of its own, so that a person hears which one failed.
3. The first one loads apprise, which takes more than half a second: make them before there is a session.
"""

import logging
import re
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

from estim.core.errors import EstimError, Exit
from estim.core.translation import mark, tr, tr_text
from estim.host.notify.notice import Notification, TellError, one_line
from estim.host.notify.thread import aside

if TYPE_CHECKING:
    from apprise import NotifyBase

TIMEOUT_S = 15.0
TEXT_MAX = 250
"""Longest title and longest text, characters: what the shortest of the services takes (conventions.md section 9)."""

MISSING = mark('notices to other devices need one more package: pip install "estim[notify]"')
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]{0,30})://", re.IGNORECASE)


class Elsewhere:
    """One address; `number` is its place in the settings, from 1. Raises EstimError (78) if it can't be right."""

    def __init__(self, url: str, number: int, *, timeout_s: float = TIMEOUT_S) -> None:
        found = _SCHEME.match(url.strip())
        if found:
            scheme = f"{found[1].lower()}://"
            self.name = tr("notify address {number} ({scheme})", number=number, scheme=scheme)
        else:
            self.name = tr("notify address {number} (no scheme)", number=number)
        self.timeout_s = timeout_s
        self._missing = False
        self._service: NotifyBase | None = None
        try:
            self._service = _service(url.strip())
        except ImportError:
            self._missing = True
        if self._service is None and not self._missing:
            raise EstimError(
                tr(
                    "{name} in the settings is not one that apprise understands on this computer: write it "
                    "as the apprise documentation of that service shows, or take it out",
                    name=self.name,
                ),
                code=Exit.CONFIG,
            )

    async def tell(self, notice: Notification) -> None:
        """Send the notice; raises TellError if the library is missing or the service didn't take it in time."""
        if self._service is None:
            raise TellError(tr_text(MISSING))
        try:
            taken = await aside(lambda: self._send(notice), self.timeout_s)
        except TimeoutError:
            raise TellError(
                tr("{name} didn't answer within {seconds:g} s", name=self.name, seconds=self.timeout_s)
            ) from None
        except Exception as error:  # noqa: BLE001 - a hundred services, each with errors of its own
            # its text may hold the address, and so may what it came from
            raise TellError(
                tr("{name} failed ({error}): check it in the settings", name=self.name, error=type(error).__name__)
            ) from None
        if not taken:
            raise TellError(
                tr("{name} didn't take the notice: check the network, and that address in the settings", name=self.name)
            )

    async def withdraw(self, key: str) -> None:
        """Do nothing: what was sent is out of reach."""

    async def close(self) -> None:
        """Do nothing: each notice is sent by a connection of its own."""

    def _send(self, notice: Notification) -> bool:
        from apprise import NotifyFormat, NotifyType

        assert self._service is not None
        title = _cut(notice.title)
        return self._service.notify(
            body=_cut(notice.text) or title,
            title=title,
            notify_type=NotifyType.WARNING if notice.urgent else NotifyType.INFO,
            body_format=NotifyFormat.TEXT,
        )


def ways_elsewhere(urls: Sequence[str], *, timeout_s: float = TIMEOUT_S) -> tuple[Elsewhere, ...]:
    """Return a way for each address of the settings; raises EstimError (78) for the first that can't be right."""
    return tuple(Elsewhere(url, number, timeout_s=timeout_s) for number, url in enumerate(urls, 1))


def _service(url: str) -> "NotifyBase | None":
    """Return what sends to this address, None if the address can't be right. Raises ImportError without apprise."""
    for name in ("apprise", "urllib3"):
        talk = logging.getLogger(name)
        talk.addHandler(logging.NullHandler())
        talk.propagate = False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it loads all its services here, some of them by deprecated modules
        from apprise import Apprise, AppriseAsset

        try:
            asset = AppriseAsset(storage_mode="memory", app_id="estim")  # nothing of it on disk
            return Apprise.instantiate(url, asset=asset)
        except Exception:  # noqa: BLE001 - a parser's own error would show the address
            return None


def _cut(text: str) -> str:
    line = one_line(text)
    return line if len(line) <= TEXT_MAX else f"{line[: TEXT_MAX - 1]}…"
