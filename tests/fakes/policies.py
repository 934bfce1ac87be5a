"""Money policies for tests: small caps, and the provider writes that are shipped."""

from __future__ import annotations

from typing import Any

from tests.fakes.project_folder import MONEY

from billing_canary.config import Table
from billing_canary.errors import raise_problems
from billing_canary.guard.policy import MoneyPolicy
from billing_canary.guard.provider_writes import ProviderWrite, read_provider_writes
from billing_canary.money import Money


def writes(*entries: dict[str, Any]) -> tuple[ProviderWrite, ...]:
    """`entries` as `[[provider.writes]]` of a policy; there must be nothing wrong with them."""
    table = Table(file="money.toml", path="provider", data={"writes": list(entries)}, problems=[])
    found = read_provider_writes(table)
    raise_problems(table.problems)
    return found


WRITES = writes(*MONEY["provider"]["writes"])


def money(minor: int, currency: str = "RUB") -> Money:
    return Money(minor=minor, currency=currency)


def make_policy(
    *hosts: str,
    per_run: int = 1000,
    per_call: int = 100,
    writes: tuple[ProviderWrite, ...] = WRITES,
) -> MoneyPolicy:
    """Caps in kopecks and yen alike; `hosts` may be connected to."""
    return MoneyPolicy(
        per_run={code: money(per_run, code) for code in ("RUB", "JPY")},
        per_call={code: money(per_call, code) for code in ("RUB", "JPY")},
        hosts=frozenset(hosts),
        provider_writes=writes,
    )


def write_at(path: str, method: str = "POST") -> ProviderWrite:
    """The shipped entry for `path`, written as the policy writes it."""
    return next(write for write in WRITES if (write.path, write.method) == (path, method))
