"""Checks what openemsstim refuses to read, and lives its driver with the software board: bad air, every fault."""

from itertools import pairwise
from math import inf
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estim.catalogue.programs import shipped
from estim.core.programs.course import fit
from estim.core.session.guard import Limits, family_cap
from estim.core.session.order import Order
from estim.core.vocabulary import Reason
from protocols.layout import Direction, pick
from protocols.openemsstim.family import FAMILY, match
from protocols.openemsstim.packets import CAPS, COMMAND, SERVICE, TEXT, Command
from protocols.vocabulary import (
    Advert,
    BadPacket,
    Channel,
    Level,
    Match,
    Mode,
    Out,
    Wanted,
    Zero,
)
from simulator.chance import Chance
from simulator.openemsstim.unit import KIND, OpenEmsStimOptions
from simulator.outbox import Act
from simulator.registry import make, read_line
from simulator.trace import silent
from tests.effort import QUESTION_MINUTES, lived
from tests.packets import bytes_of, golden
from tests.protocols.kins import OPENEMSSTIM
from tests.protocols.world import Air
from tests.protocols.world import World as Pair
from tests.world import World, rises

A = Channel.A
B = Channel.B
GOLDEN = golden("openemsstim")
GOOD = [bytes_of(entry) for entry in GOLDEN["packet"]]
FORMS = FAMILY.layouts[Direction.TO_DEVICE][COMMAND.name]
SCORE = OPENEMSSTIM.score
LIMITS = Limits((family_cap(CAPS),))


@pytest.mark.control("C-34")
@pytest.mark.parametrize("data", [data for data in GOOD if data.endswith(b"G")])
def test_cut_or_lengthened_packets_are_never_taken_for_the_whole(data: bytes) -> None:
    for bad in [*(data[:length] for length in range(len(data))), data + b"\x00", data + b"G", b" " + data]:
        with pytest.raises(BadPacket):
            pick(FORMS, bad)


@pytest.mark.control("C-34")
@given(st.one_of(st.binary(max_size=40), st.text("CITGO0123456789[,]", max_size=34).map(str.encode)))
def test_random_bytes_are_bad_or_build_back(data: bytes) -> None:
    try:
        form, packet = pick(FORMS, data)
    except BadPacket:
        return
    assert form.build(packet) == data


def test_with_g_before_the_last_number_a_cut_is_seen_only_if_it_leaves_no_number_as_the_firmware_has_it() -> None:
    assert TEXT.parse(b"GC0I20T1000") == Command(0, 20, 1000, "GCIT")
    assert TEXT.parse(b"GC0I20T100") == Command(0, 20, 100, "GCIT")
    for bad in (b"GC0I20T", b"GC0I20", b"C0I20T1000", b"GGC0I20T1000", b"GC0I20T1000 "):
        with pytest.raises(BadPacket):
            TEXT.parse(bad)


@pytest.mark.parametrize("entry", GOLDEN["packet"], ids=lambda entry: entry["meaning"])
def test_the_board_does_what_the_decoder_reads(entry: dict[str, Any]) -> None:
    data = bytes_of(entry)
    wanted = entry["fields"]
    twin = make(read_line("openemsstim:strength=7/7"), lambda _unit: silent)[0]
    twin.connect(0.0)
    twin.write(0.0, COMMAND, data, True)
    assert twin.level("AB"[wanted["channel"]]) == (max(1, wanted["intensity"]) if wanted["on_ms"] else 0)


@given(st.integers(0, 1), st.integers(0, 100), st.integers(0, 5000), st.permutations("CITG"))
def test_what_is_built_is_read_back(channel: int, intensity: int, on_ms: int, order: list[str]) -> None:
    command = Command(channel, intensity, on_ms, "".join(order).removesuffix("G"))
    assert TEXT.parse(TEXT.build(command)) == command


@pytest.mark.control("C-24")
def test_service_or_the_name_it_is_sold_by_make_a_board_others_only_if_pinned() -> None:
    names = {"openEMSstim01": "YES", "OPENEMSSTIM": "YES", "EMS01xx": "MAYBE", "emsB5": "MAYBE", "TEST1": "MAYBE"}
    names |= dict.fromkeys(("", "EMS", "my openEMSstim", "LT1102S", "TEST12"), "NO")
    assert {name: match(Advert("x", name)).name for name in names} == names
    assert match(Advert("x", "Kitchen", (SERVICE,))) is Match.YES


# The driver with the board


