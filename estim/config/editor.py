"""The person's own editor: which one it is, and a file opened in it; for settings and programs alike."""

import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

from estim.core.errors import EstimError, Exit
from estim.core.translation import tr

USUAL = "vi"


def editor_of(environment: Mapping[str, str]) -> str:
    """Return the editor as it was asked for, with its options: $VISUAL, else $EDITOR; one that is blank is none."""
    asked = (environment.get(name, "").strip() for name in ("VISUAL", "EDITOR"))
    return next(filter(None, asked), USUAL)


def open_editor(path: Path) -> subprocess.Popen[bytes]:
    """Open a file in the editor, which has the terminal from here on. Raises EstimError (66) if it can't be started."""
    editor = editor_of(os.environ)
    try:
        return subprocess.Popen([*shlex.split(editor), str(path)])
    except (OSError, ValueError) as error:
        text = tr("can't start the editor {editor!r}: set EDITOR, or edit {path} yourself", editor=editor, path=path)
        raise EstimError(text, code=Exit.NO_INPUT) from error
