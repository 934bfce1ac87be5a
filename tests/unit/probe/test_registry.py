"""Declaring a probe: what the decorator records, and that it leaves the function alone."""

from __future__ import annotations

from billing_canary.model import Severity
from billing_canary.probe.context import ProbeContext
from billing_canary.probe.registry import MODES, Phase, Probe, Spends, billing_probe, collecting
from billing_canary.target.operations import Operation


def works(run: ProbeContext) -> None:
    run.expect("it works", observed=True)


def collect(**changes: object) -> list[Probe]:
    """What is recorded while one probe is declared with `changes`."""
    found: list[Probe] = []
    token = collecting.set(found)
    try:
        declare = billing_probe(**{"title": "t", "severity": Severity.MINOR, "owner": "o"} | changes)  # type: ignore[arg-type]  # a test names what it changes
        assert declare(works) is works
    finally:
        collecting.reset(token)
    return found


def test_a_probe_is_named_after_its_file_and_function() -> None:
    (probe,) = collect()
    assert (probe.id, probe.surface) == ("test_registry.works", "test_registry")
    assert probe.run is works


def test_by_default_a_probe_needs_and_spends_nothing_and_runs_beside_others() -> None:
    (probe,) = collect()
    assert (probe.needs, probe.spends, probe.phase, probe.modes) == ((), Spends(), Phase.TOGETHER, MODES)


def test_lists_are_kept_as_they_were_when_declared() -> None:
    needs, modes = [Operation.CONSUME], ["mock"]
    (probe,) = collect(needs=needs, modes=modes)
    needs.append(Operation.PAY)
    modes.append("staging")
    assert (probe.needs, probe.modes) == ((Operation.CONSUME,), ("mock",))


def test_outside_of_loading_nothing_is_recorded() -> None:
    assert collecting.get() is None
    assert billing_probe(title="t", severity=Severity.MINOR, owner="o")(works) is works
    assert collecting.get() is None


def test_nested_loading_does_not_mix() -> None:
    outer: list[Probe] = []
    token = collecting.set(outer)
    try:
        assert len(collect()) == 1
    finally:
        collecting.reset(token)
    assert outer == []
