"""From evidence and ending to a status: no evidence is never a pass."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_canary.errors import RefusedError
from billing_canary.model import Evidence, Status
from billing_canary.probe.outcome import conclude
from billing_canary.probe.recorder import ClaimFailedError
from billing_canary.redact import MASK, Redactor
from billing_canary.target.operations import Operation, UnexpectedAnswerError
from billing_canary.target.stripe_provider import ProviderError

REDACT = Redactor(["hunter22"])


def row(claim: str = "credited once", *, held: bool = True) -> Evidence:
    return Evidence(claim=claim, expected="29", observed="29" if held else "58", held=held, source="wallet")


HELD, BROKEN = row(), row(held=False)


def test_without_evidence_nothing_was_shown() -> None:
    ending = conclude((), None, REDACT)
    assert ending.status is Status.ERROR
    assert "no evidence" in ending.reason


def test_claims_that_held_are_a_pass() -> None:
    ending = conclude((HELD, HELD), None, REDACT)
    assert (ending.status, ending.reason, ending.flaky) == (Status.PASS, "2 claims held", False)


def test_the_first_false_claim_is_the_reason() -> None:
    ending = conclude((HELD, BROKEN, row("other", held=False)), None, REDACT)
    assert ending.status is Status.FAIL
    assert ending.reason == "credited once: expected 29, observed 58"


def test_a_required_claim_that_failed_is_a_fail() -> None:
    assert conclude((BROKEN,), ClaimFailedError("credited once"), REDACT).status is Status.FAIL


def test_an_end_by_claim_without_its_evidence_is_an_error() -> None:
    ending = conclude((HELD,), ClaimFailedError("the probe uses pay without declaring it"), REDACT)
    assert (ending.status, ending.reason) == (Status.ERROR, "the probe uses pay without declaring it")


@pytest.mark.parametrize(
    "error",
    [ValueError("x"), KeyError("x"), SystemExit(0), KeyboardInterrupt(), AssertionError(), MemoryError()],
)
@pytest.mark.parametrize("rows", [(), (HELD,)])
def test_a_probe_that_broke_is_an_error(error: BaseException, rows: tuple[Evidence, ...]) -> None:
    ending = conclude(rows, error, REDACT)
    assert ending.status is Status.ERROR
    assert ending.evidence == rows
    assert ending.reason.startswith(f"the probe broke: {type(error).__name__}")


def test_a_refusal_is_a_refusal() -> None:
    ending = conclude((BROKEN,), RefusedError("caps", "over"), REDACT)
    assert (ending.status, ending.reason, ending.evidence) == (Status.REFUSED, "caps: over", (BROKEN,))


@pytest.mark.parametrize(
    ("error", "claim", "source"),
    [
        (UnexpectedAnswerError(Operation.CONSUME, "failed, HTTP 500"), "consume is answered", "consume"),
        (ProviderError("unreachable", "no"), "The payment provider answers this step", "provider"),
    ],
)
def test_a_step_without_an_answer_is_a_finding_about_the_product(
    error: Exception, claim: str, source: str
) -> None:
    ending = conclude((HELD,), error, REDACT)
    assert ending.status is Status.FAIL
    assert ending.evidence[0] == HELD
    added = ending.evidence[1]
    assert (added.claim, added.source, added.held, added.expected) == (claim, source, False, "ok")


@pytest.mark.parametrize(
    "error",
    [
        ValueError("hunter22"),
        RefusedError("caps", "hunter22"),
        ClaimFailedError("hunter22"),
        ProviderError("x", "hunter22"),
        UnexpectedAnswerError(Operation.CONSUME, "hunter22"),
    ],
)
def test_no_secret_gets_into_reason_or_evidence(error: Exception) -> None:
    ending = conclude((), error, REDACT)
    assert "hunter22" not in f"{ending}"
    assert MASK in f"{ending}"


def test_a_claim_that_failed_and_held_later_is_flaky_and_no_pass() -> None:
    ending = conclude((BROKEN, HELD), None, REDACT)
    assert (ending.status, ending.flaky) == (Status.FAIL, True)


@pytest.mark.parametrize("rows", [(HELD, BROKEN), (BROKEN, BROKEN), (BROKEN, row("other")), (HELD, HELD)])
def test_other_orders_are_not_flaky(rows: tuple[Evidence, ...]) -> None:
    assert not conclude(rows, None, REDACT).flaky


rows_ = st.lists(st.builds(row, st.sampled_from(["a", "b"]), held=st.booleans()), max_size=5).map(tuple)
errors_ = st.sampled_from(
    [None, ValueError("x"), ClaimFailedError("a"), RefusedError("caps", "x"), SystemExit(0)]
)


@given(rows_, errors_)
def test_a_pass_means_evidence_that_all_held_and_a_good_end(
    rows: tuple[Evidence, ...], error: BaseException | None
) -> None:
    ending = conclude(rows, error, REDACT)
    passed = bool(rows) and all(each.held for each in rows) and error is None
    assert (ending.status is Status.PASS) is passed
    assert ending.reason


def test_a_crash_after_a_failed_claim_is_still_a_failure() -> None:
    failed = Evidence(claim="One is two", expected="2", observed="1", held=False, source="test")

    ending = conclude((failed,), ValueError("then this"), Redactor())

    assert ending.status is Status.FAIL
    assert ending.reason == "One is two: expected 2, observed 1; then the probe broke: ValueError: then this"


def test_an_exception_that_cannot_be_shown_is_an_error_of_the_probe() -> None:
    class MuteError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    ending = conclude((), MuteError(), Redactor())

    assert ending.status is Status.ERROR
    assert ending.reason == "the probe broke: MuteError: (it cannot say what)"
