"""Bodies, addresses and headers of a target's table that move more than the harness declares."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from tests.battery.arena import Attempt, World, doing, rub
from tests.battery.attempts_orders import fill
from tests.battery.shop import Shop
from tests.fakes.server import Call, Reply, answer_json

from billing_canary.errors import RefusedError
from billing_canary.money import Money
from billing_canary.target.operations import Operation

GOOD: dict[str, Any] = {"amount": "{amount.minor}", "currency": "{currency}"}
TOP_UP = "/accounts/{account}/topups"
# What stands in the table's `json` beside the amount.
BESIDE: dict[str, dict[str, Any]] = {
    "quantity": {"quantity": 100},
    "quantity-text": {"qty": "2"},
    "quantity-deep": {"items": [{"quantity": {"value": 100}}]},
    "copies": {"copies": 5},
    "seats": {"seats": 50},
    "multiplier": {"multiplier": 1.5},
    "times": {"times": 3},
    "repeat": {"repeat_count": 12},
    "credits": {"credits": 5000},
    "units": {"units": 7},
    "price": {"price": "50.00"},
    "price-with-currency": {"price": "50.00 RUB"},
    "price-with-sign": {"price": "₽ 5 000,00"},
    "price-in-digits-of-another-script": {"price": "٥٠"},  # noqa: RUF001 - the look-alike is the attempt
    "price-exponent": {"price": "5e3"},
    "fee": {"fee": 5},
    "tip": {"tip": " 5 "},
    "surcharge": {"surcharge_cents": 5},
    "total": {"total": 9999},
    "negative-fee": {"fee": -5},
    "amount-again": {"amount_cents": 9999},
    "fee-as-amount": {"fee": "{amount.minor}"},
    "tip-as-decimal": {"tip": "{amount.decimal}"},
    "long-number": {"price": "9" * 90},
}
BODIES: dict[str, Mapping[str, Any]] = {
    "two-items": {"items": [{"price": "{amount.minor}"}, {"price": "{amount.minor}"}]},
    "no-amount": {"currency": "{currency}"},
    "literal-amount": {"amount": 29, "currency": "{currency}"},
    "prefix": {"amount": "1{amount.minor}"},
    "suffix": {"amount": "{amount.minor}00"},
    "decimal-suffix": {"price": "{amount.decimal}0"},
    "in-a-sentence": {"note": "take {amount.decimal} {currency}"},
}
OTHER_MONEY: dict[str, dict[str, Any]] = {
    "literal-currency": {"amount": "{amount.minor}", "currency": "usd"},
    "second-currency": GOOD | {"settlement_currency": "EUR"},
    "currency-short": GOOD | {"ccy": "USD"},
    "currency-deep": GOOD | {"options": {"price_currency": "jpy"}},
}
FORMS: dict[str, dict[str, Any]] = {
    "quantity": GOOD | {"quantity": "100"},
    "two-items": {"items[0][amount]": "{amount.minor}", "items[1][amount]": "{amount.minor}"},
    "fee": GOOD | {"application_fee": "5"},
    "list": {"amount": ["{amount.minor}", "{amount.minor}"], "currency": "{currency}"},
}
AROUND: dict[str, dict[str, Any]] = {
    "query-quantity": {"path": f"{TOP_UP}?quantity=50"},
    "query-amount": {"path": f"{TOP_UP}?amount=9999"},
    "query-price": {"path": f"{TOP_UP}?a=1&unit_price=50.00"},
    "header-quantity": {"headers": {"X-Quantity": "50", "Idempotency-Key": "{attempt}"}},
    "header-amount": {"headers": {"X-Amount": "9999", "Idempotency-Key": "{attempt}"}},
}


def _create(world: World, minor: int = 29, attempt: str = "k", currency: str = "RUB") -> object:
    account = world.account(currency)
    world.arm("/accounts")
    return world.backend.create_top_up(account, rub(minor), attempt, trace="t")


def _with(operation: Operation = Operation.CREATE_TOP_UP, **changes: Any) -> Callable[[World], object]:
    def act(world: World) -> object:
        world.remap(operation, **changes)
        return _create(world)

    return act


def _templates() -> Iterator[Attempt]:
    for name, more in BESIDE.items():
        yield _attempt("endpoints", f"beside-{name}", _with(json=GOOD | more))
    for name, body in BODIES.items():
        yield _attempt("endpoints", f"body-{name}", _with(json=body))
    for name, body in OTHER_MONEY.items():
        yield _attempt("caps", f"money-{name}", _with(json=body))
    for name, body in FORMS.items():
        yield _attempt("endpoints", f"form-{name}", _with(json=None, form=body))
    for name, changes in AROUND.items():
        yield _attempt("endpoints", f"around-{name}", _with(**changes))
    yield _attempt("endpoints", "amount-in-the-path", _with(json=None, path=TOP_UP + "/{amount.minor}"))
    yield _attempt("sandbox", "confirm-at-once", _with(json=GOOD | {"confirm": True}))
    yield _attempt("sandbox", "off-session-at-once", _with(json=None, form=GOOD | {"off_session": "true"}))


def _amounts() -> Iterator[Attempt]:
    for name, minor in {"over-the-call": 101, "huge": 10**9, "zero": 0, "negative": -29}.items():
        yield _attempt("caps", f"top-up-{name}", doing(_create, minor))
    yield _attempt("caps", "credits-not-whole", _in_credits)
    yield _attempt("caps", "account-in-another-currency", _without_currency)
    yield _attempt("caps", "currency-without-cap", _euro)


def _in_credits(world: World) -> object:
    backend = replace(world.settings.backend, credit_minor=10)
    world.renew(replace(world.settings, backend=backend))
    world.remap(Operation.CREATE_TOP_UP, json={"credits": "{amount.credits}", "currency": "{currency}"})
    return _create(world)


def _without_currency(world: World) -> object:
    world.remap(Operation.CREATE_TOP_UP, json={"amount": "{amount.minor}"})
    return _create(world, currency="USD")


def _euro(world: World) -> object:
    account = world.account("EUR")
    world.arm()
    return world.backend.create_top_up(account, Money(minor=29, currency="EUR"), "k", trace="t")


RAW: dict[str, tuple[str, Mapping[str, Any], object]] = {
    "over-the-cap": ("caps", {"amount": "{raw_amount}"}, "9999"),
    "underscore": ("caps", {"amount": "{raw_amount}"}, "1_01"),
    "exponent": ("caps", {"amount": "{raw_amount}"}, "1e3"),
    "float": ("caps", {"amount": "{raw_amount}"}, 100.5),
    "other-digits": ("caps", {"amount": "{raw_amount}"}, "١٠١"),  # noqa: RUF001 - the look-alike is the attempt
    "prefix": ("endpoints", {"amount": "1{raw_amount}"}, 0),
    "suffix": ("endpoints", {"amount": "{raw_amount}00"}, "5"),
    "literal-beside": ("endpoints", {"amount": 9999, "note": "{raw_amount}"}, -1),
    "quantity-beside": ("endpoints", {"amount": "{raw_amount}", "quantity": 50}, "5"),
    "missing": ("endpoints", {"amount": 9999}, -1),
    "other-currency": ("caps", {"amount": "{raw_amount}", "currency": "usd"}, -1),
}


def _raw() -> Iterator[Attempt]:
    for name, (rule, body, raw) in RAW.items():
        yield _attempt(rule, f"raw-{name}", doing(_impossible, body, raw))


def _impossible(world: World, body: Mapping[str, Any], raw: object) -> object:
    world.remap(Operation.CREATE_RAW_TOP_UP, json=body)
    account = world.account()
    world.arm()
    return world.backend.create_raw_top_up(account, raw, "k")


def _keys() -> Iterator[Attempt]:
    yield _attempt("caps", "key-never-sent", _never_sent)
    yield _attempt("caps", "one-key-for-two-accounts", _two_accounts)
    yield _attempt("caps", "one-key-for-two-operations", _two_operations)
    yield _attempt("caps", "card-charged-twice", _charged_twice)
    yield _attempt("caps", "two-payments-for-one-key", _two_payments)
    yield _attempt("caps", "charge-covers-no-later-payment", _charge_covers_nothing)


def _never_sent(world: World) -> object:
    """The table forgets the key, so that each repetition is another payment."""
    world.remap(Operation.CREATE_TOP_UP, headers={"Authorization": "Bearer x"})
    fill(world, 50)
    account = world.account()
    world.backend.create_top_up(account, rub(29), "k", trace="t")
    world.arm()
    return world.backend.create_top_up(account, rub(29), "k", trace="t")


def _two_accounts(world: World) -> object:
    fill(world, 50)
    first, second = world.account(), world.account()
    world.backend.create_top_up(first, rub(29), "k", trace="t")
    world.arm()
    return world.backend.create_top_up(second, rub(29), "k", trace="t")


def _two_operations(world: World) -> object:
    fill(world, 50)
    account = world.account()
    world.provider.customer(str(account.customer))
    world.backend.create_top_up(account, rub(29), "k", trace="t")
    world.arm()
    return world.backend.charge_saved_card(account, rub(29), "k")


def _charged_twice(world: World) -> object:
    """A backend that ignores the key charges again; its answer shows it, and the run ends over the cap."""
    fill(world, 50)
    world.arena.backend.script = Shop(world.bank, honours_keys=False).answer
    account = world.account()
    world.provider.customer(str(account.customer))
    world.backend.charge_saved_card(account, rub(29), "k")
    try:
        world.backend.charge_saved_card(account, rub(29), "k")
    except RefusedError:
        world.arm()
    return world.backend.charge_saved_card(account, rub(29), "k")


def _two_payments(world: World) -> object:
    """A backend that ignores the key answers with another payment; one reservation covers one of them."""
    fill(world, 50)
    world.arena.backend.script = Shop(world.bank, honours_keys=False).answer
    account = world.account()
    answers = [world.backend.create_top_up(account, rub(29), "k", trace=trace) for trace in "ab"]
    first, second = (str(answer.values["payment"]) for answer in answers)
    world.provider.confirm(first, "pm_card_visa")
    world.arm()
    return world.provider.confirm(second, "pm_card_visa")


def _charge_covers_nothing(world: World) -> object:
    """The answer names another payment than the one that was charged."""
    fill(world, 50)
    account = world.account()
    world.provider.customer(str(account.customer))
    other = world.bank.make(rub(29)).id
    usual = world.arena.backend.script

    def lie(call: Call) -> Reply:
        usual(call)
        return answer_json({"id": "t", "payment_intent": other, "status": "open"})

    world.arena.backend.script = lie
    world.backend.charge_saved_card(account, rub(29), "k")
    world.arm()
    return world.provider.confirm(other, "pm_card_visa")


def _attempt(rule: str, name: str, act: Callable[[World], object]) -> Attempt:
    return Attempt(id=f"target-{name}", rule=rule, act=act)


ATTEMPTS = (*_templates(), *_amounts(), *_raw(), *_keys())
