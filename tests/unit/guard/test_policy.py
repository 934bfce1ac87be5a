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
PLACES = list(places(MONEY))
ANY_FORM_FIELD = {"amount", "currency", "path"}
"""Any text is the name of a form field or a path, so another string there is another policy."""


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
    if place[-1] in ANY_FORM_FIELD and same_type(value, get(MONEY, place)):
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
    if is_one_cap or place[0] == "hosts" or isinstance(place[-1], int):
        load(tmp_path, policy)
        return
    found = problems(tmp_path, policy)
    assert any(key.startswith(dotted(place)) for key in found), found


@pytest.mark.parametrize("place", [(), *(p for p in PLACES if isinstance(get(MONEY, p), dict))], ids=dotted)
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
        *("", " x.test", "x.test ", "x test", "[::1]", "x.test:", "bücher.test", "x.test\n"),
    ],
)
def test_a_host_is_a_plain_name_with_at_most_a_port(tmp_path: Path, host: str) -> None:
    found = problems(tmp_path, replaced(MONEY, ("hosts", "allow"), ["good.test", host]))
    assert found == {"hosts.allow": f"holds {host!r}"}


@pytest.mark.parametrize("path", ["/v1/{payment}/{payment}", "{payment}{payment}"])
def test_a_path_names_the_payment_once(tmp_path: Path, path: str) -> None:
    place = ("provider", "writes", 1, "path")
    assert dotted(place) in problems(tmp_path, replaced(MONEY, place, path))


def test_a_reserved_amount_needs_the_payment_in_the_path(tmp_path: Path) -> None:
    place = ("provider", "writes", 1, "path")
    assert dotted(place) in problems(tmp_path, replaced(MONEY, place, "/v1/confirm"))


def test_an_amount_in_a_form_needs_its_currency(tmp_path: Path) -> None:
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
    assert policy.per_run == {"RUB": money(1000), "JPY": money(1000, "JPY")}
    assert policy.per_call == {"RUB": money(100), "JPY": money(100, "JPY")}
    assert policy.hosts == frozenset()
    assert [write.amount for write in policy.provider_writes] == [
        *("amount", "reserved", "reserved", "none", "none", "none")
    ]
    assert FILE in project.files.sha256


def matches(policy: MoneyPolicy, path: str) -> list[str]:
    return [write.path for write in policy.provider_writes if write.pattern.fullmatch(path)]


def test_a_path_stands_for_itself_alone(tmp_path: Path) -> None:
    policy = load(tmp_path)
    assert matches(policy, "/v1/payment_intents") == ["/v1/payment_intents"]
    assert matches(policy, "/v1/payment_intents/pi_1/confirm") == ["/v1/payment_intents/{payment}/confirm"]
    for path in (
        "/v1/payment_intentsx",
        "/v1/payment_intents/a/b/confirm",
        "/v1/payment_intents/%2e/confirm",
    ):
        assert matches(policy, path) == []


def test_other_characters_of_a_path_are_taken_literally(tmp_path: Path) -> None:
    policy = load(tmp_path, replaced(MONEY, ("provider", "writes", 4, "path"), "/v1/re.unds(x)+"))
    assert matches(policy, "/v1/re.unds(x)+") == ["/v1/re.unds(x)+"]
    assert matches(policy, "/v1/refunds(x)+") == []


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


def test_a_wish_gives_no_cap_to_a_currency_that_has_none() -> None:
    assert "USD" not in make_policy().lowered([money(5, "USD")]).per_run


def test_hosts_are_added_and_the_first_policy_stays() -> None:
    policy = make_policy("a.test")
    assert policy.allowing(["b.test"]).hosts == {"a.test", "b.test"}
    assert policy.hosts == {"a.test"}
