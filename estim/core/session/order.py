"""What a session is for: which unit, which course, which goals, and how to behave around it."""

from collections.abc import Mapping

from msgspec import Struct

from estim.core.programs.course import Course
from protocols.vocabulary import Channel, Level


class Unit(Struct, frozen=True):
    """One stimulator; `by_hand` tells a person how to end output at the unit itself.

    `profile` is the version of its protocol, where a person had to choose one.
    """

    name: str
    address: str
    family: str
    title: str
    simulated: bool
    by_hand: str
    profile: str = ""


class Order(Struct, frozen=True):
    """`goal` is the level asked for, per channel. `wait_after_loss`: when a lost link is back and zero is proved,
    wait for the resume key instead of ending."""

    course: Course
    goal: Mapping[Channel, Level]
    ramp_s: float | None = None
    pads_on: bool = False
    wait_after_loss: bool = False
