"""The canary workflow, really run, with act, in copies of this checkout.

Only the two actions that talk to GitHub are replaced, by local stand-ins: setup-python (an interpreter
of this machine) and upload-artifact (a copy into a folder that the test reads). Every other step is the
workflow's own, installation included.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

WORKFLOW = Path(".github/workflows/billing-canary.yml")
USES = re.compile(r"uses: (\S+)@(\S+)")
STAND_INS = {
    "actions/setup-python": """
inputs: {python-version: {required: true}}
runs:
  using: composite
  steps:
    - {shell: bash, run: 'echo "$STAND_IN_PYTHON" >> "$GITHUB_PATH"'}
""",
    "actions/upload-artifact": """
inputs: {name: {required: true}, path: {required: true}, if-no-files-found: {required: true},
  include-hidden-files: {required: true}, retention-days: {required: true}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {NAME: "${{ inputs.name }}", FOLDER: "${{ inputs.path }}"}
      run: cp -R "$FOLDER" "$STAND_IN_UPLOADS/$NAME"
""",
}

ALWAYS_RED = """
from billing_canary import ProbeContext, Severity, billing_probe

@billing_probe(title="A wallet is never empty", severity=Severity.CRITICAL, owner="sre")
def never_empty(run: ProbeContext) -> None:
    run.expect("The wallet holds money", 0, equals=1)
"""


@dataclass(frozen=True, kw_only=True)
class Played:
    """What one run of the workflow left: act's exit code and log records, and what was uploaded."""

    returncode: int
    records: list[dict[str, Any]]
    uploads: Path

    @property
    def bundle(self) -> Path:
        return self.uploads / "billing-canary-gh-1-1"

    @property
    def report(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self.bundle / "billing-canary-report.json").read_text("utf-8"))
        return document

    @property
    def summary(self) -> str:
        return "".join(record["content"] for record in self.records if record.get("command") == "summary")

    def step(self, name: str) -> str:
        """How a step ended: "success", "failure", or "" when it did not run."""
        ends = (r["stepResult"] for r in self.records if r.get("step") == name and "stepResult" in r)
        return next(ends, "")

    def said(self, name: str) -> str:
        """Everything that a step printed, and what act said of it."""
        return "\n".join(record["msg"] for record in self.records if record.get("step") == name)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Where the workflow is played: stand-ins and one interpreter for all runs."""

    act: str
    git: str
    folder: Path

    def play(self, checkout: Path) -> Played:
        """Commit the copy and run its canary workflow there."""
        uploads = checkout.with_name(f"{checkout.name}-uploads")
        uploads.mkdir()
        commit(self.git, checkout)
        outcome = subprocess.run(
            list(self._argv(checkout)),
            cwd=checkout,
            env=self._environment(uploads),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        records = [json.loads(line) for line in outcome.stdout.splitlines() if line.startswith("{")]
        return Played(returncode=outcome.returncode, records=records, uploads=uploads)

    def _argv(self, checkout: Path) -> Iterator[str]:
        yield from (self.act, "workflow_dispatch", "--workflows", str(WORKFLOW), "--json")
        # The cache server would listen on this machine's public address.
        yield from ("--platform", "ubuntu-latest=-self-hosted", "--no-cache-server")
        yield from ("--action-cache-path", str(checkout.with_name(f"{checkout.name}-act")))
        for action, ref in USES.findall((checkout / WORKFLOW).read_text(encoding="utf-8")):
            if action in STAND_INS:
                yield from ("--local-repository", f"{action}@{ref}={self.folder / action}")

    def _environment(self, uploads: Path) -> dict[str, str]:
        """This machine's environment without what is meant for this test run or for real billing."""
        private = ("GITHUB_", "BILLING_", "STRIPE_", "COV", "PYTEST_", "PYTHON")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(private)}
        pip = [sys.executable, "-m", "pip", "cache", "dir"]
        cache = subprocess.run(pip, capture_output=True, text=True, check=True).stdout.strip()
        return kept | {
            "HOME": str(self.folder),  # act reads a person's settings from there
            "PIP_CACHE_DIR": cache,
            "STAND_IN_PYTHON": str(self.folder / "venv" / "bin"),
            "STAND_IN_UPLOADS": str(uploads),
        }


def commit(git: str, folder: Path) -> None:
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.invalid", "-c", "commit.gpgsign=false"]
    for words in (
        ["init", "-q", "--initial-branch=main"],
        ["add", "--all"],
        [*identity, "commit", "-q", "-m", "copy"],
    ):
        subprocess.run([git, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, tool: Callable[[str], str]) -> Stage:
    stage = Stage(act=tool("act"), git=tool("git"), folder=tmp_path_factory.mktemp("act"))
    for action, text in STAND_INS.items():
        (stage.folder / action).mkdir(parents=True)
        (stage.folder / action / "action.yml").write_text(f"name: stand-in{text}", encoding="utf-8")
    subprocess.run([sys.executable, "-m", "venv", stage.folder / "venv"], check=True, capture_output=True)
    return stage


@pytest.fixture
def checkout(copy_checkout: Callable[[Path], Path], tmp_path: Path) -> Path:
    return copy_checkout(tmp_path / "checkout")


def test_a_green_canary_shows_its_report_and_hands_over_its_bundle(stage: Stage, checkout: Path) -> None:
    played = stage.play(checkout)
    assert played.returncode == 0, played.records
    assert played.report["overall_status"] == "pass"
    head = (checkout / ".git" / "refs" / "heads" / "main").read_text(encoding="utf-8").strip()
    assert (played.report["commit"], played.report["dirty"]) == (head, False)
    assert all((played.bundle / entry["path"]).is_file() for entry in played.report["artifact_index"])
    assert played.summary == (played.bundle / "billing-canary-report.md").read_text(encoding="utf-8")


def test_a_red_canary_fails_the_job_and_still_hands_over_its_bundle(stage: Stage, checkout: Path) -> None:
    (checkout / "probes" / "seeded.py").write_text(ALWAYS_RED, encoding="utf-8")
    played = stage.play(checkout)
    assert played.returncode != 0
    assert played.step("Run the canary") == "failure"
    assert "exit status 1" in played.said("Run the canary")
    assert played.report["overall_status"] == "fail"
    assert "seeded.never_empty" in played.summary
    assert played.summary == (played.bundle / "billing-canary-report.md").read_text(encoding="utf-8")


def test_a_canary_that_never_started_says_that_nothing_is_known(stage: Stage, checkout: Path) -> None:
    (checkout / "pyproject.toml").write_text("this is not TOML", encoding="utf-8")
    played = stage.play(checkout)
    assert played.returncode != 0
    assert (played.step("Install"), played.step("Run the canary")) == ("failure", "")
    assert played.summary.startswith("**No canary report**")
    assert not played.bundle.exists()
