"""A foreign calendar, from RFC 5545 and RFC 5546 alone: it refuses what isn't allowed, and keeps what it was told.

It shares nothing with the exporter or with icalendar but dateutil's rules. Whoever imports a file twice finds here what
a phone would show: events by UID, a later SEQUENCE in the place of an earlier one, cancelled ones gone.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

LINE_OCTETS_MAX = 75
ONCE = {
    "VEVENT": {"UID", "DTSTAMP", "DTSTART", "SEQUENCE", "STATUS", "SUMMARY", "RRULE", "DURATION", "TRANSP"},
    "VTODO": {"UID", "DTSTAMP", "DTSTART", "SEQUENCE", "STATUS", "SUMMARY", "RRULE", "DUE"},
    "VALARM": {"ACTION", "TRIGGER", "DESCRIPTION"},
}
"""What may be there once only (3.6.1, 3.6.2, 3.6.6), as far as it is written here; all of it has to be."""

STATUSES = {"VEVENT": {"CONFIRMED", "CANCELLED"}, "VTODO": {"NEEDS-ACTION", "CANCELLED"}}
LINE = re.compile(r"([A-Z-]+)((?:;[A-Z-]+=[^;:,\"]+)*):(.*)", re.DOTALL)
LOCAL = re.compile(r"[0-9]{8}T[0-9]{6}")


@dataclass
class Part:
    """One component: its lines as name, parameters and value, and what stands within it."""

    name: str
    lines: list[tuple[str, dict[str, str], str]] = field(default_factory=list)
    parts: list["Part"] = field(default_factory=list)

    def value(self, name: str) -> str:
        (found,) = [value for one, _, value in self.lines if one == name]
        return found

    def all(self, name: str) -> list[tuple[dict[str, str], str]]:
        return [(parameters, value) for one, parameters, value in self.lines if one == name]


def parse(data: bytes) -> Part:
    """Return the one VCALENDAR of a file; AssertionError names what isn't allowed."""
    assert data.endswith(b"\r\n")
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert all(len(line) <= LINE_OCTETS_MAX for line in data.split(b"\r\n")), "a line is folded at 75 octets"
    lines = data.decode("utf-8").replace("\r\n ", "").replace("\r\n\t", "").split("\r\n")[:-1]
    root = Part("")
    stack = [root]
    for line in lines:
        found = LINE.fullmatch(line)
        assert found is not None, line
        name, parameters, value = found.groups()
        if name == "BEGIN":
            stack.append(Part(value))
            stack[-2].parts.append(stack[-1])
        elif name == "END":
            assert stack.pop().name == value
        else:
            pairs = [one.split("=", 1) for one in parameters.split(";") if one]
            stack[-1].lines.append((name, {one[0]: one[1] for one in pairs}, value))
    assert stack == [root]
    (calendar,) = root.parts
    assert calendar.name == "VCALENDAR"
    assert calendar.value("VERSION") == "2.0"
    assert calendar.value("PRODID")
    zones = {part.value("TZID") for part in calendar.parts if part.name == "VTIMEZONE"}
    uids = []
    for part in calendar.parts:
        if part.name != "VTIMEZONE":
            _check(part, zones)
            uids.append(part.value("UID"))
    assert len(set(uids)) == len(uids)
    return calendar


def _check(part: Part, zones: set[str]) -> None:
    names = [name for name, _, _ in part.lines]
    assert {name for name in names if name != "EXDATE"} == ONCE[part.name], part.name
    assert all(names.count(name) == 1 for name in ONCE[part.name])
    assert part.value("STATUS") in STATUSES[part.name]
    assert re.fullmatch(r"[0-9]+", part.value("SEQUENCE"))
    assert re.fullmatch(r"[0-9]{8}T[0-9]{6}Z", part.value("DTSTAMP")), "3.8.7.2: in UTC"
    (start_in, start) = part.all("DTSTART")[0]
    assert LOCAL.fullmatch(start)
    assert start_in.get("TZID", "") in {*zones, ""}, "3.2.19: a zone that is named is in the file"
    for exception_in, at in part.all("EXDATE"):
        assert exception_in == start_in, "an exception is written as the start is"
        assert LOCAL.fullmatch(at)
    until = re.search("UNTIL=([^;]*)", part.value("RRULE"))
    assert until is None or until[1].endswith("Z") == ("TZID" in start_in), "3.3.10: UTC where the start has a zone"
    for alarm in part.parts:
        assert alarm.name == "VALARM"
        assert {name for name, _, _ in alarm.lines} == ONCE["VALARM"]
    assert bool(part.parts) == (part.value("STATUS") != "CANCELLED"), "what was cancelled doesn't ring"


class Phone:
    """What a calendar holds that was given one file after the other."""

    def __init__(self) -> None:
        self.held: dict[str, Part] = {}

    def takes(self, data: bytes) -> None:
        """Import a file: a UID that is there already is replaced if its SEQUENCE is higher (RFC 5546 2.1.5)."""
        for part in parse(data).parts:
            if part.name == "VTIMEZONE":
                continue
            before = self.held.get(part.value("UID"))
            if before is None or int(part.value("SEQUENCE")) > int(before.value("SEQUENCE")):
                self.held[part.value("UID")] = part
            else:
                assert part == before, "the same SEQUENCE says the same"

    def shows(self, first: datetime, end: datetime) -> list[datetime]:
        """Return the moments that it shows, in UTC, as of one who is in UTC; dateutil reads the raw lines."""
        found = []
        for part in self.held.values():
            if part.value("STATUS") == "CANCELLED":
                continue
            (start_in, start) = part.all("DTSTART")[0]
            zone = f";TZID={start_in['TZID']}" if start_in else ""
            lines = [f"DTSTART{zone}:{start}", f"RRULE:{part.value('RRULE')}"]
            lines += [f"EXDATE{zone}:{at}" for _, at in part.all("EXDATE")]
            rule = rrulestr("\n".join(lines), tzids=ZoneInfo)
            floating = not start_in
            between = (first.replace(tzinfo=None), end.replace(tzinfo=None)) if floating else (first, end)
            times = rule.between(*between, inc=True)
            found += [at.replace(tzinfo=UTC) if floating else at.astimezone(UTC) for at in times]
        return sorted(found)
