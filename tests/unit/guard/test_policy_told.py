"""What is told of a wrong money policy, with its fix, by exact text; and what an entry then stands for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.fakes.policies import make_policy, money, writes
from tests.fakes.project_folder import MONEY, make_project
from tests.fakes.toml_text import Path as Place
from tests.fakes.toml_text import removed, replaced

from billing_canary.config import Table
from billing_canary.errors import Problem, ProjectError
from billing_canary.guard.policy import load_money_policy
from billing_canary.guard.provider_writes import field_pattern, read_provider_writes

AS_TEXT = 'write the amount in major units as text, for example RUB = "10.00"'
PLAIN_HOST = 'write "host" or "host:port" in lower case, no scheme'
RUB: Place = ("caps", "per_run", "RUB")


def told(root: Path, policy: Any) -> list[tuple[str, str, str]]:
    """Key, message and fix of every problem."""
    with pytest.raises(ProjectError) as caught:
        load_money_policy(make_project(root, money=policy))
    return [(each.key, each.message, each.fix) for each in caught.value.problems]


@pytest.mark.parametrize(
    ("place", "value", "wanted"),
    [
        (RUB, "-1", ("caps.per_run.RUB", "is '-1', below zero", 'write "0" to allow nothing')),
        (
            ("caps", "per_run", "rub"),
            "1",
            ("caps.per_run.rub", "is the second cap of this currency", "keep one, in capitals"),
        ),
        (("hosts", "allow"), ["X.test"], ("hosts.allow", "holds 'X.test'", PLAIN_HOST)),
    ],
)
def test_each_problem_is_told_with_its_fix(
    tmp_path: Path, place: Place, value: Any, wanted: tuple[str, str, str]
) -> None:
    assert told(tmp_path, replaced(MONEY, place, value)) == [wanted]


def test_every_cap_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    policy = replaced(replaced(MONEY, RUB, "x"), ("caps", "per_run", "JPY"), "0.5")
    found = told(tmp_path, policy)
    assert {(key, fix) for key, _, fix in found} == {
        ("caps.per_run.RUB", AS_TEXT),
        ("caps.per_run.JPY", AS_TEXT),
    }


def test_a_cap_of_nothing_is_a_cap(tmp_path: Path) -> None:
    policy = load_money_policy(make_project(tmp_path, money=replaced(MONEY, RUB, "0")))
    assert policy.per_run["RUB"] == money(0)


@pytest.mark.parametrize(
    ("place", "keys"),
    [("caps", ["caps", "caps.per_run", "caps.per_call"]), ("provider", ["provider", "provider.writes"])],
)
def test_what_is_absent_is_told_from_the_top(tmp_path: Path, place: str, keys: list[str]) -> None:
    assert [key for key, _, _ in told(tmp_path, removed(MONEY, (place,)))] == keys


def test_a_file_that_cannot_be_read_is_all_that_is_told(tmp_path: Path) -> None:
    assert len(told(tmp_path, "caps = ")) == 1


def test_a_wish_for_another_currency_is_told_with_its_fix() -> None:
    with pytest.raises(ProjectError) as caught:
        make_policy().lowered([money(5, "USD")])
    assert caught.value.problems == (
        Problem(
            where="--max-amount",
            message="0.05 USD cannot be allowed here: USD has no cap in gates/money.toml",
            fix="add USD to its caps; the command line can only lower them",
        ),
    )


def wrong(**entry: Any) -> list[tuple[str, str, str]]:
    table = Table(file="money.toml", path="provider", data={"writes": [entry]}, problems=[])
    read_provider_writes(table)
    return [(each.key.rpartition(".")[2], each.message, each.fix) for each in table.problems]


def test_each_problem_of_a_write_is_told_with_its_fix() -> None:
    twice = "/v1/{payment}/{payment}"
    assert wrong(path=twice, moves="none") == [("path", f"is {twice!r}", "name each {placeholder} once")]
    assert wrong(path="/v1/x", moves="reserved") == [
        ("path", "is '/v1/x'", 'moves = "reserved" needs {payment} in the path')
    ]
    assert wrong(path="/v1/x", moves="amount") == [
        ("amount", "is missing", 'name the form field, for example amount = "amount"'),
        ("currency", "is missing", 'name the form field, for example currency = "currency"'),
    ]


def test_a_path_is_read_with_its_names_in_turn() -> None:
    pattern = writes({"path": "/v1/{payment}/of/{customer}/x.y", "moves": "none"})[0].pattern
    found = pattern.fullmatch("/v1/pi_1/of/cus_2/x.y")
    assert found is not None
    assert found.groupdict() == {"payment": "pi_1", "customer": "cus_2"}
    for path in ("/v1/payment/of/customer", "/v1/p\u0131/of/c/x.y", "/v1/p/of/c/xxy", "/v1//of/c/x.y"):
        assert not pattern.fullmatch(path), path


def test_names_of_fields_are_alternatives() -> None:
    pattern = field_pattern(("a", "b[*]"))
    assert [bool(pattern.fullmatch(name)) for name in ("a", "b[x]", "ab[x]", "b", "a|b[x]")] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert not field_pattern(()).fullmatch("XX")
