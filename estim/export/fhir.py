"""Writes pain scores, runs and sessions as a FHIR bundle, for a clinic that can read one; nothing is sent anywhere.

1. A pain score is an Observation with its LOINC code, a run an Observation too, a session that put something out a
   Procedure. Rehearsals with a simulated unit aren't in it: nobody was treated.
2. Nobody is named: the person is "the person who keeps this journal".
3. Sites and devices are texts, as the person wrote them: no code is claimed that nobody checked (conventions.md 10).
4. A bundle says which FHIR it is: R4, or R5, where a Procedure calls its time another name. R4 is checked by the
   model of R4B (4.3.0), which has changed nothing in what is used here.
5. What a session was comes from its program: one that holds or twitches a muscle is no TENS. Of one that is unknown
   only what is certain is said.
6. An id comes from the moment and kind of an entry: it is the same in every export, also after a note was corrected.
"""
# untranslated here: a bundle's texts are in one language, that of its codes

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from importlib import import_module
from typing import Any
from uuid import UUID, uuid5

from estim.core.days.diary import Diary, Pain, Played, Run, When
from estim.core.days.dose import ANY
from estim.core.errors import EstimError, Exit
from estim.core.translation import tr
from estim.core.vocabulary import Reason

NAMESPACE = UUID("6f1d3c52-0b77-5f2e-9c64-1a5e0f7d8b21")
"""Of the ids of this export; never changes."""

SUBJECT = {"display": "the person who keeps this journal"}

CATEGORY = {
    "coding": [
        {
            "system": "http://terminology.hl7.org/CodeSystem/observation-category",
            "code": "survey",
            "display": "Survey",
        }
    ]
}

PAIN = {
    "coding": [
        {
            "system": "http://loinc.org",
            "code": "72514-3",
            "display": "Pain severity - 0-10 verbal numeric rating [Score] - Reported",
        }
    ],
    "text": "pain, 0 to 10",
}

WHICH = {"text": "which pain"}

SIDE = {"text": "side"}

STIFFNESS = {"text": "morning stiffness"}

MEANING = {
    When.MORNING: "morning: the first steps of the day",
    When.REST: "rest",
    When.WORST: "worst of the day",
    When.RUN: "run: the worst during a run",
}

ACTIVITY = {
    "coding": [
        {
            "system": "http://terminology.hl7.org/CodeSystem/observation-category",
            "code": "activity",
            "display": "Activity",
        }
    ]
}

RUN = {"text": "run"}
UCUM = "http://unitsofmeasure.org"

CODES = {
    "pain": {"text": "TENS (transcutaneous electrical nerve stimulation)"},
    "twitch": {"text": "EMS (electrical muscle stimulation), single twitches"},
    "tetanic": {"text": "EMS (electrical muscle stimulation), held contractions"},
}
"""By the kind of the program."""

UNKNOWN = {"text": "electrical stimulation through the skin"}


class Version(StrEnum):
    """Which FHIR a bundle follows."""

    R4 = "R4"
    R5 = "R5"


NUMBERS = {Version.R4: "4.0.1", Version.R5: "5.0.0"}
MODELS = {Version.R4: "fhir.resources.R4B.bundle", Version.R5: "fhir.resources.bundle"}
PERIODS = {Version.R4: "performedPeriod", Version.R5: "occurrencePeriod"}

OFFSET_MAX = timedelta(hours=14)

Json = dict[str, Any]


def to_fhir(
    diary: Diary,
    *,
    site: str,
    made_at: datetime,
    kinds: Mapping[str, str] | None = None,
    version: Version = Version.R4,
) -> str:
    """Return a bundle of type collection as JSON; `site` is where the pain is, in words ("": not said).

    `kinds` says of programs by name whether they are for pain, twitch or tetanic. The bundle is checked against FHIR's
    own model first. Raises EstimError (66) if the library for that isn't installed.
    """
    pains = [(f"pain {_utc(pain.at)} {pain.when}", _observation(pain, site)) for pain in diary.pains]
    runs = [(f"run {_utc(run.at)}", _run(run)) for run in diary.runs]
    played = [one for one in diary.sessions if one.begun and not one.simulated]
    sessions = [(f"session {_utc(one.at)} {one.unit}", _procedure(one, kinds or {}, version)) for one in played]
    bundle: Json = {
        "resourceType": "Bundle",
        "meta": {"profile": [f"http://hl7.org/fhir/StructureDefinition/Bundle|{NUMBERS[version]}"]},
        "type": "collection",
        "timestamp": _moment(made_at),
    }
    entries = list(_entries((*pains, *runs, *sessions)))
    if entries:  # an empty list is against the rules of FHIR
        bundle["entry"] = entries
    _check(bundle, version)
    return json.dumps(bundle, indent=2, ensure_ascii=False) + "\n"


