"""The rows of a file that another tool writes, read with suspicion."""

from __future__ import annotations

import csv
import io
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from billing_canary.errors import EvidenceError
from billing_canary.strict_json import parse
from billing_canary.telemetry.instants import seconds
from billing_canary.telemetry.kind import TOLERATED_SKEW_S, Asking, UnanswerableError
from billing_canary.telemetry.settings import FileSource

_LARGEST = 8 * 1024 * 1024
"""Bytes."""

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
"""Non-blocking: opening a FIFO must not wait for somebody to write into it."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row; `cells` by our names, `place` for messages.

    Attributes:
        textual: whether every cell is text because the format has nothing else.
    """

    place: str
    cells: Mapping[str, Any]
    textual: bool

    def cell(self, name: str) -> Any:
        """What stands under `name`.

        Raises:
            UnanswerableError: there is no such column.
        """
        if name not in self.cells:
            fix = "let the tool write it, or say how it is called in [source.NAME.columns]"
            raise UnanswerableError(f"{self.place} has no {name}; {fix}")
        return self.cells[name]


def read_rows(source: FileSource, place: Path, asking: Asking) -> tuple[Row, ...]:
    """Every row of the file at `place`, in its order.

    Raises:
        UnanswerableError: it cannot be read, leads out of the project, or is not what `format` says.
    """
    if source.path and _leads_out(place, asking.root):
        raise UnanswerableError(f"{source.path} leads out of the project; name a variable with path_env")
    shown = source.path or source.path_env
    data = _bytes(place, shown)
    if source.format == "csv":
        return tuple(_csv_rows(data, shown, source))
    return tuple(_json_rows(data, shown, source, asking))


def _leads_out(place: Path, root: Path) -> bool:
    try:
        return not place.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):  # links in a circle
        return True


def _bytes(place: Path, shown: str) -> bytes:
    try:
        data = _read(place, shown)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no path"
        raise UnanswerableError(f"{shown} cannot be read: {why}; let the tool write it") from error
    if len(data) > _LARGEST:
        raise UnanswerableError(f"{shown} is larger than {_LARGEST >> 20} MiB; let the tool drop old rows")
    return data


def _read(place: Path, shown: str) -> bytes:
    handle = os.open(place, _FLAGS)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise UnanswerableError(f"{shown} is no regular file; write one")
    with open(handle, "rb") as stream:  # noqa: PTH123 - a descriptor, no path
        return stream.read(_LARGEST + 1)


def _json_rows(data: bytes, shown: str, source: FileSource, asking: Asking) -> Iterator[Row]:
    try:
        document = parse(data, shown)
    except EvidenceError as error:
        raise UnanswerableError(f"{error}; correct the tool that writes it") from error
    if source.rows:
        if not isinstance(document, dict) or source.rows not in document:
            raise UnanswerableError(f"{shown} has no member {source.rows!r}; correct rows")
        _check_age(document, shown, source, asking)
        document = document[source.rows]
    if not isinstance(document, list) or not all(isinstance(row, dict) for row in document):
        raise UnanswerableError(f"{shown} holds no list of objects; name the member that does with rows")
    for number, row in enumerate(document, start=1):
        yield Row(place=f"{shown}: row {number}", cells=_named(row, source), textual=False)


def _check_age(document: Mapping[str, Any], shown: str, source: FileSource, asking: Asking) -> None:
    """A list that nobody writes any more would say "nothing happened" for ever."""
    if not source.written_at:
        return
    try:
        age = asking.now - seconds(str(document.get(source.written_at)))
    except ValueError as error:
        raise UnanswerableError(f"{shown}: {source.written_at}: {error}") from error
    if age > source.max_age_s:
        fix = "start the tool that writes it"
        raise UnanswerableError(
            f"{shown} was written {age:.0f} s ago, over {source.max_age_s} s: stale; {fix}"
        )
    if age < -TOLERATED_SKEW_S:
        message = f"clock skew: {shown} was written {-age:.0f} s from now"
        raise UnanswerableError(f"{message}; synchronise both clocks (NTP)")


def _csv_rows(data: bytes, shown: str, source: FileSource) -> Iterator[Row]:
    try:
        text = data.decode("utf-8-sig")  # spreadsheets write a byte order mark
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        header = next(reader, [])
        _check_header(header, shown)
        for cells in reader:
            place = f"{shown}: line {reader.line_num}"
            if not cells:
                continue
            if len(cells) != len(header):
                message = f"{place} has {len(cells)} fields, the header {len(header)}"
                raise UnanswerableError(f"{message}; correct the tool that writes it")
            row = dict(zip(header, cells, strict=True))
            yield Row(place=place, cells=_named(row, source), textual=True)
    except UnicodeDecodeError as error:
        raise UnanswerableError(f"{shown} is not UTF-8 at byte {error.start}; save it as UTF-8") from error
    except csv.Error as error:
        raise UnanswerableError(f"{shown} is no CSV: {error}; correct the tool that writes it") from error


def _check_header(header: Sequence[str], shown: str) -> None:
    twice = sorted({name for name in header if header.count(name) > 1})
    if not header:
        raise UnanswerableError(f"{shown} has no header; write one line with the columns' names")
    if twice:
        raise UnanswerableError(f"{shown} has the column {twice[0]!r} twice; name each once")


def _named(row: Mapping[str, Any], source: FileSource) -> Mapping[str, Any]:
    """`row` by our names; a column that the settings call otherwise is not found under our name."""
    theirs = source.columns
    own = {name: value for name, value in row.items() if name not in theirs}
    return {**own, **{ours: row[their] for ours, their in theirs.items() if their in row}}
