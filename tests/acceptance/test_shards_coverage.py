"""Coverage of a tier in shards: measured in each, judged where they are merged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.fakes.covered_project import BILLING, make_covered, write_files
from tests.fakes.suites import make_tier_project, pytest_suite

if TYPE_CHECKING:
    from tests.acceptance.conftest import Bundle, Canary, Outcome

KIND = "billing-confidence"
HALF = """import sys; sys.path.insert(0, '.')
import app.billing as b

def test_charge(): assert b.charge(1, 2) == 1
"""
OTHER = """import sys; sys.path.insert(0, '.')
import app.billing as b, pytest

def test_refund(): assert b.refund(1) == 1

def test_more():
    assert b.charge(2, 1) == 1
    with pytest.raises(ValueError): b.charge(0, 1)
"""


def shard(canary: Canary, which: str) -> Outcome:
    return canary("confidence", "tried", "--shard", which, "--run-id", f"shard-{which[0]}")


def merge(canary: Canary, *names: str) -> Outcome:
    folders = [str(canary.artifacts / KIND / name) for name in names]
    return canary("runs", "merge", *folders, "--run-id", "merged")


def found(canary: Canary, name: str = "merged") -> Bundle:
    (bundle,) = (each for each in canary.bundles(KIND) if each.folder.name == name)
    return bundle


@pytest.fixture
def covered(canary: Canary) -> Canary:
    """A gate of 90 % that both suites reach together, and neither alone."""
    make_covered(canary.home)
    canary.edit("gates/coverage.toml", 'line = "50"\nbranch = "40"', 'line = "90"\nbranch = "90"')
    suites = [
        pytest_suite(canary.home, "half", HALF, coverage=True),
        pytest_suite(canary.home, "other", OTHER, coverage=True),
    ]
    make_tier_project(canary.home, "tried", suites, coverage_gate=True)
    return canary


def test_coverage_is_judged_over_all_shards_and_in_none_alone(covered: Canary) -> None:
    assert (shard(covered, "1/2").code, shard(covered, "2/2").code) == (0, 0)
    report = found(covered, "shard-1").report
    assert (report["coverage_gate"], report["coverage"]) == (True, [])
    assert "It is judged when the shards are merged." in found(covered, "shard-1").text("summary.md")
    done = merge(covered, "shard-1", "shard-2")
    assert done.code == 0, done.stdout + done.stderr
    (module,) = found(covered).report["coverage"]
    assert (module["line"]["covered"], module["line"]["total"]) == (9, 9)
    assert found(covered).json("coverage/backend_billing_coverage.json")["overall_status"] == "pass"
    assert covered("runs", "verify", "--all").code == 0


def test_a_gate_that_all_shards_together_miss_fails(covered: Canary) -> None:
    (covered.home / "other" / "test_it.py").write_text(HALF)
    assert (shard(covered, "1/2").code, shard(covered, "2/2").code) == (0, 0)
    done = merge(covered, "shard-1", "shard-2")
    assert done.code == 1
    assert "coverage of app/billing.py is below: " in done.stdout


def test_a_source_that_was_edited_after_the_shards_ran_is_stale(covered: Canary) -> None:
    shard(covered, "1/2")
    assert shard(covered, "2/2").code == 0
    covered.edit("app/billing.py", "    return total", "    return total\n\n\ndef more():\n    return 1")
    done = merge(covered, "shard-1", "shard-2")
    assert done.code == 1
    assert "coverage of app/billing.py is stale" in done.stdout


def test_what_a_missing_shard_covers_is_unknown_and_not_uncovered(covered: Canary) -> None:
    shard(covered, "1/2")
    assert merge(covered, "shard-1").code == 3
    assert found(covered).report["coverage"] == []


def test_shards_that_ran_different_sources_are_refused(covered: Canary) -> None:
    shard(covered, "1/2")
    write_files(covered.home, {"app/billing.py": BILLING + "\n"})
    shard(covered, "2/2")
    done = merge(covered, "shard-1", "shard-2")
    assert done.code == 2
    assert "not the same source of app/billing.py: " in done.stderr


def test_merging_changes_no_shard(covered: Canary) -> None:
    shard(covered, "1/2")
    shard(covered, "2/2")
    assert merge(covered, "shard-1", "shard-2").code == 0
    assert [bundle.state for bundle in covered.bundles(KIND)] == ["verified"] * 3
