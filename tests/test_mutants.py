"""The planted bugs of tests/mutants are still where they are said to be, and their runner tells what became of one."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mutants.run import Copy, Mutant, MutantError, Outcome, Verdict, judge, planted, read_all, summary, verdict_of

ROOT = Path(__file__).parent.parent
MUTANTS = read_all()
BUG = Mutant("a wrong sum", "adds.py", "a + b", "a - b", "H-01", ("test_adds.py",))


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Copy]:
    one = Copy(tmp_path)
    yield one
    one.close()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_planted_bug_can_still_be_planted_and_its_tests_exist(mutant: Mutant) -> None:
    text = planted(mutant, (ROOT / mutant.file).read_text(encoding="utf-8"))
    if mutant.file.endswith(".py"):
        ast.parse(text)
    for test in mutant.tests:
        file, _, name = test.partition("::")
        source = (ROOT / file).read_text(encoding="utf-8")
        assert not name or f"def {name.split('[')[0]}(" in source, test


def test_a_bug_whose_text_is_not_there_once_is_no_bug_to_plant() -> None:
    for text in ("", "a + b; a + b"):
        with pytest.raises(MutantError, match=r"a wrong sum: its text occurs \d times in adds.py, not once"):
            planted(BUG, text)


def test_two_bugs_of_one_name_and_half_a_bug_are_refused(tmp_path: Path) -> None:
    row = '[[mutant]]\nname = "n"\nfile = "f"\nfind = "a"\nreplace = "b"\nhazard = "H-01"\ntests = ["t"]\n'
    (tmp_path / "one.toml").write_text(row + row, encoding="utf-8")
    with pytest.raises(MutantError, match="two mutants have one name: n"):
        read_all(tmp_path)
    (tmp_path / "one.toml").write_text(row.replace('hazard = "H-01"\n', ""), encoding="utf-8")
    with pytest.raises(MutantError, match=r"one.toml: n: .*hazard"):
        read_all(tmp_path)


@pytest.mark.parametrize(
    ("test", "verdict", "why"),
    [
        ("from adds import add\ndef test_it(): assert add(1, 1) == 2", Verdict.KILLED, "test_adds.py::test_it"),
        ("from adds import add\ndef test_it(): assert add(1, 0) == 1", Verdict.SURVIVED, ""),
        ("from adds import nothing", Verdict.STALE, "cannot import name 'nothing'"),
    ],
)
def test_a_bug_is_judged_by_its_tests_and_taken_out_again(
    copy: Copy, tmp_path: Path, test: str, verdict: Verdict, why: str
) -> None:
    adds = tmp_path / "adds.py"
    adds.write_text("def add(a, b): return a + b", encoding="utf-8")
    (tmp_path / "test_adds.py").write_text(test, encoding="utf-8")
    outcome = judge(copy, BUG)
    assert outcome.verdict is verdict, outcome.why
    assert why in outcome.why
    assert adds.read_text(encoding="utf-8").endswith("a + b")


def test_a_test_that_does_not_end_is_told_as_hung_and_the_next_one_is_run(copy: Copy, tmp_path: Path) -> None:
    (tmp_path / "adds.py").write_text("def add(a, b): return a + b", encoding="utf-8")
    (tmp_path / "test_adds.py").write_text("def test_it():\n    while True: pass", encoding="utf-8")
    assert judge(copy, BUG, limit_s=0.2).verdict is Verdict.HUNG
    (tmp_path / "test_adds.py").write_text("def test_it(): assert False", encoding="utf-8")
    assert judge(copy, BUG).verdict is Verdict.KILLED
    assert verdict_of(None) is Verdict.HUNG


def test_the_last_line_counts_them_all() -> None:
    outcomes = [Outcome(BUG, Verdict.KILLED, 1.0), Outcome(BUG, Verdict.HUNG, 1.0)]
    assert summary(outcomes) == "2 planted, 1 killed, 0 survived, 1 hung, 0 stale"
