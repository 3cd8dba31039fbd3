"""Writes what is generated: parts of README.md, SAFETY.md and docs/, and the catalogues (`make docs`).

A test fails when they are behind.
"""

import ast
import re
import sys
import tomllib
from pathlib import Path

from tests.catalogue_texts import renew
from tests.eight_steps import table
from tests.house import picture

ROOT = Path(__file__).parent.parent


def control_tests() -> dict[str, list[str]]:
    """Return for each control the tests that carry its mark, as "file::test"."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func).endswith("mark.control"):
                    for argument in mark.args:
                        if isinstance(argument, ast.Constant):
                            place = f"{path.relative_to(ROOT / 'tests')}::{node.name}"
                            found.setdefault(str(argument.value), []).append(place)
    return found


def safety_table() -> str:
    """Return the matrix of hazards, controls and tests."""
    data = tomllib.loads((ROOT / "docs/hazards.toml").read_text(encoding="utf-8"))
    tests = control_tests()
    lines = ["| hazard | control | tests |", "|---|---|---|"]
    for number, hazard in data["hazards"].items():
        for control in hazard["controls"]:
            places = tests.get(control, [])
            more = f" and {len(places) - 3} more" if places[3:] else ""
            shown = ", ".join(f"`{place}`" for place in places[:3]) + more
            lines.append(f"| {number} {hazard['what']} | {control} {data['controls'][control]} | {shown} |")
    return "\n".join(lines)


def family_table() -> str:
    """Return the table of supported families."""
    from protocols.registry import family, names

    lines = ["| family | unit | channels | level | how it is played | without the host | stop is proved by |"]
    lines.append("|---|---|---|---|---|---|---|")
    for name in names():
        made = family(name)
        caps = made.caps
        channels = ", ".join(channel.value for channel in caps.channels)
        lines.append(
            f"| `{name}` | {made.title} | {channels} | 0 to {caps.scale} | {caps.control.value} "
            f"| {caps.off_by.value} | {caps.zero_by.value} |"
        )
    return "\n".join(lines)


def program_table() -> str:
    """Return the table of shipped programs."""
    from estim.catalogue.programs import shipped

    lines = ["| program | what it is | kind | minutes |", "|---|---|---|---|"]
    for program in shipped():
        minutes = sum(phase.length_s for phase in program.phases) / 60
        lines.append(f"| `{program.id}` | {program.title} | {program.kind} | {round(minutes, 1):g} |")
    return "\n".join(lines)


def matrix_table() -> str:
    """Return what every family makes of every program; the sentences are for the command line."""
    from estim.catalogue.programs import shipped
    from estim.core.programs.matrix import Plays, matrix
    from protocols.registry import family, names

    sign = {Plays.AS_WRITTEN: "as written", Plays.DIFFERS: "differs", Plays.NO: "–"}
    families = [family(name) for name in names()]
    lines = [f"| program | {' | '.join(f'`{made.name}`' for made in families)} |", "|---" * (len(families) + 1) + "|"]
    for row in matrix(shipped(), families):
        lines.append(f"| `{row[0].program}` | {' | '.join(sign[cell.plays] for cell in row)} |")
    return "\n".join(lines)


def exit_table() -> str:
    """Return the table of exit codes."""
    from estim.core.errors import MEANING

    lines = ["| code | means |", "|---|---|"]
    lines += [f"| {code.value} | {text} |" for code, text in MEANING.items()]
    return "\n".join(lines)


def session_picture() -> str:
    """Return the picture of the session screen that its own test holds, without the fonts that it would fetch."""
    kept = ROOT / "tests/tui/__snapshots__/test_pictures/test_a_simulated_session.svg"
    return without_fonts(kept.read_text(encoding="utf-8"))


def without_fonts(picture: str) -> str:
    """Return a picture that fetches no fonts from elsewhere."""
    return re.sub(r"\s*@font-face \{.*?\}", "", picture, flags=re.DOTALL)


PICTURES = {"docs/session.svg": session_picture}
"""Files that are generated as a whole."""

BLOCKS = {
    "SAFETY.md": {"matrix": safety_table},
    "README.md": {"exit-codes": exit_table},
    "docs/families.md": {"families": family_table},
    "docs/programs.md": {"programs": program_table, "matrix": matrix_table},
    "docs/architecture.md": {"house": picture},
    "docs/eight-steps.md": {"steps": table},
}


def renewed(name: str) -> str:
    """Return a document with its generated blocks as they should be now."""
    text = (ROOT / name).read_text(encoding="utf-8")
    for block, make in BLOCKS[name].items():
        begin = f"<!-- {block}: generated by make docs -->"
        end = f"<!-- {block}: end -->"
        pattern = re.compile(re.escape(begin) + r".*?" + re.escape(end), re.DOTALL)
        if not pattern.search(text):
            raise SystemExit(f"{name} has no block {block}")
        text = pattern.sub(f"{begin}\n{make()}\n{end}".replace("\\", "\\\\"), text)
    return text


def main() -> None:
    """Rewrite every document that is behind."""
    for name in BLOCKS:
        path = ROOT / name
        text = renewed(name)
        if text != path.read_text(encoding="utf-8"):
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{name} renewed\n")
    for name, make in PICTURES.items():
        (ROOT / name).write_text(make(), encoding="utf-8")
    renew()


if __name__ == "__main__":
    main()
