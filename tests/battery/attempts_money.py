"""Amounts that are not what they seem, wherever the provider takes one; and payments that nobody saw."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.battery.arena import Attempt, World, doing, rub
from tests.fakes.server import answer_json

from billing_canary.money import Money

INTENTS = "/v1/payment_intents"
# No reader may take any of these for a count of minor units, or it is over the cap of 1.00 RUB.
NO_COUNTS = {
    "float": "29.0",
    "float-small": "0.29",
    "exponent": "1e3",
    "negative": "-29",
    "zero": "0",
    "minus-zero": "-0",
    "leading-zero": "029",
    "plus": "+29",
    "space-before": " 29",
    "space-after": "29 ",
    "inner-space": "2 9",
    "newline": "29\n",
    "nul": "29\0",
    "underscore": "2_9",
    "comma": "2,9",
    "hex": "0x1d",
    "arabic-digits": "٢٩",
    "full-width-digits": "２９",  # noqa: RUF001 - the look-alike is the attempt
    "superscript": "2²",
    "empty": "",
    "word": "all",
    "nan": "NaN",
    "infinity": "inf",
    "true": "true",
    "list": "[29]",
    "object": '{"minor":29}',
    "over-the-call": "101",
    "over-the-run": "100000",
    "huge": "999999999999",
    "beyond-any-number": "9" * 40,
}


def _price_of(world: World, **fields: Any) -> str:
    plain = {"unit_amount": "29", "currency": "rub"}
    price: str = world.post("/v1/prices", plain | fields, key="price").json()["id"]
    return price


def _session(items: Mapping[str, str], **more: str) -> dict[str, str]:
    return {"mode": "payment", "success_url": "https://shop.test/"} | dict(items) | more


def _at_create(value: str) -> Callable[[World], object]:
    return lambda world: world.post(INTENTS, {"amount": value, "currency": "rub"})


def _at_unit(value: str) -> Callable[[World], object]:
    item = "line_items[0][price_data]"
    fields = {f"{item}[unit_amount]": value, f"{item}[currency]": "rub"}
    return lambda world: world.post("/v1/checkout/sessions", _session(fields))


def _at_quantity(value: str) -> Callable[[World], object]:
    def act(world: World) -> object:
        price = _price_of(world)
        world.arm()
        items = {"line_items[0][price]": price, "line_items[0][quantity]": value}
        return world.post("/v1/checkout/sessions", _session(items))

    return act


def _paid(world: World, *, manual: bool = False) -> str:
    payment = world.provider.create(rub(29), "own", "run-1").id
    world.provider.confirm(payment, "pm_card_visa", capture_later=manual)
    world.arm()
    return payment


def _at_capture(value: str) -> Callable[[World], object]:
    def act(world: World) -> object:
        payment = _paid(world, manual=True)
        return world.post(f"{INTENTS}/{payment}/capture", {"amount_to_capture": value})

    return act


def _at_refund(value: str) -> Callable[[World], object]:
    def act(world: World) -> object:
        payment = _paid(world)
        return world.post("/v1/refunds", {"payment_intent": payment, "amount": value})

    return act


PLACES = {
    "create": _at_create,
    "unit-amount": _at_unit,
    "quantity": _at_quantity,
    "capture": _at_capture,
    "refund": _at_refund,
}


def _values() -> Iterator[Attempt]:
    for place, make in PLACES.items():
        for name, value in NO_COUNTS.items():
            yield _caps(f"{place}-{name}", make(value))
    # 35 times 0.29 is over the run's cap of 10.00; 4 times is over the call's of 1.00.
    for quantity in ("4", "35"):
        yield _caps(f"quantity-{quantity}", _at_quantity(quantity))


CURRENCIES = {
    "no-cap": "eur",
    "unknown": "xyz",
    "empty": "",
    "space": "rub ",
    "list": "rub,usd",
    "number": "643",
    "name": "rouble",
    "kuwait-over-the-call": "kwd",
    "yen-over-the-call": "jpy",
}


def _currencies() -> Iterator[Attempt]:
    for name, currency in CURRENCIES.items():
        amount = {"kuwait-over-the-call": "501", "yen-over-the-call": "101"}.get(name, "29")
        fields = {"amount": amount, "currency": currency}
        yield _caps(f"currency-{name}", doing(World.post, INTENTS, fields))
    yield _caps("currency-missing", lambda world: world.post(INTENTS, {"amount": "29"}))
    yield _caps("amount-missing", lambda world: world.post(INTENTS, {"currency": "rub"}))
    yield _caps("nothing-at-all", lambda world: world.post(INTENTS))
    yield _caps("switched-before-confirm", _switched)
    mixed = {
        "line_items[0][price_data][unit_amount]": "29",
        "line_items[0][price_data][currency]": "rub",
        "line_items[1][price_data][unit_amount]": "29",
        "line_items[1][price_data][currency]": "jpy",
    }
    yield _caps("items-in-two-currencies", lambda world: world.post("/v1/checkout/sessions", _session(mixed)))


def _switched(world: World) -> object:
    payment = world.provider.create(rub(29), "own", "run-1").id
    world.bank.intents[payment].amount = Money(minor=29, currency="USD")
    world.arm()
    return world.provider.confirm(payment, "pm_card_visa")


def _items() -> Iterator[Attempt]:
    unit, currency = "line_items[0][price_data][unit_amount]", "line_items[0][price_data][currency]"
    many = {f"line_items[{n}][price_data][unit_amount]": "29" for n in range(4)}
    many |= {f"line_items[{n}][price_data][currency]": "rub" for n in range(4)}
    for name, fields in {
        "no-items": {},
        "price-unknown": {"line_items[0][price]": "price_unknown"},
        "price-and-amount": {"line_items[0][price]": "price_1", unit: "1", currency: "rub"},
        "amount-without-currency": {unit: "29"},
        "quantity-alone": {"line_items[0][quantity]": "1"},
        "four-items": many,
        "one-item-times-four": {unit: "29", currency: "rub", "line_items[0][quantity]": "4"},
    }.items():
        wanted = _session(fields)
        yield _caps(f"session-{name}", doing(World.post, "/v1/checkout/sessions", wanted))
    for name, shown in {
        "recurring": {"recurring": {"interval": "month"}},
        "without-livemode": {"livemode": None},
        "live-as-text": {"livemode": "false"},
        "tiered": {"unit_amount": None, "billing_scheme": "tiered"},
        "decimal": {"unit_amount": None, "unit_amount_decimal": "2900.5"},
        "float": {"unit_amount": 29.5},
        "dear": {"unit_amount": 101},
        "no-currency": {"currency": None},
        "other-currency": {"currency": "eur"},
    }.items():
        yield _caps(f"price-{name}", doing(_with_price, shown))


def _with_price(world: World, shown: dict[str, Any]) -> object:
    price = world.bank.put("price", **({"unit_amount": 29, "currency": "rub", "recurring": None} | shown))[
        "id"
    ]
    world.send("GET", f"/v1/prices/{price}")
    return world.post("/v1/checkout/sessions", _session({"line_items[0][price]": price}))


def _unseen() -> Iterator[Attempt]:
    for step in ("confirm", "capture"):
        yield _sandbox(f"{step}-unseen", doing(World.post, f"{INTENTS}/pi_9/{step}"))
    yield _sandbox(
        "update-unseen", lambda world: world.post(f"{INTENTS}/pi_9", {"payment_method": "pm_card_visa"})
    )
    yield _sandbox("refund-unseen", lambda world: world.post("/v1/refunds", {"payment_intent": "pi_9"}))
    yield _sandbox("refund-of-nothing", lambda world: world.post("/v1/refunds", {"amount": "1"}))
    yield _sandbox("confirm-unknown-by-sdk", lambda world: world.provider.confirm("pi_9", "pm_card_visa"))
    for name, shown in {
        "without-livemode": {"livemode": None},
        "livemode-as-text": {"livemode": "false"},
        "livemode-zero": {"livemode": 0},
        "amount-as-text": {"amount": "29"},
        "amount-float": {"amount": 29.0},
        "no-currency": {"currency": None},
        "another-object": {"object": "charge"},
        "no-id": {"id": None},
    }.items():
        yield _sandbox(f"confirm-{name}", doing(_confirm_shown, shown))
    yield _sandbox("shown-by-the-backend", _shown_by_backend)
    yield _sandbox("saved-card-without-proof", _saved_card)


def _confirm_shown(world: World, shown: dict[str, Any]) -> object:
    plain = world.bank.make(rub(29)).show()
    world.arena.provider.script = lambda _: answer_json(plain | shown)
    world.send("GET", f"{INTENTS}/{plain['id']}")
    return world.post(f"{INTENTS}/{plain['id']}/confirm")


def _shown_by_backend(world: World) -> object:
    """Only the provider's own word proves anything."""
    shown = world.bank.make(rub(29)).show()
    world.arena.backend.script = lambda _: answer_json(shown)
    world.send("GET", f"{world.arena.backend.url}{INTENTS}/{shown['id']}")
    return world.post(f"{INTENTS}/{shown['id']}/confirm")


def _saved_card(world: World) -> object:
    account = world.account()
    world.arm()
    return world.backend.charge_saved_card(account, rub(29), "k")


def _caps(name: str, act: Callable[[World], object]) -> Attempt:
    return Attempt(id=f"amount-{name}", rule="caps", act=act)


def _sandbox(name: str, act: Callable[[World], object]) -> Attempt:
    return Attempt(id=f"sandbox-{name}", rule="sandbox", act=act)


ATTEMPTS = (*_values(), *_currencies(), *_items(), *_unseen())
