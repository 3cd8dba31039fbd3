"""`estim completion`: the script that lets a shell complete verbs, options and values, and the answer to it."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer
from typer.completion import get_completion_script  # type: ignore[attr-defined]  # typer imports it there without offering it again

from estim.cli.completers import COMPLETING, one_of
from estim.cli.output import tell
from estim.core.errors import EstimError, Exit
from estim.core.translation import tr

if TYPE_CHECKING:
    from estim.cli.flags import Flags

SHELLS = ("bash", "zsh", "fish")


def completion(
    context: typer.Context,
    shell: Annotated[str, typer.Argument(metavar="bash|zsh|fish", autocompletion=one_of(*SHELLS))],
) -> None:
    """Print the script that lets a shell complete estim with Tab; for bash: eval "$(estim completion bash)"."""
    flags: Flags = context.obj
    if shell not in SHELLS:
        raise EstimError(tr("{shell!r}: say bash, zsh or fish", shell=shell), code=Exit.USAGE)
    script = get_completion_script(prog_name="estim", complete_var=COMPLETING, shell=shell)
    tell(flags, "completion", script, [{"shell": shell, "script": script}])


def answer() -> int:
    """Answer the script: typer reads from the environment what was typed, and prints what may follow."""
    from estim.cli.app import run_typer

    return run_typer([], completing=typed(os.environ))


def typed(environ: Mapping[str, str]) -> list[str]:
    """Return the words of the line that is being completed, as far as they tell which verb it means."""
    return environ.get("COMP_WORDS", environ.get("_TYPER_COMPLETE_ARGS", "")).split()[1:]
