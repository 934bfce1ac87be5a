"""In which order recorded runs are looked at as evidence: newest first, the doubtful before all others."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from billing_canary import strict_json
from billing_canary.artifact import schema
from billing_canary.artifact.kinds import RUN_FILE
from billing_canary.artifact.reader import JSON_LIMIT, JsonFile, read_final
from billing_canary.artifact.regular_file import read_bytes
from billing_canary.artifact.run_id import is_run_id, start_in
from billing_canary.artifact.run_index import RunIndex
from billing_canary.artifact.seal import seal_holds
from billing_canary.errors import EvidenceError

_UNKNOWN = "~"
"""Sorts after every digit: what cannot be placed counts as newest, so that nothing older hides it."""


def candidates(root: Path, kind: str) -> list[Path]:
    """Everything below `root`/`kind` that is, or pretends to be, a run of this kind, newest first.

    Links are among them, and never followed. A kind's folder that is a link or cannot be listed is itself
    the only candidate. A generated run id tells the start; only for other names are files read.
    """
    folder = root / kind
    if folder.is_symlink():
        return [folder]
    try:
        entries = [entry for entry in folder.iterdir() if _may_be_run(entry)]
    except FileNotFoundError:
        return []
    except OSError:
        return [folder]
    index = RunIndex.of(root)
    return sorted(entries, key=lambda entry: _place(entry, index), reverse=True)


def _may_be_run(entry: Path) -> bool:
    """Not what a prune is just removing: no id of a run begins with a full stop."""
    return entry.name[:1] != "." and (entry.is_symlink() or entry.is_dir())


def sealed_documents(folder: Path) -> tuple[JsonFile, dict[str, Any]]:
    """The final file and the `run.json` of a run, both exactly as they were sealed.

    Raises:
        EvidenceError: one of them is absent, altered, of another run, or names another start than its folder.
    """
    final = read_final(folder)
    if not seal_holds(final.data, final.document):
        raise EvidenceError(f"{final_name(final)}: its bytes are not the ones that were sealed")
    if final.document["run_id"] != folder.name:
        raise EvidenceError(f"is the report of run {final.document['run_id']}, kept as {folder.name}")
    run = _sealed_run(folder, final.document)
    told = start_in(folder.name)
    if told is not None and _digits(run["started_at"])[: len(told)] != told:
        raise EvidenceError(f"its name tells another start than its run.json, {run['started_at']}")
    return final, run


def final_name(final: JsonFile) -> str:
    """What a message calls the final file."""
    return f"the report of {final.document['run_id']}"


def _sealed_run(folder: Path, document: dict[str, Any]) -> dict[str, Any]:
    data = read_bytes(folder, RUN_FILE, JSON_LIMIT)
    sealed = [row["sha256"] for row in document["artifact_index"] if row["path"] == RUN_FILE]
    if sealed != [hashlib.sha256(data).hexdigest()]:
        raise EvidenceError(f"{RUN_FILE} is not the one that was sealed")
    run: dict[str, Any] = strict_json.parse(data, str(folder / RUN_FILE))
    schema.validate(run, "run")
    return run


def _place(folder: Path, index: RunIndex) -> tuple[str, str]:
    """The latest start that anything tells: an old name does not put a run behind those before it."""
    if not is_run_id(folder.name):
        return (_UNKNOWN, folder.name)
    row = index.row(folder.parent.name, folder.name)
    noted = _digits(row.started_at) if row is not None else ""
    return (max(noted, folder.name if start_in(folder.name) else _start(folder)), folder.name)


def _start(folder: Path) -> str:
    if folder.is_symlink():
        return _UNKNOWN
    try:
        return _digits(sealed_documents(folder)[1]["started_at"])
    except (EvidenceError, OSError):
        return _UNKNOWN


def _digits(instant: str) -> str:
    return instant.replace("-", "").replace(":", "")
