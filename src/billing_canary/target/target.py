"""One target of a run, ready to be asked: backend, provider, webhooks, and its time."""

from __future__ import annotations

from billing_canary.clock import Clock
from billing_canary.guard.guard import Guard
from billing_canary.guard.session import GuardedSession
from billing_canary.target.operations import Operation
from billing_canary.target.settings import TargetSettings
from billing_canary.target.stripe_provider import StripeProvider
from billing_canary.target.subscriptions import SubscriptionBackend
from billing_canary.target.webhooks import Webhooks


class Target:
    """Everything a probe context needs of the system under test."""

    def __init__(self, settings: TargetSettings, guard: Guard, run_id: str, clock: Clock) -> None:
        self.settings = settings
        self.guard = guard
        self.clock = clock
        self.run_id = run_id
        self.session = GuardedSession(guard)
        self.backend = SubscriptionBackend(self.session, settings, run_id)
        self.provider = self._provider()
        self.webhooks = self._webhooks()
        self._ahead_s: float | None = None

    def now(self) -> float:
        """The target's time in seconds since the epoch: its own clock where it has one to ask."""
        if self._ahead_s is None:
            self._ahead_s = self._read_ahead()
        return self.clock.now() + self._ahead_s

    def advance_clock(self, seconds: int) -> None:
        """Move the target's clock forward by `seconds`."""
        self._ahead_s = self.backend.advance_clock(seconds) - self.clock.now()

    def close(self) -> None:
        """Close every connection."""
        self.session.close()

    def _read_ahead(self) -> float:
        if Operation.READ_CLOCK not in self.settings.operations:
            return 0.0
        return self.backend.now() - self.clock.now()

    def _provider(self) -> StripeProvider | None:
        settings = self.settings.provider
        return StripeProvider(self.session, settings, self.settings.patience.answer) if settings else None

    def _webhooks(self) -> Webhooks | None:
        secret, paid = self.settings.webhook_secret, self.settings.backend.paid_event
        return Webhooks(secret, paid, self.run_id) if secret is not None and paid is not None else None
