"""What people read for a stage of the plan: a word in a list, a sentence where they stand, a question for today."""

from estim.core.care.plan import Stage
from estim.core.translation import mark, tr_text

NAMES = {
    Stage.NOT_BEGUN: mark("not begun", "stage"),
    Stage.REST: mark("rest", "stage"),
    Stage.TRIAL: mark("trial", "stage"),
    Stage.MORNING: mark("morning", "stage"),
    Stage.BUILD: mark("build", "stage"),
    Stage.LIGHT: mark("light", "stage"),
    Stage.ENDED: mark("ended", "stage"),
}

STANDS = {
    Stage.REST: mark("resting"),
    Stage.TRIAL: mark("a trial run is possible"),
    Stage.MORNING: mark("waiting for the morning after the run"),
    Stage.BUILD: mark("building up"),
    Stage.LIGHT: mark("recovered: the lighter plan"),
    Stage.ENDED: mark("the plan has ended"),
}

ASKS = {
    **{stage: STANDS[stage] for stage in (Stage.REST, Stage.TRIAL, Stage.BUILD)},
    Stage.MORNING: mark("how are the first steps in the morning?"),
    Stage.LIGHT: mark("the lighter plan"),
}
"""Stages of a plan that goes on, as a day's first line says them; the others have no word there."""


def stage_named(stage: Stage) -> str:
    """Return a stage's name in a word: "rest"."""
    return tr_text(NAMES[stage], "stage")


def stage_told(stage: Stage, begin: str) -> str:
    """Return where somebody stands: "resting". `begin`: what is said before the plan has begun, where it is read."""
    return begin if stage is Stage.NOT_BEGUN else tr_text(STANDS[stage])


def stage_asked(stage: Stage) -> str:
    """Return a day's line on the stage; "": there is nothing to say."""
    return tr_text(ASKS[stage]) if stage in ASKS else ""
