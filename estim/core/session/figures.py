"""The times and limits of a session that are neither a family's nor the Guard's."""

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

ASLEEP_S = 10.0
"""Nobody has looked after a playing unit for this long: the computer slept, or its programs were held. The longest
time between two steps is 1 s; hosts under load were seen up to 2 s late."""

UNFED_KEY_S = 5.0
"""After a gap in feeding up to this long the level ramps up again by itself; after a longer one it takes a key."""

RISING_S = 0.1
"""How soon the Guard is asked again while it holds a level below the wish."""
