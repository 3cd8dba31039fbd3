"""The user's settings: config.toml as one typed value, and changes to it that keep every comment.

1. A missing file or key is the default. A wrong one is refused with file, field, what was found and what is allowed,
   all of them in one go; nothing is ever silently clamped (safety.md section 9).
2. What a field allows is written once, beside its type: the check and the sentence can't differ.
3. `schema` may only grow, and a migration may only lower a limit (safety.md C-35).
"""

import re
from collections.abc import Iterator, Mapping
from datetime import time
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, get_args, get_type_hints

import msgspec
from msgspec import Meta, Struct

from estim.config.files import no_right, read_small, write_whole
from estim.config.mqtt_settings import MqttSettings, without_password
from estim.config.template import TEMPLATE, template
from estim.core.days.reminders import Quiet
from estim.core.days.schedule import LOCAL, Schedule, check_rules, zone_of
from estim.core.errors import EstimError, Exit
from estim.core.session.guard import NEW_UNIT_CAP_PCT
from estim.core.toml_file import NotToml, in_file, parsed, text_of
from estim.core.translation import mark, tr, tr_text
from protocols.vocabulary import Channel

SCHEMA = 1

UNIT_CAPS_MAX = 100

CapPct = Annotated[int, Meta(ge=1, le=100, description=mark("a whole number from 1 to 100, % of a unit's scale"))]
Minutes = Annotated[float, Meta(gt=0, le=30, description=mark("more than 0 and at most 30 minutes"))]
RampS = Annotated[float, Meta(ge=3, le=300, description=mark("seconds, from 3 to 300"))]
Theme = Annotated[str, Meta(min_length=1, max_length=64, description=mark("the name of a theme, 1 to 64 characters"))]
Keep = Annotated[bool, Meta(description=mark("true or false"))]
SchemaNumber = Annotated[int, Meta(ge=1, description=mark("a whole number, 1 today"))]
UnitName = Annotated[str, Meta(min_length=1, max_length=64)]
CapLevel = Annotated[int, Meta(ge=0, le=10_000)]
UnitCaps = Annotated[
    dict[UnitName, dict[Channel, CapLevel]],
    Meta(
        max_length=UNIT_CAPS_MAX,
        description=mark(
            "a table [cap.NAME] per unit with lines such as A = 40: levels of the unit's own scale, whole numbers from "
            "0 to 10000, for the channels A to D"
        ),
    ),
]

Profiles = Annotated[
    dict[Annotated[str, Meta(min_length=1, max_length=32)], Annotated[str, Meta(min_length=1, max_length=16)]],
    Meta(max_length=32, description=mark('a table [profile] with lines such as yokonex = "V2.0"')),
]

Keys = Annotated[
    dict[Annotated[str, Meta(min_length=1, max_length=32)], Annotated[str, Meta(max_length=64)]],
    Meta(max_length=128, description=mark('a table [keys] with lines such as log = "f3"')),
]

Site = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=32,
        description=mark('a leg ("left", "right"), a site of programs such as "ankle-left", or "any"'),
    ),
]
Clock = Annotated[
    str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description=mark('a time of the day such as "22:00"'))
]
ClockOrNot = Annotated[
    str,
    Meta(
        pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$", description=mark('a time of the day such as "20:30", or "" for never')
    ),
]
Url = Annotated[str, Meta(min_length=4, max_length=500)]


class ReminderSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How and when a person is reminded: `elsewhere` are the addresses of other devices (apprise URLs).

    `on` false: nobody is reminded of anything, until it is true again. `evening_score`: from when on the day's worst
    pain is asked for, once, if it isn't written down.
    """

    on: Annotated[bool, Meta(description=mark("true or false"))] = True
    desktop: Annotated[bool, Meta(description=mark("true or false"))] = True
    terminal: Annotated[bool, Meta(description=mark("true or false"))] = True
    elsewhere: Annotated[
        tuple[Url, ...], Meta(max_length=8, description=mark('up to 8 addresses such as "ntfy://topic", for apprise'))
    ] = ()
    quiet_from: Clock = "22:00"
    quiet_to: Clock = "07:00"
    prepare: Annotated[bool, Meta(description=mark("true or false"))] = True
    evening_score: ClockOrNot = ""

    @property
    def evening(self) -> time | None:
        """Return from when on an evening's score is asked for, None: it isn't."""
        return time.fromisoformat(self.evening_score) if self.evening_score else None

    @property
    def quiet(self) -> Quiet:
        """Return the hours without reminders."""
        return Quiet(time.fromisoformat(self.quiet_from), time.fromisoformat(self.quiet_to))


class Settings(Struct, frozen=True, kw_only=True):
    """All settings, checked. `cap` holds the highest level per unit name and channel, `ramp_s` None: by the slope.

    `profile` is the version of a family's protocol, for its units that have none of their own. `keys` are those of the
    screen by what they do; the screen checks them (estim/tui/keymap.py).
    """

    schema: SchemaNumber = SCHEMA
    new_unit_cap_pct: CapPct = NEW_UNIT_CAP_PCT
    minutes: Minutes = 20.0
    ramp_s: RampS | None = None
    keep_running: Keep = False
    theme: Theme | None = None
    cap: UnitCaps = {}
    profile: Profiles = {}
    keys: Keys = {}
    site: Site | None = None
    schedule: Schedule = Schedule()
    reminders: ReminderSettings = ReminderSettings()
    mqtt: MqttSettings = MqttSettings()

    def warnings(self) -> tuple[str, ...]:
        """Return what is allowed but unusual, one sentence each."""
        if self.new_unit_cap_pct <= NEW_UNIT_CAP_PCT:
            return ()
        text = tr(
            "new_unit_cap_pct is {cap}: above {usual} % a unit that nobody knows yet may come on strong",
            cap=self.new_unit_cap_pct,
            usual=NEW_UNIT_CAP_PCT,
        )
        return (text,)

    def caps_of(self, name: str) -> dict[Channel, int]:
        """Return the caps of a unit by its name, whatever the case; the lower one where it stands there twice."""
        lowest: dict[Channel, int] = {}
        for unit, caps in self.cap.items():
            if unit.casefold() == name.casefold():
                for channel, level in caps.items():
                    lowest[channel] = min(level, lowest.get(channel, level))
        return lowest


def read_settings(path: Path) -> Settings:
    """Read config.toml; a missing file gives the defaults. Raises EstimError (78) with every mistake in it."""
    return _settings(path, _text(path))


Value = bool | int | float | str | list[str] | None


def change_settings(path: Path, field: str, value: Value) -> Settings:
    """Set one field ("minutes", "cap.coyote3.A"); see change_fields."""
    return change_fields(path, {field: value})


def change_fields(path: Path, values: Mapping[str, Value]) -> Settings:
    """Set fields of the file, all or none of them, comments and order kept, and return all settings.

    None takes the line out, back to the default. Raises EstimError (78) for a value that isn't allowed or a file
    that was wrong before, 73 if it can't be written; the file is unchanged then.
    """
    text = _text(path)
    _settings(path, text)
    begun = template()
    fresh = begun if text is None else text
    for field, value in values.items():
        fresh = _changed(path, fresh, field, value)
    if text is None and fresh == begun:
        return Settings()
    settings = _settings(path, fresh)
    write_whole(path, fresh)
    return settings


class Known(Struct, frozen=True, kw_only=True):
    """One setting: its whole name, its value, whether that is the default, and what is allowed."""

    name: str
    value: object
    usual: bool
    allowed: str


def known_settings(settings: Settings) -> tuple[Known, ...]:
    """Return every setting as it stands, those of a table behind the table's name."""
    return tuple(_known("", settings, Settings()))


def _known(table: str, held: Struct, usual: Struct) -> Iterator[Known]:
    for field, kind in get_type_hints(type(held), include_extras=True).items():
        value = getattr(held, field)
        default = getattr(usual, field)
        if isinstance(value, Struct) and isinstance(default, Struct):
            yield from _known(f"{table}{field}.", value, default)
        elif field != "schema":
            yield Known(name=f"{table}{field}", value=value, usual=value == default, allowed=_allowed(kind))


def _changed(path: Path, text: str, field: str, value: Value) -> str:
    import tomlkit  # only who writes needs it, and it costs milliseconds

    *tables, key = _keys(path, field)
    document = tomlkit.parse(_uncommented(text, field))
    table: Any = document
    for name in tables:
        if name not in table:
            if value is None:
                return text
            table[name] = tomlkit.table(is_super_table=name == tables[0] and len(tables) > 1)
        table = table[name]
    place = key.partition(".")[0]
    if tables == ["keys"] and isinstance(table.get(place), dict):  # a person wrote today.tick, and no quotes
        written = {f"{place}.{name}": table[place][name] for name in table[place]}
        del table[place]
        table.update(written)
    if value is None:
        table.pop(key, None)
    else:
        table[key] = value
    return tomlkit.dumps(document)


def _text(path: Path) -> str | None:
    try:
        return text_of(read_small(path))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise no_right(path, error, Exit.CONFIG) from error
    except NotToml as error:
        raise _wrong(path, str(error)) from error


def _settings(path: Path, text: str | None) -> Settings:
    try:
        data = {} if text is None else parsed(text)
    except NotToml as error:
        dotted = re.search(r"^ *([a-z_]+\.[a-z_]+) *=", (text or "").partition("[keys]")[2], re.MULTILINE)
        if dotted is None:
            raise _wrong(path, str(error)) from error
        hint = tr('{why}; in [keys] write "{name}" in quotes, beside the key of its place', why=error, name=dotted[1])
        raise _wrong(path, hint) from error
    kinds = get_type_hints(Settings, include_extras=True)
    if isinstance(data.get("keys"), dict):
        data = {**data, "keys": _by_name(data["keys"])}
    schema = data.get("schema", SCHEMA)
    if type(schema) is int and schema > SCHEMA:
        newer = tr(
            "schema = {schema} was written for a newer estim, this one knows {known}: update estim",
            schema=schema,
            known=SCHEMA,
        )
        raise _wrong(path, newer)
    wrong: list[str] = []
    good = _fields("", data, kinds, wrong)
    if wrong:
        raise _wrong(path, *wrong)
    settings = Settings(**good)
    try:
        check_rules(settings.schedule.rules)
        if settings.schedule.zone != LOCAL:
            zone_of(settings.schedule.zone)
    except EstimError as error:
        raise _wrong(path, tr("schedule: {why}", why=error.text)) from error
    return settings