def _check(bundle: Json, version: Version) -> None:
    try:
        model = import_module(MODELS[version])
    except ImportError as error:
        raise EstimError(
            tr("a FHIR export needs the library fhir.resources: {command}", command='pip install "estim[fhir]"'),
            code=Exit.NO_INPUT,
        ) from error
    model.Bundle.model_validate(bundle)


def _entries(resources: Iterable[tuple[str, Json]]) -> Iterator[Json]:
    """Give each resource the id of its name; two of one name are told apart by their order."""
    seen: dict[str, int] = {}
    for name, resource in resources:
        seen[name] = seen.get(name, 0) + 1
        uuid = str(uuid5(NAMESPACE, name if seen[name] == 1 else f"{name} {seen[name]}"))
        yield {"fullUrl": f"urn:uuid:{uuid}", "resource": {**resource, "id": uuid}}


def _observation(pain: Pain, site: str) -> Json:
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [CATEGORY],
        "code": PAIN,
        "subject": SUBJECT,
        "effectiveDateTime": _moment(pain.at),
        "valueInteger": pain.score,
        "component": _about(pain),
        **({"bodySite": {"text": _clean(site)}} if _clean(site) else {}),
        **_notes(pain.note),
    }


def _about(pain: Pain) -> list[Json]:
    parts: list[Json] = [{"code": WHICH, "valueString": MEANING[pain.when]}]
    if pain.side is not None:
        parts.append({"code": SIDE, "valueString": pain.side.value})
    if pain.stiffness_min is not None:
        parts.append({"code": STIFFNESS, "valueQuantity": _quantity(pain.stiffness_min, "min")})
    return parts


def _run(run: Run) -> Json:
    parts: list[Json] = []
    length = _quantity(run.minutes or 0.0, "min") if run.km is None else _quantity(run.km, "km")
    if run.minutes is not None and run.km is not None:
        parts.append({"code": {"text": "duration"}, "valueQuantity": _quantity(run.minutes, "min")})
    if run.pain is not None:
        parts.append({"code": PAIN, "valueInteger": run.pain})
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [ACTIVITY],
        "code": RUN,
        "subject": SUBJECT,
        "effectiveDateTime": _moment(run.at),
        "valueQuantity": length,
        **({"component": parts} if parts else {}),
        **_notes(run.note),
    }


def _quantity(value: float, unit: str) -> Json:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def _procedure(played: Played, kinds: Mapping[str, str], version: Version) -> Json:
    sites = [_clean(site) for site in played.sites if site != ANY]
    return {
        "resourceType": "Procedure",
        "status": "completed" if played.reason == Reason.COMPLETED else "stopped",
        "code": CODES.get(kinds.get(played.program, ""), UNKNOWN),
        "subject": SUBJECT,
        PERIODS[version]: _period(played),
        **({"bodySite": [{"text": site} for site in sites if site]} if any(sites) else {}),
        "outcome": {"text": _outcome(played)},
        **_notes(
            "written down by hand" if played.by_hand else f"device: {played.unit} ({played.family})",
            f"program: {played.program}, planned {played.length_s / 60:.3g} min",
            _levels(played),
            played.message,
        ),
    }


def _period(played: Played) -> Json:
    """A session whose end nobody saw ended with its output. None ends before it began, whatever its clock said."""
    ended = played.ended or played.delivered_until
    return {"start": _moment(played.at), "end": _moment(max(played.at, ended, key=lambda at: at.astimezone(UTC)))}


def _outcome(played: Played) -> str:
    reason = _clean(played.reason.replace("_", " ")) or "its end was not seen"
    confirmed = {True: ", the stop was confirmed", False: ", the stop was not confirmed", None: ""}
    return f"{reason}, {played.output_s / 60:.3g} min with output{confirmed[played.stop_confirmed]}"


def _levels(played: Played) -> str:
    levels = ", ".join(f"{channel} {level}" for channel, level in played.level_max.items())
    return f"highest level: {levels}" if levels else ""


def _notes(*texts: str) -> Json:
    notes = [{"text": _clean(text)} for text in texts if _clean(text)]
    return {"note": notes} if notes else {}


def _clean(text: str) -> str:
    """Return a text as FHIR allows it: no control signs, and none of blanks only."""
    return "".join(sign if sign >= " " or sign in "\t\r\n" else " " for sign in text).strip()


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _moment(at: datetime) -> str:
    """Return a moment with its own offset; FHIR knows whole minutes up to 14 hours, other offsets become UTC."""
    offset = at.utcoffset()
    if offset is None:
        raise ValueError("a moment needs an offset")
    if offset % timedelta(minutes=1) or abs(offset) > OFFSET_MAX:
        at = at.astimezone(UTC)
    return at.isoformat()
