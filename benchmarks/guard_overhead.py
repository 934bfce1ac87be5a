"""Measure what the guard adds to the wall time of 1,000 requests of a canary.

Usage: .venv/bin/python benchmarks/guard_overhead.py [--rounds N] [--json]

Both sides make the same requests, in the mix of a mock canary, through the same adapters and the
provider's SDK, to one reference service in another process: one over the guarded session, the other
over a plain `requests.Session` and the SDK's own client. They take turns request by request, and the
first of a pair changes, since a machine's speed drifts. Each round has a fresh guard, like a run.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from itertools import count
from pathlib import Path
from typing import Any, cast

import click
import requests
import stripe
from requests.adapters import HTTPAdapter

from billing_canary.guard.guard import Guard
from billing_canary.guard.policy import MoneyPolicy, load_money_policy
from billing_canary.guard.session import GuardedSession
from billing_canary.money import Money
from billing_canary.project import Project
from billing_canary.target.backend import Account, Backend
from billing_canary.target.connect import Wishes, prepare_mock
from billing_canary.target.mock import MockService
from billing_canary.target.operations import Answer, Outcome
from billing_canary.target.settings import ProviderSettings, TargetSettings
from billing_canary.target.stripe_provider import StripeProvider
from billing_canary.target.webhooks import Webhooks

ROOT = Path(__file__).parents[1]
VISITS = 40
"""A visit makes 25 requests, so this makes 1,000."""

_POOL = 64
_AMPLE = Money(minor=10**9, currency="RUB")
_numbers = count(1)


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


@dataclass(frozen=True, kw_only=True)
class Round:
    """Seconds that each step of one round took on each side."""

    requests: int
    guarded: list[float]
    plain: list[float]

    @property
    def overhead(self) -> float:
        """Per cent that the guard adds to the whole round."""
        return _overhead(self.guarded, self.plain)


def _overhead(guarded: Sequence[float], plain: Sequence[float]) -> float:
    return (sum(guarded) / sum(plain) - 1) * 100


def _medians(rounds: Sequence[Sequence[float]]) -> list[float]:
    """The median time of each step over the rounds: what remains when others use the machine now and then."""
    return [statistics.median(times) for times in zip(*rounds, strict=True)]


class Visit:
    """A customer's way through billing on one side, step by step; each step is one or two requests."""

    def __init__(self, side: Side, amount: Money) -> None:
        self._side = side
        self._amount = amount
        self._accounts: list[Account] = []
        self._payments: list[str] = []

    def steps(self) -> list[Callable[[], object]]:
        """The steps in order."""
        backend = self._side.backend
        wallet: Callable[[], object] = self._wallet
        pay = [self._top_up, wallet, self._confirm, wallet, self._deliver, wallet]
        alone = [backend.build, backend.now, self._create]
        usage = [self._consume, wallet]
        first = [self._open, *pay, *alone, *usage]
        return [*first, self._open, *pay, self._top_up, self._deliver, self._close, self._close]

    def _open(self) -> None:
        self._accounts.append(self._side.backend.open_account(_key(), "RUB", 1000))

    def _wallet(self) -> None:
        self._side.backend.wallet(self._accounts[-1])

    def _top_up(self) -> None:
        answer = self._side.backend.create_top_up(self._accounts[-1], self._amount, _key(), trace=_key())
        self._payments.append(str(_good(answer).values["payment"]))

    def _confirm(self) -> None:
        self._side.provider.confirm(self._payments[-1], "pm_card_visa")

    def _create(self) -> None:
        self._side.provider.create(self._amount, _key(), "bench")

    def _deliver(self) -> None:
        now = time.time()
        event = self._side.webhooks.paid(self._accounts[-1], self._payments[-1], self._amount, now)
        _good(self._side.backend.deliver(event.body, self._side.webhooks.sign(event.body, now)))

    def _consume(self) -> None:
        self._side.backend.consume(self._accounts[-1], 1, _key())

    def _close(self) -> None:
        _good(self._side.backend.close_account(self._accounts.pop()))


def _key() -> str:
    return f"bench-{next(_numbers)}"


def _good(answer: Answer) -> Answer:
    if answer.outcome is not Outcome.OK:
        raise RuntimeError(f"{answer.operation.value} answered {answer}: {answer.text}")
    return answer