def _by_name(keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return keys by their names: today.tick without quotes is a table in the eyes of TOML."""
    flat: dict[str, Any] = {}
    for name, held in keys.items():
        flat |= {f"{name}.{inner}": key for inner, key in held.items()} if isinstance(held, dict) else {name: held}
    return flat


def _wrong(path: Path, *problems: str) -> EstimError:
    return EstimError(in_file(str(path), problems), code=Exit.CONFIG)


def _fields(table: str, data: Mapping[str, Any], kinds: Mapping[str, Any], wrong: list[str]) -> dict[str, Any]:
    """Return what is right in a table, and add a sentence for each thing that is wrong; a Struct is a table in it."""
    good: dict[str, Any] = {}
    for field, value in data.items():
        name = f"{table}{field}"
        if field not in kinds:
            wrong.append(_unknown(name, field, kinds))
            continue
        kind = kinds[field]
        if isinstance(kind, type) and issubclass(kind, Struct) and isinstance(value, dict):
            inner = _fields(f"{name}.", value, get_type_hints(kind, include_extras=True), wrong)
            good[field] = kind(**inner)
        elif _fits(value, kind):
            good[field] = msgspec.convert(value, kind)
        else:
            for culprit, found in _culprits(name, value, kind):
                wrong.append(
                    tr(
                        "{setting} = {found} is not allowed: it takes {allowed}",
                        setting=culprit,
                        found=_shown(found),
                        allowed=_allowed(kind),
                    )
                )
    return good


def _unknown(name: str, field: str, kinds: Mapping[str, Any]) -> str:
    near = get_close_matches(field, kinds, n=1, cutoff=0.5)
    hint = tr("did you mean {words}?", words=near[0]) if near else tr("known: {names}", names=", ".join(kinds))
    return tr("{setting} isn't a setting; {hint}", setting=name, hint=hint)


def _culprits(field: str, value: Any, kind: Any) -> list[tuple[str, Any]]:
    """Return what exactly is wrong in a field, by its full name: one cap among many, or the field itself."""
    parts: list[tuple[str, Any, Any]] = []
    for unit, caps in value.items() if isinstance(value, dict) else ():
        if isinstance(caps, dict) and caps:
            parts += [(f"{field}.{unit}.{key}", level, {unit: {key: level}}) for key, level in caps.items()]
        else:
            parts.append((f"{field}.{unit}", caps, {unit: caps}))
    found = [(name, part) for name, part, alone in parts if not _fits(alone, kind)]
    return found or [(field, value)]


def _fits(value: Any, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def _shown(value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else without_password(repr(value))
    return text if len(text) <= 60 else f"{text[:57]}…"


def _allowed(kind: Any) -> str:
    """Return the description that stands beside the type, optional or not, as people read it."""
    if isinstance(kind, type) and issubclass(kind, Struct):
        return tr("a table of its own with {settings}", settings=", ".join(get_type_hints(kind)))
    for part in (kind, *get_args(kind)):
        for meta in getattr(part, "__metadata__", ()):
            if isinstance(meta, Meta) and meta.description:
                return tr_text(meta.description)
    raise AssertionError(f"{kind} says nothing of what it allows")


def _uncommented(text: str, field: str) -> str:
    """Wake the template's own commented line of a field, so that the value stands where it is explained."""
    line = next((line for line in TEMPLATE.splitlines() if line.startswith(f"# {field} = ")), None)
    lines = text.splitlines(keepends=True)
    if line is None or any(other.startswith(f"{field} =") for other in lines):
        return text
    return "".join(other[2:] if other.rstrip("\r\n") == line else other for other in lines)


_DEPTH = {"cap": 3, "profile": 2, "keys": 2, "schedule": 2, "reminders": 2, "mqtt": 2}


def _keys(path: Path, field: str) -> list[str]:
    if field.startswith("keys."):
        return ["keys", field.removeprefix("keys.")]  # a key's name may hold a dot
    keys = field.split(".") if field.count(".") < 2 else [*field.split(".")[:1], *_unit_and_channel(field)]
    if not all(keys) or len(keys) != _DEPTH.get(keys[0], 1):
        raise _wrong(path, tr('{setting!r} is not a setting; try "minutes" or "cap.coyote3.A"', setting=field))
    return keys


def _unit_and_channel(field: str) -> tuple[str, str]:
    """A unit's name may hold dots, a channel doesn't."""
    name, _, channel = field.partition(".")[2].rpartition(".")
    return name, channel
