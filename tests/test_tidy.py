"""House rules as one test: what is banned, and what to do instead."""

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from protocols.registry import names

ROOT = Path(__file__).parent.parent
FILES = sorted(
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    if (ROOT / name).is_file()
)
PYTHON = [path for path in FILES if path.suffix == ".py"]
PURE = [path for path in PYTHON if path.is_relative_to(ROOT / "protocols") or path.is_relative_to(ROOT / "estim/core")]
TESTS = [path for path in PYTHON if path.is_relative_to(ROOT / "tests")]
TEXT = [path for path in FILES if path.suffix not in {".svg", ".png"} and path.name != "test_tidy.py"]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Return all nodes of a file: a walk costs more than a look at what it found."""
    return tuple(ast.walk(tree(path)))


def said(found: list[str]) -> str:
    return "\n".join(["", *found])


def test_every_file_opens_with_one_sentence_on_what_it_is_for() -> None:
    found = [
        f"{name(path)}: say in one sentence what it is for" for path in PYTHON if not ast.get_docstring(tree(path))
    ]
    assert not found, said(found)


def test_no_function_is_longer_than_sixty_lines() -> None:
    found = []
    for path in PYTHON:
        for node in nodes(path):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                size = (node.end_lineno or node.lineno) - node.lineno + 1
                if size > 60:
                    found.append(f"{name(path)}:{node.lineno} {node.name}: {size} lines, at most 60")
    assert not found, said(found)


def packed(node: ast.stmt) -> bool:
    """Say whether a statement assigns several values that don't need each other; a swap does."""
    if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple)):
        return False
    (target, *_) = node.targets
    if not isinstance(target, ast.Tuple) or any(isinstance(one, ast.Starred) for one in node.value.elts):
        return False
    set_first: set[str] = set()
    for one, value in zip(target.elts, node.value.elts, strict=False):
        if set_first & {ast.unparse(part) for part in ast.walk(value) if isinstance(part, ast.Name | ast.Attribute)}:
            return False
        set_first.add(ast.unparse(one))
    return True


def test_a_line_sets_one_thing() -> None:
    found = [
        f"{name(path)}:{node.lineno}: one assignment a line, so that each has room for its reason"
        for path in PYTHON
        for node in nodes(path)
        if isinstance(node, ast.stmt) and packed(node)
    ]
    assert not found, said(found)


def test_pure_code_has_no_task_and_no_clock() -> None:
    banned = {"asyncio", "time", "random", "threading", "socket", "os", "sqlite3", "pathlib"}
    found = []
    for path in PURE:
        for node in nodes(path):
            if isinstance(node, ast.AsyncFunctionDef | ast.Await):
                found.append(f"{name(path)}:{node.lineno}: no async here; take `now_s` and return what to do")
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                modules.append(node.module)
            found += [
                f"{name(path)}: imports {module}; take it as an argument" for module in modules if module in banned
            ]
    assert not found, said(found)


def test_one_file_reads_the_clock() -> None:
    pattern = re.compile(r"\btime\.(time|monotonic|perf_counter|clock_gettime)\(|datetime\.(now|utcnow)\(")
    allowed = {"estim/clock.py"}
    found = [
        f"{name(path)}: reads a clock; ask estim.clock"
        for path in PYTHON
        if path not in TESTS and name(path) not in allowed and pattern.search(path.read_text(encoding="utf-8"))
    ]
    assert not found, said(found)


@pytest.mark.parametrize(
    ("pattern", "instead"),
    [
        (r"\b(TODO|FIXME|XXX)\b", "finish it, or write an issue"),
        (r"NotImplementedError", "a stub is not done"),
        (r"\btime\.sleep\(", "wait for an event or on virtual time"),
        (r"pytest\.mark\.(skip|xfail|flaky)", "a test that needs luck is a bug report"),
        (r"\bMagicMock\b|\bunittest\.mock\b", "use the software device, or a small fake that behaves"),
        (r"except:\s*$|except BaseException:", "name what may go wrong"),
        (r"python[0-9.]* -O\b", "asserts stay on"),
    ],
)
def test_banned_words(pattern: str, instead: str) -> None:
    found = []
    for path in PYTHON:
        if path.name == "test_tidy.py":
            continue
        text = path.read_text(encoding="utf-8")
        if not re.search(pattern, text, re.MULTILINE):
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if re.search(pattern, line):
                found.append(f"{name(path)}:{number}: {line.strip()}: {instead}")
    assert not found, said(found)


