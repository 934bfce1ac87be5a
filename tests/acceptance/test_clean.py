"""`billing-canary clean`: what a killed staging run left goes, and nothing of anybody else's."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from tests.acceptance.conftest import Canary

RUN, OTHER = "killed-run-1", "killed-run-10"
# Leaves one of everything, says so, and then hangs until somebody kills it.
HANGS = """
import time
from pathlib import Path

from billing_canary import Operation, ProbeContext, Severity, Spends, billing_probe

@billing_probe(title="It hangs", severity=Severity.CRITICAL, owner="tests", spends=Spends(payments=3),
    needs=(Operation.OPEN_ACCOUNT, Operation.CREATE_TOP_UP, Operation.PAY))
def hangs(run: ProbeContext) -> None:
    for _ in range(3):
        run.begin_top_up(run.open_account())
    run.pay(run.begin_top_up(run.open_account()), capture_later=True)
    run.pay(run.begin_top_up(run.open_account()))
    Path("hanging").touch()
    time.sleep(600)
"""


@dataclass(frozen=True, kw_only=True)
class Staging:
    """A billing system that outlives the runs against it, seen with its own keys."""

    told: dict[str, Any]
    env: dict[str, str]

    def accounts(self, run_id: str) -> list[str]:
        url, headers = f"{self.told['backend_url']}/accounts", {"X-Admin-Key": self.told["admin_key"]}
        answer = requests.get(url, params={"run_id": run_id}, headers=headers, timeout=10)
        return [account["id"] for account in answer.json()["accounts"]]

    def open_account(self, run_id: str) -> str:
        url, headers = f"{self.told['backend_url']}/accounts", {"X-Admin-Key": self.told["admin_key"]}
        body = {"currency": "RUB", "run_id": run_id}
        return str(requests.post(url, json=body, headers=headers, timeout=10).json()["id"])

    def provided(self, what: str, run_id: str) -> list[dict[str, Any]]:
        url, auth = f"{self.told['provider_url']}/v1/{what}", (self.told["provider_key"], "")
        data = requests.get(url, params={"limit": "100"}, auth=auth, timeout=10).json()["data"]
        return [each for each in data if each["metadata"].get("run_id") == run_id]

    def everything(self, run_id: str) -> tuple[list[str], list[str], list[str]]:
        """Accounts, customers, and payments with their status."""
        payments = [f"{each['id']} {each['status']}" for each in self.provided("payment_intents", run_id)]
        return self.accounts(run_id), [each["id"] for each in self.provided("customers", run_id)], payments


@pytest.fixture
def staging(canary: Canary) -> Iterator[Staging]:
    """A mock in a process of its own as staging, and the command's project pointed at it."""
    process = canary.start("mock", "--json")
    assert process.stdout is not None
    told = json.loads(process.stdout.readline())
    canary.project(slow=HANGS)
    hosts = [told[key].removeprefix("http://") for key in ("backend_url", "provider_url")]
    policy = canary.home / "gates/money.toml"
    policy.write_text(re.sub(r"(?m)^allow = .*$", f"allow = {json.dumps(hosts)}", policy.read_text()))
    canary.edit("probes/targets.toml", '"https://api.stripe.com"', f'"{told["provider_url"]}"')
    names = {"URL": "backend_url", "ADMIN_KEY": "admin_key", "PROVIDER_KEY": "provider_key"}
    names["WEBHOOK_SECRET"] = "webhook_secret"
    env = {f"BILLING_CANARY_STAGING_{name}": told[key] for name, key in names.items()}
    yield Staging(told=told, env=env)
    process.send_signal(signal.SIGTERM)
    canary.ended(process)


def hanging(
    canary: Canary, staging: Staging, until: Callable[..., None], run_id: str
) -> subprocess.Popen[str]:
    """A run in the middle of its probe."""
    mark = canary.home / "hanging"
    process = canary.start("probe", "--mode", "staging", "--run-id", run_id, env=staging.env)
    until(lambda: mark.exists() or process.poll() is not None)
    assert process.poll() is None, process.communicate()
    mark.unlink()
    return process


def killed(canary: Canary, staging: Staging, until: Callable[..., None], run_id: str) -> None:
    process = hanging(canary, staging, until, run_id)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def journal(canary: Canary, run_id: str) -> Path:
    return canary.artifacts / "billing-canary" / run_id / "logs" / "created.jsonl"


def test_a_killed_run_is_cleaned_and_no_other(
    canary: Canary, staging: Staging, until: Callable[..., None]
) -> None:
    killed(canary, staging, until, OTHER)
    killed(canary, staging, until, RUN)
    others = staging.everything(OTHER)
    before = staging.everything(RUN)
    assert [len(each) for each in (*before, *others)] == [5] * 6

    lines = [json.loads(line) for line in journal(canary, RUN).read_text().splitlines()]
    assert sorted(line["account"] for line in lines) == sorted(before[0])
    assert "acct_key" not in journal(canary, RUN).read_text()

    listed = canary("clean", "--run-id", RUN, "--dry-run", "--json", env=staging.env)
    assert (listed.code, listed.document["removed"]) == (1, [])
    assert len(listed.document["left"]) == 5 + 5 + 4, "the succeeded payment is history"
    assert (staging.everything(RUN), staging.everything(OTHER)) == (before, others)

    done = canary("clean", "--run-id", RUN, "--json", env=staging.env)
    assert (done.code, done.document["left"], done.document["unknown"]) == (0, [], [])
    assert {(each["kind"], each["id"]) for each in done.document["removed"]} == {
        (each["kind"], each["id"]) for each in listed.document["left"]
    }
    accounts, customers, payments = staging.everything(RUN)
    assert (accounts, customers) == ([], [])
    assert sorted(each.split()[1] for each in payments) == ["canceled"] * 4 + ["succeeded"]
    assert staging.everything(OTHER) == others

    again = canary("clean", "--run-id", RUN, env=staging.env)
    assert (again.code, again.stdout) == (0, f"nothing is left of run {RUN} at target staging\n")


