"""Asking a source as the command line does, without a policy file around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from billing_canary.errors import Problem
from billing_canary.reading import Reading, RunSeen
from billing_canary.telemetry.question import Form, Question
from billing_canary.telemetry.reader import no_runs, read_signal
from billing_canary.telemetry.settings import BundlesSource
from billing_canary.telemetry.source import load_sources, question_problems

NOON = 1_782_907_200
"""2026-07-01T12:00:00Z, the bound of an hour."""

HOUR = 3600
NOW = "2026-07-01T12:05:00Z"
"""The two newest closed windows are 10:00 to 11:00 and 11:00 to 12:00."""


def windows(**texts: str) -> Question:
    return Question(trigger="rate", form=Form.WINDOWS, texts=texts)


def level(query: str = "") -> Question:
    return Question(trigger="backlog", form=Form.LEVEL, texts={"query": query} if query else {})


def problems_of(settings: Mapping[str, object], question: Question | None = None) -> list[Problem]:
    """What is wrong with a source, else with the question."""
    found: list[Problem] = []
    sources = load_sources({"it": dict(settings)}, "gates/rollback.toml", found)
    if question is not None and not found:
        found += question_problems(sources["it"], question, "trigger.rate")
    return found


def ask(  # noqa: PLR0913 - as many as the function under test has
    settings: Mapping[str, object],
    question: Question,
    environment: Mapping[str, str] | None = None,
    *,
    root: Path = Path("/nowhere"),
    now: str = NOW,
    runs: Callable[[BundlesSource], tuple[RunSeen, ...]] = no_runs,
) -> Reading:
    """One reading of a source with these settings; both are checked as a policy's are."""
    assert problems_of(settings, question) == []
    source = load_sources({"it": dict(settings)}, "gates/rollback.toml", [])["it"]
    return read_signal(
        source,
        question,
        now=now,
        environment=environment or {},
        root=root,
        artifacts=root / "artifacts",
        runs=runs,
    )


def counted(reading: Reading) -> list[tuple[int | None, int | None, str]]:
    """(good, total, problem) of each window."""
    return [(window.good, window.total, window.problem) for window in reading.windows]
