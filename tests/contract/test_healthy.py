"""A healthy service stays green: under every schedule by which events arrive, and run after run."""

from __future__ import annotations

import json
import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from billing_canary.gate.canary import judge
from billing_canary.model import CanaryRun, Status, Verdict
from billing_canary.probe.canary import CanaryPlan, run_canary
from billing_canary.probe.loader import load_probes
from billing_canary.probe.matrix import HEALTHY, Trial, run_trial
from billing_canary.project import Project
from billing_canary.redact import Redactor
from billing_canary.reference.provider.schedules import SCHEDULES
from billing_canary.target.connect import Wishes, connect_mock
from billing_canary.target.mock import MockService

ROOT = Path(__file__).parents[2]
ARRIVING = [name for name, schedule in SCHEDULES.items() if schedule.copies]
AS_COMMANDS = 10
IN_PROCESSES = 40
AT_ONCE = 2


def _run(schedule: str) -> CanaryRun:
    project = Project(ROOT, "contract")
    with MockService(build_id="contract", schedule=schedule) as service:
        target = connect_mock(project, service.environment(), "contract", Wishes())
        try:
            plan = CanaryPlan(
                mode="mock", probes=load_probes(project), redact=Redactor(target.settings.all_secrets)
            )
            return run_canary(target, plan)
        finally:
            target.close()


def _verdict(run: CanaryRun) -> Verdict:
    return judge(
        probes=run.probes,
        safety_checks=run.safety_checks,
        health_check=run.health_check,
        not_run="; ".join(run.notes),
    )


@pytest.mark.parametrize("schedule", ARRIVING)
def test_the_canary_is_green_however_events_arrive(schedule: str) -> None:
    run = _run(schedule)
    assert {probe.id: probe.reason for probe in run.probes if probe.status is not Status.PASS} == {}
    assert _verdict(run).overall_status is Status.PASS


def test_the_canary_is_red_when_no_event_arrives() -> None:
    assert [name for name in SCHEDULES if name not in ARRIVING] == ["silent"]
    run = _run("silent")
    assert _verdict(run).overall_status is Status.FAIL
    revealed = {fault for probe in run.probes for row in probe.failed_claims for fault in row.reveals}
    assert "F35" in revealed, "paid, never credited"


def test_ten_commands_in_a_row_pass_and_say_the_same(command: Any, tmp_path: Path) -> None:
    def once(number: int) -> Any:
        words = ("probe", "--project", str(ROOT), "--run-id", f"run-{number}", "--json", "--quiet")
        return command(*words, cwd=tmp_path)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        done = list(pool.map(once, range(AS_COMMANDS)))
    assert [run.returncode for run in done] == [0] * AS_COMMANDS, [run.stderr for run in done]
    assert command("runs", "verify", "--all", cwd=tmp_path).returncode == 0
    told = [_told(tmp_path / "artifacts" / "billing-canary" / f"run-{n}") for n in range(AS_COMMANDS)]
    assert all(one == told[0] for one in told)


def _told(bundle: Path) -> dict[str, Any]:
    """What a run says of each probe that may not differ from run to run."""
    report = json.loads((bundle / "billing-canary-report.json").read_text(encoding="utf-8"))
    return {
        probe["id"]: (probe["status"], {(row["claim"], row["held"]) for row in probe["evidence"]})
        for probe in report["probes"]
    }


def test_forty_more_runs_pass() -> None:
    trial = Trial(fault=HEALTHY, root=ROOT, bundled=False)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(AT_ONCE, mp_context=context) as pool:
        results = list(pool.map(run_trial, [trial] * IN_PROCESSES))
    runs = [result.run for result in results]
    assert [result.broke for result in results if result.run is None] == []
    alarms = [
        f"{probe.id}: {probe.reason}"
        for run in runs
        if run is not None
        for probe in run.probes
        if probe.status is not Status.PASS
    ]
    assert alarms == []
    assert {_verdict(run).overall_status for run in runs if run is not None} == {Status.PASS}
