"""What a runner hands to its session's log at one moment: a frozen value, so that the log needs to know no runner."""

from collections.abc import Mapping

from msgspec import Struct

from estim.core.moment import Now
from protocols.vocabulary import Channel


class Seen(Struct, frozen=True):
    """A session and its unit. `stops_only`: the session only stops a unit that was left on.

    `proved`: its stop is; `untouched`: nothing was put out, as far as is known; `seen_off`: a person has said that the
    unit is off; `may_repeat`: it should have fallen silent, and may go on all the same.

    `output_s` is how long it had a level above 0 so far. `plays_until_s` is until when it may put out if nobody stops
    it any more (None: nothing is known that is new), and `on_until_s` until when it may be on after its session:
    monotonic seconds, inf: for good, -inf: it is off.
    """

    now: Now
    stops_only: bool
    proved: bool
    untouched: bool
    seen_off: bool
    may_repeat: bool
    output_s: float
    plays_until_s: float | None
    on_until_s: float
    level_max: Mapping[Channel, int]
    goal: Mapping[Channel, int]
