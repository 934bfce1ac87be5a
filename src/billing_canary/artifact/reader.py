"""Reading the JSON files of a bundle: safely opened, strictly parsed, checked against their schema."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from billing_canary import strict_json
from billing_canary.artifact import schema
from billing_canary.artifact.kinds import RUN_FILE, kind_named
from billing_canary.artifact.regular_file import read_bytes
from billing_canary.errors import EvidenceError

JSON_LIMIT = 16 * 1024 * 1024
"""Bytes; a report of 1,000 probes has less than a tenth of it."""


@dataclass(frozen=True, kw_only=True)
class JsonFile:
    """A JSON object as it was read, with the bytes that it was read from."""

    data: bytes
    document: dict[str, Any]


def read_json(folder: Path, path: str) -> JsonFile:
    """The JSON object in `path` inside `folder`.

    Raises:
        EvidenceError: it cannot be read safely, or is no strict JSON object; names file and key.
    """
    data = read_bytes(folder, path, JSON_LIMIT)
    document = strict_json.parse(data, str(folder / path))
    if not isinstance(document, dict):
        raise EvidenceError(f"{folder / path}: holds a {type(document).__name__}, not an object")
    return JsonFile(data=data, document=document)


def read_run(folder: Path) -> dict[str, Any]:
    """The `run.json` of the bundle in `folder`.

    Raises:
        EvidenceError: it is absent or not what its schema asks for.
    """
    document = read_json(folder, RUN_FILE).document
    schema.validate(document, "run")
    return document


def read_final(folder: Path) -> JsonFile:
    """The final file of the bundle in `folder`, whose kind is the name of the folder above.

    Raises:
        EvidenceError: it is absent (the run was interrupted) or not what its schema asks for.
    """
    kind = kind_named(folder.parent.name)
    final = read_json(folder, kind.final)
    schema.validate(final.document, kind.schema)
    return final
