"""Products and prices: what subscriptions are about.

Source: https://docs.stripe.com/products-prices/how-products-and-prices-work.
"""

from __future__ import annotations

from billing_canary.reference.provider.calendar import INTERVALS
from billing_canary.reference.provider.errors import invalid
from billing_canary.reference.provider.params import LARGEST_AMOUNT, Params, body_params, query_params
from billing_canary.reference.provider.state import ProviderState, Resource
from billing_canary.reference.web import Answer, Call, Route

_PRICE = """currency unit_amount product product_data recurring lookup_key nickname metadata active
    expand""".split()
_LONGEST_COUNT = 36
"""Intervals of one period at most; the provider allows three years."""


class Prices:
    """The endpoints below /v1/products and /v1/prices."""

    def __init__(self, state: ProviderState) -> None:
        self._state = state

    def routes(self) -> list[Route]:
        """These endpoints."""
        return [
            Route(method="POST", path="/v1/products", handler=self.create_product),
            Route(method="GET", path="/v1/products", handler=self.products),
            Route(method="GET", path="/v1/products/<product_id>", handler=self.product),
            Route(method="POST", path="/v1/prices", handler=self.create_price),
            Route(method="GET", path="/v1/prices", handler=self.prices),
            Route(method="GET", path="/v1/prices/<price_id>", handler=self.price),
        ]

    def create_product(self, call: Call) -> Answer:
        """Create a product."""
        params = body_params(call)
        params.allow(("name", "description", "metadata", "active", "expand"))
        return Answer(body=self._new_product(params, params.text("description") or None))

    def products(self, call: Call) -> Answer:
        """Products, newest first."""
        params = query_params(call)
        params.allow(("limit", "starting_after", "active"))
        return self._state.page("product", "/v1/products", params, lambda _product: True)

    def product(self, call: Call) -> Answer:
        """One product."""
        return Answer(body=self._state.find("product", call.arguments["product_id"]))

    def create_price(self, call: Call) -> Answer:
        """Create a price, and its product where only `product_data` is given."""
        params = body_params(call)
        params.allow(_PRICE)
        amount, currency = _unit_amount(params), params.currency()
        recurring = _recurring(params)
        lookup_key = params.text("lookup_key") or None
        if lookup_key and any(price["lookup_key"] == lookup_key for price in self._state.all("price")):
            raise invalid("lookup_key", f"A price already uses the lookup key {lookup_key[:40]}.")
        price = self._state.create(
            "price",
            "price",
            active=True,
            billing_scheme="per_unit",
            currency=currency,
            lookup_key=lookup_key,
            metadata=params.mapping("metadata"),
            nickname=params.text("nickname") or None,
            product=self._product_of(params),
            recurring=recurring,
            type="recurring" if recurring else "one_time",
            unit_amount=amount,
        )
        self._state.emit("price.created", price)
        return Answer(body=price)

    def prices(self, call: Call) -> Answer:
        """Prices, newest first, by product and lookup key."""
        params = query_params(call)
        params.allow(("limit", "starting_after", "active", "product", "lookup_keys", "currency", "type"))
        product, keys = params.text("product"), params.strings("lookup_keys")
        return self._state.page(
            "price",
            "/v1/prices",
            params,
            lambda price: product in {"", price["product"]} and (not keys or price["lookup_key"] in keys),
        )

    def price(self, call: Call) -> Answer:
        """One price."""
        return Answer(body=self._state.find("price", call.arguments["price_id"]))

    def _product_of(self, params: Params) -> str:
        product_id = params.text("product")
        if product_id:
            return str(self._state.find("product", product_id)["id"])
        return str(self._new_product(Params(dict(params.mapping("product_data"))))["id"])

    def _new_product(self, params: Params, description: str | None = None) -> Resource:
        name = params.text("name")
        if not name:
            raise invalid("name", "Missing required param: name.", "parameter_missing")
        product = self._state.create(
            "product",
            "prod",
            active=True,
            description=description,
            metadata=params.mapping("metadata"),
            name=name,
        )
        self._state.emit("product.created", product)
        return product


def _unit_amount(params: Params) -> int:
    """Minor units of one piece; nothing is a price, too."""
    amount = params.integer("unit_amount")
    if not 0 <= amount <= LARGEST_AMOUNT:
        raise invalid("unit_amount", f"This value must be from 0 to {LARGEST_AMOUNT}.")
    return amount


def _recurring(params: Params) -> Resource | None:
    given = Params(dict(params.mapping("recurring")))
    if not given.values:
        return None
    given.allow(("interval", "interval_count", "usage_type"))
    interval, count = given.text("interval"), given.integer("interval_count", 1)
    if interval not in INTERVALS:
        raise invalid("recurring[interval]", f"Invalid interval: must be one of {', '.join(INTERVALS)}")
    if not 1 <= count <= _LONGEST_COUNT:
        raise invalid("recurring[interval_count]", f"This value must be from 1 to {_LONGEST_COUNT}.")
    if given.text("usage_type", "licensed") != "licensed":
        raise invalid("recurring[usage_type]", "Only licensed prices are known here.")
    return {"interval": interval, "interval_count": count, "usage_type": "licensed"}
