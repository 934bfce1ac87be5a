"""What a subscription allows now: the units that its latest paid period grants, less those used."""

from __future__ import annotations

from dataclasses import dataclass

from billing_canary.reference.backend.agreement import Standing
from billing_canary.reference.backend.core import Core
from billing_canary.reference.store import Row, Transaction


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """The quota of the present period; `resets_at` is when the next one begins, if it is renewed."""

    invoice: str
    plan: str
    status: str
    units: int
    used: int
    resets_at: float

    @property
    def left(self) -> int:
        """Units that may still be used; below zero after use that was not gated."""
        return self.units - self.used


class Allowances:
    """Looks up what accounts may use. A grant belongs to a period, so that events may come in any order."""

    def __init__(self, core: Core) -> None:
        self._policies, self._clock = core.policies, core.clock

    def of(self, transaction: Transaction, account: str) -> Allowance | None:
        """The allowance of `account`; None when no subscription gives it one."""
        rows = transaction.execute(
            """SELECT invoice.id AS invoice, plan, subscription.status, units, cancel_at_period_end,
            subscription.period_end AS resets_at,
            (SELECT coalesce(sum(included), 0) FROM usage_record
             WHERE usage_record.invoice = invoice.id AND state != 'released') AS used
            FROM subscription JOIN invoice ON invoice.subscription = subscription.id
            WHERE account = ? AND invoice.status = 'paid' AND units IS NOT NULL
            ORDER BY invoice.period_start DESC, invoice.rowid DESC""",
            account,
        )
        row = next(filter(self._entitles, rows), None)
        if row is None:
            return None
        names = ("invoice", "plan", "status", "units", "used", "resets_at")
        return Allowance(**{name: row[name] for name in names})

    def _entitles(self, row: Row) -> bool:
        standing = Standing(
            status=row["status"],
            cancel_at_period_end=bool(row["cancel_at_period_end"]),
            period_end=row["resets_at"],
            now=self._clock.now(),
        )
        return self._policies.entitles(standing)
