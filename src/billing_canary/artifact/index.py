"""The artifact index: every file of a bundle, declared or found, with size and hash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from billing_canary.artifact.capped_log import LogSize
from billing_canary.artifact.paths import walk
from billing_canary.artifact.regular_file import measure


@dataclass(frozen=True, kw_only=True)
class Declared:
    """A file that the bundle should hold.

    Attributes:
        size: the log's true size where it was shortened.
    """

    kind: str
    required: bool = True
    size: LogSize | None = None


def build_index(folder: Path, declared: Mapping[str, Declared]) -> list[dict[str, Any]]:
    """One row for each declared file and each further file found in `folder`, sorted by path.

    Raises:
        EvidenceError: something in the folder is no regular file, so that it cannot be evidence.
    """
    present = set(walk(folder))
    found = dict.fromkeys(present, Declared(kind="other", required=False))
    expected = found | dict(declared)
    return [_row(folder, path, expected[path], present=path in present) for path in sorted(expected)]


def count_missing(rows: list[dict[str, Any]]) -> int:
    """How many required files of an index are not there."""
    return sum(1 for row in rows if row["required"] and not row["present"])


def _row(folder: Path, path: str, declared: Declared, *, present: bool) -> dict[str, Any]:
    size, digest = measure(folder, path) if present else (None, None)
    row: dict[str, Any] = {
        "path": path,
        "kind": declared.kind,
        "required": declared.required,
        "present": present,
        "bytes": size,
        "sha256": digest,
    }
    if declared.size is not None:
        row |= {"true_bytes": declared.size.true_bytes, "true_sha256": declared.size.true_sha256}
    return row
