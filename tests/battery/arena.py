"""Where attempts are made: three real servers that count, and one guarded target for each attempt."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import requests
from tests.battery.bank import Bank
from tests.battery.shop import Shop
from tests.fakes.server import Call, FakeServer, Reply, answer_json

from billing_canary.clock import SystemClock
from billing_canary.errors import ProjectError, RefusedError
from billing_canary.guard.guard import Guard
from billing_canary.guard.policy import MoneyPolicy, load_money_policy
from billing_canary.guard.session import GuardedSession
from billing_canary.model import Status
from billing_canary.money import Money
from billing_canary.project import Project
from billing_canary.target.backend import Account, Backend
from billing_canary.target.load import load_target
from billing_canary.target.operations import Operation
from billing_canary.target.settings import OperationMapping, TargetSettings
from billing_canary.target.stripe_provider import StripeProvider
from billing_canary.target.target import Target

ROOT = Path(__file__).parents[2]
RUN = "run-1"
Act = Callable[["World"], object]
READS = frozenset({"GET", "HEAD"})
TEST_KEY = "sk_test_battery"
PROJECT_FILE = "project file"
"""Not a rule of the guard: the project is wrong, so that nothing is started (exit code 2)."""

Script = Callable[[Call], Reply]


def replying(reply: Reply) -> Script:
    """A server that gives one answer to everything."""
    return lambda _: reply


def rub(minor: int) -> Money:
    return Money(minor=minor, currency="RUB")


@cache
def shipped_policy() -> MoneyPolicy:
    """The shipped caps and provider writes; only loopback servers are allowed."""
    policy = replace(load_money_policy(Project(ROOT, "test")), hosts=frozenset())
    more = {code: Money(minor=minor, currency=code) for code, minor in (("KWD", 1000), ("USD", 1000))}
    per_call = {code: Money(minor=minor, currency=code) for code, minor in (("KWD", 500), ("USD", 100))}
    return replace(policy, per_run={**policy.per_run, **more}, per_call={**policy.per_call, **per_call})


class Arena:
    """The backend, the provider, and a server where nothing may ever arrive."""

    def __init__(self) -> None:
        self.backend = FakeServer(_nobody)
        self.provider = FakeServer(_nobody)
        self.elsewhere = FakeServer(_nobody)

    @property
    def servers(self) -> tuple[FakeServer, ...]:
        return (self.backend, self.provider, self.elsewhere)

    def stop(self) -> None:
        for server in self.servers:
            server.stop()

    def settings(self) -> TargetSettings:
        """The shipped mock target, pointed at the servers."""
        prefix = "BILLING_CANARY_MOCK_"
        environ = {
            f"{prefix}BACKEND_URL": self.backend.url,
            f"{prefix}PROVIDER_URL": self.provider.url,
            f"{prefix}PROVIDER_KEY": TEST_KEY,
            f"{prefix}WEBHOOK_SECRET": "whsec_battery",
            f"{prefix}ADMIN_KEY": "admin-battery",
            f"{prefix}BUILD_ID": "build-7",
        }
        return _mock_settings(tuple(environ.items()))

    @contextmanager
    def world(self) -> Iterator[World]:
        """A fresh bank, shop, guard and target; the servers forget what they saw."""
        bank = Bank()
        self.provider.script, self.backend.script = bank.answer, Shop(bank).answer
        self.elsewhere.script = lambda _: answer_json({"livemode": False})
        for server in self.servers:
            server.calls.clear()
            server.connections = 0
        world = World(arena=self, bank=bank)
        try:
            yield world
        finally:
            world.close()


@cache
def _mock_settings(environ: tuple[tuple[str, str], ...]) -> TargetSettings:
    return load_target(Project(ROOT, "test"), "mock", dict(environ))


def _nobody(_: Call) -> Reply:
    return Reply(status=500)


@dataclass
class World:
    """One attempt's own target. Steps before `arm` prepare it; after it no write may reach anybody."""

    arena: Arena
    bank: Bank
    folder: Path | None = None
    expected: frozenset[str] = frozenset()
    _seen: dict[FakeServer, int] = field(default_factory=dict)
    _targets: list[Target] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.policy = shipped_policy().allowing([self.arena.backend.host, self.arena.provider.host])
        self.settings = self.arena.settings()
        self.renew()

    def renew(self, settings: TargetSettings | None = None, **options: Any) -> None:
        """Begin again with other settings, another policy or other options of the guard."""
        self.settings = settings or self.settings
        self.policy = options.pop("policy", self.policy)
        provider_url = self.settings.provider.base_url if self.settings.provider else None
        urls = {"provider_url": provider_url, "backend_url": self.settings.base_url}
        self.guard = Guard(self.policy, **(urls | options))
        self.target = Target(self.settings, self.guard, RUN, SystemClock())
        self._targets.append(self.target)

    def remap(self, operation: Operation, **changes: Any) -> None:
        """Describe one operation of the backend otherwise, as a wrong or hostile targets file would."""
        table = self.settings.backend
        before = table.operations.get(operation, table.operations[Operation.CREATE_TOP_UP])
        mapping: OperationMapping = replace(before, **changes)
        operations = {**table.operations, operation: mapping}
        self.renew(replace(self.settings, backend=replace(table, operations=operations)))

    @property
    def session(self) -> GuardedSession:
        return self.target.session

    @property
    def backend(self) -> Backend:
        return self.target.backend

    @property
    def provider(self) -> StripeProvider:
        provider = self.target.provider
        assert provider is not None
        return provider

    def account(self, currency: str = "RUB") -> Account:
        return self.backend.open_account("battery", currency, 10)

    def arm(self, *expected: str) -> None:
        """From here on no write may arrive, but for those to the paths in `expected`."""
        self.expected = frozenset(expected)
        self._seen = {server: len(server.calls) for server in self.arena.servers}

    def arrived(self) -> list[str]:
        """Writes that reached the backend or the provider, and all that reached the server elsewhere."""
        found = []
        for server in self.arena.servers:
            calls = server.calls[self._seen.get(server, 0) :]
            told = [f"{call.method} {call.path}" for call in calls if self._counts(server, call)]
            found += told
        return found + ["a connection elsewhere"] * self.arena.elsewhere.connections

    def _counts(self, server: FakeServer, call: Call) -> bool:
        if server is self.arena.elsewhere:
            return True
        return call.method not in READS and call.path not in self.expected

    def send(self, method: str, url: str, **options: Any) -> requests.Response:
        """A request of a probe's own over the guarded session; `url` may be a path at the provider."""
        whole = self.arena.provider.url + url if url.startswith("/") else url
        return self.session.request(method, whole, timeout=5, **options)

    def post(self, path: str, fields: Any = None, key: str | None = "k", **headers: str) -> requests.Response:
        """A form to the provider."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named |= {"Idempotency-Key": key} if key is not None else {}
        named.setdefault("Authorization", f"Bearer {TEST_KEY}")
        return self.send("POST", path, data=fields, headers=named)

    def safety(self, rule: str) -> Status:
        return {check.id: check.status for check in self.guard.safety_checks()}[rule]

    def close(self) -> None:
        for target in self._targets:
            target.close()


def doing(function: Callable[..., object], *arguments: Any, **options: Any) -> Act:
    """What an attempt does: `function` of its world and these arguments."""
    return lambda world: function(world, *arguments, **options)


@dataclass(frozen=True, kw_only=True)
class Observed:
    """What came of a command line: the rule that it named, and whether its report shows it refused."""

    rule: str
    reported: bool
    said: str = ""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One try to move money past the guard, and the rule that must refuse it."""

    id: str
    rule: str
    act: Act