class Bench:
    """A reference service that runs, and the two sides that ask it."""

    def __init__(self, environ: dict[str, str]) -> None:
        project = Project(ROOT, "benchmark")
        prepared = prepare_mock(project, environ, Wishes())
        self._settings: TargetSettings = prepared.settings
        policy = load_money_policy(project).allowing(prepared.guard.policy.hosts)
        self._policy: MoneyPolicy = replace(policy, per_run={"RUB": _AMPLE}, per_call={"RUB": _AMPLE})

    def round(self, visits: int) -> Round:
        """The same visits on both sides, request by request."""
        plain = PlainSession()
        sides = self._guarded(), self._plain(plain)
        seconds: tuple[list[float], list[float]] = ([], [])
        amount = self._settings.amounts["RUB"]
        for number in range(visits):
            walks = [Visit(side, amount).steps() for side in sides]
            for position, pair in enumerate(zip(*walks, strict=True)):
                for which in (0, 1) if (number + position) % 2 else (1, 0):
                    started = time.perf_counter()
                    pair[which]()
                    seconds[which].append(time.perf_counter() - started)
        for side in sides:
            side.session.close()
        if plain.sent != visits * 25:
            raise RuntimeError(f"{visits} visits made {plain.sent} requests, not 25 each")
        return Round(requests=plain.sent, guarded=seconds[0], plain=seconds[1])

    def _guarded(self) -> Side:
        provider = self._settings.provider
        guard = Guard(
            self._policy,
            provider_url=provider.base_url if provider else None,
            backend_url=self._settings.base_url,
        )
        session = GuardedSession(guard)
        return self._side(session, session, partial(StripeProvider, session))

    def _plain(self, session: PlainSession) -> Side:
        return self._side(session, cast("GuardedSession", session), partial(PlainProvider, session))

    def _side(
        self, session: requests.Session, asked: GuardedSession, connect: Callable[..., StripeProvider]
    ) -> Side:
        settings = self._settings
        provider, secret, paid = settings.provider, settings.webhook_secret, settings.backend.paid_event
        if provider is None or secret is None or paid is None:
            raise RuntimeError("the mock target has no provider or no webhooks")
        return Side(
            session=session,
            backend=Backend(asked, settings, "bench"),
            provider=connect(provider, settings.patience.answer),
            webhooks=Webhooks(secret, paid, "bench"),
        )


def measure(rounds: int) -> list[Round]:
    """`rounds` rounds of 1,000 requests a side, after a short one to warm up."""
    with MockService(build_id="bench") as service:
        bench = Bench(service.environment())
        bench.round(VISITS // 4)
        return [bench.round(VISITS) for _ in range(rounds)]


def report(found: Sequence[Round]) -> dict[str, Any]:
    """The figures of `found`: per cent, and milliseconds a request."""
    guarded = _medians([each.guarded for each in found])
    plain = _medians([each.plain for each in found])
    whole = [each.overhead for each in found]
    return {
        "figure": "guard, 1,000 requests",
        "percent": _overhead(guarded, plain),
        "round_median_percent": statistics.median(whole),
        "round_least_percent": min(whole),
        "round_most_percent": max(whole),
        "guarded_ms": sum(guarded) / found[0].requests * 1000,
        "plain_ms": sum(plain) / found[0].requests * 1000,
        "goal_percent": 3.0,
    }


@click.command()
@click.option("--rounds", type=click.IntRange(1), default=9, show_default=True)
@click.option("--json", "as_json", is_flag=True)
def main(rounds: int, *, as_json: bool) -> None:
    """Print the overhead."""
    figures = report(measure(rounds))
    if as_json:
        print(json.dumps(figures))
        return
    print(f"{figures['figure']} | {figures['percent']:.1f} % | goal {figures['goal_percent']:g}")
    print(f"  {figures['guarded_ms']:.3f} ms a request, {figures['plain_ms']:.3f} ms without: medians")
    least, most = figures["round_least_percent"], figures["round_most_percent"]
    print(f"  {rounds} whole rounds: {figures['round_median_percent']:.1f} %, {least:.1f} to {most:.1f} %")


if __name__ == "__main__":
    main()