def test_the_journal_alone_is_enough_where_accounts_cannot_be_found(
    canary: Canary, staging: Staging, until: Callable[..., None]
) -> None:
    killed(canary, staging, until, RUN)
    unknown = staging.open_account(RUN)  # as one whose id the run never learned
    text = (canary.home / "probes/targets.toml").read_text()
    start = text.index("[backends.reference.operations.find_accounts]")
    end = text.index("[backends.", start + 1)
    (canary.home / "probes/targets.toml").write_text(text[:start] + text[end:])

    done = canary("clean", "--run-id", RUN, env=staging.env)
    assert (done.code, staging.accounts(RUN)) == (0, [unknown])
    assert done.stdout.endswith("as far as its journal tells\n")
    again = canary("clean", "--run-id", RUN, "--json", env=staging.env)
    assert (again.code, again.document["removed"]) == (0, [])

    blind = canary("clean", "--run-id", RUN, "--artifacts", "elsewhere", env=staging.env)
    assert blind.code == 3
    assert "can't tell what is left" in blind.stderr


def test_a_run_at_work_is_left_alone(canary: Canary, staging: Staging, until: Callable[..., None]) -> None:
    process = hanging(canary, staging, until, RUN)
    before = staging.everything(RUN)
    refused = canary("clean", "--run-id", RUN, env=staging.env)
    assert (refused.code, staging.everything(RUN)) == (2, before)
    assert "is still running" in refused.stderr
    assert "fix:" in refused.stderr
    process.kill()
    process.wait()
    assert canary("clean", "--run-id", RUN, env=staging.env).code == 0


@pytest.mark.parametrize("run_id", ["short", "", "../other-run", "killed-run-*", "a" * 101])
def test_an_id_that_is_no_whole_id_is_a_wrong_call(quick: Canary, run_id: str) -> None:
    done = quick("clean", "--run-id", run_id)
    assert (done.code, done.stdout) == (2, "")
    assert "--run-id" in done.stderr


def test_a_mock_run_needs_none(quick: Canary) -> None:
    assert quick("probe", "--run-id", "a-mock-run").code == 0
    done = quick("clean", "--run-id", "a-mock-run")
    assert done.code == 2
    assert "ran in mode mock" in done.stderr


def test_a_prefix_of_the_id_matches_nothing(canary: Canary, staging: Staging) -> None:
    kept = staging.open_account(OTHER)
    done = canary("clean", "--run-id", RUN, env=staging.env)
    assert (done.code, staging.accounts(OTHER)) == (0, [kept])


def test_what_money_toml_does_not_allow_is_named_and_left(canary: Canary, staging: Staging) -> None:
    kept = staging.open_account(RUN)
    canary.edit("gates/money.toml", 'method = "DELETE"\npath = "/v1/customers/{customer}"', 'path = "/v1/x"')
    done = canary("clean", "--run-id", RUN, "--json", env=staging.env)
    assert (done.code, staging.accounts(RUN)) == (1, [])
    assert [each["kind"] for each in done.document["left"]] == ["customer"]
    assert "not in [[provider.writes]]" in done.document["left"][0]["reason"]
    assert kept in [each["id"] for each in done.document["removed"]]


def test_a_backend_that_cannot_be_believed_ends_it(canary: Canary, staging: Staging) -> None:
    kept = staging.open_account(OTHER)
    canary.edit("probes/targets.toml", "accounts?run_id={run_id}", f"accounts?run_id={OTHER}")
    done = canary("clean", "--run-id", RUN, env=staging.env)
    assert (done.code, done.stdout, staging.accounts(OTHER)) == (3, "", [kept])
    assert f"an account of run '{OTHER}', not of {RUN}" in done.stderr


def test_no_key_is_ever_shown(canary: Canary, staging: Staging) -> None:
    staging.open_account(RUN)
    done = canary("clean", "--run-id", RUN, "--json", env=staging.env)
    assert done.code == 0
    secrets = [staging.told[name] for name in ("admin_key", "provider_key", "webhook_secret")]
    assert not [secret for secret in secrets if secret in done.stdout + done.stderr]


def test_without_the_sandbox_proof_nothing_is_asked(canary: Canary, staging: Staging) -> None:
    kept = staging.open_account(RUN)
    env = staging.env | {"BILLING_CANARY_STAGING_PROVIDER_KEY": "sk_test_of_another_account"}
    done = canary("clean", "--run-id", RUN, env=env)
    assert (done.code, staging.accounts(RUN)) == (4, [kept])
    assert "sandbox" in done.stderr
