"""Whatever somebody does to evidence, log or policy: a release that does not deserve it is never GO."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.acceptance.conftest import Canary
from tests.battery import (
    tampering_files,
    tampering_forged,
    tampering_json,
    tampering_log,
    tampering_people,
    tampering_policy,
    tampering_runs,
)
from tests.battery.released import Release, copy_release, make_release
from tests.battery.tampering import Case

CASES = (
    *tampering_files.CASES,
    *tampering_runs.CASES,
    *tampering_forged.CASES,
    *tampering_json.CASES,
    *tampering_log.CASES,
    *tampering_people.CASES,
    *tampering_policy.CASES,
)


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Release]:
    """The release that all cases start from: GO before they begin, and still GO after the last one."""
    folder = tmp_path_factory.mktemp("released")
    (folder / "home").mkdir()
    made = make_release(folder / "home", folder / "stash")
    assert_go(copy_release(made, folder / "before"))
    yield made
    assert_go(copy_release(made, folder / "after"))


@pytest.fixture(scope="module", autouse=True)
def _no_power_cut() -> Iterator[None]:
    """Nothing here is about what a power cut leaves, and waiting for the disk would take most of the time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture
def release(released: Release, tmp_path: Path) -> Release:
    return copy_release(released, tmp_path / "home")


def assert_go(release: Release) -> None:
    answer = release.decide()
    assert (answer.code, answer.blockers) == (0, ()), answer.text
    assert len(release.recorded_gos()) == 1


def assert_never_go(release: Release, tampering: Case) -> None:
    before = len(release.recorded_gos())
    answer = release.decide(*tampering.words)
    said = "\n".join(answer.blockers) or answer.text
    assert (answer.code in {1, 2, 3}) is True, said.partition("\n")[0]
    assert tampering.because in said
    assert "internal error" not in answer.text
    assert "Traceback" not in answer.text
    assert len(release.recorded_gos()) == before


@pytest.mark.parametrize("tampering", CASES, ids=lambda tampering: tampering.id)
def test_it_is_never_go(release: Release, tampering: Case) -> None:
    tampering.act(release)

    assert_never_go(release, tampering)


_IN_A_PROCESS = (
    "billing-confidence-junit.xml-fifo",
    "newer-failed-removed",
    "recomputed-suites",
    "json-billing-confidence-deep",
    "log-line-deleted",
    "author-approves-as-cyrillic-all",
    "gates/release.toml-is-endless",
)


@pytest.mark.parametrize("name", _IN_A_PROCESS)
def test_a_process_of_its_own_says_the_same(release: Release, name: str) -> None:
    (tampering,) = (each for each in CASES if each.id == name)
    tampering.act(release)

    done = Canary(home=release.home)("decide", "--commit", release.candidate, *tampering.words)

    assert done.code in {1, 2}, done.stdout
    assert not done.stdout.startswith("GO")
    assert not release.recorded_gos()


def test_somebody_who_wrote_nothing_may_approve(release: Release) -> None:
    """The steps of the cases about people, by somebody else: it is who it is that makes the difference."""
    tampering_people.CONTROL(release)

    assert_go(release)


def test_every_file_of_the_cited_bundles_is_tampered_with(release: Release) -> None:
    for kind, paths in tampering_files.FILES.items():
        folder = release.bundle(kind)
        there = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
        assert there == set(paths)


def test_the_battery_is_large_and_each_case_is_another_one() -> None:
    assert len(CASES) >= 200
    assert [name for name, count in Counter(case.id for case in CASES).items() if count > 1] == []
