"""The witness over a trace: it finds each broken rule, and has nothing against a clean session."""

from collections.abc import Callable

import pytest

from protocols.coyote3.packets import IN, OUT
from simulator import checks
from simulator.registry import make, read_line
from simulator.trace import Record, Trace, record

CAP = {"A": 10, "B": 10}


def level(t_s: float, now: int, by: str = "host") -> Record:
    return record(t_s, "box", "level", {"channel": "A", "level": now, "by": by})


def link(t_s: float, event: str, now: int = 0) -> Record:
    return record(t_s, "box", event, {"level": {"A": now}})


def output(t_s: float, current_ma: float) -> Record:
    return record(t_s, "box", "output", {"channel": "A", "current_ma": current_ma, "why": "frame"})


CLEAN = [
    *(link(0, "connect"), level(1, 2), output(1, 2.0), level(1.5, 4), level(2, 3), level(2.5, 5)),
    *(level(3, 0), output(3, 0.0), link(4, "disconnect")),
]


def judge(records: list[Record], armed_s: float | None = 0.5) -> list[str]:
    return checks.violations(records, step=2, gap_s=0.5, cap=CAP, armed_s=armed_s)


def test_a_clean_session_is_clean() -> None:
    assert judge(CLEAN) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda: [*CLEAN[:2], level(1.3, 4), *CLEAN[4:]], "1.300 s: box A rose by 4 to 4 within 0.5 s; 2 is allowed"),
        (lambda: [*CLEAN[:3], level(1.5, 6), *CLEAN[4:]], "rose by 4 to 6"),
        (lambda: [CLEAN[0], level(1, 2), level(1.2, 0), level(1.3, 2), *CLEAN[6:]], "rose by 4 to 2"),
        (lambda: CLEAN[:6], "2.500 s: box A was left at 5"),
        (lambda: [*CLEAN[:6], link(4, "disconnect", 5), level(5, 0)], "was at 5 when the link ended"),
        (lambda: [CLEAN[0], level(0.2, 1), level(0.3, 0)], "0.200 s: box A was raised to 1 unarmed"),
        (lambda: [CLEAN[0], output(0.2, 3.0)], "0.200 s: box A gave 3.0 mA unarmed"),
        (lambda: [link(0, "connect", 8), output(1, 3.0), level(2, 0)], "gave output at 8, which was left in the unit"),
        (lambda: [CLEAN[0], level(1, 9, "hand"), level(2, 11), level(3, 0)], "raised to 11, above its cap of 10"),
        (lambda: [CLEAN[0], level(1, 12, "hand"), level(3, 0)], "was at 12 for 2.0 s; cap 10"),
    ],
)
def test_each_broken_rule_gets_its_sentence(change: Callable[[], list[Record]], sentence: str) -> None:
    found = judge(change())
    assert len(found) == 1
    assert sentence in found[0]


def test_what_a_hand_does_is_not_held_against_the_host() -> None:
    by_hand = [CLEAN[0], level(1, 12, "hand"), level(1.5, 10), level(2, 14, "hand"), level(2.9, 0)]
    assert judge(by_hand) == []
    assert judge([link(0, "connect", 8), level(1, 0), output(2, 3.0), output(3, 0.0)]) == []


def test_never_armed_means_that_nothing_may_ever_flow() -> None:
    assert len(judge(CLEAN, armed_s=None)) == 4
    assert judge([CLEAN[0], CLEAN[-1]], armed_s=None) == []


def test_it_reads_what_a_twin_writes() -> None:
    trace = Trace()
    twin = make(read_line("coyote3:strength=35/0"), trace.of)[0]
    plays = "0a0a0a0a646464640000000000000065"
    twin.connect(0.0)
    twin.subscribe(0.0, OUT, True)
    twin.write(1.0, IN, bytes.fromhex("b0000000" + plays), False)
    twin.write(2.0, IN, bytes.fromhex("b01cc800" + plays), False)
    twin.disconnect(3.0)
    found = checks.violations(trace.records, step=4, gap_s=0.5, cap={"A": 70, "B": 70}, armed_s=1.5)
    assert [sentence.split(": ", 1)[1] for sentence in found] == [
        "coyote3 A rose by 165 to 200 within 0.5 s; 4 is allowed",
        "coyote3 A was raised to 200, above its cap of 70",
        "coyote3 A gave 34.561 mA unarmed",
        "coyote3 A gave output at 35, which was left in the unit",
        "coyote3 A gave output at 35, which was left in the unit",
        "coyote3 A was left at 200",
        "coyote3 A was at 200 when the link ended",
    ]
