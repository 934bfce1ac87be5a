"""The coverage gate from options to exit code: read, measure, judge, show."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from billing_canary.cli.paint import painter
from billing_canary.errors import ExitCode, ProjectError, wrong_call
from billing_canary.gate.coverage import judge, judge_module
from billing_canary.gate.exit_code import exit_code
from billing_canary.module_coverage import GatedModule, ModuleCoverage, ModuleMeasure
from billing_canary.project import Project, find_project
from billing_canary.suite.coverage_file import open_coverage
from billing_canary.suite.coverage_measure import Freshness, measure_modules
from billing_canary.suite.coverage_policy import CoveragePolicy, load_coverage_policy
from billing_canary.suite.coverage_source import CoverageSource
from billing_canary.suite.source_hashes import hash_sources, hashes_document, read_hashes
from billing_canary.verdict import Verdict


@dataclass(frozen=True, kw_only=True)
class CoverageOptions:
    """The options of `billing-canary gate coverage`."""

    data: Path
    hashes: Path | None
    ratchet: bool
    write: bool
    project: Path | None
    as_json: bool
    quiet: bool


def gate_coverage(options: CoverageOptions) -> int:
    """Judge the data, show the result, and raise floors where that was asked for; the exit code.

    Raises:
        ProjectError: a wrong policy, no data, no hashes file.
        EvidenceError: data or hashes that cannot be read.
    """
    project = find_project(options.project, Path.cwd())
    policy = load_coverage_policy(project, os.environ)
    _must_exist(options.data, policy)
    source = open_coverage(options.data)
    fresh = _freshness(options)
    modules = _judged(policy, source, fresh, every_end=options.as_json)
    verdict = judge(modules)
    _show(options, project, source, modules, verdict)
    if options.ratchet:
        from billing_canary.cli.coverage_ratchet import ratchet

        ratchet(project, policy, modules, write=options.write, err=options.as_json)
    return int(exit_code(verdict.overall_status))


def record(project_folder: Path | None, file: Path, *, as_json: bool) -> int:
    """Write the present hashes of the gated sources to `file`.

    Raises:
        ProjectError: a wrong policy.
        EvidenceError: a source cannot be read, or `file` not be written.
    """
    policy = load_coverage_policy(find_project(project_folder, Path.cwd()), os.environ)
    document = hashes_document(hash_sources(policy.modules))
    from billing_canary.artifact.atomic import write_atomically

    write_atomically(file, document)
    click.echo(f"{len(policy.modules)} sources hashed: {file}", err=as_json)
    if as_json:
        click.echo(document.decode(), nl=False)
    return int(ExitCode.YES)


def judged_modules(policy: CoveragePolicy, measures: tuple[ModuleMeasure, ...]) -> tuple[ModuleCoverage, ...]:
    """The verdict on each module of `policy` from its measure, in the same order."""
    return tuple(map(judge_module, policy.modules, measures))


def _judged(
    policy: CoveragePolicy, source: CoverageSource, fresh: Freshness, *, every_end: bool
) -> tuple[ModuleCoverage, ...]:
    """Judge first, and look where missing branches end only for modules that people must work on."""
    measures = tuple(measure_modules(policy, source, fresh, ends=_always(every_end)))
    modules = judged_modules(policy, measures)
    short = {module.module for module in modules if not _is_pass(module) and module.partial}
    if every_end or not short:
        return modules
    again = measure_modules(policy, source, fresh, ends=lambda gated: gated.module in short)
    return judged_modules(policy, tuple(again))


def _always(wanted: bool) -> Callable[[GatedModule], bool]:  # noqa: FBT001 - the value itself
    return lambda _: wanted


def _is_pass(module: ModuleCoverage) -> bool:
    return module.status == "pass"


def _freshness(options: CoverageOptions) -> Freshness:
    if options.hashes is None:
        return Freshness(hashes=None, written_ns=options.data.stat().st_mtime_ns)
    if not options.hashes.exists():
        fix = f"billing-canary gate coverage --record-hashes {options.hashes} (before the tests)"
        raise wrong_call("--hashes", f"{options.hashes} is not there", fix)
    return Freshness(hashes=read_hashes(options.hashes), written_ns=0)


def _must_exist(data: Path, policy: CoveragePolicy) -> None:
    if not data.exists():
        raise _no_data(data, policy)


def _no_data(data: Path, policy: CoveragePolicy) -> ProjectError:
    folders = sorted({str(Path(module.file).parent) for module in policy.modules})
    measured = ",".join(os.path.relpath(folder, policy.root) for folder in folders)
    fix = f"cd {policy.root} && python -m coverage run --branch --source={measured} -m pytest"
    return wrong_call("--data", f"{data} is not there: nothing was measured", fix)


def _show(
    options: CoverageOptions,
    project: Project,
    source: CoverageSource,
    modules: tuple[ModuleCoverage, ...],
    verdict: Verdict,
) -> None:
    err = options.as_json
    if options.quiet:
        click.echo(f"{verdict.overall_status}: {verdict.reasons[0]}", err=err)
    else:
        from billing_canary.artifact.render.coverage_console import coverage_console

        origin = f"{options.data} ({source.kind})"
        click.echo(coverage_console(modules, verdict, origin, painter(err=err)), err=err, nl=False)
    if os.environ.get("GITHUB_ACTIONS"):
        from billing_canary.artifact.render.coverage_annotations import coverage_annotations

        for line in coverage_annotations(modules, project.root, os.environ):
            click.echo(line, err=err)
    if options.as_json:
        from billing_canary.artifact.coverage_document import coverage_document
        from billing_canary.artifact.json_text import to_json

        click.echo(to_json(coverage_document(modules, verdict)).decode(), nl=False)
