"""The chain of the audit log: what an entry's digest covers, and whether a text is an unbroken log.

Pure: no file, no clock. Lines are in the canonical form of RFC 8785, so each entry has one spelling
only, and any SHA-256 tool can recompute a digest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from billing_canary import strict_json
from billing_canary.audit.fields import REFERS, field_problems, is_instant, quoted
from billing_canary.audit.log import AuditEntry, AuditLog, EntryKind
from billing_canary.errors import EvidenceError

NO_HEAD = "0" * 64
"""The head of a log without entries."""

LOG_LIMIT, LINE_LIMIT = 16_000_000, 16_000
"""Bytes; a line with every text at its limit is shorter."""

_MOST_PROBLEMS = 100
_KEYS = ("sequence", "at", "kind", "by", "fields", "previous", "digest")
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class _Line:
    """One line as read: its entry, as far as it has the shape of one, and what is wrong with it."""

    number: int
    entry: AuditEntry | None
    problems: tuple[str, ...] = ()


def canonical(entry: AuditEntry) -> bytes:
    """What `entry.digest` is the SHA-256 of: the entry without it, in the form of RFC 8785, UTF-8."""
    return _json(_document(entry))


def digest(entry: AuditEntry) -> str:
    """The digest that `entry` must have, as 64 hexadecimal digits."""
    return sha256(canonical(entry)).hexdigest()


def line_of(entry: AuditEntry) -> bytes:
    """The entry as it stands in the file, with its line end."""
    return _json({**_document(entry), "digest": entry.digest}) + b"\n"


def log_bytes(log: AuditLog) -> bytes:
    """The file that a sound `log` was read from."""
    return b"".join(map(line_of, log.entries))


def next_entry(
    log: AuditLog, kind: EntryKind, by: str, fields: Mapping[str, str | int], at: str
) -> AuditEntry:
    """The entry that would follow on `log`, unchecked; `content_problems` checks it."""
    entry = AuditEntry(
        sequence=len(log.entries) + 1,
        at=at,
        kind=kind,
        by=by,
        fields=dict(fields),
        previous=log.head,
        digest="",
    )
    return replace(entry, digest=digest(entry))


def content_problems(log: AuditLog, entry: AuditEntry) -> tuple[str, ...]:
    """Why `entry` cannot follow on a sound `log`, apart from the chain: its fields and what it refers to."""
    found = field_problems(entry.kind, entry.by, entry.at, entry.fields)
    return found or tuple(_refers(entry, open_entries(log.entries)))


def open_entries(entries: tuple[AuditEntry, ...]) -> dict[int, EntryKind]:
    """Sequence and kind of every entry that no later one ended."""
    still = {entry.sequence: entry.kind for entry in entries if entry.kind not in REFERS}
    for entry in entries:
        if _ends(entry.kind):
            still.pop(int(entry.fields["of"]), None)
    return still


def read_log(text: str | bytes) -> AuditLog:
    """The log in `text`, or every problem of it, each with its line number. An empty text is an empty log."""
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(data) > LOG_LIMIT:
        return AuditLog(problems=(f"the log is larger than {LOG_LIMIT} bytes",))
    entries: list[AuditEntry] = []
    problems: list[str] = []
    before: _Line | None = None
    for line in _lines(data):
        found = (*line.problems, *_breaks(before, line))
        problems += [f"line {line.number}: {problem}" for problem in found]
        if len(problems) > _MOST_PROBLEMS:
            problems[_MOST_PROBLEMS:] = ["and more: the other lines were not looked at"]
            break
        if line.entry is not None:
            entries.append(line.entry)
        before = line
    problems = problems or list(_story(entries))
    if problems:
        return AuditLog(problems=tuple(problems))
    return AuditLog(entries=tuple(entries), head=entries[-1].digest if entries else NO_HEAD)


def _lines(data: bytes) -> Iterator[_Line]:
    pieces = data.split(b"\n")
    for number, raw in enumerate(pieces[:-1], start=1):
        yield _read_line(number, raw)
    if pieces[-1]:
        cut = "is cut short: it has no line end. Remove it if it is no whole entry, and write it again"
        yield _Line(number=len(pieces), entry=None, problems=(cut,))


def _read_line(number: int, raw: bytes) -> _Line:
    if len(raw) > LINE_LIMIT:
        return _Line(number=number, entry=None, problems=(f"is longer than {LINE_LIMIT} bytes",))
    if not raw.strip():
        return _Line(number=number, entry=None, problems=("is empty",))
    try:
        document = strict_json.parse(raw, "entry")
    except EvidenceError as error:
        return _Line(number=number, entry=None, problems=(_plain(str(error)),))
    problems = tuple(_shape(document))
    if problems:
        return _Line(number=number, entry=None, problems=problems)
    entry = AuditEntry(**{**document, "kind": EntryKind(document["kind"])})
    return _Line(number=number, entry=entry, problems=tuple(_content(entry, raw)))


def _shape(document: Any) -> Iterator[str]:
    """Why `document` cannot become an entry at all."""
    if not isinstance(document, dict):
        yield "is no JSON object"
        return
    yield from (f"{key} is missing" for key in _KEYS if key not in document)
    yield from (f"{quoted(key)} is not known" for key in document if key not in _KEYS)
    held = {key: value for key, value in document.items() if key in _KEYS}
    for key, value in held.items():
        if problem := _CHECKS[key](value):
            yield f"{key} {problem}"


def _content(entry: AuditEntry, raw: bytes) -> Iterator[str]:
    """What is wrong with one line by itself."""
    yield from field_problems(entry.kind, entry.by, entry.at, entry.fields)
    if entry.digest != digest(entry):
        yield "its digest is not that of its content: it was changed after it was written"
    elif raw.endswith(b"\r"):
        yield "ends with a carriage return: tell Git to leave the file alone (gates/audit-log.jsonl -text)"
    elif raw + b"\n" != line_of(entry):
        yield "is not spelt as billing-canary writes it (order of keys, spaces, escapes)"


def _breaks(before: _Line | None, line: _Line) -> Iterator[str]:
    """Where the chain breaks between two lines; nothing can be said beside a line that is no entry."""
    if line.entry is None or (before is not None and before.entry is None):
        return
    last = before.entry if before is not None and before.entry is not None else None
    sequence, head = (last.sequence, last.digest) if last else (0, NO_HEAD)
    if line.entry.sequence != sequence + 1:
        yield f"is entry {line.entry.sequence}, where entry {sequence + 1} has to stand"
    if line.entry.previous != head:
        yield "does not follow on the line before: one of them was changed, removed, added or moved"


def _story(entries: list[AuditEntry]) -> Iterator[str]:
    """What an unbroken chain can still get wrong: time that runs backwards, ends of what is not open."""
    still: dict[int, EntryKind] = {}
    last = ""
    for entry in entries:
        if entry.at < last:
            yield f"line {entry.sequence}: at is {entry.at}, before the entry above it"
        yield from (f"line {entry.sequence}: {problem}" for problem in _refers(entry, still))
        last = max(last, entry.at)
        if entry.kind not in REFERS:
            still[entry.sequence] = entry.kind
        elif _ends(entry.kind):
            still.pop(int(entry.fields["of"]), None)


def _refers(entry: AuditEntry, still: Mapping[int, EntryKind]) -> Iterator[str]:
    wanted = REFERS.get(entry.kind)
    if wanted is not None and still.get(int(entry.fields["of"])) is not wanted:
        yield f"of is {entry.fields['of']}, which is no open entry of kind {wanted}"


def _ends(kind: EntryKind) -> bool:
    return kind in REFERS and kind is not EntryKind.INCIDENT_UPDATED


def _document(entry: AuditEntry) -> dict[str, Any]:
    """Everything of the entry but its digest."""
    return {
        "sequence": entry.sequence,
        "at": entry.at,
        "kind": str(entry.kind),
        "by": entry.by,
        "fields": dict(entry.fields),
        "previous": entry.previous,
    }


def _json(document: dict[str, Any]) -> bytes:
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8", "surrogatepass")


def _plain(text: str) -> str:
    return text.removeprefix("entry: ").encode("unicode_escape").decode()[:500]


def _is_sequence(value: object) -> str:
    fits = type(value) is int and value >= 1
    return "" if fits else f"must be a whole number from 1, not {quoted(value)}"


def _is_kind(value: object) -> str:
    known = isinstance(value, str) and value in set(EntryKind)
    return "" if known else f"is {quoted(value)}, which is no kind of entry"


def _is_digest(value: object) -> str:
    fits = isinstance(value, str) and _DIGEST.fullmatch(value)
    return "" if fits else f"must be 64 hexadecimal digits, not {quoted(value)}"


def _is_text(value: object) -> str:
    return "" if isinstance(value, str) else f"must be text, not {quoted(value)}"


def _is_fields(value: object) -> str:
    fits = isinstance(value, dict) and all(type(item) in {str, int} for item in value.values())
    return "" if fits else "must be an object that holds text and whole numbers only"


_CHECKS = {
    "sequence": _is_sequence,
    "at": is_instant,
    "kind": _is_kind,
    "by": _is_text,
    "fields": _is_fields,
    "previous": _is_digest,
    "digest": _is_digest,
}
