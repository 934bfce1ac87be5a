"""What a probe is handed: the customer's steps over the shop and the fake provider."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from tests.fakes.clock import HandClock
from tests.fakes.credit_shop import TARGET, CreditShop
from tests.fakes.server import Call, FakeServer, Reply, answer_json

from billing_canary.guard.guard import Guard
from billing_canary.guard.permit import Permit, current_permit
from billing_canary.model import Evidence
from billing_canary.money import Money
from billing_canary.probe.context import ProbeContext
from billing_canary.probe.recorder import ClaimFailedError
from billing_canary.redact import Redactor
from billing_canary.target.operations import Answer, Operation, Outcome
from billing_canary.target.settings import PaidEvent, ProviderSettings
from billing_canary.target.target import Target

Connect = Callable[..., Target]


def usd(minor: int) -> Money:
    return Money(minor=minor, currency="USD")


@pytest.fixture
def run(connect: Connect) -> ProbeContext:
    return ProbeContext(connect(), "wallet.x", Redactor())


class Till:
    """A fake provider; the shop itself credits a top-up as soon as it is begun."""

    def __init__(self) -> None:
        self.decline = False

    def answer(self, call: Call) -> Reply:
        name = call.path.split("/")[3]
        plain = {"id": name, "object": "payment_intent", "status": "requires_payment_method", "amount": 500}
        plain |= {"amount_received": 0, "currency": "usd", "livemode": False}
        if not call.path.endswith("/confirm"):
            return answer_json(plain)
        if self.decline:
            error = {"type": "card_error", "code": "card_declined", "decline_code": "generic_decline"}
            return answer_json({"error": error}, 402)
        return answer_json(plain | {"status": "succeeded", "amount_received": 500})


@pytest.fixture
def till() -> Till:
    return Till()


@pytest.fixture
def paying(connect: Connect, till: Till) -> Iterator[ProbeContext]:
    """A context whose target has the fake provider too."""
    with FakeServer(till.answer) as server:
        plain = connect()
        settings = replace(
            plain.settings, provider=ProviderSettings(base_url=server.url, api_key="sk_test_abcdef")
        )
        policy = plain.guard.policy.allowing([server.host])
        guard = Guard(policy, provider_url=server.url, backend_url=settings.base_url)
        target = Target(settings, guard, "run-1", plain.clock)
        yield ProbeContext(target, "wallet.x", Redactor())
        target.close()


def last(run: ProbeContext) -> Evidence:
    return run.rows[-1]


@pytest.mark.parametrize(("part", "operation"), [("provider", "pay"), ("webhooks", "paid_event")])
def test_a_part_that_was_not_declared_ends_the_probe(run: ProbeContext, part: str, operation: str) -> None:
    with pytest.raises(ClaimFailedError, match=f"uses {operation} without declaring"):
        getattr(run, part)


def test_amount_and_price_are_the_target_s(run: ProbeContext) -> None:
    assert (run.amount, run.unit_price, run.amount_in("USD")) == (usd(500), 10, usd(500))
    assert run.units_for(usd(505)) == 50
    with pytest.raises(KeyError):
        run.amount_in("JPY")


def test_keys_are_fresh_and_tell_run_and_probe(run: ProbeContext) -> None:
    keys = [run.new_key() for _ in range(3)]
    assert keys == ["run-1-wallet.x-1", "run-1-wallet.x-2", "run-1-wallet.x-3"]


def test_what_the_target_can_is_known(run: ProbeContext) -> None:
    assert run.can(Operation.CONSUME)
    assert not run.can(Operation.READ_BUILD)


def test_every_opened_account_is_remembered_for_the_clean_up(run: ProbeContext, server: FakeServer) -> None:
    first, second = run.open_account(), run.open_account(quota_units=5)
    assert run.opened == (first, second)
    labels = [(call.form["label"], call.form["quota"]) for call in server.calls]
    assert labels == [(["run-1-wallet.x-1"], ["1000000"]), (["run-1-wallet.x-2"], ["5"])]
    assert run.balance(first) == usd(0)


def test_a_top_up_is_begun_and_claimed(run: ProbeContext, server: FakeServer) -> None:
    top_up = run.begin_top_up(run.open_account())
    assert (top_up.payment, top_up.id, top_up.amount) == ("pi_1", "1", usd(500))
    assert (last(run).claim, last(run).held) == ("A top-up can be begun", True)
    assert server.calls[-1].headers["X-Trace"] not in server.calls[-1].path


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.OK])
def test_a_top_up_that_was_not_begun_ends_the_probe(run: ProbeContext, outcome: Outcome) -> None:
    answer = Answer(operation=Operation.CREATE_TOP_UP, outcome=outcome, status=400)
    with pytest.raises(ClaimFailedError):
        run.top_up_of(answer, run.amount)
    assert (last(run).observed, last(run).source) == (outcome.value, "create_top_up")


def test_paying_moves_the_money_once(paying: ProbeContext) -> None:
    top_up = paying.begin_top_up(paying.open_account())
    assert paying.pay(top_up).status == "succeeded"
    assert paying.target.guard.spend().moved == (usd(500),)
    entries = paying.target.guard.ledger.entries()
    assert [(entry.answer, entry.counted) for entry in entries] == [
        ("HTTP 201", True),
        ("HTTP 200, succeeded", False),
    ]


def test_a_declined_card_is_told_by_its_code(paying: ProbeContext, till: Till) -> None:
    top_up = paying.begin_top_up(paying.open_account())
    till.decline = True
    assert paying.decline(top_up) == "generic_decline"


def test_a_card_that_should_be_declined_and_is_not_has_no_code(paying: ProbeContext) -> None:
    assert paying.decline(paying.begin_top_up(paying.open_account())) == ""


def test_funding_waits_for_exactly_what_was_paid(paying: ProbeContext) -> None:
    assert paying.fund(paying.open_account()) == usd(500)
    assert [row.claim for row in paying.rows] == [
        "A top-up can be begun",
        "A paid top-up reaches the wallet",
        "The credit is exactly what was paid",
    ]


def test_a_credit_of_another_amount_ends_the_probe(run: ProbeContext, shop: CreditShop) -> None:
    account = run.open_account()
    shop.tenants[account.id].rows.append(51)
    with pytest.raises(ClaimFailedError):
        run.has_exactly(account, usd(500))
    row = last(run)
    assert (row.expected, row.observed, row.reveals) == ("5.00 USD", "5.10 USD", ("F32",))


def test_a_credit_that_never_arrives_ends_the_probe(run: ProbeContext) -> None:
    account = run.open_account()
    with pytest.raises(ClaimFailedError):
        run.arrives(account)
    assert (last(run).observed, last(run).reveals) == ("0.00 USD after 0.3 s", ("F35",))


def test_a_late_second_credit_is_caught_over_http(run: ProbeContext, shop: CreditShop) -> None:
    account = run.open_account()
    rows = shop.tenants[account.id].rows
    rows.append(50)
    timer = threading.Timer(0.03, rows.append, [50])
    timer.start()
    with pytest.raises(ClaimFailedError):
        run.stays("It is credited once", account, usd(500), reveals="F01")
    timer.join()
    assert last(run).observed.startswith("10.00 USD after ")


def test_a_balance_that_stays_is_a_claim_that_held(run: ProbeContext) -> None:
    run.stays("It stays", run.open_account(), usd(0))
    assert last(run).held


def test_use_is_sent_once_with_a_fresh_id(run: ProbeContext, server: FakeServer) -> None:
    account = run.open_account()
    answers = [run.consume(account, 3), run.consume(account, 3)]
    assert [answer.outcome for answer in answers] == [Outcome.OK, Outcome.OK]
    sent = [call.form for call in server.calls if call.path == "/v1/use"]
    assert [form["units"] for form in sent] == [["3"], ["3"]]
    assert sent[0]["id"] != sent[1]["id"]


DELIVER = """
[backends.credits.operations.deliver_event]
method = "POST"
path = "/health"
headers = { Stripe-Signature = "{signature}" }
"""


def test_events_are_delivered_with_a_signature_of_the_target_s_time(
    connect: Connect, server: FakeServer
) -> None:
    plain = connect(text=TARGET + DELIVER, clock=HandClock(start=1_795_000_000.0))
    backend = replace(plain.settings.backend, paid_event=PaidEvent(type="paid", body={"id": "{event}"}))
    settings = replace(plain.settings, webhook_secret="whsec_x", backend=backend)
    run = ProbeContext(Target(settings, plain.guard, "run-1", plain.clock), "webhooks.x", Redactor())
    assert run.deliver(b"{}").outcome is Outcome.OK
    assert run.backend.deliver(b"{}", None).outcome is Outcome.OK
    run.target.close()
    signed, unsigned = server.calls
    assert signed.headers["Stripe-Signature"].startswith("t=1795000000,v1=")
    assert "Stripe-Signature" not in unsigned.headers
    assert signed.body == unsigned.body == b"{}"


def test_calls_are_made_at_the_same_moment_and_answer_in_order(run: ProbeContext) -> None:
    meeting = threading.Barrier(5, timeout=5)

    def one(number: int) -> int:
        meeting.wait()
        return number

    assert run.together([partial(one, number) for number in range(5)]) == [0, 1, 2, 3, 4]


def test_the_first_error_of_parallel_calls_is_raised(run: ProbeContext) -> None:
    def fail(number: int) -> Any:
        raise ValueError(number)

    with pytest.raises(ValueError, match="1"):
        run.together([lambda: None, lambda: fail(1), lambda: fail(2)])


def test_parallel_calls_stand_under_the_probe_s_permit(run: ProbeContext) -> None:
    permit = Permit()
    token = current_permit.set(permit)
    try:
        assert run.together([current_permit.get] * 3) == [permit] * 3
    finally:
        current_permit.reset(token)
