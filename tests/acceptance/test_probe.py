"""`billing-canary probe`: verdicts, refusals and wrong calls, each with its exit code."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from tests.acceptance.conftest import Canary

ROOT = Path(__file__).parents[2]
FILES = {
    "billing-canary-report.json",
    "billing-canary-report.md",
    "junit.xml",
    "logs",
    "run.json",
    "runner.json",
}
FAULTS = {
    "F09": "webhooks.stale_signature_rejected",
    "F20": "operations.backlog_drains",
    "F29": "wallet.zero_decimal_currency",
    "F34": "wallet.ledger_equals_balance",
    "F39": "wallet.impossible_amounts_rejected",
    "F49": "quota.concurrent_debits_never_overspend",
    "F85": "operations.build_at_start",
}
CHEAP = ("--only", "operations.build_at_start")


def test_a_healthy_service_passes_with_a_complete_bundle(canary: Canary) -> None:
    done = canary("probe", "--mode", "mock")
    bundle, report = canary.bundle, canary.bundle.report
    assert done.code == 0
    assert done.stdout.startswith("PASS: billing is safe")
    assert f"Report: artifacts/billing-canary/{bundle.folder.name}/billing-canary-report.md" in done.stdout
    assert {path.name for path in bundle.folder.iterdir()} == FILES
    assert (report["overall_status"], report["missing_count"], report["mode"]) == ("pass", 0, "mock")
    assert {probe["status"] for probe in report["probes"]} == {"pass"}
    assert all(probe["evidence"] for probe in report["probes"])
    assert {check["status"] for check in report["safety_checks"]} == {"pass"}
    first = bundle.text("billing-canary-report.md").splitlines()[0]
    assert all(part in first for part in ("PASS", "Since ", "Next: ")), first
    assert len(ET.parse(bundle.folder / "junit.xml").findall(".//testcase")) >= len(report["probes"])  # noqa: S314 - our own file
    assert canary("runs", "verify", bundle.folder.name).code == 0


def test_the_bundle_tells_which_project_was_used(canary: Canary) -> None:
    done = canary("probe", "--project", str(ROOT), *CHEAP)
    assert done.code == 0
    assert f"project: {ROOT} (--project)" in done.stderr
    project = canary.bundle.report["project"]
    assert (project["root"], project["origin"]) == (str(ROOT), "--project")
    assert {"probes/operations.py", "probes/targets.toml", "gates/money.toml"} <= project["sha256"].keys()
    for path, digest in project["sha256"].items():
        assert hashlib.sha256((ROOT / path).read_bytes()).hexdigest() == digest


def test_the_nearest_project_above_is_used(quick: Canary) -> None:
    (quick.home / "below" / "deeper").mkdir(parents=True)
    done = quick("probe", "--artifacts", str(quick.artifacts), cwd=quick.home / "below" / "deeper")
    assert done.code == 0
    assert [probe["id"] for probe in quick.bundle.report["probes"]] == ["quick.adds_up"]


def test_without_a_project_the_bundled_one_is_used(canary: Canary) -> None:
    assert "project: bundled default (bundled)" in canary("probe", *CHEAP).stderr
    assert canary.bundle.report["project"]["root"] == "bundled default"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_turns_the_run_red_and_is_named(canary: Canary, fault: str) -> None:
    done = canary("probe", "--fault", fault, "--only", FAULTS[fault])
    probe = canary.bundle.probe(FAULTS[fault])
    failed = [row for row in probe["evidence"] if not row["held"]]
    assert (done.code, canary.bundle.report["overall_status"], probe["status"]) == (1, "fail", "fail")
    assert fault in {revealed for row in failed for revealed in row["reveals"]}
    assert canary.bundle.report["fault_titles"][fault]
    assert fault in canary.bundle.text("billing-canary-report.md")
    assert failed[0]["claim"] in done.stderr
    junit = ET.parse(canary.bundle.folder / "junit.xml")  # noqa: S314 - our own file
    assert junit.find(".//failure") is not None
    assert canary("runs", "verify", "--all").code == 0


def test_faults_add_up(canary: Canary) -> None:
    done = canary("probe", "--fault", "F09", "--fault", "F10", "--only", "webhooks.*_rejected")
    assert done.code == 1
    assert {"F09", "F10"} <= canary.bundle.report["fault_titles"].keys()


def test_a_plan_over_the_cap_is_refused_before_anything_is_sent(canary: Canary) -> None:
    done = canary("probe", "--max-amount-rub", "0.50")
    report = canary.bundle.report
    assert (done.code, report["overall_status"]) == (4, "refused")
    assert "over the cap of 0.50 RUB" in " ".join(report["reasons"])
    assert (report["probes"], report["spend"]["moved"], report["spend"]["entries"]) == ([], [], [])
    assert report["health_check"]["status"] == "inconclusive"
    passed = {check["id"] for check in report["safety_checks"] if check["status"] == "pass"}
    assert not passed, "a check that passed means that something was sent"
    assert canary("runs", "verify", "--all").code == 0


def test_the_alias_and_the_option_mean_the_same(canary: Canary) -> None:
    assert canary("probe", "--max-amount", "0.50 RUB").code == 4
    assert canary.bundle.report["spend"]["caps"]["per_run"][0]["minor"] == 50


def test_a_cap_cannot_be_raised(canary: Canary) -> None:
    assert canary("probe", "--max-amount-rub", "1000000", *CHEAP).code == 0
    caps = {cap["currency"]: cap["minor"] for cap in canary.bundle.report["spend"]["caps"]["per_run"]}
    assert caps == {"RUB": 2000, "JPY": 1000}


@pytest.mark.parametrize(
    "amount",
    [
        *("abc", "", "10", "RUB", "10 XYZ", "-1 RUB", "1e3 RUB", "0.001 RUB", "NaN RUB", "inf RUB"),
        *("1 RUB 2", "0.5 JPY", "1,5 RUB", "\u0661\u0660 RUB"),
    ],
)
def test_an_amount_that_is_none_is_a_wrong_call(canary: Canary, amount: str) -> None:
    done = canary("probe", "--max-amount", amount)
    assert (done.code, done.stdout) == (2, "")
    assert "--max-amount" in done.stderr
    assert "fix: " in done.stderr
    assert not canary.artifacts.exists()


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--only", "nothing.*"), "'nothing.*' matches no probe"),
        (("--only", "operations.*", "--only", "typo"), "'typo' matches no probe"),
        (("--fault", "F999"), "F999"),
        (("--schedule", "never"), "never"),
        (("--project", "/nowhere"), "/nowhere is no billing-canary project"),
        (("--project", ""), "is no billing-canary project"),
        (("--expect-build", ""), "--expect-build: is empty"),
    ],
)
def test_a_choice_that_does_not_exist_is_a_wrong_call(
    canary: Canary, words: tuple[str, ...], named: str
) -> None:
    done = canary("probe", *words)
    assert (done.code, done.stdout) == (2, "")
    assert done.stderr.startswith("1 problem; nothing was run:\n")
    assert named in done.stderr
    assert "    fix: " in done.stderr
    assert not canary.artifacts.exists()


def test_another_build_than_the_expected_one_fails(canary: Canary) -> None:
    done = canary("probe", "--expect-build", "release-7", *CHEAP)
    (row,) = canary.bundle.probe("operations.build_at_start")["evidence"]
    assert done.code == 1
    assert (row["expected"], row["held"], row["reveals"]) == ("release-7", False, ["F85"])


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address where nobody listens, kept from others meanwhile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('base_url = { env = "BILLING_CANARY_MOCK_BACKEND_URL" }', 'base_url = "{nobody}"'),
        ('path = "/healthz"', 'path = "/no-such-page"'),
    ],
    ids=["unreachable", "unhealthy"],
)
def test_an_unhealthy_target_is_never_a_pass_and_runs_no_probe(
    quick: Canary, old: str, new: str, nobody: str
) -> None:
    quick.edit("probes/targets.toml", old, new.format(nobody=nobody))
    done = quick("probe")
    report = quick.bundle.report
    assert (done.code, report["overall_status"], report["probes"]) == (1, "fail", [])
    assert report["health_check"]["status"] == "fail"
    assert "health check failed" in " ".join(report["reasons"])


def test_a_target_without_the_needed_operations_is_inconclusive(canary: Canary) -> None:
    canary.project(wallet=(ROOT / "probes" / "wallet.py").read_text(encoding="utf-8"))
    canary.edit("probes/targets.toml", "[backends.reference.operations.open_account]", "[spare.a]")
    canary.edit("probes/targets.toml", "[backends.reference.operations.close_account]", "[spare.b]")
    done = canary("probe")
    assert done.code in {2, 3}, done.stdout
    assert not done.stdout.startswith("PASS")


def test_probes_that_are_not_critical_prove_nothing(canary: Canary) -> None:
    done = canary("probe", "--only", "operations.health_and_metrics")
    assert (done.code, canary.bundle.report["overall_status"]) == (3, "inconclusive")
    assert "no critical probe ran and passed" in done.stdout


def test_list_names_every_probe_and_runs_none(canary: Canary) -> None:
    listed = canary("probe", "--list", "--json").document["probes"]
    shown = canary("probe", "--list").stdout
    assert len(listed) > 30
    assert all(f"{probe['id']}\n    {probe['title']}" in shown for probe in listed)
    assert not canary.artifacts.exists()


def test_the_report_says_what_changed_since_the_run_before(quick: Canary) -> None:
    assert quick("probe", "--run-id", "first").code == 0
    quick.edit("probes/quick.py", "equals=4", "equals=5")
    assert quick("probe", "--run-id", "second").code == 1
    previous = next(b for b in quick.bundles() if b.folder.name == "second").report["previous"]
    assert (previous["run_id"], previous["overall_status"]) == ("first", "pass")
    assert previous["changes"] == ["quick.adds_up: pass before, fail now"]
