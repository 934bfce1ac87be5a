"""A guard, and requests and answers as they pass it, without a network."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.fakes.clock import HandClock
from tests.fakes.policies import make_policy, money

from billing_canary.errors import RefusedError
from billing_canary.guard.guard import Guard
from billing_canary.guard.spend_ledger import Row
from billing_canary.guard.target_call import CallKind, MoneyPlace, TargetCall, Unit
from billing_canary.model import SafetyCheck, Status
from billing_canary.money import Money

PROVIDER, BACKEND = "https://pay.example.com", "https://billing.example.com"
INTENTS = "/v1/payment_intents"
GOOD = "amount=29&currency=rub"
CONFIRM = f"{INTENTS}/pi_1/confirm"


def make_guard(provider_url: str | None = PROVIDER, per_run: int = 1000, **options: Any) -> Guard:
    policy = make_policy("pay.example.com", "billing.example.com", per_run=per_run)
    return Guard(policy, provider_url=provider_url, backend_url=BACKEND, clock=HandClock(), **options)


def write(
    guard: Guard, path: str = INTENTS, body: object = GOOD, method: str = "POST", **headers: str
) -> Row | None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return guard.before_request(method, f"{PROVIDER}{path}", named, body)


def ask(guard: Guard, call: TargetCall, body: object = None, path: str = "/use") -> Row | None:
    """Send `call` to the backend, with its key."""
    return guard.before_request("POST", f"{BACKEND}{path}", {"Idempotency-Key": call.key}, body, call)


def raw_call(raw: object) -> TargetCall:
    places = (MoneyPlace(keys=("amount",), unit=Unit.RAW),)
    return TargetCall(
        operation="raw", kind=CallKind.IMPOSSIBLE, key="k", raw=raw, currency="RUB", places=places
    )


def top_up(key: str = "k", amount: Money | None = None, kind: CallKind = CallKind.MOVES) -> TargetCall:
    places = (
        MoneyPlace(keys=("amount",), unit=Unit.MINOR),
        MoneyPlace(keys=("currency",), unit=Unit.CURRENCY),
    )
    return TargetCall(
        operation="create_top_up", kind=kind, amount=amount or money(29), key=key, places=places
    )


BODY = json.dumps({"amount": 29, "currency": "RUB"}).encode()


def show(
    guard: Guard, path: str = f"{INTENTS}/pi_1", row: Row | None = None, status: int = 200, **changes: Any
) -> None:
    """Let the provider answer `path` with a payment intent."""
    plain = {"id": "pi_1", "object": "payment_intent", "amount": 29, "currency": "rub", "livemode": False}
    guard.after_answer(f"{PROVIDER}{path}", row, status, json.dumps(plain | changes).encode())


def refused(guard: Guard, rule: str, *args: object, **kwargs: object) -> RefusedError:
    before = guard.ledger.entries()
    with pytest.raises(RefusedError) as caught:
        write(guard, *args, **kwargs)  # type: ignore[arg-type]  # handed on as they are
    assert caught.value.rule == rule
    assert guard.ledger.entries() == before
    return caught.value


def statuses(guard: Guard) -> dict[str, Status]:
    return {check.id: check.status for check in guard.safety_checks()}


def check_of(guard: Guard, rule: str) -> SafetyCheck:
    return next(check for check in guard.safety_checks() if check.id == rule)
