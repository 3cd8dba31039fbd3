"""One moment on both clocks: a monotonic one for whatever is measured, and UTC for whatever is told or kept."""

import re
from datetime import UTC, datetime

from msgspec import Struct

from estim import BUILT
from estim.core.errors import EstimError, Exit
from estim.core.translation import tr

BUILT_UTC = datetime.fromisoformat(BUILT).replace(tzinfo=UTC)


MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
"""A moment as the host writes it."""


def hour(moment: str) -> str:
    """Return the time of day of an ISO moment, where the reader is."""
    return datetime.fromisoformat(moment).astimezone().strftime("%H:%M:%S")


def local(text: str) -> str:
    """Return a text of the host with its moments as times of day, where the reader is."""
    return MOMENT.sub(lambda found: hour(found[0]), text)


class Now(Struct, frozen=True):
    """`mono_s` counts suspend too and never jumps; `utc` is timezone-aware."""

    mono_s: float
    utc: datetime

    def iso(self) -> str:
        """Return the moment in the person's own zone, to the second, with its offset."""
        return self.utc.astimezone().isoformat(timespec="seconds")


def check_clock(now_utc: datetime) -> None:
    """Raise EstimError (78) for a clock that can't be right: what is written by it would lie on the wrong day.

    Nothing that stops a unit asks for this. An entry that names an earlier day itself is another matter.
    """
    if now_utc < BUILT_UTC:
        raise EstimError(
            tr(
                "this computer's clock says {now}, but this estim was made after {made}, so rest and dose can't be "
                "counted and nothing is written: set the clock (timedatectl set-ntp true), then try again",
                now=_day(now_utc),
                made=_day(BUILT_UTC),
            ),
            code=Exit.CONFIG,
        )


def _day(moment: datetime) -> str:
    return tr("{day} {at:%B} {year}", day=moment.day, at=moment, year=moment.year)
