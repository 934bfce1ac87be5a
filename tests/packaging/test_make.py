"""The two commands of a fresh machine, in a copy of the checkout that has no environment yet."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRIVATE = ("PYTHON", "BILLING_", "STRIPE_", "COV", "PYTEST_", "MAKE", "MFLAGS", "ARGS", "VIRTUAL_ENV")
WORKING = f'#!/bin/sh\nexec {sys.executable} "$@"\n'
SWITCHED_OFF = "#!/bin/sh\necho 'command not found' >&2\nexit 127\n"
OLD = "#!/bin/sh\nexit 1\n"
WITHOUT_VENV = '#!/bin/sh\ncase "$2" in *ensurepip*) exit 1 ;; esac\nexit 0\n'
UV = """#!/bin/sh
echo "$1" "$2" >> "$UV_LOG"
case "$1" in
    venv) for last; do :; done; exec {python} -m venv --without-pip "$last" ;;
    pip) exit 0 ;;
esac
"""

Make = Callable[..., subprocess.CompletedProcess[str]]


def run(argv: list[str], cwd: Path, **extra: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(PRIVATE)}
    return subprocess.run(
        argv,
        cwd=cwd,
        env=kept | extra,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture(scope="module")
def make(
    tool: Callable[[str], str],
    copy_checkout: Callable[[Path], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Make:
    copy = copy_checkout(tmp_path_factory.mktemp("fresh") / "billing-canary")
    return lambda *words: run([tool("make"), *words, f"PYTHON={sys.executable}"], copy)


@pytest.fixture(scope="module")
def first_canary(make: Make) -> subprocess.CompletedProcess[str]:
    return make("canary")


def test_make_canary_makes_what_it_needs_and_shows_the_report(
    first_canary: subprocess.CompletedProcess[str],
) -> None:
    assert first_canary.returncode == 0, first_canary.stdout + first_canary.stderr
    assert "Making .venv" in first_canary.stderr
    assert "artifacts/billing-canary/" in first_canary.stdout


@pytest.mark.usefixtures("first_canary")
def test_a_second_make_canary_installs_nothing_and_a_failure_comes_through(make: Make) -> None:
    done = make("canary", "ARGS=--no-such-option")
    assert done.returncode != 0
    assert "--no-such-option" in done.stderr
    assert "Error 2" in done.stderr
    assert "Installing" not in done.stderr


@pytest.mark.usefixtures("first_canary")
def test_make_test_passes_its_arguments_on(make: Make) -> None:
    done = make("test", "ARGS=tests/acceptance/test_workflows.py -k pinned")
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 1 passed" in done.stdout.splitlines()[-1]


def test_make_help_lists_every_target(make: Make) -> None:
    declared = next(line for line in (ROOT / "Makefile").read_text().splitlines() if ".PHONY" in line)
    listed = [line.split()[1] for line in make("help").stdout.splitlines()]
    assert sorted(listed) == sorted(declared.split()[1:])


@pytest.fixture
def path(tmp_path: Path) -> Callable[..., str]:
    """A PATH of exactly these programs, and of what a shell script needs."""

    def build(**programs: str) -> str:
        for name in ("sh", "dirname", "rm", "env"):
            (tmp_path / name).symlink_to(str(shutil.which(name)))
        for name, text in programs.items():
            program = tmp_path / name.replace("_", ".")
            program.write_text(text, encoding="utf-8")
            program.chmod(0o755)
        return str(tmp_path)

    return build


def which(folder: Path, path: str, **extra: str) -> subprocess.CompletedProcess[str]:
    return run([str(folder / "scripts" / "make-venv"), "which"], folder, PATH=path, **extra)


def test_the_newest_python_that_runs_is_taken(path: Callable[..., str]) -> None:
    found = which(ROOT, path(python3_13=SWITCHED_OFF, python3_12=WORKING, python3_11=WORKING, python3=OLD))
    assert (found.returncode, found.stdout) == (0, "python3.12\n")


def test_a_python_without_a_version_in_its_name_will_do(path: Callable[..., str]) -> None:
    assert which(ROOT, path(python3=WORKING)).stdout == "python3\n"


def test_without_a_new_enough_python_a_sentence_says_so(path: Callable[..., str]) -> None:
    found = which(ROOT, path(python3_13=SWITCHED_OFF, python3=OLD))
    assert (found.returncode, found.stdout) == (1, "")
    assert "No Python 3.11 or newer runs here" in found.stderr
    assert "fix:" in found.stderr


def test_a_python_without_venv_is_named_with_the_package_to_install(path: Callable[..., str]) -> None:
    found = which(ROOT, path(python3_11=WITHOUT_VENV))
    assert found.returncode == 1
    assert "python3.11" in found.stderr
    assert "python3-venv" in found.stderr


def test_the_asked_for_python_is_the_only_candidate(path: Callable[..., str]) -> None:
    bin_folder = path(python3_12=WORKING, python3_11=OLD)
    assert which(ROOT, bin_folder, PYTHON="python3.12").stdout == "python3.12\n"
    assert which(ROOT, bin_folder, PYTHON="python3.11").returncode == 1


def test_uv_is_used_when_it_is_there(
    path: Callable[..., str], copy_checkout: Callable[[Path], Path], tmp_path: Path
) -> None:
    copy = copy_checkout(tmp_path / "checkout")
    log = tmp_path / "uv.log"
    bin_folder = path(python3=WORKING, uv=UV.format(python=sys.executable))
    script = [str(copy / "scripts" / "make-venv"), "run"]
    for _ in range(2):
        done = run(script, copy, PATH=bin_folder, UV_LOG=str(log))
        assert done.returncode == 0, done.stderr
    assert log.read_text(encoding="utf-8").splitlines() == ["venv --quiet", "pip install", "pip install"]
