"""Every field of a program file with its limits, said once: the loader, the schema and the blank file all read it.

Limits carry their source. What ties fields to each other (the time in all, the duty) is in file.py.
"""

from estim.core.programs import pads as pads
from estim.core.toml_table import Number, Text, Words
from estim.core.translation import mark
from protocols.score import FADE_S

MINUTES_MAX = 30
"""Longest session (safety.md C-31)."""

RISE_MIN_S = 1.0
"""A contraction that rises faster is uncomfortable (programs.md section 4, ramp rule: up >= 1 s)."""

DUTY_MAX = 0.10
"""Share of time with current, both phases counted (programs.md section 8)."""

PHASES_MAX = 60
STEPS_MAX = 8

SCHEMA = Number(1, 1, mark("(this estim knows schema 1)"), mark("version of this form"), whole=True)
ID = Text(
    40,
    mark("its name, and that of its file"),
    pattern=r"[a-z0-9]+(-[a-z0-9]+)*",
    form=mark("small letters, digits and hyphens, such as tens-ankle"),
)
TITLE = Text(60, mark("what people read in lists"))
KIND = Words(
    ("pain", "twitch", "tetanic"),
    mark("what it does: TENS for pain, single twitches of a muscle, or (tetanic, locked) holding a muscle contracted"),
)
PLACES = ("ankle", "calf", "lower-leg", "foot", "knee", "thigh")
SITE = Words(
    tuple(f"{place}-{side}" for place in PLACES for side in ("left", "right")),
    mark("where it may be used, a list, [] for any of them (only legs: other places need somebody who can judge them)"),
)
"""Only legs: neck, head, chest and back need somebody who can judge them (safety.md section 6)."""
SOURCE = Text(600, mark("where the numbers come from; say so if nobody checked them"))
PADS = Text(1200, mark("where the pads go, in words, for each site"))
PICTURES = Words(
    tuple(pads.PICTURES),
    mark("pictures that show the pads as the words say, a list, [] for none; each of a place that is in site"),
)
PAD_CM2 = Number(4, 400, "cm²", mark("area of one pad; 5 x 5 cm is usual"), default=25.0)
"""2 x 2 cm to 20 x 20 cm: what is sold; 5 x 5 cm is the usual one (programs.md section 5)."""

PHASE_TITLE = Text(60, mark("what this stretch is called"))
LENGTH_S = Number(FADE_S, MINUTES_MAX * 60, mark("seconds"), mark("how long it lasts"))
RATE_HZ = Number(0.5, 150.0, "Hz", mark("pulses a second"))
"""Pulse rates of consumer units (programs.md section 9: 1-150 Hz)."""
WIDTH_US = Number(20.0, 450.0, "µs", mark("width of ONE phase of the pulse (makers quote either one or both)"))
"""One phase; consumer units end at 250 to 450 µs (programs.md section 9)."""
RATE_CYCLE_S = Number(0.2, 600, mark("seconds"), mark("there and back"))
WIDTH_CYCLE_S = Number(1.0, 600, mark("seconds"), mark("there and back"))
"""The fastest cycle of width that a maker prints takes 1 s (programs.md section 3, tens-wm)."""
STEP_S = Number(0.5, 600, mark("seconds"), mark("how long this step lasts"))
BURST_ON_S = Number(0.025, 10, mark("seconds"), mark("with pulses"))
BURST_OFF_S = Number(0.025, 10, mark("seconds"), mark("without"))
UP_S = Number(RISE_MIN_S, 30, mark("seconds (a faster rise is uncomfortable)"), mark("rise"))
ON_S = Number(0, 60, mark("seconds"), mark("hold"))
DOWN_S = Number(0.5, 30, mark("seconds"), mark("fall"))
OFF_S = Number(0, 120, mark("seconds"), mark("rest, without pulses"))
LEVEL_PCT = Number(1, 100, "%", mark("level, relative to the one that the person set"), default=100, whole=True)
NOTE = Text(300, mark("anything else to know of this stretch"), default="")

TARGET = Words(
    ("sensory", "motor"), mark("what to aim at, a feeling without a twitch, or a muscle that twitches or holds")
)
RULE_TEXT = Text(400, mark("how strong it should feel, in plain words"))
RERAISE_STEP = Number(1, 2, mark("levels"), mark("so much more may be offered"), whole=True)
RERAISE_S = Number(60, 1800, mark("seconds"), mark("no sooner than this after the last one"))
RERAISE_MAX = Number(1, 10, mark("times a session"), mark("no more often than this"), whole=True)

MINUTES = Number(1, MINUTES_MAX, mark("minutes"), mark("longest session"), default=float(MINUTES_MAX))
PER_DAY = Number(1, 4, mark("sessions"), mark("highest number a day"), default=4, whole=True)
CAP_LEVEL_PCT = Number(1, 100, mark("% of the scale"), mark("highest level, of the unit's own scale"), whole=True)
DEVICE_PROGRAM = Number(
    1, 255, mark("(the unit's own program number)"), mark("for a unit that plays by number"), whole=True
)
