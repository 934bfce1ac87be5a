"""The detection matrix: what counts as caught, and what as a false alarm."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.fakes.project_folder import make_project

from billing_canary.clock import SystemClock
from billing_canary.errors import ProjectError
from billing_canary.model import (
    CanaryRun,
    Evidence,
    HealthCheck,
    ProbeResult,
    SafetyCheck,
    Severity,
    SpendReport,
    Status,
)
from billing_canary.probe.matrix import (
    HEALTHY,
    MatrixPlan,
    Trial,
    TrialResult,
    _fault_result,
    alarms,
    chosen_faults,
    default_jobs,
    reveals,
    run_matrix,
    run_trial,
)
from billing_canary.reference.faults import FAULTS

PROBE = """from billing_canary import Operation, ProbeContext, Severity, billing_probe

@billing_probe(title="An empty wallet is blocked", severity=Severity.CRITICAL, owner="billing")
def empty_wallet(run: ProbeContext) -> None:
    run.expect("A build is told", run.backend.build(), equals="matrix")
"""


def row(claim: str = "credited once", *revealed: str, held: bool = False) -> Evidence:
    return Evidence(claim=claim, expected="1", observed="2", held=held, source="wallet", reveals=revealed)


def probe(name: str, status: Status, *rows: Evidence) -> ProbeResult:
    return ProbeResult(
        id=name,
        title=name,
        surface="wallet",
        severity=Severity.CRITICAL,
        owner="billing",
        status=status,
        reason=f"{name} says why",
        evidence=rows,
        planned=(),
        spend=(),
        attempts=1,
        flaky=False,
        duration_ms=1,
        started_at="",
    )


def trial(*probes: ProbeResult, fault: str = "F01", notes: tuple[str, ...] = ()) -> TrialResult:
    run = CanaryRun(
        run_id="m",
        mode="mock",
        target="mock",
        health_check=HealthCheck(status=Status.PASS, detail=""),
        safety_checks=(SafetyCheck(id="caps", status=Status.PASS, claim="", detail=""),),
        probes=probes,
        spend=SpendReport(),
        started_at="",
        finished_at="",
        duration_ms=1,
        notes=notes,
    )
    return TrialResult(fault=fault, run=run, broke="", duration_ms=7)


def with_check(result: TrialResult, status: Status) -> TrialResult:
    assert result.run is not None
    check = SafetyCheck(id="caps", status=status, claim="", detail="1 refused: over")
    return replace(result, run=replace(result.run, safety_checks=(check,)))


BROKEN = TrialResult(fault="F01", run=None, broke="it did not start", duration_ms=3)


@pytest.mark.parametrize("ids", [["F999"], ["F01", "f01"], [""], [HEALTHY]])
def test_an_unknown_fault_is_a_wrong_call(ids: list[str]) -> None:
    with pytest.raises(ProjectError, match="unknown fault") as caught:
        chosen_faults(ids)
    assert "F01" in caught.value.problems[0].fix


def test_chosen_faults_come_once_and_none_chosen_means_all() -> None:
    assert [fault.id for fault in chosen_faults(["F02", "F01", "F02"])] == ["F02", "F01"]
    assert {fault.id for fault in chosen_faults([])} == set(FAULTS)


def test_there_are_always_two_jobs() -> None:
    assert default_jobs() >= 2


@pytest.mark.parametrize("status", [Status.FAIL, Status.ERROR, Status.REFUSED, Status.INCONCLUSIVE])
def test_in_a_healthy_service_all_but_pass_and_skip_is_an_alarm(status: Status) -> None:
    result = trial(
        probe("good", Status.PASS), probe("none", Status.SKIP), probe("bad", status), fault=HEALTHY
    )
    assert alarms(result) == ("bad: bad says why",)


def test_a_quiet_healthy_run_raises_no_alarm() -> None:
    assert alarms(trial(probe("good", Status.PASS), probe("none", Status.SKIP))) == ()


def test_a_refused_safety_check_is_an_alarm() -> None:
    result = with_check(trial(probe("good", Status.PASS)), Status.REFUSED)
    assert alarms(result) == ("caps: 1 refused: over",)


def test_a_run_without_probes_is_an_alarm_with_its_notes() -> None:
    assert alarms(trial(notes=("The target is not healthy",))) == ("The target is not healthy",)


def test_a_run_that_broke_is_an_alarm() -> None:
    assert alarms(BROKEN) == ("the run broke: it did not start",)


def test_only_a_claim_that_names_the_fault_catches_it() -> None:
    result = trial(
        probe("right", Status.FAIL, row("credited once", "F02", "F01"), row("again", "F01", held=True)),
        probe("other", Status.FAIL, row("credited once", "F02"), row("unnamed")),
    )
    assert reveals(result) == (("right", "credited once"),)
    assert reveals(replace(result, fault="F03")) == ()
    assert reveals(BROKEN) == ()


def test_a_caught_fault_is_told_with_probes_and_claims_once() -> None:
    result = trial(
        probe("a", Status.FAIL, row("one", "F01"), row("two", "F01")),
        probe("b", Status.FAIL, row("one", "F01")),
        probe("c", Status.PASS),
    )
    found = _fault_result(FAULTS["F01"], result)
    assert (found.caught, found.by, found.claims) == (True, ("a", "b"), ("one", "two"))
    assert found.statuses == {"a": "fail", "b": "fail", "c": "pass"}
    assert (found.id, found.title, found.duration_ms) == ("F01", FAULTS["F01"].title, 7)


@pytest.mark.parametrize("result", [BROKEN, trial(), trial(probe("a", Status.FAIL, row("x", "F02")))])
def test_a_fault_that_no_claim_names_is_not_caught(result: TrialResult) -> None:
    found = _fault_result(FAULTS["F01"], result)
    assert (found.caught, found.by, found.claims) == (False, (), ())


def test_a_trial_that_cannot_start_tells_why(tmp_path: Path) -> None:
    empty = run_trial(Trial(fault=HEALTHY, root=make_project(tmp_path).root, bundled=False))
    assert empty.run is None
    assert "holds no probe" in empty.broke
    project = make_project(tmp_path, probes={"operations": PROBE})
    assert "F999" in run_trial(Trial(fault="F999", root=project.root, bundled=False)).broke


def test_a_small_matrix_runs_in_processes_of_its_own(tmp_path: Path) -> None:
    project = make_project(tmp_path, probes={"operations": PROBE})
    told: list[str] = []
    plan = MatrixPlan(run_id="m-1", project=project, faults=chosen_faults(["F01"]), healthy_runs=1, jobs=2)
    matrix = run_matrix(plan, SystemClock(), lambda result: told.append(result.fault))
    assert sorted(told) == ["F01", HEALTHY]
    assert (matrix.run_id, matrix.healthy_runs, matrix.healthy_alarms) == ("m-1", 1, ())
    assert [(fault.id, fault.caught) for fault in matrix.faults] == [("F01", False)]
    assert matrix.faults[0].statuses == {"operations.empty_wallet": "pass"}
    assert matrix.started_at <= matrix.finished_at
