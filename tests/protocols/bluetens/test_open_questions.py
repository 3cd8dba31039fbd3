"""Plays whole bluetens sessions on the software unit, with each thing that its sheet leaves open, and each fault."""

import pytest

from estim.catalogue.programs import shipped
from estim.core.programs.course import fit
from estim.core.session.guard import Limits, family_cap
from estim.core.session.order import Order
from estim.core.values import replace
from estim.core.vocabulary import Reason, State
from protocols.bluetens.family import FAMILY
from protocols.bluetens.packets import CAPS
from protocols.vocabulary import Channel, Level, Out, Zero
from simulator.bluetens.options import BluetensOptions
from simulator.bluetens.unit import KIND, Bluetens
from simulator.chance import Chance
from simulator.checks import violations
from simulator.outbox import Act
from simulator.trace import Trace
from tests.effort import QUESTION_MINUTES
from tests.world import Weather, World, rises

A = Channel.A
GOAL = 6
ADDRESS = "B1:7E:45:33:07:01"


class Run:
    """A session of tens-ankle on a twin."""

    def __init__(
        self,
        options: BluetensOptions,
        minutes: float = QUESTION_MINUTES,
        weather: Weather | None = None,
        address: str = ADDRESS,
    ) -> None:
        program = next(program for program in shipped() if program.id == "tens-ankle")
        order = Order(fit(program, FAMILY, minutes), {A: Level(GOAL)}, pads_on=True)
        self.trace = Trace()
        twin = KIND.make(address, options, Chance(1), self.trace.of("box"))
        assert isinstance(twin, Bluetens)
        self.twin = twin
        self.world = World(FAMILY, twin, twin.level, order, Limits((family_cap(CAPS),)), weather)
        self.world.link()

    def play(self, seconds: float = QUESTION_MINUTES * 60 + 100) -> "Run":
        self.world.run(seconds)
        return self

    @property
    def faults(self) -> list[str]:
        """What the witness over the twin's records has against it."""
        started = self.world.session.started
        armed_s = started.mono_s if started else None
        cap = {"A": int(CAPS.scale)}
        return violations(self.trace.records, step=1, gap_s=CAPS.raise_gap_s, cap=cap, armed_s=armed_s)

    @property
    def wrote(self) -> list[str]:
        return [str(record["text"]) for record in self.trace.records if record["event"] == "write"]


READINGS = {
    "as it is by default": BluetensOptions(),
    "every open question the other way": BluetensOptions(
        old_level=False, stat="app", md5_case="lower", first_md5="none", echo=True, pad="right", bound=True, preload=0
    ),
    "several lines in one notification": BluetensOptions(pieces="joined"),
    "lines cut anywhere, another first md5": BluetensOptions(pieces="any", first_md5="default"),
    "first hardware": BluetensOptions(hardware="first", name="BluetensQ.BLT"),
}


@pytest.mark.parametrize("options", READINGS.values(), ids=READINGS.keys())
def test_a_session_completes_whichever_way_it_is(options: BluetensOptions) -> None:
    run = Run(options).play()
    ended = run.world.ended
    assert (ended.reason, ended.stop_confirmed) == (Reason.COMPLETED, True), ended.message
    assert ended.duration_s == pytest.approx(QUESTION_MINUTES * 60, abs=1)
    assert ended.level_max[A] == GOAL
    assert run.faults == []


TROUBLES = {
    "left running, slow to stop, one upload damaged, one start that was none": BluetensOptions(
        strength=20, slow_stop_s=2.5, damaged=1, start_ignored=1
    ),
    "the first two stops are ok, and none": BluetensOptions(strength=9, stop_ignored=2, damaged=2),
    "somebody turns it down and up": BluetensOptions(hand=(Act(20, "A-2"), Act(30, "A+"), Act(45, "A+"))),
}


@pytest.mark.parametrize("options", TROUBLES.values(), ids=TROUBLES.keys())
def test_a_session_completes_in_spite_of(options: BluetensOptions) -> None:
    run = Run(options).play()
    ended = run.world.ended
    assert (ended.reason, ended.stop_confirmed) == (Reason.COMPLETED, True), ended.message
    assert run.twin.level() == 0
    assert run.faults == []