@dataclass(frozen=True, kw_only=True)
class Flow:
    """Something legitimate that must not be refused; `act` raises when it does not work."""

    id: str
    act: Act


def verdict(world: World, attempt: Attempt) -> str:
    """What is wrong with the defence against `attempt`, or "" when it held."""
    observed = _observe(world, attempt)
    wrong = []
    if observed.rule != attempt.rule:
        wrong.append(f"{observed.rule or 'nothing'} refused it, not {attempt.rule}: {observed.said}")
    if not observed.reported:
        wrong.append("the report does not show the rule as refused")
    if arrived := world.arrived():
        wrong.append(f"arrived: {', '.join(arrived)}")
    return "; ".join(wrong)


def _observe(world: World, attempt: Attempt) -> Observed:
    try:
        came = attempt.act(world)
    except RefusedError as refusal:
        reported = world.safety(refusal.rule) is Status.REFUSED
        return Observed(rule=refusal.rule, reported=reported, said=str(refusal))
    except ProjectError as error:
        return Observed(rule=PROJECT_FILE, reported=True, said=str(error))
    except Exception as error:  # noqa: BLE001 - whatever else stopped it, it was not the guard
        return Observed(rule="", reported=False, said=f"{type(error).__name__}: {error}")
    return came if isinstance(came, Observed) else Observed(rule="", reported=False, said="it went through")


def form(fields: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in fields.items()}
