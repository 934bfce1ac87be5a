"""What probes and people legitimately do: none of it may be refused, and it must do what it says."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from tests.battery.arena import RUN, Flow, World, rub
from tests.battery.attempts_cli import call
from tests.battery.attempts_keys import LIVE
from tests.battery.attempts_orders import fill
from tests.battery.bank import DECLINED
from tests.battery.flows_network import NETWORK
from tests.battery.flows_tables import TABLES

from billing_canary.errors import RefusedError
from billing_canary.model import Status
from billing_canary.money import Money
from billing_canary.target.operations import Outcome
from billing_canary.target.stripe_provider import ProviderError

VISA = "pm_card_visa"
INTENTS = "/v1/payment_intents"


def _top_up(world: World, minor: int = 29, currency: str = "RUB") -> str:
    account = world.account(currency)
    amount = Money(minor=minor, currency=currency)
    answer = world.backend.create_top_up(account, amount, "top-up", trace="t")
    assert answer.outcome is Outcome.OK
    return str(answer.values["payment"])


def _totals(world: World) -> dict[str, int]:
    return {money.currency: money.minor for money in world.guard.spend().moved}


def a_top_up_is_paid(world: World) -> None:
    assert world.provider.confirm(_top_up(world), VISA).status == "succeeded"
    assert _totals(world) == {"RUB": 29}
    assert world.bank.moved() == 29


def a_declined_card_is_tried_again(world: World) -> None:
    payment = _top_up(world)
    with suppress(ProviderError):
        world.provider.confirm(payment, DECLINED)
    world.provider.confirm(payment, VISA)
    assert _totals(world) == {"RUB": 29}


def a_retry_with_one_key_counts_once(world: World) -> None:
    fill(world, 29)
    first = world.provider.create(rub(29), "k", RUN)
    assert [world.provider.create(rub(29), "k", RUN).id for _ in range(5)] == [first.id] * 5


def a_top_up_retried_after_a_lost_answer(world: World) -> None:
    fill(world, 29)
    account = world.account()
    world.backend.create_top_up(account, rub(29), "k", trace="a", lose_answer=True)
    for trace in ("b", "c"):
        assert world.backend.create_top_up(account, rub(29), "k", trace=trace).outcome is Outcome.OK


def a_manual_capture(world: World) -> None:
    payment = _top_up(world)
    assert world.provider.confirm(payment, VISA, capture_later=True).status == "requires_capture"
    assert world.provider.capture(payment, rub(29)).received == rub(29)
    assert _totals(world) == {"RUB": 29}


def a_partial_capture(world: World) -> None:
    payment = _top_up(world)
    world.provider.confirm(payment, VISA, capture_later=True)
    assert world.provider.capture(payment, rub(14)).received == rub(14)


def a_payment_that_charges_at_once_is_captured_later(world: World) -> None:
    fill(world, 29)
    fields = {
        "amount": "29",
        "currency": "rub",
        "confirm": "true",
        "capture_method": "manual",
        "payment_method": VISA,
    }
    made = world.post(INTENTS, fields).json()["id"]
    assert world.provider.capture(made, rub(29)).received == rub(29)


def a_whole_refund(world: World) -> None:
    payment = _top_up(world)
    world.provider.confirm(payment, VISA)
    assert world.provider.refund(payment, rub(29), "back") == "succeeded"
    assert _totals(world) == {"RUB": 58}
    assert world.bank.moved() == 58


def two_partial_refunds(world: World) -> None:
    payment = _top_up(world)
    world.provider.confirm(payment, VISA)
    assert [world.provider.refund(payment, rub(n), f"back-{n}") for n in (10, 19)] == ["succeeded"] * 2


def a_refund_without_an_amount(world: World) -> None:
    payment = _top_up(world)
    world.provider.confirm(payment, VISA)
    assert world.post("/v1/refunds", {"payment_intent": payment, "reason": "duplicate"}).status_code == 200


def a_second_refund_is_the_provider_s_to_reject(world: World) -> None:
    a_whole_refund(world)
    payment = next(iter(world.bank.intents))
    with suppress(ProviderError):
        world.provider.refund(payment, rub(1), "again")
        raise AssertionError


def a_cancelled_payment(world: World) -> None:
    world.provider.cancel(world.provider.create(rub(29), "k", RUN).id)


def yen(world: World) -> None:
    world.provider.confirm(_top_up(world, 80, "JPY"), VISA)
    assert _totals(world) == {"JPY": 80}


def dinars(world: World) -> None:
    world.provider.confirm(_top_up(world, 290, "KWD"), VISA)
    assert world.guard.spend().moved[0].decimal == "0.290"


def several_currencies(world: World) -> None:
    for minor, currency in ((29, "RUB"), (80, "JPY"), (290, "KWD")):
        world.provider.create(Money(minor=minor, currency=currency), f"k-{currency}", RUN)
    assert _totals(world) == {"RUB": 29, "JPY": 80, "KWD": 290}


def exactly_the_cap_of_a_call(world: World) -> None:
    world.provider.create(rub(100), "k", RUN)


def exactly_the_cap_of_the_run(world: World) -> None:
    fill(world, 58)
    for key in ("a", "b"):
        world.provider.create(rub(29), key, RUN)


def a_customer_with_metadata(world: World) -> None:
    fields = {
        "email": "a_b%c@example.test",
        "name": "Ünïcode & Söhne; 100 %",
        "description": "amount=9999",
        "metadata[run_id]": RUN,
        "metadata[note]": "livemode: false",
    }
    assert world.post("/v1/customers", fields).status_code == 200


def a_customer_is_deleted(world: World) -> None:
    world.provider.delete_customer("cus_1")


def a_price_and_a_session(world: World) -> None:
    product = world.post("/v1/products", {"name": "Credits"}, key="a").json()["id"]
    fields = {"unit_amount": "20", "currency": "rub", "product": product}
    price = world.post("/v1/prices", fields, key="b").json()["id"]
    items = {"line_items[0][price]": price, "line_items[0][quantity]": "3"}
    world.post("/v1/checkout/sessions", {"mode": "payment", "success_url": "https://a.test"} | items, key="c")
    assert _totals(world) == {"RUB": 60}


def a_session_with_price_data(world: World) -> None:
    data = "line_items[0][price_data]"
    items = {f"{data}[unit_amount]": "10", f"{data}[currency]": "rub", f"{data}[product_data][name]": "x"}
    items |= {"line_items[1][price_data][unit_amount]": "5", "line_items[1][price_data][currency]": "rub"}
    world.post("/v1/checkout/sessions", {"mode": "payment", "cancel_url": "https://a.test"} | items)
    assert _totals(world) == {"RUB": 15}


def a_saved_card_is_charged(world: World) -> None:
    account = world.account()
    world.provider.customer(str(account.customer))
    for _ in range(3):
        assert world.backend.charge_saved_card(account, rub(29), "k").outcome is Outcome.OK
    assert _totals(world) == {"RUB": 29}
    assert world.bank.moved() == 29


def impossible_amounts_are_sent(world: World) -> None:
    account = world.account()
    for number, raw in enumerate((-29, 0, 0.5, "abc", 10**30, float("nan"), True, None)):
        world.backend.create_raw_top_up(account, raw, f"k-{number}")


def lists_of_the_provider(world: World) -> None:
    customer = world.bank.put("customer")["id"]
    world.bank.make(rub(5), customer=customer)
    assert len(world.provider.payments_of(customer)) == 1
    assert world.provider.payments_page("").objects
    assert not world.provider.customers_page("").objects
    assert world.provider.event_about("pi_1", "payment_intent.succeeded") is None


def a_key_of_a_restricted_kind(world: World) -> None:
    provider = world.settings.provider
    assert provider is not None
    world.renew(replace(world.settings, provider=replace(provider, api_key="rk_test_battery_1")))
    world.provider.prove_sandbox()
    assert world.safety("sandbox") is Status.PASS


def base_paths_on_one_origin(world: World) -> None:
    here = world.arena.provider.url
    world.renew(provider_url=f"{here}/v1", backend_url=f"{here}/app")
    world.send("GET", "/v1/balance")
    world.send("GET", "/app/healthz")


def a_run_against_staging(world: World) -> None:
    observed = call(world, "--max-amount-rub", "10", "--max-amount", "100 JPY")
    assert observed.rule == "", observed


def a_live_key_elsewhere_is_a_warning(world: World) -> None:
    observed = call(world, "--only", "provider.repeated*", env={"ANOTHER_KEY": LIVE})
    assert observed.rule == "", observed


def a_refused_call_does_not_end_the_run(world: World) -> None:
    with suppress(RefusedError):
        world.post("/v1/payouts")
    world.provider.create(rub(29), "k", RUN)


_PLAIN: tuple[Callable[[World], None], ...] = (
    a_top_up_is_paid,
    a_declined_card_is_tried_again,
    a_retry_with_one_key_counts_once,
    a_top_up_retried_after_a_lost_answer,
    a_manual_capture,
    a_partial_capture,
    a_payment_that_charges_at_once_is_captured_later,
    a_whole_refund,
    two_partial_refunds,
    a_refund_without_an_amount,
    a_second_refund_is_the_provider_s_to_reject,
    a_cancelled_payment,
    yen,
    dinars,
    several_currencies,
    exactly_the_cap_of_a_call,
    exactly_the_cap_of_the_run,
    a_customer_with_metadata,
    a_customer_is_deleted,
    a_price_and_a_session,
    a_session_with_price_data,
    a_saved_card_is_charged,
    impossible_amounts_are_sent,
    lists_of_the_provider,
    a_key_of_a_restricted_kind,
    base_paths_on_one_origin,
    a_run_against_staging,
    a_live_key_elsewhere_is_a_warning,
    a_refused_call_does_not_end_the_run,
)
FLOWS = (*(Flow(id=f"flow-{act.__name__}", act=act) for act in _PLAIN), *NETWORK, *TABLES)
