"""`runs compare`: two recorded runs of one kind, read and verified, and what differs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from billing_canary.artifact.comparable import comparable
from billing_canary.artifact.comparison import compare
from billing_canary.artifact.listing import find_runs
from billing_canary.artifact.reader import read_final
from billing_canary.artifact.render.comparison_console import comparison_console
from billing_canary.artifact.render.text import fit, minute, plain, wrapped
from billing_canary.artifact.status import overall_status
from billing_canary.artifact.verify import BundleState, Verification, verify_bundle
from billing_canary.cli.rejudge import verdict_problem
from billing_canary.errors import EvidenceError, ExitCode, wrong_call

_WIDTH = 80


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the two runs."""

    check: Verification
    document: Mapping[str, Any]


def compare_recorded(root: Path, before: str, after: str, *, kind: str | None, as_json: bool) -> int:
    """Print what differs; 0, or 3 when one of the two cannot be trusted.

    Raises:
        ProjectError: there is no such run, or the two are of different kinds, or of several.
        EvidenceError: one was interrupted, or its final file cannot be read.
    """
    name, runs = _pair(root, before, after, kind)
    sides = [_side(run) for run in runs]
    found = compare(*(comparable(name, side.document) for side in sides))
    heads = [_head(side) for side in sides]
    if as_json:
        told = {"kind": name, "before": heads[0], "after": heads[1], **asdict(found)}
        click.echo(json.dumps(told))
    lines = [_line(word, head) for word, head in zip(("before", "after"), heads, strict=True)]
    lines += list(comparison_console(found)) or ["nothing differs"]
    click.echo("\n".join([name, *lines]), err=as_json)
    damaged = [side.check for side in sides if side.check.state is not BundleState.VERIFIED]
    for check in damaged:
        click.echo("\n".join(_warning(check)), err=True)
    return int(ExitCode.CANNOT_TELL if damaged else ExitCode.YES)


def _pair(root: Path, before: str, after: str, kind: str | None) -> tuple[str, tuple[Path, Path]]:
    """The kind of both runs, and their folders."""
    found = [{folder.parent.name for folder in find_runs(root, run_id)} for run_id in (before, after)]
    shared = found[0] & found[1]
    if kind is not None:
        shared &= {kind}
    if len(shared) == 1:
        (name,) = shared
        return name, (root / name / before, root / name / after)
    if shared:
        raise wrong_call("RUN_ID", f"both are runs of {', '.join(sorted(shared))}", "say which with --kind")
    told = " and ".join(", ".join(sorted(kinds)) for kinds in found)
    fix = "name two runs of one kind; 'billing-canary runs list' shows them"
    raise wrong_call("RUN_ID", f"are no two runs of {kind or 'one kind'}: {told}", fix)


def _side(folder: Path) -> Side:
    check = verify_bundle(folder)
    if check.state is BundleState.INTERRUPTED:
        raise EvidenceError(f"{folder}: was interrupted; there is nothing to compare")
    document = read_final(folder).document
    if check.state is BundleState.VERIFIED:
        check = verdict_problem(folder, check)
    return Side(check=check, document=document)


def _head(side: Side) -> dict[str, str]:
    return {
        "run_id": side.check.run_id,
        "overall_status": overall_status(side.document),
        "started_at": str(side.document["started_at"]),
        "state": str(side.check.state),
    }


def _line(word: str, head: Mapping[str, str]) -> str:
    status = fit(plain(head["overall_status"]), 12)
    return f"  {word:<7} {status} {minute(head['started_at'])}  {plain(head['run_id'])}"


def _warning(check: Verification) -> list[str]:
    first = check.problems[0]
    told = f"{check.run_id} is damaged, do not rely on this: {first.path}: {first.detail}"
    return wrapped(plain(told), _WIDTH, "    ")
