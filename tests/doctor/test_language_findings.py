"""Findings are said in the reader's language; what they are about stays a word for programs beside it."""

from datetime import UTC, datetime

from estim.doctor.findings import (
    LOOKED_AT,
    Adapter,
    Finding,
    of_adapters,
    of_bluez,
    of_clock,
    of_disk,
    of_folder,
    of_stop,
)
from tests.pseudo import plain_words, pseudo

NOW = datetime(2026, 11, 29, 8, 0, tzinfo=UTC)
OFF = Adapter("hci0", powered=False)
ON = Adapter("hci1", powered=True)
TYPED = ("apt install bluez", "systemctl start bluetooth", "rfkill", "dmesg", "bluetoothctl", "chmod", "timedatectl")


def findings() -> list[Finding]:
    return [
        of_adapters(None, ""),
        of_adapters([], ""),
        of_adapters([OFF, ON], "hci7"),
        of_adapters([OFF], ""),
        of_adapters([ON], ""),
        *(of_bluez(version) for version in ("", "5.50", "5.70")),
        *(of_clock(NOW, synchronised) for synchronised in (None, True, False)),
        *(of_disk(free_mb, "/h") for free_mb in (1.0, 100.0, 12345.0)),
        of_folder("/h", 0o700, mine=False),
        *(of_folder("/h", mode, mine=True) for mode in (0o777, 0o755, 0o700)),
        *(of_stop("box", took_s, proved=took_s < 9) for took_s in (0.5, 5.0, 10.0)),
    ]


def test_each_finding_is_said_in_the_readers_language_and_named_for_programs() -> None:
    english = findings()
    with pseudo():
        other = findings()
        named = [one.named for one in other if one.what in LOOKED_AT]
    assert [one.what for one in other] == [one.what for one in english]
    assert len(named) > len(english) / 2
    assert plain_words("\n".join(named)) == []
    told = "\n".join(line for one in other for line in (one.text, one.do if not one.do.startswith("chmod") else ""))
    assert plain_words(told, "UTC", "box", "hci", "/h", *TYPED) == []
