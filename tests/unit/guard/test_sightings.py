"""What the provider showed: only a plain test object proves anything, and a smaller amount frees nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.policies import money

from billing_canary.guard.sightings import Sightings

INTENT = {"id": "pi_1", "object": "payment_intent", "amount": 29, "currency": "rub", "livemode": False}
PRICE = {"id": "price_1", "object": "price", "unit_amount": 20, "currency": "rub", "livemode": False}
CUSTOMER = {"id": "cus_1", "object": "customer", "livemode": False}
PATH = "/v1/payment_intents/pi_1"


def look(*documents: Any, path: str = PATH) -> Sightings:
    seen = Sightings()
    for document in documents:
        seen.look(path, json.dumps(document).encode(), whole=False)
    return seen


def ids(seen: Sightings) -> set[str]:
    return {*seen.payments, *seen.customers}


def test_test_objects_are_remembered() -> None:
    seen = look(INTENT, PRICE, CUSTOMER)
    assert (seen.payments, seen.prices, seen.customers) == (
        {"pi_1": money(29)},
        {"price_1": money(20)},
        {"cus_1"},
    )
    assert ids(seen) == {"pi_1", "cus_1"}


def test_a_list_shows_each_of_its_objects() -> None:
    seen = look({"object": "list", "data": [INTENT, INTENT | {"id": "pi_2", "amount": 5}, 7, None]})
    assert seen.payments == {"pi_1": money(29), "pi_2": money(5)}


@pytest.mark.parametrize("livemode", [True, None, 0, "", "false", [], {}])
@pytest.mark.parametrize("plain", [INTENT, PRICE, CUSTOMER], ids=lambda each: str(each["object"]))
def test_only_an_explicit_false_makes_a_test_object(plain: dict[str, Any], livemode: Any) -> None:
    seen = look(plain | {"livemode": livemode})
    assert (ids(seen), seen.prices) == (set(), {})


def test_without_a_word_about_its_mode_nothing_is_proved() -> None:
    without = {key: value for key, value in INTENT.items() if key != "livemode"}
    assert ids(look(without, {"livemode": False, "object": without})) == set()


@pytest.mark.parametrize(
    "changes",
    [
        {"id": None},
        {"id": ""},
        {"id": 7},
        {"id": ["pi_1"]},
        {"object": "charge"},
        {"object": None},
        {"amount": "29"},
        {"amount": 29.0},
        {"amount": True},
        {"amount": None},
        {"currency": None},
        {"currency": 7},
        {"currency": "xyz"},
    ],
)
def test_an_object_that_is_none_proves_nothing(changes: dict[str, Any]) -> None:
    assert look(INTENT | changes).payments == {}


@pytest.mark.parametrize("missing", ["id", "object", "amount", "currency"])
def test_an_object_that_lacks_something_proves_nothing(missing: str) -> None:
    assert look({key: value for key, value in INTENT.items() if key != missing}).payments == {}


def test_a_price_that_comes_again_every_month_has_no_known_amount() -> None:
    assert look(PRICE | {"recurring": {"interval": "month"}}).prices == {}
    assert look(PRICE | {"recurring": None}).prices == {"price_1": money(20)}


def test_the_largest_amount_stays() -> None:
    assert look(INTENT, INTENT | {"amount": 5}).payments == {"pi_1": money(29)}
    assert look(INTENT, INTENT | {"amount": 50}).payments == {"pi_1": money(50)}


def test_another_currency_is_another_amount() -> None:
    assert look(INTENT, INTENT | {"amount": 5, "currency": "jpy"}).payments == {"pi_1": money(5, "JPY")}


def test_an_amount_that_can_no_longer_be_read_is_forgotten() -> None:
    assert look(INTENT, INTENT | {"amount": None}).payments == {}


@pytest.mark.parametrize("path", ["/v1/events", "/v1/balance", "/", "/v2/payment_intents", "/x/v1/customers"])
def test_other_answers_are_not_read_unless_they_answer_a_movement(path: str) -> None:
    assert look(INTENT, path=path).payments == {}
    seen = Sightings()
    assert seen.look(path, json.dumps(INTENT).encode(), whole=True) == INTENT
    assert seen.payments == {"pi_1": money(29)}


@pytest.mark.parametrize(
    "body", [b"", b"no json", b"\xff\xfe", b"[" * 100_000, b"7", b'"text"', b"[1, 2]", b"null"]
)
def test_what_is_no_table_shows_nothing(body: bytes) -> None:
    seen = Sightings()
    assert seen.look(PATH, body, whole=True) == {}
    assert ids(seen) == set()


@given(st.binary(max_size=60))
def test_any_answer_can_be_looked_at(body: bytes) -> None:
    assert Sightings().look(PATH, body, whole=True) is not None


@pytest.fixture
def hurried_threads() -> Iterator[None]:
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("hurried_threads")
def test_of_answers_at_the_same_time_the_largest_amount_stays() -> None:
    seen = Sightings()
    bodies = [json.dumps(INTENT | {"amount": amount}).encode() for amount in range(1, 101)]

    def show(mine: list[bytes]) -> None:
        for body in mine:
            seen.look(PATH, body, whole=False)

    threads = [Thread(target=show, args=(bodies[start::8],)) for start in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen.payments == {"pi_1": money(100)}
