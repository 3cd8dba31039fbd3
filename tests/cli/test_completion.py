"""A shell completes verbs, options and values by the script of `estim completion`, and nothing is run for it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.main import get_command

from estim.cli.app import app
from estim.cli.completion import SHELLS
from estim.cli.lazy import add_verbs
from estim.config.paths import find_home
from estim.config.units import Units
from estim.core.errors import Exit
from tests.cli.line import Person

INSTALLED = [shell for shell in SHELLS if shutil.which(shell)]

ASKS = {
    "bash": 'eval "$(estim completion bash)"\n'
    "IFS=$'\\t' read -ra COMP_WORDS <<<\"$1\"; COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n"
    '[[ $1 == *"\t" ]] && COMP_WORDS+=("") && COMP_CWORD=$((COMP_CWORD + 1))\n'
    '_estim_completion estim; printf "%s\\n" "${COMPREPLY[@]}"',
    "zsh": 'print -r -- "$(env _TYPER_COMPLETE_ARGS="${1//\t/ }" _ESTIM_COMPLETE=complete_zsh estim)"',
    "fish": 'estim completion fish | source; complete -C "(string replace -a \\t " " -- $argv[1])"',
}
"""How a shell is made to complete a line, its words with tabs between them, as it does when somebody presses Tab."""


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Return a folder to be searched first, with an `estim` of this tree in it."""
    script = tmp_path / "estim"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m estim.cli.main "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    return tmp_path


def completed(shell: str, folder: Path, line: str) -> list[str]:
    """Return what a shell offers where a line ends."""
    environ = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "ESTIM_CONFIG": str(folder / "config")}
    environ["XDG_STATE_HOME"] = str(folder / "state")
    words = line.replace(" ", "\t")
    start = {"bash": ["bash", "--norc", "-c", ASKS["bash"], "-"], "zsh": ["zsh", "-f", "-c", ASKS["zsh"], "-"]}
    line_of = start.get(shell, ["fish", "-c", ASKS["fish"]])
    done = subprocess.run([*line_of, words], capture_output=True, text=True, timeout=60, check=True, env=environ)
    assert done.stderr == ""
    return [row for row in done.stdout.splitlines() if row]


@pytest.mark.parametrize("shell", INSTALLED)
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("estim com", "completion"),
        ("estim care sk", "skin"),
        ("estim run --pads", "--pads-on"),
        ("estim run tens-ank", "tens-ankle"),
        ("estim --simulate coyote3 scope --family op", "openemsstim"),
        ("estim care show cross", "cross-training"),
        ("estim settings set keys.units.sc", "keys.units.scan"),
        ("estim help ke", "keys"),
        ("estim --theme textual-li", "textual-light"),
    ],
)
def test_a_shell_completes_verbs_options_programs_families_and_steps(
    installed: Path, shell: str, line: str, offered: str
) -> None:
    found = completed(shell, installed, line)
    assert len(found) == 1
    assert offered in found[0]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_what_the_other_shells_scripts_ask_is_answered_without_the_shell_too(installed: Path, shell: str) -> None:
    asked = {"_ESTIM_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_ARGS": "estim care show cro"}
    environ = {**os.environ, **asked, "_TYPER_COMPLETE_FISH_ACTION": "get-args", "HOME": str(installed)}
    done = subprocess.run([installed / "estim"], capture_output=True, text=True, timeout=60, check=True, env=environ)
    assert "cross-training" in done.stdout
    assert "stretching" not in done.stdout
    assert done.stderr == ""


def test_units_are_completed_from_the_file_of_a_home_and_a_space_in_a_name_is_escaped(installed: Path) -> None:
    home = installed / "home"
    home.mkdir()
    known = Units.load(find_home(str(home)))
    for number, name in enumerate(("left", "living room", "right")):
        known.add(f"C0:70:7E:03:00:0{number}", "em70", datetime(2026, 1, 1, tzinfo=UTC), name=name)
    assert completed("bash", installed, f"estim --home {home} stop --unit ") == ["left", "living\\ room", "right"]
    assert completed("bash", installed, f"estim --home {home} level A +1 --unit l") == ["left", "living\\ room"]
    (home / "units.json").write_bytes(b"no json")
    assert completed("bash", installed, f"estim --home {home} stop --unit ") == []


def test_own_programs_are_completed_too_and_no_value_is_asked_of_a_plug_in(installed: Path) -> None:
    home = installed / "home"
    (home / "programs").mkdir(parents=True)
    (home / "programs" / "evening.toml").write_text("not even checked", encoding="utf-8")
    assert completed("bash", installed, f"estim --home {home} run e") == [
        "ems-atrophy", "ems-capillar", "ems-endurance", "ems-heavylegs", "ems-marc-like", "ems-recovery",
        "ems-recovery-simple", "ems-resist", "ems-staged", "ems-strength", "ems-warmup", "evening",
    ]  # fmt: skip


def test_the_script_is_the_shells_own_and_another_shell_is_refused(person: Person) -> None:
    for shell, sign in (("bash", "complete -o default -F"), ("zsh", "#compdef estim"), ("fish", "complete --command")):
        said = person.types("completion", shell)
        assert (said.code, sign in said.out) == (Exit.DONE, True)
        assert person.types("completion", shell, json_=True).rows[0]["script"] == said.out.removesuffix("\n")
    assert person.types("completion", "tcsh").code == Exit.USAGE


def test_a_variable_that_asks_for_completions_keeps_nothing_from_being_carried_out(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_ESTIM_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "estim ")
    monkeypatch.setenv("COMP_CWORD", "1")
    monkeypatch.setenv("_", "complete_bash")
    said = person.types("stop", "--seen-off", "--unit", "a", "--unit", "b")
    assert "--seen-off takes one --unit at a time" in said.err, "the whole parser has read it"
    assert person.types("note", "add", "words").out.startswith("noted")


NAMED = {"unit", "program", "family", "simulate", "step", "like"}
"""Places that take the name of something that is there."""


def places() -> Iterator[tuple[str, object]]:
    add_verbs(app, ["--help"])

    def below(command: object, name: str) -> Iterator[tuple[str, object]]:
        for place in getattr(command, "params", ()):
            if place.name in NAMED:
                yield f"{name} {place.name}".strip(), place
        for word, one in getattr(command, "commands", {}).items():
            yield from below(one, f"{name} {word}".strip())

    yield from below(get_command(app), "")


def test_a_verb_whose_help_is_not_at_hand_is_offered_without_any(installed: Path) -> None:
    environ = {**os.environ, "_ESTIM_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": "estim pa"}
    done = subprocess.run([installed / "estim"], capture_output=True, text=True, timeout=60, check=True, env=environ)
    assert '"pads"' in done.stdout
    assert '"paths":"Show where' in done.stdout
    assert "imported" not in done.stdout


def test_every_place_that_takes_a_name_completes_it() -> None:
    found = dict(places())
    assert len(found) > 20
    bare = [name for name, place in found.items() if getattr(place, "_custom_shell_complete", None) is None]
    assert bare == []
