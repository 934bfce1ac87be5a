from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from billing_canary.artifact import schema
from billing_canary.artifact.canary_report import CanaryReport, canary_document
from billing_canary.artifact.faults_report import FaultsReport, faults_document
from billing_canary.artifact.kinds import KINDS
from billing_canary.artifact.runner import runner_metadata
from billing_canary.errors import EvidenceError

CANARY_FIELDS = (
    "schema_version run_id mode target commit dirty overall_status reasons health_check safety_checks probes "
    "spend artifact_index missing_count started_at finished_at duration_ms project argv versions"
).split()
"""The names that others rely on; a change of any is a new schema version."""


def test_every_schema_is_valid_and_has_its_own_urn() -> None:
    assert schema.names() == (
        "canary-report",
        "coverage-report",
        "decision",
        "faults-report",
        "run",
        "runner",
        "tier-summary",
        "trigger-readings",
        "triggers-report",
    )
    for name in schema.names():
        document = schema.load(name)
        Draft202012Validator.check_schema(document)
        assert document["$id"] == f"urn:billing-canary:schema:{name}:1"
        assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_every_kind_of_bundle_has_its_schema() -> None:
    assert {kind.schema for kind in KINDS.values()} <= set(schema.names())


def test_the_canary_report_has_every_public_field(report: CanaryReport) -> None:
    document = canary_document(report)

    assert [field for field in CANARY_FIELDS if field not in document] == []
    assert set(CANARY_FIELDS) <= set(schema.load("canary-report")["required"])
    schema.validate(document, "canary-report")


def test_the_faults_report_has_every_public_field(faults_report: FaultsReport) -> None:
    document = faults_document(faults_report)

    assert set(document["faults"][0]) >= {"id", "title", "caught", "by", "claims"}
    assert document["healthy"] == {"runs": 2, "alarms": ["wallet.top_up: 0.58 RUB"]}
    schema.validate(document, "faults-report")


@pytest.mark.parametrize("field", CANARY_FIELDS)
def test_a_report_without_one_of_them_is_refused(report: CanaryReport, field: str) -> None:
    document = canary_document(report)
    del document[field]

    with pytest.raises(EvidenceError, match=f"'{field}' is a required property"):
        schema.validate(document, "canary-report")


def _set(document: Any, path: str, value: object) -> None:
    *parents, last = path.split("/")
    for part in parents:
        document = document[int(part) if part.isdigit() else part]
    document[last] = value


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("missing_count", True),
        ("missing_count", 0.0),
        ("missing_count", -1),
        ("overall_status", "error"),
        ("overall_status", "skip"),
        ("run_id", "../x"),
        ("commit", "main"),
        ("dirty", "yes"),
        ("reasons", []),
        ("schema_version", 1),
        ("started_at", "2026-11-21 10:37"),
        ("probes/0/status", "passed"),
        ("probes/0/severity", "huge"),
        ("probes/0/evidence/0/held", 1),
        ("probes/0/spend/0/minor", 29.0),
        ("probes/0/spend/0/currency", "rub"),
        ("spend/caps/per_run", None),
        ("health_check/status", "ok"),
    ],
)
def test_a_wrong_value_is_refused_with_its_path(report: CanaryReport, path: str, value: object) -> None:
    document = canary_document(report)
    _set(document, path, value)
    told = "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in path.split("/"))

    with pytest.raises(EvidenceError) as caught:
        schema.validate(document, "canary-report")

    assert f"${told}: " in str(caught.value)


def test_all_problems_are_listed_at_once(report: CanaryReport) -> None:
    document = canary_document(report) | {"mode": 1, "target": 2, "reasons": 3}

    with pytest.raises(EvidenceError, match=r"(?s)\$\.mode.*\$\.reasons.*\$\.target"):
        schema.validate(document, "canary-report")


def test_further_fields_are_welcome(report: CanaryReport) -> None:
    schema.validate({**canary_document(report), "cluster": "eu-1"}, "canary-report")


def test_the_runner_document_follows_its_schema() -> None:
    for environ in ({}, {"CI": "true"}, {"GITHUB_ACTIONS": "true", "GITHUB_SHA": "a" * 40}):
        schema.validate(json.loads(json.dumps(runner_metadata(environ))), "runner")
