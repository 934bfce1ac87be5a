"""GitHub as far as our workflows need it: act, and stand-ins for the actions that talk to GitHub.

setup-python becomes an interpreter of this machine, upload-artifact a copy into a folder that the test
reads, and download-artifact a copy from there. Every other step is the workflow's own, installation included.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WORKFLOW = Path(".github/workflows/billing-canary.yml")
_USES = re.compile(r"uses: (\S+)@(\S+)")
# act rejects this key, which only keeps GitHub from filing a deployment for every run.
_UNKNOWN_TO_ACT = re.compile(r"^ +deployment: false\n", re.MULTILINE)
# act runs the jobs of a matrix at once, whatever it is told of other jobs.
_MATRIX = re.compile(r"^( +)fail-fast: false", re.MULTILINE)
_TRIGGERS = "\n  triggers:\n"
_DEADLINE_S = 300
_STAND_INS = {
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
      if: always()  # the real one is a single program, which a cancelled run does not skip
      env: {NAME: "${{ inputs.name }}", FOLDER: "${{ inputs.path }}"}
      run: cp -R "$FOLDER" "$STAND_IN_UPLOADS/$NAME"
""",
    "actions/download-artifact": """
inputs: {pattern: {required: true}, path: {required: true}, merge-multiple: {required: true}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {PATTERN: "${{ inputs.pattern }}", FOLDER: "${{ inputs.path }}"}
      run: |
        mkdir -p "$FOLDER"
        for found in "$STAND_IN_UPLOADS"/$PATTERN; do
          [ ! -d "$found" ] || cp -R "$found/." "$FOLDER"
        done
""",
}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a run is started: by hand with these inputs, or by the schedule, which has none."""

    inputs: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    event: str = "workflow_dispatch"
    workflow: Path = WORKFLOW
    triggers: bool = False
    """Whether what comes after the canary is played, too: it takes as long as the canary."""
    runner: dict[str, str] = field(default_factory=dict)
    """What the runner says of itself, such as GITHUB_RUN_ID."""
    committed: Callable[[Path], None] | None = None
    """Called with the checkout once it was committed."""

    def words(self) -> Iterator[str]:
        """The same as words of a command line."""
        yield self.event
        for option, pairs in (
            ("input", self.inputs),
            ("secret", self.secrets),
            ("var", self.variables),
            ("env", self.runner),
        ):
            for name, value in pairs.items():
                yield from (f"--{option}", f"{name}={value}")


@dataclass(frozen=True, kw_only=True)
class Played:
    """What one run of the workflow left: act's exit code and log, and what was uploaded."""

    returncode: int
    log: str
    uploads: Path

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.splitlines() if line.startswith("{")]

    @property
    def messages(self) -> str:
        """The log as people read it, to show when a test fails."""
        return "\n".join(record["msg"].rstrip() for record in self.records if "msg" in record)

    @property
    def jobs(self) -> dict[str, str]:
        """How each job that ran ended."""
        return {r["jobID"]: r["jobResult"] for r in self.records if "jobResult" in r}

    @property
    def uploaded(self) -> list[str]:
        return sorted(path.name for path in self.uploads.iterdir())

    @property
    def bundle(self) -> Path:
        """The one bundle that was handed over."""
        (found,) = self.uploads.iterdir()
        return found

    @property
    def report(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self.bundle / "billing-canary-report.json").read_text("utf-8"))
        return document

    @property
    def report_text(self) -> str:
        return (self.bundle / "billing-canary-report.md").read_text(encoding="utf-8")

    @property
    def summary(self) -> str:
        """The summaries of all jobs, in the order in which they were written."""
        return "".join(record["content"] for record in self.records if record.get("command") == "summary")

    @property
    def outputs(self) -> dict[str, str]:
        """The outputs of all steps."""
        return {r["name"]: r["arg"] for r in self.records if r.get("command") == "set-output"}

    def step(self, name: str) -> str:
        """How a step ended: "success", "failure", or "" when it did not run."""
        ends = (r["stepResult"] for r in self.records if r.get("step") == name and "stepResult" in r)
        return next(ends, "")

    def said(self, name: str) -> str:
        """Everything that a step printed, and what act said of it."""
        return "\n".join(record["msg"] for record in self.records if record.get("step") == name)

    def holding(self, text: str) -> list[str]:
        """Where a text occurs: in the log, or in which uploaded file."""
        files = [path for path in self.uploads.rglob("*") if path.is_file()]
        found = [str(path.relative_to(self.uploads)) for path in files if text.encode() in path.read_bytes()]
        return found + ["log"] * (text in self.log)


