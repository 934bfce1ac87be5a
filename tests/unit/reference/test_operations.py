from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest


def test_health_version_and_metrics_are_open(bench: Any) -> None:
    url = bench.service.backend_url
    health = bench.session.get(f"{url}/healthz")
    assert (health.status_code, health.json()["status"]) == (200, "ok")
    assert health.json()["checks"] == {"store": "ok", "worker": "ok", "provider": "ok"}
    assert bench.session.get(f"{url}/version").json() == {"build_id": "build-1", "schema_version": 2}
    assert bench.session.get(f"{url}/metrics").headers["Content-Type"].startswith("text/plain; version=0.0.4")


def test_metrics_count_what_happened(bench: Any) -> None:
    account = bench.account()
    account.charge(10)
    account.use(11)
    bench.deliver(b"{}", signature="")
    lines = bench.call("GET", "/metrics").text.splitlines()
    assert 'billing_topups_total{status="201"} 1' in lines
    assert 'billing_usage_blocked_total{reason="wallet_exhausted"} 1' in lines
    assert 'billing_webhook_requests_total{status="400"} 1' in lines
    assert "billing_webhook_backlog 0" in lines
    assert 'billing_build_info{build_id="build-1"} 1' in lines


def test_the_inbox_in_numbers(launch: Any) -> None:
    bench = launch("F20")  # nothing is processed, so that the backlog stays
    account = bench.account()
    bench.deliver(account.paid_event(5))
    bench.advance(100)
    summary = bench.call("GET", "/ops/inbox").json()
    assert (summary["pending"], summary["processed"], summary["dead"]) == (1, 0, 0)
    assert 100 <= summary["oldest_age_s"] < 110


def test_the_clock_only_goes_forward(bench: Any) -> None:
    before = bench.now()
    bench.advance(3600)
    assert 3600 <= bench.now() - before < 3605
    for seconds in (0, -1, "1", True, float("1e12")):
        assert bench.call("POST", "/ops/clock", {"advance_s": seconds}).status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        {"account": "acct", "kind": "everything", "times": 1},
        {"account": "acct", "kind": "balance_write", "times": 0},
        {"account": "acct", "kind": "balance_write", "times": True},
        {"kind": "balance_write"},
    ],
)
def test_unsound_disruptions_are_refused(bench: Any, body: dict[str, Any]) -> None:
    assert bench.call("POST", "/ops/disruptions", body).status_code == 422


def test_the_kill_switch_takes_only_a_truth_value(bench: Any) -> None:
    assert bench.call("POST", "/ops/enforcement", {"enabled": "no"}).status_code == 422
    assert bench.call("GET", "/ops/enforcement").json() == {"enabled": True}


def test_a_restart_on_a_file_keeps_the_money(launch: Any, tmp_path: Any) -> None:
    database = str(tmp_path / "billing.sqlite")
    first = launch(database=database)
    account = first.account()
    account.fund(70)
    body = account.paid_event(30)
    first.close()
    second = launch(database=database)
    wallet = second.call("GET", f"/accounts/{account.id}/wallet").json()
    second.deliver(body)
    assert (wallet["balance"], json.loads(body)["type"]) == (70, "payment_intent.succeeded")
    assert second.settled(body)["state"] == "processed"
    assert second.call("GET", f"/accounts/{account.id}/wallet").json()["balance"] == 100


def test_a_restart_takes_up_what_was_left_half_done(launch: Any, tmp_path: Any) -> None:
    database = str(tmp_path / "billing.sqlite")
    provider_url = launch().service.provider_url  # it outlives the backend's restart
    first = launch(database=database, provider_url=provider_url)
    account = first.account()
    account.fund(70)
    before = account.top_up(5, key="k").json()
    first.close()
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE attempt SET state = 'running' WHERE key = 'k'")
        connection.execute(
            "INSERT INTO usage_record (account, usage_id, units, held, state)"
            " VALUES (?, 'u', 30, 30, 'held')",
            (account.id,),
        )
    second = launch(database=database, provider_url=provider_url)
    wallet = second.call("GET", f"/accounts/{account.id}/wallet").json()
    again = second.call(
        "POST", f"/accounts/{account.id}/topups", {"amount": 5}, Idempotency_Key="k", **account.headers
    )
    assert (wallet["held"], wallet["available"]) == (0, 70)
    assert (again.status_code, again.json()["payment_intent"]) == (201, before["payment_intent"])
