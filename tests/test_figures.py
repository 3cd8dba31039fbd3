"""What the benches reckon: shares, gaps, late frames and growth, by figures that anybody can check in the head."""

import asyncio
import os

import pytest

from estim.clock import new_loop
from estim.core.values import replace
from tests.bench import asked_for
from tests.bench_eight import frames_of, woken_s
from tests.figures import (
    Holding,
    a_session,
    cpu_s,
    files_open,
    gaps_ms,
    late_a_minute,
    rss_of,
    share,
    short_a_minute,
    spread,
)


def test_a_share_is_a_value_that_was_measured_and_does_not_depend_on_the_order() -> None:
    values = [float(number) for number in range(100, 0, -1)]
    assert [share(values, part) for part in (0.0, 0.5, 0.99, 1.0)] == [1.0, 50.0, 99.0, 100.0]
    assert share([7.0], 0.99) == 7.0
    assert share([1.0, 2.0, 3.0], 0.5) == 2.0
    with pytest.raises(ValueError, match="a share of nothing"):
        share([], 0.5)


def test_one_value_of_a_hundred_and_one_may_be_worse_than_the_99th_percentile_and_two_may_not() -> None:
    assert spread([1.0] * 100 + [9.0]) == "1.0 / 1.0 / 9.0"
    assert spread([1.0] * 99 + [9.0] * 2) == "1.0 / 9.0 / 9.0"
    assert spread([], 3) == "none"


def test_gaps_and_what_is_missing_between_frames() -> None:
    even_s = [number / 10 for number in range(601)]
    assert gaps_ms([1.0, 1.1, 1.5]) == pytest.approx([100.0, 400.0])
    assert short_a_minute(even_s, 0.1) == pytest.approx(0.0)
    holed_s = [at_s for at_s in even_s if at_s not in (10.0, 20.0, 20.1)]
    assert short_a_minute(holed_s, 0.1) == pytest.approx(3.0)
    assert late_a_minute(even_s, 0.12) == 0.0
    assert late_a_minute(holed_s, 0.12) == pytest.approx(2.0), "two frames that are missing are one silence"


def test_growth_is_told_for_each_session() -> None:
    early = Holding(12.0, 2, 50.0, 10, 8, 100_000)
    assert a_session(early, replace(early, sessions=6, database=140_000)) == 10_000
    assert a_session(early, replace(early, database=100_512)) == 512, "no session, and it grew all the same"


def test_linux_tells_of_this_process() -> None:
    assert rss_of("Name:\tpython\nVmHWM:\t 99999 kB\nVmRSS:\t   51200 kB\n") == 50.0
    before = files_open("self")
    handle = os.open("/dev/null", os.O_RDONLY)
    assert files_open("self") == before + 1
    os.close(handle)
    assert 0 < cpu_s(os.getpid()) < 1e6


def test_a_frame_is_a_b0_of_one_family_and_a_wave_of_channel_a_of_the_other() -> None:
    def row(t_s: float, unit: str, endpoint: str, text: str, event: str = "write") -> dict[str, object]:
        return {"t": t_s, "unit": unit, "event": event, "endpoint": endpoint, "hex": text}

    rows = [
        row(0.9, "coyote3", "150A", "b000"), row(1.0, "coyote3", "150A", "b000"), row(1.1, "coyote3", "150A", "bf20"),
        row(1.1, "coyote3", "150B", "b101", "notify"), row(1.2, "coyote2-2", "1506", "21010a"),
        row(1.2, "coyote2-2", "1505", "000000"), row(1.3, "coyote2-2", "1504", "000000"), row(2.1, "coyote3", "", "b0"),
    ]  # fmt: skip
    assert frames_of(rows, 1.0, 2.0) == {"coyote3": [1.0], "coyote2-2": [1.2]}


def test_a_bare_loop_is_woken_at_even_moments() -> None:
    loop, _clock = new_loop("max")
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        at_s = runner.run(woken_s(3.0))
    assert len(at_s) == 30
    assert gaps_ms(at_s) == pytest.approx([100.0] * 29)


def test_a_bench_is_asked_for_by_name_with_a_time_of_its_own() -> None:
    assert asked_for(["idle", "20", "fleet"]) == {"idle": 20.0, "fleet": None}
    assert set(asked_for([])) >= {"fleet", "eight", "days", "idle", "frames"}
    for wrong in (["idel"], ["20"], ["frames", "20"], ["idle", "0"]):
        with pytest.raises(ValueError, match="bench"):
            asked_for(wrong)
