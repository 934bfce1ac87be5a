"""A JSON or CSV file that another tool writes: windows, levels or incidents."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from billing_canary.config import Table
from billing_canary.telemetry.kind import Answer, Asking, SourceKind
from billing_canary.telemetry.question import Form
from billing_canary.telemetry.settings import FileSource
from billing_canary.telemetry.settings_checks import number, variable

COLUMNS = (
    *("start", "end", "good", "total"),
    *("at", "value", "labels"),
    *("id", "severity", "billing", "open", "title", "opened_at"),
)
"""Our names for what the rows of a file hold, form by form."""

_MAX_AGE_S = range(1, 31 * 86_400 + 1)


def _load(table: Table, name: str) -> FileSource:
    path, path_env = _path(table), variable(table, "path_env", "")
    if bool(path) == bool(path_env):
        table.problem("path", "one of path and path_env is needed", 'write path = "data/incidents.json"')
    format_ = table.one_of("format", ("json", "csv"))
    written_at = table.get("written_at", str, "")
    source = FileSource(
        name=name,
        kind="file",
        path=path,
        path_env=path_env,
        format=format_,
        columns=_columns(table.table("columns")),
        rows=table.get("rows", str, ""),
        written_at=written_at,
        max_age_s=number(table, "max_age_s", 3600, _MAX_AGE_S),
    )
    _check_json_only(table, source)
    return source


def _path(table: Table) -> str:
    path = table.get("path", str, "")
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or "\\" in path or "\0" in path:
        fix = "write a path inside the project, or name a variable with path_env"
        table.problem("path", f"is {path!r}, which leads out of the project", fix)
    return path


def _columns(table: Table) -> dict[str, str]:
    found = {}
    for ours in table.data:
        theirs = table.get(ours, str)
        if ours not in COLUMNS:
            table.problem(ours, "is no column that is read", f"use {', '.join(COLUMNS)}")
        elif not theirs:
            table.problem(ours, "is empty", "write how the file calls it")
        found[ours] = theirs
    return found


def _check_json_only(table: Table, source: FileSource) -> None:
    for key in ("rows", "written_at", "max_age_s"):
        if key in table.data and source.format == "csv":
            table.problem(
                key, "is for JSON: a CSV file has only rows", "remove it, or let the tool write JSON"
            )
    if "max_age_s" in table.data and not source.written_at:
        table.problem("max_age_s", "needs written_at", 'add written_at = "the member that holds the time"')
    if source.written_at and not source.rows and source.format == "json":
        table.problem("written_at", "needs rows", 'add rows = "the member that holds the rows"')


def _shown(source: FileSource, _asking: Asking) -> str:
    return source.path or f"the file that {source.path_env} names"


def _place(source: FileSource, asking: Asking) -> Path:
    return asking.root / source.path if source.path else asking.root / asking.variable(source.path_env)


def _read(source: FileSource, asking: Asking) -> Answer:
    from billing_canary.telemetry.file_answers import answer  # noqa: PLC0415 - with csv and json
    from billing_canary.telemetry.file_rows import read_rows  # noqa: PLC0415 - the same

    return answer(read_rows(source, _place(source, asking), asking), asking)


FILE = SourceKind(
    name="file",
    load=_load,
    forms={Form.WINDOWS: ((),), Form.LEVEL: ((),), Form.INCIDENTS: ((),)},
    shown=_shown,
    read=_read,
)
