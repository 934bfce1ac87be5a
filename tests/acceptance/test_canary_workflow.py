"""The canary workflow on the mock, and how it chooses: really run, with act, in copies of this checkout."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fakes.github import GitHub, Settings

URL = "BILLING_CANARY_STAGING_URL"
KEYS = {
    "BILLING_CANARY_STAGING_ADMIN_KEY": "admin_2718281828459045",
    "BILLING_CANARY_STAGING_WEBHOOK_SECRET": "whsec_3141592653589793",
    "BILLING_CANARY_STAGING_PROVIDER_KEY": "sk_test_1414213562373095",
}
NOWHERE = {URL: "http://127.0.0.1:9"}

ALWAYS_RED = """
from billing_canary import ProbeContext, Severity, billing_probe

@billing_probe(title="A wallet is never empty", severity=Severity.CRITICAL, owner="sre")
def never_empty(run: ProbeContext) -> None:
    run.expect("The wallet holds money", 0, equals=1)
"""


def test_without_settings_the_schedule_runs_the_mock_and_says_so(github: GitHub, checkout: Path) -> None:
    played = github.play(checkout, Settings(event="schedule"))
    assert played.returncode == 0, played.messages
    assert played.jobs == {"decide": "success", "mock": "success"}
    assert played.uploaded == ["billing-canary-mock-gh-1-1"]
    mode = f"Mode: mock, because no staging setting is set ({', '.join([URL, *KEYS])})\n"
    assert mode in played.said("Decide")
    assert mode in played.said("Say which")
    assert played.summary == f"{mode}\n{played.report_text}"


def test_a_green_canary_hands_over_a_whole_bundle_of_this_commit(github: GitHub, checkout: Path) -> None:
    played = github.play(checkout)
    assert played.returncode == 0, played.messages
    assert (played.report["mode"], played.report["overall_status"]) == ("mock", "pass")
    head = (checkout / ".git" / "refs" / "heads" / "main").read_text(encoding="utf-8").strip()
    assert (played.report["commit"], played.report["dirty"]) == (head, False)
    assert all((played.bundle / entry["path"]).is_file() for entry in played.report["artifact_index"])


def test_the_mock_can_be_asked_for_whatever_is_set(github: GitHub, checkout: Path) -> None:
    inputs = {"mode": "mock", "max_amount_rub": "9.99"}
    played = github.play(checkout, Settings(inputs=inputs, secrets=KEYS, variables=NOWHERE))
    assert played.returncode == 0, played.messages
    assert played.jobs == {"mock": "success"}
    assert played.summary.startswith("Mode: mock, because that was asked for\n")
    assert "9.99 RUB" in [cap["text"] for cap in played.report["spend"]["caps"]["per_run"]]
    assert [value for value in KEYS.values() if played.holding(value)] == []


def test_a_red_canary_fails_the_job_and_still_hands_over_its_bundle(github: GitHub, checkout: Path) -> None:
    (checkout / "probes" / "seeded.py").write_text(ALWAYS_RED, encoding="utf-8")
    played = github.play(checkout)
    assert played.returncode != 0
    assert played.jobs == {"decide": "success", "mock": "failure"}
    assert played.step("Run the canary") == "failure"
    assert "exit status 1" in played.said("Run the canary")
    assert played.report["overall_status"] == "fail"
    assert "seeded.never_empty" in played.summary
    assert played.summary.endswith(played.report_text)


def test_a_canary_that_never_started_says_that_nothing_is_known(github: GitHub, checkout: Path) -> None:
    (checkout / "pyproject.toml").write_text("this is not TOML", encoding="utf-8")
    played = github.play(checkout)
    assert played.returncode != 0
    assert (played.step("Install"), played.step("Run the canary")) == ("failure", "")
    assert "**No canary report**" in played.summary
    assert played.uploaded == []


@pytest.mark.parametrize("mode", ["auto", "staging"])
@pytest.mark.parametrize("missing", [URL, *KEYS])
def test_half_configured_staging_is_red_and_names_what_is_missing(
    mode: str, missing: str, github: GitHub, checkout: Path
) -> None:
    secrets = {name: value for name, value in KEYS.items() if name != missing}
    variables = {name: value for name, value in NOWHERE.items() if name != missing}
    settings = Settings(inputs={"mode": mode}, secrets=secrets, variables=variables)
    played = github.play(checkout, settings)
    assert played.returncode != 0
    assert played.jobs == {"decide": "failure"}
    assert "exit status 2" in played.said("Decide")
    assert f"Missing: {missing}. Set it in the GitHub environment billing-staging" in played.summary
    assert played.uploaded == []
    assert [value for value in KEYS.values() if played.holding(value)] == []


@pytest.mark.parametrize(
    ("mode", "job", "step"), [("auto", "decide", "Decide"), ("mock", "mock", "Run the canary")]
)
def test_an_amount_is_data_and_never_a_part_of_a_script(
    mode: str, job: str, step: str, github: GitHub, checkout: Path
) -> None:
    hostile = '10"; touch owned; echo "$(touch owned)'
    played = github.play(checkout, Settings(inputs={"mode": mode, "max_amount_rub": hostile}))
    assert played.jobs == {job: "failure"}
    assert "exit status 2" in played.said(step)
    assert list(checkout.parent.rglob("owned")) == []
