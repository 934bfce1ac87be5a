"""The operations port: every operation has a contract, and answers read well."""

from __future__ import annotations

import pytest

from billing_canary.errors import ExitCode
from billing_canary.target.operations import CONTRACTS, Answer, Operation, Outcome, UnexpectedAnswerError


def test_every_operation_has_a_contract_or_a_table_of_its_own() -> None:
    assert set(Operation) - set(CONTRACTS) == {Operation.PAY, Operation.PAID_EVENT}


@pytest.mark.parametrize("operation", CONTRACTS)
def test_a_contract_names_each_value_once(operation: Operation) -> None:
    contract = CONTRACTS[operation]
    assert not contract.outputs & contract.optional
    assert contract.money <= contract.outputs | contract.optional


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (Answer(operation=Operation.CONSUME, outcome=Outcome.OK, status=200), "ok, HTTP 200"),
        (
            Answer(
                operation=Operation.CONSUME, outcome=Outcome.BLOCKED, status=402, values={"reason": "empty"}
            ),
            "blocked (empty), HTTP 402",
        ),
        (
            Answer(operation=Operation.CONSUME, outcome=Outcome.UNANSWERED, status=0, values={"reason": ""}),
            "unanswered, HTTP 0",
        ),
    ],
)
def test_an_answer_in_words(answer: Answer, text: str) -> None:
    assert str(answer) == text


def test_an_unexpected_answer_is_a_no() -> None:
    error = UnexpectedAnswerError(Operation.READ_WALLET, "nonsense")
    assert (str(error), error.exit_code) == ("read_wallet answered nonsense", ExitCode.NO)
