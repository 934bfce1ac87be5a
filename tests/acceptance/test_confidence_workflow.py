"""The confidence workflow: really run, with act, in copies of this checkout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.fakes.github import GitHub, Played, Settings

from billing_canary.artifact.verify import BundleState, verify_bundle
from billing_canary.strict_json import parse

WORKFLOW = Path(".github/workflows/billing-confidence.yml")
SHARDS = ["billing-confidence-shard-gh-1-1-1-of-2", "billing-confidence-shard-gh-1-1-2-of-2"]
MERGED = "billing-confidence-gh-1-1"


def settings(tier: str = "smoke", shards: str = "2") -> Settings:
    return Settings(inputs={"tier": tier, "shards": shards}, workflow=WORKFLOW)


def report(played: Played) -> dict[str, Any]:
    document: dict[str, Any] = parse((played.uploads / MERGED / "summary.json").read_bytes(), "summary.json")
    return document


def verified(played: Played, tmp_path: Path) -> BundleState:
    """The bundle as somebody verifies it who downloaded it."""
    folder = tmp_path / "billing-confidence" / "gh-1-1"
    folder.parent.mkdir()
    (played.uploads / MERGED).rename(folder)
    return verify_bundle(folder).state


def test_a_pull_request_gets_one_verdict_on_all_shards(
    github: GitHub, checkout: Path, tmp_path: Path
) -> None:
    played = github.play(checkout, Settings(event="pull_request", workflow=WORKFLOW))
    assert played.returncode == 0, played.messages
    assert played.jobs == {"plan": "success", "suites": "success", "verdict": "success"}
    assert played.uploaded == [MERGED, *SHARDS]
    found = report(played)
    assert (found["tier"], found["overall_status"], found["dirty"]) == ("pr-fast", "pass", False)
    assert found["commit"] == (checkout / ".git" / "refs" / "heads" / "main").read_text().strip()
    assert {module["status"] for module in found["coverage"]} == {"pass"}
    assert played.summary == (played.uploads / MERGED / "summary.md").read_text(encoding="utf-8")
    assert verified(played, tmp_path) is BundleState.VERIFIED


def test_a_red_shard_makes_the_verdict_red_and_everything_is_handed_over(
    github: GitHub, checkout: Path
) -> None:
    good = checkout / "suites" / "smoke" / "known_good.py"
    good.write_text("def test_seeded(): assert False\n", encoding="utf-8")
    played = github.play(checkout, settings(shards="3"))
    assert played.returncode != 0
    assert (played.jobs["plan"], played.jobs["verdict"]) == ("success", "failure")
    assert "exit status 1" in played.said("Judge")
    assert len(played.uploaded) == 4
    found = report(played)
    assert (found["tier"], found["suites_total"], found["overall_status"]) == ("smoke", 15, "fail")
    assert "known-good" in played.summary


def test_a_shard_that_never_came_is_missed(github: GitHub, checkout: Path) -> None:
    workflow = checkout / WORKFLOW
    text = workflow.read_text(encoding="utf-8")
    run = "          exec billing-canary confidence"
    assert text.count(run) == 1
    workflow.write_text(text.replace(run, f'          [ "$SHARD" = 1/2 ] || exit 0\n{run}'), encoding="utf-8")
    played = github.play(checkout, settings())
    assert played.returncode != 0
    assert played.jobs["verdict"] == "failure"
    assert "exit status 3" in played.said("Judge")
    assert played.uploaded == [MERGED, SHARDS[0]]
    assert "shard 2 of 2 is missing" in played.summary


def test_without_a_plan_the_verdict_is_red_and_says_that_nothing_is_known(
    github: GitHub, checkout: Path
) -> None:
    played = github.play(checkout, settings(tier="no-such-tier"))
    assert played.returncode != 0
    assert "exit status 2" in played.said("Plan")
    assert (played.jobs["plan"], played.jobs["verdict"]) == ("failure", "failure")
    assert "**No verdict**" in played.summary
    assert played.uploaded == []


@pytest.mark.parametrize("name", ["tier", "shards"])
def test_an_input_is_data_and_never_a_part_of_a_script(name: str, github: GitHub, checkout: Path) -> None:
    hostile = '2"; touch owned; echo "$(touch owned)'
    played = github.play(checkout, settings(**{name: hostile}))
    assert played.jobs["plan"] == "failure"
    assert "exit status 2" in played.said("Plan")
    assert list(checkout.parent.rglob("owned")) == []
