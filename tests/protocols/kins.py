"""What each family brings to its world (world.py): what it plays there, its limits, and what its writes ask for."""

from collections.abc import Mapping

from estim.core.session.guard import Cap, Limits, family_cap
from estim.core.session.states import RISING_S
from estim.core.values import replace
from protocols.bluetens.family import FAMILY as BLUETENS_FAMILY
from protocols.coyote2.family import FAMILY as COYOTE2_FAMILY
from protocols.coyote2.packets import STRENGTH_WORD, STRENGTHS
from protocols.coyote3.family import FAMILY as COYOTE3_FAMILY
from protocols.coyote3.packets import FRAME
from protocols.coyote3.strength import SET
from protocols.em70.family import FAMILY as EM70_FAMILY
from protocols.em70.packets import SET_LEVEL
from protocols.layout import Direction, pick
from protocols.openemsstim.family import FAMILY as OPENEMSSTIM_FAMILY
from protocols.openemsstim.packets import TEXT
from protocols.score import Part, Score, Steady
from protocols.vocabulary import BadPacket, Channel, Level, Write
from protocols.yokonex.family import FAMILY as YOKONEX_FAMILY
from protocols.yokonex.packets import IN, LAYOUTS, LAYOUTS_V2, V1, Custom, Fixed, Order
from protocols.yokonex.proof import ON_V1, ON_V2
from protocols.zc95.family import FAMILY as ZC95_FAMILY
from protocols.zc95.packets import POWERS
from tests.protocols.world import Kin

A = Channel.A
B = Channel.B


def steady(rate_hz: float, width_us: float) -> Score:
    """Return a score of one part in which nothing moves."""
    return Score((Part("all", 0, 3600, Steady(rate_hz), Steady(width_us)),))


def asked_of_bluetens(op: Write) -> Mapping[Channel, int]:
    """Return the level that a line asks for; a start is one at 1."""
    if op.data.startswith(b">ssta"):
        return {A: 1}
    return {A: int(op.data[5:])} if op.data.startswith(b">str ") else {}


def asked_of_coyote2(op: Write) -> Mapping[Channel, int]:
    """Return the strengths of a word."""
    if op.endpoint != STRENGTHS:
        return {}
    told = STRENGTH_WORD.parse(op.data)
    return {A: told.a, B: told.b}


def asked_of_coyote3(op: Write) -> Mapping[Channel, int]:
    """Return the strengths that a frame sets; a step goes from where the unit is, so it asks for no level by itself."""
    if not FRAME.starts(op.data):
        return {}
    told = FRAME.parse(op.data)
    steps = ((A, told.mode_a, told.strength_a), (B, told.mode_b, told.strength_b))
    return {channel: value for channel, mode, value in steps if mode == SET}


def asked_of_em70(op: Write) -> Mapping[Channel, int]:
    """Return the level that is set; a step goes from where the unit is, so it asks for no level by itself."""
    return {A: SET_LEVEL.parse(op.data).level} if SET_LEVEL.starts(op.data) else {}


def asked_of_openemsstim(op: Write) -> Mapping[Channel, int]:
    """Return the intensity of a command."""
    command = TEXT.parse(op.data)
    return {(A, B)[command.channel]: command.intensity}


def asked_of_yokonex(data: bytes, profile: str) -> Mapping[Channel, int]:
    """Return the intensities that a frame orders, as a unit of the profile reads it; none for another's frame."""
    forms = (LAYOUTS if profile == V1 else LAYOUTS_V2)[Direction.TO_DEVICE][IN.name]
    try:
        packet = pick(forms, data)[1]
    except BadPacket:
        return {}
    match packet:
        case Order():
            channels = (A, B) if packet.channel == 3 else ((A, B)[packet.channel - 1],)
            return dict.fromkeys(channels, packet.intensity if packet.on else 0)
        case Fixed() | Custom():
            return {A: packet.intensity_a, B: packet.intensity_b}
        case _:
            return {}


def asked_of_zc95(op: Write) -> Mapping[Channel, int]:
    """Return the power of a channel."""
    return {ch: int.from_bytes(op.data, "little") for ch, endpoint in POWERS.items() if endpoint == op.endpoint}


BLUETENS = Kin(
    BLUETENS_FAMILY, steady(100, 200), Limits((family_cap(BLUETENS_FAMILY.caps),)), asked_of_bluetens, heard_s=0.02
)
COYOTE2 = Kin(
    COYOTE2_FAMILY,
    steady(100, 100),
    Limits((family_cap(COYOTE2_FAMILY.caps), Cap("test", {A: Level(700), B: Level(600)}))),
    asked_of_coyote2,
    command_s=0.001,
    answer_s=0.015,
    follows=True,
    patience_s=0.5,
)
COYOTE3 = Kin(
    COYOTE3_FAMILY,
    steady(100, 152),
    Limits((Cap("test", {A: Level(60), B: Level(40)}),)),
    asked_of_coyote3,
    answer_s=0.01,
    follows=True,
    patience_s=0.5,
)
EM70 = Kin(
    EM70_FAMILY,
    replace(steady(100, 200), number=9),
    Limits((family_cap(EM70_FAMILY.caps),)),
    asked_of_em70,
    request_s=0.015,
    answer_s=0.015,
    patience_s=1.0,
    nap_s=RISING_S,
)
OPENEMSSTIM = Kin(
    OPENEMSSTIM_FAMILY,
    steady(100, 200),
    Limits((family_cap(OPENEMSSTIM_FAMILY.caps),)),
    asked_of_openemsstim,
    request_s=0.01,
    answer_s=0.01,
)
ZC95 = Kin(
    ZC95_FAMILY,
    steady(100, 200),
    Limits((family_cap(ZC95_FAMILY.caps),)),
    asked_of_zc95,
    command_s=0.005,
    request_s=0.015,
    answer_s=0.035,
)


def yokonex(profile: str = V1) -> Kin:
    """Return the kin of a unit of a profile; the proof of its version is an order that nobody granted, of no width."""
    return Kin(
        YOKONEX_FAMILY,
        steady(80, 90),
        Limits((family_cap(YOKONEX_FAMILY.caps),)),
        lambda op: {} if op.data in (ON_V1, ON_V2) else asked_of_yokonex(op.data, profile),
    )