def test_one_door_each_for_the_big_libraries() -> None:
    doors = {
        "bleak": {"estim/host/radio/bleak_link.py", "simulator/air/bleak_backend.py"},
        "bleak_retry_connector": {"estim/host/radio/bleak_link.py"},
        "bumble": {"simulator/air", "simulator/cli.py"},
        "textual": {"estim/tui"},
        "sqlite3": {"estim/journal"},
        "dbus_fast": {
            "estim/host/radio/bluez.py",
            "estim/host/power.py",
            "estim/host/notify/desktop.py",
            "estim/doctor/machine.py",
        },
        "apprise": {"estim/host/notify/remote.py"},
        "icalendar": {"estim/export"},
        "fhir": {"estim/export/fhir.py"},
        "tzlocal": {"estim/config/timezone.py"},
    }
    found = []
    for path in PYTHON:
        if path in TESTS:
            continue
        for node in nodes(path):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                modules.append(node.module)
            for module in modules:
                allowed = doors.get(module.split(".")[0])
                if allowed is not None and not any(name(path).startswith(door) for door in allowed):
                    found.append(f"{name(path)}: imports {module}; its door is {', '.join(sorted(allowed))}")
    assert not found, said(found)


def test_the_simulator_takes_packets_from_protocols_and_no_driver() -> None:
    shared = re.compile(r"protocols(\.vocabulary|\.layout|\.[a-z0-9]+\.packets)?(\.\w+)?")
    found = [
        f"{name(path)}: imports {module}; a twin shares packet forms, never behaviour"
        for path in PYTHON
        if path.is_relative_to(ROOT / "simulator")
        for module in sorted(imported(path))
        if module.startswith("protocols.") and not shared.fullmatch(module)
    ]
    assert not found, said(found)


@cache
def imported(path: Path) -> set[str]:
    """Return the modules that a file imports, `from a import b` as both a and a.b."""
    found: set[str] = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def family_of(module: str) -> str | None:
    """Return the family that a module belongs to."""
    package, _, rest = module.partition(".")
    family = rest.partition(".")[0]
    return family if package in {"protocols", "simulator"} and family in names() else None


def test_families_are_strangers_to_each_other() -> None:
    found = []
    for path in PYTHON:
        if path in TESTS:
            continue
        own = family_of(name(path).removesuffix(".py").replace("/", "."))
        met = {family_of(module) for module in imported(path)} - {None, own}
        if met:
            found.append(f"{name(path)}: knows {', '.join(sorted(map(str, met)))}; ask protocols.registry")
    assert not found, said(found)


def test_core_and_screen_know_no_family_at_all() -> None:
    found = [
        f"{name(path)}: imports the registry; take a Family as an argument"
        for path in PYTHON
        if path.is_relative_to(ROOT / "estim/core") or path.is_relative_to(ROOT / "estim/tui")
        if "protocols.registry" in imported(path)
    ]
    assert not found, said(found)


@pytest.mark.parametrize("family", names())
def test_every_family_has_its_folders(family: str) -> None:
    places = (
        "protocols/{}/packets.py",
        "protocols/{}/driver.py",
        "protocols/{}/family.py",
        "simulator/{}/unit.py",
        "tests/golden/{}.toml",
        "tests/protocols/{}/test_driver.py",
        "tests/simulator/{}/test_unit.py",
    )
    missing = [place.format(family) for place in places if not (ROOT / place.format(family)).exists()]
    assert not missing, said(missing)


def test_every_test_asserts_something() -> None:
    words = ("Assert(", "raises", "check", "expect", "verify", "assert_", "snap_compare")
    found = []
    for path in TESTS:
        for node in nodes(path):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                body = ast.dump(node)
                if not any(word in body for word in words):
                    found.append(f"{name(path)}:{node.lineno} {node.name}: asserts nothing")
    assert not found, said(found)


def test_no_text_names_a_registry_or_a_machine() -> None:
    pattern = re.compile(r"(pypi|pythonhosted|npmjs)\.(org|com)|/(root|work|home)/[a-z]|files\.python")
    found = [
        f"{name(path)}:{number}: {line.strip()[:100]}"
        for path in TEXT
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]
    assert not found, said(found)
