"""README, SAFETY and the hazards file say what the code does."""

import re
import tomllib
from pathlib import Path

import pytest
from typer.main import get_command

from estim.catalogue.programs import shipped
from estim.cli.app import app
from estim.cli.lazy import add_verbs
from estim.core.care.plan import Step
from estim.core.values import replace
from protocols.registry import names
from tests.eight_steps import Point, missing, plan, points
from tests.generate import BLOCKS, PICTURES, control_tests, renewed

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("name", BLOCKS)
def test_the_generated_parts_are_up_to_date(name: str) -> None:
    assert renewed(name) == (ROOT / name).read_text(encoding="utf-8"), f"{name} is behind: make docs"


@pytest.mark.parametrize("name", PICTURES)
def test_the_pictures_are_those_that_their_own_tests_hold_and_fetch_nothing(name: str) -> None:
    picture = (ROOT / name).read_text(encoding="utf-8")
    assert picture == PICTURES[name](), f"{name} is behind: make docs"
    assert "url(http" not in picture
    assert "STOP" in picture


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    gone = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert gone == []


def commands() -> dict[str, set[str]]:
    """Return every verb that the command line knows, "pain add" as well as "pain", with its options; "" are all's."""
    add_verbs(app, ["--help"])
    found: dict[str, set[str]] = {}

    def below(command: object, name: str) -> None:
        found[name] = {word for place in getattr(command, "params", ()) for word in place.opts}
        for word, one in getattr(command, "commands", {}).items():
            below(one, f"{name} {word}".strip())

    below(get_command(app), "")
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_tells_to_type_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    known = commands()
    unknown = []
    for line in re.findall(r"^estim .*$|(?<=`)estim [^`]+(?=`)", text, re.MULTILINE):
        words = line.partition(" #")[0].split()[1:]
        verb = next((word for word in words if word in known), "")
        verb = next((f"{verb} {word}" for word in words if f"{verb} {word}" in known), verb)
        options = {word for word in words if word.startswith("--")}
        if (words and not verb and not options) or not options <= known[verb] | known[""] | {"--help"}:
            unknown.append(line)
    assert unknown == []


def test_the_first_screen_shows_the_screen_and_three_commands() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:14]
    assert any("](docs/session.svg)" in line for line in lines)
    begin = lines.index("```sh")
    typed = [line.split("#")[0].split() for line in lines[begin + 1 : lines.index("```", begin)]]
    assert typed == [["pipx", "install", "."], ["estim", "--simulate", "coyote3"], ["estim"]]


def test_readme_counts_families_and_programs_right() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert (len(names()), len(shipped())) == (7, 22)
    assert "Seven families of units" in text
    assert "twenty-two programs" in text


def test_the_glossary_says_what_each_word_means() -> None:
    text = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
    found = {word for bold in re.findall(r"^\| \*\*(.+?)\*\* \|", text, re.MULTILINE) for word in bold.split(", ")}
    asked = {"level", "cap", "goal", "slot", "course", "session", "dose", "site", "unit", "host", "front end", "proof"}
    assert (asked | {"confirmed", "family", "program"}) - found == set()


def test_every_point_of_the_article_is_in_the_plan() -> None:
    assert missing(points(), plan()) == []
    assert {point.step for point in points()} == set(range(1, 9)), "and the article has eight steps"
    assert len(points()) == 45, "a point that is struck out is struck out here too"


@pytest.mark.parametrize("point", points(), ids=lambda point: f"{point.step}-{point.says}")
def test_a_point_that_the_plan_no_longer_does_is_told(point: Point) -> None:
    whole = plan()
    gone = replace(whole, steps=tuple(without(point.by, step) for step in whole.steps))
    assert f"step {point.step}: {point.says}" in missing(points(), gone)


def without(words: str, step: Step) -> Step:
    """Return a step that nowhere says these words."""
    return replace(
        step,
        text=step.text.replace(words, ""),
        how=tuple(one.replace(words, "") for one in step.how),
        how_long=step.how_long.replace(words, ""),
        note=step.note.replace(words, ""),
        light=step.light.replace(words, ""),
        warn=step.warn.replace(words, ""),
    )


def test_every_step_of_the_plan_says_how_how_long_what_to_write_down_and_what_is_known() -> None:
    for step in plan().steps:
        assert all((step.how, step.how_long, step.note, step.evidence)), step.id
        assert step.sources or "is known to us" in step.evidence, step.id


def test_every_control_has_a_test_and_every_mark_a_control() -> None:
    data = tomllib.loads((ROOT / "docs/hazards.toml").read_text(encoding="utf-8"))
    controls = set(data["controls"])
    assert {control for hazard in data["hazards"].values() for control in hazard["controls"]} == controls
    proved = set(control_tests())
    assert controls - proved == set(), "controls without a test"
    assert proved - controls == set(), "marks that name no control"
