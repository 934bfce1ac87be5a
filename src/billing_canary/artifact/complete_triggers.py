"""Completing the bundle of an evaluation of the triggers."""

from __future__ import annotations

from pathlib import Path

from billing_canary.artifact.bundle import BundleWriter
from billing_canary.artifact.render.triggers_markdown import triggers_markdown
from billing_canary.artifact.triggers_report import TriggersReport, triggers_document


def complete_triggers(writer: BundleWriter, report: TriggersReport) -> Path:
    """Write Markdown and the final JSON; returns the Markdown file.

    Raises:
        EvidenceError: something cannot be written or is not valid; the bundle stays unfinished.
    """
    shown = writer.write_text(writer.kind.report, triggers_markdown(report), kind="report")
    writer.finish(triggers_document(report))
    return shown
