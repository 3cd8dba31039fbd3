"""The person's own care plan: a file that can't be read is a sentence, and nothing in its place is waited for."""

import os
from pathlib import Path

import pytest

from estim.config.care_plan import read_own_plan, shipped
from estim.core.care.plan import read_plan
from estim.core.errors import EstimError, Exit


def test_without_an_own_plan_the_shipped_one_holds(tmp_path: Path) -> None:
    assert read_own_plan(tmp_path / "care.toml") == read_plan(shipped(), "eight-steps.toml")


def test_a_pipe_in_its_place_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "care.toml"
    os.mkfifo(path)
    with pytest.raises(EstimError) as told:
        read_own_plan(path)
    assert (told.value.code, told.value.text) == (Exit.CONFIG, f"can't read {path}: it isn't a file")


def test_what_is_no_text_is_told_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "care.toml"
    path.write_bytes(b"title = '\xff'")
    with pytest.raises(EstimError) as told:
        read_own_plan(path)
    assert (told.value.code, told.value.text) == (Exit.CONFIG, f"{path}: not UTF-8 text (byte 9)")