def board(unit: str = "", *, late_s: float = 0.05, refused: float = 0.0, mute: bool = False) -> Pair:
    """Return a board and its driver, on whose air each way takes up to `late_s`, and each reply comes twice."""
    return Pair(OPENEMSSTIM, unit, Air(way_s=late_s - 0.01, back_s=late_s - 0.01, refused=refused, mute=mute, tells=2))


def levels(loop: Pair) -> list[tuple[float, int, int]]:
    """Return (time, A, B) of each change at the board."""
    return [(at_s, level["A"], level["B"]) for at_s, level in loop.levels]


def climbs(loop: Pair) -> list[tuple[float, int]]:
    """Return time and height of each rise of A on the board."""
    found = pairwise(levels(loop))
    return [(at_s, after - before) for (_, before, _), (at_s, after, _) in found if after > before]


def lost(loop: Pair) -> list[str]:
    """Return what the board's buffer lost."""
    why = [str(record.get("why")) for record in loop.trace.records if record["event"] == "ignored"]
    return [text for text in why if "lost" in text or "no command" in text or "no G" in text]


@pytest.mark.control("C-01", "C-02", "C-04", "C-05")
@settings(max_examples=lived(25))
@given(
    st.lists(st.tuples(st.floats(0.1, 8), st.integers(0, 12), st.integers(0, 6)), min_size=1, max_size=6),
    st.sampled_from([0.03, 0.2, 0.6, 2.5]),
    st.sampled_from([0.0, 0.1, 0.5]),
    st.sampled_from(
        ["", "strength=9/4", "slow=0.1", "slow=0.3", "slow=0.5", "slow=0.5,link_loss=no", "stop_ignored=3"]
    ),
)
def test_no_write_passes_the_wish_and_every_proof_is_true(
    wishes: list[tuple[float, int, int]], late_s: float, refused: float, unit: str
) -> None:
    loop = board(unit, late_s=late_s, refused=refused)
    loop.play(0, 0, seconds=0.1)
    for seconds, a, b in wishes:
        loop.wish = {A: Level(a), B: Level(b)}
        loop.run(seconds)
    loop.stop(30)
    for _, op in loop.writes:
        command = TEXT.parse(op.data)
        assert (command.intensity == 0) == (command.on_ms == 0)
        assert command.on_ms <= 2000
    assert all(level == 0 for _, level in loop.proofs)
    assert loop.proofs[-1][0] == loop.now_s
    if late_s < 0.5 and refused < 0.5:
        highest = {A: max(a for _, a, _ in wishes), B: max(b for _, _, b in wishes)}
        began_s = next((at_s for at_s, level in loop.grants if any(level.values())), inf)
        assert all(by <= CAPS.step for at_s, by in climbs(loop) if at_s >= began_s)
        times = [at_s for at_s, _ in climbs(loop) if at_s >= began_s]
        assert all(later - sooner >= CAPS.raise_gap_s - 0.01 for sooner, later in pairwise(times))
        assert all(a <= highest[A] and b <= highest[B] for at_s, a, b in levels(loop) if at_s >= began_s)


@pytest.mark.control("C-07", "C-08")
def test_a_stop_at_any_moment_is_the_next_write_and_is_proved_by_time() -> None:
    for after_s in (step / 20 for step in range(44)):
        loop = board().play(4, 2)
        loop.run(after_s)
        sent = len(loop.writes)
        took_s = loop.stop()
        first = loop.writes[sent : sent + 2]
        assert [(op.data, op.urgent) for _, op in first] == [(b"C0I0T0G", True), (b"C1I0T0G", True)]
        assert first[0][0] == first[1][0] == pytest.approx(loop.now_s - took_s)
        assert took_s <= 3.3, "a board of half a second a command may begin the last one behind another"
        assert levels(loop)[-1][0] - first[0][0] <= 0.16, "two writes, and 50 ms for shutting the other channel"
        assert loop.top() == 0


SLOW = ["slow=0.1", "slow=0.3", "slow=0.5", "slow=0.5,drops=oldest", "slow=0.5,drops=newest,stop_ignored=9"]


@pytest.mark.control("C-09", "C-46")
@pytest.mark.parametrize("unit", SLOW)
def test_a_slow_board_is_off_before_a_stop_is_called_proved(unit: str) -> None:
    for after_s in (step / 10 for step in range(24)):
        loop = board(unit).play(4, 2)
        loop.run(after_s)
        loop.stop()
        assert loop.proved(loop.reported)
        assert loop.top() == 0, after_s
        loop.run(6.0)
        assert levels(loop)[-1][0] < loop.now_s - 6.0, "nothing of what waits comes later"


