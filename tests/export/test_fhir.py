"""A bundle for a clinic is right by FHIR's own model and says what the journal says."""

import json
import sys
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from fhir.resources.bundle import Bundle as BundleR5
from fhir.resources.R4B.bundle import Bundle
from hypothesis import given, settings

from estim.core.days.diary import Diary, Pain, Played, Run, Side, When
from estim.core.errors import EstimError, Exit
from estim.core.values import replace
from estim.export.fhir import Version, to_fhir
from tests.effort import DRAWN
from tests.export.diaries import diaries

MORNING = datetime(2026, 6, 10, 8, 0, tzinfo=timezone(timedelta(hours=2)))
MADE_AT = datetime(2026, 6, 11, 9, 30, tzinfo=timezone(timedelta(hours=2)))
SITE = "Achilles tendon, left"

PLAYED = Played(
    at=MORNING,
    id=1,
    program="tens-ankle",
    unit="left",
    family="em70",
    sites=("ankle-left", "any"),
    simulated=False,
    length_s=1200.0,
    output_s=1170.0,
    delivered_until=MORNING + timedelta(minutes=20),
    ended=MORNING + timedelta(minutes=20),
    reason="completed",
    level_max={"A": 12, "B": 8},
    stop_confirmed=True,
    message="done",
)
SCORE = Pain(at=MORNING, score=4, when=When.MORNING, note="stiff at first")


def resources(diary: Diary, site: str = SITE) -> list[dict[str, Any]]:
    bundle = json.loads(to_fhir(diary, site=site, made_at=MADE_AT))
    Bundle.model_validate(bundle)
    return [entry["resource"] for entry in bundle.get("entry", [])]


def test_a_pain_score_is_an_observation_with_its_code_moment_and_place() -> None:
    (found,) = resources(Diary(pains=(SCORE,)))
    assert found["resourceType"] == "Observation"
    assert found["status"] == "final"
    assert found["category"][0]["coding"][0]["code"] == "survey"
    (coding,) = found["code"]["coding"]
    assert (coding["system"], coding["code"]) == ("http://loinc.org", "72514-3")
    assert coding["display"].startswith("Pain severity - 0-10 verbal numeric rating")
    assert found["effectiveDateTime"] == "2026-06-10T08:00:00+02:00"
    assert found["valueInteger"] == 4
    assert found["bodySite"] == {"text": SITE}
    assert found["note"] == [{"text": "stiff at first"}]
    assert found["component"][0]["valueString"].startswith("morning")


def test_a_run_is_an_observation_with_its_distance_duration_and_pain() -> None:
    run = Run(at=MORNING, km=5.2, minutes=31.5, pain=2, note="easy")
    (found,) = resources(Diary(runs=(run,)))
    assert found["code"] == {"text": "run"}
    assert found["category"][0]["coding"][0]["code"] == "activity"
    assert found["effectiveDateTime"] == "2026-06-10T08:00:00+02:00"
    quantity = {"value": 5.2, "unit": "km", "system": "http://unitsofmeasure.org", "code": "km"}
    assert found["valueQuantity"] == quantity
    duration, pain = found["component"]
    assert duration["valueQuantity"] == quantity | {"value": 31.5, "unit": "min", "code": "min"}
    assert pain["code"]["coding"][0]["code"] == "72514-3"
    assert pain["valueInteger"] == 2
    assert found["note"] == [{"text": "easy"}]
    (short,) = resources(Diary(runs=(Run(at=MORNING, km=3),)))
    assert "component" not in short
    (timed,) = resources(Diary(runs=(Run(at=MORNING, km=None, minutes=30),)))
    assert timed["valueQuantity"] == quantity | {"value": 30, "unit": "min", "code": "min"}
    assert "component" not in timed


def test_a_score_has_its_side_and_the_stiffness_of_the_morning() -> None:
    pain = Pain(at=MORNING, score=2, when=When.MORNING, stiffness_min=10, side=Side.LEFT)
    (found,) = resources(Diary(pains=(pain,)))
    _, side, stiff = found["component"]
    assert (side["code"]["text"], side["valueString"]) == ("side", "left")
    assert (stiff["code"]["text"], stiff["valueQuantity"]["value"]) == ("morning stiffness", 10)


def test_a_session_that_a_unit_played_by_itself_says_so() -> None:
    (found,) = resources(Diary(sessions=(replace(PLAYED, by_hand=True),)))
    assert found["note"][0] == {"text": "written down by hand"}


@pytest.mark.parametrize(
    ("kind", "told"),
    [("pain", "TENS (trans"), ("twitch", "EMS (elec"), ("tetanic", "EMS (elec"), ("", "electrical stim")],
)
def test_a_session_is_called_what_its_program_is(kind: str, told: str) -> None:
    bundle = to_fhir(Diary(sessions=(PLAYED,)), site="", made_at=MADE_AT, kinds={"tens-ankle": kind})
    (entry,) = json.loads(bundle)["entry"]
    assert entry["resource"]["code"]["text"].startswith(told)


