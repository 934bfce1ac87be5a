from __future__ import annotations

from tests.fakes.audit import COMMIT, EXPIRES, OTHER_COMMIT, instant, make_log

from billing_canary.audit import views
from billing_canary.audit.log import AuditLog, EntryKind
from billing_canary.reading import IncidentSeen
from billing_canary.rollback import Baseline

K = EntryKind


def test_an_empty_or_broken_log_shows_nothing() -> None:
    for log in (AuditLog(), AuditLog(problems=("line 1: is empty",))):
        assert not views.approvals(log)
        assert not views.attestations(log)
        assert not views.open_risks(log)
        assert not views.incidents(log)
        assert not views.baselines(log)
        assert not views.cleared(log)
        assert views.invalidated(log) == {}


def test_approvals_are_of_one_commit_and_not_withdrawn() -> None:
    log = make_log(
        (K.APPROVAL, {"reason": "read it all"}),
        (K.APPROVAL, {"commit": OTHER_COMMIT}),
        (K.APPROVAL, {"role": "finance"}),
        (K.APPROVAL_WITHDRAWN, {"of": 3}),
    )
    first = views.Approval(
        sequence=1,
        at=instant(0),
        by="Ada Byron",
        commit=COMMIT,
        role="engineering-lead",
        reason="read it all",
    )
    assert views.approvals(log, COMMIT) == (first,)
    assert [approval.sequence for approval in views.approvals(log)] == [1, 2]
    assert views.approvals(log, "c" * 40) == ()


def test_open_risks_are_those_that_nobody_closed() -> None:
    log = make_log(K.RISK, (K.RISK, {"title": "Other"}), (K.RISK_CLOSED, {"of": 1}))

    assert views.open_risks(log) == (
        views.Risk(
            sequence=2,
            at=instant(1),
            by="Ada Byron",
            title="Other",
            owner="Ada",
            mitigation="watch it",
            expires=EXPIRES,
        ),
    )


def test_attestations_are_of_one_commit_and_not_withdrawn() -> None:
    log = make_log(
        (K.ATTESTATION, {"state": "partial", "rehearsed_on": "2026-11-20"}),
        (K.ATTESTATION, {"commit": OTHER_COMMIT}),
        K.ATTESTATION,
        (K.ATTESTATION_WITHDRAWN, {"of": 3}),
    )
    first = views.Attestation(
        sequence=1,
        at=instant(0),
        by="Ada Byron",
        item="finance-sign-off",
        commit=COMMIT,
        reason="prices checked",
        expires=EXPIRES,
        state="partial",
        rehearsed_on="2026-11-20",
    )
    assert views.attestations(log, COMMIT) == (first,)
    second = views.attestations(log)[1]
    assert (second.commit, second.state, second.rehearsed_on) == (OTHER_COMMIT, "", "")


def test_an_incident_is_what_its_updates_left() -> None:
    log = make_log(
        K.INCIDENT_OPENED,
        (K.INCIDENT_OPENED, {"title": "Icons", "severity": 4, "billing": "no"}),
        (K.INCIDENT_UPDATED, {"of": 1, "severity": 3, "owner": "Bo"}),
        (K.INCIDENT_UPDATED, {"of": 1, "billing": "no", "impact": "cards are slow"}),
        (K.INCIDENT_CLOSED, {"of": 2}),
    )
    assert views.incident_details(log)[0] == views.Incident(
        id="incident-1",
        sequence=1,
        at=instant(0),
        by="Ada Byron",
        title="Top-ups fail",
        severity=3,
        billing=False,
        impact="cards are slow",
        owner="Bo",
        open=True,
        updated_at=instant(3),
    )
    assert views.incidents(log) == (
        IncidentSeen(
            id="incident-1",
            severity=3,
            billing=False,
            open=True,
            title="Top-ups fail",
            opened_at=instant(0),
        ),
        IncidentSeen(
            id="incident-2", severity=4, billing=False, open=False, title="Icons", opened_at=instant(1)
        ),
    )
    assert views.incident_details(log)[1].updated_at == instant(4)


def test_an_incident_that_nobody_touched_is_as_it_was_opened() -> None:
    (incident,) = views.incident_details(make_log(K.INCIDENT_OPENED))
    assert (incident.severity, incident.billing, incident.open) == (1, True, True)
    assert incident.updated_at == incident.at == instant(0)


def test_the_latest_baseline_of_each_metric_counts() -> None:
    log = make_log(
        K.BASELINE,
        (K.BASELINE, {"metric": "refunds", "declared": "0.5"}),
        (K.BASELINE, {"declared": "0.98"}),
    )
    assert [(b.metric, b.declared, b.set_at) for b in views.baselines(log)] == [
        ("refunds", "0.5", instant(1)),
        ("top-up", "0.98", instant(2)),
    ]


def test_a_baseline_is_declared_or_measured() -> None:
    declared, measured = (
        make_log((K.BASELINE, {"period": "2026"})),
        make_log((K.RUN_INVALIDATED, {})),
    )
    assert views.baselines(measured) == ()
    assert views.baselines(declared) == (
        Baseline(
            metric="top-up",
            declared="0.97",
            good=0,
            total=0,
            period="2026",
            owner="Ada",
            set_at=instant(0),
        ),
    )


def test_invalidated_runs_have_the_first_reason() -> None:
    log = make_log(
        K.RUN_INVALIDATED,
        (K.RUN_INVALIDATED, {"reason": "again"}),
        (K.RUN_INVALIDATED, {"kind": "billing-confidence"}),
    )
    assert views.invalidated(log) == {
        "billing-canary/one": "wrong target",
        "billing-confidence/one": "wrong target",
    }


def test_cleared_triggers_are_all_told() -> None:
    log = make_log(K.TRIGGER_CLEARED, (K.TRIGGER_CLEARED, {"trigger": "canary"}))
    first, second = views.cleared(log)
    assert first == views.Cleared(
        sequence=1, at=instant(0), by="Ada Byron", trigger="backlog", reason="drained"
    )
    assert second.trigger == "canary"
