"""What happens to subscriptions as time goes by: renewal, the end, and expiry of what was never paid."""

from __future__ import annotations

import threading

from billing_canary.reference.provider.calendar import Rhythm, period_from
from billing_canary.reference.provider.invoices import Invoices
from billing_canary.reference.provider.state import ProviderState, Resource

LIVE = ("incomplete", "active", "past_due")
"""Statuses of a subscription that has not ended."""

INCOMPLETE_S = 23 * 3600
"""How long a first invoice may stay unpaid; source: https://docs.stripe.com/billing/subscriptions/overview."""

_STOP_LIMIT_S = 2.0


class Renewals:
    """A thread that waits on the service's clock; it is started by the first subscription."""

    def __init__(self, state: ProviderState, invoices: Invoices) -> None:
        self._state, self._invoices = state, invoices
        self._timer = state.clock.timer()
        self._stopping = False
        self._thread: threading.Thread | None = None

    def watch(self) -> None:
        """Take note that there is a subscription more; called under the state's lock."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="provider-renewals", daemon=True)
            self._thread.start()
        self._timer.wake_all()

    def stop(self) -> None:
        """End the thread."""
        self._stopping = True
        self._timer.wake_all()
        if self._thread is not None:
            self._thread.join(_STOP_LIMIT_S)

    def end(self, subscription: Resource) -> None:
        """End a subscription now."""
        now = int(self._state.clock.now())
        canceled_at = subscription["canceled_at"] or now
        subscription.update(status="canceled", ended_at=now, canceled_at=canceled_at)
        self._state.emit("customer.subscription.deleted", subscription)

    def _run(self) -> None:
        while not self._stopping:
            ticket = self._timer.ticket()
            with self._state.lock:
                self._work()
                due = [_due_at(each) for each in self._live()]
            self._timer.wait(ticket, min(due, default=None))

    def _work(self) -> None:
        """Everything that is due, oldest first: a clock that jumped may have passed several periods."""
        while True:
            now = self._state.clock.now()
            due = sorted((each for each in self._live() if _due_at(each) <= now), key=_due_at)
            if not due:
                return
            for subscription in due:
                self._step(subscription)

    def _live(self) -> list[Resource]:
        return [each for each in self._state.all("subscription") if each["status"] in LIVE]

    def _step(self, subscription: Resource) -> None:
        if subscription["status"] == "incomplete":
            self._expire(subscription)
        elif subscription["cancel_at_period_end"]:
            self.end(subscription)
        else:
            self._renew(subscription)

    def _renew(self, subscription: Resource) -> None:
        item = subscription["items"]["data"][0]
        recurring = item["price"]["recurring"]
        rhythm = Rhythm(interval=recurring["interval"], count=recurring["interval_count"])
        anchor, start = subscription["billing_cycle_anchor"], item["current_period_end"]
        item["current_period_start"], item["current_period_end"] = period_from(anchor, start, rhythm)
        invoice = self._invoices.bill(subscription, "subscription_cycle")
        self._state.emit("customer.subscription.updated", subscription)
        self._invoices.collect(invoice, subscription, subscription["default_payment_method"])

    def _expire(self, subscription: Resource) -> None:
        subscription.update(status="incomplete_expired", ended_at=int(self._state.clock.now()))
        self._invoices.void(self._state.find("invoice", subscription["latest_invoice"]))
        self._state.emit("customer.subscription.updated", subscription)


def _due_at(subscription: Resource) -> float:
    if subscription["status"] == "incomplete":
        return float(subscription["created"] + INCOMPLETE_S)
    return float(subscription["items"]["data"][0]["current_period_end"])
