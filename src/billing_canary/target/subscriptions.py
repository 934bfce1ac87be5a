"""The backend under test, asked about subscriptions: plan, card, invoices, what an account may use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from billing_canary.guard.target_call import CallKind
from billing_canary.money import Money
from billing_canary.target.backend import Account, Backend
from billing_canary.target.operations import Answer, Operation, UnexpectedAnswerError


@dataclass(frozen=True, kw_only=True)
class PlanOffer:
    """The plan that this target's table subscribes to: its price and the units that a period includes."""

    price: Money
    quota_units: int


@dataclass(frozen=True, kw_only=True)
class SubscriptionState:
    """A subscription as the backend tells it.

    Attributes:
        status: in the provider's words, such as "active" or "past_due".
        period_end: seconds since the epoch; None where it is not told.
        cancels: whether it ends with its period.
    """

    status: str
    period_start: float | None
    period_end: float | None
    cancels: bool


@dataclass(frozen=True, kw_only=True)
class Entitlement:
    """Whether an account may use the product now; `quota_left` and `plan` where a subscription says so."""

    allowed: bool
    reason: str
    plan: str
    quota_left: int | None


class SubscriptionBackend(Backend):
    """A backend with subscriptions. Methods answer and raise as those of `Backend`."""

    def plan(self) -> PlanOffer:
        """What is subscribed to."""
        values = self._demand(Operation.READ_PLAN, {}).values
        price = values["price"]
        if not isinstance(price, Money):
            raise UnexpectedAnswerError(Operation.READ_PLAN, f"price {price!r}, no amount")
        return PlanOffer(price=price, quota_units=_whole(Operation.READ_PLAN, values["quota_units"]))

    def subscribe(self, account: Account, price: Money, card: str, attempt: str) -> Answer:
        """Subscribe with the test payment method `card`, which is charged `price` at once.

        Args:
            account: who subscribes.
            price: of the first period; reserved with the guard under `attempt` before it is sent.
            card: a payment method.
            attempt: the idempotency key, the same for all retries.
        """
        variables = {"card": card, "attempt": attempt, "trace": attempt, **_about(account), **_priced(price)}
        call = self._call(Operation.CREATE_SUBSCRIPTION, CallKind.MOVES_AT_ONCE, account, price, attempt)
        return self._ask_moving(variables, call)

    def subscription(self, account: Account, subscription: str) -> SubscriptionState:
        """The subscription as it is now."""
        variables = {"subscription": subscription, **_about(account)}
        values = self._demand(Operation.READ_SUBSCRIPTION, variables).values
        return SubscriptionState(
            status=str(values["status"]),
            period_start=_instant(values.get("period_start")),
            period_end=_instant(values.get("period_end")),
            cancels=values.get("cancels") is True,
        )

    def cancel_subscription(self, account: Account, subscription: str) -> Answer:
        """End it with its period."""
        return self._ask(Operation.CANCEL_SUBSCRIPTION, {"subscription": subscription, **_about(account)})

    def change_card(self, account: Account, subscription: str, card: str) -> Answer:
        """Pay with another card from now on; nothing is charged."""
        variables = {"subscription": subscription, "card": card, **_about(account)}
        return self._ask(Operation.CHANGE_CARD, variables)

    def pay_subscription(self, account: Account, subscription: str, price: Money, attempt: str) -> Answer:
        """Have the open invoice over `price` charged once more."""
        variables = {"subscription": subscription, "attempt": attempt, **_about(account), **_priced(price)}
        call = self._call(Operation.PAY_SUBSCRIPTION, CallKind.MOVES_AT_ONCE, account, price, attempt)
        return self._ask_moving(variables, call)

    def invoices(self, account: Account, subscription: str) -> tuple[dict[str, Any], ...]:
        """The invoices of a subscription, oldest first, each with at least `id` and `status`."""
        variables = {"subscription": subscription, **_about(account)}
        listed = self._demand(Operation.READ_INVOICES, variables).values["invoices"]
        if not isinstance(listed, list) or not all(_is_invoice(each) for each in listed):
            raise UnexpectedAnswerError(Operation.READ_INVOICES, "no list of invoices with id and status")
        return tuple(listed)

    def entitlement(self, account: Account) -> Entitlement:
        """Whether `account` may use the product now."""
        values = self._demand(Operation.READ_ENTITLEMENT, _about(account)).values
        left = values.get("quota_left")
        return Entitlement(
            allowed=values["allowed"] is True,
            reason=str(values.get("reason", "")),
            plan=str(values.get("plan", "")),
            quota_left=None if left is None else _whole(Operation.READ_ENTITLEMENT, left),
        )


def _about(account: Account) -> dict[str, Any]:
    extracted = {f"account.{name}": value for name, value in account.values.items()}
    return {"account": account.id, **extracted}


def _priced(price: Money) -> dict[str, Any]:
    amounts = {"amount.minor": price.minor, "amount.decimal": price.decimal}
    return {**amounts, "currency": price.currency, "currency.lower": price.currency.lower()}


def _whole(operation: Operation, value: Any) -> int:
    if type(value) is not int:
        raise UnexpectedAnswerError(operation, f"{value!r} where an integer is due")
    return value


def _instant(value: Any) -> float | None:
    if value is not None and type(value) not in {int, float}:
        raise UnexpectedAnswerError(Operation.READ_SUBSCRIPTION, f"{value!r} where an instant is due")
    return value  # type: ignore[no-any-return]  # the type was looked at


def _is_invoice(each: Any) -> bool:
    return isinstance(each, dict) and {"id", "status"} <= each.keys()
