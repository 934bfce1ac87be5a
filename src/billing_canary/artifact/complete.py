"""Completing a bundle: the reports for people are rendered, then the final file is written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from billing_canary.artifact.bundle import BundleWriter
from billing_canary.artifact.canary_report import CanaryReport, canary_document
from billing_canary.artifact.faults_report import FaultsReport, faults_document
from billing_canary.artifact.render.faults_markdown import faults_markdown
from billing_canary.artifact.render.junit import junit
from billing_canary.artifact.render.markdown import markdown


def complete_canary(writer: BundleWriter, report: CanaryReport) -> Path:
    """Write Markdown, JUnit and the final JSON of a canary run; returns the Markdown file.

    Raises:
        EvidenceError: something cannot be written or is not valid; the bundle stays unfinished.
    """
    missing = len(writer.missing_evidence())
    report = replace(report, missing_count=missing)
    shown = writer.write_text(writer.kind.report, markdown(report), kind="report")
    writer.write_text("junit.xml", junit(report), kind="junit")
    writer.finish(canary_document(report))
    return shown


def complete_faults(writer: BundleWriter, report: FaultsReport) -> Path:
    """Write Markdown and the final JSON of a detection matrix; returns the Markdown file.

    Raises:
        EvidenceError: something cannot be written or is not valid; the bundle stays unfinished.
    """
    shown = writer.write_text(writer.kind.report, faults_markdown(report), kind="report")
    writer.finish(faults_document(report))
    return shown
