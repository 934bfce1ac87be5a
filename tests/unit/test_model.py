"""The shared words: the worst status wins, and nothing at all is never a pass."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, is_dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_canary import model
from billing_canary.model import Evidence, ProbeResult, ProjectFiles, Severity, SpendReport, Status, worst

ORDER = ("pass", "skip", "inconclusive", "error", "refused", "fail")


def row(*, held: bool) -> Evidence:
    return Evidence(claim="credited once", expected="1", observed="1", held=held, source="wallet")


def test_statuses_stand_best_to_worst() -> None:
    assert tuple(Status) == ORDER


def test_nothing_is_inconclusive() -> None:
    assert worst([]) is Status.INCONCLUSIVE
    assert worst(iter(())) is Status.INCONCLUSIVE


@pytest.mark.parametrize("better", range(len(ORDER)))
def test_the_worse_of_two_wins_in_either_order(better: int) -> None:
    for worse in range(better, len(ORDER)):
        pair = [Status(ORDER[better]), Status(ORDER[worse])]
        assert worst(pair) is worst(reversed(pair)) is pair[1]


@given(st.lists(st.sampled_from(Status), min_size=1))
def test_the_worst_is_one_of_them_and_none_is_worse(found: list[Status]) -> None:
    result = worst(found)
    assert result in found
    assert all(ORDER.index(each) <= ORDER.index(result) for each in found)


def test_failed_claims_are_those_that_did_not_hold() -> None:
    result = ProbeResult(
        id="wallet.x",
        title="x",
        surface="wallet",
        severity=Severity.CRITICAL,
        owner="billing",
        status=Status.FAIL,
        reason="",
        evidence=(row(held=True), row(held=False), row(held=True)),
        planned=(),
        spend=(),
        attempts=1,
        flaky=False,
        duration_ms=1,
        started_at="2026-11-21T10:37:17.000Z",
    )
    assert result.failed_claims == (row(held=False),)


CLASSES = [each for each in vars(model).values() if isinstance(each, type) and is_dataclass(each)]


@pytest.mark.parametrize("each", CLASSES, ids=lambda each: each.__name__)
def test_every_shared_type_is_frozen_and_keyword_only(each: type) -> None:
    parameters = each.__dataclass_params__  # type: ignore[attr-defined]  # a dataclass's own record
    assert parameters.frozen
    assert all(field.kw_only for field in fields(each))


def test_evidence_cannot_be_changed_afterwards() -> None:
    with pytest.raises(FrozenInstanceError):
        row(held=False).held = True  # type: ignore[misc]  # that is the test


def test_an_empty_report_has_spent_nothing() -> None:
    assert not SpendReport().moved
    assert not SpendReport().entries


def test_two_records_share_no_hashes() -> None:
    first, second = ProjectFiles(root="a", origin="x"), ProjectFiles(root="b", origin="x")
    first.sha256["f"] = "1"
    assert second.sha256 == {}
