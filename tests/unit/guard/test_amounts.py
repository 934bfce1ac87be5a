"""What a provider write moves: every field is known, and every amount is a plain count."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.policies import money, write_at, writes

from billing_canary.errors import RefusedError
from billing_canary.guard.amounts import check_fields, items_amount, part_of, stated_amount
from billing_canary.guard.sightings import Sightings
from billing_canary.money import Money

CREATE = write_at("/v1/payment_intents")
REFUND = write_at("/v1/refunds")
CAPTURE = write_at("/v1/payment_intents/{payment}/capture")
CHECKOUT = write_at("/v1/checkout/sessions")
DELETE = write_at("/v1/customers/{customer}", "DELETE")

BAD_COUNTS = [
    *(
        "",
        "0",
        "00",
        "029",
        "29.0",
        "-29",
        "+29",
        " 29",
        "29 ",
        "29\n",
        "2_9",
        "0x1d",
        "1e1",
        "29,00",
        "1,000",
    ),
    *("\u0661", "\uff11", "\u00b2", "9" * 13, "9" * 5000, "None", "29;currency=rub", "NaN", "inf"),
]


def refusal_of(rule: str, call: object, *args: object) -> str:
    with pytest.raises(RefusedError) as caught:
        call(*args)  # type: ignore[operator]  # handed on as it is
    assert caught.value.rule == rule
    assert not caught.value.ends_run
    return caught.value.reason


@pytest.mark.parametrize(
    "name",
    ["Amount", "amount[]", "amount[0]", "amount ", "amount\x00", "", "application_fee_amount", "on_behalf_of",
     "transfer_data[amount]", "transfer_data[destination]", "off_session", "amount_details[tip][amount]",
     "metadata", "metadata[a][b]", "metadata[a]]", "metadata[a", "payment_method_types",
     "line_items[0][quantity]",
     "return_url", "payment_intent"],
)  # fmt: skip
def test_a_field_that_the_policy_does_not_name_is_refused(name: str) -> None:
    fields = {"amount": "29", "currency": "rub", name: "1"}
    assert f"the field {name} is not among" in refusal_of("endpoints", check_fields, CREATE, fields)


@pytest.mark.parametrize(
    "name",
    ["confirm", "customer", "metadata[run_id]", "metadata[]", "metadata[amount]", "expand[]", "expand[0]",
     "payment_method_types[0]"],
)  # fmt: skip
def test_a_field_that_the_policy_names_may_be_sent(name: str) -> None:
    check_fields(CREATE, {"amount": "29", "currency": "rub", name: "1"})


@pytest.mark.parametrize("write", [DELETE, write_at("/v1/customers")])
@pytest.mark.parametrize("name", ["", "amount", "balance", "items"])
def test_a_write_without_amounts_has_no_nameless_field(write: object, name: str) -> None:
    refusal_of("endpoints", check_fields, write, {name: "1"})


@pytest.mark.parametrize("fields", [{}, {"mode": "subscription"}, {"mode": "Payment"}, {"mode": ""}])
def test_a_required_value_must_be_there(fields: dict[str, str]) -> None:
    assert "is allowed with mode=payment only" in refusal_of("endpoints", check_fields, CHECKOUT, fields)


@pytest.mark.parametrize(
    "name",
    ["line_items[0][adjustable_quantity][enabled]", "line_items[0][price_data][recurring][interval]",
     "line_items[0][price_data][unit_amount_decimal]", "line_items[][quantity]", "line_items[00][quantity]",
     "line_items[01][quantity]", "line_items[-1][quantity]", "line_items[1000][quantity]", "line_items[0]",
     "line_items[\u0661][quantity]", "line_items[0][quantity][x]", "line_itemsx[0][quantity]",
     "line_items[0][tax_rates][0]", "shipping_options[0][shipping_rate_data][fixed_amount][amount]",
     "automatic_tax[enabled]", "subscription_data[x]", "payment_intent_data[application_fee_amount]"],
)  # fmt: skip
def test_a_line_item_has_known_fields_only(name: str) -> None:
    refusal_of("endpoints", check_fields, CHECKOUT, {"mode": "payment", name: "1"})


def test_a_whole_checkout_passes() -> None:
    fields = item(0, **{"price_data][product_data][name": "x"}) | {
        "mode": "payment",
        "success_url": "https://x",
    }
    check_fields(CHECKOUT, fields | item(999, **{"price_data][product": "prod_1"}))


@pytest.mark.parametrize("missing", ["amount", "currency"])
def test_an_amount_and_its_currency_must_both_be_there(missing: str) -> None:
    fields = {"amount": "29", "currency": "rub"}
    del fields[missing]
    assert "exactly one amount and one currency" in refusal_of("caps", stated_amount, CREATE, fields)


@pytest.mark.parametrize("count", BAD_COUNTS)
def test_an_amount_is_a_plain_count(count: str) -> None:
    refusal_of("caps", stated_amount, CREATE, {"amount": count, "currency": "rub"})


@pytest.mark.parametrize("currency", ["", "xxx", "rubles", "r u b", "\u20bd", "rub\x00", "rub,jpy"])
def test_an_unknown_currency_is_refused(currency: str) -> None:
    refusal_of("caps", stated_amount, CREATE, {"amount": "29", "currency": currency})


def test_an_absurd_amount_is_quoted_in_part() -> None:
    reason = refusal_of("caps", stated_amount, CREATE, {"amount": "9" * 5000, "currency": "rub"})
    assert len(reason) < 200


@pytest.mark.parametrize(("minor", "currency"), [("1", "rub"), ("29", "RUB"), ("9" * 12, "Jpy")])
def test_a_plain_amount_is_read(minor: str, currency: str) -> None:
    found = stated_amount(CREATE, {"amount": minor, "currency": currency})
    assert found == money(int(minor), currency)


@given(st.text(max_size=8), st.text(max_size=5))
def test_any_amount_is_positive_or_refused(minor: str, currency: str) -> None:
    try:
        found = stated_amount(CREATE, {"amount": minor, "currency": currency})
    except RefusedError:
        return
    assert str(found.minor) == minor


WHOLE = money(29)


@pytest.mark.parametrize("write", [CAPTURE, REFUND])
def test_without_a_part_the_whole_is_meant(write: object) -> None:
    assert part_of(write, {}, WHOLE) == WHOLE  # type: ignore[arg-type]  # either entry


def test_a_write_without_an_amount_means_the_whole() -> None:
    confirm = write_at("/v1/payment_intents/{payment}/confirm")
    assert part_of(confirm, {"amount": "1"}, WHOLE) == WHOLE


@pytest.mark.parametrize(("part", "moved"), [("1", 1), ("28", 28), ("29", 29)])
def test_a_part_is_at_most_the_whole(part: str, moved: int) -> None:
    assert part_of(CAPTURE, {"amount_to_capture": part}, WHOLE) == money(moved)


def test_more_than_the_whole_is_refused() -> None:
    reason = refusal_of("caps", part_of, CAPTURE, {"amount_to_capture": "30"}, WHOLE)
    assert "0.30 RUB is more than the payment's 0.29 RUB" in reason


@pytest.mark.parametrize("part", BAD_COUNTS)
def test_a_part_is_a_plain_count(part: str) -> None:
    refusal_of("caps", part_of, REFUND, {"amount": part}, WHOLE)


def item(number: int = 0, unit: str = "10", currency: str = "rub", **more: str) -> dict[str, str]:
    plain = {"price_data][unit_amount": unit, "price_data][currency": currency}
    return {f"line_items[{number}][{key}]": value for key, value in (plain | more).items()}


def seen(**prices: Money) -> Sightings:
    sightings = Sightings()
    sightings.prices.update(prices)
    return sightings


def sum_of(fields: Mapping[str, str], sightings: Sightings | None = None) -> Money:
    check_fields(CHECKOUT, {"mode": "payment", **fields})
    return items_amount(CHECKOUT, fields, sightings or Sightings())


def test_line_items_are_unit_amount_times_quantity_summed_up() -> None:
    assert sum_of(item()) == money(10)
    assert sum_of(item(quantity="3")) == money(30)
    assert sum_of(item(0, quantity="3") | item(7, "5")) == money(35)


def test_a_price_counts_as_it_was_seen() -> None:
    known = seen(price_1=money(20), price_2=money(5))
    fields = {
        "line_items[0][price]": "price_1",
        "line_items[0][quantity]": "2",
        "line_items[1][price]": "price_2",
    }
    assert sum_of(fields, known) == money(45)


BAD_ITEMS = {
    "none": {},
    "only a quantity": {"line_items[0][quantity]": "2"},
    "a price that was not seen": {"line_items[0][price]": "price_9"},
    "no currency": {"line_items[0][price_data][unit_amount]": "10"},
    "no unit amount": {"line_items[0][price_data][currency]": "rub"},
    "a price and an amount": item(price="price_1"),
    "a price and a currency": {
        "line_items[0][price]": "price_1",
        "line_items[0][price_data][currency]": "rub",
    },
    "two currencies": item(0) | item(1, currency="jpy"),
    "one item without an amount": item(0) | {"line_items[1][quantity]": "2"},
    "an unknown currency": item(currency="xyz"),
    **{f"quantity {count[:9]!r}": item(quantity=count) for count in BAD_COUNTS},
    **{f"unit amount {count[:9]!r}": item(unit=count) for count in BAD_COUNTS},
}


@pytest.mark.parametrize("fields", BAD_ITEMS.values(), ids=BAD_ITEMS)
def test_line_items_without_a_known_sum_are_refused(fields: dict[str, str]) -> None:
    refusal_of("caps", items_amount, CHECKOUT, fields, seen(price_1=money(20)))


def test_fields_of_other_names_are_no_line_items() -> None:
    other = writes({"path": "/v1/x", "moves": "items", "items": "things", "fields": ["line_items[*]"]})[0]
    refusal_of("caps", items_amount, other, item(), Sightings())
