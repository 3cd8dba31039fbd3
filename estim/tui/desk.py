"""What a place may ask of the app: a command for the host, a word on the screen, another place."""

from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct

from estim.client.follower import Sleep
from estim.config.options import HostOptions
from estim.core.messages.commands import Ask, Reply, Start
from estim.tui.drill import Drill
from estim.tui.editing import Editing
from estim.tui.model import View
from estim.tui.wording import Offer


class Desk(Struct, frozen=True):
    """`options` is None where there is no home (in some tests): nothing is read then.

    `drill` begins a stop drill; `look` says which address the doctor looks at, "" none.
    """

    options: HostOptions | None
    ask: Callable[[Ask], Awaitable[Reply | None]]
    say: Callable[[str], None]
    start: Callable[[Start], None]
    go: Callable[[str], None]
    choose: Callable[[str], None]
    offer: Callable[[Sequence[Offer]], None]
    view: Callable[[], View]
    drill: Callable[[Drill], None]
    look: Callable[[str], None]
    sleep: Sleep
    editing: Editing
