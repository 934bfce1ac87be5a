"""What retention must not take: runs that a decision cites, and runs that an open incident names."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from billing_canary.errors import EvidenceError

if TYPE_CHECKING:
    from billing_canary.audit.log import AuditLog

DECISIONS = "billing-decisions"
_DECISION = "decision.json"
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)
"""A run id in a sentence: the full stop behind it is none of it."""


@dataclass(frozen=True, kw_only=True)
class Pins:
    """What is needed, and by whom.

    Attributes:
        runs: "kind/run-id" to who needs it.
        names: run ids that are needed whatever their kind, to who needs them.
        unknown: why it cannot be told what is needed; then nothing may be removed.
    """

    runs: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()

    def of(self, kind: str) -> Mapping[str, str]:
        """Run id to who needs that run, for the runs of one kind."""
        own = {
            run.removeprefix(f"{kind}/"): why for run, why in self.runs.items() if run.startswith(f"{kind}/")
        }
        return {**self.names, **own}

    def reason(self, kind: str, run_id: str) -> str:
        """Who needs this run, or ""."""
        return self.runs.get(f"{kind}/{run_id}") or self.names.get(run_id, "")


def find_pins(root: Path, log: AuditLog | None) -> Pins:
    """Everything below `root` that a decision there cites or an open incident in `log` names."""
    runs: dict[str, str] = {}
    unknown = [f"the audit log is broken: {problem}" for problem in (log.problems if log else ())]
    for folder in _folders(root / DECISIONS):
        try:
            runs |= dict.fromkeys(_cited(folder), f"cited by decision {folder.name}")
        except EvidenceError as error:
            unknown.append(str(error))
    return Pins(runs=runs, names=dict(_named(log)) if log and log.entries else {}, unknown=tuple(unknown))


def _folders(parent: Path) -> list[Path]:
    try:
        with os.scandir(parent) as entries:
            names = [e.name for e in entries if e.name[0] != "." and e.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    return [parent / name for name in sorted(names)]


def _cited(folder: Path) -> tuple[str, ...]:
    if not os.path.lexists(folder / _DECISION):
        from billing_canary.artifact.at_work import is_at_work  # noqa: PLC0415 - most decisions are made

        if is_at_work(folder):
            raise EvidenceError(f"{folder}: is being decided now; wait for its end")
        return ()
    from billing_canary.artifact.reader import read_json  # noqa: PLC0415 - where there are decisions

    cites = read_json(folder, _DECISION).document.get("cites")
    if not isinstance(cites, list) or not all(isinstance(run, str) for run in cites):
        raise EvidenceError(f"{folder / _DECISION}: does not tell what it cites")
    return tuple(cites)


def _named(log: AuditLog) -> Iterator[tuple[str, str]]:
    """Every word of the open incidents' entries: one of them may be the id of a run."""
    from billing_canary.audit.log import EntryKind  # noqa: PLC0415 - where there is a log

    closed = {e.fields["of"] for e in log.entries if e.kind is EntryKind.INCIDENT_CLOSED}
    for entry in log.entries:
        if entry.kind is EntryKind.INCIDENT_OPENED:
            number: str | int = entry.sequence
        elif entry.kind is EntryKind.INCIDENT_UPDATED:
            number = entry.fields["of"]
        else:
            continue
        if number not in closed:
            for text in filter(None, map(str, entry.fields.values())):
                yield from ((word, f"named by open incident-{number}") for word in _NAME.findall(text))
