"""What is compared of the kinds of runs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.fakes.tiers import tier_report

from billing_canary.artifact.comparable import comparable
from billing_canary.artifact.comparison import Change, compare
from billing_canary.artifact.tier_report import tier_document


def test_a_tier_is_compared_by_suite_and_by_module() -> None:
    before = tier_document(tier_report())
    after = json.loads(json.dumps(before))
    after["suites"][0]["status"] = "error"
    after["coverage"][0]["line"]["covered"] += 1

    found = compare(*(comparable("billing-confidence", document) for document in (before, after)))

    (suite,), (module,) = found.statuses, found.coverage
    assert (suite.name, suite.after) == (before["suites"][0]["name"], "error")
    assert module.name == before["coverage"][0]["module"]
    assert module.before != module.after


@pytest.mark.parametrize(
    ("kind", "rows", "expected"),
    [
        (
            "billing-triggers",
            {"triggers": [{"id": "t", "state": "fired"}]},
            Change(name="t", before="clear", after="fired"),
        ),
        (
            "billing-decisions",
            {"items": [{"id": "t", "status": "fail"}]},
            Change(name="t", before="clear", after="fail"),
        ),
        (
            "billing-faults",
            {"faults": [{"id": "t", "caught": False}], "healthy": {"alarms": []}},
            Change(name="t", before="caught", after="missed"),
        ),
    ],
)
def test_other_kinds_are_compared_by_their_rows(kind: str, rows: dict[str, Any], expected: Change) -> None:
    common = {"verdict": "hold", "reasons": ["x"], "duration_ms": 1}
    before = json.loads(
        json.dumps(rows).replace('"fired"', '"clear"').replace('"fail"', '"clear"').replace("false", "true")
    )

    found = compare(comparable(kind, {**common, **before}), comparable(kind, {**common, **rows}))

    assert found.statuses == (expected,)
