"""Plays whole coyote2 sessions on the software box, once for each thing that its fact sheet leaves open or warns of."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estim.catalogue.programs import shipped
from estim.core.errors import EstimError
from estim.core.programs.course import fit
from estim.core.session.guard import Limits, family_cap, percent_cap
from estim.core.session.order import Order
from estim.core.vocabulary import Reason, State
from estim.rehearsal.electrodes import meant, measured
from protocols.coyote2.family import FAMILY
from protocols.coyote2.packets import CONFIG, STRENGTHS
from protocols.score import texture
from protocols.vocabulary import Channel, Endpoint, Level, Out, Zero
from simulator.chance import Chance
from simulator.checks import violations
from simulator.coyote2.options import Coyote2Options
from simulator.coyote2.unit import KIND, Coyote2
from simulator.outbox import Act
from simulator.trace import Trace
from simulator.twin import Pulse, WriteRefused
from tests.effort import QUESTION_MINUTES, lived
from tests.world import Weather, World, rises

A = Channel.A
B = Channel.B
CAPS = FAMILY.caps
GOAL = 210

OPEN = {
    "as it is": Coyote2Options(),
    "it was left running": Coyote2Options(strength=(245, 280)),
    "it was left at the top of a word": Coyote2Options(strength=(2047, 2047), clamps=False),
    "a host's own words are not told": Coyote2Options(echo=False),
    "words that change nothing are told too": Coyote2Options(echo_same=True),
    "what it tells comes late": Coyote2Options(tell_late_s=1.5),
    "it allows 2047": Coyote2Options(maximum=2047),
    "it allows less": Coyote2Options(maximum=350),
    "it clamps nothing": Coyote2Options(clamps=False),
    "each word begins with a pulse": Coyote2Options(restart=True),
    "its pause clock is slow": Coyote2Options(slow_clock=True),
    "it backs up": Coyote2Options(backs_up=True),
    "the first stops are ignored": Coyote2Options(strength=(70, 0), stop_ignored=4),
    "writes with response are taken too": Coyote2Options(write_also=True),
    "the pads come off, and nobody knows": Coyote2Options(pads_off=30),
}

WEATHER = {
    "much is lost": Weather(lost=0.7, seed=3),
    "all is told twice and late": Weather(doubled=1.0, late_s=2.0, seed=3),
    "everything at once": Weather(lost=0.4, doubled=0.5, late_s=0.8, seed=3),
}


class Kept:
    """A world with what it left behind."""

    def __init__(
        self,
        options: Coyote2Options | None = None,
        weather: Weather | None = None,
        *,
        minutes: float = 1.0,
        goal: tuple[int, int] = (GOAL, 0),
        twin: type[Coyote2] = Coyote2,
        program: str = "tens-ankle",
        stops_only: bool = False,
    ) -> None:
        self.trace = Trace()
        self.course = fit(next(one for one in shipped() if one.id == program), FAMILY, minutes)
        self.box = twin(f"{KIND.address}:01", options or Coyote2Options(), Chance(1), self.trace.of("box"))
        order = None if stops_only else Order(self.course, {A: Level(goal[0]), B: Level(goal[1])}, pads_on=True)
        limits = Limits((family_cap(CAPS), percent_cap(CAPS, 35, "a new unit")))
        self.world = World(FAMILY, self.box, self.box.level, order, limits, weather)
        self.world.link()

    def check(self, *, cut: bool = False) -> None:
        """Nothing rises too fast or too high, and it ends at a proved zero (also when its link is hung up, not cut)."""
        # before, what it was found at counts as a rise
        one = self.world
        met_s = 0.5
        last_s = -1.0
        for at_s, before, after in (rise for rise in rises(one.seen, "A") if rise[0] > met_s):
            assert after - before <= CAPS.step
            assert at_s - last_s >= CAPS.raise_gap_s - 1e-6
            last_s = at_s
        assert one.ended.stop_confirmed
        assert (one.level_of("A"), one.level_of("B")) == (0, 0)
        cap = {"A": 700, "B": 700}
        records = [
            record
            for record in self.trace.records
            if float(str(record["t"])) > met_s and not (cut and record["event"] == "disconnect")
        ]
        assert not violations(records, step=CAPS.step, gap_s=CAPS.raise_gap_s, cap=cap, armed_s=0.0)

    def writes(self) -> list[tuple[str, str]]:
        return [(str(r["endpoint"]), str(r["hex"])) for r in self.trace.records if r["event"] == "write"]


@pytest.mark.control("C-01")
@pytest.mark.parametrize("options", OPEN.values(), ids=OPEN.keys())
def test_a_session_completes_whichever_way_it_is(options: Coyote2Options) -> None:
    kept = Kept(options, minutes=QUESTION_MINUTES)
    kept.world.run(QUESTION_MINUTES * 60 + 60)
    assert kept.world.ended.reason is Reason.COMPLETED
    assert kept.world.ended.level_max[A] == GOAL
    assert kept.world.ended.duration_s == pytest.approx(QUESTION_MINUTES * 60, abs=1)
    kept.check()


@pytest.mark.parametrize("weather", WEATHER.values(), ids=WEATHER.keys())
def test_a_session_completes_in_bad_weather(weather: Weather) -> None:
    kept = Kept(Coyote2Options(strength=(70, 140)), weather, minutes=QUESTION_MINUTES)
    kept.world.run(QUESTION_MINUTES * 60 + 60)
    assert kept.world.ended.reason is Reason.COMPLETED
    assert kept.world.ended.level_max[A] == GOAL
    kept.check()


@pytest.mark.control("C-05")
@pytest.mark.parametrize("options", [Coyote2Options(), Coyote2Options(restart=True)], ids=["runs on", "restarts"])
@pytest.mark.parametrize("program", ["tens-ankle", "tens-burst", "tens-al", "tens-fm", "tens-sweep", "tens-han"])
def test_the_pulses_are_those_of_the_program_in_both_readings_of_the_pause(
    program: str, options: Coyote2Options
) -> None:
    long = program == "tens-han"  # its ladder takes two minutes
    kept = Kept(options, minutes=2 if long else 1, program=program)
    pulses: list[Pulse] = []
    while kept.world.session.state is not State.ENDED:
        since_s = kept.world.now_s
        kept.world.run(10)
        pulses += [pulse for pulse in kept.box.pulses(since_s, kept.world.now_s) if pulse.channel == "A"]
    started = kept.world.session.started
    assert started is not None
    at_s = started.mono_s
    moved = [Pulse(p.at_s - at_s, p.channel, p.width_us, p.current_ma, p.first) for p in pulses]
    score = kept.course.score
    playable = FAMILY.playable
    came = measured(moved, 12.0, 108.0 if long else 54.0, lambda at: 1 / playable.rate(texture(score, at).rate_hz))
    asked = meant(score, 12.0, 108.0 if long else 54.0, FAMILY)
    assert came.pulses == pytest.approx(asked.pulses, rel=0.01, abs=2)
    assert came.on_s == pytest.approx(asked.on_s, rel=0.01, abs=0.5)
    assert came.width_us == pytest.approx(asked.width_us, rel=0.01)
    assert min(after.at_s - before.at_s for before, after in pairwise(moved)) > 0.0045, "never two pulses as one"


@pytest.mark.control("C-08")
@pytest.mark.parametrize("moment_ms", [*range(0, 1500, 75), *range(2000, 8000, 730)])
def test_a_stop_from_every_moment(moment_ms: int) -> None:
    kept = Kept(Coyote2Options(strength=(70, 0)), goal=(GOAL, 70))
    kept.world.run(moment_ms / 1000)
    kept.world.act(lambda now: kept.world.session.stop(now, Reason.STOPPED))
    begin_s = kept.world.now_s
    kept.world.run(5)
    assert kept.world.session.state is State.ENDED
    assert kept.world.now_s - begin_s < 0.3
    kept.check()
    assert not [rise for rise in rises(kept.world.seen, "A") if rise[0] > begin_s + 0.06]


@pytest.mark.control("C-10")
@pytest.mark.parametrize("word", ["keep", "zero"])
def test_a_cut_link_falls_silent_and_is_opened_again_to_stop(word: str) -> None:
    kept = Kept(Coyote2Options(reconnect="keep" if word == "keep" else "zero"), minutes=2)
    kept.world.run(15)
    kept.world.cut()
    cut_s = kept.world.now_s
    last = kept.world.reported
    assert last is not None
    assert (last.out, last.zero) == (Out.MAYBE, Zero.NO)
    assert last.until_s <= cut_s + 0.2
    kept.world.run(5)
    assert not [pulse for pulse in kept.box.pulses(cut_s, kept.world.now_s) if pulse.at_s > cut_s + 0.1]
    assert kept.world.level_of("A") == (GOAL if word == "keep" else 0)
    kept.world.link()
    kept.world.run(5)
    assert kept.world.ended.reason is Reason.LINK_LOST
    kept.check(cut=True)
    assert not [rise for rise in rises(kept.world.seen, "A") if rise[0] > cut_s]


class Mute(Coyote2):
    """A box whose readings all fail, but that of the battery."""

    def read(self, now_s: float, endpoint: Endpoint) -> bytes:
        if endpoint in (STRENGTHS, CONFIG):
            raise WriteRefused(0x0E, "no answer")
        return super().read(now_s, endpoint)


@pytest.mark.parametrize("lost", [0.0, 1.0])
def test_a_box_that_never_answers_gets_nothing_but_zeros(lost: float) -> None:
    kept = Kept(Coyote2Options(strength=(70, 140), stop_ignored=10**6), Weather(lost=lost), twin=Mute)
    kept.world.run(60)
    assert (kept.world.ended.reason, kept.world.ended.stop_confirmed) == (Reason.NO_DEVICE, False)
    assert {text for _, text in kept.writes()} == {"000000"}
    assert not kept.box.pulses(0.0, kept.world.now_s)


def test_a_box_that_stops_answering_is_zeroed_and_ends_in_a_fault() -> None:
    class Falls(Mute):
        def read(self, now_s: float, endpoint: Endpoint) -> bytes:
            return super().read(now_s, endpoint) if now_s > 20 else Coyote2.read(self, now_s, endpoint)

    kept = Kept(Coyote2Options(echo=False), twin=Falls, minutes=2)
    kept.world.run(60)
    assert (kept.world.ended.reason, kept.world.ended.stop_confirmed) == (Reason.FAULT, False)
    assert kept.world.level_of("A") == 0
    assert kept.world.now_s < 20 + CAPS.fault_s + CAPS.stop_s + 3
    raised = [rise for rise in rises(kept.world.seen, "A") if rise[0] > 20.2]
    assert not raised


@pytest.mark.parametrize("options", [Coyote2Options(config=False), Coyote2Options(maximum=0)])
def test_without_a_highest_strength_nothing_plays(options: Coyote2Options) -> None:
    kept = Kept(options)
    kept.world.run(60)
    assert (kept.world.ended.reason, kept.world.ended.stop_confirmed) == (Reason.NO_DEVICE, True)
    assert "1507" in kept.world.ended.message
    assert {text for _, text in kept.writes()} == {"000000"}


@pytest.mark.control("C-12")
def test_what_an_earlier_host_left_running_is_zeroed_and_proved() -> None:
    kept = Kept(Coyote2Options(strength=(245, 280)), stops_only=True)
    kept.world.run(5)
    assert kept.world.ended.stop_confirmed
    assert {text for _, text in kept.writes()} == {"000000"}


@pytest.mark.control("C-26")
def test_wheels_in_a_session_are_followed() -> None:
    hands = (Act(12.0, "A-3"), Act(16.0, "A+"), Act(20.0, "B+2"), Act(24.0, "A+100"))
    kept = Kept(Coyote2Options(hand=hands), minutes=1, goal=(GOAL, 70))
    seen = []
    for seconds in (11.5, 3.5, 4, 4, 4, 4):
        kept.world.run(seconds)
        seen.append((kept.world.level_of("A"), kept.world.level_of("B")))
    assert seen == [(210, 70), (189, 70), (196, 70), (196, 84), (700, 84), (700, 84)]
    kept.world.run(60)
    assert kept.world.ended.reason is Reason.COMPLETED
    assert kept.world.ended.stop_confirmed


acts = st.lists(
    st.tuples(
        st.sampled_from(["+", "-", "++", "pause", "resume", "A+", "A-", "B+2", "soft", "stop", "wait", "cut", "link"]),
        st.floats(0.03, 4.0),
    ),
    max_size=10,
)


def do(one: World, act: str) -> None:
    session = one.session
    try:
        match act:
            case "+" | "-":
                one.act(lambda now: session.level(A, by={"+": 7, "-": -7}[act], to=None))
            case "++":
                one.act(lambda now: session.level(A, by=None, to=session.ramp.goal(A) + 200))
            case "pause":
                one.act(session.pause)
            case "resume":
                one.act(lambda now: session.resume(now, one.reported))
            case "soft" | "stop":
                one.act(lambda now: session.stop(now, Reason.STOPPED, soft=act == "soft"))
            case "cut" if one.linked:
                one.cut()
            case "link" if not one.linked:
                one.link()
            case "A+" | "A-" | "B+2" if one.linked:
                one.hand(act)
            case _:
                pass
    except EstimError:
        pass


@pytest.mark.control("C-02")
@pytest.mark.control("C-04")
@settings(max_examples=lived(50))
@given(
    acts=acts,
    options=st.sampled_from([*OPEN.values()]),
    late_s=st.sampled_from([0.0, 0.3, 2.0]),
    seed=st.integers(0, 99),
)
def test_whatever_is_done_no_level_passes_what_was_wanted(
    acts: list[tuple[str, float]], options: Coyote2Options, late_s: float, seed: int
) -> None:
    kept = Kept(options, Weather(lost=0.3, doubled=0.3, late_s=late_s, seed=seed), minutes=2, goal=(70, 35))
    one = kept.world
    one.run(6)
    met_s = one.now_s
    stopped_s = None
    for act, wait_s in acts:
        if one.session.state is State.ENDED:
            break
        do(one, act)
        if act == "stop" and stopped_s is None:
            stopped_s = one.now_s
        one.run(wait_s)
    last_s = -1.0
    hands_s = [at_s for at_s, who, _ in one.seen.levels if "hand" in who]
    for at_s, low, high in (rise for rise in rises(one.seen, "A") if rise[0] > met_s):
        crossed = any(at_s - 0.3 <= hand_s <= at_s for hand_s in hands_s)
        assert high - low <= CAPS.step or crossed, "a wheel and a word may cross on the air"
        assert high <= 700
        assert at_s - last_s >= CAPS.raise_gap_s - 1e-6 or crossed
        assert stopped_s is None or at_s <= stopped_s + 0.1
        last_s = at_s
    if one.session.state is State.ENDED and one.session.stop_confirmed and one.linked and not hands_s:
        assert (one.level_of("A"), one.level_of("B")) == (0, 0)
