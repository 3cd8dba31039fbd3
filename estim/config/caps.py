"""How high a unit may go: what is remembered for it and set in config.toml, told the same to host and front ends.

A level is a step of the unit's own scale, not a current, so nobody can say which one is right: a cap only keeps a level
from going where nobody has been yet. Therefore a raise is a thing to be warned of, and a lowering isn't.
"""

from collections.abc import Mapping

from estim.config.settings import Settings
from estim.core.errors import EstimError, Exit
from estim.core.levels import read_levels
from estim.core.numbers import read_whole, shown
from estim.core.session.guard import Cap, Limits, family_cap, percent_cap
from estim.core.translation import tr
from protocols.vocabulary import Capabilities, Channel, Level


def unit_caps(
    caps: Capabilities, settings: Settings, name: str, remembered: Mapping[Channel, int] | None = None
) -> tuple[Cap, ...]:
    """Return the unit's and the user's caps, for Limits: the smallest wins there.

    A channel that neither config.toml nor the remembered unit gives a cap has the one of a new unit.
    """
    own = settings.caps_of(name)
    kept = remembered or {}
    channels = [channel for channel in caps.channels if channel not in own and channel not in kept]
    pct = settings.new_unit_cap_pct
    fresh = percent_cap(
        caps, pct, tr("a new unit is capped at {percent} % of its scale: new_unit_cap_pct in config.toml", percent=pct)
    )
    found = [
        Cap(tr("the cap that is remembered for {unit}", unit=name), _levels(kept, caps)),
        Cap(tr("the cap of {unit} in config.toml", unit=name), _levels(own, caps)),
        Cap(fresh.why, {channel: fresh.level[channel] for channel in channels}),
    ]
    return tuple(cap for cap in found if cap.level)


def _levels(levels: Mapping[Channel, int], caps: Capabilities) -> dict[Channel, Level]:
    return {channel: Level(level) for channel, level in levels.items() if channel in caps.channels}


def held_by(
    caps: Capabilities, settings: Settings, name: str, remembered: Mapping[Channel, int] | None
) -> dict[Channel, Level]:
    """Return the highest level of each channel before any program has its own word: the smallest of all caps."""
    limits = Limits((family_cap(caps), *unit_caps(caps, settings, name, remembered)))
    return {channel: limits.of(channel)[0] for channel in caps.channels}


def raised(before: Mapping[Channel, Level], after: Mapping[Channel, Level]) -> dict[Channel, tuple[Level, Level]]:
    """Return the channels that may go higher than before, each with both levels."""
    return {channel: (before[channel], level) for channel, level in after.items() if level > before[channel]}


def warning_of(name: str, more: Mapping[Channel, tuple[Level, Level]], scale: int) -> str:
    """Return what a person should know before a cap is raised, in plain words."""
    steps = ", ".join(
        tr("{channel} from {old} to {new}", channel=channel.value, old=old, new=new)
        for channel, (old, new) in more.items()
    )
    return tr(
        "{unit} may go higher then: {steps}, of {scale}. A level is a step of the unit, not a current. Raise this only "
        "for a unit that you know, with the pads off or at level 0.",
        unit=name,
        steps=steps,
        scale=scale,
    )


def read_caps(text: str, caps: Capabilities) -> dict[Channel, int] | None:
    """Read A=40,B=40, or one level for all channels; none: back to the cap of a new unit. Raises EstimError (2)."""
    if text == "none":
        return None
    if "=" not in text:
        return dict.fromkeys(caps.channels, read_whole(text, what=tr("cap"), lo=0, hi=caps.scale))
    found = read_levels(text, tr("cap"))
    for channel, level in found.items():
        if channel not in caps.channels or level > caps.scale:
            raise EstimError(
                tr(
                    "cap {cap}: say {form} with levels from 0 to {scale}, one N for all, or none",
                    cap=shown(text),
                    form=",".join(f"{one.value}=N" for one in caps.channels),
                    scale=caps.scale,
                ),
                code=Exit.USAGE,
            )
    return found
