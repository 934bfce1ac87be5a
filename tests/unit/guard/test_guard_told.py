"""What the guard writes down, by value: the ledger's entries, the safety checks and their proofs."""

from __future__ import annotations

import json
from dataclasses import replace
from threading import Event

import pytest
import requests
import stripe
from tests.fakes.clock import HandClock
from tests.fakes.guards import (
    BACKEND,
    BODY,
    INTENTS,
    PROVIDER,
    ask,
    check_of,
    make_guard,
    show,
    top_up,
    write,
)
from tests.fakes.policies import make_policy, money
from tests.fakes.server import FakeServer, Reply, answer_json
from tests.fakes.session_bench import Bench

from billing_canary.clock import utc_text
from billing_canary.errors import RefusedError
from billing_canary.guard.clean_up_check import accounts_check, after_sweep
from billing_canary.guard.guard import Guard
from billing_canary.guard.safety_record import SafetyRecord
from billing_canary.guard.session import GuardedSession
from billing_canary.guard.spend_ledger import Spending, SpendLedger
from billing_canary.guard.stripe_client import GuardedStripeClient
from billing_canary.guard.target_call import CallKind, TargetCall
from billing_canary.guard.target_spending import TargetSpending
from billing_canary.model import SafetyCheck, SpendEntry, Status

CLAIM = "What the run created carries its id and is removed after it"
OPENED = "{} accounts were opened, each with the run id; {} were closed"


@pytest.mark.parametrize(
    ("created", "removed", "left", "possible", "status", "detail"),
    [
        (3, 3, [], True, Status.PASS, OPENED.format(3, 3)),
        (3, 1, ["a: 500", "b: 404"], True, Status.ERROR, OPENED.format(3, 1) + "; left: a: 500; b: 404"),
        (2, 0, ["a: 500"], False, Status.ERROR, OPENED.format(2, 0) + "; left: a: 500"),
        (
            2,
            0,
            [],
            False,
            Status.SKIP,
            OPENED.format(2, 0) + "; the target maps no close_account, so they stay",
        ),
        (0, 0, [], False, Status.SKIP, OPENED.format(0, 0)),
        (0, 0, [], True, Status.SKIP, OPENED.format(0, 0)),
    ],
)
def test_the_clean_up_is_told_whole(  # noqa: PLR0913, PLR0917 - columns
    created: int,
    removed: int,
    left: list[str],
    possible: bool,  # noqa: FBT001 - a column
    status: Status,
    detail: str,
) -> None:
    check = accounts_check(created, removed, left, possible=possible)
    assert check == SafetyCheck(id="clean-up", status=status, claim=CLAIM, detail=detail)


def test_the_last_look_is_told_behind_it() -> None:
    check = accounts_check(1, 1, [], possible=True)
    more = f"{check.detail}; {{}} more things with the run id were removed"
    assert after_sweep(check, 2, []).detail == more.format(2)
    assert after_sweep(check, 1, ["a: 500", "b: 404"]) == replace(
        check, status=Status.ERROR, detail=more.format(1) + "; left: a: 500; b: 404"
    )


def test_a_payment_that_was_made_twice_is_told_with_its_key_and_why() -> None:
    guard = make_guard()
    call = top_up("k", kind=CallKind.MOVES_AT_ONCE)
    guard.payment_of(call, "pi_1")
    guard.payment_of(call, "pi_1")
    assert guard.ledger.entries() == ()
    guard.payment_of(replace(call, account="a1"), "pi_2")
    guard.payment_of(call, "pi_3")
    told = "create_top_up: the target ignored the idempotency key and acted twice"
    assert guard.ledger.entries() == (
        SpendEntry(
            what="create_top_up",
            amount=money(29),
            total=money(29),
            idempotency_key="k",
            answer=told,
            counted=True,
        ),
    )
    assert (
        check_of(guard, "caps").detail
        == f"0 checked, none refused; reserved 0.29 RUB of at most 10.00 RUB; warning: {told}"
    )


def test_a_movement_under_an_account_is_entered_with_the_key_that_was_sent() -> None:
    guard = make_guard()
    call = replace(top_up("k", kind=CallKind.MOVES_AT_ONCE), account="a1")
    for payment in ("pi_1", "pi_2"):
        guard.payment_of(call, payment)
    assert [entry.idempotency_key for entry in guard.ledger.entries()] == ["k"]
    assert guard.ledger.total_of(lambda key: key == "k of a1") == (money(29),)


def test_a_payment_of_the_target_proves_its_test_mode() -> None:
    guard = make_guard()
    at_once = top_up("k2", kind=CallKind.MOVES_AT_ONCE)
    guard.payment_of(top_up(), "pi_1")
    with pytest.raises(RefusedError, match="nothing of the target's own was found to be in test mode yet"):
        ask(guard, at_once, BODY)
    show(guard)
    assert ask(guard, at_once, BODY) is not None


