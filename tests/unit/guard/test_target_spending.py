"""What a declared call moves, and that a key which the backend does not hear of covers no copy."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from tests.fakes.policies import money

from billing_canary.errors import RefusedError
from billing_canary.guard.spend_ledger import Spending
from billing_canary.guard.target_call import CallKind, MoneyPlace, TargetCall, Unit
from billing_canary.guard.target_spending import TargetSpending

URL = "https://billing.example.com/topups"
KEY = "run 1/k&1"
BODY = json.dumps({"amount": 29})
CALL = TargetCall(
    operation="create_top_up",
    kind=CallKind.MOVES,
    amount=money(29),
    key=KEY,
    account="a1",
    places=(MoneyPlace(keys=("amount",), unit=Unit.MINOR),),
)


@pytest.mark.parametrize(
    ("url", "headers", "body"),
    [
        (URL, {"Idempotency-Key": KEY}, BODY),
        (URL, {"X-Anything": KEY.encode()}, BODY),
        (f"{URL}/{quote(KEY, safe='')}", {}, BODY),
        (URL, {}, json.dumps({"amount": 29, "attempt": KEY})),
        (URL, {}, f"amount=29&attempt={quote(KEY, safe='')}".encode()),
    ],
)
def test_a_key_that_is_sent_makes_copies_one_movement(
    url: str, headers: dict[str, str | bytes], body: str | bytes
) -> None:
    target = TargetSpending()
    expected = Spending(what="create_top_up", amount=money(29), key=f"{KEY} of a1", sent_as=KEY)
    assert target.read(CALL, url, headers, body) == expected
    assert target.read(CALL, url, headers, body) == expected


def test_a_key_that_is_not_sent_makes_every_copy_a_movement() -> None:
    target = TargetSpending()
    found = [target.read(CALL, URL, {"Idempotency-Key": "another"}, BODY) for _ in range(3)]
    assert len({each.key for each in found if each}) == 3


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        (f"{URL}?quantity=9", {}),
        (f"{URL}?amount=9999", {}),
        (URL, {"X-Amount": "9999"}),
        (URL, {"X-Quantity": b"9"}),
    ],
)
def test_an_amount_outside_the_body_is_refused(url: str, headers: dict[str, str | bytes]) -> None:
    with pytest.raises(RefusedError, match="could change the amount"):
        TargetSpending().read(CALL, url, headers | {"Idempotency-Key": KEY}, BODY)


def raw(value: object) -> TargetCall:
    places = (MoneyPlace(keys=("amount",), unit=Unit.RAW),)
    kind = CallKind.IMPOSSIBLE
    return TargetCall(operation="raw", kind=kind, key="k", places=places, raw=value, currency="RUB")


def test_an_impossible_amount_is_what_a_lenient_backend_makes_of_it() -> None:
    target = TargetSpending()
    found = target.read(raw("0.5"), URL, {"Idempotency-Key": "k"}, '{"amount": "0.5"}')
    assert found == Spending(what="raw", amount=money(1), key="k", sent_as="k")
    assert target.read(raw(-5), URL, {}, '{"amount": -5}') is None


def test_an_impossible_amount_that_is_not_the_one_sent_is_refused() -> None:
    with pytest.raises(RefusedError, match="was declared"):
        TargetSpending().read(raw(-5), URL, {}, '{"amount": 5}')
