"""`billing-canary doctor`: what is missing, with its fix, and what is fine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.acceptance.conftest import Canary


def _findings(canary: Canary, **env: str) -> list[dict[str, Any]]:
    return list(canary("doctor", "--json", env=env).document["findings"])


def test_a_healthy_machine_and_project_are_ready(canary: Canary) -> None:
    done = canary("doctor")
    assert (done.code, done.stderr) == (0, "")
    assert "FAIL" not in done.stdout
    assert done.stdout.rstrip().endswith("ready: billing-canary probe --mode mock")
    assert not canary.artifacts.exists(), "looking leaves nothing"


def test_json_says_the_same(canary: Canary) -> None:
    document = canary("doctor", "--json").document
    assert document["ready"] is True
    whats = [finding["what"] for finding in document["findings"]]
    assert {"billing-canary", "artifacts", "project", "gates/money.toml", "probes", "mock target"} <= set(
        whats
    )
    assert {finding["status"] for finding in document["findings"]} == {"pass"}


def test_every_problem_has_a_place_and_a_fix(quick: Canary) -> None:
    quick.edit("gates/money.toml", 'RUB = "20.00"', "RUB = 10")
    quick.edit("gates/money.toml", 'allow = ["api.stripe.com"]', "allow = 7")
    (quick.home / "probes" / "bad.py").write_text("raise RuntimeError", encoding="utf-8")
    done = quick("doctor", "--json")
    failed = {
        finding["what"]: finding for finding in done.document["findings"] if finding["status"] == "fail"
    }
    assert (done.code, done.document["ready"]) == (2, False)
    assert {"gates/money.toml: caps.per_run.RUB", "gates/money.toml: hosts.allow", "probes/bad.py:1"} <= set(
        failed
    )
    assert all(finding["fix"] for finding in failed.values())


@pytest.mark.parametrize("folder", ["/nowhere", "gates"])
def test_a_folder_that_is_no_project_is_said(quick: Canary, folder: str) -> None:
    done = quick("doctor", "--project", folder)
    assert done.code == 2
    assert f"{folder} is no billing-canary project" in done.stdout
    assert "not ready" in done.stdout


def test_a_mapping_that_finds_nobody_healthy_is_not_ready(quick: Canary) -> None:
    quick.edit("probes/targets.toml", "/healthz", "/no-such-page")
    done = quick("doctor")
    assert done.code == 2
    assert "FAIL mock target: starts, but read_health says rejected, HTTP 404" in done.stdout


@pytest.mark.parametrize("key", ["sk_live_51H8abcdefghijkl", "rk_live_51H8abcdefghijkl"])
def test_a_live_key_is_a_warning_that_names_the_variable_alone(canary: Canary, key: str) -> None:
    done = canary("doctor", env={"SHOP_PAYMENTS": key})
    assert done.code == 0
    assert "warn environment: SHOP_PAYMENTS holds a live key" in done.stdout
    assert "fix: unset SHOP_PAYMENTS" in done.stdout
    assert key not in done.stdout + done.stderr


def test_a_test_key_is_no_warning(canary: Canary) -> None:
    assert "environment" not in {
        finding["what"] for finding in _findings(canary, SHOP="sk_test_51H8abcdefgh")
    }


def test_artifacts_that_cannot_be_written_are_said(quick: Canary) -> None:
    quick.artifacts.write_text("a file", encoding="utf-8")
    done = quick("doctor")
    assert done.code == 2
    assert "FAIL artifacts: " in done.stdout
