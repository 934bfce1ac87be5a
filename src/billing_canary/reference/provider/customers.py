"""Customers."""

from __future__ import annotations

from billing_canary.reference.provider.params import body_params, query_params
from billing_canary.reference.provider.renewals import Renewals
from billing_canary.reference.provider.state import ProviderState
from billing_canary.reference.provider.subscriptions import end_all
from billing_canary.reference.web import Answer, Call, Route

_FIELDS = ("name", "email", "description", "metadata")


class Customers:
    """The endpoints below /v1/customers."""

    def __init__(self, state: ProviderState, renewals: Renewals) -> None:
        self._state, self._renewals = state, renewals

    def routes(self) -> list[Route]:
        """These endpoints."""
        one = "/v1/customers/<customer_id>"
        return [
            Route(method="POST", path="/v1/customers", handler=self.create),
            Route(method="GET", path="/v1/customers", handler=self.list),
            Route(method="GET", path=one, handler=self.retrieve),
            Route(method="POST", path=one, handler=self.update),
            Route(method="DELETE", path=one, handler=self.delete),
        ]

    def create(self, call: Call) -> Answer:
        """Create a customer."""
        params = body_params(call)
        params.allow(_FIELDS)
        customer = self._state.create(
            "customer",
            "cus",
            name=params.text("name") or None,
            email=params.text("email") or None,
            description=params.text("description") or None,
            metadata=params.mapping("metadata"),
        )
        self._state.emit("customer.created", customer)
        return Answer(body=customer)

    def list(self, call: Call) -> Answer:
        """Customers, newest first; deleted ones are left out."""
        params = query_params(call)
        params.allow(("limit", "starting_after", "email"))
        email = params.text("email")
        return self._state.page(
            "customer",
            "/v1/customers",
            params,
            lambda customer: not customer.get("deleted") and email in {"", customer["email"]},
        )

    def retrieve(self, call: Call) -> Answer:
        """One customer; a deleted one says so."""
        return Answer(body=self._state.find("customer", call.arguments["customer_id"]))

    def update(self, call: Call) -> Answer:
        """Change fields; metadata is merged."""
        customer = self._state.find("customer", call.arguments["customer_id"])
        params = body_params(call)
        params.allow(_FIELDS)
        customer["metadata"].update(params.mapping("metadata"))
        customer.update({name: params.text(name) for name in _FIELDS[:-1] if name in params.values})
        return Answer(body=customer)

    def delete(self, call: Call) -> Answer:
        """Delete a customer for ever; only its id and the word stay. Its subscriptions end."""
        customer = self._state.find("customer", call.arguments["customer_id"])
        end_all(self._state, self._renewals, customer["id"])
        gone = {"id": customer["id"], "object": "customer", "deleted": True}
        customer.clear()
        customer.update(gone)
        return Answer(body=gone)
