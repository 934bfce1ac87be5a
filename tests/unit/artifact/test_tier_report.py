"""A tier's summary: to JSON and back, its schema, and what later runs learn from it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.tiers import green_report

from billing_canary.artifact import schema
from billing_canary.artifact.bundle import BundleWriter
from billing_canary.artifact.complete_tier import complete_tier
from billing_canary.artifact.kinds import kind_named
from billing_canary.artifact.runner import runner_metadata
from billing_canary.artifact.tier_history import kept_junit, look_back, since_and_changes
from billing_canary.artifact.tier_reading import read_tier_report
from billing_canary.artifact.tier_report import TierReport, tier_document
from billing_canary.artifact.verify import BundleState, verify_bundle
from billing_canary.errors import EvidenceError
from billing_canary.gate.tier import judge
from billing_canary.module_coverage import CoverageStatus
from billing_canary.tier import SuiteReason
from billing_canary.verdict import Status

FIELDS = (
    "schema_version run_id mode tier commit dirty overall_status reasons suites suites_passed suites_total "
    "coverage slowest newly_failing artifact_index missing_count started_at finished_at"
).split()
"""The names that others rely on; a change of any is a new schema version."""

Record = Callable[..., Path]


@pytest.fixture
def record(claim: Callable[..., BundleWriter]) -> Record:
    """Records the bundle of a tier and answers its folder."""

    def write(report: TierReport, run_id: str = "20261121T103716.123Z-4f2a") -> Path:
        writer = claim(run_id, kind="billing-confidence", started_at=report.run.started_at)
        writer.open_log().write("hello\n")
        for attempt in (attempt for suite in report.run.suites for attempt in suite.attempts[:1]):
            if attempt.log not in writer._logs:
                writer.open_output(attempt.log).write(b"said\n")
        writer.write_json("runner.json", runner_metadata({}), kind="runner")
        complete_tier(writer, replace(report, run=replace(report.run, run_id=run_id)))
        return writer.folder

    return write


def test_it_has_every_public_field(tier_report: TierReport) -> None:
    document = tier_document(tier_report)
    assert [field for field in FIELDS if field not in document] == []
    assert set(FIELDS) <= set(schema.load("tier-summary")["required"])
    assert set(document["suites"][0]) >= {
        *("name", "status", "reason", "tests", "failures", "skipped", "duration_ms")
    }
    assert document["coverage"][0]["line"] == {
        "covered": 9067,
        "total": 10_000,
        "minimum": "85",
        "status": "pass",
    }
    schema.validate(document, "tier-summary")


def test_the_schema_knows_every_word() -> None:
    definitions = schema.load("tier-summary")["$defs"]
    assert definitions["suite_reason"]["enum"] == list(map(str, SuiteReason))
    assert definitions["coverage_status"]["enum"] == list(map(str, CoverageStatus))
    assert definitions["status"]["enum"] == list(map(str, Status))


@pytest.mark.parametrize("field", FIELDS)
def test_a_summary_without_one_of_them_is_refused(tier_report: TierReport, field: str) -> None:
    document = tier_document(tier_report)
    del document[field]
    with pytest.raises(EvidenceError, match=f"'{field}' is a required property"):
        read_tier_report(document)


def test_it_comes_back_as_it_was_but_for_the_tests_that_passed(tier_report: TierReport) -> None:
    back = read_tier_report(json.loads(json.dumps(tier_document(tier_report))))
    assert tier_document(back) == tier_document(tier_report)
    assert judge(back.run) == tier_report.verdict
    known = (tier_report.head, tier_report.since, tier_report.previous)
    assert (back.head, back.since, back.previous) == known


def test_a_recorded_bundle_is_verified(record: Record, tier_report: TierReport) -> None:
    folder = record(tier_report)
    assert verify_bundle(folder).state is BundleState.VERIFIED
    assert {path.name for path in folder.iterdir()} == {
        *("run.json", "runner.json", "summary.json", "summary.md", "junit.xml", "logs")
    }
    assert kind_named("billing-confidence").final == "summary.json"


def _whole(report: TierReport) -> TierReport:
    return replace(report, run=replace(report.run, shard=None))


def _timed(report: TierReport, **durations: int) -> TierReport:
    suites = tuple(
        replace(
            suite, attempts=tuple(replace(each, duration_ms=durations[suite.name]) for each in suite.attempts)
        )
        for suite in report.run.suites
    )
    return replace(report, run=replace(report.run, suites=suites))


def test_the_newest_run_tells_durations_and_the_newest_of_the_tier_what_changed(
    record: Record, tmp_path: Path
) -> None:
    green = green_report()
    record(_timed(green, topup=100), "20261121T100000.000Z-a")
    other = _timed(green, topup=200)
    record(replace(other, run=replace(other.run, tier="merge-medium")), "20261121T110000.000Z-b")
    history = look_back(tmp_path, "pr-fast", {"topup"})
    assert history.durations_ms == {"topup": 200}
    assert history.previous is not None
    assert history.previous.folder.name == "20261121T100000.000Z-a"


def test_shards_interrupted_and_damaged_runs_are_no_runs_to_compare_with(
    record: Record, claim: Callable[..., BundleWriter], tmp_path: Path
) -> None:
    green = green_report()
    record(replace(green, run=replace(green.run, shard=(1, 2))), "20261121T100000.000Z-a")
    claim("20261121T110000.000Z-b", kind="billing-confidence").interrupt("x")
    damaged = record(green, "20261121T120000.000Z-c") / "summary.json"
    damaged.write_text(damaged.read_text().replace('"jobs": 2', '"jobs": 3'))
    assert look_back(tmp_path, "pr-fast", {"topup"}).previous is None


def test_without_a_folder_there_is_no_history(tmp_path: Path) -> None:
    assert look_back(tmp_path / "none", "pr-fast", {"topup"}).previous is None
    (tmp_path / "billing-confidence").touch()
    assert look_back(tmp_path, "pr-fast", {"topup"}).previous is None


def test_a_status_lasts_since_the_first_of_its_series(
    record: Record, tier_report: TierReport, tmp_path: Path
) -> None:
    record(_whole(tier_report))
    previous = look_back(tmp_path, "pr-fast", {"topup"}).previous
    again = since_and_changes(previous, tier_report.run, Status.FAIL, "a" * 40)
    assert again.since == tier_report.since
    green = green_report().run
    changed = since_and_changes(previous, green, Status.PASS, "c" * 40)
    assert changed.since == green.started_at
    assert changed.previous is not None
    assert changed.previous.changes == (
        "commit: aaaaaaaaaaaa before, cccccccccccc now",
        "suite bad: test-failures before, not in the tier now",
        "suite later: not-run before, not in the tier now",
        "suite lost: junit-missing before, not in the tier now",
        "suite moody: flaky before, not in the tier now",
    )


def test_the_report_of_the_last_attempt_is_found_again(
    record: Record, tier_report: TierReport, tmp_path: Path
) -> None:
    folder = record(_whole(tier_report))
    (folder / "junit").mkdir()
    for name in ("bad.xml", "moody.xml", "moody.2.xml"):
        (folder / "junit" / name).touch()
    previous = look_back(tmp_path, "pr-fast", {"topup"}).previous
    assert previous is not None

    def found(suite: str) -> Any:
        return file.name if (file := kept_junit(previous, suite)) else None

    assert [found(name) for name in ("bad", "moody", "lost", "later", "none")] == [
        *("bad.xml", "moody.2.xml", None, None, None)
    ]
