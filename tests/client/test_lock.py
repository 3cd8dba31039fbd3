"""A stop by a signal says what the marker says of how its units left, and nothing that nobody told."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from estim.client.lock import holder, left_on, stop_by_signal
from estim.config.paths import Home, find_home
from estim.core.errors import EstimError, Exit
from estim.core.values import replace
from estim.host.main import hold
from estim.journal.marker import SETTLED_MAX, How, Marker, MayBeOn, begin_markers, markers
from estim.journal.rows import NEVER

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
ONE = MayBeOn(address="AA", unit="one", family="em70", since_utc=SINCE, until_utc=NEVER)


@pytest.fixture
def held() -> Iterator[Home]:
    """A home whose host is this process, which takes the signal as a host does: `on_stop` is done then."""
    with tempfile.TemporaryDirectory(prefix="estim-") as folder:
        home = find_home(folder)
        home.prepare()
        lock = hold(home)
        begin_markers(home)
        before = signal.getsignal(signal.SIGUSR1)
        yield home
        os.close(lock)
        signal.signal(signal.SIGUSR1, before)


def on_stop(home: Home, how: How | None) -> None:
    """When the signal comes the one unit leaves the marker in this way, or doesn't."""
    marker = Marker(markers(home)[0])
    marker.put(ONE)

    def obey(_number: int, _frame: object) -> None:
        if how is not None:
            marker.drop(ONE.address, SINCE, how)

    signal.signal(signal.SIGUSR1, obey)


@pytest.mark.control("C-46", "C-48")
@pytest.mark.parametrize(
    ("how", "told"),
    [
        (How.PROVED, "stopped, zero confirmed (by a signal: the host takes no connection)"),
        (How.UNTOUCHED, "stopped before anything was put out (by a signal: the host takes no connection)"),
    ],
)
def test_what_was_proved_is_called_so_and_nothing_else_is(held: Home, how: How, told: str) -> None:
    on_stop(held, how)
    assert holder(held.lock) == os.getpid()
    assert stop_by_signal(held, 5.0) == told


@pytest.mark.control("C-46", "C-48")
@pytest.mark.parametrize("how", [How.SEEN_OFF, How.SEARCHED, None])
def test_what_left_without_a_proof_or_stays_is_not_confirmed(held: Home, how: How | None) -> None:
    on_stop(held, how)
    with pytest.raises(EstimError, match="NOT confirmed") as raised:
        stop_by_signal(held, 0.5)
    assert raised.value.code == Exit.NOT_CONFIRMED


@pytest.mark.control("C-48")
@pytest.mark.parametrize("proves", [False, True])
def test_a_host_that_goes_is_waited_for_no_longer_and_what_it_proved_before_counts(proves: bool) -> None:
    """The one that holds the home is another process: it takes the signal by going."""
    with tempfile.TemporaryDirectory(prefix="estim-") as folder:
        home = find_home(folder)
        home.prepare()
        begin_markers(home)
        marker = Marker(markers(home)[0])
        marker.put(ONE)
        going = f"""
import signal, sys
from estim.journal.marker import markers
from estim.config.paths import find_home
from estim.host.main import hold
from estim.journal.marker import How, Marker
home = find_home({folder!r})
lock = hold(home)
def go(number, frame):
    if {proves}:
        one = Marker(markers(home)[0]).read().units[0]
        Marker(markers(home)[0]).drop(one.address, one.since_utc, How.PROVED)
    sys.exit(0)
signal.signal(signal.SIGUSR1, go)
print("ready", flush=True)
signal.pause()
"""
        host = subprocess.Popen([sys.executable, "-c", going], stdout=subprocess.PIPE)
        assert host.stdout is not None
        assert host.stdout.readline() == b"ready\n"
        told = stop_by_signal(home, 30.0)
        host.communicate(timeout=30)
        assert told is None or proves, "another host goes on, where nothing is proved"
        assert not proves or "zero confirmed" in (told or "")


