"""Where a body's template holds amounts, so that the guard can look there."""

from __future__ import annotations

from typing import Any

import pytest

from billing_canary.guard.target_call import MoneyPlace, Unit
from billing_canary.target.money_places import call_places, hidden_amount, money_places
from billing_canary.target.settings import OperationMapping


def mapping(**bodies: Any) -> OperationMapping:
    plain: dict[str, Any] = {"json": None, "form": None, "headers": {}, "outcomes": {}, "extract": {}}
    return OperationMapping(method="POST", path="/x", **(plain | bodies))


def test_every_unit_is_found_where_it_stands() -> None:
    template = {
        "a": "{amount.minor}",
        "deep": [{"b": "{amount.decimal}"}, ["{amount.credits}", "{currency}"]],
        "raw": "{raw_amount}",
        "small": "{currency.lower}",
        "other": ["{account}", 7, None, True],
    }
    assert money_places(template) == (
        MoneyPlace(keys=("a",), unit=Unit.MINOR),
        MoneyPlace(keys=("deep", 0, "b"), unit=Unit.DECIMAL),
        MoneyPlace(keys=("deep", 1, 0), unit=Unit.CREDITS),
        MoneyPlace(keys=("deep", 1, 1), unit=Unit.CURRENCY),
        MoneyPlace(keys=("raw",), unit=Unit.RAW),
        MoneyPlace(keys=("small",), unit=Unit.CURRENCY),
    )


@pytest.mark.parametrize(
    "template", [None, {}, [], "x", 7, {"a": "{amount.minor} RUB"}, {"a": "{ amount.minor }"}]
)
def test_where_there_is_no_amount_of_its_own_there_is_no_place(template: Any) -> None:
    assert money_places(template) == ()


@pytest.mark.parametrize(
    ("bodies", "keys"),
    [
        ({}, []),
        ({"json": {"a": "{amount.minor}"}}, [("a",)]),
        ({"form": {"b": "{amount.minor}"}}, [("b",)]),
        ({"json": {"a": "{amount.minor}"}, "form": {"b": "{amount.minor}"}}, [("a",)]),
    ],
)
def test_the_body_that_is_sent_is_the_one_that_is_looked_at(bodies: Any, keys: list[tuple[str]]) -> None:
    assert [place.keys for place in call_places(mapping(**bodies))] == keys


@pytest.mark.parametrize(
    ("template", "hidden"),
    [
        ("/x/{amount.minor}", "amount.minor"),
        ({"a": "1{amount.minor}"}, "amount.minor"),
        ({"a": [{"b": "{amount.decimal} {currency}"}]}, "amount.decimal"),
        ({"x{amount.credits}": 1}, "amount.credits"),
        ({"a": "{raw_amount}0"}, "raw_amount"),
        ({"a": "{amount.minor}", "b": "{account} {currency}"}, ""),
        (None, ""),
        (7, ""),
    ],
)
def test_an_amount_within_other_text_is_found(template: Any, hidden: str) -> None:
    assert hidden_amount(template) == hidden
