"""Looking for evidence among runs of the tier pr-fast that tests recorded."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.fakes.recorded import COMMIT

from billing_canary.artifact.evidence_finder import Question, find_evidence
from billing_canary.artifact.seal import sealed
from billing_canary.cli.decide_evidence import full_check
from billing_canary.release import BundleEvidence

OTHER = "b" * 40
KIND = "billing-confidence"


def question(tier: str = "pr-fast", commit: str = COMMIT) -> Question:
    """Asks for the newest run of `tier` at `commit`."""

    def resembles(seen: BundleEvidence) -> bool:
        return seen.tier in {"", tier}

    return Question(
        kind=KIND,
        concerns=lambda seen: resembles(seen) and seen.commit in {None, commit},
        resembles=resembles,
    )


def found(root: Path, *questions: Question, void: dict[str, str] | None = None) -> list[BundleEvidence]:
    """What the finder finds for `questions`."""
    return list(find_evidence(root, questions or [question()], full_check, void or {}))


def states(root: Path, *questions: Question) -> list[tuple[str, str]]:
    """Which runs it finds, and in which state."""
    return [(seen.run_id, seen.state) for seen in found(root, *questions)]


def reseal(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change a final file as somebody does who knows how it is sealed."""
    document = json.loads((folder / "summary.json").read_text())
    del document["document_sha256"]
    change(document)
    (folder / "summary.json").write_bytes(sealed(document))
