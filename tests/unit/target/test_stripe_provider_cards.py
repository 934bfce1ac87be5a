"""How a card gets onto a payment, against the reference provider and under the shipped policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from tests.fakes.policies import make_policy, money
from tests.fakes.server import FakeServer, answer_json

from billing_canary.guard.guard import Guard
from billing_canary.guard.session import GuardedSession
from billing_canary.reference.service import Settings, start
from billing_canary.target.settings import ProviderSettings
from billing_canary.target.stripe_provider import ProviderError, StripeProvider

KEY = "sk_test_cards0"

Connect = Callable[..., StripeProvider]


@pytest.fixture
def cleanup() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def connected(url: str, cleanup: ExitStack, *, attach_card_first: bool) -> StripeProvider:
    session = GuardedSession(Guard(make_policy(url.removeprefix("http://")), provider_url=url))
    cleanup.callback(session.close)
    settings = ProviderSettings(base_url=url, api_key=KEY, attach_card_first=attach_card_first)
    return StripeProvider(session, settings, 5.0)


@pytest.fixture
def connect(cleanup: ExitStack) -> Connect:
    running = start(
        Settings(provider_key=KEY, build_id="b", webhook_secret="whsec_x", admin_key="a", schedule="silent")
    )
    cleanup.callback(running.stop)

    def make(*, attach_card_first: bool = False) -> StripeProvider:
        return connected(running.provider_url, cleanup, attach_card_first=attach_card_first)

    return make


@pytest.mark.parametrize("attach_card_first", [False, True])
@pytest.mark.parametrize("card", ["pm_card_visa", "tok_visa"])
def test_each_way_pays(connect: Connect, card: str, attach_card_first: bool) -> None:  # noqa: FBT001 - a parameter
    provider = connect(attach_card_first=attach_card_first)
    payment = provider.create(money(29), "key-1", "run-1").id
    paid = provider.confirm(payment, card)
    assert (paid.status, paid.received) == ("succeeded", money(29))


@pytest.mark.parametrize("attach_card_first", [False, True])
@pytest.mark.parametrize("card", ["pm_card_chargeDeclined", "tok_chargeDeclined"])
def test_each_way_is_declined_and_can_be_paid_then(
    connect: Connect,
    card: str,
    attach_card_first: bool,  # noqa: FBT001 - a parameter
) -> None:
    provider = connect(attach_card_first=attach_card_first)
    payment = provider.create(money(29), "key-1", "run-1").id
    with pytest.raises(ProviderError) as caught:
        provider.confirm(payment, card)
    assert caught.value.code == "generic_decline"
    assert provider.confirm(payment, "pm_card_visa").status == "succeeded"


@pytest.mark.parametrize("attach_card_first", [False, True])
def test_each_way_can_capture_later(connect: Connect, attach_card_first: bool) -> None:  # noqa: FBT001 - a parameter
    provider = connect(attach_card_first=attach_card_first)
    payment = provider.create(money(29), "key-1", "run-1").id
    assert provider.confirm(payment, "tok_visa", capture_later=True).status == "requires_capture"
    assert provider.capture(payment, money(14)).received == money(14)


@pytest.mark.parametrize(("status", "received"), [("succeeded", 29), ("requires_capture", 0)])
def test_a_server_that_names_no_received_amount(cleanup: ExitStack, status: str, received: int) -> None:
    intent = {"id": "pi_1", "object": "payment_intent", "status": status, "amount": 29, "currency": "rub"}
    server = cleanup.enter_context(FakeServer(lambda _: answer_json(intent | {"livemode": False})))
    provider = connected(server.url, cleanup, attach_card_first=False)
    assert provider.payment("pi_1").received == money(received)
