"""The GitHub workflows and shell scripts, read by the linters that their users trust."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
USES = re.compile(r"uses: (\S+?)@(\S+)(.*)")

Tool = Callable[[str], str]
Outcome = subprocess.CompletedProcess[str]


def run(*argv: str | Path) -> Outcome:
    words = [str(word) for word in argv]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


def zizmor(tool: Tool, folder: Path) -> Outcome:
    return run(tool("zizmor"), "--offline", "--no-progress", "--persona=auditor", folder)


def actionlint(tool: Tool, folder: Path) -> Outcome:
    # actionlint hands every `run:` script to shellcheck, and says nothing when shellcheck is missing.
    tool("shellcheck")
    return run(tool("actionlint"), *sorted((folder / "workflows").glob("*.yml")))


def schema(tool: Tool, folder: Path) -> Outcome:
    files = sorted((folder / "workflows").glob("*.yml"))
    return run(tool("check-jsonschema"), "--builtin-schema", "vendor.github-workflows", *files)


LINTERS = {"zizmor": zizmor, "actionlint": actionlint, "schema": schema}


@pytest.mark.parametrize("linter", LINTERS)
def test_the_workflows_are_clean(linter: str, tool: Tool) -> None:
    outcome = LINTERS[linter](tool, GITHUB)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


@pytest.mark.parametrize(
    ("linter", "right", "wrong"),
    [
        ("zizmor", "run: python -m pip", "run: echo ${{ inputs.reason }} && python -m pip"),
        ("zizmor", "persist-credentials: false", "persist-credentials: true"),
        ("zizmor", "@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2", "@v6"),
        ("actionlint", "github.run_attempt }}", "github.run_atempt }}"),
        ("actionlint", 'cat "$BUNDLE/billing-canary-report.md"', "cat $BUNDLE/billing-canary-report.md"),
        ("schema", "timeout-minutes:", "timeout-minute:"),
    ],
)
def test_the_linters_see_a_seeded_mistake(
    linter: str, right: str, wrong: str, tool: Tool, tmp_path: Path
) -> None:
    folder = shutil.copytree(GITHUB, tmp_path / ".github")
    workflow = folder / "workflows" / "billing-canary.yml"
    text = workflow.read_text(encoding="utf-8")
    assert right in text
    workflow.write_text(text.replace(right, wrong), encoding="utf-8")
    assert LINTERS[linter](tool, folder).returncode != 0


def test_dependabot_has_a_valid_configuration(tool: Tool) -> None:
    validator = tool("check-jsonschema")
    outcome = run(validator, "--builtin-schema", "vendor.dependabot", GITHUB / "dependabot.yml")
    assert outcome.returncode == 0, outcome.stdout


def test_shell_scripts_are_clean(tool: Tool) -> None:
    scripts = [path for path in (ROOT / "scripts").iterdir() if path.is_file()]
    outcome = run(tool("shellcheck"), *scripts, ROOT / ".ci" / "run")
    assert outcome.returncode == 0, outcome.stdout


def test_every_action_is_pinned_to_one_commit_and_says_its_version() -> None:
    pins: dict[str, set[str]] = {}
    for workflow in WORKFLOWS:
        for action, ref, comment in USES.findall(workflow.read_text(encoding="utf-8")):
            assert re.fullmatch(r"[0-9a-f]{40}", ref), f"{workflow.name}: {action}@{ref}"
            assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment), f"{workflow.name}: {action}{comment}"
            pins.setdefault(action, set()).add(ref)
    assert {"actions/checkout", "actions/setup-python", "actions/upload-artifact"} <= pins.keys()
    assert all(len(refs) == 1 for refs in pins.values()), pins


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_no_job_can_hang_or_write(workflow: Path) -> None:
    text = workflow.read_text(encoding="utf-8")
    assert text.count("runs-on:") == text.count("timeout-minutes:") > 0
    assert "permissions: {}" in text
    assert not re.search(r": write\b", text)
