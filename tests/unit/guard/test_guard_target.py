"""The guard over declared calls of the backend, and over what no call may do."""

from __future__ import annotations

import json

import pytest
from tests.fakes.guards import (
    BACKEND,
    BODY,
    CONFIRM,
    GOOD,
    INTENTS,
    PROVIDER,
    ask,
    check_of,
    make_guard,
    raw_call,
    show,
    statuses,
    top_up,
    write,
)
from tests.fakes.policies import money

from billing_canary.errors import RefusedError
from billing_canary.guard.target_call import CallKind, TargetCall
from billing_canary.model import Status
from billing_canary.money import Money


@pytest.mark.parametrize("kind", [CallKind.READS, CallKind.WRITES])
def test_a_declared_call_without_money_passes_and_reserves_nothing(kind: CallKind) -> None:
    guard = make_guard()
    assert ask(guard, TargetCall(operation="consume", kind=kind), b'{"units": 1000}') is None
    assert guard.ledger.entries() == ()


@pytest.mark.parametrize("kind", CallKind)
def test_no_declared_call_leads_to_the_provider(kind: CallKind) -> None:
    guard = make_guard()
    guard.made_by_target("pi_1")
    show(guard)
    with pytest.raises(RefusedError, match="leads to the provider's own address"):
        guard.before_request("POST", f"{PROVIDER}/v1/charges", {}, BODY, top_up(kind=kind))
    assert guard.ledger.entries() == ()


def test_a_declared_top_up_is_reserved_under_its_attempt() -> None:
    guard = make_guard()
    row = ask(guard, top_up("attempt-1"), BODY)
    assert row is not None
    assert (row.spending.key, row.spending.amount, row.spending.what) == (
        "attempt-1",
        money(29),
        "create_top_up",
    )


@pytest.mark.parametrize(
    "body",
    [None, b"{}", b'{"amount": 30, "currency": "RUB"}', b'{"amount": 29, "currency": "RUB", "quantity": 9}'],
)
def test_a_top_up_whose_body_says_otherwise_is_refused(body: object) -> None:
    guard = make_guard()
    with pytest.raises(RefusedError):
        ask(guard, top_up(), body)
    assert guard.ledger.entries() == ()


def test_a_charge_by_the_target_itself_needs_the_target_s_own_proof() -> None:
    guard, charge = make_guard(), top_up(kind=CallKind.MOVES_AT_ONCE)
    guard.made_by_target("pi_1")
    with pytest.raises(RefusedError, match="nothing of the target's own") as caught:
        ask(guard, charge, BODY)
    assert caught.value.rule == "sandbox"
    show(guard, id="pi_2")  # somebody else's
    show(guard, livemode=None)
    with pytest.raises(RefusedError, match="nothing of the target's own"):
        ask(guard, charge, BODY)
    show(guard)
    assert ask(guard, charge, BODY) is not None


def test_a_customer_proves_the_target_too() -> None:
    guard = make_guard()
    guard.made_by_target("cus_1")
    body = json.dumps({"id": "cus_1", "object": "customer", "livemode": False}).encode()
    guard.after_answer(f"{PROVIDER}/v1/customers/cus_1", None, 200, body)
    assert ask(guard, top_up(kind=CallKind.MOVES_AT_ONCE), BODY) is not None


def test_the_target_s_own_word_proves_nothing() -> None:
    guard = make_guard()
    guard.made_by_target("cus_1")
    body = json.dumps({"id": "cus_1", "object": "customer", "livemode": False}).encode()
    guard.after_answer(f"{BACKEND}/v1/customers/cus_1", None, 200, body)
    with pytest.raises(RefusedError):
        ask(guard, top_up(kind=CallKind.MOVES_AT_ONCE), BODY)


def test_where_no_sandbox_is_required_a_charge_needs_no_proof_but_a_cap() -> None:
    guard = make_guard(require_sandbox=False)
    assert ask(guard, top_up(kind=CallKind.MOVES_AT_ONCE), BODY) is not None
    call = top_up("k2", money(101), CallKind.MOVES_AT_ONCE)
    with pytest.raises(RefusedError, match="over the cap"):
        ask(guard, call, b'{"amount": 101, "currency": "RUB"}')


