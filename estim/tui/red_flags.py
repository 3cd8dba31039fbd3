"""Asks for the signs of a torn tendon or a clot: one that somebody has is asked for once more, in words, and then kept.

A red flag ends the plan, forbids every session, and no undo takes it away: one slip of a key must not write it.
"""

from collections.abc import Callable
from functools import partial

from estim.clock import RealClock
from estim.core.days.diary import Check, Diary, Topic
from estim.core.days.screening import SIGNS, YES, red_flag, sign_words
from estim.core.translation import mark, tr, tr_text
from estim.tui.agree import Agree
from estim.tui.pick import Pick
from estim.tui.place import Place

KEYS = mark("y: yes, write it down   n: no, go back")


def signs_keys() -> tuple[dict[str, str], dict[str, str]]:
    """Return which sign each key stands for ("": none of them), and what is told of each."""
    rows = {"0": tr("none of them"), **{str(number): tr_text(text) for number, text in enumerate(SIGNS.values(), 1)}}
    return {"0": "", **{str(number): sign for number, sign in enumerate(SIGNS, 1)}}, rows


def what_follows(sign: str) -> str:
    """Return what is asked of a sign before it is kept: whether somebody has it, and what comes of it."""
    now = RealClock().now().utc.astimezone()
    follows = red_flag(Diary(checks=(Check(at=now, topic=Topic.RED_FLAG, about=sign, answer=YES),)))
    return tr(
        "You have it: {sign}?\n\nThen: {follows}. The plan ends, and it can't be undone.",
        sign=sign_words(sign),
        follows=follows,
    )


def ask_signs(place: Place, question: str, then: Callable[[str | None], None]) -> None:
    """Ask which sign there is ("": none of them, None: it was left), and once more whether it is really so."""

    def chosen(sign: str | None) -> None:
        if sign:
            agree = Agree(place.desk, tr_text(KEYS), what_follows(sign))
            place.app.push_screen(agree, partial(answered, sign))
        else:
            then(sign)

    def answered(sign: str, agreed: bool | None) -> None:
        if agreed:
            then(sign)
        else:
            ask_signs(place, question, then)

    place.app.push_screen(Pick(question, *signs_keys()), chosen)
