"""What facts mean for a session: a table, and the exit code that they add up to."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from estim.core.errors import EstimError, Exit
from estim.doctor.findings import (
    Adapter,
    Finding,
    Grade,
    bad,
    code_of,
    good,
    of_adapters,
    of_bluez,
    of_clock,
    of_disk,
    of_error,
    of_folder,
    of_stop,
    warning,
)

NOW = datetime(2026, 11, 29, 8, 0, tzinfo=UTC)
OFF = Adapter("hci0", powered=False)
ON = Adapter("hci1", powered=True)


@pytest.mark.parametrize(
    ("made", "grade", "code", "words"),
    [
        (lambda: of_adapters(None, ""), Grade.BAD, Exit.NO_DEVICE, "no Bluetooth service"),
        (lambda: of_adapters([], ""), Grade.BAD, Exit.NO_DEVICE, "no Bluetooth adapter"),
        (lambda: of_adapters([OFF], ""), Grade.BAD, Exit.NO_DEVICE, "hci0 is switched off"),
        (lambda: of_adapters([OFF, ON], ""), Grade.GOOD, Exit.DONE, "hci1"),
        (lambda: of_adapters([OFF, ON], "hci0"), Grade.BAD, Exit.NO_DEVICE, "hci0 is switched off"),
        (lambda: of_adapters([OFF, ON], "hci7"), Grade.BAD, Exit.NO_DEVICE, "no adapter hci7"),
        (lambda: of_bluez("5.66"), Grade.GOOD, Exit.DONE, "5.66"),
        (lambda: of_bluez("5.9"), Grade.WARNING, Exit.DONE, "older than 5.66"),
        (lambda: of_bluez("6.1"), Grade.GOOD, Exit.DONE, "6.1"),
        (lambda: of_bluez(""), Grade.WARNING, Exit.DONE, "isn't known"),
        (lambda: of_bluez("five.x"), Grade.WARNING, Exit.DONE, "isn't known"),
        (lambda: of_clock(NOW, synchronised=True), Grade.GOOD, Exit.DONE, "set by the network"),
        (lambda: of_clock(NOW, synchronised=None), Grade.GOOD, Exit.DONE, f"{NOW.astimezone():%Y-%m-%d}"),
        (lambda: of_clock(NOW, synchronised=False), Grade.WARNING, Exit.DONE, "not set by the network"),
        (lambda: of_clock(NOW.replace(year=1970), synchronised=True), Grade.BAD, Exit.CONFIG, "1970"),
        (lambda: of_disk(4.9, "x"), Grade.BAD, Exit.CANT_CREATE, "5 MB"),
        (lambda: of_disk(199, "x"), Grade.WARNING, Exit.DONE, "199 MB"),
        (lambda: of_disk(82_581, "x"), Grade.GOOD, Exit.DONE, "82 581 MB"),
        (lambda: of_folder("x", 0o40700, mine=True), Grade.GOOD, Exit.DONE, "only you"),
        (lambda: of_folder("x", 0o40755, mine=True), Grade.WARNING, Exit.DONE, "can read"),
        (lambda: of_folder("x", 0o40777, mine=True), Grade.WARNING, Exit.DONE, "can write"),
        (lambda: of_folder("x", 0o40700, mine=False), Grade.BAD, Exit.CANT_CREATE, "somebody else"),
        (lambda: of_stop("em70", 0.4, proved=True), Grade.GOOD, Exit.DONE, "0.4 s"),
        (lambda: of_stop("em70", 3.1, proved=True), Grade.WARNING, Exit.DONE, "3.1 s"),
        (lambda: of_stop("em70", 0.4, proved=False), Grade.BAD, Exit.NOT_CONFIRMED, "did not prove"),
        (lambda: of_error("x", EstimError("y", code=Exit.CONFIG)), Grade.BAD, Exit.CONFIG, "y"),
    ],
)
def test_what_facts_mean(made: Callable[[], Finding], grade: Grade, code: Exit, words: str) -> None:
    finding = made()
    assert (finding.grade, finding.code) == (grade, code)
    assert words in finding.text
    assert grade is Grade.GOOD or finding.do or finding.what in ("clock", "x"), "it says what to do"


def test_the_exit_code_is_what_a_start_would_end_with_and_a_stop_without_proof_comes_first() -> None:
    disk = bad("disk", "", "", Exit.CANT_CREATE)
    stop = bad("stop", "", "", Exit.NOT_CONFIRMED)
    assert code_of([]) == Exit.DONE
    assert code_of([good("a", ""), warning("b", "")]) == Exit.DONE
    assert code_of([good("a", ""), disk, bad("unit", "", "", Exit.NO_DEVICE)]) == Exit.CANT_CREATE
    assert code_of([disk, stop]) == Exit.NOT_CONFIRMED
