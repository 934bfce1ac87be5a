"""Puts the backend together."""

from __future__ import annotations

from typing import Any

from billing_canary.reference.backend.accounts import Access, Accounts
from billing_canary.reference.backend.core import Core
from billing_canary.reference.backend.crediting import Crediting
from billing_canary.reference.backend.event import INVOICE_TYPES, PAYMENT_TYPES, SUBSCRIPTION_TYPES
from billing_canary.reference.backend.inbox import Inbox
from billing_canary.reference.backend.intake import Intake
from billing_canary.reference.backend.ledger import Ledger
from billing_canary.reference.backend.operations import Operations
from billing_canary.reference.backend.payment_events import PaymentEvents
from billing_canary.reference.backend.payments import PaymentsClient
from billing_canary.reference.backend.policies import Policies
from billing_canary.reference.backend.processor import Processor
from billing_canary.reference.backend.subscribing import Subscribing
from billing_canary.reference.backend.subscription_client import SubscriptionClient
from billing_canary.reference.backend.subscription_events import SubscriptionEvents
from billing_canary.reference.backend.subscriptions import Subscriptions
from billing_canary.reference.backend.topups import TopUps
from billing_canary.reference.backend.usage import Enforcement, Usage
from billing_canary.reference.backend.worker import Worker
from billing_canary.reference.clock import ServiceClock
from billing_canary.reference.settings import Settings
from billing_canary.reference.store import Store
from billing_canary.reference.web import build_app, plain_error


class Backend:
    """The backend of one run, without its HTTP server.

    Raises:
        sqlite3.Error: the database cannot be opened.
    """

    def __init__(
        self, settings: Settings, policies: Policies, clock: ServiceClock, provider_url: str
    ) -> None:
        self._settings = settings
        self._core = Core(store=Store(settings.database), policies=policies, clock=clock)
        self._payments = PaymentsClient(provider_url, settings.provider_key)
        self._ledger = Ledger(self._core)
        self._crediting = Crediting(self._core, self._ledger)
        self._subscribing = Subscribing(self._core)
        self._client = SubscriptionClient(self._payments)
        self._inbox = Inbox(self._core)
        self._worker = Worker(self._inbox, self._processor(), policies)

    def app(self) -> Any:
        """The WSGI application."""
        enforcement = Enforcement(self._core)
        access = Access(self._core.store, self._settings.admin_key)
        accounts = Accounts(self._core, self._ledger, self._payments)
        routes = [
            *accounts.routes(access),
            *TopUps(self._core, accounts, self._payments, self._crediting).routes(access),
            *Subscriptions(self._core, accounts, self._client, self._subscribing).routes(access),
            *Usage(self._core, accounts, self._ledger, enforcement).routes(access),
            *Intake(self._core, self._inbox, self._crediting, self._settings.webhook_secret).routes(),
            *self._operations(enforcement).routes(access),
        ]
        return build_app(routes, plain_error)

    def start(self) -> None:
        """Start the inbox worker."""
        self._worker.start()

    def stop(self) -> None:
        """Stop the worker and close the store and the connections to the provider."""
        self._worker.stop()
        self._payments.close()
        self._core.store.close()

    def _processor(self) -> Processor:
        payments = PaymentEvents(self._core, self._crediting)
        subscriptions = SubscriptionEvents(self._core, self._client, self._subscribing)
        return Processor(
            self._core,
            [(PAYMENT_TYPES, payments), ((*SUBSCRIPTION_TYPES, *INVOICE_TYPES), subscriptions)],
        )

    def _operations(self, enforcement: Enforcement) -> Operations:
        checks = {
            "store": lambda: self._core.store.one("SELECT 1") is not None,
            "worker": lambda: self._worker.alive,
            "provider": self._payments.reachable,
        }
        build_id = self._core.policies.build_id(self._settings.build_id)
        return Operations(self._core, self._inbox, enforcement, build_id, checks)
