"""The provider's subscriptions and invoices as far as the backend cares, whichever dialect they come in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LIVE = ("pending", "incomplete", "active", "past_due")
"""Statuses of a subscription that keep an account from beginning another one."""


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """A subscription as the provider tells it; instants in seconds since the epoch.

    Attributes:
        own_id: our own id of it, which we gave as metadata; "" when it names none.
        invoice: id of its latest invoice; "" when it has none.
    """

    id: str
    own_id: str
    status: str
    period_start: float
    period_end: float
    cancel_at_period_end: bool
    invoice: str


@dataclass(frozen=True, kw_only=True)
class Bill:
    """An invoice of a subscription; amounts in minor units.

    Attributes:
        subscription: the provider's id of the subscription; "" for an invoice about something else.
        own_id: our own id of it, where the invoice carries the subscription's metadata.
        reason: the provider's `billing_reason`.
        period_start: begin of the period that it pays for, in seconds since the epoch.
    """

    id: str
    subscription: str
    own_id: str
    reason: str
    status: str
    amount_due: int
    amount_paid: int
    currency: str
    period_start: float
    period_end: float


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What decides whether a subscription still gives access at `now`."""

    status: str
    cancel_at_period_end: bool
    period_end: float
    now: float


def read_agreement(resource: Mapping[str, Any]) -> Agreement:
    """A subscription object, from an answer or an event."""
    start, end = item_period(resource)
    invoice = resource.get("latest_invoice")
    return Agreement(
        id=str(resource["id"]),
        own_id=_own_id(resource),
        status=str(resource.get("status", "")),
        period_start=start,
        period_end=end,
        cancel_at_period_end=resource.get("cancel_at_period_end") is True,
        invoice=str(invoice["id"] if isinstance(invoice, dict) else invoice or ""),
    )


def read_bill(resource: Mapping[str, Any]) -> Bill:
    """An invoice object, from an answer or an event."""
    details = _subscription_details(resource)
    start, end = _line_period(resource)
    # Older versions of the API tell the subscription at the top.
    subscription = details.get("subscription") or resource.get("subscription")
    return Bill(
        id=str(resource["id"]),
        subscription=str(subscription or ""),
        own_id=_own_id(details),
        reason=str(resource.get("billing_reason") or ""),
        status=str(resource.get("status", "")),
        amount_due=int(resource.get("amount_due") or 0),
        amount_paid=int(resource.get("amount_paid") or 0),
        currency=str(resource.get("currency", "")).upper(),
        period_start=start,
        period_end=end,
    )


def item_period(resource: Mapping[str, Any]) -> tuple[float, float]:
    """The present period of a subscription.

    Since 2025-03-31 it stands at the item, before that at the subscription. Source:
    https://docs.stripe.com/changelog/basil/2025-03-31/deprecate-subscription-current-period-start-and-end.
    """
    items = resource.get("items")
    data = items.get("data") if isinstance(items, dict) else None
    for place in (data[0] if data else {}, resource):
        if place.get("current_period_end") is not None:
            return float(place.get("current_period_start") or 0), float(place["current_period_end"])
    return 0.0, 0.0


def _subscription_details(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    parent = resource.get("parent")
    details = (parent if isinstance(parent, dict) else resource).get("subscription_details")
    return details if isinstance(details, dict) else {}


def _line_period(resource: Mapping[str, Any]) -> tuple[float, float]:
    """The invoice's own period is the one before; its line tells which one is paid for."""
    lines = resource.get("lines")
    data = lines.get("data") if isinstance(lines, dict) else None
    period = data[0].get("period") if data else None
    period = period if isinstance(period, dict) else {}
    return float(period.get("start") or 0), float(period.get("end") or 0)


def _own_id(resource: Mapping[str, Any]) -> str:
    metadata = resource.get("metadata")
    return str(metadata.get("subscription", "")) if isinstance(metadata, dict) else ""
