"""Finds what the code says to people without asking for a translation: `python -m tests.untranslated PATH …`."""

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

NOT_FOR_PEOPLE = "# untranslated:"
"""Stands, with its reason, on a line whose text is for programs."""

NONE_FOR_PEOPLE = "# untranslated here:"
"""Stands, with its reason, below the first sentence of a file of which programs read nearly everything."""

_SENTENCE = re.compile(r"[A-Za-z]{2,}.*\s|\s.*[A-Za-z]{2,}", re.DOTALL)
_MARKUP = re.compile(r"<[^<>]*>?")

_TYPED = re.compile(r"\s*(estim |--[a-z])")
"""What is to be typed is the same in every language."""

_SQL = re.compile(r"\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE|ALTER TABLE|DROP|PRAGMA|BEGIN|FROM|VALUES|WHERE) ")
"""What a database is told; a sentence of people's begins with no such word in capitals."""

_TRANSLATED_BY = {"tr", "mark", "tr_many", "tr_text"}
_LOGGED = {"debug", "info", "warning", "error", "exception", "critical"}
_BUGS = {"AssertionError", "RuntimeError", "ValueError", "TypeError", "LookupError", "KeyError"}


def sentences(path: Path) -> list[str]:
    """Return what a file says to people without asking for a translation, as "file:line: text"."""
    lines = path.read_text(encoding="utf-8").splitlines()
    if any(line.startswith(NONE_FOR_PEOPLE) for line in lines):
        return []
    tree = ast.parse("\n".join(lines))
    free = {id(node) for call in ast.walk(tree) if _needs_none(call) for node in ast.walk(call)}
    free |= {id(node) for one in ast.walk(tree) for kind in _types_of(one) for node in ast.walk(kind)}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
            free |= {id(part) for part in node.values}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        about = lines[node.lineno - 1 : node.end_lineno]
        text = _MARKUP.sub("", text)
        if id(node) in free or any(NOT_FOR_PEOPLE in line for line in about):
            continue
        if _SENTENCE.search(text) and not _TYPED.match(text) and not _SQL.match(text):
            found.append(f"{path.relative_to(ROOT)}:{node.lineno}: {text[:60]}")
    return found


def _needs_none(node: ast.AST) -> bool:
    """Say whether what stands in it is translated, a docstring, a line of a log or a bug's words."""
    if isinstance(node, ast.Assert) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
        return True
    if isinstance(node, ast.keyword):  # of typer's options, arguments and groups: estim/cli/help_texts.py
        return node.arg in ("help", "epilog", "metavar")
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name in _TRANSLATED_BY or name in _BUGS or (isinstance(node.func, ast.Attribute) and name in _LOGGED)


def _types_of(node: ast.AST) -> list[ast.expr]:
    """Return what says the types of a function, an argument or a name: it may be a string, and is no sentence."""
    kind = (
        node.returns if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else getattr(node, "annotation", None)
    )
    return [] if kind is None else [kind]


def main() -> None:
    """List the sentences of these files and folders."""
    for name in sys.argv[1:]:
        path = ROOT / name
        for one in [path] if path.is_file() else sorted(path.rglob("*.py")):
            sys.stdout.writelines(f"{line}\n" for line in sentences(one))


if __name__ == "__main__":
    main()
