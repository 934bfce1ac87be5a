"""Completing the bundle of a decision."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from billing_canary.artifact.bundle import BundleWriter
from billing_canary.artifact.decision_report import DecisionReport, decision_document
from billing_canary.artifact.render.decision_markdown import decision_markdown


def complete_decision(writer: BundleWriter, report: DecisionReport) -> Path:
    """Write Markdown and the final JSON of a decision; returns the Markdown file.

    Raises:
        EvidenceError: something cannot be written or is not valid; the bundle stays unfinished.
    """
    report = replace(report, missing_count=len(writer.missing_evidence()))
    shown = writer.write_text(writer.kind.report, decision_markdown(report), kind="report")
    writer.finish(decision_document(report))
    return shown
