"""Measuring suites: private data, our own configuration, children included, and shards that fit together."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from coverage import CoverageData
from tests.fakes.covered_project import BILLING, gated, make_covered, policy_of, write_files

from billing_canary.errors import EvidenceError
from billing_canary.suite.command import Call
from billing_canary.suite.coverage_run import CoverageRun, combine_data, measure
from billing_canary.tier import Suite

CHARGE = "import app.billing\n\ndef test_it():\n    assert app.billing.charge(1, 2) == 1\n"
REFUND = "import app.billing\n\ndef test_it():\n    assert app.billing.refund(1) == 1\n"
CHILD = "import app.billing as b; b.charge(1, 2)"
PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_files(tmp_path, {"project/test_charge.py": CHARGE, "project/test_refund.py": REFUND})
    return make_covered(tmp_path / "project")


def _run(run: CoverageRun, root: Path, *argv: str, **environ: str) -> subprocess.CompletedProcess[str]:
    call = run.cover(
        Suite(name="unit", title="Unit", command=argv), Call(argv=argv, env={"PYTHONPATH": str(root)})
    )
    env = {**os.environ, **environ, **call.env}
    return subprocess.run(
        call.argv, cwd=root, env=env, capture_output=True, text=True, check=False, timeout=60
    )


def _covered(run: CoverageRun, target: Path) -> tuple[int, int, str | None]:
    (found,) = run.measure(run.combine(target))
    return (found.lines_covered, found.branches_covered, found.problem)


def test_suites_are_combined(root: Path, tmp_path: Path) -> None:
    run = CoverageRun(policy_of(root), tmp_path / "work")
    for test in ("test_charge.py", "test_refund.py"):
        done = _run(run, root, *PYTEST, test)
        assert done.returncode == 0, done.stdout + done.stderr
    assert _covered(run, tmp_path / "all") == (7, 2, None)
    assert not (root / ".coverage").exists()


@pytest.mark.parametrize("name", [".coveragerc", "COVERAGE_RCFILE", "COVERAGE_FORCE_CONFIG", "COVERAGE_FILE"])
def test_the_project_s_own_settings_change_nothing(root: Path, tmp_path: Path, name: str) -> None:
    hiding = "[run]\nomit = app/*\ndata_file = stray\n[report]\nexclude_also = def\n"
    write_files(root, {".coveragerc": hiding})
    run = CoverageRun(policy_of(root), tmp_path / "work")
    environ = (
        {name: str(root / ("stray" if name == "COVERAGE_FILE" else ".coveragerc"))}
        if name != ".coveragerc"
        else {}
    )
    assert _run(run, root, *PYTEST, "test_charge.py", **environ).returncode == 0
    assert _covered(run, tmp_path / "all") == (5, 2, None)
    assert not list(root.glob("stray*"))


@pytest.mark.parametrize(
    "program",
    [
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CHILD!r}], check=True)",
        "import os, app.billing as b; b.charge(1, 2); os._exit(0)",
    ],
    ids=["child", "os._exit"],
)
def test_children_and_sudden_ends_are_measured(root: Path, tmp_path: Path, program: str) -> None:
    write_files(root, {"prog/__init__.py": "", "prog/__main__.py": program})
    run = CoverageRun(policy_of(root), tmp_path / "work")
    assert _run(run, root, sys.executable, "-X", "dev", "-m", "prog").returncode == 0
    assert _covered(run, tmp_path / "all") == (5, 2, None)


def test_a_command_that_is_no_python_module_is_measured_where_it_starts_python(
    root: Path, tmp_path: Path
) -> None:
    write_files(root, {"run.sh": f"{sys.executable} -c 'import app.billing as b; b.charge(1, 2)'\n"})
    run = CoverageRun(policy_of(root), tmp_path / "work")
    assert _run(run, root, "sh", "run.sh").returncode == 0
    assert _covered(run, tmp_path / "all") == (5, 2, None)


def test_workers_of_xdist_are_measured(root: Path, tmp_path: Path) -> None:
    run = CoverageRun(policy_of(root), tmp_path / "work")
    done = _run(run, root, *PYTEST, "-n2", "test_charge.py", "test_refund.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert _covered(run, tmp_path / "all") == (7, 2, None)


def test_a_folder_with_odd_characters_is_measured(tmp_path: Path) -> None:
    root = make_covered(tmp_path / "a [b] {c} $HOME, 50% ;d")
    write_files(root, {"test_charge.py": CHARGE})
    run = CoverageRun(policy_of(root), tmp_path / "work $HOME")
    assert _run(run, root, *PYTEST, "test_charge.py").returncode == 0
    assert _covered(run, tmp_path / "all") == (5, 2, None)


def test_no_suite_that_measured_is_a_missing_module(root: Path, tmp_path: Path) -> None:
    run = CoverageRun(policy_of(root), tmp_path / "work")
    assert _covered(run, tmp_path / "all") == (0, 0, "missing")


def test_a_source_that_changes_during_the_run_is_stale(root: Path, tmp_path: Path) -> None:
    run = CoverageRun(policy_of(root), tmp_path / "work")
    _run(run, root, *PYTEST, "test_charge.py")
    write_files(root, {"app/billing.py": f"{BILLING}\n"})
    assert _covered(run, tmp_path / "all")[2] == "stale"


def test_data_of_another_run_are_never_used(root: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    run = CoverageRun(policy_of(root), work)
    with pytest.raises(EvidenceError, match="work"):
        CoverageRun(policy_of(root), work)
    run.combine(tmp_path / "all")
    with pytest.raises(EvidenceError, match="exists already"):
        run.combine(tmp_path / "all")


def test_shards_of_two_machines_fit_together(root: Path, tmp_path: Path) -> None:
    shards = []
    for number, name in enumerate(("test_charge.py", "test_refund.py")):
        checkout = make_covered(tmp_path / f"machine{number}")
        write_files(checkout, {"test_charge.py": CHARGE, "test_refund.py": REFUND})
        run = CoverageRun(policy_of(checkout), tmp_path / f"work{number}")
        _run(run, checkout, *PYTEST, name)
        shards.append(run.combine(tmp_path / f"shard{number}"))
        recorded = CoverageData(str(shards[-1]))
        recorded.read()
        assert recorded.measured_files() == {"app/billing.py"}
    both = combine_data(policy_of(root), shards, tmp_path / "both")
    (found,) = measure(policy_of(root), both, CoverageRun(policy_of(root), tmp_path / "work").hashes)
    assert (found.lines_covered, found.problem) == (7, None)
    assert all(shard.exists() for shard in shards)


def test_an_installed_module_has_one_name_on_every_machine(tmp_path: Path) -> None:
    site = make_covered(tmp_path / "site-packages")
    root = tmp_path / "project"
    write_files(root, {"test_charge.py": CHARGE})
    module = gated(root, "app/billing.py", file=str(site / "app/billing.py"))
    run = CoverageRun(policy_of(root, module), tmp_path / "work")
    assert _run(run, root, *PYTEST, "test_charge.py", PYTHONPATH=str(site)).returncode != 0
    argv = (
        sys.executable,
        "-c",
        f"import sys; sys.path.insert(0, {str(site)!r}); import app.billing as b; b.charge(1, 2)",
    )
    assert _run(run, root, "env", *argv).returncode == 0
    assert _covered(run, tmp_path / "all") == (5, 2, None)


def test_data_that_cannot_be_read_are_unreadable_for_each_module(root: Path, tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"SQLite format 3\0 and no more")
    (found,) = measure(policy_of(root), tmp_path / "data", {})
    assert found.problem == "unreadable"
    run = CoverageRun(policy_of(root), tmp_path / "work")
    _run(run, root, *PYTEST, "test_charge.py")
    for file in (tmp_path / "work").glob("*/data*"):
        file.write_bytes(file.read_bytes()[:5_000])
    with pytest.raises(EvidenceError, match="cannot be combined"):
        run.combine(tmp_path / "all")


def test_data_with_and_without_branches_are_never_mixed(root: Path, tmp_path: Path) -> None:
    run = CoverageRun(policy_of(root), tmp_path / "work")
    _run(run, root, *PYTEST, "test_charge.py")
    lines = CoverageData(str(tmp_path / "lines"))
    lines.add_lines({str(root / "app/billing.py"): [1, 2, 3]})
    lines.write()
    lines.close()
    with pytest.raises(EvidenceError, match="cannot be combined"):
        combine_data(policy_of(root), [tmp_path / "lines"], tmp_path / "all")
