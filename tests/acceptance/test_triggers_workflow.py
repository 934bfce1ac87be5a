"""What comes after the canary, really run with act: the verdict on the triggers, and the issue about it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.github import GitHub, Played, Settings
from tests.fakes.github_api import TOKEN, FakeGitHub, packed_folder
from tests.fakes.watched_project import POLICY

DSN = "postgresql://reader:sesame_1732050807568877@127.0.0.1:9/billing"
CANARY_ONLY = POLICY.partition('[[trigger]]\nid = "topups"')[0]
ONE_PROBE = """
from billing_canary import ProbeContext, Severity, billing_probe

@billing_probe(title="Seeded", severity=Severity.CRITICAL, owner="sre")
def seeded(run: ProbeContext) -> None:
    run.expect("One is one", 1, equals={})
"""


@pytest.fixture
def api() -> Iterator[FakeGitHub]:
    made = FakeGitHub()
    with made.server:
        yield made


def settings(api: FakeGitHub, run: str, **secrets: str) -> Settings:
    return Settings(
        inputs={"mode": "mock"},
        secrets={"GITHUB_TOKEN": TOKEN} | secrets,
        variables={"BILLING_CANARY_OPEN_ISSUES": "true"},
        triggers=True,
        runner=api.environment(run),
    )


def seeded(checkout: Path, policy: str, *, green: bool) -> Path:
    (checkout / "gates" / "rollback.toml").write_text(policy, encoding="utf-8")
    for file in (checkout / "probes").glob("*.py"):
        file.unlink()
    (checkout / "probes" / "seeded.py").write_text(ONE_PROBE.format(int(green)), encoding="utf-8")
    return checkout


def evaluated(played: Played, run: str) -> tuple[dict[str, Any], str]:
    folder = played.uploads / f"billing-triggers-mock-gh-{run}-1"
    document: dict[str, Any] = json.loads((folder / "triggers.json").read_bytes())
    return document, (folder / "triggers.md").read_text(encoding="utf-8")


def test_a_green_canary_and_clear_triggers_are_hold(github: GitHub, checkout: Path, api: FakeGitHub) -> None:
    played = github.play(seeded(checkout, CANARY_ONLY, green=True), settings(api, "2"))
    assert played.returncode == 0, played.messages
    assert played.jobs == {"mock": "success", "triggers": "success"}
    assert played.uploaded == ["billing-canary-mock-gh-2-1", "billing-triggers-mock-gh-2-1"]
    document, report = evaluated(played, "2")
    assert (document["verdict"], document["mode"]) == ("hold", "mock")
    assert played.summary.endswith(report)
    told = ("verdict", "run_id", "report", "fired")
    assert [played.outputs[name] for name in told] == [
        "hold",
        "gh-2-1",
        "artifacts/billing-triggers/gh-2-1/triggers.md",
        "",
    ]
    assert api.issues == []


def test_a_failed_canary_is_a_rollback_with_one_issue_that_later_runs_update(
    github: GitHub, checkout: Path, copy_checkout: Callable[[Path], Path], tmp_path: Path, api: FakeGitHub
) -> None:
    first = github.play(seeded(checkout, CANARY_ONLY, green=False), settings(api, "2"))
    assert first.jobs == {"mock": "failure", "triggers": "failure", "issue": "success"}, first.messages
    document, report = evaluated(first, "2")
    assert document["verdict"] == "rollback"
    assert "opened issue 1\n" in first.said("Open or update")
    (issue,) = api.issues
    assert report.splitlines()[0] in issue["body"]
    assert "run=gh-2-1 fired=canary-failed -->" in issue["body"]
    assert [place for place in first.holding(TOKEN) if place != "log"] == []

    # The next run is green and starts on an empty machine: still a rollback, since nobody cleared it.
    api.ran(2, {folder.name: packed_folder(folder) for folder in first.uploads.iterdir()})
    again = seeded(copy_checkout(tmp_path / "again"), CANARY_ONLY, green=True)
    second = github.play(again, settings(api, "3"))
    assert second.jobs == {"mock": "success", "triggers": "failure", "issue": "success"}, second.messages
    assert "fetched billing-canary-mock-gh-2-1\n" in second.said("Fetch earlier runs")
    document, report = evaluated(second, "3")
    assert (document["verdict"], document["previous"]["run_id"]) == ("rollback", "gh-2-1")
    assert "updated issue 1\n" in second.said("Open or update")
    assert len(api.issues) == 1
    assert "run=gh-3-1 fired=canary-failed -->" in api.issues[0]["body"]
    assert api.comments == {}


def test_telemetry_that_cannot_be_asked_is_unknown_and_its_address_stays_secret(
    github: GitHub, checkout: Path, api: FakeGitHub
) -> None:
    shipped = (checkout / "gates" / "rollback.toml").read_text(encoding="utf-8")
    api.failing["GET /actions/workflows/billing-canary.yml/runs"] = 403
    told = settings(api, "2", BILLING_CANARY_DATABASE_URL=DSN)
    played = github.play(seeded(checkout, shipped, green=True), told)
    assert played.jobs == {"mock": "success", "triggers": "failure"}, played.messages
    assert "exit status 3" in played.said("Verdict")
    document, _ = evaluated(played, "2")
    assert document["verdict"] == "unknown"
    assert "**Earlier runs are missing**" in played.summary
    assert played.holding(DSN) == []
    assert played.holding("sesame_1732050807568877") == []
    assert api.issues == []
