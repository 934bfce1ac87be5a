"""The nouns of go or no-go: the policy's items, the evidence that was found, the risk, and the decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from billing_canary.audit.log import AuditLog
from billing_canary.audit.people import Person
from billing_canary.verdict import Status


class ItemKind(StrEnum):
    """What an item of `gates/release.toml` asks for; each has one rule in `gate/release`."""

    TIER = "tier"
    PROBE = "probe"
    SUITES = "suites"
    COVERAGE = "coverage"
    ARTIFACTS = "artifacts"
    DEFECTS = "defects"
    RISKS = "risks"
    SIGN_OFF = "sign-off"
    ROLLBACK_PLAN = "rollback-plan"
    APPROVALS = "approvals"


@dataclass(frozen=True, kw_only=True)
class ReleaseItem:
    """One line of the checklist.

    Attributes:
        required: whether the release waits for it; others are shown only.
        settings: what its kind asks for (`tier`, `mode`, `max_age_h`, `suites`, `roles`,
            ...), checked when loaded.
        place: file and key, for messages.
    """

    id: str
    title: str
    kind: ItemKind
    required: bool
    settings: Mapping[str, object]
    place: str


@dataclass(frozen=True, kw_only=True)
class ReleasePolicy:
    """`gates/release.toml`, checked."""

    title: str
    environment: str
    release_owner: str
    items: tuple[ReleaseItem, ...]
    people: tuple[Person, ...]
    tags: str
    """Pattern of the tags that mark releases, such as "v*"; the last one before the candidate is its base."""


@dataclass(frozen=True, kw_only=True)
class BundleEvidence:
    """One recorded run as the decision sees it. What cannot be known of a broken one is "" or None.

    Attributes:
        state: "verified", "interrupted" or "damaged"; only the first counts.
        detail: why it is not verified.
        folder: relative to the artifacts root.
        final_sha256: hash of its final file, so that the decision cites exactly this evidence.
        invalidated: the audit log's reason, when somebody declared the run void.
        suites: (name, status) of a tier.
        coverage: (module, status of lines, status of branches).
    """

    kind: str
    run_id: str
    folder: str
    state: str
    detail: str = ""
    overall_status: str = ""
    mode: str = ""
    tier: str = ""
    target: str = ""
    commit: str | None = None
    dirty: bool | None = None
    started_at: str = ""
    finished_at: str = ""
    missing_count: int | None = None
    coverage_gate: bool = False
    checks_harness: bool = False
    """Whether its suites test the harness only, so that it says nothing about billing."""
    partial: bool = False
    """Whether it is one shard of several, or was limited on its command line."""
    suites: tuple[tuple[str, str], ...] = ()
    coverage: tuple[tuple[str, str, str], ...] = ()
    final_sha256: str = ""
    invalidated: str = ""


@dataclass(frozen=True, kw_only=True)
class Defect:
    """One open defect that another tool's file tells of."""

    id: str
    title: str
    billing: bool
    open: bool


@dataclass(frozen=True, kw_only=True)
class Change:
    """What the candidate changes against the last release, as Git tells it.

    Attributes:
        base: the last release's tag; "" when there is none.
        authors: (name, e-mail) of everybody who wrote or committed something in it.
        paths: files that differ, relative to the repository's root.
        problem: why it cannot be told, or "".
    """

    commit: str
    base: str = ""
    authors: tuple[tuple[str, str], ...] = ()
    paths: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class RiskFactor:
    """One additive part of the risk score.

    Attributes:
        points: what it adds now; 0 when it does not apply.
        source: "derived: ..." or "stated: ..." or "unknown: ...", in words; an unknown counts in full.
    """

    id: str
    title: str
    points: int
    source: str


@dataclass(frozen=True, kw_only=True)
class RiskScore:
    """The weighted score. It never overrides a blocker.

    Attributes:
        raw: the sum of all factors.
        score: `raw`, capped at 100.
        level: "low", "medium", "high" or "critical".
    """

    factors: tuple[RiskFactor, ...]
    raw: int
    score: int
    level: str
    advice: str


@dataclass(frozen=True, kw_only=True)
class ReleaseEvidence:
    """Everything that a decision is judged from; it is recorded in the decision's bundle as it stands.

    Attributes:
        decided_at: RFC 3339, UTC: the only clock of the judgement.
        bundles: newest first, at least all those of the kinds that the policy asks for and that matter.
        gone: runs that the index knows or an earlier decision cites, and that nobody pruned, but whose
            folder is missing.
        defects: from the policy's defect file; None when none is configured.
        defects_problem: why that file cannot be used, or "".
        rewritten: why the audit log is not the continuation of what was committed or cited before, or "".
    """

    commit: str
    decided_at: str
    change: Change
    bundles: tuple[BundleEvidence, ...]
    log: AuditLog
    gone: tuple[str, ...] = ()
    defects: tuple[Defect, ...] | None = None
    defects_problem: str = ""
    rewritten: str = ""


@dataclass(frozen=True, kw_only=True)
class ItemResult:
    """What one item came to.

    Attributes:
        status: pass, fail, or inconclusive when evidence is missing; only pass is green.
        evidence: path of the bundle or entry that it rests on, or "".
        fix: the command or deed that would make it green; "" when it is.
    """

    id: str
    title: str
    required: bool
    status: Status
    evidence: str
    reason: str
    fix: str


@dataclass(frozen=True, kw_only=True)
class Decision:
    """GO or NO-GO with every blocker."""

    verdict: str
    """"GO" or "NO-GO"."""
    commit: str
    decided_at: str
    items: tuple[ItemResult, ...]
    blockers: tuple[str, ...]
    risk: RiskScore
    cites: tuple[str, ...] = field(default=())
    """`kind/run-id` of every bundle that an item rests on; retention keeps these."""
