"""One `[backends.NAME]` table: what a mapping may say, operation by operation."""

from __future__ import annotations

from typing import Any

import pytest

from billing_canary.config import Table
from billing_canary.target.backend_table import read_backend
from billing_canary.target.extract import AmountForm
from billing_canary.target.operations import CONTRACTS, Operation, OperationContract, Outcome
from billing_canary.target.settings import BackendMapping

OPEN = {"method": "POST", "path": "/a", "extract": {"account": "id", "key": "key"}}
BALANCE = {"path": "b", "amount": "minor"}
AMOUNTS = ("amount.minor", "raw_amount")
"""What the guard must find in the body of an operation that has it."""


def _amount_body(contract: OperationContract) -> dict[str, Any]:
    found = [name for name in AMOUNTS if name in contract.variables]
    return {"json": {"amount": f"{{{found[0]}}}"}} if found else {}


SMALLEST: dict[str, Any] = {
    operation.value: {
        "method": "POST",
        "path": "/x",
        "extract": {
            name: BALANCE if name in contract.money else "some.path" for name in sorted(contract.outputs)
        },
        **_amount_body(contract),
    }
    for operation, contract in CONTRACTS.items()
}


def read(**operations: Any) -> tuple[BackendMapping, dict[str, str]]:
    """The backend that maps `operations`, and its problems by key as "message; fix"."""
    return read_whole({"operations": operations})


def read_whole(data: dict[str, Any]) -> tuple[BackendMapping, dict[str, str]]:
    table = Table(file="targets.toml", path="b", data=data, problems=[])
    backend = read_backend(table, frozenset({"admin"}))
    return backend, {problem.key: f"{problem.message}; {problem.fix}" for problem in table.problems}


def of(operation: str, **changes: Any) -> dict[str, str]:
    """The problems of the smallest mapping of `operation` with `changes`, keys within it."""
    _, problems = (
        read(open_account=OPEN) if operation == "" else read(**{operation: SMALLEST[operation] | changes})
    )
    prefix = f"b.operations.{operation}."
    assert all(key.startswith(prefix) for key in problems), problems
    return {key.removeprefix(prefix): text for key, text in problems.items()}


@pytest.mark.parametrize("operation", SMALLEST)
def test_every_operation_has_a_smallest_mapping(operation: str) -> None:
    assert of(operation) == {}


def test_a_table_without_operations_is_told() -> None:
    assert "is missing" in read_whole({})[1]["b.operations"]


@pytest.mark.parametrize("name", ["opne_account", "pay", "paid_event", "", "OPEN_ACCOUNT"])
def test_an_unknown_operation_is_told_with_those_that_there_are(name: str) -> None:
    backend, problems = read(**{name: SMALLEST["consume"]})
    told = problems[f"b.operations.{name}".rstrip(".")]
    assert "is no operation; use one of " in told
    assert "open_account" in told
    assert backend.operations == {}


@pytest.mark.parametrize("method", ["get", "HEAD", "TRACE", ""])
def test_an_unusual_method_is_told(method: str) -> None:
    assert "use one of GET, POST" in of("consume", method=method)["method"]


@pytest.mark.parametrize("path", ["x", "http://evil.test/", "{account}/x", "@evil.test/", "\\x", " /x", "?x"])
def test_a_path_starts_with_a_slash(path: str) -> None:
    assert "start it with /" in of("consume", path=path)["path"]


@pytest.mark.parametrize(
    "changes",
    [
        {"path": "/{acount}"},
        {"headers": {"X-Key": "{secrets.other}"}},
        {"headers": {"X-Key": "{admin}"}},
        {"json": {"deep": [{"in": "a {list}"}]}},
        {"json": {"{key}": "x"}},
        {"form": {"x": "{}"}},
        {"form": {"x": "{ account }"}},
        {"form": {"x": "{amount.minor}"}},  # consume has no amount
        {"form": {"x": "{account.key}"}},  # no open_account is mapped that would extract it
    ],
)
def test_an_unknown_placeholder_is_told_with_those_that_there_are(changes: dict[str, Any]) -> None:
    problems = of("consume", **changes)
    assert len(problems) == 1
    told = next(iter(problems.values()))
    assert "which has no value here; use one of account, currency, currency.lower, run_id" in told


def test_every_unknown_placeholder_is_told() -> None:
    table = Table(
        file="f",
        path="b",
        data={"operations": {"consume": {**SMALLEST["consume"], "path": "/{a}/{b}"}}},
        problems=[],
    )
    read_backend(table, frozenset())
    assert [problem.message.split()[1] for problem in table.problems] == ["{a},", "{b},"]


