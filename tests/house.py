"""The rooms of the house and who stands on whom, read from the imports."""

import ast
import tomllib
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("estim", "protocols", "simulator")


@cache
def files() -> dict[str, Path]:
    """Return every module with its file."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
    }


@cache
def imported(module: str) -> frozenset[str]:
    """Return the modules of the house that a module imports, anywhere in it."""
    known = files()
    found: set[str] = set()
    for node in ast.walk(ast.parse(known[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in known else node.module for name in names}
    return frozenset(found & known.keys())


def room_of(module: str) -> str:
    """Return the room that a module is in: a folder or file of estim/, else its package."""
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "estim" else parts[0]


def rooms() -> dict[str, set[str]]:
    """Return each room with the rooms it stands on."""
    found: dict[str, set[str]] = {}
    for module in files():
        room = room_of(module)
        found.setdefault(room, set()).update({room_of(other) for other in imported(module)} - {room})
    found.pop("estim", None)  # the version and the day of its build: every room may read them
    return {room: below - {"estim"} for room, below in found.items()}


def floors() -> list[list[str]]:
    """Return the rooms floor by floor, from the roof down, as the layers contract in pyproject.toml says."""
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    (contract,) = [one for one in tool["contracts"] if one["type"] == "layers"]
    return [[room.strip() for room in floor.split("|")] for floor in contract["layers"]]


def circles(nodes: Iterable[str], below: Callable[[str], Iterable[str]]) -> list[list[str]]:
    """Return every group of nodes that reach each other, each sorted."""
    reach: dict[str, set[str]] = {}
    for node in nodes:
        seen: set[str] = set()
        open_ = list(below(node))
        while open_:
            one = open_.pop()
            if one not in seen:
                seen.add(one)
                open_ += below(one)
        reach[node] = seen
    groups = {frozenset({node} | {one for one in reach[node] if node in reach.get(one, ())}) for node in reach}
    return sorted(sorted(group) for group in groups if len(group) > 1)


def purpose(room: str) -> str:
    """Return the sentence with which a room opens."""
    told = ast.get_docstring(ast.parse(files()[room].read_text(encoding="utf-8")))
    assert told, f"{room} says nothing of itself"
    return told.split("\n\n")[0].replace("\n", " ")


def picture() -> str:
    """Return the house as a drawing and a table, for docs/architecture.md."""
    below = rooms()
    lines = ["```mermaid", "flowchart TD"]
    for number, floor in enumerate(floors()):
        lines.append(f"  subgraph floor{len(floors()) - number} [ ]")
        lines += [f"    {room.replace('.', '_')}[{room}]" for room in floor]
        lines.append("  end")
    for room in sorted(below):
        through = {farther for other in below[room] for farther in below[other]}  # drawn by the room between
        lines += [
            f"  {room.replace('.', '_')} --> {other.replace('.', '_')}" for other in sorted(below[room] - through)
        ]
    lines += ["```", "", "| floor | room | what it is for | stands on |", "|---|---|---|---|"]
    for number, floor in enumerate(floors()):
        for room in floor:
            others = ", ".join(f"`{other.removeprefix('estim.')}`" for other in sorted(below[room])) or "nothing"
            lines.append(f"| {len(floors()) - number} | `{room.replace('.', '/')}` | {purpose(room)} | {others} |")
    return "\n".join(lines)
