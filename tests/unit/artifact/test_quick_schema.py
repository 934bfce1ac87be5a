"""The quick acceptor never says yes where the full validator says no."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from billing_canary.artifact import schema
from billing_canary.artifact.canary_report import CanaryReport, canary_document
from billing_canary.artifact.faults_report import FaultsReport, faults_document
from billing_canary.artifact.quick_schema import surely_valid
from billing_canary.artifact.runner import runner_metadata
from billing_canary.artifact.tier_report import TierReport, tier_document

MUTATIONS = 2_000
VALUES = [None, True, False, 0, 1, -1, 1.0, 1.5, "", "x", "pass", [], ["x"], {}, {"x": 1}, 2**60, "0" * 64]
ROW = {"path": "a", "kind": "log", "required": True, "present": True, "bytes": 1, "sha256": "0" * 64}
ABSENT = {**ROW, "present": False, "bytes": None, "sha256": None}


@pytest.fixture
def documents(
    report: CanaryReport, faults_report: FaultsReport, tier_report: TierReport
) -> dict[str, dict[str, Any]]:
    rows = {"artifact_index": [ROW, ABSENT]}
    return {
        "canary-report": canary_document(report) | rows,
        "faults-report": faults_document(faults_report) | rows,
        "tier-summary": tier_document(tier_report) | rows,
        "runner": runner_metadata({"CI": "true"}),
    }


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, item in list(entries):
        yield value, key
        yield from _places(item)


def _mutated(document: dict[str, Any], moments: random.Random) -> dict[str, Any]:
    changed = copy.deepcopy(document)
    for _ in range(moments.choice([1, 1, 1, 2, 3])):
        holder, key = moments.choice(list(_places(changed)))
        if isinstance(holder, dict) and moments.random() < 0.3:
            del holder[key]
        else:
            holder[key] = copy.deepcopy(moments.choice(VALUES))
    return changed


def test_what_we_write_is_accepted_at_once(documents: dict[str, dict[str, Any]]) -> None:
    for name, document in documents.items():
        assert surely_valid(document, schema.load(name)), name


@pytest.mark.parametrize("name", ["canary-report", "faults-report", "tier-summary", "runner"])
def test_it_agrees_with_the_full_validator(documents: dict[str, dict[str, Any]], name: str) -> None:
    full = schema._validator(name)
    moments = random.Random(name)  # noqa: S311 - mutations, no secrets
    seen = {True: 0, False: 0}
    for _ in range(MUTATIONS):
        document = _mutated(documents[name], moments)
        right = full.is_valid(document)
        seen[right] += 1
        quick = surely_valid(document, schema.load(name))
        assert quick <= right, document
        assert quick == right, "it also says yes wherever it can"
    assert min(seen.values()) > MUTATIONS // 50, seen


@pytest.mark.parametrize(
    "unknown",
    [{"oneOf": [{}]}, {"format": "date"}, {"uniqueItems": True}, {"$ref": "other.json"}, {"not": {}}],
)
def test_a_keyword_that_it_does_not_know_is_left_to_the_full_one(unknown: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(unknown)
    assert not surely_valid({}, unknown)
