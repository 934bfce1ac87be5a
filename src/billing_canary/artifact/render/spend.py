"""The part of the report that sets what was spent against the caps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from billing_canary.artifact.render.escape import table
from billing_canary.model import SpendReport
from billing_canary.money import Money


def spend(report: SpendReport) -> Iterator[str]:
    """One row for each currency that was planned, moved or capped."""
    yield "## Spend"
    yield ""
    lists = (report.planned, report.moved, report.caps_per_call, report.caps_per_run)
    currencies = sorted({money.currency for amounts in lists for money in amounts})
    if not currencies:
        yield "No money was planned, moved or capped."
        return
    rows = [[currency, *(_in(currency, amounts) for amounts in lists)] for currency in currencies]
    yield from table(("Currency", "Planned", "Moved", "Cap per call", "Cap per run"), rows)


def _in(currency: str, amounts: Sequence[Money]) -> str:
    """The amounts in one currency; a cap stands there once, sums are sums already."""
    return ", ".join(money.decimal for money in amounts if money.currency == currency) or "-"
