"""Cleaning up: the proof first, everything is looked at before anything goes, and only what is the run's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.fakes.left_behind import CLOSE, FIND, RUN, LeftBehind
from tests.fakes.server import Call, Reply, answer_json

from billing_canary.artifact.journal import Journaled
from billing_canary.artifact.left_bundle import LeftBundle
from billing_canary.cli.cleaning import clean_target, exit_code
from billing_canary.errors import EvidenceError, ExitCode, RefusedError
from billing_canary.target.removal import Removal

Clean = Callable[..., Removal]
NO_BUNDLE = LeftBundle(started_at=None, journal=None)
KEYED_CLOSE = CLOSE.replace("/accounts/{account}", "/accounts/{account}?key={account.key}")
OPEN = """
[backends.plain.operations.open_account]
method = "POST"
path = "/accounts"
extract = { account = "id", key = "key" }
"""


@pytest.fixture
def left() -> Iterator[LeftBehind]:
    """What runs left: so far nothing."""
    made = LeftBehind()
    yield made
    made.server.stop()


@pytest.fixture
def clean(left: LeftBehind, tmp_path: Path) -> Iterator[Clean]:
    """Cleans up after RUN: `clean(CLOSE, bundle=…, dry_run=True)`."""
    with ExitStack() as cleanup:

        def run(*operations: str, bundle: LeftBundle = NO_BUNDLE, dry_run: bool = False) -> Removal:
            target = left.target(tmp_path, *operations)
            cleanup.callback(target.close)
            return clean_target(target, bundle, dry_run=dry_run)

        yield run


def journal(*accounts: str, unreadable: int = 0) -> LeftBundle:
    return LeftBundle(started_at=None, journal=Journaled(open=accounts, unreadable=unreadable))


def removed(outcome: Removal) -> list[str]:
    return [item.id for item in outcome.removed]


def named(outcome: Removal) -> dict[str, str]:
    return {each.item.id: each.reason for each in outcome.left}


def test_what_is_the_run_s_goes_and_nothing_else(left: LeftBehind, clean: Clean) -> None:
    others = ("run-00010", "run-000", "RUN-0001", " run-0001", None, "", 1)
    for other in others:
        left.add(other, count=3)
    left.add(count=2)
    outcome = clean()
    assert exit_code(outcome) is ExitCode.YES
    assert sorted(removed(outcome)) == ["acct_21", "acct_22", "cus_21", "cus_22", "pi_21", "pi_22"]
    assert len(left.writes) == 6
    assert [len(left.accounts), len(left.customers)] == [21, 21]
    assert {each["status"] for each in left.payments if each["metadata"]["run_id"] != RUN} == {
        "requires_capture"
    }
    assert removed(clean()) == []


def test_the_proof_comes_first_and_every_look_before_the_first_write(left: LeftBehind, clean: Clean) -> None:
    left.add()
    clean()
    assert left.asked[0] == "/v1/balance"
    first_write = left.asked.index("/v1/payment_intents/pi_0/cancel")
    assert {"/accounts", "/v1/payment_intents", "/v1/customers"} <= set(left.asked[:first_write])
    assert [write.split()[0] for write in left.writes] == ["POST", "DELETE", "DELETE"]


@pytest.mark.parametrize("livemode", [True, None, "false", 0])
def test_without_the_proof_nothing_more_is_asked(left: LeftBehind, clean: Clean, livemode: object) -> None:
    left.add()
    left.livemode = livemode
    with pytest.raises(RefusedError):
        clean()
    assert left.asked == ["/v1/balance"]


@pytest.mark.parametrize("livemode", [True, None, "yes"])
@pytest.mark.parametrize("kind", ["payments", "customers"])
def test_one_object_that_is_no_test_object_ends_it(
    left: LeftBehind, clean: Clean, kind: str, livemode: object
) -> None:
    left.add(count=150)
    getattr(left, kind)[120]["livemode"] = livemode
    with pytest.raises(RefusedError) as caught:
        clean()
    assert caught.value.ends_run
    assert left.writes == []


def test_a_live_object_of_another_run_ends_it_too(left: LeftBehind, clean: Clean) -> None:
    left.add()
    left.add("somebody", livemode=True)
    with pytest.raises(RefusedError):
        clean()
    assert left.writes == []


@pytest.mark.parametrize("run_id", ["run-00010", None, ""])
def test_accounts_of_another_run_end_it(left: LeftBehind, clean: Clean, run_id: object) -> None:
    left.add()
    told = [{"account": "acct_0", "run_id": RUN}, {"account": "foreign", "run_id": run_id}]
    left.replies["GET /accounts"] = answer_json({"accounts": told})
    with pytest.raises(EvidenceError, match="nothing was removed"):
        clean()
    assert left.writes == []


@pytest.mark.parametrize("path", ["/accounts", "/v1/payment_intents", "/v1/customers"])
@pytest.mark.parametrize("reply", [answer_json({}, 500), answer_json([]), Reply(hang_up=True)])
def test_a_look_that_fails_ends_it(left: LeftBehind, clean: Clean, path: str, reply: Reply) -> None:
    left.add()
    left.replies[f"GET {path}"] = reply
    with pytest.raises(EvidenceError):
        clean()
    assert left.writes == []


def test_long_lists_are_read_to_the_end(left: LeftBehind, clean: Clean) -> None:
    left.add(count=2)
    left.add("another", count=450)
    assert len(removed(clean())) == 6


def test_a_list_that_is_too_long_is_said_to_be(left: LeftBehind, clean: Clean) -> None:
    left.page = 2  # of 50 pages at most
    left.add(count=1)
    left.add("another", count=110)
    outcome = clean()
    assert exit_code(outcome) is ExitCode.CANNOT_TELL
    assert [sentence.partition(":")[0] for sentence in outcome.unknown] == [
        "the provider's payments",
        "the provider's customers",
    ]
    known = LeftBundle(started_at=1_000 + 60 + 3_600, journal=None)
    assert exit_code(clean(bundle=known)) is ExitCode.YES, "a start that is known bounds the search"


def test_accounts_in_portions_all_go(left: LeftBehind, clean: Clean) -> None:
    left.add(count=10)
    left.portion = 3
    outcome = clean()
    assert (exit_code(outcome), left.accounts) == (ExitCode.YES, [])
    assert len(removed(outcome)) == 30


@pytest.mark.parametrize(
    ("status", "goes"),
    [
        ("requires_payment_method", True),
        ("requires_confirmation", True),
        ("requires_action", True),
        ("requires_capture", True),
        ("processing", False),
        ("succeeded", False),
        ("canceled", False),
    ],
)
def test_payments_that_can_still_be_cancelled(
    left: LeftBehind, clean: Clean, status: str, *, goes: bool
) -> None:
    left.add(status=status)
    assert ("pi_0" in removed(clean())) is goes


def test_a_yes_without_effect_is_no_removal(left: LeftBehind, clean: Clean) -> None:
    left.add()
    left.replies["DELETE /accounts/acct_0"] = Reply(status=204)
    outcome = clean()
    assert exit_code(outcome) is ExitCode.NO
    assert "still there" in named(outcome)["acct_0"]
    assert removed(outcome) == ["pi_0", "cus_0"]


def test_a_no_about_what_is_gone_is_none(left: LeftBehind, clean: Clean) -> None:
    left.add(count=2)
    closing = left.server.script

    def also_deletes_its_customer(call: Call) -> Reply:
        if call.method == "DELETE" and call.path.startswith("/accounts/"):
            left.customers[:] = [each for each in left.customers if each["id"][-1] != call.path[-1]]
        return closing(call)

    left.server.script = also_deletes_its_customer
    outcome = clean()
    assert (exit_code(outcome), named(outcome)) == (ExitCode.YES, {})


@pytest.mark.parametrize(
    ("write", "name"),
    [
        ("DELETE /accounts/acct_0", "acct_0"),
        ("DELETE /v1/customers/cus_0", "cus_0"),
        ("POST /v1/payment_intents/pi_0/cancel", "pi_0"),
    ],
)
@pytest.mark.parametrize("reply", [answer_json({}, 403), answer_json({}, 500), Reply(hang_up=True)])
def test_what_cannot_be_removed_is_named_and_the_rest_goes(
    left: LeftBehind, clean: Clean, write: str, name: str, reply: Reply
) -> None:
    left.add()
    left.replies[write] = reply
    outcome = clean()
    assert (exit_code(outcome), set(named(outcome))) == (ExitCode.NO, {name})
    assert named(outcome)[name]
    assert len(removed(outcome)) == 2


def test_a_live_answer_in_the_middle_ends_it(left: LeftBehind, clean: Clean) -> None:
    left.add(count=3)
    left.replies["POST /v1/payment_intents/pi_2/cancel"] = answer_json({"id": "pi_2", "livemode": True})
    with pytest.raises(RefusedError):
        clean()
    assert left.writes == ["POST /v1/payment_intents/pi_2/cancel"]


def test_a_second_look_that_fails_is_said(left: LeftBehind, clean: Clean) -> None:
    left.add()
    cancel = left.server.script

    def then_down(call: Call) -> Reply:
        down = call.method == "GET" and left.writes and call.path.endswith("/customers")
        return answer_json({}, 500) if down else cancel(call)

    left.server.script = then_down
    outcome = clean()
    assert exit_code(outcome) is ExitCode.CANNOT_TELL
    assert "cannot be told" in outcome.unknown[0]


def test_a_dry_run_writes_nothing_and_tells_everything(left: LeftBehind, clean: Clean) -> None:
    left.add(count=2)
    outcome = clean(dry_run=True)
    assert (exit_code(outcome), removed(outcome), left.writes) == (ExitCode.NO, [], [])
    assert set(named(outcome)) == {f"{kind}_{number}" for kind in ("acct", "pi", "cus") for number in (0, 1)}
    left.accounts, left.payments, left.customers = [], [], []
    assert exit_code(clean(dry_run=True)) is ExitCode.YES


def test_without_a_way_to_tell_nothing_is_asked(left: LeftBehind, clean: Clean) -> None:
    left.add()
    with pytest.raises(EvidenceError, match="can't tell what is left"):
        clean(CLOSE)
    assert left.asked == []


def test_without_close_account_accounts_stay_and_are_named(left: LeftBehind, clean: Clean) -> None:
    left.add()
    outcome = clean(FIND)
    assert (exit_code(outcome), named(outcome)) == (
        ExitCode.NO,
        {"acct_0": "the target maps no close_account"},
    )


def test_the_journal_names_accounts_where_they_cannot_be_found(left: LeftBehind, clean: Clean) -> None:
    left.add(count=2)
    bundle = journal("acct_0", "acct_1", "gone")
    outcome = clean(CLOSE, bundle=bundle)
    assert (exit_code(outcome), left.accounts) == (ExitCode.YES, [])
    assert "gone" not in removed(outcome)
    assert removed(clean(CLOSE, bundle=bundle)) == []


def test_what_only_the_journal_names_is_not_sure(left: LeftBehind, clean: Clean) -> None:
    assert exit_code(clean(CLOSE, bundle=journal("acct_9"), dry_run=True)) is ExitCode.CANNOT_TELL
    assert left.writes == []


def test_an_account_that_both_name_is_closed_once(left: LeftBehind, clean: Clean) -> None:
    left.add()
    clean(bundle=journal("acct_0"))
    assert left.writes.count("DELETE /accounts/acct_0") == 1


@pytest.mark.parametrize("status", [401, 403, 409, 500])
def test_an_account_of_the_journal_that_stays_is_named(left: LeftBehind, clean: Clean, status: int) -> None:
    left.replies["DELETE /accounts/acct_0"] = answer_json({}, status)
    outcome = clean(CLOSE, bundle=journal("acct_0"))
    assert (exit_code(outcome), set(named(outcome))) == (ExitCode.NO, {"acct_0"})


def test_a_key_that_only_find_accounts_could_tell(left: LeftBehind, clean: Clean) -> None:
    outcome = clean(OPEN, KEYED_CLOSE, bundle=journal("acct_0"))
    assert (exit_code(outcome), left.writes) == (ExitCode.NO, [])
    assert named(outcome)["acct_0"] == "close_account uses key, which only find_accounts could tell"
    left.add()
    with pytest.raises(EvidenceError, match="without key, which close_account uses"):
        clean(OPEN, FIND, KEYED_CLOSE)


@pytest.mark.parametrize(("operations", "code"), [((CLOSE,), ExitCode.CANNOT_TELL), ((), ExitCode.YES)])
def test_a_journal_that_cannot_be_read_counts_where_nothing_else_tells(
    clean: Clean, operations: tuple[str, ...], code: ExitCode
) -> None:
    assert exit_code(clean(*operations, bundle=journal(unreadable=1))) is code
