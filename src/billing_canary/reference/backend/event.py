"""A webhook event as the backend reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from billing_canary.reference.web import ApiError

PAYMENT_SUCCEEDED = "payment_intent.succeeded"
PAYMENT_FAILED = "payment_intent.payment_failed"
PAYMENT_TYPES = (PAYMENT_SUCCEEDED, PAYMENT_FAILED)
INVOICE_TYPES = ("invoice.paid", "invoice.payment_failed")
SUBSCRIPTION_TYPES = (
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
)

HANDLED_TYPES = (*PAYMENT_TYPES, *SUBSCRIPTION_TYPES, *INVOICE_TYPES)
"""Event types that change something; every other type is stored and ignored."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """One provider event; `resource` is the object that it is about, as it was then."""

    id: str
    type: str
    livemode: bool
    resource: Mapping[str, Any]


def parse_event(body: bytes) -> Event:
    """Read an event.

    Raises:
        ApiError: 400 when `body` is no event.
    """
    try:
        value = json.loads(body)
        event_id, event_type, resource = value["id"], value["type"], value["data"]["object"]
        livemode = value.get("livemode") is True
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ApiError(400, "invalid_event", "the body is no event") from None
    if not (isinstance(event_id, str) and isinstance(event_type, str) and isinstance(resource, dict)):
        raise ApiError(400, "invalid_event", "the body is no event")
    return Event(id=event_id, type=event_type, livemode=livemode, resource=resource)