def test_a_body_that_asks_to_charge_needs_the_same_proof() -> None:
    body = json.dumps({"amount": 29, "currency": "RUB", "confirm": True}).encode()
    with pytest.raises(RefusedError) as caught:
        ask(make_guard(), top_up(), body)
    assert caught.value.rule == "sandbox"
    deep = json.dumps({"amount": 29, "currency": "RUB", "confirm": {"by": "true"}}).encode()
    assert ask(make_guard(), top_up(), deep) is not None


def test_a_reservation_is_entered_and_checked() -> None:
    guard = make_guard()
    guard.reserve("confirm", money(29), "k")
    assert [entry.what for entry in guard.ledger.entries()] == ["confirm"]
    assert check_of(guard, "caps").detail == "1 checked, none refused; reserved 0.29 RUB of at most 10.00 RUB"


def test_a_write_without_a_key_is_entered_by_its_number() -> None:
    guard = make_guard()
    for _ in range(2):
        write(guard)
    keys = [entry.idempotency_key for entry in guard.ledger.entries()]
    assert keys == ["without a key, number 1", "without a key, number 2"]
    target = TargetSpending()
    found = [target.read(top_up(), BACKEND, {}, BODY) for _ in range(2)]
    assert [each.key for each in found if each] == [f"k without its key, number {n}" for n in (1, 2)]


@pytest.mark.parametrize(
    ("key", "body"), [("k\u00e9", "k\u00e9".encode()), ("k", b"\xff\xfek"), ("k'", b"\xff\"k'")]
)
def test_a_key_is_found_in_bytes(key: str, body: bytes) -> None:
    call = replace(top_up(key), places=top_up().places[:1], currency="RUB")
    found = TargetSpending().read(call, BACKEND, {}, b"amount=29&attempt=" + body)
    assert found == Spending(what="create_top_up", amount=money(29), key=key, sent_as=key)


def test_every_proof_is_told_in_full() -> None:
    guard = make_guard()
    nothing = "0 checked, none refused"
    told = {check.id: check.detail for check in guard.safety_checks()}
    assert told.pop("planned-spend") == f"{nothing}; nothing is planned to be spent"
    assert set(told.values()) == {nothing}
    guard.plan([money(29), money(5, "JPY")])
    guard.prove_sandbox(livemode=False)
    show(guard, row=write(guard))
    write(guard, body="amount=5&currency=jpy")
    guard.before_request("GET", f"{BACKEND}/wallet", {}, None)
    told = {check.id: check.detail for check in guard.safety_checks()}
    at = utc_text(HandClock().now())
    caps = "5 JPY of at most 1000 JPY, 0.29 RUB of at most 10.00 RUB"
    assert told["hosts"] == (
        "3 checked, none refused; contacted https://billing.example.com, https://pay.example.com"
    )
    assert told["caps"] == f"2 checked, none refused; reserved {caps}"
    assert told["planned-spend"] == f"1 checked, none refused; planned {caps}"
    assert told["sandbox"] == (
        "1 checked, none refused; 1 payments were fetched and are livemode=false; "
        f"the provider answered livemode=false on /v1/balance at {at}"
    )


def test_a_plan_over_two_caps_tells_both() -> None:
    guard = make_guard(per_run=10)
    with pytest.raises(RefusedError) as caught:
        guard.plan([money(11), money(11, "JPY"), money(1, "USD")])
    assert caught.value.reason == (
        "planned 11 JPY is over the cap of 10 JPY for the run; "
        "planned 0.11 RUB is over the cap of 0.10 RUB for the run; USD has no cap in gates/money.toml"
    )


def test_an_answer_to_what_moves_money_is_read_wherever_it_comes_from() -> None:
    guard = make_guard()
    row = write(guard)
    answer = {"id": "pi_1", "object": "payment_intent", "amount": 29, "currency": "rub", "livemode": False}
    body = json.dumps({**answer, "status": "succeeded"}).encode()
    guard.after_answer(f"{PROVIDER}/v1/elsewhere", row, 200, body)
    assert [entry.answer for entry in guard.ledger.entries()] == ["HTTP 200, succeeded"]
    show(guard, "/v1/elsewhere", id="pi_2")
    assert set(guard.seen.payments) == {"pi_1"}


def test_a_read_of_the_backend_on_the_provider_s_host_is_the_backend_s() -> None:
    policy = make_policy("x.example.com")
    guard = Guard(policy, provider_url="https://x.example.com/pay", backend_url="https://x.example.com/shop")
    guard.before_request("GET", "https://x.example.com/shop/wallet", {}, None)
    with pytest.raises(RefusedError, match="leaves the provider's base path"):
        guard.before_request("GET", "https://x.example.com/other", {}, None)


