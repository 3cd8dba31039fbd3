"""Runs pytest in children of one process that has the libraries loaded, so that a run begins without their imports.

1. One order a line comes in by stdin: `{"tests": [...], "said": FILE}`. The answers are two lines: the child's id,
   which leads a group of its own, and when it has ended its exit code, negative for a signal.
2. Only what isn't ours is imported before: the tree of a copy changes between two runs.
3. Assertions are plain: what failed counts here, and not in which words.
"""

import gc
import importlib
import json
import os
import sys
from pathlib import Path

LIBRARIES = ("hypothesis.stateful", "msgspec", "construct", "typer", "textual.app", "tomlkit", "jinja2", "rich.syntax")
"""What nearly each test imports of others; none of them reads anything of ours."""

WORDS = ("-x", "-q", "--tb=line", "-p", "no:cacheprovider", "--assert=plain")


def child(tests: list[str], said: Path) -> None:
    """Be the child: run the tests, what they say goes into a file, and end with pytest's exit code."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    file = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(nothing, 0)
    os.dup2(file, 1)
    os.dup2(file, 2)
    import pytest

    code = 3  # pytest's own word for a fault of its own
    try:
        code = int(pytest.main([*WORDS, *tests]))
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    """Serve orders until stdin ends."""
    for name in LIBRARIES:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if not pid:
            child(order["tests"], Path(order["said"]))
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
        _, status = os.waitpid(pid, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