WEATHERS = [Weather(lost=0.2), Weather(doubled=0.5), Weather(late_s=0.15), Weather(late_s=0.4), Weather(late_s=2.0)]


@pytest.mark.control("C-09")
@pytest.mark.parametrize("weather", WEATHERS, ids=lambda weather: f"{weather}")
def test_a_bad_air_makes_it_slow_and_never_wrong(weather: Weather) -> None:
    run = Run(BluetensOptions(), minutes=1, weather=weather).play()
    ended = run.world.ended
    assert (ended.reason, ended.stop_confirmed) == (Reason.COMPLETED, True), ended.message
    assert ended.level_max[A] == (1 if weather.late_s > 0.2 else GOAL), "without a fresh state nothing is raised"
    assert run.faults == []


@pytest.mark.control("C-09")
def test_with_half_of_the_pieces_lost_what_plays_ends_at_a_proved_zero_or_says_that_it_does_not() -> None:
    """A state has three pieces, so one in eight arrives."""
    ends = []
    for seed in range(8):
        run = Run(BluetensOptions(), minutes=1, weather=Weather(lost=0.5, seed=seed)).play(200)
        ended = run.world.ended
        ends.append(ended.stop_confirmed)
        assert run.faults == []
        assert run.twin.level() == 0 or not ended.stop_confirmed
    assert ends.count(True) >= 6


ENDS = {
    "pads off": (BluetensOptions(pads_off=30), Reason.CONTACT_LOST, "lost contact with the skin"),
    "low battery": (BluetensOptions(low_battery=30), Reason.FAULT, "battery is low"),
    "charger": (BluetensOptions(hand=(Act(30, "charger-on"),)), Reason.DEVICE_ENDED, "on its charger"),
    "a silent end": (BluetensOptions(ends=40), Reason.DEVICE_ENDED, "come to its end"),
    "its memory is full": (BluetensOptions(full="status"), Reason.FAULT, "memory is full"),
    "its memory is full, in other words": (BluetensOptions(full="notify"), Reason.FAULT, "memory is full"),
    "all uploads damaged": (BluetensOptions(damaged=99), Reason.FAULT, "arrives damaged"),
    "no start is one": (BluetensOptions(start_ignored=99), Reason.FAULT, "does not start"),
    "hardly any battery": (BluetensOptions(battery=10), Reason.REFUSED, "10 %"),
}


@pytest.mark.parametrize(("options", "reason", "words"), ENDS.values(), ids=ENDS.keys())
def test_what_ends_a_session_is_told_and_zero_is_proved(options: BluetensOptions, reason: Reason, words: str) -> None:
    run = Run(options).play()
    ended = run.world.ended
    assert (ended.reason, ended.stop_confirmed) == (reason, True), ended.message
    assert words in ended.message
    assert ended.duration_s < 50
    assert run.faults == []


@pytest.mark.parametrize("act", ["power-off", "charger-on", "low-battery"])
def test_a_unit_that_says_that_it_goes_off_and_is_gone_is_off(act: str) -> None:
    run = Run(BluetensOptions()).play(20)
    assert run.twin.level() > 0
    run.world.hand(act)
    run.world.run(0.2)
    run.world.cut()
    last = run.world.reported
    assert last is not None
    assert (last.out, last.zero, last.level[A].hi) == (Out.OFF, Zero.CONFIRMED, 0)
    assert run.twin.level() == 0


def test_a_unit_on_its_charger_plays_nothing() -> None:
    run = Run(BluetensOptions(charging=True)).play(30)
    assert "charger" in run.world.ended.message
    assert {level for _, _, level in run.world.seen.levels} == {0}


def test_a_stop_that_takes_longer_than_the_unit_allows_itself_is_never_called_proved() -> None:
    run = Run(BluetensOptions(strength=9, slow_stop_s=5)).play(60)
    assert not run.world.ended.stop_confirmed
    assert not run.twin.on, "it has reset itself"
    assert not rises(run.world.seen, "A")[1:]


def test_addresses_that_wait_longer_are_played_too() -> None:
    run = Run(BluetensOptions(pads_off=30), address="08:7C:EE:00:00:01").play()
    assert run.world.ended.reason is Reason.CONTACT_LOST
    assert run.world.ended.duration_s == pytest.approx(40, abs=3)


