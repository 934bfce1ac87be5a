"""Errors: a sentence with place and fix, and an exit code that scripts can rely on."""

from __future__ import annotations

import pytest

from billing_canary.errors import (
    BillingCanaryError,
    EvidenceError,
    ExitCode,
    Problem,
    ProjectError,
    RefusedError,
    noting,
    raise_problems,
    wrong_call,
)

FIRST = Problem(where="gates/money.toml", key="caps.per_run.RUB", message="is missing", fix="add it")
SECOND = Problem(where="--run-id", message="is taken", fix="take another")


def test_exit_codes_are_the_documented_ones() -> None:
    documented = {
        "YES": 0,
        "NO": 1,
        "WRONG_CALL": 2,
        "CANNOT_TELL": 3,
        "REFUSED": 4,
        "INTERRUPTED": 130,
    }
    assert {code.name: int(code) for code in ExitCode} == documented


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BillingCanaryError("x"), ExitCode.CANNOT_TELL),
        (ProjectError([FIRST]), ExitCode.WRONG_CALL),
        (RefusedError("caps", "over"), ExitCode.REFUSED),
        (EvidenceError("gone"), ExitCode.CANNOT_TELL),
    ],
)
def test_every_error_knows_its_exit_code(error: BillingCanaryError, code: ExitCode) -> None:
    assert error.exit_code is code


def test_a_problem_names_file_key_and_fix() -> None:
    assert str(FIRST) == "gates/money.toml: caps.per_run.RUB: is missing\n    fix: add it"
    assert str(SECOND) == "--run-id: is taken\n    fix: take another"


def test_a_project_error_tells_every_problem() -> None:
    error = ProjectError([FIRST, SECOND])
    assert error.problems == (FIRST, SECOND)
    assert str(error) == f"{FIRST}\n{SECOND}"


def test_a_wrong_call_is_one_problem() -> None:
    error = wrong_call("--only", "matches nothing", "use wallet.*", key="k")
    assert error.problems == (
        Problem(where="--only", key="k", message="matches nothing", fix="use wallet.*"),
    )


def test_no_problem_is_no_error() -> None:
    raise_problems([])
    with pytest.raises(ProjectError, match="is missing"):
        raise_problems([FIRST])


def test_a_refusal_carries_its_rule() -> None:
    refusal = RefusedError("hosts", "evil.example is not allowed", ends_run=True)
    assert (refusal.rule, refusal.reason, refusal.ends_run) == ("hosts", "evil.example is not allowed", True)
    assert str(refusal) == "hosts: evil.example is not allowed"
    assert not RefusedError("hosts", "x").ends_run


def test_problems_of_one_block_are_noted_and_the_next_runs() -> None:
    noted: list[Problem] = []
    with noting(noted):
        raise ProjectError([FIRST])
    with noting(noted):
        raise ProjectError([FIRST, FIRST])
    assert noted == [FIRST] * 3


def test_only_problems_are_noted() -> None:
    noted: list[Problem] = []
    with pytest.raises(RefusedError), noting(noted):
        raise RefusedError("hosts", "x")
    assert noted == []
