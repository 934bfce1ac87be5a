"""Provider writes that nobody listed, fields that nobody named, requests that can be read in two ways."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import requests
from tests.battery.arena import Attempt, World, doing, rub

INTENTS = "/v1/payment_intents"
GOOD = "amount=29&currency=rub"
FORM = "application/x-www-form-urlencoded"

UNLISTED = (
    "POST /v1/charges",
    "POST /v1/charges/ch_1/refund",
    "POST /v1/charges/ch_1/capture",
    "POST /v1/transfers",
    "POST /v1/transfers/tr_1/reversals",
    "POST /v1/payouts",
    "POST /v1/payouts/po_1/cancel",
    "POST /v1/topups",
    "POST /v1/setup_intents",
    "POST /v1/setup_intents/seti_1/confirm",
    "POST /v1/subscriptions",
    "POST /v1/subscription_items",
    "POST /v1/subscription_schedules",
    "POST /v1/invoices",
    "POST /v1/invoices/in_1/pay",
    "POST /v1/invoiceitems",
    "POST /v1/quotes/qt_1/accept",
    "POST /v1/application_fees/fee_1/refunds",
    "POST /v1/customers/cus_1",
    "POST /v1/customers/cus_1/balance_transactions",
    "POST /v1/customers/cus_1/sources",
    "POST /v1/customers/cus_1/cash_balance",
    "POST /v1/payment_intents/pi_1/increment_authorization",
    "POST /v1/payment_intents/pi_1/apply_customer_balance",
    "POST /v1/payment_methods/pm_1/attach",
    "POST /v1/payment_links",
    "POST /v1/checkout/sessions/cs_1/expire",
    "POST /v1/billing_portal/sessions",
    "POST /v1/accounts",
    "POST /v1/accounts/acct_1/external_accounts",
    "POST /v1/issuing/cards",
    "POST /v1/terminal/readers/tmr_1/process_payment_intent",
    "POST /v1/treasury/outbound_payments",
    "POST /v1/tokens",
    "POST /v1/sources",
    "POST /v1/webhook_endpoints",
    "POST /v1/ephemeral_keys",
    "POST /v1/products/prod_1",
    "POST /v1/prices/price_1",
    "POST /v1/billing/meter_events",
    "POST /v2/billing/meter_events",
    "POST /v2/core/accounts",
    "POST /v2/money_management/outbound_payments",
    "DELETE /v1/products/prod_1",
    "DELETE /v1/payment_intents/pi_1",
    "PUT /v1/payment_intents",
    "PATCH /v1/payment_intents/pi_1",
    "OPTIONS /v1/payment_intents",
    "TRACE /v1/payment_intents",
    "CONNECT /v1/payment_intents",
    "BREW /v1/payment_intents",
)
PATHS = {
    "double-slash": "//v1/payment_intents",
    "double-slash-inside": "/v1//payment_intents",
    "trailing-slash": "/v1/payment_intents/",
    "capitals": "/V1/PAYMENT_INTENTS",
    "quoted-letter": "/v1/payment%5Fintents",
    "quoted-slash": "/v1%2Fpayment_intents",
    "semicolon": "/v1/payment_intents;x=1",
    "query": "/v1/payment_intents?amount=9999",
    "empty-query": "/v1/payment_intents?",
    "fragment": "/v1/payment_intents#amount=9999",
    "newline": "/v1/payment_intents%0A",
    "nul": "/v1/payment_intents%00",
    "suffix": "/v1/payment_intents.json",
    "id-with-hyphen": "/v1/payment_intents/pi-1/confirm",
    "id-with-slash": "/v1/payment_intents/pi_1%2Fconfirm/confirm",
    "two-steps": "/v1/payment_intents/pi_1/confirm/capture",
}
FIELDS: dict[str, tuple[str, str]] = {
    "application-fee": (INTENTS, f"{GOOD}&application_fee_amount=29"),
    "transfer": (INTENTS, f"{GOOD}&transfer_data[amount]=29"),
    "transfer-destination": (INTENTS, f"{GOOD}&transfer_data[destination]=acct_1"),
    "on-behalf-of": (INTENTS, f"{GOOD}&on_behalf_of=acct_1"),
    "amount-details": (INTENTS, f"{GOOD}&amount_details[tip][amount]=29"),
    "off-session": (INTENTS, f"{GOOD}&off_session=true"),
    "setup-for-later": (INTENTS, f"{GOOD}&setup_future_usage=off_session"),
    "mandate": (INTENTS, f"{GOOD}&mandate=mandate_1"),
    "card-number": (INTENTS, f"{GOOD}&payment_method_data[card][number]=4242424242424242"),
    "nested-amount": (INTENTS, "amount[minor]=29&currency=rub"),
    "amount-list": (INTENTS, "amount[]=29&currency=rub"),
    "amount-in-capitals": (INTENTS, f"{GOOD}&Amount=9999"),
    "amount-with-space": (INTENTS, f"{GOOD}&amount%20=9999"),
    "space-before-amount": (INTENTS, f"{GOOD}&%20amount=9999"),
    "amount-with-nul": (INTENTS, f"{GOOD}&amount%00=9999"),
    "amount-twice": (INTENTS, f"{GOOD}&amount=9999"),
    "amount-twice-quoted": (INTENTS, f"{GOOD}&%61mount=9999"),
    "currency-twice": (INTENTS, f"{GOOD}&currency=usd"),
    "semicolon": (INTENTS, f"{GOOD}&metadata[a]=x;amount=9999"),
    "nested-metadata": (INTENTS, f"{GOOD}&metadata[a][amount]=1"),
    "not-utf-8": (INTENTS, f"{GOOD}&metadata[a]=%ff"),
    "empty-name": (INTENTS, f"{GOOD}&=9999"),
    "many-fields": (INTENTS, GOOD + "".join(f"&metadata[{n}]=x" for n in range(300))),
    "json-in-form": (INTENTS, '{"amount":9999,"currency":"rub"}'),
    "unit-decimal": ("/v1/prices", "unit_amount=29&unit_amount_decimal=9999.9&currency=rub"),
    "recurring-price": ("/v1/prices", "unit_amount=29&currency=rub&recurring[interval]=month"),
    "tiers": ("/v1/prices", "unit_amount=29&currency=rub&tiers[0][unit_amount]=9999"),
    "currency-options": ("/v1/prices", "unit_amount=29&currency=rub&currency_options[usd][unit_amount]=9999"),
    "custom-amount": ("/v1/prices", "unit_amount=29&currency=rub&custom_unit_amount[enabled]=true"),
    "default-price": ("/v1/products", "name=x&default_price_data[unit_amount]=9999"),
    "customer-balance": ("/v1/customers", "balance=-9999"),
    "customer-coupon": ("/v1/customers", "coupon=free"),
    "card-as-method": ("/v1/payment_methods", "type=card&card[number]=4242424242424242"),
    "bank-as-method": ("/v1/payment_methods", "type=us_bank_account"),
    "over-capture": (f"{INTENTS}/pi_1/capture", "application_fee_amount=5"),
    "refund-of-a-charge": ("/v1/refunds", "charge=ch_1&amount=1"),
    "refund-with-fee": ("/v1/refunds", "payment_intent=pi_1&refund_application_fee=true"),
    "refund-reverses-transfer": ("/v1/refunds", "payment_intent=pi_1&reverse_transfer=true"),
    "session-without-mode": ("/v1/checkout/sessions", "success_url=x"),
    "session-subscription": ("/v1/checkout/sessions", "mode=subscription"),
    "session-setup": ("/v1/checkout/sessions", "mode=setup"),
    "session-shipping": (
        "/v1/checkout/sessions",
        "mode=payment&shipping_options[0][shipping_rate_data][fixed_amount][amount]=9999",
    ),
    "session-fee": ("/v1/checkout/sessions", "mode=payment&payment_intent_data[application_fee_amount]=1"),
    "session-adjustable": (
        "/v1/checkout/sessions",
        "mode=payment&line_items[0][adjustable_quantity][enabled]=true",
    ),
    "session-old-items": ("/v1/checkout/sessions", "mode=payment&line_items[0][amount]=9999"),
    "session-items-without-number": ("/v1/checkout/sessions", "mode=payment&line_items[][price]=price_1"),
    "session-item-00": (
        "/v1/checkout/sessions",
        "mode=payment&line_items[00][price_data][unit_amount]=9999&line_items[00][price_data][currency]=rub",
    ),
    "session-decimal": (
        "/v1/checkout/sessions",
        "mode=payment&line_items[0][price_data][unit_amount_decimal]=29",
    ),
    "session-recurring": (
        "/v1/checkout/sessions",
        "mode=payment&line_items[0][price_data][recurring][interval]=month",
    ),
}
HEADERS = {
    "override": {"X-HTTP-Method-Override": "DELETE"},
    "override-short": {"X-HTTP-Method": "PUT"},
    "override-other": {"X-Method-Override": "PATCH"},
    "override-underscores": {"X_HTTP_METHOD_OVERRIDE": "PUT"},
    "original-url": {"X-Original-URL": "/v1/payouts"},
    "rewrite-url": {"X-Rewrite-URL": "/v1/payouts"},
    "connected-account": {"Stripe-Account": "acct_1"},
    "connected-account-underscore": {"stripe_account": "acct_1"},
    "context": {"Stripe-Context": "acct_1/acct_2"},
    "json": {"Content-Type": "application/json"},
    "multipart": {"Content-Type": "multipart/form-data; boundary=x"},
    "plain": {"Content-Type": "text/plain"},
    "looks-like-a-form": {"Content-Type": f"{FORM}-not"},
    "utf-16": {"Content-Type": f"{FORM}; charset=utf-16"},
    "utf-7": {"Content-Type": f"{FORM}; charset=utf-7"},
    "ebcdic": {"Content-Type": f"{FORM}; charset=ibm037"},
    "gzip": {"Content-Encoding": "gzip"},
    "deflate": {"Content-Encoding": "deflate"},
    "identity": {"Content-Encoding": "identity"},
    "chunked": {"Transfer-Encoding": "chunked"},
    "chunked-underscore": {"Transfer_Encoding": "chunked"},
}


def _unlisted() -> Iterator[Attempt]:
    for line in UNLISTED:
        method, path = line.split()
        yield _attempt(f"unlisted-{line}", doing(_raw, method, path, GOOD))
    for name, path in PATHS.items():
        yield _attempt(f"path-{name}", doing(_raw, "POST", path, GOOD))
    for method in ("post", "Post", "POST ", "", "get", "POSTX"):
        yield _attempt(f"method-{method!r}", doing(_raw, method, INTENTS, GOOD))


def _raw(world: World, method: str, path: str, body: object, **headers: str) -> object:
    """A request that no library tidies up: method, address, body and headers leave as they are."""
    url = world.arena.provider.url
    request = requests.Request("POST", url, data=body, headers={"Content-Type": FORM} | headers).prepare()
    request.method, request.url = method, url + path
    return world.session.send(request, timeout=5)


def _fields() -> Iterator[Attempt]:
    for name, (path, body) in FIELDS.items():
        yield _attempt(f"field-{name}", doing(_seen_and_raw, path, body))


def _seen_and_raw(world: World, path: str, body: str) -> object:
    """`pi_1` is a payment of the run that the provider showed, so that the field alone is wrong."""
    world.provider.create(rub(29), "own", "run-1")
    world.arm()
    return _raw(world, "POST", path, body)


def _headers() -> Iterator[Attempt]:
    for name, headers in HEADERS.items():
        yield _attempt(f"header-{name}", doing(_raw, "POST", INTENTS, GOOD, **headers))
    for name in ("override", "override-underscores", "original-url", "connected-account", "context"):
        headers = HEADERS[name]
        yield _attempt(f"read-{name}", doing(World.send, "GET", "/v1/charges", headers=headers))
    yield _attempt("customer-deleted-by-override", _deleted_by_override)
    yield _attempt("read-with-a-form", lambda world: world.send("GET", "/v1/charges", data={"amount": "29"}))
    yield _attempt("read-with-json", lambda world: world.send("GET", "/v1/charges", json={"amount": 29}))
    yield _attempt("head-with-a-body", lambda world: world.send("HEAD", "/v1/charges", data="amount=29"))
    yield _attempt("read-of-the-backend-overridden", _backend_override)


def _deleted_by_override(world: World) -> object:
    headers = {"X-HTTP-Method-Override": "POST"}
    return world.send("DELETE", "/v1/customers/cus_1", headers=headers, data="balance=-9999")


def _backend_override(world: World) -> object:
    url = f"{world.arena.backend.url}/accounts/a/topups"
    return world.send("GET", url, headers={"X-Http-Method-Override": "POST"})


class Lying(BytesIO):
    """A body that shows one thing and sends another."""

    def __str__(self) -> str:
        return GOOD

    def __len__(self) -> int:
        return 0


BODIES: dict[str, Callable[[], object]] = {
    "generator": lambda: iter([b"amount=9999&currency=rub"]),
    "file": lambda: BytesIO(b"amount=9999&currency=rub"),
    "lying-file": lambda: Lying(b"amount=9999&currency=rub"),
    "bytearray": lambda: bytearray(b"amount=29&currency=rub"),
    "list": lambda: [b"amount=29", b"&currency=rub"],
    "gzip": lambda: gzip.compress(GOOD.encode()),
    "utf-16": lambda: GOOD.encode("utf-16"),
    "latin-1": lambda: f"{GOOD}&metadata[a]=\xe9".encode("latin-1"),
}


def _bodies() -> Iterator[Attempt]:
    for name, make in BODIES.items():
        yield _attempt(f"body-{name}", doing(_with_body, make()))
    yield _attempt("length-too-short", _smuggled)
    yield _attempt("length-of-a-read", _read_with_length)
    yield _attempt("files", lambda world: world.send("POST", "/v1/files", files={"file": b"x"}))
    yield _attempt(
        "json-argument", lambda world: world.send("POST", INTENTS, json={"amount": 29, "currency": "rub"})
    )


def _with_body(world: World, body: object) -> object:
    url = world.arena.provider.url + INTENTS
    request = requests.Request("POST", url, headers={"Content-Type": FORM}).prepare()
    request.body = body  # type: ignore[assignment]  # what no library would have let through
    request.headers.pop("Content-Length", None)
    return world.session.send(request, timeout=5)


def _smuggled(world: World) -> object:
    """The server would read the rest of the body as a request of its own."""
    inner = "POST /v1/payouts HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n\r\namount=99999"
    url = world.arena.provider.url + "/v1/customers"
    request = requests.Request("POST", url, data=f"name=x{inner}", headers={"Content-Type": FORM}).prepare()
    request.headers["Content-Length"] = "6"
    return world.session.send(request, timeout=5)


def _read_with_length(world: World) -> object:
    request = requests.Request("GET", world.arena.provider.url + "/v1/charges").prepare()
    request.headers["Content-Length"] = "20"
    return world.session.send(request, timeout=5)


def _sdk() -> Iterator[Attempt]:
    """The SDK's own ways around the methods that the harness wraps."""
    calls: dict[str, Callable[[Any], object]] = {
        "transfer": lambda v1: v1.transfers.create(
            {"amount": 29, "currency": "rub", "destination": "acct_1"}
        ),
        "payout": lambda v1: v1.payouts.create({"amount": 29, "currency": "rub"}),
        "top-up": lambda v1: v1.topups.create({"amount": 29, "currency": "rub"}),
        "subscription": lambda v1: v1.subscriptions.create({"customer": "cus_1"}),
        "setup-intent": lambda v1: v1.setup_intents.create({"confirm": True}),
        "connected": lambda v1: v1.payment_intents.create(
            {"amount": 29, "currency": "rub"}, {"stripe_account": "acct_1"}
        ),
        "connected-read": lambda v1: v1.payment_intents.retrieve(
            "pi_1", options={"stripe_account": "acct_1"}
        ),
        "fee": lambda v1: v1.payment_intents.create(
            {"amount": 29, "currency": "rub", "application_fee_amount": 9}
        ),
        "file": lambda v1: v1.files.create({"file": b"x", "purpose": "dispute_evidence"}),
    }
    for name, call in calls.items():
        yield _attempt(f"sdk-{name}", doing(_by_sdk, call))
    yield _attempt(
        "sdk-raw-v2", lambda world: _client(world).raw_request("post", "/v2/core/accounts", amount=29)
    )
    yield _attempt("sdk-raw-v1", lambda world: _client(world).raw_request("post", "/v1/charges", amount=29))


def _client(world: World) -> Any:
    return world.provider._client


def _by_sdk(world: World, call: Callable[[Any], object]) -> object:
    return call(_client(world).v1)


def _backend() -> Iterator[Attempt]:
    """A probe that writes to the backend without any operation."""
    paths = (
        "/accounts",
        "/accounts/a/topups",
        "/accounts/a/usage",
        "/payouts",
        "/webhooks/stripe",
        "/graphql",
    )
    for path in paths:
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            yield _attempt(f"backend-{method}-{path}", doing(_to_backend, method, path))


def _to_backend(world: World, method: str, path: str) -> object:
    return world.send(method, world.arena.backend.url + path, json={"amount": 29})


def _attempt(name: str, act: Callable[[World], object]) -> Attempt:
    return Attempt(id=f"endpoint-{name}", rule="endpoints", act=act)


ATTEMPTS = (*_unlisted(), *_fields(), *_headers(), *_bodies(), *_sdk(), *_backend())
