"""What of a final document can be compared with another of its kind; one small reader for each kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from billing_canary.artifact.status import first_reason, overall_status

Document = Mapping[str, Any]

_ABSENT = "-"


@dataclass(frozen=True, kw_only=True)
class Comparable:
    """A run as it is compared.

    Attributes:
        facts: single facts by name: verdict, reason, commit, target.
        statuses: what each probe, suite, fault, item or trigger came to.
        timings_ms: how long things took.
        coverage: counts of each module, e.g. "line 17/20 pass".
        versions: of the program and its libraries.
        files: SHA-256 of each file of the project that the run loaded.
    """

    facts: Mapping[str, str]
    statuses: Mapping[str, str] = field(default_factory=dict)
    timings_ms: Mapping[str, int] = field(default_factory=dict)
    coverage: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Where the named results of a kind stand: a list of objects, and which of their fields tell what.

    Attributes:
        said: stands before the name where a kind has several lists.
    """

    key: str
    name: str = "id"
    status: str = "status"
    said: str = ""


_ROWS: Mapping[str, tuple[Rows, ...]] = {
    "billing-canary": (Rows(key="probes"), Rows(key="safety_checks", said="safety check ")),
    "billing-confidence": (Rows(key="suites", name="name"),),
    "billing-faults": (Rows(key="faults", status="caught"),),
    "billing-decisions": (Rows(key="items"),),
    "billing-triggers": (Rows(key="triggers", status="state"),),
}
"""A new kind is one entry here; one that is not here is compared by what every kind has."""

_FACTS: Mapping[str, Callable[[Document], Mapping[str, str]]] = {
    "billing-canary": lambda document: {"health check": str(document["health_check"]["status"])},
    "billing-faults": lambda document: {"false alarms": str(len(document["healthy"]["alarms"]))},
    "billing-confidence": lambda document: {
        "shard": _shard(document.get("shard")),
        "tests": str(sum(int(suite["tests"]) for suite in document["suites"])),
    },
    "billing-decisions": lambda document: {
        "blockers": str(len(document.get("blockers", ()))),
        "risk": str((document.get("risk") or {}).get("score", _ABSENT)),
    },
}
_COMMON = ("mode", "target", "tier", "commit", "dirty")
_CAUGHT = {True: "caught", False: "missed"}


def comparable(kind: str, document: Document) -> Comparable:
    """`document`, the final one of a run of `kind`, as its schema accepted it."""
    rows = [(each, list(_found(document, each))) for each in _ROWS.get(kind, ())]
    return Comparable(
        facts={
            "verdict": overall_status(document),
            "reason": first_reason(document),
            **{name: _told(document.get(name)) for name in _COMMON if name in document},
            **(_FACTS[kind](document) if kind in _FACTS else {}),
        },
        statuses={
            f"{each.said}{row[each.name]}": _status(row[each.status]) for each, found in rows for row in found
        },
        timings_ms={
            f"{each.said}{row[each.name]}": int(row["duration_ms"])
            for each, found in rows
            for row in found
            if row.get("duration_ms") is not None
        }
        | _whole(document),
        coverage={str(row["module"]): _counts(row) for row in document.get("coverage") or ()},
        versions={str(name): str(version) for name, version in document.get("versions", {}).items()},
        files={str(name): str(digest) for name, digest in _project(document).get("sha256", {}).items()},
    )


def _found(document: Document, rows: Rows) -> Iterable[Document]:
    return (row for row in document.get(rows.key) or () if {rows.name, rows.status} <= row.keys())


def _whole(document: Document) -> dict[str, int]:
    return {"the whole run": int(document["duration_ms"])} if "duration_ms" in document else {}


def _project(document: Document) -> Document:
    found: Document = document.get("project") or {}
    return found


def _status(told: Any) -> str:
    return _CAUGHT[told] if isinstance(told, bool) else str(told)


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _ABSENT if value is None else str(value)


def _shard(told: Document | None) -> str:
    return _ABSENT if told is None else f"{told['index']}/{told['of']}"


def _counts(module: Document) -> str:
    line, branch = module["line"], module["branch"]
    return (
        f"line {line['covered']}/{line['total']} {line['status']}, "
        f"branch {branch['covered']}/{branch['total']} {branch['status']}"
    )
