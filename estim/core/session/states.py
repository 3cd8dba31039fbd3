"""The session's states and moves as one literal table: whatever it doesn't list is refused and changes nothing.

1. Only ARMED leads to output, and only a person's pads-on act leads to ARMED.
2. Every state that may have output open leads to STOPPING by one move; STOPPING and FAULT lead only to ENDED, or
   after a link that came back and proved zero to PAUSED, where a key is needed to go on.
3. ENDED is the end: a new session is a new object.
"""

from enum import StrEnum
from types import MappingProxyType

from estim.core.errors import IllegalMove
from estim.core.translation import mark, tr, tr_text
from estim.core.vocabulary import State

ARM_WINDOW_S = 300.0
"""The pads-on act holds this long (safety.md C-13); a prepared session without one ends after it."""


PAUSE_MAX_S = 300.0
"""A pause that nobody ends is ended after this, so that no forgotten unit stays armed."""


READY_MAX_S = 12.0
"""A unit that hasn't proved zero this long after the link is up never will: a little over the 10 s of doubt."""


NAP_S = 0.5
"""Longest time between two steps (twice as long while a level stays): silence and time-outs are noticed as late."""


BATTERY_MIN_PCT = 20
"""No start below this (safety.md C-33; the em70 sheet's 10 % is laxer)."""


CHARGE_WAIT_S = 3.0
"""How long a unit that is at zero may take to tell its battery; one that never does is used all the same."""


DISK_MAX_S = 30.0
"""Longest time between the order and the first word of its session that is a disk's: that is given up after 20 s."""


ASLEEP_S = 10.0
"""Nobody has looked after a playing unit for this long: the computer slept, or its programs were held. The longest
time between two steps is 1 s; hosts under load were seen up to 2 s late."""


UNFED_KEY_S = 5.0
"""After a gap in feeding up to this long the level ramps up again by itself; after a longer one it takes a key."""


RISING_S = 0.1
"""How soon the Guard is asked again while it holds a level below what is requested."""


class Move(StrEnum):
    """What can move a session."""

    CONNECT = "connect"
    READIED = "readied"
    ARM = "arm"
    START = "start"
    REACHED = "reached"
    LEVEL = "level"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    TIME_UP = "time-up"
    LOSE = "lose-link"
    BACK = "back"
    FAULT = "fault"
    ZEROED = "zeroed"
    GIVE_UP = "give-up"


_S = State
_M = Move
_ALWAYS = {_M.STOP: _S.STOPPING, _M.LOSE: _S.STOPPING, _M.FAULT: _S.FAULT, _M.TIME_UP: _S.STOPPING}

TABLE = MappingProxyType(
    {
        _S.IDLE: {_M.CONNECT: _S.CONNECTING, _M.STOP: _S.STOPPING},
        _S.CONNECTING: {_M.READIED: _S.READY, **_ALWAYS},
        _S.READY: {_M.ARM: _S.ARMED, **_ALWAYS},
        _S.ARMED: {_M.START: _S.RAMPING, **_ALWAYS},
        _S.RAMPING: {_M.REACHED: _S.RUNNING, _M.LEVEL: _S.RAMPING, _M.PAUSE: _S.PAUSED, **_ALWAYS},
        _S.RUNNING: {_M.LEVEL: _S.RUNNING, _M.PAUSE: _S.PAUSED, **_ALWAYS},
        _S.PAUSED: {_M.RESUME: _S.RAMPING, _M.PAUSE: _S.PAUSED, **_ALWAYS},
        _S.STOPPING: {
            _M.STOP: _S.STOPPING,
            _M.LOSE: _S.STOPPING,
            _M.FAULT: _S.STOPPING,
            _M.BACK: _S.PAUSED,
            _M.ZEROED: _S.ENDED,
            _M.GIVE_UP: _S.ENDED,
        },
        _S.FAULT: {
            _M.STOP: _S.FAULT,
            _M.LOSE: _S.FAULT,
            _M.FAULT: _S.FAULT,
            _M.ZEROED: _S.ENDED,
            _M.GIVE_UP: _S.ENDED,
        },
        _S.ENDED: {_M.STOP: _S.ENDED},
    }
)

PLAYING = frozenset({State.RAMPING, State.RUNNING})
"""The states in which output is wanted."""

_PLAIN = {
    _M.ARM: mark("can't begin now: {why}"),
    _M.LEVEL: mark("can't change the level now: {why}"),
    _M.PAUSE: mark("can't pause now: {why}"),
    _M.RESUME: mark("can't resume now: {why}"),
}
_INSTEAD = {
    _S.IDLE: mark("nothing is running: start a program first"),
    _S.CONNECTING: mark("it is still connecting: wait for the unit to be ready"),
    _S.READY: mark("it waits for you to say that the pads are on"),
    _S.ARMED: mark("it is about to start"),
    _S.RAMPING: mark("it is already running"),
    _S.RUNNING: mark("it is already running"),
    _S.PAUSED: mark("it is paused: resume or stop it"),
    _S.STOPPING: mark("it is stopping"),
    _S.FAULT: mark("it has a fault and is stopping"),
    _S.ENDED: mark("the session has ended: start a new one"),
}


def move(state: State, by: Move) -> State:
    """Return the next state; raise IllegalMove with a sentence, and change nothing, if the table has no such move."""
    after = TABLE[state].get(by)
    if after is None:
        raise refusal(by, tr_text(_INSTEAD[state]))
    return after


def refusal(by: Move, why: str) -> IllegalMove:
    """Return why a person can't do that now, as a sentence."""
    return IllegalMove(
        tr(_PLAIN[by], why=why) if by in _PLAIN else tr("can't {move} now: {why}", move=by.value, why=why)
    )


HALTED = {
    State.IDLE: mark("nothing is running"),
    State.CONNECTING: mark("connecting"),
    State.READY: mark("nobody has said yet that the pads are on"),
    State.ARMED: mark("about to start"),
    State.RAMPING: "",
    State.RUNNING: "",
    State.PAUSED: mark("paused"),
    State.STOPPING: mark("stopping"),
    State.FAULT: mark("a fault"),
    State.ENDED: mark("the session has ended"),
}
"""Why nothing may flow in a state, for the Guard's answer."""
