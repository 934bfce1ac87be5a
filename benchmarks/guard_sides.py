"""The two sides of the guard's measurement: the guarded session, and the same without a guard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from typing import Any, cast

import requests
import stripe
from benchmarks.process import ROOT
from requests.adapters import HTTPAdapter

from billing_canary.guard.guard import Guard
from billing_canary.guard.policy import MoneyPolicy, load_money_policy
from billing_canary.guard.session import GuardedSession
from billing_canary.money import Money
from billing_canary.project import Project
from billing_canary.target.backend import Backend
from billing_canary.target.connect import Wishes, prepare_mock
from billing_canary.target.settings import ProviderSettings, TargetSettings
from billing_canary.target.stripe_provider import StripeProvider
from billing_canary.target.webhooks import Webhooks

_POOL = 64
_AMPLE = Money(minor=10**9, currency="RUB")


class NoGuard:
    """Takes what the adapters tell the guard, and does nothing."""

    def say(self, rule: str, sentence: str) -> None:
        """Forget `sentence`."""

    def made_by_target(self, thing: str) -> None:
        """Forget `thing`."""

    def payment_of(self, call: object, payment: str) -> None:
        """Forget `payment`."""


class PlainSession(requests.Session):
    """A session as the guarded one is set up, with the library's own adapter."""

    def __init__(self) -> None:
        super().__init__()
        self.guard = NoGuard()
        self.sent = 0
        self.trust_env = False
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = HTTPAdapter(pool_connections=8, pool_maxsize=_POOL, max_retries=0)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send `request` and count it."""
        self.sent += 1
        return super().send(request, **kwargs)


class PlainProvider(StripeProvider):
    """The same calls of the SDK over its own client."""

    def __init__(self, session: PlainSession, settings: ProviderSettings, answer_s: float) -> None:
        guarded = cast("GuardedSession", session)
        super().__init__(guarded, settings, answer_s)
        base = settings.base_url
        self._client = stripe.StripeClient(
            settings.api_key,
            base_addresses={"api": base, "files": base, "connect": base, "meter_events": base},
            http_client=stripe.RequestsClient(session=session, timeout=answer_s),
            max_network_retries=0,
        )


@dataclass(frozen=True, kw_only=True)
class Side:
    """One way to ask the same service."""

    session: requests.Session
    backend: Backend
    provider: StripeProvider
    webhooks: Webhooks


class Sides:
    """Makes both sides for a reference service that runs."""

    def __init__(self, environ: dict[str, str]) -> None:
        project = Project(ROOT, "benchmark")
        prepared = prepare_mock(project, environ, Wishes())
        self.settings: TargetSettings = prepared.settings
        policy = load_money_policy(project).allowing(prepared.guard.policy.hosts)
        self._policy: MoneyPolicy = replace(policy, per_run={"RUB": _AMPLE}, per_call={"RUB": _AMPLE})

    def guarded(self) -> Side:
        """The side with a fresh guard, as a run has it."""
        provider = self.settings.provider
        guard = Guard(
            self._policy,
            provider_url=provider.base_url if provider else None,
            backend_url=self.settings.base_url,
        )
        session = GuardedSession(guard)
        return self._side(session, session, partial(StripeProvider, session))

    def plain(self, session: PlainSession) -> Side:
        """The side without a guard."""
        return self._side(session, cast("GuardedSession", session), partial(PlainProvider, session))

    def _side(
        self, session: requests.Session, asked: GuardedSession, connect: Callable[..., StripeProvider]
    ) -> Side:
        settings = self.settings
        provider, secret, paid = settings.provider, settings.webhook_secret, settings.backend.paid_event
        if provider is None or secret is None or paid is None:
            raise RuntimeError("the mock target has no provider or no webhooks")
        return Side(
            session=session,
            backend=Backend(asked, settings, "bench"),
            provider=connect(provider, settings.patience.answer),
            webhooks=Webhooks(secret, paid, "bench"),
        )
