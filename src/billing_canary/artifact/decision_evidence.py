"""`evidence.json` of a decision: policy and evidence as they were judged, so that it can be judged again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from billing_canary.artifact.plain_values import from_plain, to_plain
from billing_canary.artifact.reader import read_json
from billing_canary.audit.chain import log_bytes, read_log
from billing_canary.audit.fields import is_instant
from billing_canary.errors import EvidenceError
from billing_canary.release import ReleaseEvidence, ReleasePolicy

EVIDENCE_FILE = "evidence.json"
RELEASE_COPY = "release.toml"
RISK_COPY = "risk.toml"
LOG_COPY = "audit-log.jsonl"

_VERSION = "1"
_KEYS = {"schema_version", "policy", "evidence"}


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What a decision was judged from."""

    policy: ReleasePolicy
    evidence: ReleaseEvidence


def evidence_document(judged: Judged) -> dict[str, Any]:
    """`judged` as the document of `evidence.json`."""
    return {
        "schema_version": _VERSION,
        "policy": to_plain(judged.policy),
        "evidence": to_plain(judged.evidence),
    }


def read_evidence(folder: Path) -> Judged:
    """What the decision in `folder` was judged from; its copy of the audit log is verified again.

    Raises:
        EvidenceError: the file is absent, unsafe, not in this format, or its log is not an unbroken one.
    """
    document = read_json(folder, EVIDENCE_FILE).document
    if document.keys() != _KEYS or document["schema_version"] != _VERSION:
        raise EvidenceError(f"{EVIDENCE_FILE}: is not in the format of version {_VERSION}")
    judged = Judged(
        policy=from_plain(ReleasePolicy, document["policy"], f"{EVIDENCE_FILE}: policy"),
        evidence=from_plain(ReleaseEvidence, document["evidence"], f"{EVIDENCE_FILE}: evidence"),
    )
    if is_instant(judged.evidence.decided_at):
        raise EvidenceError(f"{EVIDENCE_FILE}: decided_at is no instant in UTC")
    log = judged.evidence.log
    if not log.problems and read_log(log_bytes(log)) != log:
        raise EvidenceError(f"{EVIDENCE_FILE}: its audit log is not an unbroken one")
    return judged
