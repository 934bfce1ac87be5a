"""The reference service with localstripe as its payment provider, probed as a staging system."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.peers.billing_canary_commands import ReferenceService, Report, make_project, run_staging
from tests.peers.conftest import SECRET, TEST_KEY, outer_provider, staging_environment
from tests.peers.peer_server import PeerServer

FINDINGS = {
    "provider.repeated_key_is_one_payment": "A repetition answers with the same payment",
    "provider.second_refund_rejected": "Of a payment that was refunded whole nothing more is refunded",
    "wallet.partial_capture_credits_captured": "The provider captured the part",
    # These need what it does not have: a customer's payments, a second try after a declined card.
    "wallet.retry_after_lost_answer": "The payment provider answers this step",
    "wallet.saved_card_charged_once": "The payment provider answers this step",
    "wallet.declined_card_credits_nothing": "The payment provider answers this step",
}


@pytest.fixture(scope="module")
def report(
    localstripe: PeerServer, tmp_path_factory: pytest.TempPathFactory, ask: Callable[..., Any]
) -> Report:
    home = tmp_path_factory.mktemp("localstripe-staging")
    with ReferenceService(home, "--provider-url", localstripe.url, environ=outer_provider()) as service:
        hook = {"url": service.inbox, "secret": SECRET}
        ask("POST", f"{localstripe.url}/_config/webhooks/reference", hook)
        project = make_project(home / "project", "localstripe", [service.url, localstripe.url])
        return run_staging(project, staging_environment(service, localstripe.url))


def test_the_run_says_what_is_wrong_with_the_provider(report: Report) -> None:
    assert report.code == 1, report.stderr
    failed = {probe: report.failed_claims(probe)[0] for probe in report.having("fail")}
    assert failed == FINDINGS


def test_everything_else_of_the_wallet_passes(report: Report) -> None:
    assert report.having("pass") == set(report.statuses) - set(FINDINGS)
    assert len(report.having("pass")) > 30


def test_the_guard_refused_nothing_and_everything_was_cleaned_up(report: Report) -> None:
    states = {check["id"]: check["status"] for check in report.document["safety_checks"]}
    assert set(states.values()) == {"pass"}, states


def test_a_payment_made_twice_is_counted_twice(report: Report) -> None:
    """The guard does not trust the idempotency key of a provider that ignores it."""
    made = [each for each in report.document["spend"]["entries"] if each["what"] == "/v1/payment_intents"]
    assert [entry["counted"] for entry in made].count(True) == 3


def test_no_key_is_in_the_report(report: Report) -> None:
    assert TEST_KEY not in str(report.document) + report.stderr
    assert SECRET not in str(report.document) + report.stderr