@pytest.mark.parametrize("operation", [o.value for o, c in CONTRACTS.items() if "account" in c.variables])
def test_what_open_account_extracts_stays_with_the_account(operation: str) -> None:
    mapping = SMALLEST[operation] | {"headers": {"Authorization": "{account.key} {secrets.admin} {run_id}"}}
    assert read(open_account=OPEN, **{operation: mapping})[1] == {}


def test_where_there_is_no_account_its_values_are_unknown() -> None:
    mapping = SMALLEST["read_build"] | {"headers": {"Authorization": "{account.key}"}}
    assert (
        "has no value"
        in read(open_account=OPEN, read_build=mapping)[1]["b.operations.read_build.headers.Authorization"]
    )


@pytest.mark.parametrize("operation", CONTRACTS)
def test_every_variable_of_a_contract_may_be_used(operation: Operation) -> None:
    template = {name: f"{{{name}}}" for name in sorted(CONTRACTS[operation].variables)}
    assert of(operation.value, json=template) == {}


@pytest.mark.parametrize(
    "source",
    ["", " ", "a.", "a[", "a]", "sum(", "[?x", "a..b", "a b", "'", "&", "foo bar(", "a[?b=c]"],
)
def test_a_bad_expression_is_told(source: str) -> None:
    assert "is no JMESPath expression" in of("read_build", extract={"build": source})["extract.build"]
    broken = {"balance": {"path": source, "amount": "minor"}}
    assert "is no JMESPath expression" in of("read_wallet", extract=broken)["extract.balance.path"]


def test_a_bad_expression_for_the_currency_is_told() -> None:
    extract = {"balance": BALANCE | {"currency": "a["}}
    assert "is no JMESPath" in of("read_wallet", extract=extract)["extract.balance.currency"]


@pytest.mark.parametrize(
    ("operation", "name"),
    [(o.value, name) for o, contract in CONTRACTS.items() for name in sorted(contract.outputs)],
)
def test_a_required_value_that_is_not_extracted_is_told(operation: str, name: str) -> None:
    assert f'add {name} = "a JMESPath expression"' in of(operation, extract={})[f"extract.{name}"]
    mapping = {key: value for key, value in SMALLEST[operation].items() if key != "extract"}
    assert f"b.operations.{operation}.extract.{name}" in read(**{operation: mapping})[1]


@pytest.mark.parametrize("operation", [o.value for o in CONTRACTS if o is not Operation.OPEN_ACCOUNT])
def test_a_value_that_no_probe_knows_is_told(operation: str) -> None:
    extract = SMALLEST[operation]["extract"] | {"availble": "x"}
    assert "is not known here" in of(operation, extract=extract)["extract.availble"]


def test_open_account_may_keep_any_value() -> None:
    assert of("open_account", extract={"account": "id", "anything": "x"}) == {}


@pytest.mark.parametrize("form", ["major", "MINOR", "", "float"])
def test_an_amount_has_one_of_three_forms(form: str) -> None:
    problems = of("read_wallet", extract={"balance": {"path": "b", "amount": form}})
    assert "use one of minor, decimal, credits" in problems["extract.balance.amount"]


@pytest.mark.parametrize("written", ["b", 7, ["b"], {"path": "b"}, {"amount": "minor"}])
def test_an_amount_needs_a_table_with_path_and_form(written: Any) -> None:
    problems = of("read_wallet", extract={"balance": written})
    assert any(key.startswith("extract.balance") for key in problems)


def test_a_value_that_is_no_amount_has_no_form() -> None:
    extract = {"build": {"path": "b", "amount": "minor"}}
    assert "is not known here" in of("read_build", extract=extract)["extract.build.amount"]


def test_two_bodies_are_told() -> None:
    assert "stands beside json" in of("consume", json={}, form={})["form"]


MOVING = [o.value for o, contract in CONTRACTS.items() if contract.variables & set(AMOUNTS)]


