"""dj-stripe, a backend that we did not write, described by a target file alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.peers.billing_canary_commands import ReferenceService, Report, make_project, run_staging
from tests.peers.conftest import DjStripe

LIVE = "intake.live_event_set_apart"


@pytest.fixture
def report(dj_stripe: Callable[[str, str], DjStripe], tmp_path: Path) -> Report:
    """One run; for dj-stripe itself the mock's provider stands in for Stripe's API."""
    with ReferenceService(tmp_path) as service:
        shop = dj_stripe(service.told["provider_url"], service.told["provider_key"])
        project = make_project(tmp_path / "project", "dj-stripe", [shop.url])
        environ = {
            "BILLING_CANARY_STAGING_URL": shop.url,
            "BILLING_CANARY_STAGING_WEBHOOK_SECRET": shop.secret,
        }
        return run_staging(project, environ, "--no-require-sandbox")


def test_its_intake_is_right_but_for_live_events(report: Report) -> None:
    assert report.code == 1, report.stderr
    assert report.having("pass") == {
        "intake.forged_event_refused",
        "intake.genuine_event_acknowledged",
        "intake.old_signature_refused",
        "intake.parallel_copies_taken_in_once",
        "intake.replay_taken_in_once",
    }
    assert report.having("fail") == {LIVE}
    assert report.failed_claims(LIVE) == ["A live event is rejected, or ignored because it is live"]
    (row,) = [row for row in report.probe(LIVE)["evidence"] if not row["held"]]
    assert row["observed"] == "live event: processed; the same as a test event: processed"
    assert row["reveals"] == ["F17"]
    *_, effects = report.probe("intake.parallel_copies_taken_in_once")["evidence"]
    assert (effects["claim"], effects["observed"]) == (
        "All deliveries together take effect at most once",
        "1",
    )
    assert report.having("skip") == {probe for probe in report.statuses if not probe.startswith("intake.")}, (
        "nothing else is mapped, and nothing that is mapped is left out"
    )
    assert all(report.probe(probe)["not_applicable"]["reason"] for probe in report.having("skip"))
    assert report.document["spend"]["entries"] == []
