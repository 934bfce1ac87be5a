"""What a prune would remove below an artifacts folder, and why the rest stays."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from billing_canary.artifact.kinds import KINDS
from billing_canary.artifact.pins import find_pins
from billing_canary.artifact.retention import RUNNING, KindPlan, Limits, plan_kind
from billing_canary.artifact.run_order import in_order, scan
from billing_canary.artifact.status import INTERRUPTED
from billing_canary.artifact.status_reader import QUICK, StatusReader
from billing_canary.artifact.trash_names import left_over

if TYPE_CHECKING:
    from billing_canary.audit.log import AuditLog

VOID = "invalidated"


@dataclass(frozen=True, kw_only=True)
class Told:
    """What people told about runs.

    Attributes:
        log: the project's audit log; None when there is none.
        void: "kind/run-id" of runs that were declared void; they count as neither passed nor failed.
    """

    log: AuditLog | None = None
    void: Collection[str] = ()


@dataclass(frozen=True, kw_only=True)
class PrunePlan:
    """What a prune would do.

    Attributes:
        left: "kind/run-id" of bundles whose removal an earlier prune began.
        unknown: why nothing may be removed, if so.
    """

    kinds: tuple[KindPlan, ...]
    left: tuple[str, ...]
    unknown: tuple[str, ...]


def plan_prune(
    root: Path,
    kinds: Sequence[str],
    limits: Limits,
    told: Told,
    *,
    trust_index: bool,
) -> PrunePlan:
    """What of `kinds` (all, when none is named) below `root` stays and what goes.

    Args:
        root: the artifacts folder.
        kinds: names of kinds.
        limits: how many of the newest stay.
        told: what people told.
        trust_index: whether a status may come from the index where the final file looks unchanged. Only
            for looking; who removes reads.

    Raises:
        EvidenceError: the runs cannot be listed.
    """
    pins = find_pins(root, told.log)
    reader = StatusReader(root, quick=QUICK if trust_index else None)

    def planned(kind: str) -> KindPlan:
        def status_of(run_id: str) -> str:
            status = VOID if f"{kind}/{run_id}" in told.void else reader.status(kind, run_id)
            return _at_work(root / kind / run_id) if status == INTERRUPTED else status

        run_ids = in_order(root / kind, found[kind].runs)
        return plan_kind(kind, run_ids, limits, status_of, pins.of(kind))

    found = {kind: scan(root / kind) for kind in (tuple(kinds) or KINDS)}
    plan = PrunePlan(
        kinds=tuple(planned(kind) for kind in found),
        left=tuple(f"{kind}/{run_id}" for kind in found for run_id in left_over(found[kind].hidden)),
        unknown=pins.unknown,
    )
    reader.note()
    return plan


def _at_work(folder: Path) -> str:
    """What a run without its final file is called."""
    from billing_canary.artifact.at_work import is_at_work  # noqa: PLC0415 - most plans meet no such run

    try:
        return RUNNING if is_at_work(folder) else INTERRUPTED
    except FileNotFoundError:
        return ""
