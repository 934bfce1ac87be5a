"""Money: what is no amount is refused, and nothing is ever rounded."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_canary import money as module
from billing_canary.money import Money, exponent, from_decimal, parse_money

CURRENCIES = sorted(module._ZERO_DECIMAL | module._TWO_DECIMAL | module._THREE_DECIMAL)
currencies = st.sampled_from(CURRENCIES)
amounts = st.integers(-(10**29), 10**29)


def rub(minor: int) -> Money:
    return Money(minor=minor, currency="RUB")


@pytest.mark.parametrize("minor", [True, False, 1.0, 0.29, "29", None, float("nan"), 29j, [29]])
def test_only_an_integer_is_an_amount(minor: Any) -> None:
    with pytest.raises(ValueError, match="integer count of minor units"):
        Money(minor=minor, currency="RUB")


@pytest.mark.parametrize("currency", ["", "RU", "RUBL", "XXX", "XAU", "BTC", "R B", "\u0440ub", "RUB "])
def test_an_unknown_currency_is_refused_and_named(currency: str) -> None:
    with pytest.raises(ValueError, match="unknown currency") as caught:
        Money(minor=1, currency=currency)
    assert repr(currency) in str(caught.value)


@pytest.mark.parametrize(
    ("currency", "decimals"),
    [
        ("RUB", 2),
        ("USD", 2),
        ("jpy", 0),
        ("KRW", 0),
        ("XPF", 0),
        ("KWD", 3),
        ("tnd", 3),
        # Two decimals at the payment provider, although ISO 4217 has none for them.
        ("ISK", 2),
        ("UGX", 2),
        # None at the payment provider, although ISO 4217 has two.
        ("MGA", 0),
    ],
)
def test_decimals_follow_the_currency(currency: str, decimals: int) -> None:
    assert exponent(currency) == decimals


def test_no_currency_stands_in_two_tables() -> None:
    tables = (module._ZERO_DECIMAL, module._TWO_DECIMAL, module._THREE_DECIMAL)
    assert sum(map(len, tables)) == len(CURRENCIES)
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in CURRENCIES)


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (29, "RUB", "0.29 RUB"),
        (0, "RUB", "0.00 RUB"),
        (-5, "RUB", "-0.05 RUB"),
        (-12345, "USD", "-123.45 USD"),
        (80, "JPY", "80 JPY"),
        (-1, "JPY", "-1 JPY"),
        (1, "KWD", "0.001 KWD"),
        (1000, "KWD", "1.000 KWD"),
        (100, "ISK", "1.00 ISK"),
        (10**40 + 1, "RUB", f"1{'0' * 38}.01 RUB"),
    ],
)
def test_an_amount_is_shown_with_all_its_decimals(minor: int, currency: str, text: str) -> None:
    assert str(Money(minor=minor, currency=currency)) == text


def test_currencies_are_kept_in_capitals() -> None:
    assert Money(minor=1, currency="rub") == rub(1)
    assert hash(Money(minor=1, currency="rub")) == hash(rub(1))


def test_an_amount_never_changes() -> None:
    with pytest.raises(FrozenInstanceError):
        rub(1).minor = 2  # type: ignore[misc]  # that is the test


@pytest.mark.parametrize("operation", ["__add__", "__sub__", "__lt__", "__le__", "__gt__", "__ge__"])
def test_currencies_do_not_mix(operation: str) -> None:
    with pytest.raises(ValueError, match="cannot mix RUB and USD"):
        getattr(rub(1), operation)(Money(minor=1, currency="USD"))


def test_the_same_number_in_another_currency_is_another_amount() -> None:
    assert rub(1) != Money(minor=1, currency="USD")


def test_half_an_amount_is_refused_not_rounded() -> None:
    with pytest.raises(ValueError, match="integer count"):
        rub(1) * 0.5  # type: ignore[operator]  # that is the test


def test_arithmetic_and_order() -> None:
    assert rub(2) + rub(3) == rub(5)
    assert rub(2) - rub(3) == rub(-1) == -rub(1)
    assert rub(29) * 3 == rub(87)
    assert rub(1) < rub(2) <= rub(2)
    assert rub(3) > rub(2) >= rub(2)
    assert not rub(2) < rub(2)
    assert not rub(2) > rub(2)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "-", ".", ".5", "5.", "1,50", "1 000", "1_000", "+5", "--5", "0x10", "ten", "NaN"),
        *(
            "sNaN",
            "Infinity",
            "-inf",
            "1e5",
            "1E+2",
            "1e999999999",
            "1e-400",
            " 10",
            "10\n",
            "\u0661\u0660",
            "\uff11\uff10",
        ),
        *("9" * 31, "0." + "0" * 31),
    ],
)
def test_what_is_no_plain_decimal_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no decimal amount"):
        from_decimal(text, "RUB")


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("0.295", "RUB"),
        ("0.5", "JPY"),
        ("0.0001", "KWD"),
        # Longer than the 28 digits to which decimal arithmetic rounds.
        ("0.290000000000000000000000000001", "RUB"),
        ("123456789012345678901234567.891", "RUB"),
    ],
)
def test_more_decimals_than_the_currency_has_are_refused(text: str, currency: str) -> None:
    with pytest.raises(ValueError, match="more decimals"):
        from_decimal(text, currency)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("10", "RUB", 1000),
        ("0.29", "rub", 29),
        ("-0.29", "RUB", -29),
        ("-0", "RUB", 0),
        ("007.10", "RUB", 710),
        ("1.500000", "RUB", 150),
        ("5.000", "JPY", 5),
        ("1.5", "KWD", 1500),
        ("99999999999999999999999999999.99", "RUB", 10**31 - 1),
    ],
)
def test_a_decimal_becomes_minor_units_exactly(text: str, currency: str, minor: int) -> None:
    assert from_decimal(text, currency).minor == minor


@given(amounts, currencies)
def test_decimal_text_and_minor_units_are_two_ways_to_write_one_amount(minor: int, currency: str) -> None:
    amount = Money(minor=minor, currency=currency)
    assert from_decimal(amount.decimal, currency) == amount


@given(st.text(max_size=12), currencies)
def test_any_text_is_an_amount_or_a_value_error(text: str, currency: str) -> None:
    try:
        amount = from_decimal(text, currency)
    except ValueError:
        return
    assert from_decimal(amount.decimal, currency) == amount


@pytest.mark.parametrize(
    "text",
    [
        *("", "10", "RUB", "10RUB", "RUB 10", "-10 RUB", "+10 RUB", "10 RUB extra", "10,5 RUB", "1e2 RUB"),
        *(
            "10 XXX",
            "10 \u0440ub",
            "0.001 RUB",
            "0.5 JPY",
            "nan RUB",
            "10 $",
            "$10",
            "\u0663 RUB",
            "10 RUBLES",
        ),
    ],
)
def test_what_is_no_cap_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"amount|unknown currency|more decimals"):
        parse_money(text)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("10 RUB", rub(1000)),
        ("  10.50   rub\n", rub(1050)),
        ("0 RUB", rub(0)),
        ("80 JPY", Money(minor=80, currency="JPY")),
    ],
)
def test_a_cap_is_read_as_a_person_writes_it(text: str, amount: Money) -> None:
    assert parse_money(text) == amount


@given(st.integers(0, 10**12), currencies)
def test_what_is_shown_can_be_read_again(minor: int, currency: str) -> None:
    amount = Money(minor=minor, currency=currency)
    assert parse_money(str(amount)) == amount
