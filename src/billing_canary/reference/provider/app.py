"""The payment provider as one WSGI application."""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from billing_canary.reference.clock import ServiceClock
from billing_canary.reference.provider.customers import Customers
from billing_canary.reference.provider.delivery import Deliveries
from billing_canary.reference.provider.errors import stripe_error
from billing_canary.reference.provider.events import Lookups
from billing_canary.reference.provider.idempotency import IdempotencyKeys
from billing_canary.reference.provider.intents import PaymentIntents
from billing_canary.reference.provider.invoices import Invoices
from billing_canary.reference.provider.methods import PaymentMethods
from billing_canary.reference.provider.prices import Prices
from billing_canary.reference.provider.refunds import Refunds
from billing_canary.reference.provider.renewals import Renewals
from billing_canary.reference.provider.schedules import SCHEDULES, Schedule
from billing_canary.reference.provider.state import API_VERSION, ProviderState
from billing_canary.reference.provider.subscriptions import Subscriptions
from billing_canary.reference.web import Answer, ApiError, Call, Handler, Route, build_app

WEBHOOK_PATH = "/webhooks/stripe"
"""Where the backend takes deliveries."""


class Provider:
    """The provider's state, endpoints and delivery threads."""

    def __init__(self, *, clock: ServiceClock, key: str, webhook_secret: str, schedule: Schedule) -> None:
        self._key = key
        self._keys = IdempotencyKeys()
        self._deliveries = Deliveries(clock, webhook_secret, schedule)
        self._state = ProviderState(clock, self._deliveries.enqueue)
        self._intents = PaymentIntents(self._state)
        self._invoices = Invoices(self._state, self._intents)
        self._renewals = Renewals(self._state, self._invoices)

    def app(self) -> Any:
        """The WSGI application."""
        parts = (
            Customers(self._state, self._renewals),
            PaymentMethods(self._state),
            self._intents,
            Refunds(self._state),
            Prices(self._state),
            Subscriptions(self._state, self._invoices, self._renewals),
            self._invoices,
            Lookups(self._state),
        )
        api = [route for part in parts for route in part.routes()]
        return build_app([*map(self._guarded, api), *map(self._authenticated, self._tools())], stripe_error)

    def deliver_to(self, backend_url: str, enabled_events: Iterable[str]) -> None:
        """Register the backend's webhook endpoint for the types of events that it asks for."""
        self._deliveries.start(backend_url, WEBHOOK_PATH, enabled_events)

    def stop(self) -> None:
        """End the renewals and the delivery threads."""
        self._renewals.stop()
        self._deliveries.stop()

    def _tools(self) -> list[Route]:
        return [
            Route(method="GET", path="/_mock/schedule", handler=self._list_schedules),
            Route(method="POST", path="/_mock/schedule", handler=self._set_schedule),
            Route(method="GET", path="/_mock/deliveries", handler=self._list_deliveries),
        ]

    def _guarded(self, route: Route) -> Route:
        """`route` behind the key, the idempotency keys and the lock."""

        def work(call: Call) -> Answer:
            return self._keys.answer(call, lambda: self._locked(route.handler, call))

        return self._authenticated(Route(method=route.method, path=route.path, handler=work))

    def _authenticated(self, route: Route) -> Route:
        def work(call: Call) -> Answer:
            self._authenticate(call)
            answer = route.handler(call)
            headers = {"Request-Id": f"req_{secrets.token_hex(7)}", "Stripe-Version": API_VERSION}
            return Answer(status=answer.status, body=answer.body, headers={**headers, **answer.headers})

        return Route(method=route.method, path=route.path, handler=work)

    def _locked(self, handler: Handler, call: Call) -> Answer:
        with self._state.lock:
            answer = handler(call)
            return Answer(status=answer.status, body=_frozen(answer.body))

    def _authenticate(self, call: Call) -> None:
        given = _presented_key(call.header("Authorization"))
        if not hmac.compare_digest(given.encode(), self._key.encode()):
            raise ApiError(401, "api_key_invalid", "Invalid API Key provided.")

    def _list_schedules(self, call: Call) -> Answer:  # noqa: ARG002 - every handler takes the call
        known = [asdict(schedule) for schedule in SCHEDULES.values()]
        return Answer(body={"current": self._deliveries.schedule.name, "schedules": known})

    def _set_schedule(self, call: Call) -> Answer:
        name = call.json_object().get("name")
        if name not in SCHEDULES:
            raise ApiError(400, "unknown_schedule", f"use one of {', '.join(SCHEDULES)}")
        self._deliveries.schedule = SCHEDULES[name]
        return Answer(body={"current": name})

    def _list_deliveries(self, call: Call) -> Answer:  # noqa: ARG002 - every handler takes the call
        return Answer(body={"deliveries": [asdict(sent) for sent in self._deliveries.log()]})


def _presented_key(authorization: str) -> str:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value).decode().partition(":")[0]
        except ValueError:
            return ""
    return value if scheme.lower() == "bearer" else ""


def _frozen(body: object) -> object:
    """A copy that later changes of the provider's objects do not reach."""
    if isinstance(body, dict):
        return {key: _frozen(value) for key, value in body.items()}
    if isinstance(body, list):
        return [_frozen(item) for item in body]
    return body
