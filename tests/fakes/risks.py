"""The release of the risk score's seed example, and audit logs with what a test wants in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from billing_canary.audit.log import AuditEntry, AuditLog, EntryKind
from billing_canary.gate.risk_facts import facts_from
from billing_canary.release import (
    BundleEvidence,
    Change,
    ItemKind,
    ItemResult,
    ReleaseEvidence,
    ReleaseItem,
    ReleasePolicy,
)
from billing_canary.risk import (
    Fact,
    RiskFacts,
    RiskPolicy,
    RollbackState,
    Stated,
    TestSignal,
    derived,
    stated,
)
from billing_canary.risk_policy import read_risk_policy
from billing_canary.verdict import Status

RISK_TOML = Path(__file__).parents[2] / "gates/risk.toml"
SHIPPED = read_risk_policy(RISK_TOML, "gates/risk.toml")
COMMIT = "c" * 40
DECIDED_AT = "2026-11-21T12:00:00.000Z"
LATER = "2026-12-01T12:00:00.000Z"
EARLIER = "2026-11-20T12:00:00.000Z"

SEED_FACTS = RiskFacts(
    environment=stated("production", "test"),
    migration=derived(True, "test"),
    billing_logic=derived(True, "test"),
    modules=derived(("Stripe Sync", "Subscription Seats", "Webhooks"), "test"),
    rollback=stated(RollbackState.PARTIAL, "test"),
    unresolved=derived(2, "test"),
    past_incidents=derived(1, "test"),
    tests=derived(TestSignal.MEDIUM, "test"),
    high_blast_radius=derived(True, "test"),
    approvals_missing=derived(True, "test"),
)
"""The seat synchronisation release: raw 126, shown 100, critical."""

CHANGE = Change(
    commit=COMMIT,
    base="v1.0",
    authors=(("Taylor", "taylor@example.invalid"),),
    paths=("db/migrations/7.sql", "src/seats.py", "src/stripe_sync.py", "src/webhooks/intake.py"),
)


def release(*items: tuple[str, ItemKind], environment: str = "production") -> ReleasePolicy:
    """A release policy with these required items."""
    return ReleasePolicy(
        title="t",
        environment=environment,
        release_owner="o",
        items=tuple(
            ReleaseItem(id=name, title=name, kind=kind, required=True, settings={}, place="p")
            for name, kind in items
        ),
        people=(),
        tags="v*",
    )


def result(name: str, status: Status = Status.PASS, *, required: bool = True) -> ItemResult:
    """What an item came to."""
    return ItemResult(id=name, title=name, required=required, status=status, evidence="", reason="r", fix="f")


def log(*entries: tuple[EntryKind, dict[str, str | int], str]) -> AuditLog:
    """A log of (kind, fields, when), numbered from 1; the chain is not what is tested here."""
    return AuditLog(
        entries=tuple(
            AuditEntry(sequence=n, at=at, kind=kind, by="Mara", fields=fields, previous="", digest="")
            for n, (kind, fields, at) in enumerate(entries, start=1)
        )
    )


def attested(item: str = "rollback", **fields: str) -> tuple[EntryKind, dict[str, str | int], str]:
    """An attestation for the candidate, in force when it is decided."""
    usual = {"item": item, "commit": COMMIT, "reason": "r", "expires": LATER}
    return EntryKind.ATTESTATION, {**usual, **fields}, EARLIER


def incident(at: str = EARLIER, billing: str = "yes") -> tuple[EntryKind, dict[str, str | int], str]:
    """An incident that was opened."""
    fields: dict[str, str | int] = {
        "title": "Delayed webhooks",
        "severity": 3,
        "billing": billing,
        "impact": "late credits",
        "owner": "Mara",
    }
    return EntryKind.INCIDENT_OPENED, fields, at


def closed(of: int, at: str) -> tuple[EntryKind, dict[str, str | int], str]:
    """The end of an incident."""
    return EntryKind.INCIDENT_CLOSED, {"of": of, "reason": "mended"}, at


def tier_run(tier: str, **changes: Any) -> BundleEvidence:
    """A verified green run of `tier` on the candidate, its coverage gated."""
    usual: dict[str, Any] = {
        "kind": "billing-confidence",
        "run_id": f"run-{tier}",
        "folder": f"billing-confidence/run-{tier}",
        "state": "verified",
        "overall_status": "pass",
        "tier": tier,
        "commit": COMMIT,
        "dirty": False,
        "missing_count": 0,
        "coverage_gate": True,
        "coverage": (("app.billing", "pass", "pass"),),
    }
    return BundleEvidence(**{**usual, **changes})


def evidence(
    change: Change = CHANGE,
    bundles: Sequence[BundleEvidence] = (),
    log: AuditLog = AuditLog(),  # noqa: B008 - frozen
    rewritten: str = "",
) -> ReleaseEvidence:
    """What a decision about the candidate is judged from."""
    return ReleaseEvidence(
        commit=COMMIT,
        decided_at=DECIDED_AT,
        change=change,
        bundles=tuple(bundles),
        log=log,
        rewritten=rewritten,
    )


ITEMS = release(
    ("finance", ItemKind.SIGN_OFF),
    ("rehearsal", ItemKind.SIGN_OFF),
    ("runbook", ItemKind.SIGN_OFF),
    ("rollback", ItemKind.ROLLBACK_PLAN),
    ("approvals", ItemKind.APPROVALS),
)
GREEN = tuple(map(result, ("finance", "rehearsal", "runbook", "rollback", "approvals")))


def facts(
    found: ReleaseEvidence | None = None,
    *,
    policy: RiskPolicy = SHIPPED,
    items: Sequence[ItemResult] = GREEN,
    checklist: ReleasePolicy = ITEMS,
) -> RiskFacts:
    """The facts of a release, all of whose items are green unless said otherwise."""
    return facts_from(policy, checklist, found or evidence(), items)


def saying(**values: Any) -> RiskPolicy:
    """The shipped policy with these statements."""
    return replace(SHIPPED, stated=Stated(**values))


def but(*statuses: Status) -> tuple[ItemResult, ...]:
    """The five items with these statuses, in order."""
    return tuple(replace(each, status=status) for each, status in zip(GREEN, statuses, strict=True))


def told(fact: Fact[Any]) -> tuple[Any, str]:
    """What a fact says, and where it is from."""
    return fact.value, fact.source


def changing(*paths: str, base: str = "v1.0") -> ReleaseEvidence:
    """The candidate's evidence with these changed files."""
    return evidence(change=replace(CHANGE, paths=paths, base=base))


UNTOLD = evidence(change=Change(commit="c" * 40, problem="no repository"))
"""A change that nobody can tell."""
QUIET = changing("README.md")
"""A change that touches no billing surface."""