@settings(max_examples=DRAWN // 4)
@given(diary=diaries())
def test_a_bundle_of_r5_is_right_by_its_own_model_and_says_the_same(diary: Diary) -> None:
    """Fewer examples: the texts are those of R4 and drawn there, only the model and one name are others."""
    text = to_fhir(diary, site=SITE, made_at=MADE_AT, version=Version.R5)
    BundleR5.model_validate_json(text)
    as_r4 = text.replace("occurrencePeriod", "performedPeriod").replace("Bundle|5.0.0", "Bundle|4.0.1")
    assert as_r4 == to_fhir(diary, site=SITE, made_at=MADE_AT)


def test_a_score_of_zero_is_a_score() -> None:
    (found,) = resources(Diary(pains=(replace(SCORE, score=0, note=""),)), site="")
    assert found["valueInteger"] == 0
    assert "note" not in found
    assert "bodySite" not in found


def test_a_session_is_a_procedure_with_its_period_device_and_outcome() -> None:
    (found,) = resources(Diary(sessions=(PLAYED,)))
    assert found["resourceType"] == "Procedure"
    assert found["status"] == "completed"
    assert found["code"] == {"text": "electrical stimulation through the skin"}, "its program isn't known"
    assert found["subject"] == {"display": "the person who keeps this journal"}
    assert found["performedPeriod"] == {"start": "2026-06-10T08:00:00+02:00", "end": "2026-06-10T08:20:00+02:00"}
    assert found["bodySite"] == [{"text": "ankle-left"}]
    assert found["outcome"]["text"] == "completed, 19.5 min with output, the stop was confirmed"
    assert [note["text"] for note in found["note"]] == [
        "device: left (em70)",
        "program: tens-ankle, planned 20 min",
        "highest level: A 12, B 8",
        "done",
    ]
    assert "usedCode" not in found


def test_a_session_that_was_cut_short_is_stopped_and_one_whose_end_nobody_saw_ends_with_its_output() -> None:
    panic = replace(PLAYED, reason="link_lost", stop_confirmed=False)
    lost = replace(PLAYED, reason="", ended=None, stop_confirmed=None)
    stopped, unseen = resources(Diary(sessions=(panic, lost)))
    assert (stopped["status"], unseen["status"]) == ("stopped", "stopped")
    assert stopped["outcome"]["text"] == "link lost, 19.5 min with output, the stop was not confirmed"
    assert unseen["outcome"]["text"] == "its end was not seen, 19.5 min with output"
    assert unseen["performedPeriod"]["end"] == "2026-06-10T08:20:00+02:00"


def test_a_session_that_put_nothing_out_or_was_simulated_is_left_out() -> None:
    nothing = replace(PLAYED, output_s=0.0)
    rehearsal = replace(PLAYED, simulated=True)
    assert resources(Diary(sessions=(nothing, rehearsal))) == []


def test_an_empty_journal_is_a_bundle_without_entries() -> None:
    assert json.loads(to_fhir(Diary(), site=SITE, made_at=MADE_AT)) == {
        "resourceType": "Bundle",
        "meta": {"profile": ["http://hl7.org/fhir/StructureDefinition/Bundle|4.0.1"]},
        "type": "collection",
        "timestamp": "2026-06-11T09:30:00+02:00",
    }


def test_an_entry_keeps_its_id_when_others_come_and_two_of_the_same_have_two() -> None:
    (alone,) = resources(Diary(pains=(SCORE,)))
    other = replace(SCORE, at=MORNING - timedelta(days=1), score=7)
    again = resources(Diary(pains=(other, replace(SCORE, id=9, note="corrected"), SCORE)))
    assert again[1]["id"] == alone["id"]
    assert len({found["id"] for found in again}) == 3


def test_an_offset_that_fhir_does_not_know_becomes_utc() -> None:
    odd = SCORE.at.astimezone(timezone(timedelta(minutes=53, seconds=28)))
    far = SCORE.at.astimezone(timezone(timedelta(hours=-15)))
    for at in (odd, far):
        assert resources(Diary(pains=(replace(SCORE, at=at),)))[0]["effectiveDateTime"] == "2026-06-10T06:00:00+00:00"


def test_a_moment_without_an_offset_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="offset"):
        to_fhir(Diary(), site=SITE, made_at=datetime(2026, 6, 10, 8, 0))  # noqa: DTZ001


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fhir.resources.R4B.bundle", None)
    with pytest.raises(EstimError) as caught:
        to_fhir(Diary(), site=SITE, made_at=MADE_AT)
    assert caught.value.code is Exit.NO_INPUT
    assert 'pip install "estim[fhir]"' in caught.value.text


@settings(max_examples=DRAWN)
@given(diary=diaries())
def test_every_journal_makes_a_right_bundle_with_all_its_scores_and_sessions(diary: Diary) -> None:
    text = to_fhir(diary, site=SITE, made_at=MADE_AT)
    assert to_fhir(diary, site=SITE, made_at=MADE_AT) == text
    entries = Bundle.model_validate_json(text).entry or []
    found: list[Any] = [entry.resource for entry in entries]
    observed = [one for one in found if one.get_resource_type() == "Observation"]
    scores = [one for one in observed if one.valueQuantity is None]
    runs = [one for one in observed if one.valueQuantity is not None]
    procedures = [one for one in found if one.get_resource_type() == "Procedure"]
    assert [(one.effectiveDateTime, one.valueInteger) for one in scores] == [(one.at, one.score) for one in diary.pains]
    assert [(one.effectiveDateTime, float(one.valueQuantity.value)) for one in runs] == [
        (one.at, one.minutes if one.km is None else one.km) for one in diary.runs
    ]
    played = [one for one in diary.sessions if one.begun and not one.simulated]
    assert [one.performedPeriod.start for one in procedures] == [one.at for one in played]
    assert len({entry.fullUrl for entry in entries}) == len(entries)
    assert [entry.fullUrl for entry in entries] == [f"urn:uuid:{one.id}" for one in found]
    assert all(
        one.performedPeriod.start.astimezone(UTC) <= one.performedPeriod.end.astimezone(UTC) for one in procedures
    )
