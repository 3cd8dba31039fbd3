"""Tells one session on stdout, as JSON lines or as text, and keeps what is needed to tell its end if the host can't."""

import msgspec

from estim.cli.output import complain, tell_encoded, unread
from estim.cli.text import Screen
from estim.core.errors import Exit
from estim.core.messages.commands import Start
from estim.core.messages.events import Ended, Happened, Levelled, LinkBack, LinkLost, Started
from estim.core.messages.shown import Snapshot
from estim.core.moment import local
from estim.core.translation import tr
from estim.core.vocabulary import Reason
from protocols.vocabulary import Channel

_REASON = {
    Exit.NO_DEVICE: Reason.NO_DEVICE,
    Exit.INTERRUPTED: Reason.INTERRUPTED,
    Exit.TERMINATED: Reason.INTERRUPTED,
    Exit.HUNG_UP: Reason.INTERRUPTED,
    Exit.INTERNAL: Reason.FAULT,
}
"""Why a session never began, by the exit code; all others are refusals."""


class Record:
    """What was told of one session. `simulate` and `start` are what the person asked for; no `screen`: JSON lines."""

    def __init__(self, simulate: str | None, start: Start, screen: Screen | None) -> None:
        self.last: Snapshot | None = None
        self.lost = False
        self.ended: Ended | None = None
        self._simulate = simulate
        self._start = start
        self._screen = screen
        self._started: Started | None = None
        self._level_max: dict[Channel, int] = {}
        self._mute = False

    @property
    def live(self) -> bool:
        """Say whether output may be on as far as was told."""
        return self._started is not None and self.ended is None

    @property
    def by_hand(self) -> str:
        """What a person can do at the unit."""
        return self.last.by_hand if self.last and self.last.by_hand else tr("switch the unit off by hand")

    def show(self, shown: Snapshot) -> bool:
        """Draw a snapshot; false if nobody can read it."""
        self.last = shown
        if self._screen is None or self._mute:
            return True
        try:
            self._screen.show(shown)
        except OSError:
            return self._unread()
        return True

    def tell(self, event: Happened) -> bool:
        """Tell a happening; false if nobody can read it."""
        self._note(event)
        if self._mute:
            return True
        try:
            if self._screen is not None:
                self._screen.tell(event)
            else:
                tell_encoded("event", msgspec.json.encode(event))
        except OSError:
            return self._unread()
        return True

    def refuse(self, code: int, text: str) -> None:
        """Tell a session that never began. Whether its unit is at zero this command can't know: it touched none."""
        if self._screen is not None:
            complain(local(text))
        else:
            self.tell(self.made_up(_REASON.get(Exit(code), Reason.REFUSED), text, confirmed=None))

    def made_up(self, reason: Reason, text: str, *, confirmed: bool | None) -> Ended:
        """Return the last line in the host's stead; `confirmed` None: this command never touched a unit."""
        last = self.last
        started = self._started
        channels = [lane.channel for lane in last.lanes] if last else list(self._level_max)
        return Ended(
            reason=reason,
            program=last.program if last and last.program else self._start.program,
            unit=last.unit if last else self._start.unit or "",
            family=last.family if last else _family(self._simulate),
            simulated=last.simulated if last else self._simulate is not None,
            started_at=started.started_at if started else None,
            duration_s=last.elapsed_s if last and started else 0.0,
            level_max={**dict.fromkeys(channels, 0), **self._level_max},
            level_end=dict.fromkeys(channels, 0 if confirmed else None),
            stop_confirmed=confirmed,
            message=text,
            may_be_on=confirmed is False,
            on_until=last.on_until if last and confirmed is False else None,
        )

    def _note(self, event: Happened) -> None:
        match event:
            case Started():
                self._started = event
            case Levelled(channel=channel, level=level):
                self._level_max[channel] = max(level, self._level_max.get(channel, 0))
            case LinkLost():
                self.lost = True
            case LinkBack():
                self.lost = False
            case Ended():
                self.ended = event
            case _:
                pass

    def _unread(self) -> bool:
        """Nobody reads any more: say nothing from now on, not even when Python empties its buffers at the end."""
        self._mute = True
        unread()
        return False


def _family(simulate: str | None) -> str:
    """Return the family of the software unit, "" where there is none, or it may be one of several."""
    return "" if simulate is None or ";" in simulate else simulate.partition(":")[0]


def exit_code(ended: Ended, signalled: Exit | None) -> int:
    """Return the exit code: an unproved stop after output beats everything, then who ended it.

    Output counts whoever began it: a unit that was on before, and doesn't take the stop, is on.
    """
    if ended.unproved:
        return Exit.NOT_CONFIRMED
    match ended.reason:
        case Reason.COMPLETED | Reason.STOPPED | Reason.PANIC:
            return Exit.DONE
        case Reason.INTERRUPTED:
            return signalled or Exit.INTERRUPTED
        case Reason.LINK_LOST:
            return Exit.LINK_LOST if ended.started_at is not None else Exit.NO_DEVICE
        case Reason.NO_DEVICE:
            return Exit.NO_DEVICE
        case Reason.REFUSED:
            return Exit.REFUSED
        case _:
            return Exit.GENERAL
