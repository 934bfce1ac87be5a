"""Listing the tiers of a project."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from billing_canary.errors import ExitCode, Problem, noting, raise_problems
from billing_canary.project import find_project
from billing_canary.suite.tier_file import load_tier, tier_names
from billing_canary.tier import Tier


def list_tiers(project_folder: Path | None, *, as_json: bool) -> int:
    """Print every tier with its suites.

    Raises:
        ProjectError: a tier file is wrong; carries the problems of all.
    """
    project = find_project(project_folder, Path.cwd())
    problems: list[Problem] = []
    tiers: list[Tier] = []
    for name in tier_names(project):
        with noting(problems):
            tiers.append(load_tier(project, name))
    raise_problems(list(dict.fromkeys(problems)))  # a tier that others extend is read more than once
    if as_json:
        click.echo(json.dumps({"tiers": list(map(_row, tiers))}))
        return int(ExitCode.YES)
    for tier in tiers:
        gate = ", coverage gate" if tier.coverage_gate else ""
        click.echo(f"{tier.name}: {tier.title} ({len(tier.suites)} suites{gate})")
        for suite in tier.suites:
            click.echo(f"    {suite.name}: {suite.title}")
    return int(ExitCode.YES)


def _row(tier: Tier) -> dict[str, Any]:
    suites = [
        {
            "name": suite.name,
            "title": suite.title,
            "command": list(suite.command),
            "timeout_s": suite.timeout_s,
            "weight": suite.weight,
            "coverage": suite.coverage,
            "min_tests": suite.min_tests,
        }
        for suite in tier.suites
    ]
    return {
        "name": tier.name,
        "title": tier.title,
        "coverage_gate": tier.coverage_gate,
        "checks_harness": tier.checks_harness,
        "suites": suites,
    }
