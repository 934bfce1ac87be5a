"""The coverage of the gated modules as JSON: `gate coverage --json`, and a file of a tier's bundle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from billing_canary.artifact.render.coverage_gaps import gaps
from billing_canary.module_coverage import Counts, ModuleCoverage
from billing_canary.verdict import Verdict

COVERAGE_DOCUMENT = "coverage/backend_billing_coverage.json"
"""Its path inside a bundle; release runbooks name it so."""


def coverage_document(modules: Sequence[ModuleCoverage], verdict: Verdict) -> dict[str, Any]:
    """The document; integers throughout, since ratios would have to be rounded."""
    return {
        "schema_version": "1",
        "overall_status": str(verdict.overall_status),
        "reasons": list(verdict.reasons),
        "modules": [module_document(module) for module in modules],
        "cover_next": [
            {"module": gap.module, "kind": gap.kind, "first": gap.first, "last": gap.last, "size": gap.size}
            for gap in gaps(modules)
        ],
    }


def module_document(module: ModuleCoverage) -> dict[str, Any]:
    """One module."""
    return {
        "module": module.module,
        "role": module.role,
        "status": str(module.status),
        "reason": module.reason,
        "fix": module.fix,
        "line": _counts(module.line),
        "branch": _counts(module.branch),
        "excluded": module.excluded,
        "missing_lines": [list(stretch) for stretch in module.missing_lines],
        "missing_branches": [list(branch) for branch in module.missing_branches],
        "partial_branches": [
            {"line": line, "exits": exits, "taken": taken} for line, exits, taken in module.partial
        ],
        "overrides": list(module.overrides),
        "notes": list(module.notes),
    }


def _counts(counts: Counts) -> dict[str, Any]:
    return {
        "covered": counts.covered,
        "total": counts.total,
        "minimum": counts.minimum,
        "status": str(counts.status),
    }
