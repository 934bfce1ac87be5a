"""The payment provider through the real SDK: what the guard refuses comes out as a refusal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from tests.fakes.policies import make_policy, money
from tests.fakes.server import Call, FakeServer, Reply, answer_json, unused_port

from billing_canary.errors import RefusedError
from billing_canary.guard.guard import Guard
from billing_canary.guard.session import GuardedSession
from billing_canary.target.settings import ProviderSettings
from billing_canary.target.stripe_provider import ProviderError, StripeProvider

KEY = "sk_test_abcdef"
CONFIRM = "/v1/payment_intents/pi_1/confirm"


def intent(**changes: Any) -> dict[str, Any]:
    plain = {"id": "pi_1", "object": "payment_intent", "status": "requires_payment_method", "amount": 29}
    return plain | {"amount_received": 0, "currency": "rub", "livemode": False} | changes


class Desk:
    """A fake provider, the guard, and the SDK between them."""

    def __init__(self, cleanup: ExitStack, key: str = KEY) -> None:
        self.replies: dict[str, Callable[[Call], Reply]] = {}
        self.server = cleanup.enter_context(FakeServer(self._answer))
        self.guard = Guard(make_policy(self.server.host), provider_url=self.server.url)
        self.provider = self.connect(self.server.url, key, cleanup)

    def connect(self, url: str, key: str, cleanup: ExitStack) -> StripeProvider:
        session = GuardedSession(self.guard)
        cleanup.callback(session.close)
        return StripeProvider(session, ProviderSettings(base_url=url, api_key=key), 2.0)

    def _answer(self, call: Call) -> Reply:
        reply = self.replies.get(call.path)
        return reply(call) if reply else answer_json(intent())

    def paths(self) -> list[str]:
        return [f"{call.method} {call.path}" for call in self.server.calls]


@pytest.fixture
def cleanup() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def desk(cleanup: ExitStack) -> Desk:
    return Desk(cleanup)


def error(code: str, status: int = 400, kind: str = "invalid_request_error", **more: str) -> Reply:
    return answer_json({"error": {"type": kind, "code": code, "message": "No.", **more}}, status)


@pytest.mark.parametrize(
    "key", ["sk_live_abcdef", "sk_test_x sk_live_abcdef", "pk_test_abcdef", "", " sk_test_abcdef"]
)
def test_another_key_than_one_test_key_is_refused_before_any_connection(cleanup: ExitStack, key: str) -> None:
    server = cleanup.enter_context(FakeServer(lambda _: answer_json(intent())))
    guard = Guard(make_policy(server.host), provider_url=server.url)
    session = GuardedSession(guard)
    cleanup.callback(session.close)
    with pytest.raises(RefusedError) as caught:
        StripeProvider(session, ProviderSettings(base_url=server.url, api_key=key), 2.0)
    assert caught.value.rule == "keys"
    assert "abcdef" not in str(caught.value)
    assert server.connections == 0
    assert {check.id: check.status for check in guard.safety_checks()}["keys"] == "refused"


def test_another_host_is_refused_before_any_connection(desk: Desk, cleanup: ExitStack) -> None:
    other = cleanup.enter_context(FakeServer(lambda _: answer_json(intent())))
    with pytest.raises(RefusedError) as caught:
        desk.connect(other.url, KEY, cleanup).payment("pi_1")
    assert caught.value.rule == "hosts"
    assert other.connections == 0


@pytest.mark.parametrize(
    ("livemode", "rule"), [(True, "never-live"), (None, "sandbox"), ("false", "sandbox"), (0, "sandbox")]
)
def test_a_payment_that_is_no_test_object_is_never_confirmed(desk: Desk, livemode: Any, rule: str) -> None:
    desk.replies["/v1/payment_intents/pi_1"] = lambda _: answer_json(intent(livemode=livemode))
    with pytest.raises(RefusedError) as caught:
        desk.provider.confirm("pi_1", "pm_card_visa")
    assert (caught.value.rule, caught.value.ends_run) == (rule, livemode is True)
    assert desk.paths() == ["GET /v1/payment_intents/pi_1"]


def test_a_payment_that_the_test_account_does_not_show_is_never_confirmed(desk: Desk) -> None:
    desk.replies["/v1/payment_intents/pi_1"] = lambda _: error("resource_missing", 404)
    with pytest.raises(RefusedError, match=r"does not show pi_1 \(resource_missing\)") as caught:
        desk.provider.confirm("pi_1", "pm_card_visa")
    assert caught.value.rule == "sandbox"
    assert desk.paths() == ["GET /v1/payment_intents/pi_1"]


def test_a_payment_over_the_cap_is_never_confirmed(desk: Desk) -> None:
    desk.replies["/v1/payment_intents/pi_1"] = lambda _: answer_json(intent(amount=101))
    with pytest.raises(RefusedError, match="over the cap"):
        desk.provider.confirm("pi_1", "pm_card_visa")
    assert desk.paths() == ["GET /v1/payment_intents/pi_1"]


def test_a_confirmed_payment_is_reserved_answered_and_told(desk: Desk) -> None:
    desk.replies[CONFIRM] = lambda _: answer_json(intent(status="succeeded", amount_received=29))
    paid = desk.provider.confirm("pi_1", "pm_card_visa")
    assert (paid.id, paid.status, paid.amount, paid.received) == ("pi_1", "succeeded", money(29), money(29))
    call = desk.server.calls[1]
    assert (call.method, call.path, call.form) == ("POST", CONFIRM, {"payment_method": ["pm_card_visa"]})
    assert call.headers["Authorization"] == f"Bearer {KEY}"
    assert [(e.amount, e.answer) for e in desk.guard.ledger.entries()] == [(money(29), "HTTP 200, succeeded")]


def test_a_payment_can_be_captured_later(desk: Desk) -> None:
    desk.provider.confirm("pi_1", "pm_card_visa", capture_later=True)
    assert desk.server.calls[1].form["capture_method"] == ["manual"]
    desk.provider.capture("pi_1", money(10))
    assert desk.server.calls[2].form == {"amount_to_capture": ["10"]}


def test_a_capture_of_what_was_never_fetched_is_refused_inside_the_sdk(desk: Desk) -> None:
    with pytest.raises(RefusedError) as caught:
        desk.provider.capture("pi_1", money(10))
    assert caught.value.rule == "sandbox"
    assert "pi_1 was not fetched" in caught.value.reason
    assert desk.server.calls == []


def test_a_payment_of_the_harness_s_own_carries_the_run_and_its_key(desk: Desk) -> None:
    desk.replies["/v1/payment_intents"] = lambda _: answer_json(intent())
    made = desk.provider.create(money(29), "key-1", "run-1")
    call = desk.server.calls[0]
    assert (made.id, call.headers["Idempotency-Key"]) == ("pi_1", "key-1")
    assert call.form == {
        "amount": ["29"],
        "currency": ["rub"],
        "payment_method_types[0]": ["card"],
        "metadata[run_id]": ["run-1"],
    }
    assert desk.guard.ledger.holds("pi_1")


def test_a_refund_moves_money_too(desk: Desk) -> None:
    desk.replies["/v1/refunds"] = lambda _: answer_json(
        {"id": "re_1", "object": "refund", "status": "succeeded"}
    )
    desk.provider.payment("pi_1")
    assert desk.provider.refund("pi_1", money(10), "key-1") == "succeeded"
    assert desk.server.calls[1].form == {"payment_intent": ["pi_1"], "amount": ["10"]}
    assert desk.guard.spend().moved == (money(10),)


def test_a_refund_of_a_payment_that_was_not_fetched_is_refused(desk: Desk) -> None:
    with pytest.raises(RefusedError, match="was not fetched"):
        desk.provider.refund("pi_1", money(10), "key-1")
    assert desk.server.calls == []


def test_what_was_not_captured_is_cancelled_and_moves_nothing(desk: Desk) -> None:
    desk.provider.cancel("pi_1")
    assert desk.paths() == ["POST /v1/payment_intents/pi_1/cancel"]
    assert desk.guard.spend().moved == ()


def test_a_customer_is_looked_at(desk: Desk) -> None:
    desk.replies["/v1/customers/cus_1"] = lambda _: answer_json(
        {"id": "cus_1", "object": "customer", "livemode": False}
    )
    assert desk.provider.customer("cus_1") == "cus_1"
    assert desk.guard.seen.customers == {"cus_1"}


def test_a_live_answer_inside_the_sdk_is_a_refusal_and_ends_the_run(desk: Desk) -> None:
    desk.replies[CONFIRM] = lambda _: answer_json(intent(livemode=True))
    with pytest.raises(RefusedError, match="livemode"):
        desk.provider.confirm("pi_1", "pm_card_visa")
    with pytest.raises(RefusedError, match="the run has ended"):
        desk.provider.payment("pi_1")
    assert len(desk.server.calls) == 2


def test_a_redirect_to_another_server_is_a_refusal(desk: Desk, cleanup: ExitStack) -> None:
    other = cleanup.enter_context(FakeServer(lambda _: answer_json(intent())))
    location = {"Location": f"{other.url}/v1/payment_intents/pi_1"}
    desk.replies["/v1/payment_intents/pi_1"] = lambda _: Reply(status=307, headers=location)
    with pytest.raises(RefusedError, match="redirect"):
        desk.provider.payment("pi_1")
    assert other.connections == 0


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (error("card_declined", 402, "card_error", decline_code="insufficient_funds"), "insufficient_funds"),
        (error("expired_card", 402, "card_error"), "expired_card"),
        (error("resource_missing", 404), "resource_missing"),
        (answer_json({"error": {"type": "idempotency_error", "message": "no"}}, 400), "IdempotencyError"),
        (error("rate_limit", 429), "RateLimitError"),
        (answer_json({"error": {"message": "Invalid API Key"}}, 401), "AuthenticationError"),
        (answer_json({"error": {"message": "no"}}, 403), "PermissionError"),
        (answer_json({"error": {"message": "down"}}, 500), "APIError"),
        (Reply(status=502, body=b"<html>Bad gateway</html>"), "APIError"),
        (Reply(status=200, body=b"no json"), "APIError"),
        (Reply(hang_up=True), "unreachable"),
    ],
)
def test_what_the_provider_does_not_grant_is_told_by_its_code(desk: Desk, reply: Reply, code: str) -> None:
    desk.replies[CONFIRM] = lambda _: reply
    with pytest.raises(ProviderError) as caught:
        desk.provider.confirm("pi_1", "pm_card_chargeDeclined")
    assert caught.value.code == code
    assert KEY not in str(caught.value)
    assert len(desk.server.calls) == 2, "the SDK must not retry by itself"
    said = "unanswered (ConnectionError)" if reply.hang_up else f"HTTP {reply.status}"
    assert [entry.answer for entry in desk.guard.ledger.entries()] == [said]


def test_a_provider_that_is_not_there_is_unreachable(cleanup: ExitStack) -> None:
    port = unused_port()
    guard = Guard(make_policy(f"127.0.0.1:{port}"), provider_url=f"http://127.0.0.1:{port}")
    session = GuardedSession(guard)
    cleanup.callback(session.close)
    settings = ProviderSettings(base_url=f"http://127.0.0.1:{port}", api_key=KEY)
    with pytest.raises(ProviderError) as caught:
        StripeProvider(session, settings, 1.0).payment("pi_1")
    assert caught.value.code == "unreachable"


def test_the_customer_s_payments_are_listed(desk: Desk) -> None:
    listed = {"object": "list", "data": [intent(id="pi_2"), intent()], "has_more": False, "url": "/v1/x"}
    desk.replies["/v1/payment_intents"] = lambda _: answer_json(listed)
    assert [payment.id for payment in desk.provider.payments_of("cus_1")] == ["pi_2", "pi_1"]
    assert "customer=cus_1" in desk.server.calls[0].query


def test_the_event_about_a_payment_is_found_among_others(desk: Desk) -> None:
    events = [
        {"id": f"evt_{number}", "object": "event", "data": {"object": intent(id=f"pi_{number}")}}
        for number in (1, 2)
    ]
    desk.replies["/v1/events"] = lambda _: answer_json(
        {"object": "list", "data": events, "url": "/v1/events"}
    )
    found = desk.provider.event_about("pi_2", "payment_intent.succeeded")
    assert found is not None
    assert found.id == "evt_2"
    assert b'"pi_2"' in found.body
    assert desk.provider.event_about("pi_3", "payment_intent.succeeded") is None


@pytest.mark.parametrize("livemode", [None, "false", 0])
def test_a_balance_that_does_not_say_test_mode_is_refused(desk: Desk, livemode: Any) -> None:
    desk.replies["/v1/balance"] = lambda _: answer_json({"object": "balance", "livemode": livemode})
    with pytest.raises(RefusedError) as caught:
        desk.provider.prove_sandbox()
    assert (caught.value.rule, caught.value.ends_run) == ("sandbox", True)


def test_a_balance_in_test_mode_proves_the_sandbox(desk: Desk) -> None:
    desk.replies["/v1/balance"] = lambda _: answer_json({"object": "balance", "livemode": False})
    desk.provider.prove_sandbox()
    assert {check.id: check.status for check in desk.guard.safety_checks()}["sandbox"] == "pass"
