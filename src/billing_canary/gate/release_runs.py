"""The items that recorded runs answer: tiers, probes, suites, coverage and complete artifacts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from billing_canary.gate.release_case import Case, failed, green, missing, red, words
from billing_canary.gate.release_run import (
    RUN_KINDS,
    Reliable,
    Wanted,
    answer,
    not_passed,
    path_of,
    reliable,
    wanted_run,
)
from billing_canary.release import BundleEvidence, ItemResult, ReleaseItem
from billing_canary.verdict import Status

_Problems = Callable[[ReleaseItem, BundleEvidence], Iterator[str]]


def run_passed(item: ReleaseItem, case: Case) -> ItemResult:
    """The newest run of that tier, or canary run in that mode, passed."""
    wanted = wanted_run(item, case.evidence.commit)
    found = reliable(item, case, wanted)
    if not isinstance(found, Reliable):
        return red(item, found)
    bad = not_passed(found.bundle, wanted)
    if bad is not None:
        return red(item, bad)
    return green(item, f"passed at {found.bundle.finished_at}", path_of(found.bundle))


def suites_passed(item: ReleaseItem, case: Case) -> ItemResult:
    """Every suite that the item names passed in the newest run of that tier."""
    return _of_tier(item, case, _suite_problems, f"passed: {', '.join(words(item, 'suites'))}")


def coverage_holds(item: ReleaseItem, case: Case) -> ItemResult:
    """Every gated module holds its floors in the newest run of that tier."""
    return _of_tier(item, case, _coverage_problems, "every gated module holds its floors")


def artifacts_complete(item: ReleaseItem, case: Case) -> ItemResult:
    """Every run that other items rest on is there, verified, and lacks no file."""
    asked = [wanted_run(each, case.evidence.commit) for each in case.policy.items if each.kind in RUN_KINDS]
    if not asked:
        return red(item, missing("no item asks for a run", "add an item of kind tier or probe to the policy"))
    paths: list[str] = []
    for wanted in asked:
        bundle = answer(case, wanted)
        if bundle is None:
            return red(item, missing(f"no {wanted.name} is recorded for this commit", wanted.command))
        path = path_of(bundle)
        if bundle.state != "verified" or bundle.missing_count != 0:
            return red(item, failed(_incomplete(bundle), wanted.command, path))
        paths.append(path)
    count = len(set(paths))
    return green(item, f"missing_count 0 in {count} {'bundle' if count == 1 else 'bundles'}", paths[0])


def _incomplete(bundle: BundleEvidence) -> str:
    count = "unknown" if bundle.missing_count is None else bundle.missing_count
    return f"{path_of(bundle)} is not complete: {bundle.state}, missing_count {count}"


def _of_tier(item: ReleaseItem, case: Case, problems: _Problems, praise: str) -> ItemResult:
    wanted = wanted_run(item, case.evidence.commit)
    found = reliable(item, case, wanted)
    if not isinstance(found, Reliable):
        return red(item, found)
    path, told = path_of(found.bundle), "; ".join(problems(item, found.bundle))
    if told:
        return red(item, failed(f"{path}: {told}", _mended(wanted), path))
    return green(item, praise, path)


def _mended(wanted: Wanted) -> str:
    return f"mend what its report names, then: {wanted.command}"


def _suite_problems(item: ReleaseItem, bundle: BundleEvidence) -> Iterator[str]:
    names = words(item, "suites")
    if not names:
        yield "the item names no suite"
    for name in names:
        came_to = [status for suite, status in bundle.suites if suite == name]
        if came_to != [Status.PASS]:
            yield f"suite {name} {'came to ' + ' and '.join(came_to) if came_to else 'did not run'}"


def _coverage_problems(_: ReleaseItem, bundle: BundleEvidence) -> Iterator[str]:
    if not bundle.coverage_gate:
        yield "its tier has no coverage gate"
    elif not bundle.coverage:
        yield "coverage was not measured"
    for module, line, branch in bundle.coverage:
        if (line, branch) != (Status.PASS, Status.PASS):
            yield f"{module}: lines {line}, branches {branch}"
