"""Where a project keeps its audit log; apart from the log's nouns, which most commands do without."""

from __future__ import annotations

AUDIT_LOG = "gates/audit-log.jsonl"
"""Below the project's root. It belongs into the repository."""
