"""The release workflow, really run with act: it makes the evidence on the candidate, and decides."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.fakes.github import GitHub, Played, Settings
from tests.fakes.released import CHECK, FAILS, SUITE, commit, git

WORKFLOW = Path(".github/workflows/release.yml")
TIER = "release-heavy"
EVIDENCE = ["billing-evidence-gh-1-1-mock", f"billing-evidence-gh-1-1-{TIER}"]
DECISION = "billing-decision-gh-1-1"
GREEN = dict.fromkeys(("tiers", "mock", "mode", "decide"), "success")
CHECKLIST = """
title = "Small checklist"
environment = "production"
release_owner = "robin"

[people.robin]
names = ["Robin Example"]
emails = ["robin@example.com"]
roles = ["release-owner"]

[people.taylor]
names = ["Taylor Example"]
emails = ["taylor@example.com"]
roles = ["lead"]

[[item]]
id = "heavy"
title = "Tier passed"
kind = "tier"
tier = "release-heavy"
max_age_h = 24

[[item]]
id = "approvals"
title = "Approved"
kind = "approvals"
roles = ["lead"]

[[item]]
id = "mock"
title = "Probes passed"
kind = "probe"
mode = "mock"
max_age_h = 24
"""
PROBE = """
from billing_canary import ProbeContext, Severity, billing_probe

@billing_probe(title="Seeded", severity=Severity.CRITICAL, owner="sre")
def seeded(run: ProbeContext) -> None:
    run.expect("One is one", 1, equals=1)
"""


def seeded(checkout: Path, check: str) -> Path:
    """A project whose evidence is made in no time."""
    for file in (checkout / "probes").glob("*.py"):
        file.unlink()
    texts: dict[str | Path, str] = {
        "probes/seeded.py": PROBE,
        "check.sh": check,
        f"suites/{TIER}.toml": SUITE,
        "gates/release.toml": CHECKLIST,
        WORKFLOW: only_one_tier(checkout),
    }
    for path, text in texts.items():
        (checkout / path).write_text(text, encoding="utf-8")
    return checkout


def only_one_tier(checkout: Path) -> str:
    text = (checkout / WORKFLOW).read_text(encoding="utf-8")
    assert text.count(f", {TIER}]\n") == 1
    return re.sub(rf"tier: \[.*, {TIER}\]\n", f"tier: [{TIER}]\n", text)


def approved(checkout: Path) -> None:
    """Somebody approves the candidate and pushes that to its branch; the checkout stays at the candidate."""
    candidate = git(checkout, "rev-parse", "HEAD")
    words = ("approve", "--commit", candidate, "--role", "lead", "--by", "Taylor Example")
    subprocess.run([sys.executable, "-m", "billing_canary", *words], cwd=checkout, check=True)
    git(checkout, "update-ref", "refs/remotes/origin/main", commit(checkout, "approved"))
    git(checkout, "reset", "--quiet", "--hard", candidate)
    git(checkout, "tag", "v1.0.0-rc1")


def decision(played: Played) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((played.uploads / DECISION / "decision.json").read_bytes())
    return document


def test_a_green_candidate_with_the_approvals_of_its_branch_is_go(github: GitHub, checkout: Path) -> None:
    settings = Settings(workflow=WORKFLOW, committed=approved)
    played = github.play(seeded(checkout, CHECK), settings)
    assert played.returncode == 0, played.messages
    assert played.jobs == GREEN
    assert played.uploaded == [DECISION, *EVIDENCE]
    found = decision(played)
    assert (found["verdict"], found["commit"]) == ("GO", git(checkout, "rev-parse", "HEAD"))
    assert sorted(found["cites"]) == [
        "billing-canary/gh-1-1-mock",
        f"billing-confidence/gh-1-1-{TIER}",
    ]
    assert played.summary.endswith((played.uploads / DECISION / "decision.md").read_text(encoding="utf-8"))
    assert played.outputs["verdict"] == "GO"


def test_a_red_tier_and_a_missing_approval_are_no_go_and_everything_is_handed_over(
    github: GitHub, checkout: Path
) -> None:
    def pushed(checkout: Path) -> None:
        git(checkout, "update-ref", "refs/remotes/origin/main", "HEAD")

    settings = Settings(workflow=WORKFLOW, event="push", committed=pushed)
    played = github.play(seeded(checkout, FAILS), settings)
    assert played.returncode != 0
    assert played.jobs == GREEN | {"tiers": "failure", "decide": "failure"}
    assert "exit status 1" in played.said("Decide")
    assert played.uploaded == [DECISION, *EVIDENCE]
    found = decision(played)
    assert found["verdict"] == "NO-GO"
    red = {item["id"] for item in found["items"] if item["status"] != "pass"}
    assert red == {"approvals", "heavy"}
    assert played.outputs["verdict"] == "NO-GO"
    assert played.summary.endswith((played.uploads / DECISION / "decision.md").read_text(encoding="utf-8"))
