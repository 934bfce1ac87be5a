"""`gates/money.toml`: every wrong, unknown or missing key is told, and a cap is never raised."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.policies import make_policy, money
from tests.fakes.project_folder import MONEY, make_project
from tests.fakes.toml_text import Path as Place
from tests.fakes.toml_text import dotted, get, places, removed, replaced

from billing_canary.errors import ProjectError
from billing_canary.guard.policy import MoneyPolicy, load_money_policy
from billing_canary.money import Money

FILE = "gates/money.toml"
GARBAGE: dict[str, Any] = {
    "integer": 7,
    "float": 10.0,
    "bool": True,
    "string": "garbage ",
    "list": ["Garbage "],
    "list of numbers": [1],
    "table": {"garbage": 1},
}
PLACES = [
    place for place in places(MONEY) if not isinstance(get(MONEY, place), str) or isinstance(place[-1], str)
]
"""Every key and every table in a list; not each text in a list of texts."""
NEEDED = {
    "amount": {"path", "moves", "amount", "currency"},
    "items": {"path", "moves", "items"},
    "reserved": {"path", "moves"},
    "refund": {"path", "moves"},
    "price": {"path", "moves", "amount", "currency"},
    "none": {"path", "moves"},
}
"""The keys of a write that may not be absent, by what it moves."""


def is_free(place: Place) -> bool:
    """Whether any other value of the same type is another good policy: names of form fields, and paths."""
    return place[-1] in {"amount", "currency", "items", "path", "fields"} or "require" in place[:-1]


def load(root: Path, policy: Any = MONEY) -> MoneyPolicy:
    return load_money_policy(make_project(root, money=policy))


def problems(root: Path, policy: Any) -> dict[str, str]:
    """The problems of `policy` by key, after each was checked to name the file and a fix."""
    with pytest.raises(ProjectError) as caught:
        load(root, policy)
    for problem in caught.value.problems:
        assert problem.where.endswith(FILE)
        assert problem.message
        assert problem.fix
    return {problem.key: problem.message for problem in caught.value.problems}


def same_type(one: Any, other: Any) -> bool:
    return type(one) is type(other)


@pytest.mark.parametrize("garbage", GARBAGE)
@pytest.mark.parametrize("place", PLACES, ids=dotted)
def test_garbage_anywhere_is_a_problem_at_that_key(tmp_path: Path, place: Place, garbage: str) -> None:
    value = GARBAGE[garbage]
    policy = replaced(MONEY, place, value)
    if is_free(place) and same_type(value, get(MONEY, place)):
        load_or_tell(tmp_path, policy)
        return
    found = problems(tmp_path, policy)
    assert any(key.startswith(dotted(place)) for key in found), found


def load_or_tell(root: Path, policy: Any) -> None:
    with suppress(ProjectError):
        load(root, policy)


@pytest.mark.parametrize("place", PLACES, ids=dotted)
def test_a_missing_key_is_told_unless_it_may_be_absent(tmp_path: Path, place: Place) -> None:
    policy = removed(MONEY, place)
    is_one_cap = place[0] == "caps" and len(place) == 3
    in_write = place[:2] == ("provider", "writes") and len(place) > 3
    needed = in_write and place[-1] in NEEDED[get(MONEY, place[:3])["moves"]]
    if is_one_cap or place[0] == "hosts" or isinstance(place[-1], int) or (in_write and not needed):
        load(tmp_path, policy)
        return
    found = problems(tmp_path, policy)
    assert any(key.startswith(dotted(place)) for key in found), found


TABLES = [place for place in PLACES if isinstance(get(MONEY, place), dict) and place[-1] != "require"]


@pytest.mark.parametrize("place", [(), *TABLES], ids=dotted)
def test_an_unknown_key_is_told_in_every_table(tmp_path: Path, place: Place) -> None:
    found = problems(tmp_path, replaced(MONEY, (*place, "unknwon"), "1"))
    assert any(key == dotted((*place, "unknwon")) for key in found), found


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    policy = replaced(MONEY, ("caps", "per_run", "RUB"), 10.0)
    policy = replaced(policy, ("caps", "per_call", "JPY"), "0.5")
    policy = replaced(policy, ("hosts", "allow"), ["https://x"])
    policy = replaced(policy, ("hosts", "alow"), [])
    policy = removed(policy, ("provider", "writes", 0, "path"))
    assert set(problems(tmp_path, policy)) == {
        *("caps.per_run.RUB", "caps.per_call.JPY", "hosts.allow", "hosts.alow", "provider.writes[0].path")
    }


@pytest.mark.parametrize("text", ["", "10 RUB", "-1", "1e3", "10,00", "0.001", "NaN", "Infinity", "1_000"])
def test_a_cap_is_a_plain_amount_as_text(tmp_path: Path, text: str) -> None:
    assert "caps.per_run.RUB" in problems(tmp_path, replaced(MONEY, ("caps", "per_run", "RUB"), text))


@pytest.mark.parametrize("code", ["XXX", "ROUBLE", "", "R.B"])
def test_a_cap_needs_a_known_currency(tmp_path: Path, code: str) -> None:
    found = problems(tmp_path, replaced(MONEY, ("caps", "per_run", code), "1"))
    assert any("unknown currency" in message for message in found.values())


def test_a_second_cap_for_one_currency_is_refused(tmp_path: Path) -> None:
    policy = replaced(MONEY, ("caps", "per_run", "rub"), "100000")
    assert problems(tmp_path, policy)["caps.per_run.rub"] == "is the second cap of this currency"


@pytest.mark.parametrize(
    "host",
    [
        *("https://x.test", "x.test/", "X.test", "x.test:port", "x.test:123456", "*.x.test", "user@x.test"),
        *(
            "",
            " x.test",
            "x.test ",
            "x test",
            "::1",
            "[::g]",
            "[x.test]",
            "x.test:",
            "bücher.test",
            "x.test\n",
        ),
    ],
)
def test_a_host_is_a_plain_name_with_at_most_a_port(tmp_path: Path, host: str) -> None:
    found = problems(tmp_path, replaced(MONEY, ("hosts", "allow"), ["good.test", host]))
    assert found == {"hosts.allow": f"holds {host!r}"}


@pytest.mark.parametrize("host", ["x.test", "x.test:8443", "127.0.0.1:1", "localhost", "[::1]", "[::1]:8443"])
def test_a_plain_host_is_allowed(tmp_path: Path, host: str) -> None:
    assert load(tmp_path, replaced(MONEY, ("hosts", "allow"), [host])).hosts == {host}


def test_a_wrong_write_is_told_with_its_number(tmp_path: Path) -> None:
    found = problems(tmp_path, removed(MONEY, ("provider", "writes", 0, "currency")))
    assert "provider.writes[0].currency" in found


@pytest.mark.parametrize("text", ["", "caps = ", "[caps", "\x00", "caps = 1\ncaps = 2"])
def test_a_file_that_is_no_policy_is_told(tmp_path: Path, text: str) -> None:
    problems(tmp_path, text)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    (tmp_path / FILE).unlink()
    with pytest.raises(ProjectError, match="cannot be read"):
        load_money_policy(project)


def test_the_shipped_policy(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    policy = load_money_policy(project)
    assert policy.per_run == {"RUB": money(2000), "JPY": money(1000, "JPY")}
    assert policy.per_call == {"RUB": money(100), "JPY": money(100, "JPY")}
    assert policy.hosts == {"api.stripe.com"}
    assert {(write.method, write.path): write.moves.value for write in policy.provider_writes} == {
        ("POST", "/v1/payment_intents"): "amount",
        ("POST", "/v1/payment_intents/{payment}"): "reserved",
        ("POST", "/v1/payment_intents/{payment}/confirm"): "reserved",
        ("POST", "/v1/payment_intents/{payment}/capture"): "reserved",
        ("POST", "/v1/payment_intents/{payment}/cancel"): "none",
        ("POST", "/v1/payment_methods"): "none",
        ("POST", "/v1/refunds"): "refund",
        ("POST", "/v1/customers"): "none",
        ("DELETE", "/v1/customers/{customer}"): "none",
        ("POST", "/v1/products"): "none",
        ("POST", "/v1/prices"): "price",
        ("POST", "/v1/checkout/sessions"): "items",
    }
    assert FILE in project.files.sha256


@pytest.mark.parametrize(
    ("wish", "cap"),
    [(money(1), 1), (money(999), 999), (money(1000), 1000), (money(5000), 1000), (money(0), 0)],
)
def test_a_wish_lowers_a_cap_and_never_raises_it(wish: Money, cap: int) -> None:
    lowered = make_policy().lowered([wish])
    assert lowered.per_run == {"RUB": money(cap), "JPY": money(1000, "JPY")}
    assert lowered.per_call == make_policy().per_call


def test_of_two_wishes_the_lower_counts() -> None:
    assert make_policy().lowered([money(5), money(9)]).per_run["RUB"] == money(5)


def test_a_wish_for_a_currency_without_a_cap_is_told() -> None:
    with pytest.raises(ProjectError) as caught:
        make_policy().lowered([money(5, "USD"), money(5), money(5, "EUR")])
    assert [problem.where for problem in caught.value.problems] == ["--max-amount", "--max-amount"]
    assert "0.05 USD cannot be allowed here: USD has no cap in gates/money.toml" in str(caught.value)
    assert "EUR" in str(caught.value)


def test_hosts_are_added_and_the_first_policy_stays() -> None:
    policy = make_policy("a.test")
    assert policy.allowing(["b.test"]).hosts == {"a.test", "b.test"}
    assert policy.hosts == {"a.test"}
