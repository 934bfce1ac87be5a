"""Run ids: one run owns one folder, and no name leads out of it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.acceptance.conftest import Bundle, Canary


def _hashes(bundle: Bundle) -> dict[str, str]:
    files = (path for path in bundle.folder.rglob("*") if path.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_taken_run_id_is_refused_and_the_first_run_is_untouched(quick: Canary) -> None:
    assert quick("probe", "--run-id", "one").code == 0
    before = _hashes(quick.bundle)
    done = quick("probe", "--run-id", "one")
    assert (done.code, done.stdout) == (2, "")
    assert "run id taken" in done.stderr
    assert "fix: choose another --run-id" in done.stderr
    assert _hashes(quick.bundle) == before


def test_an_interrupted_run_keeps_its_id(quick: Canary) -> None:
    (quick.artifacts / "billing-canary" / "one").mkdir(parents=True)
    assert quick("probe", "--run-id", "one").code == 2


def test_of_two_runs_that_race_for_an_id_one_gets_it(quick: Canary) -> None:
    for number in range(3):
        words = ("probe", "--run-id", f"race-{number}")
        racing = [quick.start(*words) for _ in range(2)]
        done = [quick.ended(process) for process in racing]
        assert sorted(outcome.code for outcome in done) == [0, 2]
        (loser,) = (outcome for outcome in done if outcome.code == 2)
        assert "run id taken" in loser.stderr
    assert len(quick.bundles()) == 3
    assert quick("runs", "verify", "--all").code == 0


def test_ids_that_are_made_up_differ_and_sort_by_time(quick: Canary) -> None:
    for _ in range(3):
        assert quick("probe").code == 0
    bundles = quick.bundles()
    assert len(bundles) == 3
    started = [bundle.run["started_at"] for bundle in bundles]
    assert started == sorted(started)
    listed = quick("runs", "list", "--json").document["runs"]
    assert [row["run_id"] for row in listed] == [bundle.folder.name for bundle in reversed(bundles)]


@pytest.mark.parametrize(
    "run_id",
    [
        "",
        ".",
        "..",
        "../up",
        "a/b",
        "/etc/x",
        "a\\b",
        "-dash",
        ".hidden",
        "a..b",
        "a b",
        "ä",
        "x" * 101,
        "a\nb",
    ],
)
def test_a_name_that_is_no_plain_folder_is_refused(quick: Canary, run_id: str) -> None:
    _refuses(quick, "probe", run_id)


@pytest.mark.parametrize("run_id", ["", "../up"])
def test_faults_refuses_such_a_name_too(quick: Canary, run_id: str) -> None:
    _refuses(quick, "faults", run_id)


def _refuses(quick: Canary, command: str, run_id: str) -> None:
    done = quick(command, f"--run-id={run_id}")
    assert (done.code, done.stdout) == (2, "")
    assert "--run-id" in done.stderr
    assert not quick.artifacts.exists()
    assert {path.name for path in quick.home.iterdir()} == {"gates", "probes", "billing-canary.toml"}


@pytest.mark.parametrize("run_id", ["sk_test_0123456789abcdef", "whsec_0123456789abcdef", "4242424242424242"])
def test_a_secret_is_no_run_id_and_is_not_repeated(quick: Canary, run_id: str) -> None:
    done = quick("probe", "--run-id", run_id)
    assert done.code == 2
    assert run_id not in done.stderr + done.stdout
    assert not list(quick.artifacts.rglob("*"))