@pytest.mark.control("C-44")
def test_the_second_session_sends_no_script_again_and_a_pause_is_a_stop() -> None:
    run = Run(BluetensOptions(), minutes=2).play(20)
    assert sum(text.startswith(">cat") for text in run.wrote) == 1
    run.world.act(run.world.session.pause)
    run.world.run(4)
    assert (run.world.session.state, run.twin.level()) == (State.PAUSED, 0)
    run.world.act(lambda now: run.world.session.resume(now, run.world.reported))
    run.world.run(300)
    assert run.world.ended.reason is Reason.COMPLETED
    assert sum(text.startswith(">cat") for text in run.wrote) == 1
    starts = [text for text in run.wrote if text.startswith(">ssta")]
    assert [int(text.split("=")[1]) for text in starts] == sorted((int(t.split("=")[1]) for t in starts), reverse=True)
    assert len(starts) == 2
    again = World(FAMILY, run.twin, run.twin.level, run.world.session.order, Limits((family_cap(CAPS),)))
    again.now_s = run.world.now_s
    again.session.looked_after(again.now())  # it is made at 0: the time until now would be a sleep
    again.session.arm(again.now())
    again.link()
    again.run(300)
    assert again.ended.reason is Reason.COMPLETED
    assert sum(text.startswith(">cat") for text in run.wrote) == 1


@pytest.mark.control("C-12")
def test_what_another_host_left_in_the_shell_never_plays() -> None:
    for left in (b">ssta pain.lok -cut=", b">str 5", b"\x04", b">cat x.lok -l=500\r\nV1{|R"):
        twin = KIND.make(ADDRESS, BluetensOptions(), Chance(1), Trace().of("box"))
        twin.connect(0.0)
        for at in range(0, len(left), 20):
            twin.write(0.0, twin.endpoints[0], left[at : at + 20], True)
        twin.disconnect(0.1)
        order = Run(BluetensOptions(), minutes=1).world.session.order
        world = World(FAMILY, twin, twin.level, order, Limits((family_cap(CAPS),)))
        world.now_s = 0.2
        world.link()
        world.run(120)
        assert (world.ended.reason, world.ended.stop_confirmed) == (Reason.COMPLETED, True), left
        assert twin.level() == 0


@pytest.mark.control("C-10")
@pytest.mark.control("C-11")
def test_a_cut_link_counts_as_on_until_the_cut_off_and_the_next_link_stops_it() -> None:
    run = Run(BluetensOptions(), minutes=5).play(30)
    run.world.cut()
    last = run.world.reported
    assert last is not None
    assert (last.out, last.zero, last.level[A].lo) == (Out.MAYBE, Zero.NO, GOAL)
    run.twin.advance(last.until_s - 20)
    assert run.twin.level() == GOAL, "it plays on by itself"
    run.twin.advance(last.until_s)
    assert run.twin.level() == 0, "and no longer than was said"
    other = Run(BluetensOptions(), minutes=5).play(30)
    other.world.cut()
    other.world.run(3)
    other.world.link()
    other.world.run(10)
    assert other.twin.level() == 0
    assert other.world.ended.stop_confirmed
    unknown = FAMILY.connect(0.0, "").lost(5.0)
    assert (unknown.out, unknown.zero, unknown.until_s) == (Out.MAYBE, Zero.NO, float("inf"))


def test_a_score_that_changes_is_compiled_again_after_a_pause() -> None:
    program = next(program for program in shipped() if program.id == "ems-recovery-simple")
    order = Order(fit(replace(program, kind="twitch"), FAMILY, 3), {A: Level(GOAL)}, pads_on=True)
    trace = Trace()
    twin = KIND.make(ADDRESS, BluetensOptions(), Chance(1), trace.of("box"))
    world = World(FAMILY, twin, twin.level, order, Limits((family_cap(CAPS),)))
    world.link()
    world.run(90)
    world.act(world.session.pause)
    world.run(4)
    world.act(lambda now: world.session.resume(now, world.reported))
    world.run(300)
    assert world.ended.reason is Reason.COMPLETED
    uploads = sum(str(record.get("text", "")).startswith(">cat") for record in trace.records)
    assert uploads == (1 if len(order.course.score.parts) == 1 else 2)
