"""Which recorded run an item asks for, and whether that run can be relied on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from billing_canary.gate.release_case import SHOWN, Case, Red, failed, instant, missing, number, text
from billing_canary.release import BundleEvidence, ItemKind, ReleaseItem
from billing_canary.verdict import Status

TIERS, PROBES = "billing-confidence", "billing-canary"
"""The kinds of bundles that items ask for."""

RUN_KINDS = frozenset({ItemKind.TIER, ItemKind.PROBE, ItemKind.SUITES, ItemKind.COVERAGE})
"""The kinds of items that a recorded run answers."""

_STAGING = "staging"
_PARTIAL = {
    TIERS: "is one shard of several: 'billing-canary runs merge' makes one run of all",
    PROBES: "was limited on its command line (--only, --fault or --no-require-sandbox)",
}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The run that an item asks for: its newest one, of exactly this commit.

    Attributes:
        name: how messages call it.
        command: what produces it.
    """

    kind: str
    tier: str
    mode: str
    target: str
    commit: str
    name: str
    command: str

    def concerns(self, bundle: BundleEvidence) -> bool:
        """Whether `bundle` is such a run, or may be one: what cannot be told may be it."""
        return self.resembles(bundle) and bundle.commit in {None, self.commit}

    def resembles(self, bundle: BundleEvidence) -> bool:
        """Whether it is, or may be, such a run of any commit."""
        return (
            bundle.kind == self.kind
            and _may_be(bundle.tier, self.tier)
            and _may_be(bundle.mode, self.mode)
            and _may_be(bundle.target, self.target)
        )


@dataclass(frozen=True, kw_only=True)
class Reliable:
    """A run that can be relied on, whatever it came to."""

    bundle: BundleEvidence


def wanted_run(item: ReleaseItem, commit: str) -> Wanted:
    """The run that `item`, of one of `RUN_KINDS`, asks for."""
    at_commit = f"git switch --detach {commit[:SHOWN]} && billing-canary"
    if item.kind is ItemKind.PROBE:
        mode, target = text(item, "mode"), text(item, "target")
        proof = " --require-sandbox" if mode == _STAGING else ""
        named = f" --target {target}" if target else ""
        return Wanted(
            kind=PROBES,
            tier="",
            mode=mode,
            target=target,
            commit=commit,
            name=f"canary run in {mode} mode",
            command=f"{at_commit} probe --mode {mode}{named}{proof}",
        )
    tier = text(item, "tier")
    return Wanted(
        kind=TIERS,
        tier=tier,
        mode="",
        target="",
        commit=commit,
        name=f"run of tier {tier}",
        command=f"{at_commit} confidence {tier}",
    )


def answer(case: Case, wanted: Wanted) -> BundleEvidence | None:
    """The newest recorded run that is, or may be, the one that is wanted."""
    return next(filter(wanted.concerns, case.evidence.bundles), None)


def path_of(bundle: BundleEvidence) -> str:
    """How a result names the run."""
    return bundle.folder


def reliable(item: ReleaseItem, case: Case, wanted: Wanted) -> Reliable | Red:
    """The newest run that is wanted, when it is evidence for `item` whatever it came to; else why not."""
    lost = [run for run in case.evidence.gone if run.partition("/")[0] == wanted.kind]
    if lost:
        reason = f"{', '.join(lost)} was recorded here and is gone, though nobody pruned it"
        return failed(reason, f"restore it, or say who removed it and why: {_invalidate(lost[0])}")
    bundle = answer(case, wanted)
    if bundle is None:
        return missing(_nothing(case, wanted), wanted.command)
    path = path_of(bundle)
    if bundle.state == "interrupted":
        return missing(f"{path}: {bundle.detail or 'the run was interrupted'}", wanted.command, path)
    flaw = next(_flaws(bundle), "")
    if flaw:
        return failed(f"{path} {flaw}", wanted.command, path)
    return _wrong_time(item, case, wanted, bundle) or Reliable(bundle=bundle)


def not_passed(bundle: BundleEvidence, wanted: Wanted) -> Red | None:
    """Why a reliable run as a whole is no pass; None when it is one."""
    if bundle.overall_status == Status.PASS:
        return None
    reason, path = f"{path_of(bundle)} came to {bundle.overall_status or 'nothing'}", path_of(bundle)
    fix = f"mend what its report names, then: {wanted.command}"
    return (failed if bundle.overall_status == Status.FAIL else missing)(reason, fix, path)


def _flaws(bundle: BundleEvidence) -> Iterator[str]:
    """What keeps a run from being evidence for good, the worst first."""
    if bundle.state != "verified":
        yield f"is damaged: {bundle.detail or 'it cannot be verified'}"
    if bundle.invalidated:
        yield f"was declared void: {bundle.invalidated}"
    if bundle.checks_harness:
        yield "checks the harness and says nothing about billing"
    if bundle.partial:
        yield _PARTIAL.get(bundle.kind, "is only a part of a run")
    if bundle.commit is None:
        yield "was made outside of a Git repository: it speaks for no commit"
    if bundle.dirty is not False:
        yield "was made with uncommitted changes: it speaks for no commit"
    if bundle.missing_count != 0:
        yield f"lacks required files (missing_count {bundle.missing_count})"


def _wrong_time(item: ReleaseItem, case: Case, wanted: Wanted, bundle: BundleEvidence) -> Red | None:
    path, now, ended = path_of(bundle), case.now, instant(bundle.finished_at)
    if now is None or ended is None:
        return failed(f"{path} does not tell when it ended", wanted.command, path)
    if ended > now:
        reason = f"{path} ended at {bundle.finished_at}, after this decision: a clock is wrong"
        return failed(reason, f"set the clock, then: {wanted.command}", path)
    most = number(item, "max_age_h")
    if now - ended > timedelta(hours=most):
        return missing(f"{path} ended at {bundle.finished_at}, over {most} h ago", wanted.command, path)
    return None


def _nothing(case: Case, wanted: Wanted) -> str:
    reason = f"no {wanted.name} is recorded for commit {wanted.commit[:SHOWN]}"
    alike = next(filter(wanted.resembles, case.evidence.bundles), None)
    if alike is None:
        return reason
    return f"{reason}; the newest one, {path_of(alike)}, is of {str(alike.commit)[:SHOWN]}"


def _invalidate(run: str) -> str:
    kind, _, run_id = run.partition("/")
    return f"billing-canary runs invalidate {run_id} --kind {kind} --by NAME --reason WHY"


def _may_be(told: str, wanted: str) -> bool:
    return not wanted or told in {"", wanted}
