"""Our own recorded runs as the triggers see them: verified, judged again, and newest first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from billing_canary.artifact.claim import is_running
from billing_canary.artifact.kinds import kind_named
from billing_canary.artifact.listing import RunRow, list_runs
from billing_canary.artifact.reader import read_json, read_run
from billing_canary.artifact.verify import BundleState, Verification, verify_bundle
from billing_canary.cli.rejudge import verdict_problem
from billing_canary.errors import EvidenceError
from billing_canary.reading import RunSeen
from billing_canary.telemetry.settings import BundlesSource

VOID = "invalidated"


def runs_below(artifacts: Path, void: Mapping[str, str]) -> Callable[[BundlesSource], tuple[RunSeen, ...]]:
    """What reads the runs that a source asks for.

    Args:
        artifacts: the folder that holds the bundles.
        void: reason for each run that somebody declared void, by "kind/run-id".
    """

    def runs(source: BundlesSource) -> tuple[RunSeen, ...]:
        """The newest of them; those still running and those in another mode are passed over.

        Raises:
            EvidenceError: there is no such kind of bundle, or the folder cannot be read.
        """
        kind_named(source.of)
        found: list[RunSeen] = []
        for row in list_runs(artifacts, (source.of,)):
            if len(found) == source.newest:
                break
            seen = None if _at_work(row.folder) else _seen(row, void.get(f"{row.kind}/{row.run_id}"))
            if seen is not None and source.mode in {"any", seen.mode or source.mode}:
                found.append(seen)
        return tuple(found)

    return runs


def _at_work(folder: Path) -> bool:
    if (folder / kind_named(folder.parent.name).final).exists():
        return False
    try:
        return is_running(folder, read_run(folder))
    except EvidenceError:
        return False


def _seen(row: RunRow, void: str | None) -> RunSeen:
    check = _verified(row.folder)
    state, reason = (VOID, void) if void is not None else (str(check.state), _reason(row, check))
    return RunSeen(
        run_id=row.run_id,
        kind=row.kind,
        state=state,
        overall_status=row.status,
        mode=row.mode or _announced_mode(row.folder),
        started_at=row.started_at,
        finished_at=_finished_at(row.folder) if check.state is BundleState.VERIFIED else "",
        reason=reason,
    )


def _verified(folder: Path) -> Verification:
    check = verify_bundle(folder)
    return verdict_problem(folder, check) if check.state is BundleState.VERIFIED else check


def _reason(row: RunRow, check: Verification) -> str:
    if check.problems:
        return f"{check.problems[0].path}: {check.problems[0].detail}"
    return row.reason


def _announced_mode(folder: Path) -> str:
    try:
        return str(read_run(folder)["mode"])
    except EvidenceError:
        return ""


def _finished_at(folder: Path) -> str:
    return str(read_json(folder, kind_named(folder.parent.name).final).document["finished_at"])
