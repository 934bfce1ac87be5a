"""The example bundle that the repository shows is a real, whole one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "artifacts" / "example"


def test_the_example_bundle_verifies() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "billing_canary", "runs", "verify", "--all", "--artifacts", str(EXAMPLES)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_example_shows_a_caught_fault() -> None:
    (report,) = EXAMPLES.glob("billing-canary/*/billing-canary-report.json")
    document = json.loads(report.read_text(encoding="utf-8"))
    failed = [row for probe in document["probes"] for row in probe["evidence"] if not row["held"]]
    assert document["overall_status"] == "fail"
    assert any("F02" in row["reveals"] for row in failed)
