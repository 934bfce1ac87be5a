"""The plans that can be subscribed to: units of use for a month, at a price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from billing_canary.reference.web import ApiError


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One plan.

    Attributes:
        quota_units: units of use that are included in a month.
        prices: minor units a month, by currency code.
    """

    id: str
    title: str
    quota_units: int
    prices: Mapping[str, int]

    def price_in(self, currency: str) -> int:
        """Minor units a month in `currency`.

        Raises:
            ApiError: 422 when the plan is not sold in it.
        """
        if currency not in self.prices:
            raise ApiError(422, "currency_not_offered", f"the plan {self.id} is not sold in {currency}")
        return self.prices[currency]


_ALL = (
    Plan(id="free", title="Free", quota_units=2, prices={"RUB": 0, "JPY": 0, "USD": 0, "EUR": 0}),
    Plan(id="starter", title="Starter", quota_units=5, prices={"RUB": 29, "JPY": 80, "USD": 29, "EUR": 29}),
    Plan(id="pro", title="Pro", quota_units=20, prices={"RUB": 90, "JPY": 95, "USD": 90, "EUR": 90}),
)

PLANS = {plan.id: plan for plan in _ALL}
"""Every plan by its id."""


def find_plan(plan_id: Any) -> Plan:
    """The plan with this id.

    Raises:
        ApiError: 422 when there is none.
    """
    if not isinstance(plan_id, str) or plan_id not in PLANS:
        raise ApiError(422, "unknown_plan", f"plan must be one of {', '.join(PLANS)}")
    return PLANS[plan_id]
