"""What a recorded run says about itself, cheaply: enough to tell whether a decision needs it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from os.path import lexists
from pathlib import Path
from typing import Any

from billing_canary.artifact.evidence_order import sealed_documents
from billing_canary.artifact.kinds import kind_named
from billing_canary.artifact.reader import read_run
from billing_canary.artifact.run_id import is_run_id
from billing_canary.artifact.verify import BundleState
from billing_canary.errors import EvidenceError
from billing_canary.release import BundleEvidence

_LIMITS = frozenset({"--only", "--fault", "--no-require-sandbox"})
"""Options of `billing-canary probe` with which a pass says less than a whole run's."""

_TOLD_TWICE = ("mode", "tier", "target", "argv")
"""What `run.json` says when a run begins, and its report when it ends."""


def look(root: Path, folder: Path) -> BundleEvidence:
    """The run in `folder` below `root`, its report believed only as it was sealed.

    A damaged one tells nothing, not even its tier or commit: what is altered may be altered there, too.
    "verified" means here that report and `run.json` are sealed and agree; the other files are not read.
    """
    kind = folder.name if folder.parent == root else folder.parent.name
    if folder.parent == root:
        return _unusable(root, folder, kind, BundleState.DAMAGED, "the folder is a link or cannot be listed")
    if not is_run_id(folder.name):
        return _unusable(root, folder, kind, BundleState.DAMAGED, "the folder's name is no run id")
    if folder.is_symlink():
        return _unusable(root, folder, kind, BundleState.DAMAGED, "the folder is a link")
    if not lexists(folder / kind_named(kind).final):
        return _interrupted(root, folder, kind)
    try:
        final, run = sealed_documents(folder)
    except (EvidenceError, OSError) as error:
        return _unusable(root, folder, kind, BundleState.DAMAGED, str(error))
    return _finished(root, folder, final.document, run, hashlib.sha256(final.data).hexdigest())


def _unusable(
    root: Path, folder: Path, kind: str, state: BundleState, detail: str, **told: str
) -> BundleEvidence:
    return BundleEvidence(
        kind=kind,
        run_id=folder.name if folder.parent != root and is_run_id(folder.name) else "",
        folder=_shown(root, folder),
        state=str(state),
        detail=detail,
        **told,  # type: ignore[arg-type]  # the only keys are texts: mode, tier, started_at
    )


def _shown(root: Path, folder: Path) -> str:
    """The path below `root`; bytes that are no text become visible."""
    return os.fsencode(folder.relative_to(root)).decode("utf-8", "backslashreplace")


def _interrupted(root: Path, folder: Path, kind: str) -> BundleEvidence:
    state, detail = BundleState.INTERRUPTED, "the run was interrupted, or has not ended yet"
    try:
        run = read_run(folder)
    except (EvidenceError, OSError) as error:
        return _unusable(root, folder, kind, state, f"{detail}; {error}")
    mode = run["mode"] if kind == "billing-canary" else ""
    told = {"mode": mode, "tier": run.get("tier", ""), "started_at": run["started_at"]}
    return _unusable(root, folder, kind, state, run.get("reason", detail), **told)


def _finished(
    root: Path, folder: Path, document: Mapping[str, Any], run: Mapping[str, Any], digest: str
) -> BundleEvidence:
    tier = document.get("tier", "")
    disputed = [key for key in _TOLD_TWICE if run.get(key, document.get(key)) != document.get(key)]
    if disputed:
        detail = f"run.json and the report disagree about {' and '.join(disputed)}"
        return _unusable(root, folder, folder.parent.name, BundleState.DAMAGED, detail)
    return BundleEvidence(
        kind=folder.parent.name,
        run_id=folder.name,
        folder=str(folder.relative_to(root)),
        state=str(BundleState.VERIFIED),
        overall_status=document["overall_status"],
        mode=document["mode"],
        tier=tier,
        target=document.get("target", ""),
        commit=document["commit"],
        dirty=document["dirty"],
        started_at=document["started_at"],
        finished_at=document["finished_at"],
        missing_count=document["missing_count"],
        coverage_gate=document.get("coverage_gate", False),
        checks_harness=document.get("checks_harness", False),
        partial=document.get("shard") is not None or _is_limited(document),
        suites=tuple((suite["name"], suite["status"]) for suite in document.get("suites", ())),
        coverage=tuple(map(_module, document.get("coverage", ()))),
        final_sha256=digest,
    )


def _is_limited(document: Mapping[str, Any]) -> bool:
    """Whether its command line left probes out, switched a fault on, or waived the sandbox's proof."""
    words = {word.partition("=")[0] for word in document["argv"]}
    return "probes" in document and bool(words & _LIMITS)


def _module(module: Mapping[str, Any]) -> tuple[str, str, str]:
    """Name and the statuses of lines and branches; the worse one of the module replaces a pass."""
    overall = str(module["status"])
    line, branch = (str(module[kind]["status"]) for kind in ("line", "branch"))
    if overall != "pass":
        return (module["module"], overall, overall)
    return (module["module"], line, branch)
