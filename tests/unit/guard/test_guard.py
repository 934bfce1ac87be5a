"""The guard of a run: plan, sandbox proof, reservations, provider writes, and its own report."""

from __future__ import annotations

from contextvars import copy_context
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.policies import make_policy, money

from billing_canary.errors import RefusedError
from billing_canary.guard.guard import Guard
from billing_canary.guard.permit import Permit, current_permit
from billing_canary.model import Status

PROVIDER = "https://pay.example.com"
INTENTS = "/v1/payment_intents"


def make_guard(provider_url: str | None = PROVIDER, per_run: int = 1000) -> Guard:
    policy = make_policy("pay.example.com", "billing.example.com", per_run=per_run)
    return Guard(policy, provider_url=provider_url)


def write(
    guard: Guard,
    path: str = INTENTS,
    body: object = "amount=29&currency=rub",
    method: str = "POST",
    **headers: str | bytes,
) -> None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    guard.before_request(method, f"{PROVIDER}{path}", named, body)


def refused(guard: Guard, rule: str, *args: object, **kwargs: object) -> RefusedError:
    before = guard.ledger.entries()
    with pytest.raises(RefusedError) as caught:
        write(guard, *args, **kwargs)  # type: ignore[arg-type]  # handed on as they are
    assert caught.value.rule == rule
    assert guard.ledger.entries() == before
    return caught.value


def statuses(guard: Guard) -> dict[str, Status]:
    return {check.id: check.status for check in guard.safety_checks()}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/charges"),
        ("POST", "/v1/payouts"),
        ("POST", "/v1/transfers"),
        ("POST", "/v1/payment_intents/"),
        ("POST", "/V1/payment_intents"),
        ("POST", "/v1/payment%5Fintents"),
        ("POST", "//v1/payment_intents"),
        ("POST", "/v2/payment_intents"),
        ("POST", "/v1/payment_intents/pi_1"),
        ("POST", "/v1/payment_intents/pi_1/confirm/x"),
        ("POST", "/v1/payment_intents/pi-1%2F..%2F/confirm"),
        ("POST", "/v1/payment_intents//confirm"),
        ("DELETE", "/v1/customers/cus_1"),
        ("PUT", "/v1/account"),
        ("PATCH", "/v1/account"),
        ("POST", "/"),
    ],
)
def test_a_write_that_is_not_listed_is_refused(method: str, path: str) -> None:
    guard = make_guard()
    assert path in refused(guard, "endpoints", path, method=method).reason
    assert statuses(guard)["endpoints"] is Status.REFUSED


@pytest.mark.parametrize("path", [INTENTS, f"{INTENTS}/pi_1/confirm", "/v1/refunds"])
def test_a_write_with_a_query_is_refused(path: str) -> None:
    guard = make_guard()
    guard.reserve("top up", money(29), "pi_1")
    refused(guard, "endpoints", f"{path}?amount=100000&currency=rub")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_reading_at_the_provider_is_free(method: str) -> None:
    guard = make_guard()
    write(guard, "/v1/charges?limit=3", None, method)
    assert guard.ledger.entries() == ()


def test_a_write_at_another_host_is_the_backend_s_own() -> None:
    guard = make_guard()
    guard.before_request("POST", "https://billing.example.com/v1/charges", {}, "amount=1")
    assert guard.ledger.entries() == ()


def test_without_a_provider_no_write_is_held_against_the_list() -> None:
    make_guard(provider_url=None).before_request("POST", f"{PROVIDER}/v1/charges", {}, None)


def test_a_provider_below_a_path_is_known_there() -> None:
    guard = make_guard(provider_url=f"{PROVIDER}/stripe")
    write(guard, "/stripe/v1/refunds")
    refused(guard, "endpoints", "/stripe/v1/charges")


@pytest.mark.parametrize("spelling", ["https://PAY.example.com", "https://pay.example.com:443"])
def test_the_provider_is_known_in_every_spelling(spelling: str) -> None:
    guard = make_guard()
    with pytest.raises(RefusedError, match="endpoints"):
        guard.before_request("POST", f"{spelling}/v1/charges", {}, None)


