from __future__ import annotations

import pytest
from tests.fakes.audit import EXPIRES, FIELDS, instant

from billing_canary.audit.fields import FIELDS as TABLE
from billing_canary.audit.fields import field_problems
from billing_canary.audit.log import EntryKind

NOW = instant(0)


def _problems(kind: EntryKind, /, **changed: object) -> tuple[str, ...]:
    fields = {**FIELDS[kind], **changed}
    return field_problems(
        kind, "Ada", NOW, {name: value for name, value in fields.items() if value is not None}
    )


def test_every_kind_is_in_the_table() -> None:
    assert set(TABLE) == set(EntryKind) == set(FIELDS)


@pytest.mark.parametrize("kind", list(EntryKind))
def test_the_least_of_each_kind_is_enough(kind: EntryKind) -> None:
    assert _problems(kind) == ()


@pytest.mark.parametrize("kind", list(EntryKind))
def test_each_required_field_is_missed(kind: EntryKind) -> None:
    required = [name for name, rule in TABLE[kind].items() if rule.required]
    assert required
    for name in required:
        assert _problems(kind, **{name: None}) == (f"{name} is missing",)


@pytest.mark.parametrize("kind", list(EntryKind))
def test_an_unknown_field_is_a_problem(kind: EntryKind) -> None:
    assert _problems(kind, amount=5) == ("'amount' is not known for this kind",)


@pytest.mark.parametrize("kind", list(EntryKind))
def test_a_list_is_nowhere_a_value(kind: EntryKind) -> None:
    for name in TABLE[kind]:
        assert [problem for problem in _problems(kind, **{name: ["x"]}) if problem.startswith(f"{name} ")]


def test_all_problems_come_at_once() -> None:
    assert field_problems(EntryKind.APPROVAL, "", NOW, {"commit": "abc", "reason": " x"}) == (
        "by must be text, not ''",
        "commit must be a full commit hash of 40 hexadecimal digits, not 'abc'",
        "role is missing",
        "reason must not begin or end with white space: ' x'",
    )


@pytest.mark.parametrize(
    "value", ["\t", "a\nb", "a\x1b[31mb", "a\u2028b", "a\u202eb", "a\u200bb", "a\udc80b", "\x7f"]
)
def test_control_characters_are_refused(value: str) -> None:
    (problem,) = _problems(EntryKind.RISK, title=f"x{value}y")
    assert problem.startswith("title holds the control character U+")


@pytest.mark.parametrize("value", ["Žofie", "नमस्ते\u200c", "👩\u200d💻 on call", "コミット"])
def test_texts_of_every_script_are_taken(value: str) -> None:
    assert _problems(EntryKind.RISK, title=value) == ()


@pytest.mark.parametrize(("name", "limit"), [("title", 200), ("owner", 200), ("mitigation", 1000)])
def test_texts_are_capped(name: str, limit: int) -> None:
    assert _problems(EntryKind.RISK, **{name: "x" * limit}) == ()
    assert _problems(EntryKind.RISK, **{name: "x" * (limit + 1)}) == (
        f"{name} has {limit + 1} characters; at most {limit} are allowed",
    )


@pytest.mark.parametrize("value", ["A" * 40, "a" * 39, "a" * 41, "g" * 40, "HEAD", 7, ""])
def test_a_commit_is_a_full_hash(value: object) -> None:
    assert len(_problems(EntryKind.APPROVAL, commit=value)) == 1


def test_a_commit_may_be_of_either_length() -> None:
    assert _problems(EntryKind.APPROVAL, commit="a" * 64) == ()


@pytest.mark.parametrize("value", ["", " lead", "lead ", "a" * 121, "lead\n", "é", "-lead", 3])
def test_a_role_is_a_plain_name(value: object) -> None:
    assert len(_problems(EntryKind.APPROVAL, role=value)) == 1


@pytest.mark.parametrize("value", ["lead", "Engineering lead", "a" * 120, "sre/ops", "a"])
def test_roles_that_are_taken(value: str) -> None:
    assert _problems(EntryKind.APPROVAL, role=value) == ()


@pytest.mark.parametrize("value", [0, 5, "1", True, 1.0])
def test_severity_is_1_to_4(value: object) -> None:
    (problem,) = _problems(EntryKind.INCIDENT_OPENED, severity=value)
    assert problem.startswith("severity must be a whole number from 1 to 4")


