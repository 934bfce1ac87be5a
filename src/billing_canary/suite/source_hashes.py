"""Hashes of gated sources, taken before a run, so that a later edit is seen: coverage data hold none."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from billing_canary.errors import EvidenceError
from billing_canary.module_coverage import GatedModule

SourceHashes = Mapping[str, str]
"""The module as the gate shows it, to the sha256 of its source."""

_LARGEST = 1_000_000


def hash_sources(modules: Iterable[GatedModule]) -> dict[str, str]:
    """The present hashes.

    Raises:
        EvidenceError: a source cannot be read.
    """
    return {module.module: source_hash(Path(module.file)) for module in modules}


def source_hash(file: Path) -> str:
    """The sha256 of `file` as it stands.

    Raises:
        EvidenceError: it cannot be read.
    """
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise EvidenceError(f"{file} cannot be read: {error.strerror}") from error


def hashes_document(hashes: SourceHashes) -> bytes:
    """The file that `read_hashes` reads."""
    import json  # noqa: PLC0415 - only where hashes are written

    return f"{json.dumps({'schema_version': '1', 'sha256': dict(hashes)}, indent=2)}\n".encode()


def read_hashes(file: Path) -> SourceHashes:
    """Recorded hashes.

    Raises:
        EvidenceError: it cannot be read, or holds something else.
    """
    try:
        with file.open("rb") as stream:
            data = stream.read(_LARGEST + 1)
    except OSError as error:
        raise EvidenceError(f"{file} cannot be read: {error.strerror}") from error
    from billing_canary.strict_json import parse  # noqa: PLC0415 - only where hashes were recorded

    if len(data) > _LARGEST:
        raise EvidenceError(f"{file} has more than {_LARGEST} bytes")
    document = parse(data, str(file))
    hashes = document.get("sha256") if isinstance(document, dict) else None
    if not isinstance(hashes, dict) or not all(isinstance(value, str) for value in hashes.values()):
        raise EvidenceError(
            f"{file} holds no hashes: 'billing-canary gate coverage --record-hashes' writes some"
        )
    return hashes