@pytest.mark.control("C-46", "C-48")
def test_how_it_left_an_earlier_time_proves_nothing_of_this_stop(held: Home) -> None:
    marker = Marker(markers(held)[0])
    marker.put(ONE)
    marker.drop(ONE.address, SINCE, How.PROVED)
    on_stop(held, How.SEEN_OFF)
    with pytest.raises(EstimError, match="NOT confirmed"):
        stop_by_signal(held, 0.5)


@pytest.mark.control("C-48")
def test_however_many_have_left_before_it_is_the_last_that_is_read(held: Home) -> None:
    marker = Marker(markers(held)[0])
    for number in range(SETTLED_MAX + 1):
        other = replace(ONE, address=f"B{number}")
        marker.put(other)
        marker.drop(other.address, SINCE, How.PROVED)
    on_stop(held, How.PROVED)
    assert "zero confirmed" in (stop_by_signal(held, 5.0) or "")


@pytest.mark.control("C-48")
def test_a_unit_whose_time_was_over_before_is_not_waited_for(held: Home) -> None:
    Marker(markers(held)[0]).put(replace(ONE, until_utc=SINCE))
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    assert stop_by_signal(held, 0.5) == "nothing is running"


@pytest.mark.control("C-48")
@pytest.mark.parametrize("host", ["this", "gone"])
def test_while_its_session_lives_a_unit_is_waited_for_whatever_time_the_marker_has(held: Home, host: str) -> None:
    """The time was reckoned before the session waited for the pads, or before the clock was set."""
    process = os.getpid() if host == "this" else 2**22 + 1
    Marker(markers(held)[0]).put(replace(ONE, until_utc=SINCE, host=process))
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    if host == "gone":
        assert stop_by_signal(held, 0.5) == "nothing is running"
        assert left_on(held) == ()
        return
    with pytest.raises(EstimError, match="has proved nothing"):
        stop_by_signal(held, 0.5)
    assert [one.until_utc for one in left_on(held)] == [NEVER]


@pytest.mark.control("C-48")
def test_a_host_that_starts_takes_no_dead_ones_number_for_its_own(held: Home) -> None:
    """Process numbers are used again, in a container soon."""
    for path in markers(held):
        Marker(path).put(replace(ONE, until_utc=SINCE, host=os.getpid()))
    begin_markers(held)
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    assert stop_by_signal(held, 0.5) == "nothing is running"
    assert left_on(held) == ()


@pytest.mark.control("C-53")
@pytest.mark.parametrize("lost", [0, 1])
def test_a_marker_that_is_missing_is_never_taken_for_nothing(held: Home, lost: int) -> None:
    """Whichever it is: nobody knows from outside which of the two its host keeps."""
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    assert stop_by_signal(held, 0.5) == "nothing is running"
    markers(held)[lost].unlink()
    with pytest.raises(EstimError, match="is missing"):
        stop_by_signal(held, 0.5)


@pytest.mark.control("C-53")
def test_a_marker_that_was_lost_is_made_again_with_all_that_may_be_on(held: Home) -> None:
    marker = Marker(markers(held)[0])
    marker.put(ONE)
    markers(held)[0].unlink()
    marker.put(replace(ONE, address="BB", unit="two"))
    marks = marker.read()
    assert marks is not None
    assert [one.address for one in marks.units] == ["AA", "BB"]
    markers(held)[0].unlink()
    marker.drop("AA", SINCE, How.PROVED)
    again = marker.read()
    assert again is not None
    assert ([one.address for one in again.units], [one.how for one in again.settled]) == (["BB"], [How.PROVED])


@pytest.mark.control("C-53")
@pytest.mark.parametrize("text", ["", "garbled", "1"])
def test_whatever_the_locks_text_says_the_kernel_knows_who_holds_it(held: Home, text: str) -> None:
    Path(held.lock).write_text(text)
    assert holder(held.lock) == os.getpid()
