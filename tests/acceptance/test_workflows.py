"""The GitHub workflows and shell scripts, read by the linters that their users trust."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
CANARY = GITHUB / "workflows" / "billing-canary.yml"
CONFIDENCE = GITHUB / "workflows" / "billing-confidence.yml"
RELEASE = GITHUB / "workflows" / "release.yml"
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
        ("zizmor", "run: scripts/canary-mode", "run: echo ${{ inputs.reason }} && scripts/canary-mode"),
        ("zizmor", "    environment:\n      name: billing-staging\n      deployment: false\n", ""),
        ("zizmor", "persist-credentials: false", "persist-credentials: true"),
        ("zizmor", "@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2", "@v6"),
        ("actionlint", "github.run_attempt }}", "github.run_atempt }}"),
        ("actionlint", "needs.decide.outputs.max_amount_rub", "needs.decide.outputs.max_amount_eur"),
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
    scripts = [path for path in (ROOT / "scripts").iterdir() if path.is_file() and path.suffix != ".py"]
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
def test_no_job_can_hang_or_write_but_the_one_that_keeps_the_issue(workflow: Path) -> None:
    text = workflow.read_text(encoding="utf-8")
    jobs = re.findall(r"^    (runs-on|timeout-minutes):", text, re.MULTILINE)
    assert jobs == ["runs-on", "timeout-minutes"] * (len(jobs) // 2)
    assert jobs
    assert "permissions: {}" in text
    writing = re.findall(r"^  (\w+):\n|^ +(\S+): write\b", text, re.MULTILINE)
    found = [(writing[place - 1][0], right) for place, (_, right) in enumerate(writing) if right]
    assert found == ([("issue", "issues")] if workflow == CANARY else [])


def without_comments(workflow: Path) -> str:
    return re.sub(r"(?m)^ *#.*\n| +# .*$", "", workflow.read_text(encoding="utf-8"))


def steps(text: str) -> dict[tuple[str, str], str]:
    """The text of each named step, by job and name."""
    jobs = re.split(r"^  (\w+):\n", text.partition("\njobs:\n")[2], flags=re.MULTILINE)
    found = {}
    for job, body in zip(jobs[1::2], jobs[2::2], strict=True):
        for step in re.split(r"^      - (?=name:|uses:)", body, flags=re.MULTILINE)[1:]:
            found[job, step.partition("\n")[0].removeprefix("name: ")] = step
    return found


@pytest.mark.parametrize("workflow", [CANARY, RELEASE], ids=lambda path: path.name)
def test_a_secret_reaches_only_the_steps_that_need_it(workflow: Path) -> None:
    text = without_comments(workflow)
    secret = re.compile(r"\bsecrets\b")
    holding = {place for place, step in steps(text).items() if secret.search(step)}
    staging = {("staging", "Run the canary"), ("staging", "Clean up")}
    expected = {
        CANARY: {("decide", "Decide"), ("triggers", "Ask the telemetry"), *staging},
        RELEASE: {("mode", "Choose"), *staging},
    }
    assert holding == expected[workflow]
    outside = text
    for place in holding:
        outside = outside.replace(steps(text)[place], "")
    assert not secret.search(outside)


def test_the_runner_s_own_token_reaches_only_the_two_steps_that_ask_github() -> None:
    for workflow in WORKFLOWS:
        text = without_comments(workflow)
        holding = {place for place, step in steps(text).items() if "github.token" in step}
        asking = {("triggers", "Fetch earlier runs"), ("issue", "Open or update")}
        assert holding == (asking if workflow == CANARY else set())
        assert text.count("github.token") == len(holding)


def test_the_decision_learns_only_whether_a_setting_is_set() -> None:
    found = steps(without_comments(CANARY))
    asked = re.findall(r"HAS_(\w+): \$\{\{ (?:secrets|vars)\.(\w+) != '' \}\}\n", found["decide", "Decide"])
    assert all(name == setting for name, setting in asked)
    assert found["decide", "Decide"].count("secrets.") + found["decide", "Decide"].count("vars.") == len(
        asked
    )
    given = {
        step: re.findall(r"(\w+): \$\{\{ ((?:secrets|vars)\.\w+) \}\}", found["staging", step])
        for step in ("Run the canary", "Clean up")
    }
    required = [(name, where) for name, where in given["Run the canary"] if not name.endswith("_BUILD_ID")]
    assert required == given["Clean up"]
    assert [name for name, _ in required] == [name for name, _ in asked]
    assert all(where.partition(".")[2] == name for name, where in required)


def test_staging_runs_never_overlap_and_are_never_cut_off() -> None:
    text = CANARY.read_text(encoding="utf-8")
    group = "    concurrency:\n      group: billing-canary-staging\n      cancel-in-progress: false\n"
    assert text.count(group) == 1
    assert group in text.partition("\n  staging:\n")[2]
    assert not re.search("cancel-in-progress: (?!false)", text)


def test_the_schedule_keeps_off_the_full_hour() -> None:
    (minutes,) = re.findall(r'cron: "([\d,]+) ', CANARY.read_text(encoding="utf-8"))
    assert all(5 < int(minute) < 55 for minute in minutes.split(","))


def test_both_modes_install_in_the_same_way_and_only_what_is_written_down() -> None:
    found = steps(without_comments(CANARY))
    jobs = ("mock", "staging", "triggers")
    scripts = {found[job, "Install"].partition("run: |\n")[2].strip() for job in jobs}
    assert len(scripts) == 1
    installing = [line for line in scripts.pop().splitlines() if "pip install" in line]
    assert "--require-hashes" in installing[0]
    assert all("--require-hashes" in line or "--no-index" in line for line in installing)
    assert without_comments(CANARY).count("pip install") == len(jobs) * len(installing)


@pytest.mark.parametrize(
    ("workflow", "jobs"),
    [
        (CONFIDENCE, ("plan", "suites", "verdict")),
        (RELEASE, ("tiers", "mock", "staging", "decide")),
    ],
    ids=["confidence", "release"],
)
def test_every_workflow_installs_in_that_way(workflow: Path, jobs: tuple[str, ...]) -> None:
    script = steps(without_comments(CANARY))["mock", "Install"].partition("run: |\n")[2].strip()
    found = steps(without_comments(workflow))
    assert {
        job: found[job, "Install"].partition("run: |\n")[2].strip()
        for job, name in found
        if name == "Install"
    } == (dict.fromkeys(jobs, script))
    assert without_comments(workflow).count("pip install") == len(jobs) * script.count("pip install")


def test_a_release_runs_staging_exactly_as_the_canary_does() -> None:
    canary, release = steps(without_comments(CANARY)), steps(without_comments(RELEASE))
    for step in ("Run the canary", "Clean up", "Install"):
        assert release["staging", step].replace("needs.mode", "needs.decide") == canary["staging", step]
    asked = canary["decide", "Decide"].replace("Decide", "Choose").replace("id: decide", "id: choose")
    for name in ("mode", "max_amount_rub"):
        asked = re.sub(rf"\$\{{\{{ inputs.{name} .*", "auto" if name == "mode" else '"10"', asked)
    assert release["mode", "Choose"].strip() == asked.strip()
    group = "    concurrency:\n      group: billing-canary-staging\n      cancel-in-progress: false\n"
    assert group in RELEASE.read_text(encoding="utf-8").partition("\n  staging:\n")[2]


def test_a_release_runs_every_tier_that_the_checklist_asks_for() -> None:
    checklist = tomllib.loads((ROOT / "gates" / "release.toml").read_text(encoding="utf-8"))
    wanted = [item["tier"] for item in checklist["item"] if item["kind"] == "tier"]
    assert f"tier: [{', '.join(wanted)}]\n" in RELEASE.read_text(encoding="utf-8")


def test_an_issue_is_written_only_when_asked_for_and_only_about_the_default_branch() -> None:
    condition = without_comments(CANARY).partition("\n  issue:\n")[2].partition("runs-on")[0]
    assert "needs.triggers.outputs.verdict == 'rollback'" in condition
    assert "&& vars.BILLING_CANARY_OPEN_ISSUES == 'true'" in condition
    assert "&& github.ref_name == github.event.repository.default_branch" in condition


def test_suites_get_no_secret_and_the_verdict_always_comes() -> None:
    text = without_comments(CONFIDENCE)
    assert "secrets" not in text
    verdict = text.partition("\n  verdict:\n")[2]
    assert "\n    if: always()\n    needs: [plan, suites]\n" in verdict


def test_every_push_tries_the_harness_first_of_all() -> None:
    ci = (GITHUB / "workflows" / "ci.yml").read_text(encoding="utf-8")
    assert "\n  harness:\n" in ci
    assert "\n      - run: make smoke\n" in ci
    assert "needs: [static, harness, tests, wheel, installed]" in ci