@pytest.mark.parametrize("value", [1, 2, 3, 4])
def test_each_severity_is_taken(value: int) -> None:
    assert _problems(EntryKind.INCIDENT_OPENED, severity=value) == ()


@pytest.mark.parametrize("value", ["Yes", "true", 1, ""])
def test_billing_is_yes_or_no(value: object) -> None:
    assert len(_problems(EntryKind.INCIDENT_OPENED, billing=value)) == 1


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-21T10:00:00Z",
        "2026-13-21T10:00:00.000Z",
        "2026-11-21T10:00:00.000+00:00",
        "2026-11-21T24:61:00.000Z",
        "\uff12026-12-05T10:00:00.000Z",
        5,
    ],
)
def test_an_expiry_is_an_instant(value: object) -> None:
    (problem,) = _problems(EntryKind.RISK, expires=value)
    assert problem.startswith("expires must be a time such as")


@pytest.mark.parametrize("value", [NOW, "2026-11-21T09:59:59.999Z", "2027-11-22T10:00:00.001Z"])
def test_an_expiry_is_within_a_year(value: str) -> None:
    assert _problems(EntryKind.RISK, expires=value) == (
        "expires must be after the entry's own time, by at most 366 days",
    )


@pytest.mark.parametrize("value", ["2026-11-21T10:00:00.001Z", "2027-11-22T10:00:00.000Z"])
def test_an_expiry_at_the_bounds(value: str) -> None:
    assert _problems(EntryKind.ATTESTATION, expires=value) == ()


@pytest.mark.parametrize("value", ["2026-11-23", "2027-01-01"])
def test_nothing_was_rehearsed_tomorrow(value: str) -> None:
    assert _problems(EntryKind.ATTESTATION, rehearsed_on=value) == ("rehearsed_on is in the future",)


@pytest.mark.parametrize("value", ["2026-11-21", "2020-02-29"])
def test_rehearsals_that_were(value: str) -> None:
    assert _problems(EntryKind.ATTESTATION, rehearsed_on=value, state="verified", expires=EXPIRES) == ()


@pytest.mark.parametrize("value", ["2026-02-30", "20261121", "yesterday", 5])
def test_a_rehearsal_has_a_date(value: object) -> None:
    (problem,) = _problems(EntryKind.ATTESTATION, rehearsed_on=value)
    assert problem.startswith("rehearsed_on must be a date such as")


@pytest.mark.parametrize(
    "value", ["0", "0.0", "1.1", "97 %", "0,97", ".97", "1e-1", "NaN", "0." + "9" * 13, 1, "\u0660.\u0669"]
)
def test_a_declared_rate_is_a_decimal_up_to_1(value: object) -> None:
    (problem,) = _problems(EntryKind.BASELINE, declared=value)
    assert problem.startswith("declared must be a rate above 0 and at most 1")


@pytest.mark.parametrize("value", ["1", "1.0", "0.97", "0.000000000001"])
def test_rates_that_are_taken(value: str) -> None:
    assert _problems(EntryKind.BASELINE, declared=value) == ()


def test_a_baseline_is_measured_with_all_three() -> None:
    measured = {"declared": None, "good": 9, "total": 10, "period": "October"}
    assert _problems(EntryKind.BASELINE, **measured) == ()
    for name in ("good", "total", "period"):
        assert _problems(EntryKind.BASELINE, **{**measured, name: None}) == (
            "good, total and period are needed together, or declared alone",
        )


def test_a_baseline_is_not_both_declared_and_measured() -> None:
    assert _problems(EntryKind.BASELINE, period="from now on") == ()
    for name in ("good", "total"):
        assert _problems(EntryKind.BASELINE, **{name: 5}) == (
            "declared goes without good and total: a baseline is declared or measured",
        )


def test_no_more_successes_than_attempts() -> None:
    measured = {"declared": None, "total": 10, "period": "October"}
    assert _problems(EntryKind.BASELINE, good=10, **measured) == ()
    assert _problems(EntryKind.BASELINE, good=11, **measured) == ("good is 11, which is more than total, 10",)


def test_what_is_quoted_is_short_and_harmless() -> None:
    (problem,) = _problems(EntryKind.APPROVAL, commit="\x1b[31m" * 100)
    assert "\x1b" not in problem
    assert len(problem) < 200
