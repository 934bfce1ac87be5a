"""Every known fault is caught by a claim that names it, and the healthy service raises no alarm."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from billing_canary.reference.faults import FAULTS, catalogue

if TYPE_CHECKING:
    from tests.contract.conftest import Matrix

REQUIRED = (
    "F01 F02 F03 F04 F05 F06 F09 F10 F11 F12 F13 F17 F20 F22 F23 F24 F25 F26 F29 F30 F31 F32 F33 F34 F35 F39 "
    "F49 F50 F51 F52 F53 F60 F62 F85"
).split()


def test_the_catalogue_is_the_required_one() -> None:
    assert [fault.id for fault in catalogue()] == REQUIRED
    assert set(FAULTS) == set(REQUIRED)
    assert len({fault.title for fault in catalogue()}) == len(REQUIRED)
    assert all(fault.source.strip() for fault in catalogue())


def test_the_command_says_yes(matrix: Matrix) -> None:
    assert matrix.code == 0, matrix.stderr
    assert matrix.document["overall_status"] == "pass"
    assert [fault["id"] for fault in matrix.document["faults"]] == REQUIRED


@pytest.mark.parametrize("fault_id", REQUIRED)
def test_the_fault_is_caught_by_a_claim_that_names_it(matrix: Matrix, fault_id: str) -> None:
    (found,) = (fault for fault in matrix.document["faults"] if fault["id"] == fault_id)
    assert found["caught"] is True
    assert found["title"] == FAULTS[fault_id].title
    assert found["by"]
    assert all(claim.strip() for claim in found["claims"])
    assert {found["statuses"][probe] for probe in found["by"]} == {"fail"}


def test_the_healthy_service_raises_no_alarm(matrix: Matrix) -> None:
    assert matrix.document["healthy"]["runs"] >= 2
    assert matrix.document["healthy"]["alarms"] == []


def test_the_bundle_of_the_matrix_verifies(matrix: Matrix, command: Any) -> None:
    done = command("runs", "verify", "--all", cwd=matrix.home)
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith("verified: billing-faults/")


def test_a_probe_that_cannot_see_a_fault_lets_it_go_undetected(command: Any, tmp_path: Any) -> None:
    """The matrix can say no: against a probe that looks at nothing, no fault is caught."""
    assert command("init", "blind", cwd=tmp_path).returncode == 0
    for file in (tmp_path / "blind" / "probes").glob("*.py"):
        file.unlink()
    (tmp_path / "blind" / "probes" / "blind.py").write_text(
        "from billing_canary import Severity, billing_probe\n"
        "@billing_probe(title='It sees nothing', severity=Severity.CRITICAL, owner='tests')\n"
        "def blind(run):\n    run.expect('It is there', True)\n",
        encoding="utf-8",
    )
    done = command("faults", "--only", "F01", "--healthy-runs", "1", "--project", "blind", cwd=tmp_path)
    assert done.returncode == 1
    assert re.search(r"F01.*MISSED|MISSED.*F01", done.stdout)


def test_a_false_alarm_is_a_failure(command: Any, tmp_path: Any) -> None:
    assert command("init", "jumpy", cwd=tmp_path).returncode == 0
    for name in ("quota", "wallet", "webhooks"):
        (tmp_path / "jumpy" / "probes" / f"{name}.py").unlink()
    (tmp_path / "jumpy" / "probes" / "jumpy.py").write_text(
        "from billing_canary import Severity, billing_probe\n"
        "@billing_probe(title='It cries wolf', severity=Severity.MINOR, owner='tests')\n"
        "def jumpy(run):\n    run.expect('There is no wolf', False)\n",
        encoding="utf-8",
    )
    done = command("faults", "--only", "F85", "--healthy-runs", "1", "--project", "jumpy", cwd=tmp_path)
    assert done.returncode == 1
    assert "false alarm: jumpy.jumpy: There is no wolf" in done.stdout
