"""What `estim status` says where no controller answers: one that takes no connection, and units that were left on."""

from typing import TYPE_CHECKING

from estim.cli.answer import SCHEMA
from estim.cli.output import say, tell_row
from estim.core.errors import EstimError
from estim.core.translation import tr
from estim.journal.rows import NEVER

if TYPE_CHECKING:
    from estim.cli.flags import Flags
    from estim.journal.marker import MayBeOn


def tell_absent(flags: "Flags") -> None:
    """Print what is known of a home whose controller doesn't answer, from its lock and its list of what may be on."""
    from estim.client.lock import holder, left_on

    home = flags.host.place
    process = holder(home.lock)
    try:
        on = left_on(home)
        trouble = ""
    except EstimError as error:
        on = ()
        trouble = error.text
    if flags.as_json:
        left = [
            {"address": one.address, "unit": one.unit, "until": None if _endless(one) else one.until_utc.isoformat()}
            for one in on
        ]
        overview = {"answer": "overview", "pid": process or 0, "simulated": False, "units": []}
        tell_row(SCHEMA, {**overview, "running": process is not None, "may_be_on": left, "trouble": trouble})
        return
    if process is None:
        say(tr("no estim is running here"))
    else:
        text = tr(
            "a controller (process {process}) is running, but takes no connection: output may be on. estim stop stops "
            "it all the same",
            process=process,
        )
        say(text)
    for line in [*(_may_be_on(one) for one in on), *filter(None, [trouble])]:
        say(line)


def _endless(one: "MayBeOn") -> bool:
    return one.until_utc == NEVER


def _may_be_on(one: "MayBeOn") -> str:
    if _endless(one):
        return tr(
            "{unit} may be on and doesn't end by itself: switch it off, or let estim stop search for it", unit=one.unit
        )
    return tr(
        "{unit} may be on until {until:%a %H:%M}: switch it off, or let estim stop search for it",
        unit=one.unit,
        until=one.until_utc.astimezone(),
    )
