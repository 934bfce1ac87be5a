"""The reference service with seahaven's Stripe world as its payment provider, probed as a staging system."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.peers.billing_canary_commands import ReferenceService, make_project, run_staging
from tests.peers.conftest import SECRET, TEST_KEY, World, outer_provider, staging_environment
from tests.peers.pump import Pump

MakeWorld = Callable[..., World]


def nothing_was_paid(world: World) -> bool:
    """Whether the account's own events tell of no attempt to take money."""
    about = {event["type"].split(".")[0] for event in world.listed("events")}
    return about <= {"customer", "payment_intent"} and {
        intent["status"] for intent in world.listed("payment_intents")
    } <= {"requires_payment_method"}


def test_the_whole_wallet_surface_passes(world: MakeWorld, tmp_path: Path) -> None:
    account = world()
    with (
        ReferenceService(tmp_path, "--provider-url", account.url, environ=outer_provider()) as service,
        Pump(account.url, TEST_KEY, service.inbox, SECRET) as pump,
    ):
        project = make_project(tmp_path / "project", "seahaven", [service.url, account.url])
        report = run_staging(project, staging_environment(service, account.url))
    assert report.code == 0, report.stderr
    assert report.having("pass") == set(report.statuses)
    assert {check["status"] for check in report.document["safety_checks"]} == {"pass"}
    assert pump.error is None
    told = Counter(each.type for each in pump.forwarded if each.status == 200)
    assert told["payment_intent.succeeded"] > 10
    assert told["payment_intent.payment_failed"] == 1


def test_a_live_account_is_refused_before_anything_is_made(world: MakeWorld, tmp_path: Path) -> None:
    live = world(livemode=True)
    with ReferenceService(tmp_path, "--provider-url", live.url, environ=outer_provider()) as service:
        project = make_project(tmp_path / "project", "seahaven", [service.url, live.url])
        report = run_staging(project, staging_environment(service, live.url))
    assert report.code == 4, report.stderr
    assert report.safety("never-live")["status"] == "refused"
    assert report.having("pass") == set()
    assert live.listed("events") == []
    assert live.listed("payment_intents") == []
    assert live.listed("customers") == []


def test_without_the_sandbox_proof_a_live_account_is_refused_too(world: MakeWorld, tmp_path: Path) -> None:
    live = world(livemode=True)
    only = ("--no-require-sandbox", "--only", "wallet.top_up_credits_once")
    with ReferenceService(tmp_path, "--provider-url", live.url, environ=outer_provider()) as service:
        project = make_project(tmp_path / "project", "seahaven", [service.url, live.url])
        report = run_staging(project, staging_environment(service, live.url), *only)
    assert report.code == 4, report.stderr
    assert report.safety("never-live")["status"] == "refused"
    assert nothing_was_paid(live)


def test_a_backend_bound_to_a_live_account_pays_nothing(world: MakeWorld, tmp_path: Path) -> None:
    """The runner's own account is in test mode; the backend's is another, and live."""
    test, live = world(), world(livemode=True)
    with ReferenceService(tmp_path, "--provider-url", live.url, environ=outer_provider()) as service:
        project = make_project(tmp_path / "project", "seahaven", [service.url, test.url])
        only = ("--only", "quota.*")
        report = run_staging(project, staging_environment(service, test.url), *only)
    assert report.code == 4, report.stderr
    assert report.having("refused") == set(report.statuses)
    assert report.safety("sandbox")["status"] == "refused"
    assert live.listed("payment_intents") != []
    assert nothing_was_paid(live)
    assert test.listed("payment_intents") == []
