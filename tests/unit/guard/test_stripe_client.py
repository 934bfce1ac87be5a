"""The SDK's HTTP client: a refused call of the SDK comes out as a refusal, and nothing was sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import stripe
from tests.fakes.policies import make_policy
from tests.fakes.server import FakeServer, Reply, answer_json

from billing_canary.errors import RefusedError
from billing_canary.guard.guard import Guard
from billing_canary.guard.session import GuardedSession
from billing_canary.guard.stripe_client import GuardedStripeClient

INTENT = {"id": "pi_1", "object": "payment_intent", "amount": 29, "currency": "rub", "livemode": False}


class Desk:
    """A fake provider, and the SDK that asks it through the guard."""

    def __init__(self, cleanup: ExitStack) -> None:
        self.server = cleanup.enter_context(FakeServer(lambda _: answer_json(INTENT)))
        self.guard = Guard(make_policy(self.server.host), provider_url=self.server.url)
        session = GuardedSession(self.guard)
        cleanup.callback(session.close)
        self.http = GuardedStripeClient(session, 2.0)

    def sdk(self, key: str = "sk_test_abcdef", url: str = "") -> stripe.StripeClient:
        base = url or self.server.url
        places: Any = {"api": base, "files": base, "connect": base, "meter_events": base}
        return stripe.StripeClient(key, base_addresses=places, http_client=self.http, max_network_retries=2)


@pytest.fixture
def desk() -> Iterator[Desk]:
    with ExitStack() as cleanup:
        yield Desk(cleanup)


def test_a_call_that_the_guard_lets_pass_is_answered_and_reserved_once(desk: Desk) -> None:
    intent = desk.sdk().v1.payment_intents.create({"amount": 29, "currency": "rub"}, {"idempotency_key": "k"})
    assert intent.id == "pi_1"
    assert [entry.idempotency_key for entry in desk.guard.ledger.entries()] == ["k"]
    assert len(desk.server.calls) == 1


def test_a_refused_call_comes_out_unchanged_and_is_neither_sent_nor_tried_again(desk: Desk) -> None:
    with pytest.raises(RefusedError) as caught:
        desk.sdk().v1.payment_intents.create(
            {"amount": 101, "currency": "rub", "transfer_data": {"destination": "x"}}
        )
    assert caught.value.rule == "endpoints"
    assert desk.server.connections == 0
    refused = next(check for check in desk.guard.safety_checks() if check.id == "endpoints")
    assert refused.detail.startswith("1 refused: ")


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/v1/charges", {"amount": 5, "currency": "rub"}),
        ("/v1/payouts", {"amount": 5, "currency": "rub"}),
        ("/v1/subscriptions", {"customer": "cus_1"}),
        ("/v1/account", {"email": "a@b.test"}),
    ],
)
def test_a_write_of_the_sdk_that_is_not_listed_never_leaves(
    desk: Desk, path: str, params: dict[str, object]
) -> None:
    with pytest.raises(RefusedError):
        desk.sdk().raw_request("post", path, **params)
    assert desk.server.connections == 0


def test_a_write_of_the_second_api_is_no_form_and_never_leaves(desk: Desk) -> None:
    with pytest.raises(RefusedError):
        desk.sdk().raw_request("post", "/v2/core/event_destinations", name="x")
    assert desk.server.connections == 0


def test_a_live_key_in_the_sdk_never_leaves_and_is_not_told(desk: Desk) -> None:
    with pytest.raises(RefusedError) as caught:
        desk.sdk("sk_live_abcdef").v1.balance.retrieve()
    assert (caught.value.rule, caught.value.ends_run) == ("keys", True)
    assert "abcdef" not in str(caught.value)
    assert desk.server.connections == 0


def test_another_host_in_the_sdk_is_never_connected_to(desk: Desk) -> None:
    with FakeServer(lambda _: answer_json(INTENT)) as other:
        with pytest.raises(RefusedError):
            desk.sdk(url=other.url).v1.balance.retrieve()
        assert other.connections == 0


def test_a_refused_answer_comes_out_as_a_refusal(desk: Desk) -> None:
    desk.server.script = lambda _: answer_json(INTENT | {"livemode": True})
    with pytest.raises(RefusedError, match="livemode=true"):
        desk.sdk().v1.payment_intents.retrieve("pi_1")
    assert len(desk.server.calls) == 1


def test_a_refused_hop_comes_out_as_a_refusal(desk: Desk) -> None:
    desk.server.script = lambda _: Reply(status=307, headers={"Location": "http://127.0.0.1:9/"})
    with pytest.raises(RefusedError, match="redirect"):
        desk.sdk().v1.payment_intents.create({"amount": 29, "currency": "rub"})
    assert len(desk.server.calls) == 1


def test_what_is_no_refusal_stays_the_sdk_s_own_error(desk: Desk) -> None:
    desk.server.script = lambda _: Reply(hang_up=True)
    with pytest.raises(stripe.APIConnectionError):
        desk.http.request("get", f"{desk.server.url}/v1/balance", {})
    with pytest.raises(stripe.APIConnectionError):
        desk.http.request_stream("get", f"{desk.server.url}/v1/files", {})


def test_a_streaming_call_is_judged_the_same_way(desk: Desk) -> None:
    headers = {"Authorization": "Bearer sk_test_abcdef"}
    _, status, _ = desk.http.request_stream("get", f"{desk.server.url}/v1/files", headers)
    assert status == 200
    with pytest.raises(RefusedError):
        desk.http.request_stream("post", f"{desk.server.url}/v1/files", headers, "a=1")
    assert len(desk.server.calls) == 1


def test_without_headers_a_call_is_judged_too(desk: Desk) -> None:
    assert desk.http.request("get", f"{desk.server.url}/v1/balance", None)[1] == 200
    with pytest.raises(RefusedError):
        desk.http.request("post", f"{desk.server.url}/v1/balance", None, "a=1")
