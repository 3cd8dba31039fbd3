"""What a host is made of: the real services, joined once by estim.host.main and handed to whoever needs them."""

from collections.abc import Callable, Sequence

from msgspec import Struct

from estim.clock import Clock
from estim.config.paths import Home
from estim.config.settings import Settings
from estim.config.timezone import local_zone
from estim.config.units import Units
from estim.host.radio.link import Air
from estim.journal.writer import JournalWriter
from protocols.family import Family


class Services(Struct, frozen=True):
    """`families` gives all families (imported when first asked for), `zone` the name of the present time zone.

    `pid` is the host's process. `trouble` says what is wrong with the settings (empty: nothing): the defaults hold
    then, so that a unit can be stopped, and no session begins. `hand` does something to the software unit at an address
    (None: the only one); None where units are real. It raises ValueError for what can't be done. `simulate` is what
    --simulate asked for, empty where units are real.
    """

    clock: Clock
    air: Air
    journal: JournalWriter
    home: Home
    settings: Settings
    units: Units
    families: Callable[[], Sequence[Family]]
    pid: int
    zone: Callable[[], str] = local_zone
    trouble: str = ""
    hand: Callable[[str | None, str], None] | None = None
    simulate: str = ""
