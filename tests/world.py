"""Whole sessions in a pure loop, for tests."""

from estim.rehearsal import Rehearsal as World
from estim.rehearsal import Weather, rises

__all__ = ["Weather", "World", "rises"]
