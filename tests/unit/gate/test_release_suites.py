"""Items about suites, coverage and complete artifacts, each branch by what it says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.fakes.release_items import HEAVY_PATH, MENDED, RUN_HEAVY, RUN_STAGING, result, told
from tests.fakes.releases import (
    ARTIFACTS,
    CANARY,
    COVERAGE,
    HEAVY,
    PROBE,
    SIGN_OFF,
    SUITES,
    TIER,
    evidence,
    item,
    policy,
)

from billing_canary.gate.release import judge_items
from billing_canary.release import BundleEvidence, ItemResult, ReleaseItem
from billing_canary.verdict import Status


def test_critical_suites_by_name() -> None:
    found = result(SUITES, replace(HEAVY, overall_status="fail"))

    assert told(found) == (Status.PASS, "passed: topup, webhook", "", HEAVY_PATH)


@pytest.mark.parametrize(
    ("suites", "reason"),
    [
        ((("topup", "pass"),), "suite webhook did not run"),
        ((("topup", "fail"), ("webhook", "pass")), "suite topup came to fail"),
        (
            (("topup", "inconclusive"), ("webhook", "fail")),
            "suite topup came to inconclusive; suite webhook came to fail",
        ),
        (
            (("topup", "pass"), ("topup", "fail"), ("webhook", "pass")),
            "suite topup came to pass and fail",
        ),
        ((("topup", "pass"), ("topup", "pass"), ("webhook", "pass")), "suite topup came to pass and pass"),
        ((), "suite topup did not run; suite webhook did not run"),
    ],
)
def test_a_critical_suite_that_is_not_green(suites: tuple[tuple[str, str], ...], reason: str) -> None:
    found = result(SUITES, replace(HEAVY, suites=suites))

    assert told(found) == (Status.FAIL, f"{HEAVY_PATH}: {reason}", MENDED, HEAVY_PATH)


@pytest.mark.parametrize("settings", [{}, {"suites": ()}, {"suites": "topup"}])
def test_an_item_that_names_no_suite_is_no_pass(settings: dict[str, Any]) -> None:
    found = result(item("suites", tier="heavy", max_age_h=72, **settings), HEAVY)

    assert (found.status, found.reason) == (Status.FAIL, f"{HEAVY_PATH}: the item names no suite")


def test_coverage_that_holds() -> None:
    assert told(result(COVERAGE, HEAVY)) == (
        Status.PASS,
        "every gated module holds its floors",
        "",
        HEAVY_PATH,
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"coverage_gate": False, "coverage": ()}, "its tier has no coverage gate"),
        ({"coverage": ()}, "coverage was not measured"),
        ({"coverage": (("shop", "below", "pass"),)}, "shop: lines below, branches pass"),
        ({"coverage": (("shop", "pass", "stale"),)}, "shop: lines pass, branches stale"),
        (
            {"coverage": (("a", "pass", "pass"), ("b", "missing", "missing"))},
            "b: lines missing, branches missing",
        ),
    ],
)
def test_coverage_that_does_not_hold(changes: dict[str, Any], reason: str) -> None:
    found = result(COVERAGE, replace(HEAVY, **changes))

    assert told(found) == (Status.FAIL, f"{HEAVY_PATH}: {reason}", MENDED, HEAVY_PATH)


def artifacts(*bundles: BundleEvidence, asked: tuple[ReleaseItem, ...] = (TIER, PROBE, SUITES)) -> ItemResult:
    return judge_items(policy(*asked, ARTIFACTS), evidence(bundles=bundles))[-1]


def test_complete_artifacts() -> None:
    assert told(artifacts(HEAVY, CANARY)) == (
        Status.PASS,
        "missing_count 0 in 2 bundles",
        "",
        HEAVY_PATH,
    )
    assert artifacts(HEAVY, asked=(TIER, COVERAGE)).reason == "missing_count 0 in 1 bundle"


def test_artifacts_of_which_some_are_missing() -> None:
    assert told(artifacts(HEAVY)) == (
        Status.INCONCLUSIVE,
        "no canary run in staging mode is recorded for this commit",
        RUN_STAGING,
        "",
    )
    assert told(artifacts(replace(HEAVY, missing_count=1), CANARY)) == (
        Status.FAIL,
        f"{HEAVY_PATH} is not complete: verified, missing_count 1",
        RUN_HEAVY,
        HEAVY_PATH,
    )
    assert artifacts(HEAVY, replace(CANARY, state="damaged", missing_count=None)).reason == (
        "billing-canary/canary-1 is not complete: damaged, missing_count unknown"
    )
    assert artifacts(HEAVY, replace(CANARY, state="damaged")).status is Status.FAIL


def test_artifacts_of_no_run_at_all() -> None:
    assert told(artifacts(HEAVY, asked=(SIGN_OFF,))) == (
        Status.INCONCLUSIVE,
        "no item asks for a run",
        "add an item of kind tier or probe to the policy",
        "",
    )
