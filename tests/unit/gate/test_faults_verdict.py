from __future__ import annotations

from dataclasses import replace

from billing_canary.errors import ExitCode
from billing_canary.gate.exit_code import exit_code
from billing_canary.gate.faults import judge
from billing_canary.model import FaultMatrix, FaultResult, Status

CAUGHT = FaultResult(
    id="F01",
    title="Same event credited twice",
    caught=True,
    by=("webhooks.replay",),
    claims=("credited once",),
    statuses={"webhooks.replay": "fail"},
    duration_ms=900,
)
MATRIX = FaultMatrix(
    run_id="r",
    faults=(CAUGHT,),
    healthy_runs=2,
    healthy_alarms=(),
    started_at="2026-11-21T10:37:16.123Z",
    finished_at="2026-11-21T10:37:19.123Z",
    duration_ms=3000,
)


def test_every_fault_caught_and_no_alarm_is_a_pass() -> None:
    assert judge(MATRIX).overall_status is Status.PASS


def test_a_missed_fault_fails_and_is_named() -> None:
    missed = replace(CAUGHT, id="F02", caught=False, by=())

    verdict = judge(replace(MATRIX, faults=(CAUGHT, missed)))

    assert verdict.overall_status is Status.FAIL
    assert verdict.reasons == ("F02 was not caught: Same event credited twice",)


def test_caught_by_nobody_is_not_caught() -> None:
    assert judge(replace(MATRIX, faults=(replace(CAUGHT, by=()),))).overall_status is Status.FAIL


def test_a_false_alarm_fails() -> None:
    verdict = judge(replace(MATRIX, healthy_alarms=("wallet.top_up: 0.58 RUB",)))

    assert verdict.overall_status is Status.FAIL
    assert "wallet.top_up: 0.58 RUB" in verdict.reasons[0]


def test_no_fault_no_healthy_run_or_a_missing_file_shows_nothing() -> None:
    assert judge(replace(MATRIX, faults=())).overall_status is Status.INCONCLUSIVE
    assert judge(replace(MATRIX, healthy_runs=0)).overall_status is Status.INCONCLUSIVE
    assert judge(MATRIX, missing_count=1).overall_status is Status.INCONCLUSIVE


def test_exit_codes_follow_the_status() -> None:
    codes = {status: exit_code(status) for status in Status}

    assert codes == {
        Status.PASS: ExitCode.YES,
        Status.SKIP: ExitCode.CANNOT_TELL,
        Status.INCONCLUSIVE: ExitCode.CANNOT_TELL,
        Status.ERROR: ExitCode.CANNOT_TELL,
        Status.REFUSED: ExitCode.REFUSED,
        Status.FAIL: ExitCode.NO,
    }