@pytest.mark.parametrize(
    ("raw", "moved"), [(-5, ()), ("abc", ()), (None, ()), (7, (money(7),)), ("0.5", (money(1),))]
)
def test_what_a_lenient_target_may_make_of_an_impossible_amount_is_reserved(
    raw: object, moved: tuple[Money, ...]
) -> None:
    guard = make_guard()
    row = ask(guard, raw_call(raw), json.dumps({"amount": raw}))
    assert guard.spend().moved == moved
    assert (row is not None) is bool(moved)


def test_an_impossible_amount_that_is_possible_is_held_against_the_caps() -> None:
    with pytest.raises(RefusedError, match="over the cap"):
        ask(make_guard(), raw_call("101"), b'{"amount": "101"}')


def test_a_target_that_charges_twice_for_one_key_is_counted_again() -> None:
    guard = make_guard(require_sandbox=False, per_run=60)
    charge = top_up(kind=CallKind.MOVES_AT_ONCE)
    ask(guard, charge, BODY, "/use?k")
    guard.payment_of(charge, "pi_1")
    guard.payment_of(charge, "pi_1")
    assert guard.spend().moved == (money(29),)
    guard.payment_of(charge, "pi_2")
    assert guard.spend().moved == (money(58),)
    assert "the target ignored the idempotency key" in check_of(guard, "caps").detail
    with pytest.raises(RefusedError, match="over the cap") as caught:
        guard.payment_of(charge, "pi_3")
    assert caught.value.ends_run
    assert statuses(guard)["caps"] is Status.REFUSED


def test_what_a_charge_moved_covers_no_later_step() -> None:
    guard = make_guard(require_sandbox=False)
    charge = top_up(kind=CallKind.MOVES_AT_ONCE)
    ask(guard, charge, BODY, "/use?k")
    guard.payment_of(charge, "pi_1")
    show(guard)
    write(guard, CONFIRM, "")
    assert guard.spend().moved == (money(58),)


def test_a_second_payment_of_one_top_up_is_not_covered() -> None:
    guard = make_guard()
    ask(guard, top_up(), BODY, "/use?k")
    for payment in ("pi_1", "pi_2"):
        guard.payment_of(top_up(), payment)
        show(guard, id=payment)
        write(guard, f"{INTENTS}/{payment}/confirm", "")
    assert guard.spend().moved == (money(58),)


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", f"{PROVIDER}/v1/../v1/charges"),
        ("POST", f"{PROVIDER}/x/..{INTENTS}"),
        ("GET", f"{BACKEND}/a/%2e%2e/b"),
    ],
)
def test_a_path_that_climbs_is_refused(method: str, url: str) -> None:
    guard = make_guard()
    with pytest.raises(RefusedError, match="climbs"):
        guard.before_request(method, url, {}, None)
    assert statuses(guard)["hosts"] is Status.REFUSED


def test_headers_that_contradict_the_request_are_refused() -> None:
    guard = make_guard()
    for headers in ({"Host": "evil.example.com"}, {"Content-Length": "1"}, {"Transfer-Encoding": "chunked"}):
        with pytest.raises(RefusedError):
            guard.before_request("POST", PROVIDER + INTENTS, headers, GOOD)
    assert guard.ledger.entries() == ()


@pytest.mark.parametrize(
    "location", ["https://evil.example.com/", "http://pay.example.com/", "//evil.example.com"]
)
def test_a_redirect_elsewhere_is_refused_and_recorded(location: str) -> None:
    guard = make_guard()
    guard.refuse_redirect(f"{PROVIDER}/a", "/b")
    with pytest.raises(RefusedError):
        guard.refuse_redirect(f"{PROVIDER}/a", location)
    assert statuses(guard)["hosts"] is Status.REFUSED
