"""The canary workflow on staging, which is a `billing-canary mock` in a process of its own here."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import requests
from tests.fakes.github import GitHub, Played, Settings

if TYPE_CHECKING:
    from tests.acceptance.conftest import Canary

RUN_ID = "gh-1-1"
ARTIFACT = f"billing-canary-staging-{RUN_ID}"
SAYS = "Mode: staging, because all of its settings are set\n"

HEAD = """
import time
from billing_canary import Operation, ProbeContext, Severity, billing_probe

@billing_probe(title="Seeded", severity=Severity.CRITICAL, owner="sre", needs=(Operation.OPEN_ACCOUNT,))
def seeded(run: ProbeContext) -> None:
    run.open_account()
"""
GREEN = HEAD + '    run.expect("One is one", 1, equals=1)\n'
RED = HEAD + '    run.expect("One is two", 1, equals=2)\n'
STUCK = HEAD + "    time.sleep(100)\n"

CLEAN_FAILS = """
import click

@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1)
def command(words: tuple[str, ...]) -> int:
    click.echo("left: account acc_seeded")
    return 1
"""


@dataclass(frozen=True, kw_only=True)
class Staging:
    """A running billing system, and what GitHub would have to know of it."""

    backend_url: str
    provider_url: str
    admin_key: str
    provider_key: str
    webhook_secret: str

    @property
    def secrets(self) -> dict[str, str]:
        return {
            "BILLING_CANARY_STAGING_ADMIN_KEY": self.admin_key,
            "BILLING_CANARY_STAGING_WEBHOOK_SECRET": self.webhook_secret,
            "BILLING_CANARY_STAGING_PROVIDER_KEY": self.provider_key,
        }

    def settings(self, **secrets: str) -> Settings:
        variables = {"BILLING_CANARY_STAGING_URL": self.backend_url}
        return Settings(event="schedule", secrets=self.secrets | secrets, variables=variables)

    def accounts(self) -> list[Any]:
        """The accounts of the run that are still open."""
        answer = requests.get(
            f"{self.backend_url}/accounts",
            params={"run_id": RUN_ID},
            headers={"X-Admin-Key": self.admin_key},
            timeout=10,
        )
        answer.raise_for_status()
        found: list[Any] = answer.json()["accounts"]
        return found


@pytest.fixture
def staging(canary: Canary) -> Staging:
    process = canary.start("mock", "--json", stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    told = json.loads(process.stdout.readline())
    return Staging(**{name: told[name] for name in Staging.__dataclass_fields__})


@pytest.fixture
def checkout(checkout: Path, staging: Staging) -> Path:
    """The project as its owner sets it up: hosts allowed, provider named, patience for a fast system."""
    hosts = [urlsplit(url).netloc for url in (staging.backend_url, staging.provider_url)]
    policy, targets = checkout / "gates" / "money.toml", checkout / "probes" / "targets.toml"
    _edit(policy, 'allow = ["api.stripe.com"]', f"allow = {json.dumps(hosts)}")
    _edit(targets, "https://api.stripe.com", staging.provider_url)
    patience = next(line for line in targets.read_text("utf-8").splitlines() if line.startswith("patience"))
    _edit(targets, "[staging]\n", f"[staging]\n{patience}\n")
    return checkout


def _edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{file.name} no longer holds {old!r} once"
    file.write_text(text.replace(old, new), encoding="utf-8")


def _only_probe(checkout: Path, text: str) -> None:
    for file in (checkout / "probes").glob("*.py"):
        file.unlink()
    (checkout / "probes" / "seeded.py").write_text(text, encoding="utf-8")


def _leaked(played: Played, settings: Settings) -> dict[str, list[str]]:
    """Each secret that shows up anywhere, with the places."""
    return {name: found for name, value in settings.secrets.items() if (found := played.holding(value))}


def test_with_all_settings_the_schedule_runs_staging_and_says_so(
    github: GitHub, checkout: Path, staging: Staging
) -> None:
    settings = staging.settings()
    played = github.play(checkout, settings)
    assert played.returncode == 0, played.messages
    assert played.jobs == {"decide": "success", "staging": "success"}
    assert played.uploaded == [ARTIFACT]
    assert SAYS in played.said("Decide")
    assert played.summary == f"{SAYS}\n{played.report_text}"
    assert (played.report["mode"], played.report["overall_status"]) == ("staging", "pass")
    assert "10.00 RUB" in [cap["text"] for cap in played.report["spend"]["caps"]["per_run"]]
    assert f"nothing is left of run {RUN_ID}" in played.said("Clean up")
    assert staging.accounts() == []
    assert _leaked(played, settings) == {}
    # The search does find what is there.
    address = urlsplit(staging.backend_url).netloc
    assert {"log", f"{ARTIFACT}/billing-canary-report.json"} <= set(played.holding(address))


def test_a_red_canary_stays_red_and_no_clean_up_hides_its_exit_code(
    github: GitHub, checkout: Path, staging: Staging
) -> None:
    _only_probe(checkout, RED)
    (checkout / "src" / "billing_canary" / "cli" / "clean.py").write_text(CLEAN_FAILS, encoding="utf-8")
    played = github.play(checkout, staging.settings())
    assert played.jobs == {"decide": "success", "staging": "failure"}
    assert "exit status 1" in played.said("Run the canary")
    assert played.report["overall_status"] == "fail"
    assert "**Clean-up failed**: billing-canary clean exited with 1" in played.summary
    assert played.summary.endswith(played.report_text)


def test_a_clean_up_that_fails_is_seen_and_leaves_a_green_canary_green(
    github: GitHub, checkout: Path, staging: Staging
) -> None:
    _only_probe(checkout, GREEN)
    (checkout / "src" / "billing_canary" / "cli" / "clean.py").write_text(CLEAN_FAILS, encoding="utf-8")
    played = github.play(checkout, staging.settings())
    assert played.jobs == {"decide": "success", "staging": "success"}, played.messages
    assert "left: account acc_seeded" in played.said("Clean up")
    assert f"**Clean-up failed**: billing-canary clean exited with 1: what run {RUN_ID} " in played.summary
    assert "::error title=Clean-up failed::billing-canary clean exited with 1" in played.said("Clean up")


def test_a_cancelled_run_is_cleaned_up_after_and_hands_over_its_bundle(
    github: GitHub, checkout: Path, staging: Staging, until: Callable[..., None]
) -> None:
    _only_probe(checkout, STUCK)
    process = github.start(checkout, staging.settings())
    until(staging.accounts, within=60)
    process.send_signal(signal.SIGINT)
    played = github.finished(process, checkout)
    assert played.returncode != 0
    assert "removed account acct_" in played.said("Clean up"), played.messages
    assert f"nothing is left of run {RUN_ID}" in played.said("Clean up")
    assert staging.accounts() == []
    assert played.uploaded == [ARTIFACT], played.messages
    assert json.loads((played.bundle / "run.json").read_text("utf-8"))["run_id"] == RUN_ID
    assert _leaked(played, staging.settings()) == {}


def test_a_live_key_is_refused_and_shown_nowhere(github: GitHub, checkout: Path, staging: Staging) -> None:
    settings = staging.settings(BILLING_CANARY_STAGING_PROVIDER_KEY="sk_live_2236067977499789")
    played = github.play(checkout, settings)
    assert played.jobs == {"decide": "success", "staging": "failure"}
    assert "exit status 4" in played.said("Run the canary")
    assert "BILLING_CANARY_STAGING_PROVIDER_KEY holds a live key" in played.said("Run the canary")
    assert _leaked(played, settings) == {}


def test_the_search_for_secrets_sees_one_that_is_printed(
    github: GitHub, checkout: Path, staging: Staging
) -> None:
    _only_probe(checkout, GREEN)
    workflow = checkout / ".github" / "workflows" / "billing-canary.yml"
    name = "BILLING_CANARY_STAGING_WEBHOOK_SECRET"
    _edit(
        workflow,
        "exec billing-canary probe --mode staging",
        f'echo "${name}"; billing-canary probe --mode staging',
    )
    settings = staging.settings()
    assert _leaked(github.play(checkout, settings), settings) == {name: ["log"]}
