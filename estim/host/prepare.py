"""Gets a session ready on paper: unit, program, course, caps and rest, before anything is written or connected."""

from collections.abc import Mapping

from msgspec import Struct

from estim.catalogue.families import profile_of
from estim.catalogue.programs import find_program
from estim.config.caps import unit_caps
from estim.config.care_plan import read_own_plan
from estim.config.settings import read_settings
from estim.config.units import Unit as Known
from estim.core.care.permission import check_person
from estim.core.days import skin
from estim.core.days.dose import LOOK_BACK, may_start
from estim.core.days.legs import sites_on, usual_sites
from estim.core.days.schedule import zone_of
from estim.core.errors import EstimError, Exit
from estim.core.messages.commands import Start
from estim.core.moment import check_clock
from estim.core.programs.course import fit
from estim.core.programs.program import Program
from estim.core.session.guard import SESSION_MAX_S, Limits, check_level, family_cap, percent_cap
from estim.core.session.order import Order, Unit
from estim.core.translation import tr, tr_text
from estim.host.discovery import choose
from estim.host.services import Services
from protocols.family import Family
from protocols.vocabulary import Channel, Level


class Ready(Struct, frozen=True):
    """All that a session needs; `warnings` are sentences that the person should read, `usual_s` its usual length."""

    unit: Unit
    family: Family
    limits: Limits
    order: Order
    sites: tuple[str, ...]
    overrides: tuple[str, ...]
    warnings: tuple[str, ...]
    usual_s: float


async def prepare(services: Services, command: Start) -> Ready:
    """Return a session on paper; raise EstimError for whatever speaks against it, before anything has happened."""
    if services.trouble:
        raise EstimError(services.trouble, code=Exit.CONFIG)
    check_clock(services.clock.now().utc)
    program = find_program(services.home.programs, command.program)
    usual = _usual_minutes(services, program)
    minutes = usual if command.minutes is None else command.minutes
    if minutes * 60 > SESSION_MAX_S:
        most = SESSION_MAX_S / 60
        raise EstimError(
            tr("{minutes:g} minutes are too long: a session has up to {most:.0f}", minutes=minutes, most=most),
            code=Exit.REFUSED,
        )
    services.units.renew()  # a front end may have lowered a cap, or renamed a unit, since the last session
    known = await choose(command.unit, services.air, services.families(), services.units, services.clock.now().utc)
    family = family_of(services, known)
    check_profile(services, known, family)
    course = fit(program, family, minutes)
    limits = limits_of(services, known, family, program)
    check_room(family, limits)
    goal = _goal(family, command.level, limits)
    sites = _sites(program, command.site, _usual_place(services))
    told = await _person(services, sites, minutes, command)
    warnings = (*told, *await _rest(services, program, sites, minutes, command))
    order = Order(
        course=course,
        goal=goal,
        ramp_s=services.settings.ramp_s if command.ramp_s is None else command.ramp_s,
        pads_on=command.pads_on,
        wait_after_loss=command.wait_after_loss,
    )
    unit = unit_of(services, known, family)
    return Ready(unit, family, limits, order, sites, command.override, warnings, usual * 60)


def _usual_minutes(services: Services, program: Program) -> float:
    """Pain programs last what the person set; the others have a length of their own."""
    return min(services.settings.minutes, program.caps.minutes) if program.kind == "pain" else program.length_s / 60


def family_of(services: Services, known: Known) -> Family:
    """Return the family of a remembered unit; raises EstimError (78) if nothing here knows it any more."""
    for family in services.families():
        if family.name == known.family:
            return family
    names = ", ".join(family.name for family in services.families())
    raise EstimError(
        tr(
            "{unit} is of the family {family}, which estim doesn't know ({names})",
            unit=known.name,
            family=known.family,
            names=names,
        ),
        code=Exit.CONFIG,
    )


def unit_of(services: Services, known: Known, family: Family) -> Unit:
    """Return a unit as the session sees it: with the profile that was chosen, else the one its name tells."""
    return Unit(
        known.name,
        known.address,
        family.name,
        family.title,
        services.air.simulated,
        tr_text(family.by_hand),
        _chosen(services, known, family) or family.profile_named(known.said) or "",
    )


def _chosen(services: Services, known: Known, family: Family) -> str:
    return profile_of(family, known.profile or services.settings.profile.get(family.name, ""))


