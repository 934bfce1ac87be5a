"""Putting a finished run in front of its reader: a person's summary, or one JSON document."""

from __future__ import annotations

from pathlib import Path

import click

from billing_canary.artifact.canary_report import CanaryReport
from billing_canary.artifact.faults_report import FaultsReport
from billing_canary.artifact.render.console import console
from billing_canary.artifact.render.faults_console import faults_console
from billing_canary.cli.paint import painter


def show_canary(report: CanaryReport, report_file: Path, document: Path, *, as_json: bool) -> None:
    """Print the summary; with `as_json` the final document goes to stdout and the summary to stderr."""
    paint_with = painter(err=as_json)
    click.echo(console(report, report_file, paint_with), err=as_json, nl=False)
    if as_json:
        click.echo(document.read_text(encoding="utf-8"), nl=False)


def show_faults(report: FaultsReport, report_file: Path, document: Path, *, as_json: bool) -> None:
    """Print the detection matrix; with `as_json` the final document goes to stdout, the matrix to stderr."""
    click.echo(faults_console(report, report_file, painter(err=as_json)), err=as_json, nl=False)
    if as_json:
        click.echo(document.read_text(encoding="utf-8"), nl=False)
