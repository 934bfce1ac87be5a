"""`--mode staging` against a billing system that the run did not start: verdicts and what they rest on."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import requests
from tests.fakes import staging as names
from tests.fakes.server import Call, FakeServer, Reply, answer_json, unused_port
from tests.fakes.staging import OPENS, WRONG, Staging, host, probe

if TYPE_CHECKING:
    from tests.acceptance.conftest import Canary, Outcome


def accounts_of(staging: Staging, run_id: str) -> Any:
    return requests.get(
        f"{staging.told['backend_url']}/accounts",
        params={"run_id": run_id},
        headers={"X-Admin-Key": staging.told["admin_key"]},
        timeout=10,
    ).json()["accounts"]


def checks(canary: Canary) -> dict[str, dict[str, str]]:
    return {check["id"]: check for check in canary.bundle.report["safety_checks"]}


def test_the_same_probes_pass_and_leave_nothing_behind(canary: Canary, staging: Staging) -> None:
    done = probe(canary, staging, "--require-sandbox", "--max-amount-rub", "10", "--run-id", "staging-run-1")
    report = canary.bundle.report
    assert done.code == 0, done.stdout + done.stderr
    assert f"target:  staging at {staging.told['backend_url']}, run staging-run-1" in done.stderr
    assert (report["mode"], report["target"], report["overall_status"]) == ("staging", "staging", "pass")
    assert {each["status"] for each in report["probes"]} == {"pass"}
    assert [each["id"] for each in report["probes"]] == [
        each["id"] for each in canary("probe", "--list", "--json").document["probes"]
    ]
    assert {each["status"] for each in report["safety_checks"]} == {"pass"}
    assert "livemode=false" in checks(canary)["sandbox"]["detail"]
    assert accounts_of(staging, "staging-run-1") == []
    assert canary("runs", "verify", "--all").code == 0
    _no_secret_anywhere(canary, staging, done)
    _no_two_spend_at_once(report)


def _no_secret_anywhere(canary: Canary, staging: Staging, done: Outcome) -> None:
    files = {str(path): path.read_bytes() for path in canary.artifacts.rglob("*") if path.is_file()}
    assert len(files) >= 6
    places = files | {"stdout": done.stdout.encode(), "stderr": done.stderr.encode()}
    found = [place for place, data in places.items() for each in staging.secrets if each.encode() in data]
    assert found == []


def _no_two_spend_at_once(report: dict[str, Any]) -> None:
    spending = sorted((each["started_at"], each["duration_ms"]) for each in report["probes"] if each["spend"])
    assert len(spending) > 15
    slack = timedelta(milliseconds=3)  # both figures are rounded
    ends = [datetime.fromisoformat(at) + timedelta(milliseconds=took) for at, took in spending]
    overlaps = [
        (end, at) for end, (at, _) in zip(ends, spending[1:], strict=False)
        if datetime.fromisoformat(at) + slack < end
    ]  # fmt: skip
    assert overlaps == []


def test_a_fault_of_the_system_fails_the_run(canary: Canary) -> None:
    process = canary.start("mock", "--json", "--fault", "F85")
    assert process.stdout is not None
    broken = Staging(told=json.loads(process.stdout.readline()), home=canary.home)
    assert canary("init", ".").code == 0
    broken.know()
    done = probe(canary, broken, "--only", "operations.*", **{names.BUILD_ID: broken.told["build_id"]})
    assert done.code == 1
    assert "operations.build_at_start failed" in done.stdout
    assert "roll back" in canary.bundle.text("billing-canary-report.md").splitlines()[0]


def test_nothing_of_the_reference_service_is_loaded_or_started(canary: Canary, staging: Staging) -> None:
    program = """
import subprocess, sys
started = []
class Popen(subprocess.Popen):
    def __init__(self, argv, *args, **kwargs):
        started.append(argv)
        super().__init__(argv, *args, **kwargs)
