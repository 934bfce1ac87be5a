"""The hostile text that every renderer must survive."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billing_canary.artifact.canary_report import CanaryReport

NASTY = "| `a` <script>alert(1)</script> \x1b[31m \x00 ]]> &amp; **bold** @all\n\n# heading\n- item \ufffe"


@pytest.fixture
def nasty(report: CanaryReport) -> CanaryReport:
    """The report with a hostile text wherever one comes from outside."""
    first, failed, *others = report.run.probes
    row = replace(failed.evidence[1], claim=NASTY, expected=NASTY, observed=NASTY * 20, source=NASTY)
    probe = replace(
        failed, id="a|b`c", title=NASTY, surface=NASTY, owner=NASTY, reason=NASTY, evidence=(row,)
    )
    run = replace(report.run, probes=(first, probe, *others), target=NASTY, notes=(NASTY,))
    return replace(report, run=run, verdict=replace(report.verdict, reasons=(NASTY, NASTY)))
