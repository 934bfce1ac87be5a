"""Judging one item of a checklist over recorded runs."""

from __future__ import annotations

from typing import Any

from tests.fakes.releases import evidence, policy

from billing_canary.gate.release import judge_items
from billing_canary.release import BundleEvidence, ItemResult, ReleaseItem
from billing_canary.verdict import Status

RUN_HEAVY = "git switch --detach aaaaaaaaaaaa && billing-canary confidence heavy"
RUN_STAGING = "git switch --detach aaaaaaaaaaaa && billing-canary probe --mode staging --require-sandbox"
MENDED = f"mend what its report names, then: {RUN_HEAVY}"
HEAVY_PATH = "billing-confidence/heavy-1"


def result(each: ReleaseItem, *bundles: BundleEvidence, **changes: Any) -> ItemResult:
    """What one item comes to over these bundles."""
    (found,) = judge_items(policy(each), evidence(bundles=bundles, **changes))
    return found


def told(found: ItemResult) -> tuple[Status, str, str, str]:
    """What people are told of a result."""
    return found.status, found.reason, found.fix, found.evidence
