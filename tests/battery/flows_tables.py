"""Top-ups as other backends' tables describe them: whatever an honest body looks like, it passes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.battery.arena import Flow, World, doing, rub
from tests.fakes.server import answer_json

from billing_canary.target.operations import Operation, Outcome


def _table(world: World, *, credit_minor: int = 1, **changes: Any) -> str:
    """One top-up as another backend's table describes it; the body that arrived."""
    world.renew(replace(world.settings, backend=replace(world.settings.backend, credit_minor=credit_minor)))
    world.remap(Operation.CREATE_TOP_UP, **changes)
    shop = world.arena.backend.script
    made = answer_json({"id": "t", "payment_intent": "pi_x", "status": "open"})
    world.arena.backend.script = lambda asked: made if "topups" in asked.path else shop(asked)
    account = world.account()
    assert world.backend.create_top_up(account, rub(50), "k", trace="t").outcome is Outcome.OK
    body: bytes = world.arena.backend.calls[-1].body
    return body.decode()


_SHAPES: dict[str, dict[str, Any]] = {
    "json-minor": {"json": {"amount": "{amount.minor}", "currency": "{currency}"}},
    "json-decimal": {"json": {"price": "{amount.decimal}", "ccy": "{currency.lower}"}},
    "json-credits": {"json": {"credits": "{amount.credits}"}, "credit_minor": 10},
    "form-minor": {"json": None, "form": {"amount": "{amount.minor}", "currency": "{currency}"}},
    "form-decimal": {"json": None, "form": {"sum": "{amount.decimal}", "currency": "{currency.lower}"}},
    "form-credits": {"json": None, "form": {"credits": "{amount.credits}"}, "credit_minor": 10},
    "account-in-the-body": {"json": {"account_id": "{account}", "amount": "{amount.minor}"}},
    "number-as-account": {"json": {"account_id": 1234, "amount": "{amount.minor}"}},
    "country-and-time": {"json": {"amount": "{amount.minor}", "country_code": 643, "timestamp": 1795000000}},
    "quantity-one": {"json": {"items": [{"price": "{amount.minor}", "quantity": 1}]}},
    "items-and-total": {"json": {"items": [{"price": "{amount.minor}"}], "total": "{amount.minor}"}},
    "minor-and-decimal": {"json": {"amount": "{amount.minor}", "shown": "{amount.decimal}"}},
    "no-fee": {"json": {"amount": "{amount.minor}", "fee": 0, "tip": "0.00"}},
    "key-as-charge-id": {"json": {"amount": "{amount.minor}", "charge_id": "{attempt}", "run": "{run_id}"}},
    "words": {"json": {"amount": "{amount.minor}", "price_list": "standard", "confirm": False}},
    "key-in-the-path": {"path": "/accounts/{account}/topups/{attempt}", "headers": {}},
    "key-in-the-body": {"json": {"amount": "{amount.minor}", "id": "{attempt}"}, "headers": {}},
    "currency-header": {"headers": {"X-Currency": "{currency}", "Idempotency-Key": "{attempt}"}},
    "versioned": {"headers": {"X-Price-Version": "3", "X-Retry-Count": "1", "Idempotency-Key": "{attempt}"}},
    "query-of-its-own": {"path": "/accounts/{account}/topups?version=2&account_id=7&trace={trace}"},
}


def _flows() -> Iterator[Flow]:
    for name, changes in _SHAPES.items():
        yield Flow(id=f"flow-table-{name}", act=doing(_table, **changes))


TABLES = tuple(_flows())
