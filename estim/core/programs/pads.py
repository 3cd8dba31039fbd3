"""Pictures of where pads go, in plain characters: an outline from one side, numbered pads, x where none may be.

A program's file names the pictures that go with its words. The words hold: a picture shows nothing that they don't say.
Drawn by hand, since an outline of ten rows is shorter than any way to make one.
"""

import textwrap
from collections.abc import Mapping

from msgspec import Struct

from estim.core.translation import mark, tr, tr_text

COLUMNS = 40
"""A picture with its legend fits into the narrowest screen that shows programs."""


class Picture(Struct, frozen=True):
    """One drawing: `seen` from where, of which `place` of the body, with the pads in order, and where none may be."""

    place: str
    seen: str
    drawing: str
    pads: tuple[str, ...]
    never: str = ""


FROM_BEHIND = mark("left leg from behind, outside on the left; right leg mirrored")

PICTURES: Mapping[str, Picture] = {
    "ankle-along": Picture(
        "ankle",
        FROM_BEHIND,
        r"""
        |        |
        |  [1]   |
         \      /
          |    |
         x|    |x
          | [2]|
          (    )
          x\__/x""",  # untranslated: a drawing
        (mark("lower calf, just above the sore part"), mark("below it, toward the heel")),
        mark("not on ankle bones or heel's edge"),
    ),
    "ankle-beside": Picture(
        "ankle",
        FROM_BEHIND,
        r"""
        |        |
        |        |
         \      /
          \ || /
        [1]|||[2]
         x |||  x
          ( || )
          x\__/x""",  # untranslated: a drawing
        (mark("outer side of the tendon, small pad"), mark("inner side of it, small pad")),
        mark("not on ankle bones or heel's edge"),
    ),
    "calf-bellies": Picture(
        "calf",
        FROM_BEHIND,
        r"""
        |  xxxx  |
        /        \
       / [1]  [2] \
       |          |
        \        /
         \      /
          |    |
          (____)""",  # untranslated: a drawing
        (mark("outer belly of the muscle"), mark("inner belly of it")),
        mark("not behind the knee"),
    ),
    "calf-along": Picture(
        "calf",
        FROM_BEHIND,
        r"""
        |  xxxx  |
        /        \
       /   [1]    \
       |          |
        \        /
         \ [2]  /
          |    |
          (____)""",  # untranslated: a drawing
        (mark("high on the calf"), mark("where the muscle turns into tendon")),
        mark("not behind the knee"),
    ),
    "lower-leg-along": Picture(
        "lower-leg",
        mark("left leg from its outer side, toes left; right leg mirrored"),
        r"""
        x|      \
        x| [1]   |
        x|       |
        x|       |
        x| [2]  /
         |     |
    _____/     |
   (___________)""",  # untranslated: a drawing
        (mark("above the sore stretch"), mark("below it")),
        mark("not on the shin bone"),
    ),
    "thigh-front": Picture(
        "thigh",
        mark("left thigh from the front, inside on the left; right mirrored"),
        r"""
       x|           |
        |           |
        |    [1]    |
        |           |
         \          |
          |[2]     /
           \ ____ /
           (______)""",  # untranslated: a drawing
        (mark("front, high, well below the groin"), mark("inner belly, just above the knee")),
        mark("not at the groin"),
    ),
    "foot-arch": Picture(
        "foot",
        mark("right foot from its inner side, toes left; left foot mirrored"),
        r"""
             |     |
             | [2] |
             |     |
            /   x  |
     ______/       |
    /              |
   (___.--..--.____)
         [1]""",  # untranslated: a drawing
        (mark("under the arch"), mark("inner lower leg, above the ankle")),
        mark("not on bones"),
    ),
}


def drawn(name: str) -> list[str]:
    """Return a picture with what it shows in words around it, so that nobody needs to see it."""
    picture = PICTURES[name]
    legend = [(f"[{number}]", tr_text(pad)) for number, pad in enumerate(picture.pads, 1)]
    if picture.never:
        legend.append(("x  ", tr_text(picture.never)))
    head = textwrap.wrap(tr("Picture: {seen}", seen=tr_text(picture.seen)), COLUMNS)
    told = [
        line for sign, words in legend for line in textwrap.wrap(f"{sign} {words}", COLUMNS, subsequent_indent="    ")
    ]
    return [*head, *picture.drawing.strip("\n").split("\n"), *told]
