"""`readings.json`: what the sources answered, on disk before anybody judges it, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from billing_canary.artifact import schema
from billing_canary.artifact.bundle import BundleWriter
from billing_canary.artifact.reader import read_json
from billing_canary.reading import IncidentSeen, Outcome, Reading, RunSeen, Sample, Window
from billing_canary.rollback import Baseline, EarlierFiring, RollbackEvidence

READINGS_FILE = "readings.json"
_SCHEMA_VERSION = "1"


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """The evidence of one evaluation as its bundle holds it.

    Attributes:
        notes: what could not be known while it was collected, such as a damaged earlier evaluation.
    """

    evidence: RollbackEvidence
    notes: tuple[str, ...] = ()


def record_readings(writer: BundleWriter, recorded: Recorded) -> Recorded:
    """Write the evidence, synced, and answer it as it now stands on disk.

    What is judged is what was stored: a secret that was masked in it is masked for the judge as well.

    Raises:
        EvidenceError: it cannot be written, or is not what its schema asks for.
    """
    writer.write_json(READINGS_FILE, _document(recorded), kind="readings")
    return read_readings(writer.folder)


def read_readings(folder: Path) -> Recorded:
    """The evidence in the bundle in `folder`.

    Raises:
        EvidenceError: it cannot be read, or is not what its schema asks for.
    """
    document = read_json(folder, READINGS_FILE).document
    schema.validate(document, "trigger-readings")
    evidence = RollbackEvidence(
        judged_at=document["judged_at"],
        commit=document["commit"],
        readings={trigger: _reading(told) for trigger, told in document["readings"].items()},
        baselines=tuple(Baseline(**_fields(Baseline, told)) for told in document["baselines"]),
        earlier=tuple(firing_of(told) for told in document["earlier"]),
        run_id=document["run_id"],
    )
    return Recorded(evidence=evidence, notes=tuple(document["notes"]))


def firing_of(document: Mapping[str, Any]) -> EarlierFiring:
    """One firing as a document holds it."""
    return EarlierFiring(**_fields(EarlierFiring, document))


def _document(recorded: Recorded) -> dict[str, Any]:
    evidence = recorded.evidence
    return {
        "schema_version": _SCHEMA_VERSION,
        "run_id": evidence.run_id,
        "judged_at": evidence.judged_at,
        "commit": evidence.commit,
        "readings": {trigger: asdict(reading) for trigger, reading in evidence.readings.items()},
        "baselines": [asdict(baseline) for baseline in evidence.baselines],
        "earlier": [asdict(firing) for firing in evidence.earlier],
        "notes": list(recorded.notes),
    }


def _reading(document: Mapping[str, Any]) -> Reading:
    return Reading(
        source=document["source"],
        question=document["question"],
        asked_at=document["asked_at"],
        outcome=Outcome(document["outcome"]),
        problem=document["problem"],
        windows=tuple(Window(**_fields(Window, told)) for told in document["windows"]),
        samples=tuple(Sample(**_fields(Sample, told)) for told in document["samples"]),
        runs=tuple(RunSeen(**_fields(RunSeen, told)) for told in document["runs"]),
        incidents=tuple(IncidentSeen(**_fields(IncidentSeen, told)) for told in document["incidents"]),
    )


def _fields(kind: Any, document: Mapping[str, Any]) -> dict[str, Any]:
    """What `kind` takes; a later version may tell more."""
    return {name: document[name] for name in kind.__dataclass_fields__ if name in document}
