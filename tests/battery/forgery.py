"""What a forger with a keyboard can do to bundles and logs: with and without recomputing hashes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.battery.released import final_of

from billing_canary.artifact.index_file import INDEX_FILE
from billing_canary.artifact.json_text import to_json
from billing_canary.artifact.seal import FIELD, sealed
from billing_canary.audit.chain import digest, line_of, read_log
from billing_canary.audit.log import AuditEntry, EntryKind

Document = dict[str, Any]
Change = Callable[[Document], object]


def put(**values: Any) -> Change:
    """A change that sets these keys."""
    return lambda document: document.update(values)


def flip(file: Path, at: float, bit: int = 0) -> None:
    """Flip one bit of the byte at `at` of the file's length (0 to 1)."""
    data = bytearray(file.read_bytes())
    data[min(int(len(data) * at), len(data) - 1)] ^= 1 << bit
    file.write_bytes(data)


def cut(file: Path, keep: float) -> None:
    """Keep this part (float), or all but this many bytes (negative int)."""
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * keep)] if keep >= 0 else data[: int(keep)])


def document_of(folder: Path) -> Document:
    found: Document = json.loads(final_of(folder).read_bytes())
    return found


def change_final(folder: Path, change: Change, *, reseal: bool = True) -> None:
    """Change the final document; with `reseal` its seal fits again."""
    document = document_of(folder)
    change(document)
    if reseal:
        del document[FIELD]
    final_of(folder).write_bytes(sealed(document) if reseal else to_json(document))


def change_run(folder: Path, change: Change) -> None:
    """Change `run.json` and recompute its hash in the index, and the seal."""
    run: Document = json.loads((folder / "run.json").read_bytes())
    change(run)
    replace_file(folder, "run.json", to_json(run))


def replace_file(folder: Path, path: str, data: bytes) -> None:
    """Give one file another content and recompute its row and the seal."""
    (folder / path).write_bytes(data)

    def recompute(document: Document) -> None:
        (row,) = (row for row in document["artifact_index"] if row["path"] == path)
        row |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        if "true_bytes" in row:
            row |= {"true_bytes": row["bytes"], "true_sha256": row["sha256"]}

    change_final(folder, recompute)


def write_final_text(folder: Path, old: str, new: str) -> None:
    """Replace a text in the final file's bytes and seal whatever comes out, JSON or not."""
    data = final_of(folder).read_bytes()
    assert old.encode() in data, f"{final_of(folder).name} no longer holds {old!r}"
    seal_bytes(folder, data.replace(old.encode(), new.encode("utf-8", "surrogatepass"), 1))


def seal_bytes(folder: Path, data: bytes) -> None:
    """Write these bytes as the final file, with a seal that fits them."""
    start = data.index(f'"{FIELD}": "'.encode()) + len(FIELD) + 5
    blank = data[:start] + b"0" * 64 + data[start + 64 :]
    told = hashlib.sha256(blank).hexdigest().encode()
    final_of(folder).write_bytes(data[:start] + told + data[start + 64 :])


def rename(folder: Path, run_id: str) -> Path:
    """Give the run another id in its folder, `run.json` and report, all hashes recomputed."""
    target = folder.with_name(run_id)
    folder.rename(target)
    change_run(target, put(run_id=run_id))
    change_final(target, put(run_id=run_id))
    return target


def drop_file(folder: Path, path: str) -> None:
    """Remove a file together with its row, and seal again."""
    (folder / path).unlink()

    def forget(document: Document) -> None:
        document["artifact_index"] = [row for row in document["artifact_index"] if row["path"] != path]

    change_final(folder, forget)


def change_row(folder: Path, path: str, change: Change) -> None:
    """Change one row of the index and seal again."""

    def act(document: Document) -> None:
        (row,) = (row for row in document["artifact_index"] if row["path"] == path)
        change(row)

    change_final(folder, act)


def forget_run(artifacts: Path, run_id: str) -> None:
    """Take a run's line out of the index of runs."""
    lines = (artifacts / INDEX_FILE).read_bytes().splitlines(keepends=True)
    (artifacts / INDEX_FILE).write_bytes(b"".join(line for line in lines if run_id.encode() not in line))


def entries_of(log: Path) -> list[AuditEntry]:
    found = read_log(log.read_bytes())
    assert not found.problems, found.problems
    return list(found.entries)


def write_entries(log: Path, entries: Iterable[AuditEntry]) -> None:
    """Write these entries as they are."""
    log.write_bytes(b"".join(map(line_of, entries)))


def chain(log: Path, entries: Iterable[AuditEntry]) -> None:
    """Write these entries with numbers, links and digests recomputed."""
    made: list[AuditEntry] = []
    for entry in entries:
        head = made[-1].digest if made else "0" * 64
        linked = replace(entry, sequence=len(made) + 1, previous=head, digest="")
        made.append(replace(linked, digest=digest(linked)))
    write_entries(log, made)


def entry(kind: str, by: str, at: str, fields: Mapping[str, str | int]) -> AuditEntry:
    """An entry that `chain` will link."""
    return AuditEntry(
        sequence=1,
        at=at,
        kind=EntryKind(kind),
        by=by,
        fields=dict(fields),
        previous="0" * 64,
        digest="0" * 64,
    )


def with_fields(entry: AuditEntry, **fields: str | int) -> AuditEntry:
    return replace(entry, fields={**entry.fields, **fields})