@pytest.mark.parametrize("kind", [CallKind.READS, CallKind.MOVES])
def test_a_declared_read_is_judged_as_declared(kind: CallKind) -> None:
    with pytest.raises(RefusedError):
        make_guard().before_request("GET", f"{PROVIDER}/v1/balance", {}, None, top_up(kind=kind))
    if kind is CallKind.MOVES:
        with pytest.raises(RefusedError, match="create_top_up"):
            make_guard().before_request("GET", f"{BACKEND}/use", {}, None, top_up(kind=kind))


def test_a_write_is_never_remembered_as_allowed() -> None:
    guard = make_guard()
    ask(guard, TargetCall(operation="create_top_up", kind=CallKind.WRITES, key="k"))
    with pytest.raises(RefusedError):
        ask(guard, top_up())


def test_a_link_is_known_by_what_was_called_and_its_key() -> None:
    ledger = SpendLedger(make_policy())
    for amount in (money(29), money(28, "JPY"), money(30)):
        ledger.reserve(Spending(what="buy", amount=amount, key="k"))
    assert [
        ledger.link(*each) for each in (("buy", "k", "pi_1"), ("buy", "l", "pi_2"), ("sell", "k", "pi_3"))
    ] == [
        True,
        True,
        True,
    ]
    assert ledger.reserved_for("pi_1") == money(30)
    assert not ledger.link("buy", "k", "pi_4")
    assert ledger.link("buy", "k", "pi_1")


@pytest.mark.parametrize(("count", "more"), [(5, ""), (6, "; and 1 other reasons")])
def test_five_reasons_are_told_and_the_rest_is_counted(count: int, more: str) -> None:
    record = SafetyRecord()
    for number in range(count):
        record.refuse(RefusedError("hosts", f"reason {number}"))
    told = "; ".join(f"reason {number}" for number in range(5))
    assert record.check("hosts", "The claim", {}) == SafetyCheck(
        id="hosts", status=Status.REFUSED, claim="The claim", detail=f"{count} refused: {told}{more}"
    )


def test_a_large_answer_comes_whole(bench: Bench) -> None:
    body = bytes(range(256)) * 1_000
    bench.here.script = lambda _: Reply(body=body)
    assert bench.get().content == body


def test_time_limits_are_handed_on(bench: Bench) -> None:
    never = Event()
    bench.here.script = lambda _: Reply(body=b"{}", stall_after_head=never)
    with pytest.raises(requests.RequestException):
        bench.session.get(bench.here.url, timeout=0.2)
    client = GuardedStripeClient(bench.session, 0.2)
    with pytest.raises(stripe.APIConnectionError):
        client.request("get", bench.here.url, {})
    never.set()


def test_a_streaming_write_is_sent_as_it_was_judged() -> None:
    with FakeServer(lambda _: answer_json({"livemode": False})) as server:
        guard = Guard(make_policy(server.host), provider_url=server.url)
        with GuardedSession(guard) as session:
            client = GuardedStripeClient(session, 2.0)
            headers = {"Idempotency-Key": "k", "Content-Type": "application/x-www-form-urlencoded"}
            body = "amount=29&currency=rub"
            assert client.request_stream("post", f"{server.url}{INTENTS}", headers, body)[1] == 200
            assert client.request_stream("get", f"{server.url}/v1/files", None)[1] == 200
        assert [(call.method, call.body) for call in server.calls] == [("POST", body.encode()), ("GET", b"")]
        assert server.calls[0].headers["Idempotency-Key"] == "k"
        assert [entry.idempotency_key for entry in guard.ledger.entries()] == ["k"]


def test_a_call_of_the_sdk_is_judged_once_for_both_steps() -> None:
    with FakeServer(lambda _: answer_json({"livemode": False})) as server:
        guard = Guard(make_policy(server.host), provider_url=server.url)
        with GuardedSession(guard) as session:
            client = GuardedStripeClient(session, 2.0)
            for _ in range(2):
                client.request("post", f"{server.url}{INTENTS}", {}, "amount=29&currency=rub")
        keys = [entry.idempotency_key for entry in guard.ledger.entries()]
        assert keys == ["without a key, number 1", "without a key, number 2"]
        assert len(server.calls) == 2


def test_a_first_amount_over_the_cap_of_the_run_is_told_as_it_is() -> None:
    with pytest.raises(RefusedError) as caught:
        SpendLedger(make_policy(per_run=50)).reserve(Spending(what="buy", amount=money(60), key="k"))
    assert caught.value.reason == "buy: 0.60 RUB in all is over the cap of 0.50 RUB for the run"


def test_a_payment_without_an_id_stands_for_nothing_else() -> None:
    ledger = SpendLedger(make_policy())
    ledger.reserve(Spending(what="buy", amount=money(29), key="k"))
    ledger.link("buy", "k", "")
    assert ledger.reserve(Spending(what="buy", amount=money(5), key="l")).counted
    assert ledger.reserve(Spending(what="buy", amount=money(5, "JPY"), key="m")).counted
