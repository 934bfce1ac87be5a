"""Payment methods: the test cards, and their copies that are attached to customers."""

from __future__ import annotations

from billing_canary.reference.provider.cards import as_resource, card_of_token, decline, find_card
from billing_canary.reference.provider.errors import invalid
from billing_canary.reference.provider.params import body_params, query_params
from billing_canary.reference.provider.state import ProviderState
from billing_canary.reference.web import Answer, Call, Route

KIND = "payment_method"


class PaymentMethods:
    """The endpoints below /v1/payment_methods."""

    def __init__(self, state: ProviderState) -> None:
        self._state = state

    def routes(self) -> list[Route]:
        """These endpoints."""
        base, one = "/v1/payment_methods", "/v1/payment_methods/<method_id>"
        return [
            Route(method="POST", path=base, handler=self.create),
            Route(method="GET", path=base, handler=self.list),
            Route(method="GET", path=one, handler=self.retrieve),
            Route(method="POST", path=f"{one}/attach", handler=self.attach),
        ]

    def create(self, call: Call) -> Answer:
        """The test card of a card token."""
        params = body_params(call)
        params.allow(("type", "card", "metadata", "expand"))
        if params.text("type") != "card":
            raise invalid("type", "Only cards are known here.")
        card = card_of_token(params.mapping("card").get("token", ""))
        return Answer(body=as_resource(card, int(self._state.clock.now())))

    def list(self, call: Call) -> Answer:
        """The methods that are attached to a customer, newest first."""
        params = query_params(call)
        params.allow(("customer", "type", "limit", "starting_after"))
        customer = params.text("customer")
        return self._state.page(
            KIND, "/v1/payment_methods", params, lambda method: customer in {"", method["customer"]}
        )

    def retrieve(self, call: Call) -> Answer:
        """One attached method, or one of the test cards."""
        method_id = call.arguments["method_id"]
        card = find_card(self._state, method_id)
        if card.id == method_id:
            return Answer(body=as_resource(card, int(self._state.clock.now())))
        return Answer(body=self._state.find(KIND, method_id))

    def attach(self, call: Call) -> Answer:
        """A copy of a test card for one customer; a card that is declined at once cannot be attached."""
        params = body_params(call)
        params.allow(("customer", "expand"))
        customer = self._state.living("customer", params.text("customer"))
        card = find_card(self._state, call.arguments["method_id"])
        if not card.attaches:
            return decline(card)
        if card.id != call.arguments["method_id"]:
            return self._attach_again(call.arguments["method_id"], customer["id"])
        shape = as_resource(card, 0)
        fields = {name: shape[name] for name in ("type", "card", "metadata")}
        method = self._state.create(KIND, "pm", customer=customer["id"], **fields)
        self._state.emit("payment_method.attached", method)
        return Answer(body=method)

    def _attach_again(self, method_id: str, customer: str) -> Answer:
        method = self._state.find(KIND, method_id)
        if method["customer"] != customer:
            raise invalid("customer", "This payment method is attached to another customer.")
        return Answer(body=method)