@pytest.mark.parametrize(
    "body",
    [
        None,
        "",
        b"",
        "currency=rub",
        "amount=29",
        "amount=&currency=rub",
        "amount=29&currency=",
        "amount=29&amount=29&currency=rub",
        "amount=29&currency=rub&currency=jpy",
        "amount=29.0&currency=rub",
        "amount=-29&currency=rub",
        "amount=%2B29&currency=rub",
        "amount=+29&currency=rub",
        "amount=2_9&currency=rub",
        "amount=0x1d&currency=rub",
        "amount=1e1&currency=rub",
        "amount=0&currency=rub",
        "amount=%D9%A1&currency=rub",
        "amount=%EF%BC%91&currency=rub",
        "amount=%C2%B2&currency=rub",
        f"amount={'9' * 5000}&currency=rub",
        "amount[]=29&currency=rub",
        "amount%5B0%5D=29&currency=rub",
        "Amount=29&currency=rub",
        "amount=29;currency=rub",
        "amount=29&currency=xyz",
        "amount=29&currency=usd",
        '{"amount": 29, "currency": "rub"}',
        b"amount=29&currency=rub\xff",
        b"\xff\xfeamount=29",
        ["amount", 29],
        iter([b"amount=29&currency=rub"]),
        "amount=101&currency=rub",
    ],
)
def test_a_malformed_or_large_amount_is_refused(body: object) -> None:
    refused(make_guard(), "caps", INTENTS, body)


@given(st.binary(max_size=40))
def test_any_body_is_counted_or_refused(body: bytes) -> None:
    guard = make_guard()
    try:
        write(guard, INTENTS, b"amount=" + body)
    except RefusedError:
        assert guard.ledger.entries() == ()
    else:
        assert guard.spend().moved[0].minor > 0


def test_an_amount_is_reserved_before_it_leaves() -> None:
    guard = make_guard()
    write(guard, INTENTS, urlencode({"amount": 29, "currency": "rub", "metadata[amount]": 5000}).encode())
    assert [str(entry.amount) for entry in guard.ledger.entries()] == ["0.29 RUB"]
    assert guard.ledger.entries()[0].what == INTENTS


@pytest.mark.parametrize("name", ["Idempotency-Key", "idempotency-key", "IDEMPOTENCY-KEY"])
@pytest.mark.parametrize("value", ["k", b"k"])
def test_a_retry_with_one_key_counts_once(name: str, value: str | bytes) -> None:
    guard = make_guard()
    for _ in range(3):
        guard.before_request("POST", PROVIDER + INTENTS, {name: value}, "amount=29&currency=rub")
    assert guard.spend().moved == (money(29),)
    assert guard.ledger.entries()[0].idempotency_key == "k"


@pytest.mark.parametrize("headers", [{}, {"Idempotency_Key": ""}])
def test_without_a_key_every_copy_counts(headers: dict[str, str]) -> None:
    guard = make_guard(per_run=87)
    for _ in range(3):
        write(guard, **headers)
    assert guard.spend().moved == (money(87),)
    refused(guard, "caps", **headers)


def test_other_keys_count_apart() -> None:
    guard = make_guard()
    write(guard, Idempotency_Key="a")
    write(guard, Idempotency_Key="b")
    assert guard.spend().moved == (money(58),)


def test_confirming_what_was_not_reserved_is_refused() -> None:
    guard = make_guard()
    guard.reserve("top up", money(29), "key-1")
    guard.ledger.link("key-1", "pi_1")
    reason = refused(guard, "caps", f"{INTENTS}/pi_2/confirm").reason
    assert "nothing was reserved for pi_2" in reason
    write(guard, f"{INTENTS}/pi_1/confirm")
    assert guard.spend().moved == (money(29),)


def test_a_write_that_moves_nothing_to_us_needs_no_amount() -> None:
    guard = make_guard()
    write(guard, "/v1/refunds", "amount=100000")
    assert guard.spend().moved == ()
    assert statuses(guard)["endpoints"] is Status.PASS


def test_a_plan_over_the_cap_ends_the_run_before_it_starts() -> None:
    guard = make_guard()
    with pytest.raises(RefusedError, match=r"planned 10\.01 RUB is over the cap of 10\.00 RUB") as caught:
        guard.plan([money(1000), money(1), money(5, "JPY")])
    assert (caught.value.rule, caught.value.ends_run) == ("planned-spend", True)
    refused(guard, "planned-spend", "/v1/refunds")
    with pytest.raises(RefusedError, match="the run has ended"):
        guard.reserve("top up", money(1), "k")
    assert guard.spend().planned == (money(5, "JPY"), money(1001))


