"""The backend's subscriptions where the suites do not reach: outages, restarts, wrong requests, seams."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from billing_canary.reference.backend.policies import Policies
from billing_canary.reference.faults import FAULTS
from billing_canary.reference.faults.registry import Fault

STARTER = {"plan": "starter", "payment_method": "pm_card_visa"}
MONTH_S = 32 * 86_400


def subscribe(account: Any, key: str = "", **fields: Any) -> Any:
    headers = {"Idempotency-Key": key or f"sub-{account.bench.number()}"}
    return account.call("POST", "/subscriptions", {**STARTER, **fields}, **headers)


def one(account: Any) -> str:
    return f"/subscriptions/{account.call('GET', '/subscriptions').json()['subscriptions'][0]['id']}"


def objects(account: Any, kind: str) -> list[dict[str, Any]]:
    """The provider's objects of the account's customer, newest first."""
    query = "?status=all&customer=" if kind == "subscriptions" else "?customer="
    found: list[dict[str, Any]] = account.bench.provider(
        "GET", f"/v1/{kind}{query}{account.customer}"
    ).json()["data"]
    return found


def events(account: Any, kind: str) -> list[bytes]:
    found = account.bench.provider("GET", f"/v1/events?type={kind}&limit=100").json()["data"]
    return [json.dumps(event).encode() for event in found]


def seam(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> str:
    """The id of a fault that replaces policies, for this test alone."""

    def apply(healthy: Policies) -> Policies:
        return replace(healthy, **changes)

    monkeypatch.setitem(FAULTS, "X1", Fault(id="X1", title="a seam", source="tests", apply=apply))
    return "X1"


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"plan": "gold"}, 422, "unknown_plan"),
        ({"plan": 1}, 422, "unknown_plan"),
        ({"payment_method": ""}, 422, "invalid_payment_method"),
        ({"amount": 28}, 409, "price_changed"),
        ({"amount": "29"}, 409, "price_changed"),
        ({"amount": True}, 409, "price_changed"),
        ({"payment_method": "pm_none"}, 502, "provider_error"),
    ],
)
def test_a_wrong_request_subscribes_to_nothing(
    bench: Any, fields: dict[str, Any], status: int, code: str
) -> None:
    account = bench.account()
    answer = subscribe(account, **fields)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert objects(account, "subscriptions") == []
    assert subscribe(account).status_code == 201  # nothing stands in the way of a right one


def test_a_plan_that_is_not_sold_in_the_currency(bench: Any) -> None:
    assert subscribe(bench.account("GBP")).json()["code"] == "currency_not_offered"


def test_a_key_is_needed_and_belongs_to_one_request(bench: Any) -> None:
    account = bench.account()
    assert account.call("POST", "/subscriptions", STARTER).json()["code"] == "idempotency_key_missing"
    assert account.top_up(29, key="k").status_code == 201
    assert subscribe(account, key="k").json()["code"] == "idempotency_key_reused"
    assert subscribe(account, key="j").status_code == 201
    assert subscribe(account, key="j", plan="pro").json()["code"] == "idempotency_key_reused"


def test_plans_can_be_looked_at(bench: Any) -> None:
    url = bench.service.backend_url
    plans = bench.session.get(f"{url}/plans").json()["plans"]
    assert [plan["id"] for plan in plans] == ["free", "starter", "pro"]
    assert bench.session.get(f"{url}/plans/pro").json() == plans[2]
    assert bench.session.get(f"{url}/plans/none").status_code == 404


def test_other_accounts_see_nothing(bench: Any) -> None:
    account, other = bench.account(), bench.account()
    subscribe(account)
    path = one(account)
    assert other.call("GET", path).status_code == 404
    assert other.call("POST", f"{path}/cancel").status_code == 404
    assert bench.call("GET", f"/accounts/{account.id}{path}", **other.headers).status_code == 403
    assert account.call("GET", "/subscriptions/asub_none").status_code == 404
    assert account.call("GET", path).json()["status"] == "active"


def test_a_free_plan_grants_its_units_without_a_payment(bench: Any) -> None:
    account = bench.account()
    assert subscribe(account, plan="free", amount=0).json()["status"] == "active"
    assert [account.use(1).status_code for _ in range(3)] == [200, 200, 402]
    assert account.payments() == []


def test_cancelling_at_once_ends_access_at_once(bench: Any) -> None:
    account = bench.account()
    subscribe(account)
    path = one(account)
    assert account.call("POST", f"{path}/cancel", {"at_period_end": "no"}).status_code == 422
    assert account.call("POST", f"{path}/cancel", {"at_period_end": False}).json()["status"] == "canceled"
    assert account.use(1).status_code == 402
    for change in ("cancel", "pay", "card"):
        answer = account.call("POST", f"{path}/{change}", {"payment_method": "pm_card_visa"})
        assert (answer.status_code, answer.json()["code"]) == (409, "subscription_not_live")


def test_nothing_is_open_to_pay(bench: Any) -> None:
    account = bench.account()
    subscribe(account)
    assert account.call("POST", f"{one(account)}/pay").json()["code"] == "nothing_to_pay"
    assert len(account.payments()) == 1


def test_whoever_pays_agrees_to_the_amount(bench: Any, eventually: Any) -> None:
    account = bench.account()
    subscribe(account)
    path = one(account)
    account.call("POST", f"{path}/card", {"payment_method": "pm_card_chargeCustomerFail"})
    bench.advance(MONTH_S)
    eventually(lambda: len(objects(account, "invoices")) == 2)
    account.call("POST", f"{path}/card", {"payment_method": "pm_card_mastercard"})
    assert account.call("POST", f"{path}/pay", {"amount": 30}).json()["code"] == "price_changed"
    assert account.call("POST", f"{path}/pay", {"amount": 29}).json()["status"] == "active"


def test_without_an_answer_the_attempt_stays_open_and_no_other_may_begin(launch: Any, tmp_path: Any) -> None:
    provider = launch()
    database = str(tmp_path / "billing.sqlite")
    first = launch(database=database, provider_url=provider.service.provider_url)
    account = first.account()
    provider.close()
    assert subscribe(account, key="k").json()["code"] == "provider_unreachable"
    assert subscribe(account, key="j").json()["code"] == "subscription_exists"
    (shown,) = account.call("GET", "/subscriptions").json()["subscriptions"]
    assert (shown["status"], shown["provider_subscription"]) == ("pending", None)
    assert account.call("POST", f"/subscriptions/{shown['id']}/cancel").status_code == 409


def test_an_event_that_overtakes_the_answer_finds_its_row(launch: Any, tmp_path: Any) -> None:
    """As when the answer of the provider was lost: only the metadata tell what the event is about."""
    database = str(tmp_path / "billing.sqlite")
    bench = launch(database=database)
    account = bench.account()
    subscribe(account)
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE subscription SET provider_subscription = NULL, status = 'pending'")
        connection.execute("DELETE FROM invoice")
    assert account.use(1).status_code == 402
    for kind in ("invoice.paid", "customer.subscription.updated"):
        (body,) = events(account, kind)
        bench.deliver(body)
        assert bench.settled(body)["state"] == "processed"
    (shown,) = account.call("GET", "/subscriptions").json()["subscriptions"]
    assert (shown["status"], shown["provider_subscription"]) == (
        "active",
        objects(account, "subscriptions")[0]["id"],
    )
    assert account.use(5).status_code == 200


def test_a_subscription_outlives_a_restart(launch: Any, tmp_path: Any) -> None:
    database, provider_url = str(tmp_path / "billing.sqlite"), launch().service.provider_url
    first = launch(database=database, provider_url=provider_url)
    account = first.account()
    subscribe(account)
    account.use(3)
    first.close()
    account.bench = launch(database=database, provider_url=provider_url)
    assert account.call("GET", "/entitlements").json()["quota"]["left"] == 2


def test_a_database_of_another_version_is_refused(launch: Any, tmp_path: Any) -> None:
    database = str(tmp_path / "billing.sqlite")
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE TABLE account (id TEXT)")
    with pytest.raises(sqlite3.DatabaseError, match="another version"):
        launch(database=database)


def test_an_event_waits_while_the_provider_cannot_be_asked(launch: Any, eventually: Any) -> None:
    provider = launch()
    bench = launch(provider_url=provider.service.provider_url)
    account = bench.account()
    subscribe(account)
    (body,) = events(account, "customer.subscription.created")
    provider.close()
    assert bench.deliver(body).status_code == 200
    event = json.loads(body)["id"]
    shown = eventually(lambda: bench.call("GET", f"/ops/inbox/{event}").json())
    eventually(lambda: bench.call("GET", f"/ops/inbox/{event}").json()["attempts"] >= 1)
    assert shown["state"] == "pending"


def test_an_account_whose_subscription_cannot_be_ended_stays_open(launch: Any) -> None:
    provider = launch()
    bench = launch(provider_url=provider.service.provider_url)
    account = bench.account()
    subscribe(account)
    provider.close()
    assert account.call("DELETE").status_code == 502
    assert account.call("GET").status_code == 200


def test_closing_an_account_ends_its_subscription_at_the_provider(bench: Any) -> None:
    account = bench.account()
    subscribe(account)
    assert account.call("DELETE").status_code == 200
    assert [each["status"] for each in objects(account, "subscriptions")] == ["canceled"]


def test_ungated_use_takes_what_the_plan_has_and_waives_the_rest(bench: Any) -> None:
    account = bench.account()
    subscribe(account)
    bench.call("POST", "/ops/enforcement", {"enabled": False})
    body = account.use(7).json()
    assert (body["charged"], body["included"], body["waived"]) == (0, 5, 2)
    shown = account.call("GET", "/entitlements").json()
    assert (shown["reason"], shown["plan"], shown["quota"]["left"]) == ("enforcement_off", "starter", 0)


def test_the_plan_s_units_do_not_count_against_the_account_s_own_quota(bench: Any) -> None:
    account = bench.account(quota_units=1)
    subscribe(account)
    assert account.use(5).status_code == 200
    account.call("POST", f"{one(account)}/cancel", {"at_period_end": False})
    account.fund(10)
    assert [account.use(1).status_code for _ in range(2)] == [200, 402]


def test_a_service_that_believes_each_event_is_undone_by_a_late_one(
    launch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The seam for faults F07 and F08; the suites' claim about the order of events can fail."""
    statuses = []
    for faults in ((), (seam(monkeypatch, asks_provider=False),)):
        bench = launch(*faults)
        account = bench.account()
        subscribe(account)
        (body,) = events(account, "customer.subscription.created")
        bench.deliver(body)
        bench.settled(body)
        statuses.append(account.call("GET", one(account)).json()["status"])
    assert statuses == ["active", "incomplete"]


@pytest.mark.parametrize(
    ("changes", "left"),
    [({}, 5), ({"grants_quota": lambda bill: bill.reason == "subscription_create"}, 0)],
    ids=["healthy", "F56"],
)
def test_a_service_that_does_not_reset_the_quota(
    launch: Any, monkeypatch: pytest.MonkeyPatch, eventually: Any, changes: dict[str, Any], left: int
) -> None:
    bench = launch(seam(monkeypatch, **changes))
    account = bench.account()
    subscribe(account)
    account.use(5)
    bench.advance(MONTH_S)
    eventually(lambda: len(events(account, "invoice.paid")) == 2)
    bodies = events(account, "invoice.paid")
    bench.deliver(bodies[0])
    assert bench.settled(bodies[0])["state"] == "processed"
    assert account.call("GET", "/entitlements").json()["quota"]["left"] == left
