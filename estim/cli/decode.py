"""`estim decode`: one packet, or one a line, as JSON: what is on the wire, no guess at what it means to a person."""

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from estim.catalogue.families import find_family
from estim.core.errors import EstimError, Exit
from estim.core.translation import tr
from protocols.family import Family
from protocols.layout import Direction, Form, Forms, pick
from protocols.vocabulary import BadPacket


class Decoder:
    """Decodes the packets of one family, direction and endpoint."""

    def __init__(
        self, name: str, direction: str, endpoint: str | None, profile: str | None, *, text: bool = False
    ) -> None:
        self._family = find_family(name)
        if text and self._family.text_end is None:
            why = tr("{family} speaks in bytes, not in text: leave --text out", family=name)
            raise EstimError(why, code=Exit.USAGE)
        try:
            self._direction = Direction(direction)
        except ValueError as error:
            why = tr("a packet goes to-device or from-device, not {direction!r}", direction=direction)
            raise EstimError(why, code=Exit.USAGE) from error
        forms = _forms(self._family, profile)
        self._layouts = _layouts(self._family, forms, self._direction, endpoint)
        usual = self._layouts == _layouts(self._family, forms, self._direction, None)
        self._text_end = (self._family.text_end if usual else b"") if text else None

    def one(self, text: str) -> dict[str, Any]:
        """Return the JSON object of one packet in hex (or as text); `ok` is false if it is none."""
        try:
            data = bytes.fromhex(text.replace(":", " ")) if self._text_end is None else text.encode() + self._text_end
        except ValueError:
            typed = text.strip()[:60]
            return self._bad(tr("not hex: {typed!r}; write two digits a byte, as B0 00 0A or b0:00:0a", typed=typed))
        try:
            layout, packet = pick(self._layouts, data)
            rebuilt = layout.build(packet)
        except BadPacket as error:
            return self._bad(str(error))
        shown = {"name": layout.name, **{field.name: _plain(getattr(packet, field.name)) for field in fields(packet)}}
        return {"ok": True, "family": self._family.name, "packet": shown, "rebuilt": rebuilt.hex().upper()}

    def _bad(self, why: str) -> dict[str, Any]:
        return {"ok": False, "family": self._family.name, "error": why}

    def many(self, lines: Iterable[str]) -> Iterator[dict[str, Any]]:
        """Return exactly one object a line, in order."""
        return (self.one(line) for line in lines)


def _forms(made: Family, profile: str | None) -> Forms:
    """Return the packet forms of a profile; None: of the usual one."""
    if profile is None:
        return made.layouts
    if not made.profiles:
        text = tr("{family} has only one form of packets: leave --profile out", family=made.name)
        raise EstimError(text, code=Exit.USAGE)
    chosen = next((known for known in made.profiles if known.casefold() == profile.casefold()), None)
    if chosen is None:
        known = tr(" or ").join(made.profiles)
        text = tr("{family} has no profile {profile!r}: say {known}", family=made.name, profile=profile, known=known)
        raise EstimError(text, code=Exit.USAGE)
    return made.other_layouts.get(chosen, made.layouts)


def _layouts(made: Family, forms: Forms, direction: Direction, endpoint: str | None) -> tuple[Form, ...]:
    """Return the forms of one endpoint, named as in the sheet or by a short or full UUID; None: of the usual one."""
    table = forms[direction]
    if endpoint is None:
        return next(iter(table.values()))
    wanted = endpoint.casefold()
    for name, layouts in table.items():
        uuid = next((known.uuid for known in made.endpoints if known.name == name), "")
        if wanted in (name.casefold(), uuid, uuid[4:8]):
            return layouts
    text = tr(
        "{family} has no packets {direction} on {endpoint!r}: there are {known}",
        family=made.name,
        direction=direction.value,
        endpoint=endpoint,
        known=", ".join(table),
    )
    raise EstimError(text, code=Exit.USAGE)


def _plain(value: object) -> object:
    """Plain JSON: numbers stay numbers, bytes are hex, rows are lists, parts are objects."""
    if isinstance(value, bytes):
        return value.hex().upper()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return value
