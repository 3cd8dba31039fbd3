"""What a person changes of a unit from the screen: each in a thread, and told in a sentence with from when it holds."""

from collections.abc import Mapping

from msgspec import Struct

from estim.catalogue.families import check_unit_name, find_family
from estim.clock import RealClock
from estim.config.caps import held_by, raised, read_caps, warning_of
from estim.config.options import HostOptions
from estim.config.settings import change_settings, read_settings
from estim.config.units import Units
from estim.core.days.legs import LEG_NAMES
from estim.core.errors import EstimError, Exit
from estim.core.translation import mark, tr, tr_text
from estim.tui.unit_rows import Row, levels_of
from protocols.vocabulary import Channel, Level

NOTHING_KEPT = mark("a software unit is new at each start: only real units can be named, capped and forgotten")


class Raise(Struct, frozen=True):
    """A cap that would go up, and hasn't yet: `more` is what a person is warned of, and agrees to."""

    typed: str
    more: Mapping[Channel, tuple[Level, Level]]
    warning: str


def _units(options: HostOptions) -> Units:
    if options.simulate is not None:
        raise EstimError(tr_text(NOTHING_KEPT), code=Exit.USAGE)
    options.place.prepare()
    return Units.load(options.place)


def named(options: HostOptions, row: Row, text: str) -> str:
    """Give a unit a name, and remember it if it wasn't; return what was done. Raises EstimError."""
    units = _units(options)
    name = check_unit_name(text, row.family)
    if row.remembered:
        return tr("{name} is its name now", name=units.rename(row.address, name).name)
    added = units.add(row.address, row.family, RealClock().now().utc, name=name, pinned=True)
    return tr("{name} is remembered", name=added.name)


def forgotten(options: HostOptions, row: Row) -> str:
    """Forget a unit. Raises EstimError."""
    return tr("{name} is forgotten", name=_units(options).forget(row.address).name)


def capped(options: HostOptions, row: Row, typed: str, agreed: Raise | None = None) -> str | Raise:
    """Keep the highest levels of a unit and say so; return a raise that nobody has agreed to yet, and keep nothing.

    What is agreed to is a raise between two levels: if the unit's caps have changed meanwhile, it is asked again.
    Raises EstimError.
    """
    units = _units(options)
    known = units.find(row.address)
    caps = find_family(known.family).caps
    cap = read_caps(typed, caps)
    settings = read_settings(options.place.settings_file)
    after = held_by(caps, settings, known.name, cap)
    more = raised(held_by(caps, settings, known.name, known.cap), after)
    if more and (agreed is None or agreed.more != more):
        return Raise(typed, more, warning_of(known.name, more, caps.scale))
    units.set_cap(row.address, cap)
    if row.busy:
        return tr(
            "{name}: highest levels {levels} from the next session on; the one that runs keeps its own",
            name=known.name,
            levels=levels_of(after),
        )
    return tr("{name}: highest levels {levels} from the next session on", name=known.name, levels=levels_of(after))


def site_kept(options: HostOptions, site: str) -> str:
    """Keep where the pads usually are ("": nowhere). Raises EstimError."""
    options.place.prepare()
    change_settings(options.place.settings_file, "site", site or None)
    return tr("pads usually: {site}", site=place_named(site)) if site else tr("pads usually: no side")


def place_named(site: str) -> str:
    """Return where the pads usually are, as people read it: a leg, or a site by the name that programs give it."""
    return tr_text(LEG_NAMES[site]) if site in LEG_NAMES else site
