"""`runs prune`: what would go and why the rest stays, or doing it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from billing_canary.artifact.prune_plan import PrunePlan, Told, plan_prune
from billing_canary.artifact.render.text import counted, fit, plain
from billing_canary.artifact.retention import KindPlan, Limits
from billing_canary.cli.log_near import log_is_near
from billing_canary.errors import ExitCode

if TYPE_CHECKING:
    from billing_canary.artifact.prune import Pruned
    from billing_canary.audit.log import AuditLog

_MOST_SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class PruneOptions:
    """The options of `billing-canary runs prune`."""

    keep: int
    keep_failed: int
    kind: str | None
    yes: bool
    project: str | None


def prune_recorded(root: Path, options: PruneOptions, *, as_json: bool) -> int:
    """Plan, tell and, with `yes`, remove; 0, or 3 when something could not be removed or may not be.

    Raises:
        ProjectError: the project cannot be found.
        EvidenceError: it cannot be told what is needed, or the runs cannot be listed; nothing was removed.
    """
    kinds = (options.kind,) if options.kind else ()
    limits = Limits(passed=options.keep, failed=options.keep_failed)
    if not options.yes and options.project is None and not log_is_near():
        plan = plan_prune(root, kinds, limits, Told(), trust_index=True)
        return _tell_plan(plan, as_json=as_json)
    from billing_canary.cli.void_runs import log_near, void_in

    log = log_near(options.project)
    told = Told(log=log(), void=void_in(log()))
    plan = plan_prune(root, kinds, limits, told, trust_index=not options.yes)
    return _remove(root, plan, log, as_json=as_json) if options.yes else _tell_plan(plan, as_json=as_json)


def _remove(root: Path, plan: PrunePlan, log: Callable[[], AuditLog], *, as_json: bool) -> int:
    from billing_canary.artifact.prune import prune
    from billing_canary.clock import SystemClock, utc_text

    return _tell_done(plan, prune(root, plan, log, utc_text(SystemClock().now())), as_json=as_json)


def _tell_plan(plan: PrunePlan, *, as_json: bool) -> int:
    gone = [f"{kind.kind}/{run_id}" for kind in plan.kinds for run_id in kind.gone]
    if as_json:
        click.echo(json.dumps({"dry_run": True, "gone": [*plan.left, *gone], **_rest(plan)}))
    lines = [*_kept_lines(plan), *_named("would go", gone), *_named("would go (begun earlier)", plan.left)]
    count = len(gone) + len(plan.left)
    lines.append(f"{counted(count, 'run')} would go; --yes removes them" if count else "nothing would go")
    lines += [f"nothing can be removed: {plain(reason)}" for reason in plan.unknown]
    click.echo("\n".join(lines), err=as_json)
    return int(ExitCode.CANNOT_TELL if plan.unknown else ExitCode.YES)


def _tell_done(plan: PrunePlan, done: Pruned, *, as_json: bool) -> int:
    if as_json:
        told = {"dry_run": False, "gone": done.removed, **_rest(plan)}
        told["stayed"] = [{"run": run, "reason": reason} for run, reason in done.stayed]
        told["problems"] = [{"run": run, "reason": reason} for run, reason in done.problems]
        click.echo(json.dumps(told))
    lines = [*_kept_lines(plan), *_named("removed", done.removed)]
    lines += [f"stays after all: {plain(run)}: {plain(reason)}" for run, reason in done.stayed]
    lines.append(f"{counted(len(done.removed), 'run')} removed")
    click.echo("\n".join(lines), err=as_json)
    for run, reason in done.problems:
        click.echo(f"could not be removed: {plain(run)}: {plain(reason)}", err=True)
    return int(ExitCode.CANNOT_TELL if done.problems else ExitCode.YES)


def _rest(plan: PrunePlan) -> dict[str, object]:
    kept = [{"kind": kind.kind, **asdict(run)} for kind in plan.kinds for run in kind.kept]
    return {"kept": kept, "unknown": plan.unknown}


def _kept_lines(plan: PrunePlan) -> Iterator[str]:
    for kind in plan.kinds:
        if kind.kept or kind.gone:
            yield from _kind_lines(kind)


def _kind_lines(kind: KindPlan) -> Iterator[str]:
    total = len(kind.kept) + len(kind.gone)
    yield f"{kind.kind}: {counted(total, 'run')}, of which {len(kind.kept)} stay"
    for run in kind.kept:
        yield f"  {fit(run.status, 12)} {plain(run.run_id)}  {plain(run.reason)}"


def _named(word: str, runs: Sequence[str]) -> Iterator[str]:
    if runs:
        yield f"{word}:"
    yield from (f"  {plain(run)}" for run in runs[:_MOST_SHOWN])
    if len(runs) > _MOST_SHOWN:
        yield f"  and {len(runs) - _MOST_SHOWN} older ones (--json names all)"
