"""What may be said of a step when it is ticked off: of cross-training its kind and how many minutes it was."""

import re
from collections.abc import Sequence

from msgspec import Struct

from estim.core.care.plan import Step

MINUTES_MAX = 1440


class Training(Struct, frozen=True):
    """What was done: "" and None where it wasn't said."""

    kind: str = ""
    minutes: int | None = None

    @property
    def text(self) -> str:
        """Return it as it is kept and told: "bike 40 min"."""
        minutes = "" if self.minutes is None else f"{self.minutes} min"  # untranslated: kept in the journal
        return " ".join(filter(None, [self.kind, minutes]))


def training_of(step: Step, words: Sequence[str]) -> tuple[Training, list[str]]:
    """Return what the words behind a step say of it, and the words that are left: they belong to something else.

    "bike", "bike 40min", "40 min" and "bike 40" are read; the kind may be any of the step's. A number alone is no
    minutes: it may be the next step's.
    """
    left = list(words)
    if not step.kinds:
        return Training(), left
    kind = left.pop(0) if left and left[0].lower() in step.kinds else ""
    minutes = None
    found = re.fullmatch(r"([0-9]{1,4})(?:min|minutes)?", left[0].lower()) if left else None
    told = bool(kind) or (found is not None and (found[0] != found[1] or left[1:2] in (["min"], ["minutes"])))
    if found is not None and told and 1 <= int(found[1]) <= MINUTES_MAX:
        minutes = int(found[1])
        del left[0]
        if left and left[0].lower() in ("min", "minutes"):
            del left[0]
    return Training(kind.lower(), minutes), left