@dataclass(frozen=True, kw_only=True)
class GitHub:
    """Where workflows are played: the stand-ins, and one interpreter for all runs."""

    act: str
    git: str
    folder: Path

    def play(self, checkout: Path, settings: Settings | None = None) -> Played:
        """Commit the copy of the checkout and run its workflow there."""
        return self.finished(self.start(checkout, settings), checkout)

    def start(self, checkout: Path, settings: Settings | None = None) -> subprocess.Popen[str]:
        """The same without waiting for its end."""
        _uploads(checkout).mkdir()
        settings = settings or Settings()
        workflow = checkout / settings.workflow
        known = _UNKNOWN_TO_ACT.sub("", workflow.read_text(encoding="utf-8"))
        if not settings.triggers:
            known = known.partition(_TRIGGERS)[0]
        workflow.write_text(_MATRIX.sub(r"\g<0>\n\1max-parallel: 1", known), encoding="utf-8")
        _commit(self.git, checkout)
        if settings.committed is not None:
            settings.committed(checkout)
        return subprocess.Popen(
            [*self._argv(checkout, settings.workflow), *settings.words()],
            cwd=checkout,
            env=self._environment(_uploads(checkout)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def finished(self, process: subprocess.Popen[str], checkout: Path) -> Played:
        """Wait for the end of a run that was started."""
        with process:
            try:
                log, _ = process.communicate(timeout=_DEADLINE_S)
            finally:
                process.kill()
        return Played(returncode=process.returncode, log=log, uploads=_uploads(checkout))

    def _argv(self, checkout: Path, workflow: Path) -> Iterator[str]:
        yield from (self.act, "--workflows", str(workflow), "--json")
        # The cache server would listen on this machine's public address.
        yield from ("--platform", "ubuntu-latest=-self-hosted", "--no-cache-server")
        # All jobs share one interpreter, into which each installs.
        yield from ("--concurrent-jobs", "1", "--defaultbranch", "main")
        # The log is to show what the program prints; act, like GitHub, would mask secrets in it.
        yield "--insecure-secrets"
        yield from ("--action-cache-path", str(checkout.with_name(f"{checkout.name}-act")))
        for action, ref in set(_USES.findall((checkout / workflow).read_text(encoding="utf-8"))):
            if action in _STAND_INS:
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


def make_github(tool: Callable[[str], str], folder: Path) -> GitHub:
    """Set the stand-ins up in `folder`, which must be empty."""
    for action, text in _STAND_INS.items():
        (folder / action).mkdir(parents=True)
        (folder / action / "action.yml").write_text(f"name: stand-in{text}", encoding="utf-8")
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True, capture_output=True)
    return GitHub(act=tool("act"), git=tool("git"), folder=folder)


def _uploads(checkout: Path) -> Path:
    return checkout.with_name(f"{checkout.name}-uploads")


def _commit(git: str, folder: Path) -> None:
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.invalid", "-c", "commit.gpgsign=false"]
    for words in (
        ["init", "-q", "--initial-branch=main"],
        ["add", "--all"],
        [*identity, "commit", "-q", "-m", "copy"],
    ):
        subprocess.run([git, *words], cwd=folder, check=True, capture_output=True)
