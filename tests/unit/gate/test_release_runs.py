"""Items that recorded runs answer, each branch by what it says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.fakes.release_items import HEAVY_PATH, MENDED, RUN_HEAVY, RUN_STAGING, result, told
from tests.fakes.releases import (
    CANARY,
    COMMIT,
    COVERAGE,
    HEAVY,
    OTHER,
    PROBE,
    SUITES,
    TIER,
    item,
)

from billing_canary.gate.release_run import wanted_run
from billing_canary.release import BundleEvidence, ReleaseItem
from billing_canary.verdict import Status


def test_a_passed_tier_is_green_with_its_path() -> None:
    assert told(result(TIER, HEAVY)) == (
        Status.PASS,
        "passed at 2026-11-21T11:00:00.000Z",
        "",
        HEAVY_PATH,
    )


def test_a_passed_probe_is_green_with_its_path() -> None:
    assert told(result(PROBE, CANARY))[::3] == (Status.PASS, "billing-canary/canary-1")


def test_without_a_run_the_fix_is_the_command_that_makes_one() -> None:
    assert told(result(TIER)) == (
        Status.INCONCLUSIVE,
        "no run of tier heavy is recorded for commit aaaaaaaaaaaa",
        RUN_HEAVY,
        "",
    )
    assert told(result(PROBE)) == (
        Status.INCONCLUSIVE,
        "no canary run in staging mode is recorded for commit aaaaaaaaaaaa",
        RUN_STAGING,
        "",
    )


def test_the_mock_probe_needs_no_sandbox_and_a_target_is_named() -> None:
    mock = item("probe", mode="mock", target="shop", max_age_h=1)

    assert (
        result(mock).fix
        == "git switch --detach aaaaaaaaaaaa && billing-canary probe --mode mock --target shop"
    )


def test_a_run_of_another_commit_is_named_but_does_not_count() -> None:
    found = result(TIER, replace(HEAVY, commit=OTHER))

    assert found.status is Status.INCONCLUSIVE
    assert found.reason == (
        "no run of tier heavy is recorded for commit aaaaaaaaaaaa; "
        "the newest one, billing-confidence/heavy-1, is of bbbbbbbbbbbb"
    )


@pytest.mark.parametrize(
    "other",
    [
        replace(HEAVY, tier="light"),
        replace(HEAVY, kind="billing-canary"),
        replace(HEAVY, kind="billing-faults"),
    ],
)
def test_another_tier_or_kind_does_not_count(other: BundleEvidence) -> None:
    assert result(TIER, other).reason == "no run of tier heavy is recorded for commit aaaaaaaaaaaa"


def test_another_mode_or_target_does_not_count() -> None:
    assert result(PROBE, replace(CANARY, mode="mock")).status is Status.INCONCLUSIVE
    shop = item("probe", mode="staging", target="shop", max_age_h=24)
    assert result(shop, CANARY).status is Status.PASS
    assert result(shop, replace(CANARY, target="kiosk")).status is Status.INCONCLUSIVE


@pytest.mark.parametrize(
    ("changes", "status", "reason", "fix"),
    [
        (
            {"state": "interrupted", "detail": "stopped by hand"},
            Status.INCONCLUSIVE,
            f"{HEAVY_PATH}: stopped by hand",
            RUN_HEAVY,
        ),
        (
            {"state": "interrupted"},
            Status.INCONCLUSIVE,
            f"{HEAVY_PATH}: the run was interrupted",
            RUN_HEAVY,
        ),
        (
            {"state": "damaged", "detail": "junit.xml: has another content"},
            Status.FAIL,
            f"{HEAVY_PATH} is damaged: junit.xml: has another content",
            RUN_HEAVY,
        ),
        (
            {"state": ""},
            Status.FAIL,
            f"{HEAVY_PATH} is damaged: it cannot be verified",
            RUN_HEAVY,
        ),
        (
            {"invalidated": "wrong database"},
            Status.FAIL,
            f"{HEAVY_PATH} was declared void: wrong database",
            RUN_HEAVY,
        ),
        (
            {"checks_harness": True},
            Status.FAIL,
            f"{HEAVY_PATH} checks the harness and says nothing about billing",
            RUN_HEAVY,
        ),
        (
            {"partial": True},
            Status.FAIL,
            f"{HEAVY_PATH} is one shard of several: 'billing-canary runs merge' makes one run of all",
            RUN_HEAVY,
        ),
        (
            {"commit": None},
            Status.FAIL,
            f"{HEAVY_PATH} was made outside of a Git repository: it speaks for no commit",
            RUN_HEAVY,
        ),
        (
            {"dirty": True},
            Status.FAIL,
            f"{HEAVY_PATH} was made with uncommitted changes: it speaks for no commit",
            RUN_HEAVY,
        ),
        (
            {"dirty": None},
            Status.FAIL,
            f"{HEAVY_PATH} was made with uncommitted changes: it speaks for no commit",
            RUN_HEAVY,
        ),
        (
            {"missing_count": 2},
            Status.FAIL,
            f"{HEAVY_PATH} lacks required files (missing_count 2)",
            RUN_HEAVY,
        ),
        (
            {"missing_count": None},
            Status.FAIL,
            f"{HEAVY_PATH} lacks required files (missing_count None)",
            RUN_HEAVY,
        ),
        (
            {"finished_at": ""},
            Status.FAIL,
            f"{HEAVY_PATH} does not tell when it ended",
            RUN_HEAVY,
        ),
        (
            {"finished_at": "2026-11-21T12:00:00.001Z"},
            Status.FAIL,
            f"{HEAVY_PATH} ended at 2026-11-21T12:00:00.001Z, after this decision: a clock is wrong",
            f"set the clock, then: {RUN_HEAVY}",
        ),
        (
            {"finished_at": "2026-11-18T11:59:59.999Z"},
            Status.INCONCLUSIVE,
            f"{HEAVY_PATH} ended at 2026-11-18T11:59:59.999Z, over 72 h ago",
            RUN_HEAVY,
        ),
    ],
)
@pytest.mark.parametrize("each", [TIER, SUITES, COVERAGE], ids=lambda each: each.id)
def test_a_run_that_cannot_be_relied_on(
    each: ReleaseItem, changes: dict[str, Any], status: Status, reason: str, fix: str
) -> None:
    assert told(result(each, replace(HEAVY, **changes))) == (status, reason, fix, HEAVY_PATH)


@pytest.mark.parametrize("ended", ["2026-11-18T12:00:00.000Z", "2026-11-21T12:00:00.000Z"])
def test_the_ends_of_the_time_that_counts(ended: str) -> None:
    assert result(TIER, replace(HEAVY, finished_at=ended)).status is Status.PASS


def test_a_limited_probe_is_no_evidence() -> None:
    found = result(PROBE, replace(CANARY, partial=True))

    assert found.status is Status.FAIL
    assert found.reason == (
        "billing-canary/canary-1 was limited on its command line (--only, --fault or --no-require-sandbox)"
    )


@pytest.mark.parametrize(
    ("came_to", "status", "words"),
    [
        ("fail", Status.FAIL, "fail"),
        ("inconclusive", Status.INCONCLUSIVE, "inconclusive"),
        ("refused", Status.INCONCLUSIVE, "refused"),
        ("", Status.INCONCLUSIVE, "nothing"),
    ],
)
def test_a_reliable_run_that_did_not_pass(came_to: str, status: Status, words: str) -> None:
    found = result(TIER, replace(HEAVY, overall_status=came_to))

    assert told(found) == (status, f"{HEAVY_PATH} came to {words}", MENDED, HEAVY_PATH)


@pytest.mark.parametrize(
    "newer",
    [
        replace(HEAVY, run_id="2", folder="2", overall_status="fail"),
        replace(HEAVY, run_id="2", folder="2", state="damaged"),
        replace(HEAVY, run_id="2", folder="2", state="interrupted", commit=None),
        replace(HEAVY, run_id="2", folder="2", state="damaged", commit=None, tier="", mode=""),
        replace(HEAVY, run_id="2", folder="2", commit=None),
        replace(HEAVY, run_id="2", folder="2", invalidated="void"),
    ],
)
def test_a_newer_run_that_is_no_pass_is_never_skipped_for_an_older_one(newer: BundleEvidence) -> None:
    assert result(TIER, newer, HEAVY).evidence == "2"
    assert result(TIER, newer, HEAVY).status is not Status.PASS
    assert result(TIER, HEAVY, newer).status is Status.PASS


def test_a_newer_run_of_another_commit_hides_nothing() -> None:
    assert result(TIER, replace(HEAVY, commit=OTHER, overall_status="fail"), HEAVY).status is Status.PASS


def test_a_run_that_is_gone_makes_every_item_of_its_kind_red() -> None:
    gone = ("billing-confidence/lost", "billing-confidence/lost-2")

    for each in (TIER, SUITES, COVERAGE):
        assert told(result(each, HEAVY, gone=gone)) == (
            Status.FAIL,
            (
                "billing-confidence/lost, billing-confidence/lost-2 was recorded here and is gone, "
                "though nobody pruned it"
            ),
            (
                "restore it, or say who removed it and why: billing-canary runs invalidate lost "
                "--kind billing-confidence --by NAME --reason WHY"
            ),
            "",
        )
    assert result(PROBE, CANARY, gone=gone).status is Status.PASS


@pytest.mark.parametrize(
    "settings", [{}, {"tier": 7, "max_age_h": "72"}, {"tier": "heavy", "max_age_h": True}]
)
def test_settings_that_are_not_there_make_nothing_green(settings: dict[str, Any]) -> None:
    assert result(item("tier", **settings), HEAVY).status is not Status.PASS


def test_what_a_run_must_be_to_concern_an_item() -> None:
    wanted = wanted_run(PROBE, COMMIT)

    assert wanted.concerns(CANARY)
    assert wanted.concerns(replace(CANARY, commit=None))
    assert wanted.concerns(replace(CANARY, mode="", target=""))
    assert not wanted.concerns(replace(CANARY, commit=OTHER))
    assert wanted.resembles(replace(CANARY, commit=OTHER))
    assert not wanted.resembles(replace(CANARY, mode="mock"))
