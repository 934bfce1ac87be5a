"""The list of defects that another tool writes, as JSON or CSV: read with suspicion."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from billing_canary import strict_json
from billing_canary.artifact.regular_file import read_bytes
from billing_canary.errors import EvidenceError
from billing_canary.release import Defect

_LIMIT = 4 * 1024 * 1024
"""Bytes; ten thousand defects have a fraction of it."""

_COLUMNS = ("id", "title", "billing", "open")
_TRUTH = {"true": True, "false": False}


def read_defects(root: Path, file: str) -> tuple[Defect, ...]:
    """The defects in `file`, a path below `root` that ends with .json or .csv.

    JSON is `{"defects": [{"id": "...", "title": "...", "billing": true, "open": true}]}`, CSV has these four
    columns with true and false in small letters. Columns and keys beside them are ignored.

    Raises:
        EvidenceError: the file is absent, no regular file, too large, or anything in it is not so: a list
            that is not understood in full tells nothing.
    """
    data = read_bytes(root, file, _LIMIT)
    rows = _csv_rows(data, file) if file.endswith(".csv") else _json_rows(data, file)
    defects = tuple(_defect(row, f"{file}: defect {number}") for number, row in enumerate(rows, start=1))
    twice = sorted(name for name, count in Counter(defect.id for defect in defects).items() if count > 1)
    if twice:
        raise EvidenceError(f"{file}: {', '.join(twice[:5])} stands there twice")
    return defects


def _json_rows(data: bytes, file: str) -> Sequence[Any]:
    document = strict_json.parse(data, file)
    rows = document.get("defects") if isinstance(document, dict) else None
    if not isinstance(rows, list):
        raise EvidenceError(f'{file}: has no list "defects"')
    return rows


def _csv_rows(data: bytes, file: str) -> Sequence[Mapping[str, Any]]:
    try:
        lines = list(csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise EvidenceError(f"{file}: is no CSV in UTF-8: {error}") from None
    heading = lines[0] if lines else []
    missing = [name for name in _COLUMNS if heading.count(name) != 1]
    if missing:
        raise EvidenceError(f"{file}: needs each of these columns once: {', '.join(missing)}")
    return list(_named(heading, lines[1:], file))


def _named(heading: list[str], lines: list[list[str]], file: str) -> Iterator[Mapping[str, Any]]:
    for number, line in enumerate(lines, start=2):
        if len(line) != len(heading):
            raise EvidenceError(f"{file}: line {number} has {len(line)} fields, not {len(heading)}")
        row: dict[str, Any] = dict(zip(heading, line, strict=True))
        yield {**row, **{key: _TRUTH.get(row[key], row[key]) for key in ("billing", "open")}}


def _defect(row: Any, place: str) -> Defect:
    if not isinstance(row, dict):
        raise EvidenceError(f"{place}: is no object")
    for key, kind in (("id", str), ("title", str), ("billing", bool), ("open", bool)):
        if type(row.get(key)) is not kind:
            words = "true or false" if kind is bool else "a text"
            raise EvidenceError(f"{place}: {key} must be {words}, not {str(row.get(key))[:40]!r}")
    if not row["id"].strip():
        raise EvidenceError(f"{place}: id is empty")
    return Defect(id=row["id"], title=row["title"], billing=row["billing"], open=row["open"])
