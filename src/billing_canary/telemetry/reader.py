"""Ask one question of one source. Whatever happens is a `Reading`: asking never raises."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from billing_canary.reading import Outcome, Reading, RunSeen
from billing_canary.redact import Redactor
from billing_canary.telemetry.instants import seconds
from billing_canary.telemetry.kind import Answer, Asking, UnanswerableError
from billing_canary.telemetry.question import Question
from billing_canary.telemetry.registry import KINDS
from billing_canary.telemetry.settings import BundlesSource, Source

Runs = Callable[[BundlesSource], tuple[RunSeen, ...]]
"""Answers the recorded runs that a source asks for, verified, newest first. May raise EvidenceError."""


def no_runs(_source: BundlesSource) -> tuple[RunSeen, ...]:
    """For a caller that has no artifacts: there are no runs."""
    return ()


def read_signal(  # noqa: PLR0913 - everything that a reader may look at is handed in by name
    source: Source,
    question: Question,
    *,
    now: str,
    environment: Mapping[str, str],
    root: Path,
    artifacts: Path,
    runs: Runs = no_runs,
) -> Reading:
    """What `source` answers to `question` at `now`.

    A question that cannot be answered is a reading with the outcome `failed` and the reason with its
    fix; secrets of the environment are masked wherever they reappear.

    Args:
        source: one of `load_sources`.
        question: without `question_problems`.
        now: RFC 3339, UTC: what windows are closed, and what lies in the future.
        environment: where addresses and secrets are.
        root: the project's folder.
        artifacts: the folder that holds the bundles.
        runs: how bundles are read.

    Raises:
        ValueError: `now` is no instant.
    """
    kind = KINDS[source.kind]
    asking = Asking(
        question=question,
        now=seconds(now),
        now_text=now,
        environment=environment,
        root=root,
        artifacts=artifacts,
        runs=runs,
    )
    clean = Redactor(kind.secrets(source, environment))
    try:
        answer = kind.read(source, asking)
    except UnanswerableError as error:
        answer = Answer(outcome=Outcome.FAILED, problem=str(error))
    return _reading(source, clean(kind.shown(source, asking)), now, answer, clean)


def _reading(source: Source, shown: str, now: str, answer: Answer, clean: Redactor) -> Reading:
    return Reading(
        source=source.name,
        question=shown,
        asked_at=now,
        outcome=answer.outcome,
        problem=clean(answer.problem),
        windows=tuple(replace(each, problem=clean(each.problem)) for each in answer.windows),
        samples=tuple(replace(each, labels=clean(each.labels)) for each in answer.samples),
        runs=answer.runs,
        incidents=tuple(replace(each, title=clean(each.title)) for each in answer.incidents),
    )
