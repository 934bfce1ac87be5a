"""What a kind of source consists of: how it is loaded, what it can be asked, and how it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from billing_canary.config import Table
from billing_canary.errors import BillingCanaryError
from billing_canary.reading import IncidentSeen, Outcome, RunSeen, Sample, Window
from billing_canary.telemetry.question import Form, Question
from billing_canary.telemetry.settings import Source

TOLERATED_SKEW_S = 60
"""Clocks of two machines that differ by more than this are said to differ; NTP keeps them far closer."""

MOST_ROWS = 1000
"""Rows or series of one answer: more belong aggregated where they are."""


class UnanswerableError(BillingCanaryError):
    """A question could not be answered; the sentence says why, and what to do about it."""


@dataclass(frozen=True, kw_only=True)
class Asking:
    """One question with what a reader may look at.

    Attributes:
        now: seconds since the epoch.
        now_text: the same, RFC 3339.
        root: the project's folder.
        artifacts: where bundles are.
        runs: answers our own runs, verified, newest first; the command line hands it in.
    """

    question: Question
    now: float
    now_text: str
    environment: Mapping[str, str]
    root: Path
    artifacts: Path
    runs: Callable[[Any], tuple[RunSeen, ...]]

    def variable(self, name: str) -> str:
        """The value of an environment variable that a source needs.

        Raises:
            UnanswerableError: it is not set, or empty.
        """
        value = self.environment.get(name, "").strip()
        if not value:
            raise UnanswerableError(f"needs the environment variable {name}, which is not set; set {name}")
        return value


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a reader found; `reader.read_signal` makes the `Reading` of it."""

    outcome: Outcome
    problem: str = ""
    windows: tuple[Window, ...] = ()
    samples: tuple[Sample, ...] = ()
    runs: tuple[RunSeen, ...] = ()
    incidents: tuple[IncidentSeen, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """What is wrong with the texts of a question, before anything is asked."""

    key: str
    message: str
    fix: str


@dataclass(frozen=True, kw_only=True)
class SourceKind:
    """One kind of source: the whole registry entry.

    Attributes:
        load: makes the settings of one `[source.NAME]` table, by the name.
        forms: which keys a question of each form must have among its texts; other forms are not answered.
        wrong: what else is wrong with a question for this source.
        shown: the question as it will be sent, or what is read; no secret in it.
        read: asks. Raises UnanswerableError.
        secrets: values that must not be shown, from the environment.
    """

    name: str
    load: Callable[[Table, str], Source]
    forms: Mapping[Form, tuple[tuple[str, ...], ...]]
    shown: Callable[[Any, Asking], str]
    read: Callable[[Any, Asking], Answer]
    wrong: Callable[[Any, Question], Iterator[Wrong]] = field(default=lambda _source, _question: iter(()))
    secrets: Callable[[Any, Mapping[str, str]], tuple[str, ...]] = field(default=lambda _source, _environ: ())


def answered(windows: tuple[Window, ...] = (), samples: tuple[Sample, ...] = ()) -> Answer:
    """An answer of windows or samples; without any number it is empty."""
    told = bool(samples) or any(window.problem != "gap" for window in windows)
    return Answer(outcome=Outcome.ANSWERED if told else Outcome.EMPTY, windows=windows, samples=samples)
