"""The kinds of bundles: their folder, their files, and the final file that makes them complete."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from billing_canary.errors import EvidenceError

RUN_FILE = "run.json"
"""Written first, with state `running`; every kind has it."""


@dataclass(frozen=True, kw_only=True)
class BundleFile:
    """One file that every bundle of a kind holds.

    Attributes:
        kind: what it is, as in the artifact index.
        rendered: made from the verdict for people, so that it cannot be there before the verdict.
    """

    path: str
    kind: str
    rendered: bool = False


@dataclass(frozen=True, kw_only=True)
class BundleKind:
    """One kind of bundle.

    Attributes:
        name: the folder below the artifacts root.
        final: the file that is written last; without it the run was interrupted.
        schema: name of the JSON Schema of the final file.
        report: the file that a person opens.
        files: what is required beside the final file.
    """

    name: str
    final: str
    schema: str
    report: str
    files: tuple[BundleFile, ...]


_COMMON = (
    BundleFile(path=RUN_FILE, kind="run"),
    BundleFile(path="runner.json", kind="runner"),
    BundleFile(path="logs/run.log", kind="log"),
)

_CANARY = BundleKind(
    name="billing-canary",
    final="billing-canary-report.json",
    schema="canary-report",
    report="billing-canary-report.md",
    files=(
        *_COMMON,
        BundleFile(path="billing-canary-report.md", kind="report", rendered=True),
        BundleFile(path="junit.xml", kind="junit", rendered=True),
    ),
)

_FAULTS = BundleKind(
    name="billing-faults",
    final="faults.json",
    schema="faults-report",
    report="faults.md",
    files=(*_COMMON, BundleFile(path="faults.md", kind="report", rendered=True)),
)

_CONFIDENCE = BundleKind(
    name="billing-confidence",
    final="summary.json",
    schema="tier-summary",
    report="summary.md",
    files=(
        *_COMMON,
        BundleFile(path="summary.md", kind="report", rendered=True),
        BundleFile(path="junit.xml", kind="junit", rendered=True),
    ),
)

_TRIGGERS = BundleKind(
    name="billing-triggers",
    final="triggers.json",
    schema="triggers-report",
    report="triggers.md",
    files=(
        *_COMMON,
        BundleFile(path="readings.json", kind="readings"),
        BundleFile(path="rollback.toml", kind="policy"),
        BundleFile(path="triggers.md", kind="report", rendered=True),
    ),
)

_DECISION = BundleKind(
    name="billing-decisions",
    final="decision.json",
    schema="decision",
    report="decision.md",
    files=(
        *_COMMON,
        BundleFile(path="evidence.json", kind="evidence"),
        BundleFile(path="release.toml", kind="policy"),
        BundleFile(path="risk.toml", kind="policy"),
        BundleFile(path="decision.md", kind="report", rendered=True),
    ),
)

KINDS: Mapping[str, BundleKind] = {
    kind.name: kind for kind in (_CANARY, _FAULTS, _CONFIDENCE, _TRIGGERS, _DECISION)
}
"""Every kind by its name; a new kind is one entry here and one schema."""


def kind_named(name: str) -> BundleKind:
    """The kind called `name`.

    Raises:
        EvidenceError: there is none.
    """
    if name not in KINDS:
        raise EvidenceError(f"{name!r} is no kind of bundle; known are {', '.join(KINDS)}")
    return KINDS[name]
