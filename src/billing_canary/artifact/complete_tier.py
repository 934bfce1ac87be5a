"""Completing the bundle of a tier: apart from the others, since a tier's run loads nothing of theirs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from billing_canary.artifact.bundle import BundleWriter
from billing_canary.artifact.render.tier_junit import tier_junit
from billing_canary.artifact.render.tier_markdown import tier_markdown
from billing_canary.artifact.tier_report import TierReport, tier_document


def complete_tier(writer: BundleWriter, report: TierReport) -> Path:
    """Write Markdown, the merged JUnit and the final JSON of a tier; returns the Markdown file.

    Raises:
        EvidenceError: something cannot be written or is not valid; the bundle stays unfinished.
    """
    report = replace(report, missing_count=len(writer.missing_evidence()))
    shown = writer.write_text(writer.kind.report, tier_markdown(report), kind="report")
    writer.write_text("junit.xml", tier_junit(report), kind="junit")
    writer.finish(tier_document(report))
    return shown
