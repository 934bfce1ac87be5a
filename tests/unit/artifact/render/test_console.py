from __future__ import annotations

import re
from dataclasses import replace

from billing_canary.artifact.canary_report import CanaryReport
from billing_canary.artifact.faults_report import FaultsReport
from billing_canary.artifact.render.console import console
from billing_canary.artifact.render.faults_console import faults_console
from billing_canary.artifact.render.text import columns
from billing_canary.model import ProbeResult, Status, Verdict

FILE = "artifacts/billing-canary/r/billing-canary-report.md"


def painted(text: str, status: Status) -> str:
    return f"<{status}>{text}</{status}>"


def test_the_summary_of_a_failed_run(report: CanaryReport) -> None:
    assert console(report, FILE) == (
        """\
FAIL: billing is not safe
Since 2026-11-21 08:00 UTC, target shop
  - webhooks.replay failed: copied
  - ladder flaky
Next: stop the release, roll back if it is live, and hand the report's Impact to
      @billing.

status       probe                                      severity claims     time
fail         webhooks.replay                            critical    1/2   123 ms
flaky        ladder.suspends                            minor       1/1   123 ms
skip         quota.blocked                              major       0/0   123 ms
pass         wallet.top_up                              critical    1/1   123 ms

4 probes in 3.2 s; spent 0.58 RUB + 80 JPY of at most 10.00 RUB + 500 JPY
Note: 2 probes were left out by --only
Report: artifacts/billing-canary/r/billing-canary-report.md
"""
    )


def test_excuses_are_counted_with_their_owner(report: CanaryReport, excused: ProbeResult) -> None:
    probes = (*report.run.probes, excused, replace(excused, id="quota.other"))

    shown = console(replace(report, run=replace(report.run, probes=probes)), FILE)

    assert "Not applicable here: 2 probes: this product sells no quota (says @billing)\n" in shown
    assert shown.count("Not applicable") == 1


def test_many_reasons_are_cut_short(report: CanaryReport) -> None:
    reasons = tuple(f"probe.{number} failed" for number in range(9))
    many = replace(report, verdict=Verdict(overall_status=Status.FAIL, reasons=reasons))

    shown = console(many, FILE)

    assert "probe.4 failed" in shown
    assert "probe.5 failed" not in shown
    assert "  - and 4 more reasons in the report\n" in shown


def test_hostile_text_stays_within_80_columns_and_commands_no_terminal(nasty: CanaryReport) -> None:
    shown = console(nasty, FILE)

    assert [line for line in shown.splitlines() if columns(line) > 80] == []
    assert re.findall(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", shown) == []


def test_paint_gets_the_verdict_and_each_status(report: CanaryReport) -> None:
    shown = console(report, FILE, painted)

    assert shown.startswith("<fail>FAIL: billing is not safe</fail>")
    assert "<skip>skip        </skip> quota.blocked" in shown


def test_the_summary_of_a_matrix(faults_report: FaultsReport) -> None:
    assert faults_console(faults_report, "faults.md") == (
        """\
FAIL: 1 of 2 faults caught, 1 false alarm in 2 healthy runs
  - false alarm: wallet.top_up: 0.58 RUB

      ~ w~
F01   . XX  Same event credited twice
F02   . ++  MISSED Parallel copies

X red, naming the fault   + red for another claim   . green   - skipped
wallet: 1=top_up
webhooks: 1=parallel, 2=replay

4 trials in 3.0 s
Report: faults.md
"""
    )


def test_a_matrix_of_long_names_fits(faults_report: FaultsReport) -> None:
    long = replace(faults_report.matrix.faults[0], title="t" * 200, by=("p" * 100, "q"))

    shown = faults_console(
        replace(faults_report, matrix=replace(faults_report.matrix, faults=(long,))), "faults.md"
    )

    assert max(map(len, shown.splitlines())) <= 80
