"""`--mode staging` where a probe cannot run: skips, and what excuses them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.fakes.staging import BLOCKED, OPENS, WRONG, Staging, probe

if TYPE_CHECKING:
    from tests.acceptance.conftest import Canary

EXCUSE = 'not_applicable = { "quota.*" = { reason = "this product sells no quota", owner = "shop team" } }'


def without(staging: Staging, *operations: str) -> None:
    """Take operations out of the backend's table."""
    targets = staging.home / "probes/targets.toml"
    text = targets.read_text(encoding="utf-8")
    for operation in operations:
        start = text.index(f"[backends.reference.operations.{operation}]")
        end = text.find("\n[backends.reference.operations.", start)
        while text[end:].startswith(f"\n[backends.reference.operations.{operation}."):
            end = text.find("\n[backends.reference.operations.", end + 1)
        text = text[:start] + text[end + 1 :]
    targets.write_text(text, encoding="utf-8")


def test_a_skip_without_an_excuse_keeps_the_run_from_passing(canary: Canary, staging: Staging) -> None:
    staging.probes(opens=OPENS, quota=BLOCKED)
    without(staging, "consume")
    done = probe(canary, staging)
    assert (done.code, canary.bundle.report["overall_status"]) == (3, "inconclusive")
    assert "quota.empty_wallet_is_blocked was skipped: the target maps no consume" in done.stdout


def test_an_excused_skip_does_not_and_is_told_everywhere(canary: Canary, staging: Staging) -> None:
    staging.probes(opens=OPENS, quota=BLOCKED)
    staging.add(EXCUSE)
    without(staging, "consume")
    done = probe(canary, staging)
    found = canary.bundle.probe("quota.empty_wallet_is_blocked")
    assert done.code == 0, done.stdout
    assert found["status"] == "skip"
    assert found["not_applicable"] == {"reason": "this product sells no quota", "owner": "shop team"}
    assert canary("runs", "verify", "--all").code == 0
    shown = canary("runs", "show", canary.bundle.folder.name).stdout
    for text in (done.stdout, shown, *map(canary.bundle.text, ("billing-canary-report.md", "junit.xml"))):
        flat = " ".join(text.split())
        assert "this product sells no quota" in flat
        assert "shop team" in flat


def test_an_excuse_does_not_silence_a_probe_that_can_run(canary: Canary, staging: Staging) -> None:
    staging.probes(opens=OPENS, quota=WRONG)
    staging.add(EXCUSE)
    done = probe(canary, staging)
    found = canary.bundle.probe("quota.empty_wallet_is_blocked")
    assert (done.code, found["status"], found["not_applicable"]) == (1, "fail", None)


def test_excuses_alone_prove_nothing(canary: Canary, staging: Staging) -> None:
    staging.probes(quota=BLOCKED)
    staging.add(EXCUSE)
    without(staging, "consume")
    done = probe(canary, staging)
    assert done.code == 3
    assert "no critical probe ran and passed" in done.stdout


@pytest.mark.parametrize(
    ("excuse", "named"),
    [
        (EXCUSE.replace("quota.*", "qouta.*"), "staging.not_applicable.qouta.*: matches no probe"),
        (EXCUSE.replace(', owner = "shop team"', ""), "staging.not_applicable.quota.*.owner: is missing"),
        (EXCUSE.replace("shop team", " "), "staging.not_applicable.quota.*.owner: is empty"),
        (
            EXCUSE.replace("this product sells no quota", ""),
            "staging.not_applicable.quota.*.reason: is empty",
        ),
        ('not_applicable = { "quota.*" = "no quota" }', "staging.not_applicable.quota.*: must be a table"),
    ],
)
def test_an_excuse_that_is_none_is_a_wrong_file(
    canary: Canary, staging: Staging, excuse: str, named: str
) -> None:
    staging.probes(opens=OPENS, quota=BLOCKED)
    staging.add(excuse)
    done = probe(canary, staging, "--only", "opens.*")
    assert done.code == 2
    assert named in done.stderr
    assert not canary.artifacts.exists()
