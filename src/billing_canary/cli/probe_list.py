"""Listing the probes of a project."""

from __future__ import annotations

import json
from pathlib import Path

import click

from billing_canary.errors import ExitCode
from billing_canary.probe.loader import load_probes, select
from billing_canary.probe.registry import Probe
from billing_canary.project import find_project


def list_probes(project_folder: Path | None, only: tuple[str, ...], *, as_json: bool) -> int:
    """Print every selected probe with its title."""
    probes = select(load_probes(find_project(project_folder, Path.cwd())), only)
    if as_json:
        rows = [_probe_row(probe) for probe in probes]
        click.echo(json.dumps({"probes": rows}))
        return int(ExitCode.YES)
    for probe in probes:
        click.echo(f"{probe.id}\n    {probe.title} ({probe.severity}, {probe.owner})")
    return int(ExitCode.YES)


def _probe_row(probe: Probe) -> dict[str, object]:
    return {
        "id": probe.id,
        "title": probe.title,
        "severity": probe.severity,
        "owner": probe.owner,
        "needs": probe.needs,
        "modes": probe.modes,
    }
