"""Cleaning up after one run: look, remove, look again, and say what is left."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from billing_canary.artifact.left_bundle import LeftBundle, find_left_bundle
from billing_canary.artifact.render.text import plain
from billing_canary.artifact.run_id import check_run_id
from billing_canary.cli.recording import environment_secrets
from billing_canary.cli.signals import terminate_as_interrupt
from billing_canary.errors import EvidenceError, ExitCode, wrong_call
from billing_canary.probe.canary import prove_sandbox
from billing_canary.project import find_project
from billing_canary.redact import Redactor
from billing_canary.target.connect import Wishes, connect_staging
from billing_canary.target.leftovers import Leftover, Search, by_journal, find_leftovers
from billing_canary.target.operations import Operation, UnexpectedAnswerError
from billing_canary.target.removal import NotRemoved, Removal, remove_leftovers
from billing_canary.target.stripe_provider import ProviderError
from billing_canary.target.target import Target

_MODE = "staging"  # a mock's leftovers end with it
SHORTEST_RUN_ID = 6
"""Shorter names are too easily somebody else's."""


@dataclass(frozen=True, kw_only=True)
class CleanOptions:
    """The options of `billing-canary clean`."""

    run_id: str
    mode: str
    dry_run: bool
    project: Path | None
    artifacts: Path
    as_json: bool


def clean(options: CleanOptions) -> int:
    """Remove what the run left, and print it; the exit code.

    Raises:
        ProjectError: the call or the project is wrong, or the run is still at work; nothing was sent.
        EvidenceError: what is left cannot be told; nothing was removed.
        RefusedError: the guard stopped it, or the target is not in test mode.
    """
    _check_id(options.run_id)
    bundle = find_left_bundle(options.artifacts, options.run_id, options.mode)
    project = find_project(options.project, Path.cwd())
    with terminate_as_interrupt():
        target = connect_staging(project, os.environ, options.run_id, Wishes())
        redact = Redactor((*target.settings.all_secrets, *environment_secrets(os.environ)))
        try:
            outcome = clean_target(target, bundle, dry_run=options.dry_run)
        except EvidenceError as error:  # it may quote an answer
            raise EvidenceError(redact(str(error))) from None
        finally:
            target.close()
    _show(options, target, outcome, redact)
    return int(exit_code(outcome))


def clean_target(target: Target, bundle: LeftBundle, *, dry_run: bool) -> Removal:
    """Remove what the target's own run left, or with `dry_run` only list it, as left.

    Raises:
        EvidenceError: what is left cannot be told; nothing was removed.
        RefusedError: the guard stopped it, or the target is not in test mode.
    """
    _refuse_blindness(target, bundle)
    prove_sandbox(target, _MODE)
    try:
        search = find_leftovers(target, bundle.started_at)
    except (UnexpectedAnswerError, ProviderError) as error:
        message = f"it cannot be told what run {target.run_id} left, so nothing was removed: {error}"
        raise EvidenceError(message) from error
    journal = _by_journal_alone(target, bundle, search)
    if dry_run:
        left = (NotRemoved(item=item, reason="") for item in (*search.found, *journal))
        done = Removal(removed=(), left=tuple(left), unknown=search.unknown)
    else:
        done = remove_leftovers(target, search, journal, bundle.started_at)
    return Removal(removed=done.removed, left=done.left, unknown=(*done.unknown, *_hidden(target, bundle)))


def exit_code(outcome: Removal) -> ExitCode:
    """No when something is left, "can't tell" when that is not sure, else yes."""
    if any(each.item.proved or each.reason for each in outcome.left):
        return ExitCode.NO
    return ExitCode.CANNOT_TELL if outcome.unknown or outcome.left else ExitCode.YES


def _check_id(run_id: str) -> None:
    check_run_id(run_id)
    if len(run_id) < SHORTEST_RUN_ID:
        fix = f"name the whole id; one of under {SHORTEST_RUN_ID} characters is too easily another's"
        raise wrong_call("--run-id", f"{run_id!r} is too short", fix)


def _refuse_blindness(target: Target, bundle: LeftBundle) -> None:
    if Operation.FIND_ACCOUNTS not in target.settings.operations and bundle.journal is None:
        raise EvidenceError(
            f"can't tell what is left of run {target.run_id}: the target maps no find_accounts, and below "
            "--artifacts there is no bundle of the run with a journal\n"
            "    fix: map find_accounts in probes/targets.toml, or name the run's --artifacts"
        )


def _by_journal_alone(target: Target, bundle: LeftBundle, search: Search) -> tuple[Leftover, ...]:
    shown = {item.key for item in search.found}
    accounts = bundle.journal.open if bundle.journal else ()
    return tuple(item for item in by_journal(target, accounts) if item.key not in shown)


def _hidden(target: Target, bundle: LeftBundle) -> Iterator[str]:
    """What only find_accounts could tell, where the target does not map it."""
    if Operation.FIND_ACCOUNTS in target.settings.operations or bundle.journal is None:
        return
    if bundle.journal.unreadable:
        yield f"{bundle.journal.unreadable} lines of the run's journal cannot be read"


def _show(options: CleanOptions, target: Target, outcome: Removal, redact: Redactor) -> None:
    lines = [plain(redact(line), 2_000) for line in _told(options, target, outcome)]
    click.echo("\n".join(lines), err=options.as_json)
    if options.as_json:
        click.echo(json.dumps(redact.tree(_document(options, target, outcome))))


def _told(options: CleanOptions, target: Target, outcome: Removal) -> Iterator[str]:
    for item in outcome.removed:
        yield f"removed   {item.kind:<9}{item.id}"
    for each in outcome.left:
        yield f"left      {each.item.kind:<9}{each.item.id}: {each.reason or each.item.detail}"
    for sentence in outcome.unknown:
        yield f"unknown   {sentence}"
    yield _conclusion(options, target, outcome)


def _conclusion(options: CleanOptions, target: Target, outcome: Removal) -> str:
    where = f"of run {options.run_id} at target {target.settings.name}"
    if outcome.left:
        return f"{len(outcome.left)} left {where}{'; dry run, nothing was changed' * options.dry_run}"
    if outcome.unknown:
        return f"can't tell whether anything is left {where}"
    by_journal_only = Operation.FIND_ACCOUNTS not in target.settings.operations
    return f"nothing is left {where}{', as far as its journal tells' * by_journal_only}"


def _document(options: CleanOptions, target: Target, outcome: Removal) -> dict[str, Any]:
    return {
        "run_id": options.run_id,
        "target": target.settings.name,
        "dry_run": options.dry_run,
        "removed": [{"kind": item.kind, "id": item.id} for item in outcome.removed],
        "left": [
            {
                "kind": e.item.kind,
                "id": e.item.id,
                "proved": e.item.proved,
                "reason": e.reason or e.item.detail,
            }
            for e in outcome.left
        ],
        "unknown": list(outcome.unknown),
        "exit_code": int(exit_code(outcome)),
    }
