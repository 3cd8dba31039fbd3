"""The two strengths of a Coyote 2.0: what each may be at, which word to write about it, and whether zero is proved.

1. Only a reading is believed. A notification that fits no word of ours is a reason to read at once, and until then the
   channel may be at either level; one that fits is no news, for it may be an old one that comes late.
2. A reading settles the words that were out before it was asked. A later word may or may not be in it.
3. A level that no word accounts for was made by a wheel, whose steps are 7. A rise by anything else has no maker, and
   the session is left to judge it.
4. One word sets both channels, and none is relative. So a raise goes out only within FRESH_S of a reading, and a word
   for one channel says the other's again: as last told, or lower. A wheel that is turned down in just that window is
   brought up again by our word, and no reading will tell. Its notification does, right after the word: it is believed.
5. Zero is proved by a reading of 0/0, asked after a zero of the same stop was out.
6. What a reading tells is as old as its question, however late it comes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import inf

from protocols.coyote2.packets import APP_STEP, CAPS, FRAME_S
from protocols.vocabulary import Channel, Event, Hand, Level, Span, Zero

BOTH = (Channel.A, Channel.B)

FRESH_S = 0.2
"""A raise may follow a reading this long. Its own request takes some 50 ms to 100 ms."""

CROSSED_S = 0.5
"""A notification this long after a word may be of a wheel that moved before it."""

CLIMB_S = 1.0
"""Notifications of the steps of a wheel that went up may come so long after the reading of where it went."""

UNREAD_S = 1.0
"""A notification that no reading has cleared up by then counts as true, if it is of too high a level."""

QUESTIONS_MAX = 4
"""Readings that were given up and may still be answered."""

WORDS_MAX = 32
"""Words kept whose effect nobody has read yet."""

_ANY = Span(0, CAPS.scale)
Levels = Mapping[Channel, int]


@dataclass(frozen=True, slots=True)
class _Word:
    tag: int
    levels: Levels
    out: bool = False


@dataclass(frozen=True, slots=True)
class _Question:
    """What was so when a reading was asked: the words that were out, and whether a zero of this stop was among them."""

    at_s: float
    settles: frozenset[int]
    proves: bool


class Strengths:
    """Both channels of one link.

    `told_s` is when the last reading that came was asked, `zero_due_s` when a stop sends its zero again.
    """

    def __init__(self) -> None:
        self.zero = Zero.NO
        self.told_s = -inf
        self.zero_due_s = inf
        self._read_s = -inf
        self.maximum = int(CAPS.scale)
        self._told: Levels | None = None
        self._words: list[_Word] = []
        self._hints: dict[Channel, set[int]] = {channel: set() for channel in BOTH}
        self._hinted_s = -inf
        self._questions: dict[int, _Question] = {}
        self._word_s = self._fell_s = -inf
        self._before: Levels = {}
        self._climbs: dict[Channel, tuple[float, range]] = {}
        self._zeros: set[int] = set()
        self._zero_out = False
        self._spans = dict.fromkeys(BOTH, _ANY)
        self._settled_s = dict.fromkeys(BOTH, inf)

    @property
    def span(self) -> Mapping[Channel, Span]:
        """What each channel may be at."""
        return dict(self._spans)

    @property
    def settled_s(self) -> Mapping[Channel, float]:
        """Since when each level is known."""
        return dict(self._settled_s)

    @property
    def over_zero(self) -> bool:
        """Say whether some channel may be above 0."""
        return any(span.hi > 0 for span in self._spans.values())

    # What goes out

    def begin_play(self) -> None:
        """Output may flow again: whatever proved the last stop is over, and what was asked since proves no other."""
        self.zero = Zero.NO
        self.zero_due_s = inf
        self._zeros.clear()
        self._zero_out = False
        self._questions = {tag: replace(question, proves=False) for tag, question in self._questions.items()}

    def begin_stop(self, now_s: float) -> None:
        """A stop begins: only zeros from now on can prove it."""
        self.begin_play()
        self.zero_due_s = now_s

    def stop(self, now_s: float, tag: int) -> Levels:
        """Return the word of a stop, and take it as sent."""
        self.zero = Zero.SENT
        self.zero_due_s = now_s + CAPS.ask_s
        self._zeros.add(tag)
        return self._send(now_s, tag, dict.fromkeys(BOTH, 0))

    def falls(self, now_s: float, target: Levels) -> bool:
        """Say whether a word is due that brings something down; without a reading it is due again after a while."""
        return now_s >= self.fall_due_s(target)

    def fall_due_s(self, target: Levels) -> float:
        """Return when a word is due that brings something down: inf if nothing has to come down."""
        if all(self._spans[channel].hi <= target[channel] for channel in BOTH):
            return inf
        if any(self._last(channel) > target[channel] for channel in BOTH):
            ends = any(target[channel] == 0 < self._last(channel) for channel in BOTH)
            return -inf if ends else self._fell_s + FRAME_S
        if any(level > target[channel] for channel in BOTH for level in self._known(channel)):
            return self._word_s + CAPS.ask_s
        return max(self._hinted_s + UNREAD_S, self._word_s + CAPS.ask_s)

    def rises(self, target: Levels) -> bool:
        """Say whether something is to come up, all being known."""
        known = all(span.known for span in self._spans.values())
        return known and any(target[channel] > self._spans[channel].hi for channel in BOTH)

    def fresh(self, now_s: float) -> bool:
        """Say whether the last reading is young enough for a raise."""
        return now_s - self._read_s <= FRESH_S and now_s - self.told_s <= CAPS.fresh_s

    def order(self, now_s: float, tag: int, target: Levels) -> Levels:
        """Return the word that brings the strengths nearer to the target, and take it as sent; none is above it."""
        up = self.rises(target) and self.fresh(now_s)
        return self._send(
            now_s,
            tag,
            {ch: target[ch] if up else min(target[ch], self._spans[ch].lo) for ch in BOTH},
        )

    def out(self, tag: int, *, failed: bool) -> bool:
        """Take note that a command went out, so all before it did, or (`failed`) did perhaps; say if that is news."""
        news = {
            word.tag for word in self._words if not word.out and (word.tag == tag or (word.tag < tag and not failed))
        }
        self._words = [replace(word, out=True) if word.tag in news else word for word in self._words]
        self._zero_out = self._zero_out or (not failed and any(zero <= tag for zero in self._zeros))
        return bool(news)

    # What the box says

    @property
    def unsettled(self) -> bool:
        """Say whether a reading would tell more than is known."""
        hints = any(self._hints.values())
        return hints or any(word.out for word in self._words) or (self.zero is Zero.SENT and self._zero_out)

    def asked(self, now_s: float, tag: int) -> None:
        """A reading goes out. One before it may still be answered, if it is only late."""
        settles = frozenset(word.tag for word in self._words if word.out)
        if len(self._questions) >= QUESTIONS_MAX:
            del self._questions[min(self._questions)]
        self._questions[tag] = _Question(now_s, settles, self._zero_out)

    def awaits(self, tag: int) -> bool:
        """Say whether this reading may still be answered."""
        return tag in self._questions

    def read(self, now_s: float, tag: int, told: Levels) -> list[Event]:
        """Take a reading; one that isn't awaited, or is older than another that came, changes nothing."""
        question = self._questions.get(tag)
        if question is None:
            return []
        self._questions = {later: asked for later, asked in self._questions.items() if later > tag}
        hands = [hand for channel in BOTH if (hand := self._judge(channel, told[channel])) is not None]
        for hand in hands:
            if hand.rose:
                climb = range(min(self._known(hand.channel)), hand.level)
                self._climbs[hand.channel] = now_s, climb
                self._hints[hand.channel].difference_update(climb)
        self._told = dict(told)
        self.told_s = question.at_s
        self._read_s = now_s
        self._words = [word for word in self._words if word.tag not in question.settles]
        if self._hinted_s <= question.at_s:
            for hints in self._hints.values():
                hints.clear()
        self._work_out(now_s)
        if any(told.values()):
            if question.proves:  # else it was asked before the zero was out, and says nothing of it
                self._unprove(now_s)
        elif question.proves and not self.over_zero:
            self.zero = Zero.CONFIRMED
            self.zero_due_s = inf
        return [*hands]

    def hear(self, now_s: float, told: Levels) -> tuple[list[Event], bool]:
        """Take a notification; return the hands that it tells for sure, and whether it is a reason to read at once."""
        if self._told is None:
            return [], True
        odd = [channel for channel in BOTH if told[channel] not in self._known(channel)]
        events: list[Event] = []
        for channel in odd:
            level = told[channel]
            before = self._before.get(channel, 0)
            climbed_s, climb = self._climbs.get(channel, (-inf, range(0)))
            passed = level in climb and now_s - climbed_s <= CLIMB_S
            crossed = level < before and (before - level) % APP_STEP == 0 and now_s - self._word_s <= CROSSED_S
            if crossed and not passed:
                events.append(Hand(channel, Level(level), rose=False))
            self._hints[channel].add(level)
            self._hinted_s = now_s
        if odd:
            self._work_out(now_s)
            if any(told.values()):
                self._unprove(now_s)
        return events, bool(odd)

    def _unprove(self, now_s: float) -> None:
        """It isn't at zero (any more): a stop sends its zero again, at once."""
        if self.zero is not Zero.NO:
            self.zero = Zero.SENT
            self._zero_out = False
            self.zero_due_s = now_s

    def _judge(self, channel: Channel, level: int) -> Hand | None:
        """Return the hand that made a level, if no word of ours accounts for it."""
        known = self._known(channel)
        if not known or level in known:
            return None
        up = level == self.maximum or any(level > one and (level - one) % APP_STEP == 0 for one in known)
        down = any(level < one and (one - level) % APP_STEP == 0 for one in known)
        if level > max(known):
            return Hand(channel, Level(level), rose=True) if up else None
        return Hand(channel, Level(level), rose=up and not down and level > min(known))

    def _known(self, channel: Channel) -> set[int]:
        """Return the levels that readings and words account for; none before the first reading."""
        return set() if self._told is None else {self._told[channel], *(word.levels[channel] for word in self._words)}

    def _last(self, channel: Channel) -> int:
        """Return where a channel should be with all words done."""
        if self._words:
            return self._words[-1].levels[channel]
        return _ANY.hi if self._told is None else self._told[channel]

    def _send(self, now_s: float, tag: int, levels: Levels) -> Levels:
        if any(levels[channel] < self._last(channel) for channel in BOTH):
            self._fell_s = now_s
        self._before = self._told or {}
        self._words = [*self._words[1 - WORDS_MAX :], _Word(tag, levels)]
        self._word_s = now_s
        self._work_out(now_s)
        return levels

    def _work_out(self, now_s: float) -> None:
        for channel in BOTH:
            levels = self._known(channel) | self._hints[channel]
            before = self._spans[channel]
            span = self._spans[channel] = Span(min(levels), max(levels)) if levels else _ANY
            if not span.known:
                self._settled_s[channel] = inf
            elif span != before or self._settled_s[channel] == inf:
                self._settled_s[channel] = now_s
