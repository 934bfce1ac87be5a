"""How much the recorded runs of the tiers show of the commit: strong, medium, weak or none."""

from __future__ import annotations

from billing_canary.release import BundleEvidence, ReleaseEvidence
from billing_canary.risk import Fact, RiskPolicy, TestSignal, derived
from billing_canary.verdict import Status

_VERIFIED = "verified"
_STEP_LOWER = {
    TestSignal.STRONG: TestSignal.MEDIUM,
    TestSignal.MEDIUM: TestSignal.WEAK,
    TestSignal.WEAK: TestSignal.WEAK,
}
"""What a green run shows whose coverage was not gated."""


def signal_of_tests(policy: RiskPolicy, evidence: ReleaseEvidence) -> Fact[TestSignal]:
    """The best signal that the newest run of any tier gives; `none` without a green one."""
    best = derived(TestSignal.NONE, "no verified green run of a tier on this commit")
    order = list(TestSignal)
    for signal, tiers in policy.tiers.items():
        for tier in tiers:
            found = _of_tier(evidence, tier, signal)
            if found and order.index(found.value or TestSignal.NONE) < order.index(
                best.value or TestSignal.NONE
            ):
                best = found
    return best


def _of_tier(evidence: ReleaseEvidence, tier: str, signal: TestSignal) -> Fact[TestSignal] | None:
    run = _newest(evidence, tier)
    if run is None or not _is_green(run):
        return None
    if signal is not TestSignal.WEAK and not _is_covered(run):
        return derived(_STEP_LOWER[signal], f"{tier} is green without its coverage gate ({run.run_id})")
    return derived(signal, f"{tier} is green ({run.run_id})")


def _newest(evidence: ReleaseEvidence, tier: str) -> BundleEvidence | None:
    """The newest whole run of `tier` on the commit that nobody declared void; an older one is history."""
    for run in evidence.bundles:
        if run.tier == tier and run.commit == evidence.commit and not run.invalidated and not run.partial:
            return run
    return None


def _is_green(run: BundleEvidence) -> bool:
    sound = run.state == _VERIFIED and run.dirty is False and run.missing_count == 0
    return sound and run.overall_status == Status.PASS


def _is_covered(run: BundleEvidence) -> bool:
    passed = all(line == branch == Status.PASS for _, line, branch in run.coverage)
    return run.coverage_gate and bool(run.coverage) and passed
