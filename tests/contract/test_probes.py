"""Every probe keeps what probes promise: short, owned, declared, and able to run alone."""

from __future__ import annotations

import ast
import inspect
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from billing_canary.model import Status
from billing_canary.probe.canary import CanaryPlan, run_canary
from billing_canary.probe.loader import load_probes
from billing_canary.probe.registry import MODES, Probe
from billing_canary.probe.runner import planned_spend, skip_reason
from billing_canary.project import Project
from billing_canary.redact import Redactor
from billing_canary.reference.faults import FAULTS
from billing_canary.target.connect import Wishes, connect_mock
from billing_canary.target.mock import MockService

ROOT = Path(__file__).parents[2]
PROJECT = Project(ROOT, "contract")
PROBES = load_probes(PROJECT)
FILES = sorted((ROOT / "probes").glob("*.py"))
LONGEST = 30
USUAL = 20

each_probe = pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.id)
each_file = pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)


@pytest.fixture(scope="module")
def healthy() -> Iterator[MockService]:
    """One healthy service for all probes of this module."""
    with MockService(build_id="contract") as service:
        service.environment()
        yield service


def _length(probe: Probe) -> int:
    tree = ast.parse(inspect.getsource(probe.run))
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    return (function.end_lineno or 0) - function.lineno + 1


@each_probe
def test_a_probe_says_what_it_is_for_and_whose_it_is(probe: Probe) -> None:
    assert probe.title == probe.title.strip() != ""
    assert "\n" not in probe.title
    assert len(probe.title) <= 90
    assert not probe.title.endswith(".")
    assert probe.owner.strip()
    assert set(probe.modes) <= set(MODES)
    assert probe.modes
    assert len(set(probe.needs)) == len(probe.needs)


@each_probe
def test_a_probe_is_short(probe: Probe) -> None:
    assert _length(probe) <= LONGEST


def test_most_probes_are_shorter() -> None:
    assert statistics.median(map(_length, PROBES)) <= USUAL


def test_ids_and_titles_are_unique() -> None:
    assert len({probe.id for probe in PROBES}) == len(PROBES) > 30
    assert len({probe.title for probe in PROBES}) == len(PROBES)


@each_file
def test_a_probe_file_imports_only_the_public_names(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            assert {name.name.partition(".")[0] for name in node.names} <= sys.stdlib_module_names
        if isinstance(node, ast.ImportFrom):
            assert node.module == "billing_canary" or node.module in sys.stdlib_module_names, node.module


@each_file
def test_what_a_claim_reveals_is_a_known_fault(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    keywords = (node for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg == "reveals")
    named = {
        fault
        for keyword in keywords
        if isinstance(keyword.value, ast.Constant)
        for fault in str(keyword.value.value).split()
    }
    # The catalogue lists faults of the backend; what probes/provider.py claims is about its provider.
    assert named or file.stem == "provider"
    assert named <= set(FAULTS)


@each_probe
def test_the_mock_maps_all_that_a_probe_needs(probe: Probe, healthy: MockService) -> None:
    target = connect_mock(PROJECT, healthy.environment(), "needs", Wishes())
    try:
        assert skip_reason(probe, target.settings, "mock") == ""
        for money in planned_spend(probe, target.settings):
            assert money <= target.guard.policy.per_run[money.currency]
    finally:
        target.close()


@each_probe
def test_a_probe_passes_alone_and_keeps_to_its_plan(probe: Probe, healthy: MockService) -> None:
    target = connect_mock(PROJECT, healthy.environment(), f"alone-{probe.surface}", Wishes())
    try:
        plan = CanaryPlan(mode="mock", probes=(probe,), redact=Redactor(target.settings.all_secrets))
        (result,) = run_canary(target, plan).probes
    finally:
        target.close()
    assert (result.status, result.reason) == (Status.PASS, f"{len(result.evidence)} claims held")
    assert not result.flaky
    assert all(row.held and row.claim.strip() and row.source for row in result.evidence)
    planned = {money.currency: money for money in result.planned}
    for moved in result.spend:
        assert moved <= planned[moved.currency], "it moved more than it planned"
