"""Which units a start is for: whichever is there, one that was chosen, or two, each with the site of its pads; pure."""

from collections.abc import Sequence

from msgspec import Struct

from estim.core.addresses import same_address
from estim.core.days.legs import usual_sites
from estim.core.messages.commands import Sighting
from estim.core.translation import tr
from estim.tui.keymap import key_of

UNITS_MAX = 2
"""Units of one session: left and right."""

SIDES = {"left": "right", "right": "left"}


class Candidate(Struct, frozen=True):
    """A unit that was seen on the air, or is remembered: `called` is what a person calls it, `said` what it says."""

    address: str
    family: str
    called: str = ""
    said: str = ""

    @property
    def name(self) -> str:
        """What a start names it by."""
        return self.called or self.address

    @property
    def told(self) -> str:
        """What a person is asked about."""
        return self.called or self.whole

    @property
    def whole(self) -> str:
        """What it is called, with its address: two of a kind are called alike."""
        return f"{self.called or self.said or self.family} ({self.address})"


def seen(one: Sighting) -> Candidate:
    """Return a unit on the air as one that can be chosen."""
    return Candidate(one.address, one.family, one.known_as or "", one.name)


class Choice:
    """What is chosen so far. `found` are the units of the last scan, `remembered` those that the home knows."""

    def __init__(self) -> None:
        self.found: tuple[Candidate, ...] = ()
        self.remembered: tuple[Candidate, ...] = ()
        self.first: Candidate | None = None
        self.second: Candidate | None = None
        self._sites: dict[str, str] = {}

    @property
    def two(self) -> tuple[Candidate, Candidate] | None:
        """Both units, where two are chosen."""
        return (self.first, self.second) if self.first and self.second else None

    @property
    def known(self) -> tuple[Candidate, ...]:
        """All that can be chosen, those on the air first."""
        away = [one for one in self.remembered if not any(_same(one, other) for other in self.found)]
        return (*self.found, *away)

    @property
    def text(self) -> str:
        """Both units with their sites, "" where not two are chosen."""
        return " · ".join(self._placed(one) for one in self.two or ())

    def take(self, found: Sequence[Candidate]) -> None:
        """Take what a scan saw. Its first unit is chosen, unless two are: they stay as they were said to be."""
        self.found = tuple(found)
        if self.two is None:
            self.first = next(iter(self.found), None)

    def next_first(self) -> None:
        """Choose the next of those that were seen; behind the last one it is whichever is there, and looked again."""
        at = next((at for at, one in enumerate(self.found) if _same(one, self.first)), -1)
        left = [one for one in self.found[at + 1 :] if not _same(one, self.second)]
        self.first = left[0] if left else None
        if self.first is None:
            self.found = ()
            self.second = None

    def next_second(self) -> str:
        """Choose the next unit beside the first, behind the last one none; return a sentence if there is no other."""
        known = self.known
        if self.first is None and len(known) > 1:
            self.first = known[0]
        others = [one for one in known if not _same(one, self.first)]
        if self.first is None or not others:
            self.second = None
            return tr(
                "no second unit is known here: switch both on, then {unit} looks for them, and {beside} chooses the "
                "second",
                unit=key_of("unit"),
                beside=key_of("beside"),
            )
        at = next((at for at, one in enumerate(others) if _same(one, self.second)), -1)
        self.second = others[at + 1] if at + 1 < len(others) else None
        return ""

    def site_of(self, one: Candidate) -> str:
        """Return where a unit's pads are, "" if nobody has said it."""
        return self._sites.get(one.address.casefold(), "")

    def put(self, one: Candidate, site: str) -> str:
        """Keep where a unit's pads are; return a sentence instead if the other one's are there."""
        wrong = wrong_of(
            [(other.name, self.site_of(other)) for other in self.two or () if other != one] + [(one.name, site)]
        )
        if not wrong:
            self._sites[one.address.casefold()] = site
        return wrong

    def unplaced(self, sites: Sequence[str]) -> Candidate | None:
        """Return the first of the two whose site isn't known, or isn't one of the program's."""
        return next((one for one in self.two or () if self.site_of(one) not in sites), None)

    def guesses(self, one: Candidate, sites: Sequence[str], usual: str) -> list[str]:
        """Return the program's sites for a unit, the likely one first: the usual one, or across from the other unit."""
        other = next((self.site_of(other) for other in self.two or () if other != one and self.site_of(other)), "")
        likely = _across(other) if other else next(iter(usual_sites(sites, usual or None)), "")
        return sorted(sites, key=lambda site: (site != likely, site == other))

    def _placed(self, one: Candidate) -> str:
        site = self.site_of(one)
        return tr("{unit} on {site}", unit=one.name, site=site) if site else tr("{unit}, site not said", unit=one.name)


def wrong_of(units: Sequence[tuple[str, str]], beside: Sequence[str] = ()) -> str:
    """Return what keeps units (each with its site) from being one session, "" if nothing does.

    `beside` are units that have a session already.
    """
    if len(units) + len(beside) > UNITS_MAX:
        names = ", ".join([*(unit for unit, _ in units), *beside])
        return tr("a session is for {count} units at most, and these are more: {units}", count=UNITS_MAX, units=names)
    if len({unit.casefold() for unit, _ in units}) < len(units):
        return tr(
            "{unit} is chosen twice: choose another one beside it with {key}", unit=units[0][0], key=key_of("beside")
        )
    sites = [site.casefold() for _, site in units if site]
    if len(set(sites)) < len(sites):
        return tr(
            "two units are on two sites: {other} is on {site} already, so choose another one for {unit}",
            other=units[0][0],
            site=units[0][1],
            unit=units[-1][0],
        )
    return ""


def _same(one: Candidate, other: Candidate | None) -> bool:
    return other is not None and same_address(one.address, other.address)


def _across(site: str) -> str:
    """Return the same place on the other side; of a site without a side there is none."""
    place, dash, side = site.rpartition("-")
    return f"{place}{dash}{SIDES[side]}" if side in SIDES else ""
