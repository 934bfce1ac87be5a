"""What the `runs` commands do: read bundles, check them, and print what they hold."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

import click

from billing_canary.artifact.canary_reading import read_canary_report
from billing_canary.artifact.faults_reading import read_faults_report
from billing_canary.artifact.kinds import KINDS
from billing_canary.artifact.listing import find_runs, list_runs
from billing_canary.artifact.reader import JsonFile, read_final
from billing_canary.artifact.render.console import console
from billing_canary.artifact.render.faults_console import faults_console
from billing_canary.artifact.render.text import plain, wrapped
from billing_canary.artifact.render.tier_console import tier_console
from billing_canary.artifact.render.unpainted import Paint
from billing_canary.artifact.tier_reading import read_tier_report
from billing_canary.artifact.verify import BundleState, FileProblem, Verification, verify_bundle
from billing_canary.cli.paint import painter
from billing_canary.cli.rejudge import verdict_problem
from billing_canary.cli.void_runs import void_near
from billing_canary.errors import EvidenceError, ExitCode, wrong_call

_NONE_WRITTEN = "the final file was never written: the run was interrupted and is evidence of nothing"


def show_recorded(root: Path, run_id: str, *, kind: str | None, project: str | None, as_json: bool) -> int:
    """Print one run's summary again, or with `as_json` its final document as it stands on disk.

    Raises:
        ProjectError: there is no such run, or more than one.
        EvidenceError: the run was interrupted, or its final file cannot be trusted.
    """
    folder = one_run(root, run_id, kind)
    final = KINDS[folder.parent.name].final
    if not (folder / final).exists():
        raise EvidenceError(f"{folder}: {_NONE_WRITTEN}")
    file = read_final(folder)
    click.echo(_summary(folder, file, err=as_json), err=as_json, nl=False)
    void = void_near(project).get(f"{folder.parent.name}/{run_id}")
    if void:
        told = f"INVALIDATED by {void.by} on {void.at[:10]}: {void.reason}"
        click.echo("\n".join(wrapped(plain(told), 80, "    ")), err=as_json)
    if as_json:
        click.echo(file.data.decode(), nl=False)
    return int(ExitCode.YES)


def verify_recorded(root: Path, run_id: str | None, *, kind: str | None, as_json: bool) -> int:
    """Check one run, or all when `run_id` is None; prints every problem; the exit code.

    Raises:
        ProjectError: there is no such run.
    """
    if run_id is None:
        folders: Iterable[Path] = (row.folder for row in list_runs(root, _kinds(kind)))
    else:
        folders = [folder for folder in find_runs(root, run_id) if kind in {None, folder.parent.name}]
    checks = [_verified(folder) for folder in folders]
    for check in checks:
        click.echo("\n".join(_told(check)), err=as_json)
    if not checks:
        click.echo(f"nothing to verify below {root}", err=True)
    if as_json:
        click.echo(json.dumps({"runs": [asdict(check) for check in checks]}))
    return int(_exit_code(checks))


def _kinds(kind: str | None) -> tuple[str, ...]:
    return (kind,) if kind else ()


def one_run(root: Path, run_id: str, kind: str | None) -> Path:
    """The folder of the run `run_id`, of `kind` where several kinds have it.

    Raises:
        ProjectError: there is none, or more than one.
    """
    found = [folder for folder in find_runs(root, run_id) if kind in {None, folder.parent.name}]
    if len(found) == 1:
        return found[0]
    kinds = ", ".join(folder.parent.name for folder in found) or "none of that kind"
    raise wrong_call("RUN_ID", f"{run_id!r} names {len(found)} runs ({kinds})", "say which one with --kind")


def _summary(folder: Path, file: JsonFile, *, err: bool) -> str:
    report_file, paint = folder / KINDS[folder.parent.name].report, painter(err=err)
    match folder.parent.name:
        case "billing-faults":
            return faults_console(read_faults_report(file.document), report_file, paint)
        case "billing-confidence":
            return tier_console(read_tier_report(file.document), report_file, paint)
        case "billing-decisions":
            return _decision_summary(file, report_file, paint)
        case "billing-triggers":
            return _triggers_summary(file, report_file, paint)
        case _:
            return console(read_canary_report(file.document), report_file, paint)


def _triggers_summary(file: JsonFile, report_file: Path, paint: Paint) -> str:
    """Loaded when an evaluation of triggers is shown only."""
    from billing_canary.artifact.render.triggers_console import triggers_console
    from billing_canary.artifact.triggers_report import read_triggers_report

    return triggers_console(read_triggers_report(file.document), report_file, paint)


def _decision_summary(file: JsonFile, report_file: Path, paint: Paint) -> str:
    """Loaded when a decision is shown only."""
    from billing_canary.artifact.decision_report import read_decision_report
    from billing_canary.artifact.render.decision_console import decision_console

    return decision_console(read_decision_report(file.document), report_file, paint)


def _verified(folder: Path) -> Verification:
    """The bundle's own check, and beside it whether the verdict follows from the evidence."""
    check = verify_bundle(folder)
    if check.state is not BundleState.VERIFIED:
        return check
    return verdict_problem(folder, check)


def _told(check: Verification) -> Iterator[str]:
    yield f"{check.state}: {check.kind}/{check.run_id}"
    if check.state is BundleState.INTERRUPTED:
        yield f"    {_NONE_WRITTEN}"
    yield from map(_problem, check.problems)


def _problem(found: FileProblem) -> str:
    return f"    {found.problem}: {plain(found.path)}: {plain(found.detail, 2_000)}"


def _exit_code(checks: list[Verification]) -> ExitCode:
    states = {check.state for check in checks}
    if BundleState.DAMAGED in states:
        return ExitCode.NO
    return ExitCode.YES if states == {BundleState.VERIFIED} else ExitCode.CANNOT_TELL