def test_a_plan_names_every_currency_that_is_over() -> None:
    with pytest.raises(RefusedError) as caught:
        make_guard().plan([money(1, "USD"), money(1001), money(1001, "JPY")])
    assert caught.value.reason.count(";") == 2
    assert "USD has no cap in gates/money.toml" in caught.value.reason


def test_a_plan_at_the_cap_fits() -> None:
    guard = make_guard()
    assert guard.plan([money(400), money(600)]) == (money(1000),)
    assert guard.plan([]) == ()
    assert statuses(guard)["planned-spend"] is Status.PASS


@pytest.mark.parametrize("livemode", [True, None, 0, "", "false", [], "nothing (unreachable)"])
def test_only_an_explicit_false_proves_the_sandbox(livemode: object) -> None:
    guard = make_guard()
    with pytest.raises(RefusedError) as caught:
        guard.prove_sandbox(livemode=livemode)
    assert (caught.value.rule, caught.value.ends_run) == ("sandbox", True)
    refused(guard, "sandbox", "/v1/refunds")


def test_the_sandbox_is_proved_by_false() -> None:
    guard = make_guard()
    assert statuses(guard)["sandbox"] is Status.SKIP
    guard.prove_sandbox(livemode=False)
    assert statuses(guard)["sandbox"] is Status.PASS


def test_a_revoked_permit_stops_requests_and_reservations() -> None:
    guard, permit = make_guard(), Permit()

    def probe() -> None:
        current_permit.set(permit)
        write(guard, "/v1/refunds")
        permit.revoke()
        refused(guard, "time-limit", "/v1/refunds")
        with pytest.raises(RefusedError, match="time limit"):
            guard.reserve("top up", money(1), "k")

    copy_context().run(probe)
    assert current_permit.get() is None
    write(guard, "/v1/refunds")
    assert guard.ledger.entries() == ()
    assert statuses(guard)["time-limit"] is Status.REFUSED


def test_the_first_reason_for_the_end_is_kept() -> None:
    guard = make_guard()
    for body in (b'{"livemode": true}', b'{"livemode": true}'):
        with pytest.raises(RefusedError):
            guard.after_answer(body)
    with pytest.raises(RefusedError):
        guard.prove_sandbox(livemode=True)
    assert refused(guard, "never-live").reason == "the run has ended: an answer says livemode=true"


def test_a_refusal_that_does_not_end_the_run_lets_the_next_call_pass() -> None:
    guard = make_guard()
    refused(guard, "caps", INTENTS, "amount=101&currency=rub")
    write(guard)
    assert guard.spend().moved == (money(29),)


def test_the_report_has_every_rule_once_and_nothing_checked_is_skipped() -> None:
    checks = make_guard().safety_checks()
    ids = [check.id for check in checks]
    assert sorted(ids) == sorted(set(ids))
    assert set(ids) == {
        *("keys", "hosts", "never-live", "caps", "endpoints", "planned-spend", "sandbox", "time-limit")
    }
    assert {check.status for check in checks} == {Status.SKIP}
    assert all(check.claim for check in checks)


def test_equal_refusals_are_counted_and_shown_once() -> None:
    guard = make_guard()
    for _ in range(3):
        refused(guard, "endpoints", "/v1/charges")
    refused(guard, "endpoints", "/v1/payouts")
    detail = next(check.detail for check in guard.safety_checks() if check.id == "endpoints")
    assert detail.startswith("4 refused: ")
    assert detail.count("/v1/charges") == 1
    assert "/v1/payouts" in detail


def test_the_spend_report_shows_plan_caps_and_what_moved() -> None:
    guard = make_guard()
    guard.plan([money(300)])
    guard.reserve("top up", money(29), "a")
    guard.reserve("top up", money(80, "JPY"), "b")
    spend = guard.spend()
    assert (spend.planned, spend.moved) == ((money(300),), (money(80, "JPY"), money(29)))
    assert spend.caps_per_run == (money(1000), money(1000, "JPY"))
    assert spend.caps_per_call == (money(100), money(100, "JPY"))
    assert [entry.idempotency_key for entry in spend.entries] == ["a", "b"]
