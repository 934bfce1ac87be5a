"""One canary run: what stops it before the first probe, and what it tells."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.clock import HandClock
from tests.fakes.credit_shop import TARGET
from tests.fakes.probes import fine, make_probe
from tests.fakes.server import Call, FakeServer, Reply, answer_json, unused_port
from tests.fakes.targets import shop_target

from billing_canary.errors import RefusedError
from billing_canary.gate.canary import judge
from billing_canary.guard.guard import Guard
from billing_canary.model import CanaryRun, NotApplicable, ProbeResult, Status, Verdict
from billing_canary.money import Money
from billing_canary.probe.canary import CanaryPlan, Progress, run_canary
from billing_canary.probe.context import ProbeContext
from billing_canary.probe.refused import refused_run
from billing_canary.probe.registry import Probe
from billing_canary.redact import Redactor
from billing_canary.target.operations import Operation
from billing_canary.target.settings import ProviderSettings
from billing_canary.target.target import Target

Connect = Callable[..., Target]
BALANCE = answer_json({"object": "balance", "livemode": False})
NOTHING = answer_json({"object": "list", "data": [], "has_more": False, "url": "/v1"})


def run(target: Target, *probes: Probe, **changes: Any) -> CanaryRun:
    plan = CanaryPlan(mode="mock", probes=probes or (make_probe("one", fine),), redact=Redactor())
    return run_canary(target, replace(plan, **changes))


def checks(found: CanaryRun) -> dict[str, Status]:
    return {check.id: check.status for check in found.safety_checks}


def with_provider(plain: Target, provider_url: str, *hosts: str, key: str = "sk_test_abcdef") -> Target:
    settings = replace(plain.settings, provider=ProviderSettings(base_url=provider_url, api_key=key))
    policy = plain.guard.policy.allowing(hosts)
    guard = Guard(policy, provider_url=provider_url, backend_url=settings.base_url)
    return Target(settings, guard, "run-1", plain.clock)


def test_a_healthy_run_tells_everything(connect: Connect) -> None:
    found = run(connect())
    assert (found.run_id, found.mode, found.target) == ("run-1", "mock", "shop")
    assert (found.health_check.status, found.health_check.detail) == (Status.PASS, "ok, HTTP 200")
    assert [(result.id, result.status) for result in found.probes] == [("test.one", Status.PASS)]
    assert found.notes == ()
    assert found.started_at <= found.finished_at
    assert checks(found)["hosts"] is Status.PASS
    assert found.spend.caps_per_run == (Money(minor=2000, currency="USD"),)


@pytest.mark.parametrize("status", [500, 503, 404, 302])
def test_an_unhealthy_target_is_not_probed(connect: Connect, server: FakeServer, status: int) -> None:
    server.script = lambda _: Reply(status=status, body=b"down")
    found = run(connect())
    assert found.health_check.status is Status.FAIL
    assert str(status) in found.health_check.detail
    assert found.probes == ()
    assert "no probe was run" in found.notes[0]
    assert len(server.calls) == 1


def test_an_unreachable_target_is_not_probed(tmp_path: Path) -> None:
    target = shop_target(tmp_path, f"http://127.0.0.1:{unused_port()}")
    found = run(target)
    target.close()
    assert found.health_check.status is Status.FAIL
    assert "no HTTP answer" in found.health_check.detail
    assert found.probes == ()


def test_a_target_without_a_health_check_is_probed(connect: Connect) -> None:
    lacking = TARGET[: TARGET.index("[backends.credits.operations.read_health]")]
    found = run(connect(text=lacking))
    assert found.health_check.status is Status.SKIP
    assert found.probes[0].status is Status.PASS


@pytest.mark.parametrize("location", ["http://127.0.0.1:9/", "http://["])
def test_a_redirect_away_from_the_health_check_refuses_the_run(
    connect: Connect, server: FakeServer, location: str
) -> None:
    server.script = lambda _: Reply(status=302, headers={"Location": location})
    found = run(connect())
    assert (found.health_check.status, found.probes) == (Status.INCONCLUSIVE, ())
    assert found.notes[0].startswith("The guard refused the run: hosts: redirect")
    assert checks(found)["hosts"] is Status.REFUSED


def test_a_plan_over_the_cap_is_refused_before_anything_is_sent(connect: Connect, server: FakeServer) -> None:
    shown: list[Any] = []
    found = run(connect(), make_probe("dear", fine, payments=5), progress=Progress(planned=shown.append))
    assert found.probes == ()
    assert server.connections == 0
    assert "planned 25.00 USD is over the cap of 20.00 USD" in found.notes[0]
    assert found.health_check.detail.startswith("not asked")
    assert checks(found)["planned-spend"] is Status.REFUSED
    assert found.spend.planned == (Money(minor=2500, currency="USD"),)
    assert shown == []


def test_probes_that_will_be_skipped_are_not_in_the_plan(connect: Connect) -> None:
    skipped = make_probe("dear", fine, payments=50, modes=("staging",))
    found = run(connect(), skipped, make_probe("one", fine, payments=4))
    assert found.spend.planned == (Money(minor=2000, currency="USD"),)
    assert [result.status for result in found.probes] == [Status.SKIP, Status.PASS]


def test_progress_hears_the_plan_before_the_first_call_and_each_result(
    connect: Connect, server: FakeServer
) -> None:
    calls_before: list[int] = []
    told: list[ProbeResult] = []
    progress = Progress(planned=lambda _: calls_before.append(len(server.calls)), result=told.append)
    run(connect(), progress=progress)
    assert calls_before == [0]
    assert [result.id for result in told] == ["test.one"]


@pytest.mark.parametrize(
    "reply",
    [
        answer_json({"object": "balance", "livemode": True}),
        answer_json({"object": "balance", "livemode": None}),
        answer_json({"error": {"message": "no"}}, 401),
        answer_json({"error": {"message": "down"}}, 500),
        Reply(body=b"no json"),
        Reply(hang_up=True),
    ],
)
def test_without_proof_of_the_sandbox_no_probe_runs(
    connect: Connect, server: FakeServer, reply: Reply
) -> None:
    with FakeServer(lambda _: reply) as provider:
        target = with_provider(connect(), provider.url, provider.host)
        found = run(target)
        target.close()
    assert found.probes == ()
    assert "The guard refused the run" in found.notes[0]
    assert Status.REFUSED in (checks(found)["sandbox"], checks(found)["never-live"])
    assert found.health_check.status is Status.PASS
    assert [call.path for call in server.calls] == ["/health"]


def test_a_proved_sandbox_lets_the_probes_run(connect: Connect) -> None:
    with FakeServer(lambda _: BALANCE) as provider:
        target = with_provider(connect(), provider.url, provider.host)
        found = run(target)
        target.close()
    assert checks(found)["sandbox"] is Status.PASS
    assert found.probes[0].status is Status.PASS


def test_where_no_proof_is_asked_for_none_is_taken(connect: Connect) -> None:
    with FakeServer(lambda _: BALANCE) as provider:
        target = with_provider(connect(), provider.url, provider.host)
        found = run(target, require_sandbox=False)
        target.close()
        assert provider.connections == 0
    assert checks(found)["sandbox"] is Status.SKIP


def test_a_live_key_is_refused_before_the_provider_hears_of_it(connect: Connect) -> None:
    with FakeServer(lambda _: BALANCE) as provider:
        with pytest.raises(RefusedError) as caught:
            with_provider(connect(), provider.url, provider.host, key="sk_live_abcdef")
        assert provider.connections == 0
    assert caught.value.rule == "keys"
    assert "abcdef" not in str(caught.value)


def test_live_money_in_the_middle_of_a_run_ends_it(connect: Connect, server: FakeServer) -> None:
    usual = server.script
    live = answer_json({"data": {"tenant": {"uid": "t", "token": "t"}}, "livemode": True}, 202)
    server.script = lambda call: live if call.path == "/v1/tenants" else usual(call)

    def opens(context: ProbeContext) -> None:
        context.open_account()

    probes = [make_probe(name, opens) for name in ("a", "b", "c")]
    found = run(connect(), *probes, workers=1)
    assert {result.status for result in found.probes} == {Status.REFUSED}
    assert checks(found)["never-live"] is Status.REFUSED
    assert [call.path for call in server.calls] == ["/health", "/v1/tenants"]


def test_secrets_in_a_refusal_are_masked(connect: Connect, server: FakeServer) -> None:
    server.script = lambda _: Reply(status=302, headers={"Location": "http://hunter22.test/"})
    assert "hunter22" not in str(run(connect(), redact=Redactor(["hunter22"])).notes)


def in_staging(plain: Target, provider: FakeServer, *connectivity: str) -> Target:
    """The shop with a provider, as a system that the run did not start."""
    target = with_provider(plain, provider.url, provider.host, *(url[7:] for url in connectivity))
    settings = replace(target.settings, connectivity=connectivity or (provider.url,))
    return Target(settings, target.guard, "run-1", target.clock)


def test_staging_asks_for_network_health_and_mode_in_this_order(connect: Connect, server: FakeServer) -> None:
    order: list[str] = []
    usual = server.script

    def healthy(call: Call) -> Reply:
        order.append(call.path)
        return usual(call)

    def balance(call: Call) -> Reply:
        order.append(call.path)
        return BALANCE if call.path == "/v1/balance" else NOTHING

    server.script = healthy
    with FakeServer(balance) as provider:
        target = in_staging(connect(), provider)
        found = run(target, mode="staging")
        target.close()
    assert order == ["/", "/health", "/v1/balance", "/v1/payment_intents", "/v1/customers"]
    assert (found.mode, [result.status for result in found.probes]) == ("staging", [Status.PASS])


def test_a_runner_without_network_asks_nothing_else(connect: Connect, server: FakeServer) -> None:
    with FakeServer(lambda _: BALANCE) as provider:
        target = in_staging(connect(), provider, *(f"http://127.0.0.1:{unused_port()}" for _ in "ab"))
        found = run(target, mode="staging")
        target.close()
        assert (server.connections, provider.connections) == (0, 0)
    assert found.health_check.status is Status.INCONCLUSIVE
    assert f"reaches none of {', '.join(target.settings.connectivity)}" in found.health_check.detail
    assert "cannot be told" in found.notes[0]
    assert found.probes == ()
    assert judged(found).overall_status is Status.INCONCLUSIVE


def judged(found: CanaryRun) -> Verdict:
    return judge(
        probes=found.probes,
        safety_checks=found.safety_checks,
        health_check=found.health_check,
        not_run="; ".join(found.notes),
    )


@pytest.mark.parametrize(
    "reply",
    [Reply(hang_up=True), Reply(stall_after_head=threading.Event(), body=b"late")],
    ids=["mute", "slow"],
)
@pytest.mark.parametrize("known", [True, False])
def test_a_silent_target_is_at_fault_only_where_there_is_network(
    connect: Connect, server: FakeServer, reply: Reply, *, known: bool
) -> None:
    server.script = lambda _: reply
    with FakeServer(lambda _: BALANCE) as provider:
        target = in_staging(connect(), provider)
        impatient = replace(target.settings.patience, answer=0.2)
        settings = replace(target.settings, patience=impatient)
        if not known:
            settings = replace(settings, connectivity=())
        found = run(Target(settings, target.guard, "run-1", target.clock), mode="staging")
        target.close()
    expected = Status.FAIL if known else Status.INCONCLUSIVE
    assert found.health_check.status is expected
    assert judged(found).overall_status is expected
    assert found.probes == ()


def test_a_target_that_says_it_is_ill_is_at_fault_whatever_the_network(
    connect: Connect, server: FakeServer
) -> None:
    server.script = lambda _: Reply(status=503)
    with FakeServer(lambda _: BALANCE) as provider:
        target = in_staging(connect(), provider)
        settings = replace(target.settings, connectivity=())
        found = run(Target(settings, target.guard, "run-1", target.clock), mode="staging")
        target.close()
    assert found.health_check.status is Status.FAIL


def test_staging_without_a_provider_is_refused(connect: Connect, server: FakeServer) -> None:
    found = run(connect(), mode="staging")
    assert checks(found)["sandbox"] is Status.REFUSED
    assert "names no provider" in found.notes[0]
    assert found.probes == ()
    assert [call.path for call in server.calls] == ["/health"]


def test_staging_without_a_provider_runs_where_no_proof_is_asked_for(connect: Connect) -> None:
    found = run(connect(), mode="staging", require_sandbox=False)
    assert found.probes[0].status is Status.PASS
    assert checks(found)["sandbox"] is Status.SKIP


def test_a_skip_carries_its_excuse_and_what_can_run_runs(connect: Connect) -> None:
    why = NotApplicable(reason="no build is told", owner="sre")
    target = connect()
    settings = replace(target.settings, not_applicable={"test.*": why})
    lacking = make_probe("lacking", fine, needs=(Operation.READ_BUILD,))
    found = run(Target(settings, target.guard, "run-1", target.clock), lacking, make_probe("one", fine))
    assert [result.not_applicable for result in found.probes] == [why, None]
    assert [result.status for result in found.probes] == [Status.SKIP, Status.PASS]
    verdict = judged(found)
    assert verdict.overall_status is Status.PASS
    assert "no build is told (says sre)" in " ".join(verdict.reasons)


def test_accounts_of_the_run_are_counted_in_the_clean_up_check(connect: Connect) -> None:
    def opens_two(context: ProbeContext) -> None:
        context.open_account()
        context.open_account()
        fine(context)

    found = run(connect(), make_probe("a", opens_two), make_probe("b", opens_two))
    (check,) = (check for check in found.safety_checks if check.id == "clean-up")
    assert check.status is Status.PASS
    assert check.detail.startswith("4 accounts were opened")
    assert "4 were closed" in check.detail


def test_a_refusal_before_there_is_a_target_is_a_run_of_its_own(connect: Connect) -> None:
    guard = Guard(connect().guard.policy)
    refusal = guard.refuse(RefusedError("keys", "X holds a live key of hunter22", ends_run=True))
    found = refused_run(
        refusal,
        guard,
        run_id="run-1",
        mode="staging",
        target="staging",
        redact=Redactor(["hunter22"]),
        clock=HandClock(),
    )
    assert (found.run_id, found.mode, found.probes, found.started_at) == (
        "run-1",
        "staging",
        (),
        found.finished_at,
    )
    assert checks(found)["keys"] is Status.REFUSED
    assert found.notes == ("The guard refused the run: keys: X holds a live key of [redacted]",)
    assert judged(found).overall_status is Status.REFUSED
