"""Writes pain scores and sessions as a FHIR R4 bundle, for a clinic that can read one; nothing is sent anywhere.

1. A pain score is an Observation with its LOINC code, a session that put something out a Procedure. Rehearsals with a
   simulated unit aren't in it: nobody was treated.
2. Nobody is named: the person is "the person who keeps this journal".
3. Sites and devices are texts, as the person wrote them: no code is claimed that nobody checked (conventions.md 10).
4. An id comes from the moment and kind of an entry: it is the same in every export, also after a note was corrected.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from estim.core.days.diary import Diary, Pain, Played, When
from estim.core.days.dose import ANY
from estim.core.errors import EstimError, Exit
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

MEANING = {
    When.MORNING: "morning: the first steps of the day",
    When.REST: "rest",
    When.WORST: "worst of the day",
    When.RUN: "run: the worst during a run",
}

TENS = {"text": "TENS"}

OFFSET_MAX = timedelta(hours=14)

Json = dict[str, Any]


def to_fhir(diary: Diary, *, site: str, made_at: datetime) -> str:
    """Return a bundle of type collection as JSON; `site` is where the pain is, in words ("": not said).

    It is checked against FHIR's own model first. Raises EstimError (66) if the library for that isn't installed.
    """
    pains = [(f"pain {_utc(pain.at)} {pain.when}", _observation(pain, site)) for pain in diary.pains]
    played = [one for one in diary.sessions if one.begun and not one.simulated]
    sessions = [(f"session {_utc(one.at)} {one.unit}", _procedure(one)) for one in played]
    bundle: Json = {"resourceType": "Bundle", "type": "collection", "timestamp": _moment(made_at)}
    entries = list(_entries((*pains, *sessions)))
    if entries:  # an empty list is against the rules of FHIR
        bundle["entry"] = entries
    _check(bundle)
    return json.dumps(bundle, indent=2, ensure_ascii=False) + "\n"


def _check(bundle: Json) -> None:
    try:
        from fhir.resources.R4B.bundle import Bundle
    except ImportError as error:
        raise EstimError(
            'a FHIR export needs the library fhir.resources: pip install "estim[fhir]"', code=Exit.NO_INPUT
        ) from error
    Bundle.model_validate(bundle)


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
        "component": [{"code": WHICH, "valueString": MEANING[pain.when]}],
        **({"bodySite": {"text": _clean(site)}} if _clean(site) else {}),
        **_notes(pain.note),
    }


def _procedure(played: Played) -> Json:
    sites = [_clean(site) for site in played.sites if site != ANY]
    return {
        "resourceType": "Procedure",
        "status": "completed" if played.reason == Reason.COMPLETED else "stopped",
        "code": TENS,
        "subject": SUBJECT,
        "performedPeriod": _period(played),
        **({"bodySite": [{"text": site} for site in sites if site]} if any(sites) else {}),
        "outcome": {"text": _outcome(played)},
        **_notes(
            f"device: {played.unit} ({played.family})",
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
