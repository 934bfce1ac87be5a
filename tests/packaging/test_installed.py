"""The installed command, in folders that know nothing of this checkout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.packaging.conftest import Installed


def probe(installed: Installed, cwd: Path) -> dict[str, Any]:
    done = installed.command("probe", "--mode", "mock", "--run-id", "here", cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr
    written = cwd / "artifacts" / "billing-canary" / "here" / "billing-canary-report.json"
    assert "artifacts/billing-canary/here" in done.stdout
    document: dict[str, Any] = json.loads(written.read_text(encoding="utf-8"))
    return document


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


def test_it_is_the_installed_package_that_runs(installed: Installed, empty: Path) -> None:
    where = installed.evaluate("import billing_canary; print(billing_canary.__file__)", empty)
    assert Path(where.strip()).is_relative_to(installed.venv)


def test_it_says_the_version_of_its_metadata(installed: Installed, empty: Path) -> None:
    program = "from importlib.metadata import version; print(version('billing-canary'))"
    done = installed.command("--version", cwd=empty)
    assert done.returncode == 0
    assert installed.evaluate(program, empty).strip() in done.stdout.split()


def test_its_dependencies_agree_with_each_other(installed: Installed, empty: Path) -> None:
    program = "import runpy, sys; sys.argv = ['pip', 'check']; runpy.run_module('pip', run_name='__main__')"
    assert "No broken requirements" in installed.evaluate(program, empty)


def test_in_an_empty_folder_the_bundled_project_is_probed_and_named(
    installed: Installed, empty: Path
) -> None:
    report = probe(installed, empty)
    assert report["overall_status"] == "pass"
    assert report["project"]["root"] == "bundled default"
    assert any(path.startswith("probes/") for path in report["project"]["sha256"])
    assert [path.name for path in empty.iterdir()] == ["artifacts"]


def test_init_writes_a_project_that_is_then_used(installed: Installed, empty: Path) -> None:
    done = installed.command("init", cwd=empty)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {"billing-canary.toml", "probes", "gates"} <= {path.name for path in empty.iterdir()}
    report = probe(installed, empty)
    assert report["overall_status"] == "pass"
    assert report["project"]["root"] == str(empty)
    assert all((empty / path).is_file() for path in report["project"]["sha256"])


def test_init_leaves_a_folder_with_somebodys_files_alone(installed: Installed, empty: Path) -> None:
    (empty / "mine.txt").write_text("mine", encoding="utf-8")
    done = installed.command("init", cwd=empty)
    assert done.returncode == 2
    assert "fix:" in done.stdout + done.stderr
    assert [path.name for path in empty.iterdir()] == ["mine.txt"]
