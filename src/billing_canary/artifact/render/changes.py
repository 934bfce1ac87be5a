"""What changed since the run before: a section of every report that has one."""

from __future__ import annotations

from collections.abc import Iterator

from billing_canary.artifact.previous import PreviousRun
from billing_canary.artifact.render.escape import code, escaped, item, paragraph
from billing_canary.artifact.render.text import minute


def changes_section(before: PreviousRun | None, *, unknown: str, same: str) -> Iterator[str]:
    """The section's lines.

    Args:
        before: the run before, and what is different now.
        unknown: said when there is none.
        same: said when nothing is different.
    """
    yield "## What changed"
    yield ""
    if before is None:
        yield unknown
        return
    yield from paragraph(
        f"Since the run before, {code(before.run_id)} ({before.overall_status}, {minute(before.started_at)}):"
    )
    yield ""
    for change in before.changes or (same,):
        yield from item(escaped(change))
