"""Whole sessions in a pure loop, for tests."""

from estim.rehearsal.world import Rehearsal as World
from estim.rehearsal.world import Weather, rises

__all__ = ["Weather", "World", "rises"]
