"""What a new config.toml holds: every setting with its default, explained and commented out.

The explanations are in the language of whoever has the file made; the settings' own lines are the same in each.
"""

import textwrap

from estim.core.translation import mark, tr_text

COLUMNS = 120

_PARTS = (
    (
        mark("Settings of estim. Every line may be left out; what stands here commented out is the default."),
        "",
    ),
    (
        "",
        "schema = 1\n",  # untranslated: lines of the file
    ),
    (
        mark("Highest level of a unit that nobody has set a cap for, % of its scale: 1 to 100."),
        """\
# new_unit_cap_pct = 35
""",  # untranslated: lines of the file
    ),
    (
        mark("Length of a session: up to 30 minutes."),
        """\
# minutes = 20
""",  # untranslated: lines of the file
    ),
    (
        mark("Seconds from 0 to the level, from 3 to 300; without it as fast as the slope allows."),
        """\
# ramp_s = 10
""",  # untranslated: lines of the file
    ),
    (
        mark("Does a session go on when the terminal that started it is gone?"),
        """\
# keep_running = false
""",  # untranslated: lines of the file
    ),
    (
        mark(
            'Where the pads usually are, if a program is for more than one site: a leg ("left" or '
            '"right"), one of its sites such as "ankle-left", or "any": not said, so that sessions '
            "count in the dose of both legs. `estim run` asks for it once."
        ),
        """\
# site = "left"
""",  # untranslated: lines of the file
    ),
    (
        mark("Theme of the screen; a file of the folder `themes` beside this one is one too, by its name."),
        """\
# theme = "textual-dark"
""",  # untranslated: lines of the file
    ),
    (
        mark(
            "Keys of the screen, by what they do; `estim help keys` lists all names with their usual keys. stop and "
            "quit get more keys. F12 stays the panic key unless another one is named."
        ),
        """\
# [keys]
# log = "f3"
# panic = "f9"
""",  # untranslated: lines of the file
    ),
    (
        mark("Caps of one unit, by its name, on its own scale:"),
        """\
# [cap.coyote3]
# A = 40
# B = 40
""",  # untranslated: lines of the file
    ),
    (
        mark(
            "Version of the protocol, for families whose units can't tell it (one unit: estim devices "
            "set NAME profile V2.0):"
        ),
        """\
# [profile]
# yokonex = "V2.0"
""",  # untranslated: lines of the file
    ),
    (
        mark(
            "When a session is meant to take place: RFC 5545 rules on local time. `estim schedule set "
            "8:00 20:00` writes them."
        ),
        """\
# [schedule]
# rules = ["RRULE:FREQ=DAILY;BYHOUR=8,20;BYMINUTE=0;BYSECOND=0"]
# zone = "local"
# programs = ["tens-ankle"]
# early_min = 30
# late_min = 120
# snooze_min = 15
""",  # untranslated: lines of the file
    ),
    (
        mark(
            "How `estim daemon` reminds: on the desktop, in its own terminal, and by apprise "
            "addresses.\n"
            "In the quiet hours nobody is reminded but at a slot that lies in them, or after a "
            "snooze.\n"
            "prepare: connect the unit when a slot is due, check battery and zero, and wait for the "
            "key.\n"
            'evening_score: a time such as "20:30", from which on you are asked once for the day\'s '
            "worst pain if it isn't there."
        ),
        """\
# [reminders]
# on = true
# desktop = true
# terminal = true
# elsewhere = []
# quiet_from = "22:00"
# quiet_to = "07:00"
# prepare = true
# evening_score = ""
""",  # untranslated: lines of the file
    ),
    (
        mark(
            "A house that sees the units and can stop them, by an MQTT broker (docs/mqtt.md). health: "
            "programs, pain, doses and the schedule are told too."
        ),
        """\
# [mqtt]
# url = "mqtts://broker.lan"
# password_file = "~/.config/estim/mqtt-password"
# password_command = ["pass", "mqtt"]
# ca = "/etc/ssl/house-ca.pem"
# certificate = "/etc/ssl/estim.pem"
# key = "/etc/ssl/estim.key"
# host = "clinic-7"
# health = false
""",  # untranslated: lines of the file
    ),
)
"""Each explanation, with its own line breaks, and the settings that it belongs to."""


def template() -> str:
    """Return the text of a new file, explained in the reader's language."""
    return "\n".join(_part(tr_text(says), settings) for says, settings in _PARTS)


def _part(says: str, settings: str) -> str:
    lines = [line for paragraph in says.split("\n") for line in _comment(paragraph)]
    return "".join(f"{line}\n" for line in lines) + settings


def _comment(paragraph: str) -> list[str]:
    return textwrap.wrap(
        paragraph,
        COLUMNS,
        initial_indent="# ",
        subsequent_indent="# ",
        break_long_words=False,
        break_on_hyphens=False,
    )


TEMPLATE = "\n".join(_part(says, settings) for says, settings in _PARTS)
"""The same in English: what its lines are called and in which order they stand holds in every language."""
