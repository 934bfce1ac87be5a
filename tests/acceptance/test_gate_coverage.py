"""`billing-canary gate coverage` as its users call it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator
from tests.fakes.covered_project import BILLING, coverage, make_covered, measured, write_files

from billing_canary.artifact.schema import load

if TYPE_CHECKING:
    from tests.acceptance.conftest import Canary, Outcome

LINE = "BILLING_COVERAGE_MIN_BILLING_LINE"
HIGHER = {LINE: "90"}


@pytest.fixture
def home(canary: Canary) -> Path:
    return make_covered(canary.home)


def _gate(canary: Canary, *words: str, **environ: str) -> Outcome:
    return canary("gate", "coverage", *words, env=environ)


def test_a_covered_module_passes(canary: Canary, home: Path) -> None:
    measured(home)
    done = _gate(canary)
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout.startswith("PASS: coverage gate\n")
    assert "5/9   55.55 %  floor 50 %" in done.stdout
    assert "2/4   50.00 %  floor 40 %" in done.stdout
    assert "app/billing.py:13-14  2 lines" in done.stdout
    assert not canary.artifacts.exists()


def test_a_module_below_its_floor_fails_and_names_what_to_cover(canary: Canary, home: Path) -> None:
    measured(home)
    done = _gate(canary, **HIGHER)
    assert done.code == 1
    assert done.stdout.startswith("FAIL: coverage gate\n")
    assert f"{LINE} raises the line floor from 50 % to 90 %" in " ".join(done.stdout.split())
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_an_override_that_lowers_is_shown(canary: Canary, home: Path) -> None:
    measured(home)
    done = _gate(canary, **{LINE: "10"})
    assert done.code == 0
    assert f"{LINE} LOWERS the line floor from 50 % to 10 %" in " ".join(done.stdout.split())


def test_the_document_is_complete_and_fits_its_schema(canary: Canary, home: Path) -> None:
    measured(home)
    done = _gate(canary, "--json", **HIGHER)
    assert done.code == 1
    assert done.stderr.startswith("FAIL: coverage gate")
    Draft202012Validator(load("coverage-report")).validate(done.document)
    (module,) = done.document["modules"]
    assert module["line"] == {"covered": 5, "total": 9, "minimum": "90", "status": "below"}
    assert module["branch"] == {"covered": 2, "total": 4, "minimum": "40", "status": "pass"}
    assert module["missing_lines"] == [[6, 6], [9, 9], [13, 14]]
    assert module["missing_branches"] == [[5, 6], [7, 9]]
    assert [gap["first"] for gap in done.document["cover_next"]] == [13, 5, 6, 7, 9]


def test_quiet_says_the_verdict_alone(canary: Canary, home: Path) -> None:
    measured(home)
    assert len(_gate(canary, "--quiet").stdout.splitlines()) == 1


def test_no_data_are_exit_2_with_the_command_that_makes_some(canary: Canary, home: Path) -> None:
    done = _gate(canary)
    assert (done.code, done.stdout) == (2, "")
    command = done.stderr.partition("fix: ")[2].strip()
    assert "coverage run --branch --source=app" in command
    made = command.replace("python -m", f"{sys.executable} -m").replace("-m pytest", "test.py")
    subprocess.run(["/bin/sh", "-c", made], cwd=home, env={"PYTHONPATH": str(home)}, check=True)
    assert _gate(canary).code == 0


@pytest.mark.parametrize(
    "data", [b"", b"nonsense", b"SQLite format 3\0", b"{}", b"<x/>", b"SF:app/billing.py\n"]
)
def test_data_that_cannot_be_read_are_exit_3(canary: Canary, home: Path, data: bytes) -> None:
    (home / "data").write_bytes(data)
    done = _gate(canary, "--data", "data")
    assert done.code == 3
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("kind", ["json", "xml", "lcov"])
def test_other_formats_are_recognised_by_their_content(canary: Canary, home: Path, kind: str) -> None:
    measured(home)
    coverage(home, kind, "--rcfile=", "-q", "-o", "report.txt")
    assert _gate(canary, "--data", "report.txt").code == 0
    assert _gate(canary, "--data", "report.txt", **HIGHER).code == 1


def test_a_wrong_gate_is_exit_2_with_every_problem(canary: Canary, home: Path) -> None:
    measured(home)
    canary.edit("gates/coverage.toml", 'line = "50"', "line = 50")
    canary.edit("gates/coverage.toml", "app/billing.py", "app/biling.py")
    done = _gate(canary)
    assert (done.code, done.stdout) == (2, "")
    assert "2 problems" in done.stderr
    assert _gate(canary, BILLING_COVERAGE_MIN_BILING_LINE="1").code == 2


def test_hashes_recorded_before_the_run_find_a_later_edit(canary: Canary, home: Path) -> None:
    assert _gate(canary, "--record-hashes", "hashes.json").code == 0
    measured(home)
    done = _gate(canary, "--hashes", "hashes.json")
    assert (done.code, "not checked" in done.stdout) == (0, False)
    write_files(home, {"app/billing.py": BILLING.replace("total = amount", "total = 0 + amount")})
    done = _gate(canary, "--hashes", "hashes.json")
    assert (done.code, "stale" in done.stdout) == (1, True)


def test_without_hashes_an_edit_is_stale_and_the_weaker_check_is_told(canary: Canary, home: Path) -> None:
    measured(home)
    assert "not checked whether the source changed" in _gate(canary).stdout
    write_files(home, {"app/billing.py": BILLING})
    assert _gate(canary).code == 1


def test_hashes_that_are_not_there_are_exit_2_and_damaged_ones_exit_3(canary: Canary, home: Path) -> None:
    measured(home)
    assert _gate(canary, "--hashes", "absent").code == 2
    (home / "hashes.json").write_text("{}")
    assert _gate(canary, "--hashes", "hashes.json").code == 3


def test_the_ratchet_shows_and_writes_only_when_told(canary: Canary, home: Path) -> None:
    measured(home)
    gate = home / "gates/coverage.toml"
    gate.write_text(f"# a comment\n{gate.read_text()}")
    before = gate.read_text()
    shown = _gate(canary, "--ratchet")
    assert shown.code == 0
    assert "ratchet: billing line 50 -> 55.55" in shown.stdout
    assert "ratchet: billing branch 40 -> 50" in shown.stdout
    assert gate.read_text() == before
    assert _gate(canary, "--ratchet", "--write").code == 0
    assert gate.read_text() == before.replace('"50"', '"55.55"').replace('"40"', '"50"')
    again = _gate(canary, "--ratchet", "--write")
    assert (again.code, "no floor can be raised" in again.stdout) == (0, True)
    assert [path.name for path in gate.parent.iterdir()] == ["coverage.toml"]


def test_the_ratchet_never_lowers(canary: Canary, home: Path) -> None:
    measured(home)
    gate = home / "gates/coverage.toml"
    before = gate.read_text()
    write_files(home, {"test.py": "import app.billing\napp.billing.refund(1)\n"})
    measured(home)
    assert _gate(canary, "--ratchet", "--write").code == 1
    lowered = {LINE: "0", "BILLING_COVERAGE_MIN_BILLING_BRANCH": "0"}
    assert _gate(canary, "--ratchet", "--write", **lowered).code == 0
    assert '"40"' in gate.read_text()
    assert gate.read_text().replace('"55.55"', '"50"') == before


def test_write_alone_is_a_wrong_call(canary: Canary, home: Path) -> None:
    assert _gate(canary, "--write").code == 2
    assert home.exists()


def test_the_bundled_project_is_never_changed(canary: Canary) -> None:
    done = _gate(canary, "--data", "absent", "--ratchet", "--write")
    assert done.code == 2
    assert not canary.artifacts.exists()


def test_annotations_are_written_in_github_actions_only(canary: Canary, home: Path) -> None:
    many = "".join(f"    if amount == {n}:\n        return {n}\n" for n in range(40))
    write_files(
        home, {"app/billing.py": BILLING.replace("    return wallet\n", f"{many}    return wallet\n")}
    )
    write_files(home, {"test.py": "import app.billing\napp.billing.charge(100, 1)\n"})
    measured(home)
    actions = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(home.parent)}
    assert "::" not in _gate(canary).stdout
    done = _gate(canary, **actions, **HIGHER)
    lines = done.stdout.splitlines()
    kinds = [line.split(" ")[0] for line in lines if line.startswith("::")]
    assert (kinds.count("::error"), kinds.count("::warning"), kinds.count("::notice")) == (1, 10, 0)
    assert f"::error file={home.name}/app/billing.py,line=1," in done.stdout
    passing = _gate(canary, **actions, **{LINE: "1", "BILLING_COVERAGE_MIN_BILLING_BRANCH": "1"})
    assert passing.stdout.count("::notice") == 10
    document = _gate(canary, "--json", **actions, **HIGHER)
    assert json.loads(document.stdout)["overall_status"] == "fail"
    assert "::error" in document.stderr


@pytest.mark.parametrize("name", ["requests", "stripe", "jsonschema", "tomlkit", "bottle", "pytest"])
def test_the_gate_loads_little(home: Path, name: str) -> None:
    measured(home)
    program = (
        "import sys\nfrom billing_canary.cli.main import run\n"
        f"code = run(['gate', 'coverage', '--quiet'])\nassert {name!r} not in sys.modules\nsys.exit(code)"
    )
    subprocess.run([sys.executable, "-c", program], cwd=home, check=True, capture_output=True)
