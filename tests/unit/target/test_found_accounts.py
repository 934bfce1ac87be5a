"""Accounts of a run are believed only where each says itself that it is of exactly that run."""

from __future__ import annotations

from typing import Any

import pytest
from tests.fakes.credit_shop import TARGET
from tests.fakes.server import Call, Reply, answer_json

from billing_canary.target.backend import Account
from billing_canary.target.operations import Outcome, UnexpectedAnswerError

RUN = "run-1"
FIND = """
[backends.credits.operations.find_accounts]
method = "GET"
path = "/v1/tenants?run={run_id}"
headers = { X-Partner = "id={secrets.partner}" }
extract = { accounts = "tenants[].{account: uid, token: token, run_id: run}" }
"""
TEXT = TARGET + FIND


def tenant(uid: Any = "t1", run: Any = RUN, **more: Any) -> dict[str, Any]:
    return {"uid": uid, "token": f"tok-{uid}", "run": run, **more}


def find(connect: Any, *tenants: Any, run_id: str = RUN) -> tuple[Account, ...]:
    target, _ = connect(lambda _: answer_json({"tenants": list(tenants)}), text=TEXT)
    return tuple(target.backend.find_accounts(run_id))


def test_accounts_come_with_what_closing_them_needs(connect: Any) -> None:
    def answer(call: Call) -> Reply:
        if call.method == "DELETE":
            good = (call.path, call.headers["Authorization"]) == ("/v1/tenants/t%201", "Token tok-t 1")
            return Reply(status=410 if good else 403)
        return answer_json({"tenants": [tenant("t 1"), tenant(2)]})

    target, server = connect(answer, text=TEXT)
    first, second = target.backend.find_accounts(RUN)
    assert (server.calls[0].path, server.calls[0].query) == ("/v1/tenants", f"run={RUN}")
    assert (first.id, second.id, first.currency) == ("t 1", "2", "USD")
    assert "tok-" not in repr(first)
    assert target.backend.close_account(first).outcome is Outcome.OK


def test_the_run_asked_for_counts_not_the_present_one(connect: Any) -> None:
    target, server = connect(lambda _: answer_json({"tenants": [tenant(run="a/b&c")]}), text=TEXT)
    assert [account.id for account in target.backend.find_accounts("a/b&c")] == ["t1"]
    assert server.calls[0].query == "run=a%2Fb%26c"


def test_no_accounts_and_thousands_are_both_answers(connect: Any) -> None:
    assert find(connect) == ()
    many = find(connect, *(tenant(f"t{number}") for number in range(5_000)))
    assert len(many) == len({account.id for account in many}) == 5_000


def test_an_account_that_is_listed_twice_is_one(connect: Any) -> None:
    assert [account.id for account in find(connect, tenant(), tenant())] == ["t1"]


@pytest.mark.parametrize(
    "run",
    [
        "run-10",
        "run-",
        "run",
        "RUN-1",
        " run-1",
        "run-1 ",
        "run-1\n",
        "run\u20101",
        "",
        None,
        1,
        True,
        ["run-1"],
        {},
    ],
)
def test_one_account_of_another_run_makes_the_answer_worthless(connect: Any, run: Any) -> None:
    good = [tenant(f"t{number}") for number in range(3)]
    with pytest.raises(UnexpectedAnswerError, match="not of run-1; none of them is touched"):
        find(connect, *good, tenant("foreign", run=run))


@pytest.mark.parametrize("missing", ["run", "uid", "token"])
def test_an_account_without_a_value_that_is_needed(connect: Any, missing: str) -> None:
    broken = {name: value for name, value in tenant().items() if name != missing}
    with pytest.raises(UnexpectedAnswerError):
        find(connect, tenant("good"), broken)


@pytest.mark.parametrize("uid", ["", ".", "..", None, True, 1.5, ["t1"], {"id": "t1"}])
def test_an_id_that_no_path_can_hold(connect: Any, uid: Any) -> None:
    with pytest.raises(UnexpectedAnswerError, match="which no path can hold"):
        find(connect, tenant(uid))


@pytest.mark.parametrize("listed", ["t1", [["t1"]], ["run-1"], 7])
def test_accounts_that_are_no_objects(connect: Any, listed: Any) -> None:
    plain = TEXT.replace('"tenants[].{account: uid, token: token, run_id: run}"', '"tenants"')
    target, _ = connect(lambda _: answer_json({"tenants": listed}), text=plain)
    with pytest.raises(UnexpectedAnswerError):
        target.backend.find_accounts(RUN)


@pytest.mark.parametrize(
    "reply",
    [
        answer_json({"tenants": None}),
        answer_json({}),
        answer_json([]),
        Reply(body=b"no json"),
        answer_json({"tenants": []}, 404),
        answer_json({"tenants": []}, 500),
        Reply(hang_up=True),
    ],
)
def test_no_list_is_no_empty_list(connect: Any, reply: Reply) -> None:
    target, _ = connect(lambda _: reply, text=TEXT)
    with pytest.raises(UnexpectedAnswerError):
        target.backend.find_accounts(RUN)
