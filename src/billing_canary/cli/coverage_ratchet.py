"""`gate coverage --ratchet`: floors rise to what is reached, and never sink."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from billing_canary.errors import wrong_call

if TYPE_CHECKING:
    from billing_canary.module_coverage import ModuleCoverage
    from billing_canary.project import Project
    from billing_canary.suite.coverage_policy import CoveragePolicy


def ratchet(
    project: Project, policy: CoveragePolicy, modules: Sequence[ModuleCoverage], *, write: bool, err: bool
) -> None:
    """Show the floors that can be raised; with `write` raise them in gates/coverage.toml.

    Raises:
        ProjectError: the project is the bundled one, which is nobody's to change.
        EvidenceError: the file cannot be written.
    """
    from billing_canary.gate.ratchet import raised_floors

    changes = raised_floors(policy.modules, modules)
    for change in changes:
        click.echo(f"ratchet: {change.role} {change.kind} {change.before} -> {change.after}", err=err)
    if not changes:
        click.echo("ratchet: no floor can be raised", err=err)
    elif write:
        _write(project, {(change.role, change.kind): change.after for change in changes})
        click.echo("ratchet: written to gates/coverage.toml", err=err)
    else:
        click.echo("ratchet: nothing was written; --write does", err=err)


def _write(project: Project, floors: dict[tuple[str, str], str]) -> None:
    from billing_canary.artifact.atomic import write_atomically
    from billing_canary.suite.coverage_floors import with_floors
    from billing_canary.suite.coverage_policy import COVERAGE_FILE

    if project.bundled:
        fix = "make a project of your own: billing-canary init FOLDER"
        raise wrong_call("--write", "the bundled project cannot be changed", fix)
    file = project.root / COVERAGE_FILE
    changed = with_floors(file.read_bytes().decode("utf-8"), floors)
    write_atomically(file.resolve(), changed.encode())
