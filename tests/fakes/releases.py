"""A release that is GO, and its parts, for tests that break one of them at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from billing_canary.audit.chain import next_entry
from billing_canary.audit.log import AuditLog, EntryKind
from billing_canary.audit.people import Person
from billing_canary.release import (
    BundleEvidence,
    Change,
    ItemKind,
    ReleaseEvidence,
    ReleaseItem,
    ReleasePolicy,
    RiskScore,
)

COMMIT, OTHER = "a" * 40, "b" * 40
NOW = "2026-11-21T12:00:00.000Z"
SOON, PAST = "2026-12-01T00:00:00.000Z", "2026-11-21T11:59:59.000Z"
BEFORE = "2026-11-21T11:00:00.000Z"
RISK = RiskScore(factors=(), raw=126, score=100, level="critical", advice="Halt.")

LEAD = Person(key="taylor", names=("Taylor Example",), emails=("taylor@example.com",), roles=("lead", "qa"))
FINANCE = Person(key="kim", names=("Kim",), emails=("kim@example.com",), roles=("finance",))
OWNER = Person(key="robin", names=("Robin Example",), emails=("robin@example.com",), roles=("owner", "lead"))
TESTER = Person(key="sam", names=("Sam Probe",), emails=("sam@example.com",), roles=("qa",))


def item(kind: str, name: str = "", *, required: bool = True, **settings: object) -> ReleaseItem:
    return ReleaseItem(
        id=name or kind,
        title=f"The {name or kind}",
        kind=ItemKind(kind),
        required=required,
        settings=settings,
        place="gates/release.toml: item[0]",
    )


TIER = item("tier", tier="heavy", max_age_h=72)
PROBE = item("probe", mode="staging", target="", max_age_h=24)
SUITES = item("suites", tier="heavy", suites=("topup", "webhook"), max_age_h=72)
COVERAGE = item("coverage", tier="heavy", max_age_h=72)
ARTIFACTS = item("artifacts")
DEFECTS = item("defects", file="")
RISKS = item("risks")
SIGN_OFF = item("sign-off", roles=("finance",))
PLAN = item("rollback-plan", states=("verified", "partial"), max_age_days=90)
APPROVALS = item("approvals", roles=("lead",))
ITEMS = (TIER, PROBE, SUITES, COVERAGE, ARTIFACTS, DEFECTS, RISKS, SIGN_OFF, PLAN, APPROVALS)

POLICY = ReleasePolicy(
    title="Checklist",
    environment="production",
    release_owner="robin",
    items=ITEMS,
    people=(LEAD, FINANCE, OWNER, TESTER),
    tags="v*",
)

HEAVY = BundleEvidence(
    kind="billing-confidence",
    run_id="heavy-1",
    folder="billing-confidence/heavy-1",
    state="verified",
    overall_status="pass",
    mode="confidence",
    tier="heavy",
    commit=COMMIT,
    dirty=False,
    started_at=BEFORE,
    finished_at=BEFORE,
    missing_count=0,
    coverage_gate=True,
    suites=(("topup", "pass"), ("webhook", "pass"), ("quota", "pass")),
    coverage=(("shop.topups", "pass", "pass"),),
    final_sha256="1" * 64,
)
CANARY = replace(
    HEAVY,
    kind="billing-canary",
    run_id="canary-1",
    folder="billing-canary/canary-1",
    mode="staging",
    tier="",
    target="shop",
    coverage_gate=False,
    suites=(),
    coverage=(),
)

Said = tuple[str, str, Mapping[str, str | int]]
"""Kind, who, and the fields of an entry."""


def log(entries: Iterable[Said], at: str = BEFORE) -> AuditLog:
    made = AuditLog()
    for kind, by, fields in entries:
        entry = next_entry(made, EntryKind(kind), by, fields, at)
        made = AuditLog(entries=(*made.entries, entry), head=entry.digest)
    return made


def attested(name: str, by: str = "Kim", **more: str | int) -> Said:
    fields = {"item": name, "commit": COMMIT, "reason": "looked at it", "expires": SOON}
    return ("attestation", by, {**fields, **more})


def approval(by: str = "Taylor Example", role: str = "lead", commit: str = COMMIT) -> Said:
    return ("approval", by, {"commit": commit, "role": role})


def risk(expires: str = SOON, **more: str) -> Said:
    fields = {"title": "Slow replay", "owner": "Kim", "mitigation": "watch it", "expires": expires}
    return ("risk", "Kim", {**fields, **more})


PLAN_SAID = attested("rollback-plan", state="verified", rehearsed_on="2026-11-01")
SAID: tuple[Said, ...] = (attested("no-open-defects"), risk(), attested("sign-off"), PLAN_SAID, approval())

EVIDENCE = ReleaseEvidence(
    commit=COMMIT,
    decided_at=NOW,
    change=Change(commit=COMMIT, base="v1", authors=(("Dev", "dev@example.com"),), paths=("shop.py",)),
    bundles=(HEAVY, CANARY),
    log=log(SAID),
)


def evidence(**changes: Any) -> ReleaseEvidence:
    return replace(EVIDENCE, **changes)


def policy(*items: ReleaseItem, **changes: Any) -> ReleasePolicy:
    return replace(POLICY, items=items or ITEMS, **changes)
