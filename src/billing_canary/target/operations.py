"""The operations port: what a billing system can be asked, whatever its own API looks like.

A target file maps each operation to a request. An operation that it does not map is a capability
which the target lacks; probes that need it are skipped with that reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from billing_canary.errors import BillingCanaryError, ExitCode


class Operation(StrEnum):
    """What probes may need of a target."""

    OPEN_ACCOUNT = "open_account"
    CLOSE_ACCOUNT = "close_account"
    FIND_ACCOUNTS = "find_accounts"
    """The open accounts of one run, for the clean-up after a run that was cut short."""
    READ_WALLET = "read_wallet"
    READ_LEDGER = "read_ledger"
    CREATE_TOP_UP = "create_top_up"
    CREATE_RAW_TOP_UP = "create_raw_top_up"
    """A top-up whose amount is sent exactly as given, for amounts that must be rejected."""
    CHECK_TOP_UP = "check_top_up"
    """The manual check of a payment: the second path to a credit."""
    CHARGE_SAVED_CARD = "charge_saved_card"
    CONSUME = "consume"
    CONSUME_FAILING = "consume_failing"
    """Paid use whose work fails after the wallet said yes."""
    READ_PLAN = "read_plan"
    """The plan that the target's table subscribes to."""
    CREATE_SUBSCRIPTION = "create_subscription"
    READ_SUBSCRIPTION = "read_subscription"
    CANCEL_SUBSCRIPTION = "cancel_subscription"
    """Ends a subscription with its period."""
    CHANGE_CARD = "change_card"
    PAY_SUBSCRIPTION = "pay_subscription"
    """Charges the open invoice of a subscription once more."""
    READ_INVOICES = "read_invoices"
    READ_ENTITLEMENT = "read_entitlement"
    DELIVER_EVENT = "deliver_event"
    READ_EVENT = "read_event"
    READ_BACKLOG = "read_backlog"
    READ_BUILD = "read_build"
    READ_HEALTH = "read_health"
    READ_METRICS = "read_metrics"
    READ_CLOCK = "read_clock"
    ADVANCE_CLOCK = "advance_clock"
    SET_ENFORCEMENT = "set_enforcement"
    DISRUPT_BALANCE_WRITES = "disrupt_balance_writes"
    DISRUPT_EVENT_PROCESSING = "disrupt_event_processing"
    DISRUPT_BILLING_STATE = "disrupt_billing_state"
    PAY = "pay"
    """Pay as a customer at the payment provider. Mapped by the target's `provider` table."""
    PAID_EVENT = "paid_event"
    """Make the event that means "paid" for this backend. Mapped by the backend's `paid_event` table."""


class Outcome(StrEnum):
    """What an answer means, apart from how this backend spells it."""

    OK = "ok"
    BLOCKED = "blocked"
    """Refused for want of money or quota (402 unless the mapping says otherwise)."""
    REJECTED = "rejected"
    """The request itself was refused (other 4xx)."""
    UNAVAILABLE = "unavailable"
    """The backend says that it cannot tell now (503)."""
    FAILED = "failed"
    """The backend broke (other 5xx, or an answer that is none of these)."""
    UNANSWERED = "unanswered"
    """The request left, no answer was read: the effect is unknown."""


@dataclass(frozen=True, kw_only=True)
class OperationContract:
    """What a mapping of one operation may use and must extract.

    Attributes:
        variables: names that its templates may hold, beside the ones that every operation has.
        outputs: names that `extract` must define for a successful answer.
        money: outputs (required or not) that are amounts.
        optional: names that `extract` may define.
    """

    variables: frozenset[str] = frozenset()
    outputs: frozenset[str] = frozenset()
    money: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()


def _contract(
    variables: str = "", outputs: str = "", money: str = "", optional: str = ""
) -> OperationContract:
    return OperationContract(
        variables=frozenset(variables.split()),
        outputs=frozenset(outputs.split()),
        money=frozenset(money.split()),
        optional=frozenset(optional.split()),
    )


