"""The settings' table of the house's broker: what each field may be; an address is shown without its password."""

import re
from typing import Annotated

from msgspec import Meta, Struct

from estim.core.translation import mark

BROKER_EXAMPLE = mark("mqtt://HOST, mqtt://USER:PASSWORD@HOST:1883 or mqtts://HOST")
ADDRESS = mark("an address: mqtt://HOST, mqtt://USER:PASSWORD@HOST:1883 or mqtts://HOST")

FilePlace = Annotated[str, Meta(min_length=1, max_length=4096, description=mark("the path of a file"))]


class MqttSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a house is told: `url` None is not at all. `health`: programs, pain, doses and the schedule are told too."""

    url: Annotated[str, Meta(max_length=500, pattern=r"^mqtts?://[^/?#\s]+/?$", description=ADDRESS)] | None = None
    password_file: FilePlace | None = None
    password_command: (
        Annotated[
            tuple[Annotated[str, Meta(min_length=1, max_length=4096)], ...],
            Meta(min_length=1, max_length=32, description=mark('the words of a command, such as ["pass", "mqtt"]')),
        ]
        | None
    ) = None
    ca: FilePlace | None = None
    certificate: FilePlace | None = None
    key: FilePlace | None = None
    host: (
        Annotated[
            str,
            Meta(
                pattern=r"^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$",
                description=mark("this host's id in topics: 1 to 32 small letters, digits and hyphens"),
            ),
        ]
        | None
    ) = None
    health: Annotated[bool, Meta(description=mark("true or false"))] = False


def without_password(text: str) -> str:
    """Return a text with an address in it as it may be shown."""
    return re.sub(r"(?<=://)([^/@\s]*?):[^@\s]*@", r"\1:…@", text)
