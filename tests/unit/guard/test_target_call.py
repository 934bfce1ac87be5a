"""A declared call of the backend: its body holds the declared amount, and nothing that could change it."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.policies import money

from billing_canary.errors import RefusedError
from billing_canary.guard.target_call import (
    CallKind,
    MoneyPlace,
    TargetCall,
    Unit,
    charges_at_once,
    check_body,
    check_raw_body,
    plausible_amount,
)
from billing_canary.money import Money

AMOUNT = MoneyPlace(keys=("amount",), unit=Unit.MINOR)
CURRENCY = MoneyPlace(keys=("currency",), unit=Unit.CURRENCY)
CREDITS = MoneyPlace(keys=("order", 0, "credits"), unit=Unit.CREDITS)
DECIMAL = MoneyPlace(keys=("price",), unit=Unit.DECIMAL)
BODY: dict[str, Any] = {"amount": 29, "currency": "RUB", "description": "top up 1"}


def call(*places: MoneyPlace, amount: Money | None = money(29), credit_minor: int = 1) -> TargetCall:  # noqa: B008 - never changed
    return TargetCall(
        operation="create_top_up",
        kind=CallKind.MOVES,
        amount=amount,
        places=places or (AMOUNT, CURRENCY),
        credit_minor=credit_minor,
    )


def refused(rule: str, declared: TargetCall, body: object) -> str:
    with pytest.raises(RefusedError) as caught:
        check_body(declared, body)
    assert caught.value.rule == rule
    assert not caught.value.ends_run
    assert caught.value.reason.startswith("create_top_up: ")
    return caught.value.reason


@pytest.mark.parametrize(
    "body", [json.dumps(BODY), json.dumps(BODY).encode(), f"  {json.dumps(BODY)}", urlencode(BODY)]
)
def test_the_declared_amount_is_found_in_json_and_in_a_form(body: object) -> None:
    assert check_body(call(), body) == money(29)


def test_a_currency_may_be_written_small() -> None:
    assert check_body(call(), json.dumps(BODY | {"currency": "rub"})) == money(29)


def test_deep_places_credits_and_decimals_are_read() -> None:
    body = {"order": [{"credits": 5}], "price": "0.50"}
    declared = call(CREDITS, DECIMAL, amount=money(50), credit_minor=10)
    assert check_body(declared, json.dumps(body)) == money(50)


@pytest.mark.parametrize(
    "found", [30, 2900, "30", 29.0, 28.999, True, None, [29], {"minor": 29}, "29 ", "+29", "029", "x"]
)
def test_another_amount_than_the_declared_one_is_refused(found: Any) -> None:
    assert "was declared" in refused("caps", call(), json.dumps(BODY | {"amount": found}))


@pytest.mark.parametrize("found", ["JPY", "", "RU", None, 643, ["RUB"], "RUB "])
def test_another_currency_than_the_declared_one_is_refused(found: Any) -> None:
    refused("caps", call(), json.dumps(BODY | {"currency": found}))


def test_a_body_without_a_currency_is_about_the_account_s_own() -> None:
    declared = replace(call(AMOUNT), currency="rub")
    assert check_body(declared, b'{"amount": 29}') == money(29)
    reason = refused("caps", replace(declared, currency="JPY"), b'{"amount": 29}')
    assert reason.endswith("0.29 RUB was declared, but the account is in JPY")


def test_two_positions_of_one_body_are_refused() -> None:
    places = [MoneyPlace(keys=("items", number, "amount"), unit=Unit.MINOR) for number in range(2)]
    body = json.dumps({"items": [{"amount": 29}, {"amount": 29}]})
    assert "a second amount" in refused("endpoints", call(*places), body)


@pytest.mark.parametrize("found", ["0.5", "5.0", "0.500", 0.5, 50, ".50", "0,50", None])
def test_a_decimal_is_written_in_one_way(found: Any) -> None:
    refused("caps", call(DECIMAL, amount=money(50)), json.dumps({"price": found}))


@pytest.mark.parametrize(("credits", "minor"), [(6, 50), (50, 50), (5, 55), (5, 59)])
def test_credits_must_be_worth_the_whole_amount(credits: int, minor: int) -> None:  # noqa: A002 - their name
    body = json.dumps({"order": [{"credits": credits}]})
    refused("caps", call(CREDITS, amount=money(minor), credit_minor=10), body)


@pytest.mark.parametrize(
    "body", [None, "", b"", "{}", "[]", "7", "null", '{"order": {"credits": 5}}', '{"order": []}']
)
def test_a_place_that_is_not_there_is_refused(body: object) -> None:
    refused("caps", call(CREDITS, amount=money(5)), body)


@pytest.mark.parametrize("places", [(CURRENCY,), ()])
def test_a_call_whose_amount_has_no_place_is_refused(places: tuple[MoneyPlace, ...]) -> None:
    declared = TargetCall(operation="create_top_up", kind=CallKind.MOVES, amount=money(29), places=places)
    assert "where its amount stands is not known" in refused("endpoints", declared, json.dumps(BODY))


def test_a_call_without_a_declared_amount_is_refused() -> None:
    refused("endpoints", call(amount=None), json.dumps(BODY))


@pytest.mark.parametrize("body", ["{", '{"amount": 29', "[" * 100_000, b'{"amount": \xff}', "{'amount': 29}"])
def test_a_body_that_is_no_json_is_refused(body: object) -> None:
    assert "no readable JSON" in refused("endpoints", call(), body)


@pytest.mark.parametrize("body", ["amount=29&currency=RUB&amount=9999", "amount=29&currency=RUB&%61mount=1"])
def test_a_form_field_that_stands_twice_is_refused(body: str) -> None:
    assert "stands twice" in refused("endpoints", call(), body)


@pytest.mark.parametrize(
    "body",
    [
        '{"amount": 9999, "amount": 29, "currency": "RUB"}',
        '{"amount": 29, "currency": "RUB", "amount": 29}',
        '{"amount": 29, "currency": "JPY", "currency": "RUB"}',
        '{"amount": 29, "currency": "RUB", "deep": [{"x": 1, "x": 2}]}',
    ],
)
def test_a_json_key_that_stands_twice_is_refused(body: str) -> None:
    assert "each key once" in refused("endpoints", call(), body)


@pytest.mark.parametrize(
    "more",
    [
        {"quantity": 1000},
        {"qty": "2"},
        {"Quantity": 2},
        {"times": 3},
        {"multiplier": 1.5},
        {"amount_major": 29},
        {"total": "29.00"},
        {"totals": [5, 6]},
        {"items": [{"unit": 4}]},
        {"units": 4},
        {"fee": 5},
        {"tip": " 5 "},
        {"price_cents": 5},
        {"order": {"price": {"value": 5, "count": 2}}},
        {"charges": [1]},
        {"sum": "1e3"},
        {"quantity": {"value": 1000}},
        {"counts": {"0": 1, "total": "7"}},
    ],
)
def test_a_number_beside_the_amount_that_could_change_it_is_refused(more: dict[str, Any]) -> None:
    assert "could change the amount" in refused("endpoints", call(), json.dumps(BODY | more))


@pytest.mark.parametrize(
    "more",
    [
        {"quota": 7},
        {"id": 12},
        {"discount_code": "SPRING"},
        {"count_me": "in"},
        {"total": None},
        {"total": "NaN"},
        {"charge": True},
        {"confirm": True},
        {"summary": 5},
        {"unit_name": 5},
        {"price_list": "standard"},
    ],
)
def test_other_values_may_stand_beside_it(more: dict[str, Any]) -> None:
    assert check_body(call(), json.dumps(BODY | more)) == money(29)


@given(st.binary(max_size=60))
def test_any_body_is_held_against_the_call_or_refused(body: bytes) -> None:
    with suppress(RefusedError):
        assert check_body(call(), body) == money(29)


def impossible(raw: object, *places: MoneyPlace, currency: str = "RUB", credit_minor: int = 1) -> TargetCall:
    return TargetCall(
        operation="create_raw_top_up",
        kind=CallKind.IMPOSSIBLE,
        raw=raw,
        currency=currency,
        places=places,
        credit_minor=credit_minor,
    )


@pytest.mark.parametrize(
    "raw",
    [
        None,
        "",
        "abc",
        0,
        "0",
        -1,
        "-1",
        -0.5,
        "NaN",
        "inf",
        [5],
        {"a": 1},
        False,
        10**13,
        "9" * 30,
        "1e999999",
        "1e9999999999",
    ],
)
def test_what_nobody_can_take_for_an_amount_moves_nothing(raw: object) -> None:
    assert plausible_amount(impossible(raw)) is None


@pytest.mark.parametrize(
    ("raw", "minor"),
    [
        (5, 5),
        ("5", 5),
        (" 5 ", 5),
        ("+5", 5),
        ("5.0", 5),
        (0.29, 1),
        ("29.5", 30),
        ("1e1", 10),
        ("1_0", 10),
        (True, 1),
        ("\u0665", 5),
        (Decimal("2.1"), 3),
        ("1e-999999", 1),
    ],
)
def test_what_a_lenient_backend_may_take_for_an_amount_is_reserved(raw: object, minor: int) -> None:
    assert plausible_amount(impossible(raw)) == money(minor)


@pytest.mark.parametrize(
    ("raw", "currency", "minor"), [("0.295", "RUB", 30), ("5", "RUB", 500), ("5.1", "JPY", 6)]
)
def test_decimals_are_major_units(raw: str, currency: str, minor: int) -> None:
    assert plausible_amount(impossible(raw, DECIMAL, currency=currency)) == money(minor, currency)


def test_credits_are_worth_what_the_backend_says() -> None:
    assert plausible_amount(impossible("1.5", CREDITS, credit_minor=10)) == money(15)


@pytest.mark.parametrize(("raw", "minor"), [(10**11 - 1, 10**13 - 100), (10**11, None), (10**13, None)])
def test_what_no_provider_accepts_is_reserved_by_its_minor_units(raw: int, minor: int | None) -> None:
    found = plausible_amount(impossible(raw, DECIMAL))
    assert found == (None if minor is None else money(minor))


RAW = MoneyPlace(keys=("amount",), unit=Unit.RAW)


@pytest.mark.parametrize("raw", [-5, "-5", "abc", None, 1.5, True, {"a": 1}, float("nan"), "NaN", 10**40])
def test_the_impossible_amount_that_was_declared_is_the_one_that_is_sent(raw: object) -> None:
    check_raw_body(impossible(raw, RAW), json.dumps({"amount": raw, "currency": "RUB"}))


def test_a_form_holds_the_impossible_amount_as_text() -> None:
    check_raw_body(impossible(-5, RAW), urlencode({"amount": -5, "currency": "RUB"}))


@pytest.mark.parametrize(
    ("raw", "body", "rule"),
    [
        (-5, {"amount": 5}, "caps"),
        (-5, {}, "caps"),
        (True, {"amount": 1}, "caps"),
        ("5", {"amount": "50"}, "caps"),
        (-5, {"amount": -5, "quantity": 2}, "endpoints"),
        (-5, {"amount": -5, "currency": "JPY"}, "caps"),
    ],
)
def test_another_amount_than_the_impossible_one_is_refused(
    raw: object, body: dict[str, Any], rule: str
) -> None:
    with pytest.raises(RefusedError) as caught:
        check_raw_body(impossible(raw, RAW), json.dumps(body))
    assert caught.value.rule == rule


def test_an_impossible_amount_without_a_place_is_refused() -> None:
    with pytest.raises(RefusedError, match="where its amount stands is not known"):
        check_raw_body(impossible(-5, AMOUNT), '{"amount": -5}')


def test_a_call_charges_at_once_by_its_kind_or_by_its_body() -> None:
    assert not charges_at_once(call(), json.dumps(BODY))
    assert charges_at_once(call(), json.dumps(BODY | {"confirm": True}))
    assert charges_at_once(call(), urlencode(BODY | {"confirm": "true"}))
    assert charges_at_once(replace(call(), kind=CallKind.MOVES_AT_ONCE), None)


def test_one_key_is_one_movement_for_each_account() -> None:
    assert replace(call(), key="k").movement == "k"
    assert replace(call(), key="k", account="a1").movement == "k of a1"