@pytest.mark.parametrize("operation", MOVING)
@pytest.mark.parametrize(
    "body", [{}, {"json": {}}, {"form": {"currency": "{currency}"}}, {"json": {"amount": 29}}]
)
def test_an_amount_that_is_not_in_the_body_is_told(operation: str, body: dict[str, Any]) -> None:
    mapping = {key: value for key, value in SMALLEST[operation].items() if key != "json"} | body
    problems = read(**{operation: mapping})[1]
    assert "has no amount" in problems[f"b.operations.{operation}.body"]


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"path": "/x/{amount.minor}"}, "path"),
        ({"path": "/x?amount={amount.decimal}"}, "path"),
        ({"headers": {"X-Amount": "{amount.minor}"}}, "headers"),
        ({"headers": {"X-Amount": "RUB {amount.minor}"}}, "headers"),
        ({"json": {"amount": "{amount.minor}00"}}, "body"),
        ({"json": {"amount": "1{amount.minor}"}}, "body"),
        ({"json": {"amount": "{amount.minor}", "note": "for {amount.decimal}"}}, "body"),
        ({"json": {"amount": "{amount.minor}", "list": [["x{amount.minor}"]]}}, "body"),
    ],
)
def test_an_amount_that_hides_is_told(changes: dict[str, Any], key: str) -> None:
    assert "amount" in of("create_top_up", **changes)[key]


@pytest.mark.parametrize(
    "body",
    [
        {"json": {"deep": [{"amount": "{amount.minor}", "currency": "{currency}"}]}},
        {"json": {"credits": "{amount.credits}", "price": "{amount.decimal}", "note": "{currency} top up"}},
    ],
)
def test_an_amount_of_its_own_may_stand_anywhere_in_the_body(body: dict[str, Any]) -> None:
    assert of("create_top_up", **body) == {}


@pytest.mark.parametrize(
    "outcomes",
    [
        {"okay": [200]},
        {"unanswered": [200]},
        {"ok": ["200"]},
        {"ok": [True]},
        {"ok": 200},
        {"ok": [2.0]},
        {"ok": {}},
    ],
)
def test_bad_outcomes_are_told(outcomes: dict[str, Any]) -> None:
    problems = of("consume", outcomes=outcomes)
    assert list(problems) == [f"outcomes.{next(iter(outcomes))}"]


@pytest.mark.parametrize("worth", [0, -1, True, "10", 1.5])
def test_a_credit_s_worth_is_a_positive_integer(worth: Any) -> None:
    assert "b.credit_minor" in read_whole({"operations": {}, "credit_minor": worth})[1]


def test_all_problems_of_one_mapping_are_told_together() -> None:
    problems = of(
        "read_build", method="TAKE", path="x", hedaers={}, extract={"biuld": "x"}, outcomes={"no": [1]}
    )
    assert set(problems) == {"method", "path", "hedaers", "extract.build", "extract.biuld", "outcomes.no"}
    assert "did you mean 'headers'" in problems["hedaers"]


def test_a_mapping_is_read_as_written() -> None:
    backend, problems = read_whole(
        {
            "credit_minor": 10,
            "operations": {
                "open_account": OPEN,
                "read_wallet": {
                    "method": "GET",
                    "path": "/w/{account}",
                    "headers": {"A": "{account.key}"},
                    "outcomes": {"blocked": [418, 420], "ok": [404]},
                    "extract": {"balance": {"path": "b.c", "amount": "credits", "currency": "ccy"}},
                },
            },
            "paid_event": {"type": "t", "body": {"x": ["{event}", "{account.key}", "{amount.decimal}"]}},
        }
    )
    assert problems == {}
    assert backend.credit_minor == 10
    wallet = backend.operations[Operation.READ_WALLET]
    assert (wallet.method, wallet.path, wallet.headers) == ("GET", "/w/{account}", {"A": "{account.key}"})
    assert (wallet.json, wallet.form) == (None, None)
    assert wallet.outcomes == {418: Outcome.BLOCKED, 420: Outcome.BLOCKED, 404: Outcome.OK}
    balance = wallet.extract["balance"]
    assert (balance.source, balance.form, balance.credit_minor) == ("b.c", AmountForm.CREDITS, 10)
    assert backend.paid_event is not None
    assert backend.paid_event.type == "t"


@pytest.mark.parametrize(
    ("event", "key"),
    [
        ({}, "body"),
        ({"type": "t"}, "body"),
        ({"body": {}}, "type"),
        ({"type": 1, "body": {}}, "type"),
        ({"type": "t", "body": []}, "body"),
        ({"type": "t", "body": {"a": "{nothing}"}}, "body"),
        ({"type": "t", "body": {"a": "{secrets.admin}"}}, "body"),
        ({"type": "t", "body": {}, "boddy": {}}, "boddy"),
        ("payment_intent.succeeded", ""),
    ],
)
def test_a_bad_paid_event_is_told(event: Any, key: str) -> None:
    problems = read_whole({"operations": {"open_account": OPEN}, "paid_event": event})[1]
    assert f"b.paid_event.{key}".rstrip(".") in problems


def test_without_a_paid_event_there_is_none() -> None:
    assert read()[0].paid_event is None
