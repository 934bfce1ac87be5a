"""The suites can say no: each is green on the healthy service and red under the faults it is there for."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.contract.conftest import ROOT, clean_environment
from tests.fakes.staging import Staging

from billing_canary.project import find_project
from billing_canary.suite.tier_file import load_tier

TIERS = {"pr-fast": 3, "merge-medium": 4, "release-heavy": 5}

CAUGHT = [
    ("topup", "F01", "test_copies_of_the_event_credit_once"),
    ("topup", "F25", "test_a_retry_with_the_same_key_is_the_same_payment"),
    ("topup", "F29", "test_a_currency_without_decimals_is_charged_and_credited_as_it_is"),
    ("topup", "F33", "test_a_partial_capture_credits_what_was_captured"),
    ("subscription", "F22", "test_the_same_key_subscribes_once"),
    ("subscription", "F50", "test_use_beyond_the_quota_is_blocked_as_a_whole"),
    ("subscription_webhook", "F01", "test_a_replayed_renewal_grants_once"),
    ("subscription_webhook", "F10", "test_forged_stale_and_unsigned_events_change_nothing"),
    ("subscription_webhook", "F04", "test_an_event_that_cannot_be_processed_at_first_is_not_lost"),
    ("integration", "F11", "test_a_renewal_counts_once_however_it_is_told"),
    ("integration", "F85", "test_the_deployed_build_runs_and_is_well"),
    ("quota", "F49", "test_calls_at_the_same_time_cannot_overspend"),
    ("quota", "F52", "test_a_call_that_fails_costs_nothing_and_holds_nothing"),
]
"""A suite, a fault, and the test of that suite which must turn red under it."""


def run_suites(
    *words: str, cwd: Path = ROOT, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    argv = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "--tb=line",
        *words,
    ]
    return subprocess.run(
        argv,
        cwd=cwd,
        env=clean_environment() | (env or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


def file_of(suite: str) -> str:
    return f"suites/billing/test_billing_{suite}.py"


@pytest.mark.parametrize("suite", ["topup", "subscription", "subscription_webhook", "integration", "quota"])
def test_a_suite_is_green_on_the_healthy_service_and_runs_as_many_tests_as_its_tier_demands(
    suite: str,
) -> None:
    tier = load_tier(find_project(ROOT, ROOT), "release-heavy")
    (found,) = (each for each in tier.suites if file_of(suite) in each.command)
    done = run_suites(file_of(suite))
    assert done.returncode == 0, done.stdout[-3000:]
    assert done.stdout.splitlines()[-1].startswith(f"{found.min_tests} passed in "), done.stdout[-300:]


@pytest.mark.parametrize(("suite", "fault", "test"), CAUGHT)
def test_a_suite_turns_red_under_a_fault(suite: str, fault: str, test: str) -> None:
    done = run_suites(file_of(suite), "-k", test, env={"BILLING_SUITE_FAULT": fault})
    assert done.returncode == 1, done.stdout[-3000:]
    assert f"FAILED {file_of(suite)}::{test}" in done.stdout or f"::{test}" in done.stdout


def test_an_unknown_fault_is_an_error_and_no_pass() -> None:
    done = run_suites(file_of("quota"), env={"BILLING_SUITE_FAULT": "F999"})
    assert done.returncode == 1
    assert "not in the catalogue: F999" in done.stdout


@pytest.mark.parametrize(("name", "many"), TIERS.items())
def test_each_tier_adds_to_the_one_before(name: str, many: int) -> None:
    tier = load_tier(find_project(ROOT, ROOT), name)
    assert len(tier.suites) == many
    assert tier.coverage_gate
    assert all(suite.coverage for suite in tier.suites)


@pytest.fixture
def staging(command: Any, tmp_path: Path) -> Iterator[Staging]:
    """A project, and a system that runs as a process of its own."""
    home = tmp_path / "project"
    assert command("init", str(home), cwd=tmp_path).returncode == 0
    argv = [sys.executable, "-m", "billing_canary", "mock", "--json"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, env=clean_environment(), text=True) as served:
        assert served.stdout is not None
        found = Staging(told=json.loads(served.stdout.readline()), home=home)
        found.know()
        yield found
        served.terminate()


def test_the_suites_ask_a_staging_target_through_its_project(staging: Staging) -> None:
    done = run_suites(
        file_of("subscription"), "--billing-target", "staging", cwd=staging.home, env=staging.env
    )
    assert (done.returncode, "18 passed" in done.stdout) == (0, True), done.stdout[-3000:]
    assert not [secret for secret in staging.secrets if secret in done.stdout]


def test_what_only_the_mock_can_do_is_skipped_in_staging_with_the_reason(staging: Staging) -> None:
    done = run_suites(
        file_of("subscription_webhook"), "--billing-target", "staging", cwd=staging.home, env=staging.env
    )
    assert "15 skipped" in done.stdout
    assert "only the mock's provider can deliver by the schedule 'silent'" in done.stdout


def test_the_guard_refuses_a_host_that_the_project_does_not_allow(staging: Staging) -> None:
    staging.allow("api.stripe.com")
    done = run_suites(file_of("quota"), "--billing-target", "staging", cwd=staging.home, env=staging.env)
    assert done.returncode == 1
    assert "passed" not in done.stdout.splitlines()[-1]
    assert "RefusedError" in done.stdout
