"""What earlier decisions on the same disk say: since when a verdict stands, and which log they cite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from os.path import lexists
from pathlib import Path
from typing import Any

from billing_canary.artifact.decision_report import KIND
from billing_canary.artifact.kinds import kind_named
from billing_canary.artifact.listing import newest_first
from billing_canary.artifact.reader import read_json
from billing_canary.artifact.run_id import is_run_id
from billing_canary.artifact.run_index import RunIndex
from billing_canary.artifact.seal import seal_holds
from billing_canary.errors import EvidenceError

_LOOK_BACK = 10_000
"""Decisions; a limit that somebody could reach with copies of one would hide the others."""


@dataclass(frozen=True, kw_only=True)
class EarlierDecision:
    """One recorded decision, as far as a later one needs it. `cites`: `kind/run-id` of what it rests on."""

    commit: str
    verdict: str
    since: str
    log_head: str
    cites: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DecisionHistory:
    """The newest decisions on this disk.

    Attributes:
        decisions: newest first.
        doubtful: `kind/run-id` of those that were made but cannot be read any more: which log they were made
            with cannot be told.
    """

    decisions: tuple[EarlierDecision, ...]
    doubtful: tuple[str, ...]


def earlier_decisions(root: Path) -> DecisionHistory:
    """What is recorded below `root`. A decision that was interrupted was never made, and tells nothing."""
    index = RunIndex.of(root)
    decisions: list[EarlierDecision] = []
    doubtful: list[str] = []
    for folder in islice(newest_first(root, (KIND,)), _LOOK_BACK):
        was_made = lexists(folder / kind_named(KIND).final) or _is_known(index, folder)
        document = _document(folder)
        if document is not None:
            decisions.append(_earlier(document))
        elif was_made:
            doubtful.append(f"{KIND}/{folder.name}")
    return DecisionHistory(decisions=tuple(decisions), doubtful=tuple(doubtful))


def lost_citations(root: Path, history: DecisionHistory, commit: str) -> tuple[str, ...]:
    """`kind/run-id` of each run that a decision on `commit` rests on, but that is there no longer.

    Nothing prunes a run that a decision cites, so this finds what an index that is gone, too, cannot tell.
    """
    cited = (run for each in history.decisions if each.commit == commit for run in each.cites)
    return tuple(run for run in dict.fromkeys(cited) if not (root / run).is_dir())


def since_when(earlier: Sequence[EarlierDecision], commit: str, verdict: str, now: str) -> str:
    """Start of the unbroken series of decisions on `commit` with this verdict; `now` for the first."""
    latest = next((each for each in earlier if each.commit == commit), None)
    return latest.since if latest is not None and latest.verdict == verdict else now


def _is_known(index: RunIndex, folder: Path) -> bool:
    return is_run_id(folder.name) and index.row(KIND, folder.name) is not None


def _document(folder: Path) -> Mapping[str, Any] | None:
    """The final document as it was sealed; None when it is not there or was altered."""
    try:
        final = read_json(folder, kind_named(KIND).final)
    except EvidenceError:
        return None
    return final.document if seal_holds(final.data, final.document) else None


def _earlier(document: Mapping[str, Any]) -> EarlierDecision:
    return EarlierDecision(
        commit=str(document.get("commit", "")),
        verdict=str(document.get("verdict", "")),
        since=str(document.get("since", "")),
        log_head=str(document.get("log_head", "")),
        cites=tuple(map(str, document.get("cites", ()))),
    )
