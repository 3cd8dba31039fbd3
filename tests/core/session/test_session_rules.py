"""The rules of a session one by one, on a unit that says what it is told to say: no driver, no air, no clock."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import inf
from typing import Any

import pytest

from estim.catalogue.programs import shipped
from estim.core.errors import IllegalMove
from estim.core.messages.events import Alarmed, Levelled
from estim.core.moment import Now
from estim.core.programs.course import fit
from estim.core.session.guard import Limits, family_cap, percent_cap, permit
from estim.core.session.order import Order, Unit
from estim.core.session.session import Session
from estim.core.session.states import ASLEEP_S, UNFED_KEY_S
from estim.core.values import replace
from estim.core.vocabulary import Priority, Reason, State
from protocols.registry import family
from protocols.vocabulary import (
    UNFED_MAX_S,
    Capabilities,
    Channel,
    Contact,
    Event,
    Hand,
    Level,
    LowBattery,
    Mode,
    OffBy,
    Out,
    Reported,
    Span,
    Wanted,
    Zero,
)

A = Channel.A
BORN = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
MADE = family("coyote3")
TICK_S = 0.1
GOAL = 10


class Box:
    """A session on a unit that obeys at once and proves each zero, except for what a test changes.

    `says` are fields that it reports as they stand there; `deaf` is a unit that proves nothing any more.
    """

    def __init__(self, *, off_by: OffBy = OffBy.FEED, waits: bool = False, pads_on: bool = True) -> None:
        self.caps: Capabilities = replace(MADE.caps, off_by=off_by)
        program = next(program for program in shipped() if program.id == "tens-ankle")
        goal = {channel: Level(GOAL if channel is A else 0) for channel in self.caps.channels}
        order = Order(fit(program, MADE, 20), goal, pads_on=pads_on, wait_after_loss=waits)
        limits = Limits((family_cap(self.caps), percent_cap(self.caps, 35, "a new unit")))
        unit = Unit("box", "F0", MADE.name, MADE.title, True, MADE.by_hand, "")
        self.now_s = 0.0
        self.says: dict[str, Any] = {}
        self.deaf = False
        self.level = 0
        self.settled_s = 0.0
        self.wanted = Wanted(Mode.OFF)
        self.told: list[Any] = []
        self.session = Session(unit, self.caps, limits, order, self.now)
        self.session.connect(self.now)
        self.told += self.session.link_up(self.now)

    @property
    def now(self) -> Now:
        return Now(self.now_s, BORN + timedelta(seconds=self.now_s))

    @property
    def reported(self) -> Reported:
        level = {channel: Span(0, 0) for channel in self.caps.channels} | {A: Span(self.level, self.level)}
        off = self.wanted.mode is not Mode.PLAY
        fed = self.wanted.mode is Mode.PLAY and self.level > 0 and self.caps.off_by is OffBy.FEED
        report = Reported(
            ready=True,
            closable=True,
            level=level,
            settled_s=dict.fromkeys(self.caps.channels, self.settled_s),
            ceiling=dict.fromkeys(self.caps.channels, self.caps.scale),
            out=Out.ON if self.level else Out.OFF,
            zero=Zero.CONFIRMED if off and not self.deaf else Zero.SENT if off else Zero.NO,
            until_s=inf,
            heard_s=self.now_s,
            told_s=self.now_s,
            battery=90,
            stop=self.wanted.stop,
            fed_s=self.now_s if fed else None,
        )
        return replace(report, **self.says)

    def step(self, *events: Event) -> None:
        """One pass, as the host makes it."""
        reported = self.reported
        session = self.session
        self.told += session.step(self.now, reported, events)
        request = session.request(self.now)
        granted = permit(self.now_s, request, reported, self.caps, session.limits)
        self.wanted = session.wanted(self.now, request, granted)
        level = self.wanted.level.get(A, Level(0))
        if level != self.level and not self.deaf:
            self.level = level
            self.settled_s = self.now_s

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / TICK_S)):
            self.now_s += TICK_S
            self.step()
            if self.at() is State.ENDED:
                return

    def at(self) -> State:
        return self.session.state

    @property
    def alarms(self) -> list[str]:
        return [word.text for word in self.told if isinstance(word, Alarmed)]


@pytest.fixture
def box() -> Box:
    """One that plays at its level."""
    made = Box()
    made.run(20)
    assert (made.at(), made.level) == (State.RUNNING, GOAL)
    return made


@pytest.mark.control("C-13")
def test_the_pads_on_act_holds_five_minutes_and_not_a_second_longer() -> None:
    for wait_s, starts in ((299, True), (301, False)):
        box = Box()
        box.says = {"ready": False}  # it takes its time: the 12 s of getting ready are another rule
        while box.now_s < wait_s:
            box.now_s += 1.0
            box.session._linked_s = box.now_s
            box.step()
        box.says = {}
        for _ in range(30):
            box.step()
        assert box.at() is (State.RAMPING if starts else State.READY), wait_s


@pytest.mark.control("C-46")
def test_the_zero_of_a_pause_does_not_prove_the_stop_after_it(box: Box) -> None:
    box.session.pause(box.now)
    box.run(2)
    pause = box.reported
    assert box.session.proved(pause)
    box.session.stop(box.now, Reason.STOPPED)
    assert not box.session.proved(pause)
    box.told += box.session.step(box.now, pause, [])
    assert box.at() is State.STOPPING
    assert box.session.wanted(box.now, box.session.request(box.now), permit_nothing(box)).stop == pause.stop + 1
    box.run(1)
    assert (box.at(), box.session.stop_confirmed) == (State.ENDED, True)


def permit_nothing(box: Box) -> Any:
    return permit(box.now_s, box.session.request(box.now), box.reported, box.caps, box.session.limits)


@pytest.mark.control("C-46")
def test_the_number_of_another_stop_proves_nothing(box: Box) -> None:
    box.session.stop(box.now, Reason.STOPPED)
    box.step()
    for number in (box.wanted.stop - 1, box.wanted.stop + 1):
        box.says = {"stop": number}
        box.run(1)
        assert box.at() is State.STOPPING, number
    box.run(box.caps.stop_s + 1)
    assert (box.at(), box.session.stop_confirmed) == (State.ENDED, False)


def test_a_new_link_accounts_for_whatever_the_unit_is_at_until_its_first_word(box: Box) -> None:
    box.session.link_down(box.now, replace(box.reported, out=Out.MAYBE), "the link was cut")
    box.now_s += 5
    box.session.link_up(box.now)
    # by a hand, while nobody heard it
    box.level = 60
    box.deaf = True
    box.step()
    assert box.at() is State.STOPPING
    assert not [text for text in box.alarms if "rose" in text]
    assert box.session._doubt.look(box.now_s, box.reported) == ""


def test_doubt_begins_afresh_with_each_link() -> None:
    box = Box()
    box.says = {"level": {channel: Span(0, 0) for channel in box.caps.channels}}
    box.step()
    box.session.link_down(box.now, box.reported, "the link was cut")
    box.session.link_up(box.now)
    box.says = {"level": {channel: Span(40, 40) for channel in box.caps.channels}}
    assert box.session._doubt.look(box.now_s, box.reported) == "", "it was left running, and nobody raised it"


@pytest.mark.control("C-49")
def test_a_second_soft_stop_is_a_hard_one(box: Box) -> None:
    box.session.stop(box.now, Reason.STOPPED, soft=True)
    box.run(0.3)
    assert box.at() is State.RUNNING
    box.session.stop(box.now, Reason.STOPPED, soft=True)
    assert box.at() is State.STOPPING
    box.step()
    assert box.level == 0


@pytest.mark.control("C-49")
def test_nothing_takes_a_soft_stop_back(box: Box) -> None:
    box.session.stop(box.now, Reason.STOPPED, soft=True)
    box.run(0.3)
    low = box.level
    with pytest.raises(IllegalMove, match="can't pause now: it is stopping"):
        box.session.pause(box.now)
    with pytest.raises(IllegalMove, match="can't change the level now: it is stopping"):
        box.session.level(A, by=None, to=GOAL + 2)
    box.run(0.5)
    assert box.level <= low
    box.run(3)
    assert (box.at(), box.session.reason) == (State.ENDED, Reason.STOPPED)


@pytest.mark.control("C-49", "C-50")
def test_a_gap_in_feeding_in_a_soft_stop_is_no_pause(box: Box) -> None:
    box.session.stop(box.now, Reason.STOPPED, soft=True)
    box.says = {"fed_s": box.now_s - UNFED_MAX_S - 0.1}
    box.step()
    assert (box.at(), box.level) == (State.STOPPING, 0)
    box.says = {"fed_s": None}
    box.run(3)
    assert (box.at(), box.session.reason) == (State.ENDED, Reason.STOPPED)


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("waits", [True, False])
def test_once_zero_is_proved_no_alarm_says_that_output_may_be_on(waits: bool, times: int) -> None:
    box = Box(waits=waits)
    box.run(20)
    for _ in range(times):
        box.session.link_down(box.now, replace(box.reported, zero=Zero.SENT, out=Out.ON, until_s=box.now_s + 60), "cut")
        box.now_s += 2
        box.session.link_up(box.now)
        box.now_s += 1
    assert {alarm.priority for alarm in box.session.alarms.alarms} == {Priority.HIGH}
    box.run(2)
    (alarm,) = box.session.alarms.alarms
    assert alarm.text == "the link was lost; the unit is at zero now, confirmed"
    assert alarm.priority is Priority.LOW, "a note, until somebody has read it"
    assert alarm.do
    box.session.link_down(box.now, replace(box.reported, zero=Zero.SENT, out=Out.ON, until_s=box.now_s + 60), "cut")
    assert waits == any(alarm.priority is Priority.HIGH for alarm in box.session.alarms.alarms)


def test_a_unit_that_is_surely_off_by_itself_leaves_no_alarm_that_it_may_be_on() -> None:
    box = Box(off_by=OffBy.LEASE)
    box.run(20)
    last = replace(box.reported, zero=Zero.SENT, out=Out.ON, until_s=box.now_s + 5)
    box.session.link_down(box.now, last, "cut")
    box.now_s += 6
    box.session.give_up(box.now, last)
    assert [alarm.priority for alarm in box.session.alarms.alarms] == [Priority.LOW]


def test_a_stop_that_is_confirmed_late_is_no_alarm_any_more() -> None:
    box = Box()
    box.session.order = None
    box.session.until_s = inf
    box.deaf = True
    box.session.stop(box.now, Reason.STOPPED)
    box.run(box.caps.stop_s + 1)
    assert [alarm.text for alarm in box.session.alarms.alarms] == ["the stop is not confirmed by the unit"]
    box.deaf = False
    box.run(1)
    assert [alarm.text for alarm in box.session.alarms.alarms] == ["the unit confirmed its stop late: it is at zero"]


@pytest.mark.parametrize("waits", [True, False])
def test_the_alarm_of_lost_contact_claims_no_zero_that_nobody_has_proved(waits: bool) -> None:
    box = Box(waits=waits)
    box.run(20)
    box.deaf = True
    box.step(Contact(A, False))
    (alarm,) = box.session.alarms.alarms
    assert box.level > 0
    assert alarm.do == "estim turns the output off: check pads and leads"


@pytest.mark.control("C-49")
def test_lost_contact_in_a_soft_stop_is_no_pause() -> None:
    box = Box(waits=True)
    box.run(20)
    box.session.stop(box.now, Reason.STOPPED, soft=True)
    box.step(Contact(A, False))
    box.run(1)
    assert box.at() is State.ENDED


@pytest.mark.control("C-49")
@pytest.mark.parametrize("first", ["stop", "loss"])
def test_after_a_stop_by_a_person_a_link_that_is_back_leads_nowhere(first: str) -> None:
    box = Box(waits=True)
    box.run(20)
    if first == "stop":
        box.deaf = True
        box.session.stop(box.now, Reason.STOPPED)
        box.step()
    box.session.link_down(box.now, replace(box.reported, zero=Zero.SENT), "the link was cut")
    box.now_s += 2
    if first == "loss":
        box.session.stop(box.now, Reason.STOPPED)
    box.deaf = False
    box.session.link_up(box.now)
    box.run(1)
    assert box.at() is State.ENDED
    with pytest.raises(IllegalMove):
        box.session.resume(box.now, box.reported)


def test_without_a_stop_by_a_person_a_link_that_is_back_waits_for_a_key() -> None:
    box = Box(waits=True)
    box.run(20)
    box.session.link_down(box.now, replace(box.reported, zero=Zero.SENT), "the link was cut")
    box.now_s += 2
    box.session.link_up(box.now)
    box.run(1)
    assert box.at() is State.PAUSED


@pytest.mark.control("C-12")
def test_a_level_that_stays_unknown_is_a_fault(box: Box) -> None:
    box.says = {"level": {channel: Span(0, GOAL) for channel in box.caps.channels}}
    box.run(box.caps.fault_s - 0.5)
    assert box.at() is State.RUNNING
    box.run(1)
    assert box.at() in (State.FAULT, State.ENDED)
    assert box.session.reason is Reason.FAULT
    assert "has not said its level" in box.session.why


@pytest.mark.control("C-44")
def test_resume_is_refused_until_zero_is_proved(box: Box) -> None:
    box.session.pause(box.now)
    box.deaf = True
    box.step()
    with pytest.raises(IllegalMove, match="has not confirmed zero"):
        box.session.resume(box.now, box.reported)
    assert box.at() is State.PAUSED
    box.deaf = False
    box.step()
    box.session.resume(box.now, box.reported)
    assert box.at() is State.RAMPING


@pytest.mark.control("C-33")
def test_the_units_own_low_battery_flag_stops_it(box: Box) -> None:
    box.step(LowBattery())
    assert box.session.reason is Reason.FAULT
    assert "battery is low" in box.session.why
    assert box.level == 0


@pytest.mark.control("C-44")
def test_a_pause_that_nobody_ends_is_ended_after_five_minutes(box: Box) -> None:
    box.session.pause(box.now)
    box.run(299)
    assert box.at() is State.PAUSED
    box.run(3)
    assert (box.at(), box.session.reason) == (State.ENDED, Reason.STOPPED)


@pytest.mark.control("C-44")
def test_a_pause_that_the_unit_does_not_confirm_is_a_fault(box: Box) -> None:
    box.session.pause(box.now)
    box.deaf = True
    box.run(box.caps.stop_s + 1)
    assert box.session.reason is Reason.FAULT
    assert "the pause is not confirmed" in box.session.why


@pytest.mark.control("C-50")
def test_a_short_gap_in_feeding_is_zero_and_then_a_ramp(box: Box) -> None:
    box.says = {"fed_s": box.now_s}
    box.run(UNFED_MAX_S + 0.2)
    assert (box.at(), box.level) == (State.PAUSED, 0)
    box.says = {"fed_s": None}
    box.step()
    assert box.at() is State.RAMPING
    levels = []
    for _ in range(200):
        box.run(TICK_S)
        levels.append(box.level)
    assert max(after - before for before, after in pairwise(levels)) <= box.caps.step
    assert levels[-1] == GOAL


@pytest.mark.control("C-50")
def test_a_long_gap_in_feeding_waits_for_a_key(box: Box) -> None:
    box.says = {"fed_s": box.now_s, "zero": Zero.SENT}
    box.run(2)
    box.now_s += UNFED_KEY_S
    box.says = {"fed_s": None}
    box.run(5)
    assert (box.at(), box.level) == (State.PAUSED, 0)
    box.session.resume(box.now, box.reported)
    assert box.at() is State.RAMPING


@pytest.mark.control("C-50")
@pytest.mark.parametrize("what", ["contact", "person", "turned down", "turned up"])
def test_what_happens_within_a_short_gap_in_feeding_waits_for_a_key(what: str) -> None:
    box = Box(waits=True)
    box.run(20)
    box.says = {"fed_s": box.now_s, "zero": Zero.SENT}
    box.run(UNFED_MAX_S + 0.2)
    if what == "contact":
        box.step(Contact(A, False))
    elif what == "person":
        box.session.pause(box.now)
    else:
        box.step(Hand(A, Level(0 if what == "turned down" else GOAL), rose=what == "turned up"))
        assert any("turned by hand" in text for text in box.alarms)
    box.says = {"fed_s": None}
    box.run(2)
    assert (box.at(), box.level) == (State.PAUSED, 0)


@pytest.mark.control("C-49")
def test_a_stop_in_a_pause_after_a_lost_link_is_the_persons() -> None:
    box = Box(waits=True)
    box.run(20)
    box.session.link_down(box.now, replace(box.reported, zero=Zero.SENT), "the link was cut")
    box.session.link_up(box.now)
    box.run(1)
    assert box.at() is State.PAUSED
    box.session.stop(box.now, Reason.STOPPED)
    box.run(1)
    assert (box.at(), box.session.reason) == (State.ENDED, Reason.STOPPED)


@pytest.mark.control("C-46")
def test_the_zero_of_a_pause_does_not_prove_a_stop_on_a_link_that_was_lost_since(box: Box) -> None:
    box.session.pause(box.now)
    box.run(1)
    last = box.reported
    assert box.session.proved(last)
    box.session.link_down(box.now, last, "the link was cut")
    box.session.stop(box.now, Reason.STOPPED)
    box.session.give_up(box.now, last)
    assert (box.at(), box.session.stop_confirmed) == (State.ENDED, False)


@pytest.mark.control("C-47")
def test_a_session_that_only_stops_looks_on_for_as_long_as_the_unit_says_that_it_goes_on(box: Box) -> None:
    told = box.session.unit
    limits = box.session.limits
    box.deaf = True
    box.says = {"until_s": box.now_s + 60}
    box.session = Session(told, box.caps, limits, None, box.now, until_s=box.now_s + 1)
    box.session.connect(box.now)
    box.session.link_up(box.now)
    box.run(50)
    assert box.at() is not State.ENDED
    box.run(30)
    assert (box.at(), box.session.stop_confirmed) == (State.ENDED, False)


@pytest.mark.control("C-51")
def test_a_computer_that_slept_stops_the_unit_first(box: Box) -> None:
    box.now_s += ASLEEP_S + 1
    box.step()
    assert (box.session.reason, box.level) == (Reason.FAULT, 0)
    assert "slept" in box.session.why
    box.run(1)
    assert box.at() is State.ENDED


@pytest.mark.control("C-54")
def test_a_key_press_at_the_unit_moves_the_goal_by_one_step_whatever_the_part_plays_at(box: Box) -> None:
    both = box.session.ramp
    both.aim(A, 40, at_once=True)
    both.advance(box.now_s)
    ramp = both._ramps[A]
    before = ramp.level(0, 5.0)
    ramp.hand(0, 5.0, before + 1, rose=True, cap=200)
    assert both.goal(A) == 41
    box.step(Hand(A, Level(box.level + 1), rose=True))
    assert both.goal(A) <= 42


@pytest.mark.control("C-10")
@pytest.mark.parametrize(
    ("ends_s", "told"), [(0.2, "should fall silent by itself, which isn't proved"), (60.0, "until ")]
)
def test_an_alarm_that_stays_names_no_moment_that_is_over_before_it_is_read(ends_s: float, told: str) -> None:
    box = Box()
    box.run(20)
    last = replace(box.reported, out=Out.MAYBE, zero=Zero.SENT, until_s=box.now_s + ends_s)
    box.session.link_down(box.now, last, "the link was cut")
    (alarm,) = box.session.alarms.alarms
    assert told in alarm.text
    assert ("until" in alarm.text) == (ends_s > 5)


def test_a_level_that_rises_in_a_pause_is_told_as_the_hands(box: Box) -> None:
    box.session.pause(box.now)
    box.run(2)
    box.told.clear()
    box.says = {"level": dict.fromkeys(box.caps.channels, Span(0, 0)) | {A: Span(1, 1)}}
    box.step(Hand(A, Level(1), rose=True))
    (moved,) = [word for word in box.told if isinstance(word, Levelled)]
    assert (moved.level, moved.by) == (1, "hand")
