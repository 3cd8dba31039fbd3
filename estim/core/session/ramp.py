"""The ramp: goals that a person set, approached by a ramp; it falls at once, rises in time, and comes down at the end.

It is what the session would like, before the Guard. A hand at the unit moves the goal with it, so nothing that was
lowered by hand comes up again, and nothing that was raised by hand is fought below the cap. In a part that plays at so
many % of the user's level, the hand's own level holds to the part's end, and the goal moves by as many of the unit's
steps as the hand did: it is never multiplied by what the part divides.
"""

from collections.abc import Iterable, Mapping
from math import floor, inf

from msgspec import Struct

from protocols.score import Part, Score, part_at, texture
from protocols.vocabulary import Channel, Level

RAMP_MIN_S = 3.0
"""The shortest default ramp, seconds (DESIGN: "at least 3 s")."""

FADE_OUT_S = 2.0
"""A session comes down over its last seconds (safety.md C-32); a soft stop takes as long."""


STEP_S = 0.1
"""How often a ramp that moves is looked at."""

LOOK_MIN_S = 0.001
"""Shortest time between two looks, so that the rounding at a border can't make them endless."""


def ramp_default_s(goal: int, step: int, raise_gap_s: float) -> float:
    """Return the shortest ramp that the slope allows for a goal, at least RAMP_MIN_S."""
    steps = -(-goal // step)
    return max(RAMP_MIN_S, steps * raise_gap_s)


class Held(Struct, frozen=True):
    """What a hand did to one channel in the part with this index: no level above (`rose`: below) it is requested."""

    part: int
    level: int
    rose: bool


class ChannelRamp(Struct):
    """`goal` is absolute and native; `at` moves towards it by `slew` levels a second (inf: at once)."""

    goal: int = 0
    at: float = 0.0
    slew: float = 0.0
    held: Held | None = None

    def begin(self, ramp_s: float) -> None:
        """Start again from zero, to reach the goal after `ramp_s`."""
        self.at = 0.0
        self.slew = self.goal / ramp_s if ramp_s > 0 else inf
        self.held = None

    def clear(self) -> None:
        """Zero now; the goal stays for the resume key."""
        self.at = 0.0
        self.slew = 0.0
        self.held = None

    def aim(self, goal: int) -> None:
        """Set another goal; a lower one holds at once. What a hand did before is over."""
        self.goal = goal
        self.at = min(self.at, float(goal))
        self.held = None

    def advance(self, dt_s: float) -> None:
        """Let `dt_s` pass."""
        if self.at < self.goal:
            self.at = float(self.goal) if self.slew == inf else min(float(self.goal), self.at + self.slew * dt_s)

    def level(self, part: int, percent: float, fade: float = 1.0) -> Level:
        """Return the level in a part that plays at so many % of the user's level, rounded down.

        `fade` is 1, or less while the session comes down to its end.
        """
        level = self.at * percent / 100
        if self.held is not None and self.held.part == part:
            level = max(level, self.held.level) if self.held.rose else min(level, self.held.level)
        return Level(floor(level * fade + 1e-9))

    def hand(self, part: int, percent: float, level: int, *, rose: bool, cap: int) -> None:
        """Follow a hand that brought the unit to `level`: the goal moves by its own steps, to the cap at most."""
        steps = level - self.level(part, percent)
        if rose and steps > 0:
            self.at = float(min(floor(self.at + 1e-9) + steps, max(cap, floor(self.at + 1e-9))))
            self.goal = max(self.goal, floor(self.at))
        elif not rose and steps < 0:
            self.goal = max(0, min(self.goal, floor(self.at + 1e-9)) + steps)
            self.at = min(self.at, float(self.goal))
        else:
            return
        self.held = Held(part, level, rose)


class Ramp:
    """All ramps of a session, and where it is in its score."""

    def __init__(self, channels: Iterable[Channel], score: Score | None, goal: Mapping[Channel, Level]) -> None:
        self._score = score
        self._ramps = {channel: ChannelRamp(goal=goal.get(channel, Level(0))) for channel in channels}
        self._origin_s: float | None = None
        self._played_s = 0.0
        self._seen_s = 0.0
        self._soft_from_s: float | None = None
        self._by = dict.fromkeys(self._ramps, "ramp")
        """Who moved each channel last."""

    def begin(self, now_s: float, ramp_s: float) -> None:
        """Play on from where it stood, ramping from zero."""
        self._origin_s = now_s - self._played_s
        self._seen_s = now_s
        self._by = dict.fromkeys(self._ramps, "ramp")
        for ramp in self._ramps.values():
            ramp.begin(ramp_s)

    def clear(self, now_s: float) -> None:
        """Zero now and hold the position."""
        self._played_s = self.played_s(now_s)
        self._origin_s = None
        self._soft_from_s = None
        for ramp in self._ramps.values():
            ramp.clear()

    def soften(self, now_s: float) -> None:
        """Come down over FADE_OUT_S from now on."""
        if self._soft_from_s is None:
            self._soft_from_s = now_s

    def advance(self, now_s: float) -> None:
        """Let time pass until now."""
        if self._origin_s is not None:
            for ramp in self._ramps.values():
                ramp.advance(max(0.0, now_s - self._seen_s))
        self._seen_s = now_s

    def aim(self, channel: Channel, goal: int, *, at_once: bool) -> None:
        """Set a channel's goal; `at_once`, or no ramp to follow, leaves the way up to the Guard's slope alone."""
        self._by[channel] = "key"
        ramp = self._ramps[channel]
        if at_once or ramp.slew == 0:
            ramp.slew = inf
        ramp.aim(goal)

    def hand(self, now_s: float, channel: Channel, level: int, *, rose: bool, cap: int) -> None:
        """Follow a hand at the unit, to a level that the caps allow."""
        self._by[channel] = "hand"
        index, part = self._place(now_s)
        self._ramps[channel].hand(index, part.level_pct, level, rose=rose, cap=cap)

    def come_to(self, now_s: float, channel: Channel, told: int) -> int:
        """Return how far on the person's own scale a unit has come that told this level in the present part."""
        ramp = self._ramps[channel]
        index, part = self._place(now_s)
        if told >= ramp.level(index, part.level_pct):
            # It is where it is requested: a part of 5 % says little about the level in a full one.
            return floor(ramp.at)
        return min(floor(ramp.at), told * 100 // max(1, part.level_pct))

    def moved_by(self, all_of_them: str | None) -> dict[Channel, str]:
        """Return who moves each channel now: who moves all of them, else a key, a hand, or the ramp."""
        return dict(self._by) if all_of_them is None else dict.fromkeys(self._by, all_of_them)

    def goal(self, channel: Channel) -> int:
        """Return what the person asked for."""
        return self._ramps[channel].goal

    def levels(self, now_s: float) -> dict[Channel, Level]:
        """Return the level of every channel now."""
        if self._origin_s is None:
            return dict.fromkeys(self._ramps, Level(0))
        index, part = self._place(now_s)
        fade = self._fade(now_s)
        return {channel: ramp.level(index, part.level_pct, fade) for channel, ramp in self._ramps.items()}

    def climbed(self) -> bool:
        """Say whether every ramp has reached its goal."""
        return all(ramp.at >= ramp.goal for ramp in self._ramps.values())

    def gate(self, now_s: float) -> float:
        """Return the envelope's gate, 1 where the part has none."""
        if self._score is None or self.part(now_s).envelope is None:
            return 1.0
        return texture(self._score, self.played_s(now_s)).gate

    def part(self, now_s: float) -> Part:
        """Return the part of the score that plays now."""
        return self._place(now_s)[1]

    def _place(self, now_s: float) -> tuple[int, Part]:
        assert self._score is not None, "only an ordered session plays"
        return part_at(self._score, self.played_s(now_s))

    def played_s(self, now_s: float) -> float:
        """Return how long it has played, pauses left out."""
        return self._played_s if self._origin_s is None else now_s - self._origin_s

    def origin_s(self, now_s: float) -> float:
        """Return when position 0 was (or would have been, after pauses)."""
        return now_s - self._played_s if self._origin_s is None else self._origin_s

    def end_s(self, now_s: float) -> float:
        """Return when the score ends if no pause comes in between."""
        length_s = self._score.length_s if self._score else 0.0
        return self.origin_s(now_s) + length_s

    def rests_s(self, now_s: float) -> float:
        """Return for how long the level stays as it is, seconds; STEP_S while it moves."""
        end_s = self.end_s(now_s)
        if self.softening or not self.climbed() or now_s >= end_s - FADE_OUT_S:
            return max(LOOK_MIN_S, min(STEP_S, end_s - now_s))
        part = self.part(now_s)
        turns_s = self.origin_s(now_s) + part.start_s + part.length_s
        return max(LOOK_MIN_S, min(end_s - FADE_OUT_S, turns_s) - now_s)

    def soft_over(self, now_s: float) -> bool:
        """Say whether a soft stop has come down."""
        return self._soft_from_s is not None and now_s >= self._soft_from_s + FADE_OUT_S

    def fading(self, now_s: float) -> bool:
        """Say whether it comes down since the score is about to end."""
        return now_s >= self.end_s(now_s) - FADE_OUT_S

    @property
    def softening(self) -> bool:
        """Say whether a soft stop is under way."""
        return self._soft_from_s is not None

    def _fade(self, now_s: float) -> float:
        left_s = self.end_s(now_s) - now_s
        if self._soft_from_s is not None:
            left_s = min(left_s, self._soft_from_s + FADE_OUT_S - now_s)
        return max(0.0, min(1.0, left_s / FADE_OUT_S))
