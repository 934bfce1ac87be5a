"""The benchmarks: one registry, the documented goals, and measurements that run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from benchmarks.figure import Metric
from benchmarks.run import REGISTRY, take
from benchmarks.subjects.start_up import commands

from billing_canary.cli.main import COMMANDS

ROOT = Path(__file__).parents[2]
CHEAP = ("redaction", "junit", "suite-log", "simulate", "tier-cpu", "guard")
"""Together a few seconds at a tiny scale; the others start whole canaries or hundreds of processes."""

TINY = 0.002


def cells(text: str) -> list[list[str]]:
    """The rows of a Markdown table, without its head."""
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return rows[1:]


def metrics() -> list[Metric]:
    return [metric for measurement in REGISTRY for metric in measurement.metrics]


def test_names_and_metrics_are_unique() -> None:
    names = Counter(measurement.name for measurement in REGISTRY)
    figures = Counter((metric.name, metric.unit) for metric in metrics())

    assert [name for name, number in names.items() if number > 1] == []
    assert [figure for figure, number in figures.items() if number > 1] == []
    assert all(measurement.title.endswith(".") for measurement in REGISTRY)


def test_every_file_of_subjects_is_in_the_registry() -> None:
    files = {file.stem for file in (ROOT / "benchmarks/subjects").glob("*.py")}

    assert {measurement.take.__module__.rpartition(".")[2] for measurement in REGISTRY} == files


def test_every_command_and_those_of_groups_are_asked_for_help() -> None:
    asked = list(commands())

    assert {"", *COMMANDS} < set(asked)
    assert {"gate coverage", "runs list", "risk add", "incident open", "baseline set"} < set(asked)


@pytest.mark.parametrize("start", [["-m", "benchmarks.run"], ["benchmarks/run.py"]])
def test_the_list_shows_every_figure_with_its_goal(start: list[str]) -> None:
    listed = subprocess.run(
        [sys.executable, *start, "--list"], cwd=ROOT, check=True, capture_output=True, text=True, timeout=60
    ).stdout

    assert [m.name for m in REGISTRY if not re.search(rf"^{m.name} ", listed, re.MULTILINE)] == []
    assert [m.name for m in metrics() if f"- {m.name}: {m.limit or 'no goal'} {m.unit}" not in listed] == []


def test_the_page_names_every_figure_with_its_goal() -> None:
    page = (ROOT / "docs/benchmarks.md").read_text(encoding="utf-8")
    cores = re.compile(r"\d+(?= cores| at a time)")
    documented = [[cores.sub("N", cell) for cell in row] for row in cells(page)]

    assert documented == [
        [f"`{measurement.name}`", metric.name, metric.unit, metric.limit or "-", cores.sub("N", metric.base)]
        for measurement in REGISTRY
        for metric in measurement.metrics
    ]


def test_the_readme_s_figures_are_measured_against_the_goals_that_it_names() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme.partition("## Figures")[2].partition("\n## ")[0]
    known = [metric for metric in metrics() if metric.goal is not None]
    rows = cells(table)

    assert rows
    for what, _, goal in rows:
        text, limit = what.replace("`", ""), re.search(r"[\d.]+", goal)
        named = [metric for metric in known if metric.name in text]
        assert named, f"no goal-bearing figure is named in {text!r}"
        assert limit is not None
        assert float(limit[0]) in {metric.goal for metric in named}, text


@pytest.mark.parametrize("name", CHEAP)
def test_a_measurement_runs_and_yields_what_it_declares(name: str) -> None:
    (measurement,) = (each for each in REGISTRY if each.name == name)

    figures = list(take(measurement, rounds=1, scale=TINY))

    assert [figure.metric for figure in figures] == list(measurement.metrics)
    assert all(figure.least <= figure.most for figure in figures)


def test_json_is_one_document_and_people_s_text_goes_to_stderr() -> None:
    words = ["--only", "redaction", "--rounds", "1", "--scale", str(TINY), "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.run", *words],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )

    document = json.loads(done.stdout)
    assert document["machine"]["cores"] == os.cpu_count()
    assert len(document["machine"]["load_at_end"]) == 3
    assert [figure["goal"] for figure in document["figures"]] == [100, 100, None]
    assert "load at start" in done.stderr