@pytest.mark.control("C-02", "C-52")
@pytest.mark.parametrize("unit", SLOW)
def test_a_slow_board_climbs_step_by_step_and_nothing_of_a_command_is_lost(unit: str) -> None:
    loop = board(unit).play(12, 8)
    loop.run(5.0)
    assert levels(loop)[-1][1:] == (12, 8)
    ups = [(at_s, before, after) for (_, *before), (at_s, *after) in pairwise(levels(loop))]
    for channel in range(2):
        rises = [(at_s, up[channel] - low[channel]) for at_s, low, up in ups if up[channel] > low[channel]]
        assert all(by <= CAPS.step for _, by in rises)
        assert all(later - sooner >= CAPS.raise_gap_s for (sooner, _), (later, _) in pairwise(rises))
    assert lost(loop) == []


@pytest.mark.control("C-46")
def test_no_older_zero_proves_a_stop_not_for_one_pass() -> None:
    loop = board()
    for mode in (Mode.READY, Mode.OFF, Mode.OFF):
        loop.mode = mode
        assert loop.run(30, loop.proved) > 0.5, "the board has to do the stop of this very demand"
        sent = len(loop.writes)
        loop.number += 1
        driver = loop.driver
        driver.want(loop.now_s, Wanted(mode, score=SCORE, stop=loop.number))
        assert (loop.reported.stop, loop.reported.zero) == (loop.number, Zero.SENT)
        loop.run(0.0)
        assert [(op.data, op.urgent) for _, op in loop.writes[sent:]] == [(b"C0I0T0G", True), (b"C1I0T0G", True)]


@pytest.mark.control("C-46")
def test_a_zero_that_waits_for_its_reply_proves_nothing_and_one_without_it_only_by_time() -> None:
    loop = board()
    loop.run(30, loop.proved)
    loop.air.mute = True
    assert loop.stop(20) == pytest.approx(6.0 + 2 * 0.55 + 0.1, abs=0.01)


@pytest.mark.control("C-08")
def test_a_refused_stop_proves_nothing_and_is_said_again() -> None:
    loop = board()
    loop.run(30, loop.proved)
    loop.air.refused = 1.0
    assert loop.stop(9.0) == 9.0
    loop.air.refused = 0.0
    assert loop.run(9.0, loop.proved) < 2.0


@pytest.mark.control("C-09")
def test_a_board_that_ignores_stops_is_proved_off_when_its_time_is_over_and_not_before() -> None:
    loop = board("stop_ignored=1000").play(4)
    loop.run(0.5)
    assert 1.0 < loop.stop() <= 2.7
    assert loop.top() == 0
    assert {level for _, level in loop.proofs} == {0}


@pytest.mark.control("C-07", "C-09")
def test_a_unit_that_never_replies_gets_zeros_only_and_is_never_ready() -> None:
    loop = board("strength=60/40", mute=True)
    loop.mode = Mode.PLAY
    loop.wish = {A: Level(10), B: Level(10)}
    loop.run(20)
    assert {op.data for _, op in loop.writes} == {b"C0I0T0G", b"C1I0T0G"}
    now = loop.reported
    assert (now.ready, now.heard_s, now.trouble) == (False, -inf, "it replies to no command")


def test_a_unit_left_running_is_stopped_and_proved_before_anything_plays() -> None:
    loop = board("strength=60/40").play(4)
    began_s = next(at_s for at_s, op in loop.writes if TEXT.parse(op.data).intensity)
    assert loop.proofs[0][0] <= began_s
    assert levels(loop)[0][1:] == (60, 40)
    assert next(at_s for at_s, a, b in levels(loop)[1:] if (a, b) == (0, 0)) < 0.2


@pytest.mark.control("C-01", "C-44")
def test_after_a_stall_the_level_is_not_back_but_for_a_moment_and_then_climbs_again() -> None:
    loop = board().play(10)
    loop.run(3)
    loop.clear_s = loop.now_s + 5.0  # what is written now waits, and arrives in order
    loop.run(5.0)
    assert loop.top() == 0, "its time was over"
    back_s = loop.now_s
    loop.run(30, lambda now: now.level[A].lo == 10)
    up = [(at_s, before, after) for (_, before, _), (at_s, after, _) in pairwise(levels(loop)) if at_s > back_s - 0.01]
    assert up[0][1:] == (0, 10), "the renewal that was under way"
    assert up[1][2] == 0
    assert up[1][0] - up[0][0] < 0.1
    assert [after - before for _, before, after in up[2:]] == [2] * 5
    assert loop.reported.counts["lapsed"] == 1


