"""Values out of answers: amounts in three forms, never through a float."""

from __future__ import annotations

from typing import Any

import jmespath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_canary.money import Money
from billing_canary.target.extract import AmountForm, Extraction


def extraction(form: AmountForm | None, source: str = "v", currency: str = "", worth: int = 1) -> Extraction:
    compiled = jmespath.compile(currency) if currency else None
    return Extraction(
        expression=jmespath.compile(source), source=source, form=form, currency=compiled, credit_minor=worth
    )


def take(form: AmountForm | None, value: Any, **kwargs: Any) -> Any:
    return extraction(form, **kwargs).take({"v": value}, "RUB")


@pytest.mark.parametrize("form", [None, *AmountForm])
@pytest.mark.parametrize("body", [None, {}, [], "v", 7, {"v": None}])
def test_what_is_absent_is_none(form: AmountForm | None, body: Any) -> None:
    assert extraction(form).take(body, "RUB") is None


@pytest.mark.parametrize("value", [0, "", False, [], {}, "text", 1.5])
def test_what_is_no_amount_is_taken_as_it_is(value: Any) -> None:
    assert take(None, value) == value


@pytest.mark.parametrize("form", [AmountForm.MINOR, AmountForm.CREDITS])
@pytest.mark.parametrize("value", ["29", 29.0, 0.29, True, False, [29], {"v": 29}, "", float("inf")])
def test_minor_units_and_credits_are_integers(form: AmountForm, value: Any) -> None:
    with pytest.raises(ValueError, match=r"^v is .*, not an integer$"):
        take(form, value)


@pytest.mark.parametrize("value", [29, 0.29, 0, True, ["0.29"]])
def test_a_decimal_is_text_since_a_float_has_lost_the_value(value: Any) -> None:
    with pytest.raises(ValueError, match=r"^v is .*, not a decimal string$"):
        take(AmountForm.DECIMAL, value)


@pytest.mark.parametrize("value", ["", "0.291", "1e2", "0,29", " 0.29", "NaN"])
def test_a_decimal_is_plain(value: str) -> None:
    with pytest.raises(ValueError, match=r"decimal"):
        take(AmountForm.DECIMAL, value)


@given(st.integers(-(10**15), 10**15), st.integers(1, 1000))
def test_the_three_forms_tell_the_same_amount(credits_: int, worth: int) -> None:
    amount = Money(minor=credits_ * worth, currency="RUB")
    assert take(AmountForm.MINOR, amount.minor) == amount
    assert take(AmountForm.DECIMAL, amount.decimal) == amount
    assert take(AmountForm.CREDITS, credits_, worth=worth) == amount


@pytest.mark.parametrize(
    ("told", "currency"), [("usd", "USD"), ("JPY", "JPY"), (None, "RUB"), ("", "RUB"), ([], "RUB")]
)
def test_the_answer_s_own_currency_wins_over_the_account_s(told: Any, currency: str) -> None:
    body = {"v": 29, "c": told}
    assert extraction(AmountForm.MINOR, currency="c").take(body, "RUB") == Money(minor=29, currency=currency)


@pytest.mark.parametrize("told", ["XXX", 5, ["usd"], {"code": "usd"}, True])
def test_an_unknown_currency_is_an_error(told: Any) -> None:
    with pytest.raises(ValueError, match="unknown currency"):
        extraction(AmountForm.MINOR, currency="c").take({"v": 29, "c": told}, "RUB")


@pytest.mark.parametrize(
    ("source", "body", "value"),
    [
        ("a.b[0].c", {"a": {"b": [{"c": 29}]}}, 29),
        ("sum(rows[].n)", {"rows": [{"n": 30}, {"n": -1}]}, 29),
        ("rows[?id=='x'].n | [0]", {"rows": [{"id": "y", "n": 1}, {"id": "x", "n": 29}]}, 29),
        ("@", 29, 29),
    ],
)
def test_expressions_reach_anywhere(source: str, body: Any, value: int) -> None:
    found = extraction(AmountForm.MINOR, source=source).take(body, "RUB")
    assert found == Money(minor=value, currency="RUB")


@pytest.mark.parametrize("body", [{"rows": [{"n": "x"}]}, {"rows": "x"}, {"rows": None}])
def test_an_expression_that_fails_on_an_answer_is_a_value_error_or_nothing(body: Any) -> None:
    try:
        found = extraction(AmountForm.MINOR, source="sum(rows[].n)").take(body, "RUB")
    except ValueError:
        return
    assert found is None
