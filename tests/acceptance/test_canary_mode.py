"""scripts/canary-mode: staging, mock, or an error that names what is missing."""

from __future__ import annotations

import itertools
import os
import subprocess
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SETTINGS = (
    "BILLING_CANARY_STAGING_URL",
    "BILLING_CANARY_STAGING_ADMIN_KEY",
    "BILLING_CANARY_STAGING_WEBHOOK_SECRET",
    "BILLING_CANARY_STAGING_PROVIDER_KEY",
)
PARTS = [set(part) for size in (1, 2, 3) for part in itertools.combinations(SETTINGS, size)]


@dataclass(frozen=True, kw_only=True)
class Decided:
    code: int
    log: str
    outputs: dict[str, str]
    summary: str


@dataclass(frozen=True, kw_only=True)
class Script:
    """The script in a folder where it writes its answer."""

    folder: Path

    def __call__(self, *, there: Collection[str] = (), **environment: str) -> Decided:
        output, summary = self.folder / "output", self.folder / "summary"
        output.touch()
        summary.touch()
        has = {f"HAS_{name}": "true" if name in there else "false" for name in SETTINGS}
        done = subprocess.run(
            [ROOT / "scripts" / "canary-mode"],
            cwd=self.folder,
            env={
                "PATH": os.environ["PATH"],
                "GITHUB_OUTPUT": str(output),
                "GITHUB_STEP_SUMMARY": str(summary),
                "MAX_AMOUNT_RUB": "10",
            }
            | has
            | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        lines = (line.partition("=") for line in output.read_text("utf-8").splitlines())
        return Decided(
            code=done.returncode,
            log=done.stdout + done.stderr,
            outputs={name: value for name, _, value in lines},
            summary=summary.read_text("utf-8"),
        )


@pytest.fixture
def decide(tmp_path: Path) -> Script:
    return Script(folder=tmp_path)


@pytest.mark.parametrize("mode", ["auto", "staging"])
def test_with_all_settings_it_is_staging(mode: str, decide: Script) -> None:
    decided = decide(there=SETTINGS, MODE=mode, MAX_AMOUNT_RUB="2.50")
    why = "all of its settings are set"
    assert decided.outputs == {"mode": "staging", "why": why, "max_amount_rub": "2.50"}
    assert (decided.code, decided.log) == (0, f"Mode: staging, because {why}\n")


def test_with_none_it_is_the_mock_and_the_settings_are_named(decide: Script) -> None:
    decided = decide(MODE="auto")
    assert (decided.code, decided.outputs["mode"]) == (0, "mock")
    assert decided.log == f"Mode: mock, because no staging setting is set ({', '.join(SETTINGS)})\n"


@pytest.mark.parametrize("there", PARTS, ids=len)
@pytest.mark.parametrize("mode", ["auto", "staging"])
def test_with_a_part_of_them_it_is_an_error_that_names_the_others(
    there: set[str], mode: str, decide: Script
) -> None:
    decided = decide(there=there, MODE=mode)
    missing = ", ".join(name for name in SETTINGS if name not in there)
    assert (decided.code, decided.outputs) == (2, {})
    assert decided.log.startswith("::error title=Staging ")
    assert f"Missing: {missing}. " in decided.log
    assert f"Missing: {missing}. " in decided.summary


def test_staging_that_was_asked_for_never_becomes_the_mock(decide: Script) -> None:
    decided = decide(MODE="staging")
    assert (decided.code, decided.outputs) == (2, {})
    assert f"Missing: {', '.join(SETTINGS)}. " in decided.summary


@pytest.mark.parametrize("amount", ["10", "0", "0.5", "0.50", "999999.99"])
def test_an_amount_in_roubles_passes(amount: str, decide: Script) -> None:
    assert decide(MAX_AMOUNT_RUB=amount).outputs["max_amount_rub"] == amount


@pytest.mark.parametrize(
    "amount",
    ["", " ", "ten", "-1", "+1", "1e3", "1,5", ".5", "5.", "010", "1.234", "1000000", "10 RUB", "NaN",
     "\u0661\u0660", "10\n", "10\nmode=staging", "10; id", "$(id)", "--help"],
)  # fmt: skip
@pytest.mark.parametrize("there", [(), SETTINGS], ids=["nothing set", "all set"])
def test_anything_else_is_an_error(amount: str, there: tuple[str, ...], decide: Script) -> None:
    decided = decide(there=there, MAX_AMOUNT_RUB=amount)
    assert (decided.code, decided.outputs) == (2, {})
    assert decided.log.startswith("::error title=Not an amount::")
    assert decided.log.count("\n") == 1


@pytest.mark.parametrize("mode", ["mock", "Staging", "auto\nmode=staging", "production"])
def test_an_unknown_mode_is_an_error(mode: str, decide: Script) -> None:
    decided = decide(there=SETTINGS, MODE=mode)
    assert (decided.code, decided.outputs) == (2, {})
    assert decided.log.startswith("::error title=Unknown mode::")
    assert decided.log.count("\n") == 1


@pytest.mark.parametrize("told", ["", "True", "sk_test_value"])
def test_a_setting_that_the_workflow_does_not_tell_is_an_error(told: str, decide: Script) -> None:
    decided = decide(there=SETTINGS, HAS_BILLING_CANARY_STAGING_PROVIDER_KEY=told)
    assert (decided.code, decided.outputs) == (2, {})
    assert "HAS_BILLING_CANARY_STAGING_PROVIDER_KEY must be true or false" in decided.log
    assert not told or told not in decided.log.replace("true", "")
