"""A computer whose time zone has no name: the schedule's is taken, else the offset of now, and that is said once."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from estim.core.days.schedule import fixed_zone, zone_of

NAMELESS = ["CET-1CEST,M3.5.0,M10.5.0/3", "<+0530>-5:30", "Mars/Olympus", ":/etc/hostname", "EST5"]


def estim(home: Path, zone: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "estim.cli.main", "--home", str(home), "--no-input", *words],
        env=os.environ | {"TZ": zone},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("zone", NAMELESS)
def test_every_command_works_in_a_zone_without_a_name_and_says_so_once_in_a_sentence(tmp_path: Path, zone: str) -> None:
    every = (["pain", "add", "2"], ["log"], ["care"], ["report"])
    for words in (["schedule"], *(every if zone == NAMELESS[0] else ())):
        done = estim(tmp_path, zone, *words)
        assert done.returncode == 0, (words, done.stderr)
        assert done.stderr.count("\n") == 1
        assert "has no name, so UTC" in done.stderr
        assert "estim schedule set --zone" in done.stderr


def test_what_is_advised_works_and_then_nothing_is_said_any_more(tmp_path: Path) -> None:
    zone = "CET-1CEST,M3.5.0,M10.5.0/3"
    assert estim(tmp_path, zone, "schedule", "set", "--zone", "Asia/Kolkata").returncode == 0
    done = estim(tmp_path, zone, "--json", "pain", "add", "2")
    assert (done.returncode, done.stderr) == (0, "")
    assert '+05:30"' in done.stdout


def test_the_offset_that_is_taken_is_that_of_the_computer(tmp_path: Path) -> None:
    assert '+05:30"' in estim(tmp_path, "<+0530>-5:30", "--json", "pain", "add", "2").stdout


@given(st.integers(-14 * 60, 14 * 60))
def test_a_fixed_offset_has_a_name_that_can_be_followed_like_any_zone(minutes: int) -> None:
    offset = timedelta(minutes=minutes)
    zone = zone_of(fixed_zone(offset))
    assert zone.key == fixed_zone(offset)
    for month in (1, 7):
        assert datetime(2026, month, 1, tzinfo=UTC).astimezone(zone).utcoffset() == offset
