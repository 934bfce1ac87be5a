from __future__ import annotations

from typing import Any

import pytest


def test_an_account_starts_empty_with_a_customer_that_names_it(bench: Any) -> None:
    account = bench.account("jpy")
    customer = bench.provider("GET", f"/v1/customers/{account.customer}").json()
    assert account.wallet() == {"currency": "JPY", "balance": 0, "held": 0, "available": 0}
    assert customer["metadata"] == {"account": account.id, "run_id": "run-1"}
    shown = account.call("GET").json()
    assert (shown["id"], shown["currency"], shown["run_id"]) == (account.id, "JPY", "run-1")
    assert "api_key" not in shown


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "invalid_currency"),
        ({"currency": "XXX"}, "invalid_currency"),
        ({"currency": 5}, "invalid_currency"),
        ({"currency": "RUB", "quota_units": -1}, "invalid_quota"),
        ({"currency": "RUB", "quota_units": True}, "invalid_quota"),
    ],
)
def test_an_account_needs_sound_fields(bench: Any, fields: dict[str, Any], code: str) -> None:
    answer = bench.call("POST", "/accounts", fields)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_a_closed_account_is_gone_and_its_customer_is_kept(bench: Any) -> None:
    account = bench.account()
    assert account.call("DELETE").status_code == 200
    assert account.call("GET", "/wallet").status_code == 410
    assert account.top_up(100).status_code == 410
    assert bench.provider("GET", f"/v1/customers/{account.customer}").json()["id"] == account.customer


def test_the_open_accounts_of_one_run_are_listed_and_no_other(bench: Any) -> None:
    first, second, closed = bench.account(), bench.account(), bench.account()
    for run_id in ("run-10", "run-", "RUN-1", " run-1", "", "run_1"):
        bench.account(run_id=run_id)
    assert closed.call("DELETE").status_code == 200
    shown = bench.call("GET", "/accounts?run_id=run-1").json()
    assert shown == {
        "accounts": [
            {"id": each.id, "customer": each.customer, "run_id": "run-1"} for each in (first, second)
        ]
    }
    assert bench.call("GET", "/accounts?run_id=run%25").json() == {"accounts": []}


@pytest.mark.parametrize("query", ["", "?run_id=", "?run_id=%20", "?run=run-1", "?run_id=run-1&run_id=run-2"])
def test_a_list_without_one_run_id_is_refused(bench: Any, query: str) -> None:
    answer = bench.call("GET", f"/accounts{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "run_id_missing")


def test_the_list_of_a_run_needs_the_admin_key(bench: Any) -> None:
    assert bench.call("GET", "/accounts?run_id=run-1", **bench.account().headers).status_code == 401


def test_payments_name_their_account_and_run_at_the_provider(bench: Any) -> None:
    account = bench.account()
    account.charge(100)
    account.top_up(100)
    told = [payment["metadata"] for payment in account.payments()]
    assert [(each["account"], each["run_id"]) for each in told] == [(account.id, "run-1")] * 2


def test_each_key_opens_its_own_account_only(bench: Any) -> None:
    mine, other = bench.account(), bench.account()
    stranger = {"Authorization": "Bearer acct_key_guess"}
    assert bench.call("GET", f"/accounts/{other.id}/wallet", **mine.headers).status_code == 403
    assert bench.call("GET", f"/accounts/{mine.id}/wallet", **stranger).status_code == 401
    assert bench.call("GET", f"/accounts/{mine.id}/wallet").status_code == 200


def test_operations_and_opening_need_the_admin_key(bench: Any) -> None:
    key = bench.account().headers
    assert bench.call("POST", "/accounts", {"currency": "RUB"}, **key).status_code == 401
    assert bench.call("GET", "/ops/inbox", **key).status_code == 401


def test_an_unknown_account_and_an_unknown_path_are_404_in_json(bench: Any) -> None:
    assert bench.call("GET", "/accounts/acct_none/wallet").json()["code"] == "account_not_found"
    answer = bench.call("GET", "/nowhere")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert bench.call("PUT", "/accounts").status_code == 405


def test_a_body_over_the_limit_or_no_json_is_refused(bench: Any) -> None:
    url, headers = f"{bench.service.backend_url}/accounts", {"X-Admin-Key": "admin_reference"}
    assert bench.session.post(url, data=b"x" * (1024 * 1024 + 1), headers=headers).status_code == 413
    broken = bench.session.post(url, data=b'{"currency": ', headers=headers)
    assert (broken.status_code, broken.json()["code"]) == (400, "invalid_json")
    assert bench.session.post(url, data=b"[1]", headers=headers).status_code == 400
