"""`[[provider.writes]]`: what an entry may say, and what it then stands for."""

from __future__ import annotations

from typing import Any

import pytest
from tests.fakes.policies import WRITES, write_at, writes

from billing_canary.config import Table
from billing_canary.guard.provider_writes import Moves, field_pattern, read_provider_writes

SMALLEST: dict[Moves, dict[str, Any]] = {
    Moves.AMOUNT: {"path": "/v1/x", "moves": "amount", "amount": "a", "currency": "c"},
    Moves.ITEMS: {"path": "/v1/x", "moves": "items", "items": "i"},
    Moves.RESERVED: {"path": "/v1/{payment}/x", "moves": "reserved"},
    Moves.REFUND: {"path": "/v1/x", "moves": "refund"},
    Moves.PRICE: {"path": "/v1/x", "moves": "price", "amount": "a", "currency": "c"},
    Moves.NONE: {"path": "/v1/x", "moves": "none"},
}


def problems(*entries: Any) -> dict[str, str]:
    table = Table(file="money.toml", path="provider", data={"writes": list(entries)}, problems=[])
    read_provider_writes(table)
    return {problem.key.removeprefix("provider.writes[0]."): problem.message for problem in table.problems}


@pytest.mark.parametrize("moves", Moves)
def test_each_kind_of_write_has_a_smallest_entry(moves: Moves) -> None:
    found = writes(SMALLEST[moves])[0]
    assert (found.moves, found.method, found.path) == (moves, "POST", SMALLEST[moves]["path"])
    assert not found.fields.fullmatch("")
    assert found.require == {}


@pytest.mark.parametrize(
    ("moves", "key"), [(moves, key) for moves, entry in SMALLEST.items() for key in entry if key != "path"]
)
def test_what_a_kind_of_write_needs_is_told_when_it_is_missing(moves: Moves, key: str) -> None:
    entry = {name: value for name, value in SMALLEST[moves].items() if name != key}
    assert "is missing" in problems(entry)[key]


@pytest.mark.parametrize("moves", ["", "money", "AMOUNT", "reserve", 7, None])
def test_another_kind_of_write_is_told(moves: Any) -> None:
    assert "moves" in problems({"path": "/v1/x", "moves": moves})


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "post", ""])
def test_another_method_is_told(method: str) -> None:
    assert "method" in problems(SMALLEST[Moves.NONE] | {"method": method})


@pytest.mark.parametrize("path", ["/v1/confirm", "/v1/{other}/confirm", "/v1/payment", "/v1/{Payment}"])
def test_a_reserved_payment_stands_in_the_path(path: str) -> None:
    assert problems(SMALLEST[Moves.RESERVED] | {"path": path})["path"] == f"is {path!r}"


@pytest.mark.parametrize("path", ["/v1/{payment}/{payment}", "{customer}{customer}"])
def test_a_path_names_each_id_once(path: str) -> None:
    found = problems({"path": path, "moves": "none"})
    assert found["path"] == f"is {path!r}"


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"feilds": []}, "feilds"),
        ({"fields": "metadata"}, "fields"),
        ({"fields": [1]}, "fields"),
        ({"require": {"mode": 1}}, "require.mode"),
        ({"require": []}, "require"),
        ({"amount": 1}, "amount"),
        ({"items": True}, "items"),
    ],
)
def test_what_cannot_be_read_is_told(change: dict[str, Any], key: str) -> None:
    assert key in problems(SMALLEST[Moves.NONE] | change)


@pytest.mark.parametrize("entry", [7, "x", [], None, True])
def test_an_entry_that_is_no_table_is_told(entry: Any) -> None:
    assert {"path", "moves"} <= set(problems(entry))


def test_a_path_stands_for_itself_alone() -> None:
    confirm = write_at("/v1/payment_intents/{payment}/confirm").pattern
    found = confirm.fullmatch("/v1/payment_intents/pi_1/confirm")
    assert found is not None
    assert found.groupdict() == {"payment": "pi_1"}
    for path in (
        "/v1/payment_intents/pi_1/confirm/",
        "/v1/payment_intents/pi_1/confirm\n",
        "/v1/payment_intents//confirm",
        "/v1/payment_intents/a/b/confirm",
        "/v1/payment_intents/pi-1/confirm",
        "/v1/payment_intents/pi\u0661/confirm",
        "/v1/payment_intents/%2e/confirm",
        "/v1/payment_intents/pi_1/Confirm",
        "x/v1/payment_intents/pi_1/confirm",
    ):
        assert not confirm.fullmatch(path), path


def test_other_characters_of_a_path_are_taken_literally() -> None:
    pattern = writes({"path": "/v1/re.unds(x)+", "moves": "none"})[0].pattern
    assert pattern.fullmatch("/v1/re.unds(x)+")
    assert not pattern.fullmatch("/v1/refunds(x)+")


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("metadata[run_id]", True),
        ("metadata[]", True),
        ("metadata", False),
        ("metadata[a][b]", False),
        ("metadata[a]x", False),
        ("a.b", True),
        ("aXb", False),
        ("", False),
    ],
)
def test_only_any_one_key_stands_for_another(name: str, *, named: bool) -> None:
    assert bool(field_pattern(("metadata[*]", "a.b")).fullmatch(name)) is named


def test_no_fields_means_none() -> None:
    assert not field_pattern(()).fullmatch("")


def test_no_shipped_write_may_carry_a_second_amount_or_hand_money_on() -> None:
    forbidden = (
        *("amount", "application_fee_amount", "transfer_data[amount]", "transfer_data[destination]"),
        *("on_behalf_of", "recurring[interval]", "currency_options[jpy][unit_amount]", "unit_amount_decimal"),
        *("shipping_options[0][shipping_rate]", "setup_future_usage", "invoice", "charge", "destination"),
        *(
            "custom_unit_amount[enabled]",
            "balance",
            "reverse_transfer",
            "discounts[0][coupon]",
            "subscription",
        ),
    )
    for write in WRITES:
        assert not [name for name in forbidden if write.fields.fullmatch(name)], write.path