def test_an_idle_unit_is_asked_seldom_and_one_that_plays_not_at_all() -> None:
    loop = board().play(0, 0, seconds=0.1)
    loop.run(60)
    assert 25 <= len([at_s for at_s, _ in loop.writes if at_s > 6]) <= 31
    assert loop.reported.heard_s > loop.now_s - 2.2
    loop.play(4)
    sent = len(loop.writes)
    loop.run(60)
    assert {op.data for _, op in loop.writes[sent:]} == {b"C0I4T2000G"}
    assert 57 <= len(loop.writes) - sent <= 61


@pytest.mark.control("C-10", "C-11")
@pytest.mark.parametrize("after_s", [0.0, 0.3, 0.9, 1.0, 1.02, 1.5])
def test_the_last_word_on_a_lost_link_is_honest(after_s: float) -> None:
    loop = board("link_loss=no").play(0, 0, seconds=0.1)
    idle = loop.driver.lost(loop.now_s)
    assert (idle.out, idle.zero, idle.until_s) == (Out.OFF, Zero.SENT, loop.now_s), "off, but no stop was asked for"
    loop = board("link_loss=no")
    loop.run(30, lambda now: now.ready)
    assert loop.driver.lost(loop.now_s).zero is Zero.CONFIRMED
    loop = board("link_loss=no").play(4)
    loop.air.mute = True  # the last command has arrived, though its reply has not
    loop.run(after_s)
    last = loop.driver.lost(loop.now_s)
    assert (last.out, last.zero) == (Out.MAYBE, Zero.NO)
    assert loop.now_s < last.until_s <= loop.now_s + 2.66
    loop.twin.disconnect(loop.now_s)
    loop.twin.advance(last.until_s)
    assert loop.top() == 0


def test_it_only_looks_when_told_to_and_hears_nothing() -> None:
    driver = FAMILY.connect(0.0, "")
    driver.want(0.0, Wanted(Mode.WATCH))
    for at_s in range(20):
        assert driver.poll(float(at_s)) == []
        assert driver.receive(float(at_s), COMMAND, b"C0I9T9G") == []
    assert driver.reported(20.0).out is Out.OFF
    assert driver.reported(20.0).counts == {"unknown": 20}


# Whole sessions

FAULTS = {
    "no service in its adverts, long values taken": OpenEmsStimOptions(adv_service=False, name="EMS01", long="whole"),
    "left running": OpenEmsStimOptions(strength=(60, 40)),
    "three stops without effect": OpenEmsStimOptions(stop_ignored=3, strength=(60, 0)),
    "no stop has an effect": OpenEmsStimOptions(stop_ignored=10**6),
    "slow": OpenEmsStimOptions(slow=0.1),
    "as slow as was ever seen": OpenEmsStimOptions(slow=0.5, strength=(60, 40)),
    "refuses five writes": OpenEmsStimOptions(refuse=5),
    "goes on without a link, long values cut": OpenEmsStimOptions(link_loss=False, long="cut"),
    "pads come off unnoticed": OpenEmsStimOptions(pads_off=100, hand=(Act(200, "pads-on"),)),
}


@pytest.mark.parametrize("options", FAULTS.values(), ids=FAULTS.keys())
def test_a_session_ends_at_zero_and_proved_whatever_is_wrong(options: OpenEmsStimOptions) -> None:
    program = next(program for program in shipped() if program.id == "tens-ankle")
    order = Order(fit(program, FAMILY, QUESTION_MINUTES), {A: Level(10), B: Level(6)}, pads_on=True)
    twin = KIND.make("4C:00:13:04:00:01", options, Chance(1), silent)
    made = World(FAMILY, twin, twin.level, order, Limits((family_cap(CAPS),)))
    made.link()
    made.run(QUESTION_MINUTES * 60 + 100)
    assert (made.ended.reason, made.ended.stop_confirmed) == (Reason.COMPLETED, True)
    assert made.ended.level_max == {A: 10, B: 6}
    for channel, top in (("A", 10), ("B", 6)):
        assert made.level_of(channel) == 0
        up = [rise for rise in rises(made.seen, channel) if rise[0] > 1.0]  # before, what it was found at
        assert max(after for _, _, after in up) == top
        assert all(after - before <= CAPS.step for _, before, after in up)
        assert all(later[0] - sooner[0] >= CAPS.raise_gap_s for sooner, later in pairwise(up))
