"""Money policies for tests, written as small numbers."""

from __future__ import annotations

import re

from billing_canary.guard.policy import MoneyPolicy, ProviderWrite
from billing_canary.money import Money

PAYMENT = r"(?P<payment>[A-Za-z0-9_]+)"
WRITES = (
    ProviderWrite(
        path="/v1/payment_intents",
        pattern=re.compile("/v1/payment_intents"),
        amount="amount",
        currency="currency",
    ),
    ProviderWrite(
        path="/v1/payment_intents/{payment}/confirm",
        pattern=re.compile(f"/v1/payment_intents/{PAYMENT}/confirm"),
        amount="reserved",
    ),
    ProviderWrite(
        path="/v1/payment_intents/{payment}/capture",
        pattern=re.compile(f"/v1/payment_intents/{PAYMENT}/capture"),
        amount="reserved",
    ),
    ProviderWrite(path="/v1/refunds", pattern=re.compile("/v1/refunds"), amount="none"),
)


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
