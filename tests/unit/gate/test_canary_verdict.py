"""The canary's verdict: examples for each rule, then properties over generated runs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_canary.gate.canary import judge
from billing_canary.model import (
    Evidence,
    HealthCheck,
    NotApplicable,
    ProbeResult,
    SafetyCheck,
    Severity,
    Status,
    Verdict,
)

ORDER = list(Status)
HEALTHY = HealthCheck(status=Status.PASS, detail="200 in 3 ms")
HELD = Evidence(claim="credited once", expected="0.29 RUB", observed="0.29 RUB", held=True, source="wallet")
BROKEN = replace(HELD, observed="0.58 RUB", held=False)


def probe(
    status: Status = Status.PASS, severity: Severity = Severity.CRITICAL, **changes: object
) -> ProbeResult:
    plain = ProbeResult(
        id="wallet.top_up",
        title="A top-up is credited once",
        surface="wallet",
        severity=severity,
        owner="billing",
        status=status,
        reason="",
        evidence=(HELD,),
        planned=(),
        spend=(),
        attempts=1,
        flaky=False,
        duration_ms=12,
        started_at="2026-11-21T10:37:17.000Z",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # a test names the fields that it changes


def safety(status: Status) -> SafetyCheck:
    return SafetyCheck(id="caps", status=status, claim="The caps held", detail="0.58 of 10.00 RUB")


def verdict_of(
    *probes: ProbeResult,
    checks: tuple[SafetyCheck, ...] = (),
    health: HealthCheck = HEALTHY,
    missing: int = 0,
    not_run: str = "",
) -> Verdict:
    return judge(
        probes=probes, safety_checks=checks, health_check=health, missing_count=missing, not_run=not_run
    )


def overall(*probes: ProbeResult, **surroundings: object) -> Status:
    return verdict_of(*probes, **surroundings).overall_status  # type: ignore[arg-type]  # as in `probe`


def test_one_critical_probe_that_held_is_a_pass() -> None:
    verdict = verdict_of(probe(), checks=(safety(Status.PASS),))

    assert verdict.overall_status is Status.PASS
    assert verdict.reasons == ("the critical probe passed; 1 claim tested in 1 probe",)


def test_nothing_selected_is_inconclusive() -> None:
    assert verdict_of() == Verdict(
        overall_status=Status.INCONCLUSIVE, reasons=("no probe ran, so nothing was shown",)
    )


def test_without_a_critical_probe_nothing_is_shown() -> None:
    assert overall(probe(severity=Severity.MAJOR)) is Status.INCONCLUSIVE


def test_a_failed_claim_is_named_with_what_was_observed() -> None:
    verdict = verdict_of(probe(), probe(Status.FAIL, evidence=(BROKEN, BROKEN)))

    assert verdict.overall_status is Status.FAIL
    assert verdict.reasons == (
        'wallet.top_up failed: "credited once" did not hold, observed 0.58 RUB (and 1 more)',
    )


def test_even_a_minor_failure_fails_the_run() -> None:
    assert overall(probe(), probe(Status.FAIL, Severity.MINOR)) is Status.FAIL


def test_a_skipped_critical_probe_keeps_the_run_from_passing_and_says_why() -> None:
    verdict = verdict_of(probe(), probe(Status.SKIP, evidence=(), reason="no operation use_quota"))

    assert verdict.overall_status is Status.INCONCLUSIVE
    assert "no operation use_quota" in verdict.reasons[0]


WHY = NotApplicable(reason="this product sells no quota", owner="billing-backend")


def excused(status: Status = Status.SKIP, **changes: object) -> ProbeResult:
    plain = {"evidence": (), "reason": "the target maps no consume", "not_applicable": WHY}
    return probe(status, id="quota.blocked", **plain | changes)  # type: ignore[arg-type]  # as in `probe`


def test_an_excused_skip_is_told_and_does_not_count() -> None:
    verdict = verdict_of(probe(), excused())
    assert verdict.overall_status is Status.PASS
    praise, told = verdict.reasons
    assert praise == "the critical probe that applies passed; 1 claim tested in 1 probe"
    assert told == (
        "quota.blocked does not apply to this target: this product sells no quota (says billing-backend); "
        "the target maps no consume"
    )


def test_the_probes_that_apply_are_counted_apart() -> None:
    verdict = verdict_of(probe(), probe(), excused())
    assert verdict.reasons[0] == "all 2 critical probes that apply passed; 2 claims tested in 2 probes"


def test_excuses_alone_show_nothing() -> None:
    verdict = verdict_of(excused(), excused())
    assert verdict.overall_status is Status.INCONCLUSIVE
    assert verdict.reasons[0] == "no critical probe ran and passed"


def test_an_excuse_beside_a_skip_that_has_none_does_not_help_it() -> None:
    assert overall(probe(), excused(), excused(not_applicable=None)) is Status.INCONCLUSIVE


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.SKIP])
def test_only_a_skip_is_excused(status: Status) -> None:
    with_excuse = overall(probe(), excused(status, evidence=(HELD,)))
    assert with_excuse is overall(probe(), excused(status, evidence=(HELD,), not_applicable=None))


def test_a_skip_whose_claim_did_not_hold_is_a_failure_whatever_excuses_it() -> None:
    assert overall(probe(), excused(evidence=(BROKEN,))) is Status.FAIL


def test_a_skipped_minor_probe_is_no_matter() -> None:
    assert overall(probe(), probe(Status.SKIP, Severity.MINOR, evidence=())) is Status.PASS


def test_a_major_probe_that_broke_is_told_beside_a_pass() -> None:
    verdict = verdict_of(probe(), probe(Status.ERROR, Severity.MAJOR, reason="KeyError: balance"))

    assert verdict.overall_status is Status.PASS
    assert "KeyError: balance" in verdict.reasons[1]


def test_a_critical_probe_that_broke_is_inconclusive() -> None:
    assert overall(probe(), probe(Status.ERROR)) is Status.INCONCLUSIVE


def test_a_flaky_probe_of_any_severity_is_no_pass() -> None:
    flaky = probe(severity=Severity.MINOR, flaky=True)

    assert overall(probe(), flaky) is Status.INCONCLUSIVE


def test_a_label_without_evidence_does_not_pass() -> None:
    assert overall(probe(evidence=())) is Status.INCONCLUSIVE


def test_a_label_against_its_evidence_fails() -> None:
    assert overall(probe(), probe(severity=Severity.MINOR, evidence=(HELD, BROKEN))) is Status.FAIL


def test_a_safety_check_that_did_not_pass_blocks() -> None:
    assert overall(probe(), checks=(safety(Status.INCONCLUSIVE),)) is Status.INCONCLUSIVE
    assert overall(probe(), checks=(safety(Status.REFUSED),)) is Status.REFUSED
    assert overall(probe(), checks=(safety(Status.FAIL),)) is Status.FAIL


def test_a_failure_outranks_a_refusal() -> None:
    assert overall(probe(Status.REFUSED), probe(Status.FAIL, evidence=(BROKEN,))) is Status.FAIL


def test_an_unreachable_target_is_inconclusive_and_a_sick_one_fails() -> None:
    unreachable = HealthCheck(status=Status.INCONCLUSIVE, detail="no route")
    sick = HealthCheck(status=Status.FAIL, detail="503")

    assert overall(probe(), health=unreachable) is Status.INCONCLUSIVE
    assert overall(probe(), health=sick) is Status.FAIL


def test_a_missing_file_is_no_pass() -> None:
    assert verdict_of(probe(), missing=1).reasons == ("1 required file is missing",)
    assert overall(probe(), missing=2) is Status.INCONCLUSIVE


def test_a_run_that_ended_early_is_no_pass() -> None:
    assert overall(probe(), not_run="the time limit was reached") is Status.INCONCLUSIVE


def test_reasons_come_worst_first_and_critical_before_minor() -> None:
    verdict = verdict_of(
        probe(Status.INCONCLUSIVE, id="a", reason="?"),
        probe(Status.FAIL, Severity.MINOR, id="b", evidence=(BROKEN,)),
        probe(Status.REFUSED, id="c", reason="cap"),
        probe(Status.FAIL, id="d", evidence=(BROKEN,)),
    )

    assert [reason.split()[0] for reason in verdict.reasons] == ["d", "b", "c", "a", "no"]


statuses = st.sampled_from(ORDER)
probes = st.builds(
    probe,
    statuses,
    st.sampled_from(list(Severity)),
    flaky=st.booleans(),
    evidence=st.sampled_from([(), (HELD,), (HELD, BROKEN)]),
)
consistent_probes = st.builds(probe, statuses, st.sampled_from(list(Severity)), flaky=st.booleans())
checks = st.lists(st.builds(safety, statuses), max_size=3).map(tuple)
healths = st.builds(HealthCheck, status=statuses, detail=st.just("x"))


@given(st.lists(probes, max_size=4), checks, healths, st.integers(0, 2), st.sampled_from(["", "interrupted"]))
def test_a_pass_implies_every_condition(
    found: list[ProbeResult], made: tuple[SafetyCheck, ...], health: HealthCheck, missing: int, not_run: str
) -> None:
    if overall(*found, checks=made, health=health, missing=missing, not_run=not_run) is not Status.PASS:
        return
    critical = [one for one in found if one.severity is Severity.CRITICAL]
    assert critical
    assert all(one.status is Status.PASS and one.evidence and not one.failed_claims for one in critical)
    assert not any(one.flaky or one.status in {Status.FAIL, Status.REFUSED} for one in found)
    assert all(check.status in {Status.PASS, Status.SKIP} for check in made)
    assert health.status is Status.PASS
    assert (missing, not_run) == (0, "")


@given(st.lists(consistent_probes, min_size=1, max_size=4), st.data())
def test_a_worse_probe_never_makes_a_better_verdict(found: list[ProbeResult], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(found) - 1))
    worse = data.draw(st.sampled_from(ORDER[ORDER.index(found[place].status) :]))
    changed = [*found[:place], replace(found[place], status=worse), *found[place + 1 :]]

    assert ORDER.index(overall(*changed)) >= ORDER.index(overall(*found))


@given(st.lists(probes, max_size=3), checks.filter(bool), st.data())
def test_a_worse_safety_check_never_makes_a_better_verdict(
    found: list[ProbeResult], made: tuple[SafetyCheck, ...], data: st.DataObject
) -> None:
    worse = data.draw(st.sampled_from(ORDER[ORDER.index(made[0].status) :]))

    before, after = overall(*found, checks=made), overall(*found, checks=(safety(worse), *made[1:]))

    assert ORDER.index(after) >= ORDER.index(before)


@given(st.lists(probes, max_size=4), checks, healths)
def test_every_verdict_has_a_reason_and_is_one_of_four(
    found: list[ProbeResult], made: tuple[SafetyCheck, ...], health: HealthCheck
) -> None:
    verdict = verdict_of(*found, checks=made, health=health)

    assert verdict.overall_status in {Status.PASS, Status.INCONCLUSIVE, Status.REFUSED, Status.FAIL}
    assert all(verdict.reasons)
    assert verdict.reasons
