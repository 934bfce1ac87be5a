"""A canary report with one of everything, and bundles made from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from tests.fakes.tiers import tier_report

from billing_canary.artifact.bundle import BundleWriter
from billing_canary.artifact.canary_report import CanaryReport
from billing_canary.artifact.complete import complete_canary
from billing_canary.artifact.faults_report import FaultsReport
from billing_canary.artifact.head import ReportHead
from billing_canary.artifact.runner import runner_metadata
from billing_canary.artifact.tier_report import TierReport
from billing_canary.model import (
    CanaryRun,
    Evidence,
    FaultMatrix,
    FaultResult,
    HealthCheck,
    NotApplicable,
    ProbeResult,
    ProjectFiles,
    SafetyCheck,
    Severity,
    SpendEntry,
    SpendReport,
    Status,
    Verdict,
)
from billing_canary.money import Money
from billing_canary.redact import Redactor

RUN_ID = "20261121T103716.123Z-4f2a"
RUB = "RUB"
PROJECT = ProjectFiles(root="/srv/shop", origin="--project", sha256={"gates/money.toml": "0" * 64})

HELD = Evidence(
    claim="The top-up is credited once",
    expected="0.29 RUB",
    observed="0.29 RUB",
    held=True,
    source="read_wallet",
)
BROKEN = replace(
    HELD, claim="A copy changes nothing", observed="0.58 RUB", held=False, reveals=("F01", "F99")
)

PASSED = ProbeResult(
    id="wallet.top_up",
    title="A top-up is credited once",
    surface="wallet",
    severity=Severity.CRITICAL,
    owner="@billing",
    status=Status.PASS,
    reason="",
    evidence=(HELD,),
    planned=(Money(minor=29, currency=RUB),),
    spend=(Money(minor=29, currency=RUB),),
    attempts=1,
    flaky=False,
    duration_ms=123,
    started_at="2026-11-21T10:37:17.000Z",
)
FAILED = replace(
    PASSED,
    id="webhooks.replay",
    title="An event sent again is credited once",
    surface="webhooks",
    status=Status.FAIL,
    reason="1 of 2 claims did not hold",
    evidence=(HELD, BROKEN),
)
SKIPPED = replace(
    PASSED,
    id="quota.blocked",
    surface="quota",
    severity=Severity.MAJOR,
    status=Status.SKIP,
    reason="the target has no operation use_quota",
    evidence=(),
    spend=(),
)
EXCUSED = replace(
    SKIPPED,
    id="quota.exhausted",
    severity=Severity.CRITICAL,
    not_applicable=NotApplicable(reason="this product sells no quota", owner="@billing"),
)
FLAKY = replace(PASSED, id="ladder.suspends", surface="ladder", severity=Severity.MINOR, flaky=True)


@pytest.fixture
def passed() -> ProbeResult:
    return PASSED


@pytest.fixture
def failed() -> ProbeResult:
    return FAILED


@pytest.fixture
def excused() -> ProbeResult:
    return EXCUSED


@pytest.fixture
def report() -> CanaryReport:
    """One failure, one skip, one flaky and one passed probe."""
    spend = SpendReport(
        planned=(Money(minor=58, currency=RUB),),
        moved=(Money(minor=58, currency=RUB), Money(minor=80, currency="JPY")),
        caps_per_run=(Money(minor=1000, currency=RUB), Money(minor=500, currency="JPY")),
        caps_per_call=(Money(minor=100, currency=RUB),),
        entries=(
            SpendEntry(
                what="top_up",
                amount=Money(minor=29, currency=RUB),
                total=Money(minor=29, currency=RUB),
                idempotency_key="run-top-up-1",
                answer="201",
            ),
        ),
    )
    run = CanaryRun(
        run_id=RUN_ID,
        mode="staging",
        target="shop",
        health_check=HealthCheck(status=Status.PASS, detail="200 in 3 ms"),
        safety_checks=(
            SafetyCheck(id="keys", status=Status.PASS, claim="No live key is used", detail="385 checked"),
        ),
        probes=(PASSED, FAILED, SKIPPED, FLAKY),
        spend=spend,
        started_at="2026-11-21T10:37:16.123Z",
        finished_at="2026-11-21T10:37:19.323Z",
        duration_ms=3200,
        notes=("2 probes were left out by --only",),
    )
    return CanaryReport(
        head=ReportHead(
            mode="staging",
            commit="a" * 40,
            dirty=True,
            argv=("probe", "--mode", "staging"),
            project=PROJECT,
            versions={"billing-canary": "0.1.0"},
        ),
        run=run,
        verdict=Verdict(
            overall_status=Status.FAIL, reasons=("webhooks.replay failed: copied", "ladder flaky")
        ),
        fault_titles={"F01": "Same event credited twice", "F50": "never revealed here"},
        since="2026-11-21T08:00:00.000Z",
    )


@pytest.fixture
def green(report: CanaryReport) -> CanaryReport:
    """The same run with nothing but its passed probe."""
    return replace(
        report,
        run=replace(report.run, probes=(PASSED,), notes=()),
        verdict=Verdict(overall_status=Status.PASS, reasons=("all passed",)),
        since=None,
    )


@pytest.fixture
def faults_report(report: CanaryReport) -> FaultsReport:
    caught = FaultResult(
        id="F01",
        title="Same event credited twice",
        caught=True,
        by=("webhooks.replay", "webhooks.parallel"),
        claims=("A copy changes nothing",),
        statuses={"webhooks.replay": "fail", "webhooks.parallel": "fail", "wallet.top_up": "pass"},
        duration_ms=900,
    )
    missed = replace(caught, id="F02", title="Parallel copies", caught=False, by=(), claims=())
    return FaultsReport(
        head=replace(report.head, mode="mock"),
        matrix=FaultMatrix(
            run_id=RUN_ID,
            faults=(caught, missed),
            healthy_runs=2,
            healthy_alarms=("wallet.top_up: 0.58 RUB",),
            started_at="2026-11-21T10:37:16.123Z",
            finished_at="2026-11-21T10:37:19.123Z",
            duration_ms=3000,
        ),
        verdict=Verdict(overall_status=Status.FAIL, reasons=("F02 was not caught: Parallel copies",)),
    )


@pytest.fixture(name="tier_report")
def _tier_report() -> TierReport:
    """A passed, a failed, a flaky, a lost and a left-out suite, and a module below its floor."""
    return tier_report()


Claim = Callable[..., BundleWriter]


@pytest.fixture
def claim(tmp_path: Path) -> Claim:
    """Claims a bundle below `tmp_path`."""

    def create(
        run_id: str = RUN_ID,
        *,
        kind: str = "billing-canary",
        redact: Redactor | None = None,
        root: Path = tmp_path,
        started_at: str = "2026-11-21T10:37:16.123Z",
    ) -> BundleWriter:
        head = {
            "mode": "staging",
            "argv": ["probe"],
            "started_at": started_at,
            "project": asdict(PROJECT),
        }
        return BundleWriter.create(root, kind, run_id, head, redact or Redactor())

    return create


@pytest.fixture
def record(claim: Claim) -> Callable[..., Path]:
    """Records a whole canary run and answers the bundle's folder."""

    def write(report: CanaryReport, **options: object) -> Path:
        run = report.run
        writer = claim(run.run_id, started_at=run.started_at, **options)
        writer.open_log().write("hello\n")
        writer.write_json("runner.json", runner_metadata({}), kind="runner")
        complete_canary(writer, report)
        return writer.folder

    return write


@pytest.fixture
def bundle(record: Callable[..., Path], green: CanaryReport) -> Path:
    """The folder of a complete bundle that passed."""
    return record(green)
