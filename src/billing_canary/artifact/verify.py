"""Checking a bundle against its own index: what is missing, changed, added or unsafe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from billing_canary.artifact.index import count_missing
from billing_canary.artifact.kinds import RUN_FILE, kind_named
from billing_canary.artifact.paths import unsafe_reason, walk
from billing_canary.artifact.reader import JsonFile, read_final, read_run
from billing_canary.artifact.regular_file import measure
from billing_canary.artifact.seal import seal_holds
from billing_canary.errors import EvidenceError
from billing_canary.model import Status

Row = Mapping[str, Any]


class BundleState(StrEnum):
    """What a bundle is worth as evidence."""

    VERIFIED = "verified"
    INTERRUPTED = "interrupted"
    """Its final file was never written: evidence of nothing."""
    DAMAGED = "damaged"


class Fault(StrEnum):
    """What is wrong with one path of a bundle."""

    MISSING = "missing"
    CHANGED = "changed"
    EXTRA = "extra"
    UNSAFE = "unsafe"
    UNREADABLE = "unreadable"
    INCONSISTENT = "inconsistent"


@dataclass(frozen=True, kw_only=True)
class FileProblem:
    """One thing that is wrong: `path` inside the bundle, the kind of fault, and a sentence."""

    path: str
    problem: Fault
    detail: str


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What became of checking one bundle; `problems` is empty when it is verified."""

    kind: str
    run_id: str
    state: BundleState
    problems: tuple[FileProblem, ...] = ()


def verify_bundle(folder: Path) -> Verification:
    """Check every file of the bundle in `folder`, whose kind is the name of the folder above.

    Nothing outside the folder is opened, and no link, FIFO or device in it. The seal finds damage, not
    a rewriting of the whole bundle by somebody who recomputes it.

    Raises:
        EvidenceError: the folder above is named for no kind of bundle.
    """
    kind = kind_named(folder.parent.name)
    if not _present(folder / kind.final):
        return _result(folder, BundleState.INTERRUPTED)
    try:
        final = read_final(folder)
        problems = (
            *_document_problems(folder, kind.final, final),
            *_file_problems(folder, kind.final, final),
        )
    except (EvidenceError, OSError) as error:
        problems = (FileProblem(path=kind.final, problem=Fault.UNREADABLE, detail=str(error)),)
    return _result(folder, BundleState.DAMAGED if problems else BundleState.VERIFIED, problems)


def _result(folder: Path, state: BundleState, problems: tuple[FileProblem, ...] = ()) -> Verification:
    return Verification(kind=folder.parent.name, run_id=folder.name, state=state, problems=problems)


def _present(file: Path) -> bool:
    """Whether anything has this name, a link that leads nowhere included."""
    return file.is_symlink() or file.exists()


def _document_problems(folder: Path, final: str, file: JsonFile) -> Iterator[FileProblem]:
    """What the final file and `run.json` say about themselves that cannot be so."""
    document = file.document
    if not seal_holds(file.data, document):
        yield FileProblem(
            path=final, problem=Fault.CHANGED, detail="its bytes are not the ones that were sealed"
        )
    for sentence in (
        *_contradictions(folder, document),
        *_index_contradictions(folder.parent.name, document["artifact_index"]),
    ):
        yield FileProblem(path=final, problem=Fault.INCONSISTENT, detail=sentence)
    yield from _run_problems(folder)


def _contradictions(folder: Path, document: Row) -> Iterator[str]:
    if document["run_id"] != folder.name:
        yield f"is the report of run {document['run_id']}"
    counted, told = count_missing(document["artifact_index"]), document["missing_count"]
    if counted != told:
        yield f"missing_count is {told}, but the index has {counted} missing files"
    if told and document["overall_status"] == Status.PASS:
        yield f"says pass although {told} required files are missing"


def _index_contradictions(kind: str, rows: Sequence[Row]) -> Iterator[str]:
    """What no index of this kind says: it names the kind's own files as required, and no path twice."""
    paths = [row["path"] for row in rows]
    required = {row["path"] for row in rows if row["required"]}
    for file in kind_named(kind).files:
        if file.path not in required:
            yield f"the index does not name {file.path} as required"
    for folded, count in Counter(path.casefold() for path in paths).items():
        if count > 1:
            yield f"the index names {folded!r} {count} times (upper and lower case are not told apart)"


def _run_problems(folder: Path) -> Iterator[FileProblem]:
    try:
        run = read_run(folder)
    except EvidenceError as error:
        yield FileProblem(path=RUN_FILE, problem=Fault.UNREADABLE, detail=str(error))
        return
    expected = {"run_id": folder.name, "kind": folder.parent.name, "state": "finished"}
    for key, value in expected.items():
        if run[key] != value:
            detail = f"{key} is {run[key]!r}, not {value!r}"
            yield FileProblem(path=RUN_FILE, problem=Fault.INCONSISTENT, detail=detail)


def _file_problems(folder: Path, final: str, file: JsonFile) -> Iterator[FileProblem]:
    rows: list[Row] = file.document["artifact_index"]
    for row in rows:
        yield from _row_problems(folder, row)
    known = {row["path"] for row in rows} | {final}
    for path in walk(folder):
        if path not in known:
            yield FileProblem(path=path, problem=Fault.EXTRA, detail="is not in the index")


def _row_problems(folder: Path, row: Row) -> Iterator[FileProblem]:
    path = row["path"]
    reason = unsafe_reason(path)
    if reason:
        yield FileProblem(path=path, problem=Fault.UNSAFE, detail=f"the path {reason}")
    elif not _present(folder / path):
        if row["present"]:
            yield FileProblem(path=path, problem=Fault.MISSING, detail="was there when the run ended")
    elif not row["present"]:
        yield FileProblem(path=path, problem=Fault.EXTRA, detail="was missing when the run ended")
    else:
        yield from _content_problems(folder, row)


def _content_problems(folder: Path, row: Row) -> Iterator[FileProblem]:
    path = row["path"]
    try:
        size, digest = measure(folder, path)
    except EvidenceError as error:
        yield FileProblem(path=path, problem=Fault.UNREADABLE, detail=str(error))
        return
    if size != row["bytes"]:
        detail = f"has {size} bytes, not {row['bytes']}"
        yield FileProblem(path=path, problem=Fault.CHANGED, detail=detail)
    elif digest != row["sha256"]:
        yield FileProblem(path=path, problem=Fault.CHANGED, detail="has another content")