def check_profile(services: Services, known: Known, family: Family) -> None:
    """Refuse a start (78) if a person chose another version of the protocol than the unit's own name tells."""
    named = family.profile_named(known.said)
    chosen = _chosen(services, known, family)
    if named and chosen and named != chosen:
        raise EstimError(
            tr(
                "{unit} calls itself {said}, so it speaks protocol {named}, but {chosen} is chosen for "
                "it: estim devices set {unit} profile {named}",
                unit=known.name,
                said=known.said,
                named=named,
                chosen=chosen,
            ),
            code=Exit.CONFIG,
        )


def limits_of(services: Services, known: Known, family: Family, program: Program | None) -> Limits:
    """Return all caps: family, unit and user, program."""
    caps = [family_cap(family.caps), *unit_caps(family.caps, services.settings, known.name, known.cap)]
    if program is not None and program.caps.level_pct is not None:
        why = tr("{program} is capped at {percent} % of the scale", program=program.id, percent=program.caps.level_pct)
        caps.append(percent_cap(family.caps, program.caps.level_pct, why))
    return Limits(tuple(caps))


def check_room(family: Family, limits: Limits) -> None:
    """Refuse a start (77) where the caps leave nothing above 0 on any channel: a coarse unit has no step so low."""
    first = family.caps.first
    channels = family.caps.channels
    if any(limits.of(channel)[0] >= first for channel in channels):
        return
    cap, why = limits.of(channels[0])
    raise EstimError(
        tr(
            "nothing above 0 is left on {family}: its lowest level is {first} of {scale}, and the "
            "cap is {cap} ({why}): raise that cap if you may, or take another program or unit",
            family=family.title,
            first=first,
            scale=family.caps.scale,
            cap=cap,
            why=why,
        ),
        code=Exit.REFUSED,
    )


def _goal(family: Family, asked: Mapping[Channel, int], limits: Limits) -> dict[Channel, Level]:
    for channel, level in asked.items():
        if channel not in family.caps.channels:
            names = ", ".join(channel.value for channel in family.caps.channels)
            raise EstimError(
                tr(
                    "{family} has no channel {channel}: it has {names}",
                    family=family.title,
                    channel=channel.value,
                    names=names,
                ),
                code=Exit.USAGE,
            )
        check_level(limits, channel, level)
    return {channel: Level(asked.get(channel, 0)) for channel in family.caps.channels}


def _usual_place(services: Services) -> str | None:
    """Return the usual site or leg as it is kept now: a front end may have asked for it since this host began."""
    try:
        kept = read_settings(services.home.settings_file).site
    except EstimError:
        kept = None
    return kept or services.settings.site


def _sites(program: Program, wanted: str | None, usual: str | None) -> tuple[str, ...]:
    """Return where it is played: where the person says, or usually does, else all of its sites (legs.py)."""
    found = usual_sites(program.site, usual) if wanted is None else sites_on(program.site, wanted)
    if program.site and not found:
        text = tr(
            "{program} is not for {site}: its sites are {sites}",
            program=program.id,
            site=wanted or usual,
            sites=", ".join(program.site),
        )
        raise EstimError(text, code=Exit.REFUSED)
    return found


async def _person(services: Services, sites: tuple[str, ...], minutes: float, command: Start) -> tuple[str, ...]:
    """Ask the diary what speaks against it. A software unit hurts nobody, and nobody's answers are kept beside it."""
    if services.journal.simulated:
        return ()
    now = services.clock.now().utc
    diary = await services.journal.diary(now - skin.LOOK_BACK)
    plan = read_own_plan(services.home.plan_file)
    local = now.astimezone(zone_of(services.zone()))
    return check_person(plan, diary, local, minutes, sites, command.override, unasked=command.unasked)


async def _rest(
    services: Services, program: Program, sites: tuple[str, ...], minutes: float, command: Start
) -> tuple[str, ...]:
    """Check the rest between two sessions on a site, and the day's dose; a word in full overrides, and is told."""
    now = services.clock.now().utc
    past = []
    for site in sites or ("any",):
        past += await services.journal.sessions_of_site(site, now - LOOK_BACK)
    verdict = may_start(
        now, sites, minutes, past, command.override, zone_of(services.zone()), program.id, program.caps.per_day
    )
    if not verdict.ok:
        raise EstimError(verdict.why, code=Exit.REFUSED)
    return verdict.warn
