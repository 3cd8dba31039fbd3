"""The programs as the screen offers them: in which order, how each should feel, and where its pads go."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from estim.core.translation import mark, tr, tr_text
from estim.tui.wording import Offer

if TYPE_CHECKING:
    from estim.core.programs.program import Program

FIRST = "tens-ankle"
"""What stands first in the list: what this release is for (docs: a sore Achilles tendon, twenty minutes)."""
NEVER = ("Not ", "Never ")  # untranslated: begins sentences of the English text
"""How a sentence begins that says where no pad may go."""
LOCKED = mark("it holds a muscle contracted, and such programs are not unlocked in this version")
KINDS = ("pain", "twitch", "tetanic")
"""The order of the rest: what needs least care first."""


def read_offers(folder: Path) -> tuple[tuple[Offer, ...], list[str]]:
    """Read all programs; return them as they are offered, and what is wrong with files. It blocks."""
    from estim.catalogue.programs import all_programs

    found, problems = all_programs(folder)
    return offers_of(found), problems


def offers_of(programs: "Sequence[Program]") -> tuple[Offer, ...]:
    """Return the programs as they are offered: how it should feel, and where the pads go."""
    return tuple(_offer(program) for program in in_order(programs))


def in_order(programs: "Iterable[Program]") -> "list[Program]":
    """Return programs as they are listed: what this release is for, then what needs least care, locked ones last."""
    return sorted(programs, key=lambda one: (one.id != FIRST, one.gated, KINDS.index(one.kind), tr_text(one.title)))


def _offer(program: "Program") -> Offer:
    pads, never = pads_of(program.pads)
    return Offer(
        program.id,
        tr_text(program.title),
        round(program.length_s / 60, 1),
        tr("{feeling} Pads: {pads}", feeling=tr_text(program.rule.text), pads=pads),
        never,
        tr_text(LOCKED) if program.gated else "",
        program.site,
    )


def pads_of(text: str) -> tuple[str, str]:
    """Return where a program's pads go, and where they may never go, in the reader's language.

    The English sentences say which is which, the translation has as many. Where it hasn't, all of it is told as
    what may never be, since that is shown whole at every size.
    """
    english = re.split(r"(?<=\.) ", text)
    told = re.split(r"(?<=\.) ", tr_text(text))
    if len(told) != len(english):
        return "", " ".join(told)
    pairs = [(sentence.startswith(NEVER), told_) for sentence, told_ in zip(english, told, strict=True)]
    pads = " ".join(text_ for never, text_ in pairs if not never)
    return pads, " ".join(text_ for never, text_ in pairs if never)
