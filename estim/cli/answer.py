"""Tells what a host answered: a sentence for a person or a JSON line, and the exit code that it means."""

from typing import TYPE_CHECKING

from estim.cli.output import complain, say, tell_row
from estim.core.errors import EstimError, Exit

if TYPE_CHECKING:
    from estim.core.messages.commands import Reply

SCHEMA = "answer"


def told(reply: "Reply", *, as_json: bool) -> int:
    """Print an answer and return the exit code."""
    import msgspec

    from estim.core.messages.commands import Done, Overview, Refusal
    from estim.core.moment import local

    if as_json:
        running = {"running": reply.pid != 0} if isinstance(reply, Overview) else {}
        tell_row(SCHEMA, {**msgspec.to_builtins(reply), **running})
    elif isinstance(reply, Refusal):
        complain(local(reply.text))
    elif isinstance(reply, Done):
        say(local(reply.text))
    elif isinstance(reply, Overview):
        from estim.cli.text import status

        say(status(reply))
    return reply.code if isinstance(reply, Refusal) else Exit.DONE


def told_error(error: EstimError, *, as_json: bool) -> int:
    """Print why there is no answer, as a refusal is told, and return the exit code."""
    from estim.core.moment import local

    if as_json:
        row = {"answer": "refused", "code": int(error.code), "text": error.text, "nearest": list(error.nearest)}
        tell_row(SCHEMA, row)
    else:
        complain(local(error.text))
    return error.code