subprocess.Popen = Popen
from billing_canary.cli.main import run
code = run(sys.argv[4:])
loaded = [name for name in sys.modules if name.startswith(("billing_canary.reference", "bottle", "waitress"))]
print("\\n" + repr((code, loaded, [argv for argv in started if argv[0] == sys.executable])))
"""
    staging.probes(quota=WRONG)
    before = (sys.executable, "-c", program)
    done = canary.ended(canary.start("probe", "--mode", "staging", env=staging.env, before=before))
    assert done.stdout.splitlines()[-1] == "(1, [], [])", done.stdout + done.stderr


@pytest.fixture
def opening(staging: Staging) -> Staging:
    """The staging system with one probe that opens an account."""
    staging.probes(opens=OPENS)
    return staging


def test_a_live_key_elsewhere_is_one_warning_that_names_the_variable(
    canary: Canary, opening: Staging
) -> None:
    live = {"DEPLOY_STRIPE": "sk_live_51H8abcdefghijkl", "OTHER_KEYS": "x,rk_live_51H8abcdefghijkl"}
    done = probe(canary, opening, "--quiet", **live)
    assert done.code == 0
    told = "warning: DEPLOY_STRIPE, OTHER_KEYS hold live keys; unset them where the canary runs\n"
    assert done.stderr == told
    keys = checks(canary)["keys"]
    assert keys["status"] == "pass"
    assert all(f"warning: {name} holds a live key" in keys["detail"] for name in live)
    everything = done.stdout + done.stderr + "".join(map(canary.bundle.text, _files(canary)))
    assert "51H8abcdefghijkl" not in everything


def _files(canary: Canary) -> list[str]:
    folder = canary.bundle.folder
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]


def test_an_unreachable_target_is_a_failure_where_there_is_network(canary: Canary, opening: Staging) -> None:
    nobody = f"http://127.0.0.1:{unused_port()}"
    opening.allow(host(nobody), host(opening.told["provider_url"]))
    done = probe(canary, opening, **{names.URL: nobody})
    report = canary.bundle.report
    assert (done.code, report["overall_status"], report["probes"]) == (1, "fail", [])
    assert report["health_check"]["status"] == "fail"


def test_a_runner_without_network_cannot_tell(canary: Canary, opening: Staging) -> None:
    nobody, no_provider = (f"http://127.0.0.1:{unused_port()}" for _ in "ab")
    opening.know(backend_url=nobody, provider_url=no_provider)
    done = probe(canary, opening, **{names.URL: nobody})
    report = canary.bundle.report
    assert (done.code, report["overall_status"], report["probes"]) == (3, "inconclusive", [])
    assert f"the runner reaches none of {no_provider}" in report["health_check"]["detail"]
    assert done.stdout.startswith("INCONCLUSIVE: ")


def test_an_unreachable_target_is_no_finding_where_network_is_not_known(
    canary: Canary, opening: Staging
) -> None:
    nobody = f"http://127.0.0.1:{unused_port()}"
    opening.allow(host(nobody), host(opening.told["provider_url"]))
    opening.add("connectivity = []")
    done = probe(canary, opening, **{names.URL: nobody})
    assert (done.code, canary.bundle.report["overall_status"]) == (3, "inconclusive")
    assert "not known" in canary.bundle.report["health_check"]["detail"]


def test_a_connectivity_url_of_the_project_s_own_choice_is_asked(canary: Canary, opening: Staging) -> None:
    with FakeServer(lambda _: Reply(status=302, headers={"Location": "https://elsewhere.test/"})) as status:
        opening.allow(host(opening.told["backend_url"]), host(opening.told["provider_url"]), status.host)
        opening.add(f'connectivity = ["{status.url}/up"]')
        done = probe(canary, opening)
        assert [call.path for call in status.calls] == ["/up"]
    assert done.code == 0, done.stdout


def _live_provider(call: Call) -> Reply:
    live = {"object": "balance", "livemode": True}
    return answer_json(live) if call.path == "/v1/balance" else Reply(status=404)


def test_a_live_provider_ends_the_run_before_any_probe(canary: Canary, opening: Staging) -> None:
    with FakeServer(_live_provider) as provider:
        opening.know(provider_url=provider.url)
        done = probe(canary, opening, "--run-id", "refused-run")
        assert [call.path for call in provider.calls] == ["/", "/v1/balance"]
        assert {call.method for call in provider.calls} == {"GET"}
    assert (done.code, canary.bundle.report["overall_status"]) == (4, "refused")
    assert canary.bundle.report["probes"] == []
    assert accounts_of(opening, "refused-run") == []


def test_a_provider_that_proves_nothing_is_refused_unless_no_proof_is_asked_for(
    canary: Canary, opening: Staging
) -> None:
    nothing = {"object": "list", "data": [], "has_more": False, "url": "/v1"}
    silent = {"error": {"message": "no"}}
    with FakeServer(
        lambda request: answer_json(silent, 401) if "balance" in request.path else answer_json(nothing)
    ) as provider:
        opening.know(provider_url=provider.url)
        assert probe(canary, opening, "--run-id", "with-proof").code == 4
        assert probe(canary, opening, "--run-id", "without-proof", "--no-require-sandbox").code == 0
        assert [call.path for call in provider.calls] == [
            "/",
            "/v1/balance",
            "/",
            "/v1/payment_intents",
            "/v1/customers",
        ]


def test_staging_without_a_provider_is_refused(canary: Canary, opening: Staging) -> None:
    targets = canary.home / "probes/targets.toml"
    text = targets.read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    start = text[: text.index("[staging]")].count("\n")
    (provider,) = [n for n, line in enumerate(lines) if n > start and line.startswith("provider = ")]
    targets.write_text("".join([*lines[:provider], *lines[provider + 1 :]]), encoding="utf-8")
    done = probe(canary, opening)
    assert done.code == 4
    assert "names no provider" in done.stdout


HANGS = """
import time
from pathlib import Path
from billing_canary import Operation, ProbeContext, Severity, Spends, billing_probe

@billing_probe(
    title="It hangs", severity=Severity.CRITICAL, owner="tests",
    needs=(Operation.OPEN_ACCOUNT, Operation.CREATE_TOP_UP), spends=Spends(payments=1),
)
def hangs(run: ProbeContext) -> None:
    run.begin_top_up(run.open_account())
    Path("hanging").touch()
    time.sleep(60)
    run.open_account()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_closes_what_it_opened(
    canary: Canary, staging: Staging, until: Callable[..., None], number: signal.Signals
) -> None:
    staging.probes(opens=OPENS, hangs=HANGS)
    process = canary.start("probe", "--mode", "staging", "--run-id", "interrupted-run", env=staging.env)
    until((canary.home / "hanging").exists)
    until(lambda: len(accounts_of(staging, "interrupted-run")) == 1)  # the other probe closes its own
    process.send_signal(number)
    assert canary.ended(process).code == 130
    assert accounts_of(staging, "interrupted-run") == []
    assert canary.bundle.run["state"] == "interrupted"