_AMOUNT = "amount.minor amount.decimal amount.credits currency currency.lower"
_PRICE = "amount.minor amount.decimal currency currency.lower"
_TOP_UP = f"account {_AMOUNT} attempt trace"

CONTRACTS: Mapping[Operation, OperationContract] = {
    Operation.OPEN_ACCOUNT: _contract("name currency currency.lower quota_units", outputs="account"),
    Operation.CLOSE_ACCOUNT: _contract("account"),
    Operation.FIND_ACCOUNTS: _contract(outputs="accounts"),
    Operation.READ_WALLET: _contract("account", "balance", money="balance available", optional="available"),
    Operation.READ_LEDGER: _contract("account", outputs="total", money="total"),
    Operation.CREATE_TOP_UP: _contract(_TOP_UP, outputs="payment", optional="top_up status"),
    Operation.CREATE_RAW_TOP_UP: _contract(
        "account raw_amount currency currency.lower attempt", optional="payment"
    ),
    Operation.CHECK_TOP_UP: _contract("account top_up payment"),
    Operation.CHARGE_SAVED_CARD: _contract(_TOP_UP, optional="payment top_up status"),
    Operation.CONSUME: _contract("account units usage", optional="reason charged"),
    Operation.CONSUME_FAILING: _contract("account units usage", optional="reason"),
    Operation.READ_PLAN: _contract(outputs="price quota_units", money="price"),
    Operation.CREATE_SUBSCRIPTION: _contract(
        f"account card {_PRICE} attempt trace", outputs="subscription", optional="status reason"
    ),
    Operation.READ_SUBSCRIPTION: _contract(
        "account subscription", outputs="status", optional="period_start period_end cancels"
    ),
    Operation.CANCEL_SUBSCRIPTION: _contract("account subscription"),
    Operation.CHANGE_CARD: _contract("account subscription card", optional="reason"),
    Operation.PAY_SUBSCRIPTION: _contract(f"account subscription {_PRICE} attempt", optional="reason"),
    Operation.READ_INVOICES: _contract("account subscription", outputs="invoices"),
    Operation.READ_ENTITLEMENT: _contract("account", outputs="allowed", optional="reason plan quota_left"),
    Operation.DELIVER_EVENT: _contract("signature"),
    Operation.READ_EVENT: _contract("event", outputs="state", optional="attempts effects reason"),
    Operation.READ_BACKLOG: _contract(outputs="pending", optional="oldest_age_s dead"),
    Operation.READ_BUILD: _contract(outputs="build"),
    Operation.READ_HEALTH: _contract(),
    Operation.READ_METRICS: _contract(),
    Operation.READ_CLOCK: _contract(outputs="now"),
    Operation.ADVANCE_CLOCK: _contract("seconds", outputs="now"),
    Operation.SET_ENFORCEMENT: _contract("enabled"),
    Operation.DISRUPT_BALANCE_WRITES: _contract("account times"),
    Operation.DISRUPT_EVENT_PROCESSING: _contract("account times"),
    Operation.DISRUPT_BILLING_STATE: _contract("account times"),
}
"""Operations that a backend table maps. `pay` and `paid_event` have tables of their own."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A backend's answer to one operation.

    Attributes:
        values: what the mapping extracted; a missing optional value is absent.
        text: the start of the body, for evidence; redacted when it is stored.
    """

    operation: Operation
    outcome: Outcome
    status: int
    values: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""

    def __str__(self) -> str:
        reason = self.values.get("reason")
        said = f" ({reason})" if reason else ""
        return f"{self.outcome.value}{said}, HTTP {self.status}"


class UnexpectedAnswerError(BillingCanaryError):
    """The backend did not answer a step of a probe as a working one does."""

    exit_code = ExitCode.NO

    def __init__(self, operation: Operation, observed: str) -> None:
        self.operation = operation
        self.observed = observed
        super().__init__(f"{operation.value} answered {observed}")
