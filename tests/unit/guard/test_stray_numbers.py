"""What stands beside a declared amount: another number, another currency, a second copy."""

from __future__ import annotations

from typing import Any

import pytest

from billing_canary.errors import RefusedError
from billing_canary.guard.stray_numbers import (
    asks_to_charge,
    check_around,
    check_beside,
    check_copies,
    leaves,
)

KNOWN = (("amount",),)


def beside(more: Any, known: Any = KNOWN) -> None:
    check_beside("top_up", {"amount": 29, "currency": "RUB", **more}, known, "RUB")


@pytest.mark.parametrize(
    "more",
    [
        {"quantity": 2},
        {"quantity": "2"},
        {"Qty": 0.5},
        {"copies": 2},
        {"amount_2": 29},
        {"price": "29 RUB"},
        {"price": "RUB 29"},
        {"price": "1,000.00"},
        {"price": "\u20bd 29"},
        {"total": "1e3"},
        {"total": "9" * 90},
        {"tip": 5},
        {"times": 2},
        {"value": 7},
        {"amount": {"value": 7}},
        {"lines": [{"units": 2}]},
        {"prices": [[1, 2]]},
    ],
)
def test_a_number_that_could_change_the_amount_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(RefusedError, match="could change the amount") as caught:
        beside(more)
    assert caught.value.rule == "endpoints"


@pytest.mark.parametrize(
    "more",
    [
        {"quantity": 1},
        {"quantity": "1"},
        {"fee": 0},
        {"fee": "0.00"},
        {"total": None},
        {"total": True},
        {"total": "about 7 things"},
        {"price": "29 pcs"},
        {"total": "x" * 90},
        {"account": 12},
        {"country": 7},
        {"timestamp": 1_795_000_000},
        {"description": "100 RUB"},
        {"currency": "rub"},
        {"currency": 643},
        {"currency": "roubles"},
    ],
)
def test_what_changes_nothing_may_stand_there(more: dict[str, Any]) -> None:
    beside(more)


@pytest.mark.parametrize(
    "more", [{"currency": "JPY"}, {"Currency": " usd "}, {"ccy": "EUR"}, {"deep": [{"currency": "JPY"}]}]
)
def test_another_currency_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(RefusedError, match="but RUB was declared") as caught:
        beside(more)
    assert caught.value.rule == "caps"


def test_one_amount_may_be_told_in_several_units_and_as_a_total() -> None:
    check_copies("top_up", [("minor", ("amount",)), ("decimal", ("amount_major",)), ("minor", ("total",))])
    check_copies("top_up", [("minor", ("items", 0, "amount")), ("minor", ("total",))])


@pytest.mark.parametrize(
    "amounts",
    [
        [("minor", ("items", 0, "amount")), ("minor", ("items", 1, "amount"))],
        [("minor", ("items[0][amount]",)), ("minor", ("items[1][amount]",))],
        [("minor", ("amount",)), ("minor", ("fee",))],
        [("minor", ("tip",)), ("minor", ("amount",))],
        [("minor", ("amount",)), ("minor", ("tax", "value"))],
    ],
)
def test_places_that_a_backend_could_add_up_are_refused(amounts: list[tuple[str, Any]]) -> None:
    with pytest.raises(RefusedError, match="a second amount"):
        check_copies("top_up", amounts)


def test_an_amount_that_is_a_deposit_alone_is_one_amount() -> None:
    check_copies("top_up", [("minor", ("deposit",))])


@pytest.mark.parametrize(
    "url", ["https://a.test/x?quantity=2", "https://a.test/x?a=1&amount=5", "https://a.test/?price=5+RUB"]
)
def test_a_number_in_the_query_is_refused(url: str) -> None:
    with pytest.raises(RefusedError, match="the address's"):
        check_around("top_up", url, {})


@pytest.mark.parametrize(
    "headers", [{"X-Amount": "5"}, {"x-quantity": b"2"}, {"X-Total": "5"}, {"X-Credits": "5"}]
)
def test_a_number_in_a_header_is_refused(headers: dict[str, str | bytes]) -> None:
    with pytest.raises(RefusedError, match="the header"):
        check_around("top_up", "https://a.test/", headers)


def test_other_numbers_around_it_pass() -> None:
    headers: dict[str, str | bytes] = {
        "Content-Length": "29",
        "X-Request-Id": "7",
        "Retry-Count": "2",
        "X-Amount": b"none",
    }
    check_around("top_up", "https://a.test/accounts/7?page=2&quantity=1", headers)


@pytest.mark.parametrize(
    "document",
    [
        {"confirm": True},
        {"confirm": "true"},
        {"confirm": 1},
        {"off_session": "on"},
        {"autoConfirm": "YES"},
        {"auto_confirm": "1"},
        {"payment": {"confirm": True}},
        {"items": [{"offSession": True}]},
    ],
)
def test_a_body_that_asks_to_charge_at_once_is_seen(document: Any) -> None:
    assert asks_to_charge(document)


@pytest.mark.parametrize(
    "document",
    [{}, [], None, {"confirm": False}, {"confirm": "no"}, {"confirmed": True}, ["confirm"], {"a": "confirm"}],
)
def test_other_bodies_ask_for_nothing(document: Any) -> None:
    assert not asks_to_charge(document)


def test_every_plain_value_is_found_with_its_keys() -> None:
    document = {"a": [1, {"b": None}], "c": {}, "d": "x"}
    assert list(leaves(document)) == [(("a", 0), 1), (("a", 1, "b"), None), (("d",), "x")]


def test_a_long_text_is_read_as_digits_alone() -> None:
    with pytest.raises(RefusedError):
        beside({"total": "9" * 76 + " RUB"})
    beside({"total": "9" * 77 + " RUB"})
    with pytest.raises(RefusedError):
        beside({"total": "9" * 81})


def test_a_number_in_the_address_without_a_query_is_none() -> None:
    check_around("buy", "https://billing.example.com/quantity=2", {})
    check_around("buy", "https://billing.example.com/?quantity=&amount", {})
