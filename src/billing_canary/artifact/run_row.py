"""One run as a list shows it, read from its bundle and from nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from billing_canary.artifact.kinds import KINDS
from billing_canary.artifact.regular_file import read_bytes
from billing_canary.artifact.seal import seal_holds
from billing_canary.artifact.status import DAMAGED, INTERRUPTED, first_reason, overall_status
from billing_canary.errors import EvidenceError
from billing_canary.verdict import Status

_LIMIT = 16 * 1024 * 1024
"""Bytes of a final file, as its other readers have it."""


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """One run as a list shows it.

    Attributes:
        status: its overall status, or "interrupted" without a final file, or "damaged" when the final
            file cannot be read.
        started_at: RFC 3339 UTC, or "" when neither file tells.
        reason: the worst reason of the verdict, or why the run cannot be read.
        shard: "k/n" when it is one of several, else "".
        tier: of a confidence run, else "".
        commit: full hash, or "" when the run knew none.
    """

    kind: str
    run_id: str
    status: str
    mode: str
    started_at: str
    reason: str
    folder: Path
    shard: str = ""
    tier: str = ""
    commit: str = ""

    @property
    def severity(self) -> Status:
        """The status whose colour it gets: a run that ended without a verdict tells nothing."""
        return Status(self.status) if self.status in set(Status) else Status.INCONCLUSIVE


def read_row(folder: Path) -> RunRow:
    """The run in `folder` as its bundle tells."""
    return read_with_content(folder)[0]


def is_gone(row: RunRow) -> bool:
    """Whether a run tells nothing because it was pruned between the listing and the reading."""
    return row.status in {INTERRUPTED, DAMAGED} and not row.folder.is_dir()


def read_with_content(folder: Path) -> tuple[RunRow, Mapping[str, Any], bytes]:
    """The run in `folder`, and its final file as a document and as bytes; both empty where it tells nothing.

    Reads only what it shows; the schema is for those who judge (it costs more than the reading).
    """
    final = KINDS[folder.parent.name].final
    if not (folder / final).exists():
        return _unreadable(folder, INTERRUPTED, _interruption(folder)), {}, b""
    try:
        data = read_bytes(folder, final, _LIMIT)
        document = _document(data, str(folder / final))
        return _finished(folder, document), document, data
    except (EvidenceError, KeyError, IndexError, TypeError) as error:
        return _unreadable(folder, DAMAGED, str(error)), {}, b""


def _document(data: bytes, name: str) -> dict[str, Any]:
    """The object in `data`. Strict reading takes ten times as long, and what our writer sealed needs none."""
    with suppress(ValueError, RecursionError):
        found = json.loads(data)
        if isinstance(found, dict) and seal_holds(data, found):
            return found
    from billing_canary.strict_json import parse  # noqa: PLC0415 - lists rarely need it

    found = parse(data, name)
    if not isinstance(found, dict):
        raise EvidenceError(f"{name}: holds a {type(found).__name__}, not an object")
    return found


def _finished(folder: Path, document: Mapping[str, Any]) -> RunRow:
    return RunRow(
        kind=folder.parent.name,
        run_id=folder.name,
        status=overall_status(document),
        mode=str(document.get("mode") or ""),
        started_at=str(document["started_at"]),
        reason=first_reason(document),
        folder=folder,
        shard=_shard(document.get("shard")),
        tier=str(document.get("tier") or ""),
        commit=str(document.get("commit") or ""),
    )


def _shard(told: Mapping[str, Any] | None) -> str:
    return "" if told is None else f"{told['index']}/{told['of']}"


def _interruption(folder: Path) -> str:
    from billing_canary.artifact.reader import read_run  # noqa: PLC0415 - lists rarely need it

    try:
        run = read_run(folder)
    except EvidenceError as error:
        return str(error)
    return str(run.get("reason", "the final file was never written"))


def _unreadable(folder: Path, status: str, reason: str) -> RunRow:
    return RunRow(
        kind=folder.parent.name,
        run_id=folder.name,
        status=status,
        mode="",
        started_at=started_at(folder),
        reason=reason,
        folder=folder,
    )


def started_at(folder: Path) -> str:
    """When the run in `folder` announced itself (RFC 3339 UTC); "" when its `run.json` does not tell."""
    from billing_canary.artifact.reader import read_run  # noqa: PLC0415 - lists rarely need it

    try:
        return str(read_run(folder)["started_at"])
    except EvidenceError:
        return ""
