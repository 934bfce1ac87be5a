"""The decisions of the backend, gathered in one place; a fault replaces one or two of them.

Every field is consulted by the running service. The defaults are what a healthy service does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from billing_canary.reference.backend.agreement import Bill, Standing
from billing_canary.reference.backend.event import Event
from billing_canary.reference.store import Store, Transaction
from billing_canary.reference.web import ApiError

LARGEST_AMOUNT = 99_999_999
"""Minor units of one top-up; the provider takes eight digits."""

TOLERANCE_S = 300.0
"""Age of a webhook signature; source: https://docs.stripe.com/webhooks, "Preventing replay attacks"."""

Effect = Callable[[Transaction], None]
Check = Callable[[Transaction], None]
Run = Callable[[Effect], bool]
"""Runs an effect unless its event had one already; whether it ran."""

GRANTING_REASONS = ("subscription_create", "subscription_cycle")
"""Invoices that begin a period. Others, such as those for a change in between, grant no fresh quota."""


def every_candidate(candidates: Sequence[str]) -> Sequence[str]:
    """Try each signature, so that a secret can be rotated."""
    return candidates


def as_received(body: bytes) -> bytes:
    """The signature covers the very bytes that came."""
    return body


def refuse_none(event: Event, payment_is_known: Callable[[Event], bool]) -> ApiError | None:  # noqa: ARG001 - the shape of this policy
    """Accept every genuine event; what it means is decided later."""
    return None


def mark_event(transaction: Transaction, event_id: str) -> bool:
    """Note that `event_id` took effect; False when it already had."""
    cursor = transaction.execute("INSERT OR IGNORE INTO processed_event (id) VALUES (?)", event_id)
    return cursor.rowcount == 1


def mark_with_effect(store: Store, event_id: str, effect: Effect) -> bool:
    """Run `effect` unless `event_id` had one, marking it in the same transaction; whether it ran."""
    with store.transaction() as transaction:
        if not mark_event(transaction, event_id):
            return False
        effect(transaction)
        return True


def store_each(store: Store, event_id: str, insert: Effect) -> None:  # noqa: ARG001 - the shape of this policy
    """Store every delivery; what was seen before is known when it is processed."""
    with store.transaction() as transaction:
        insert(transaction)


def one_credit_a_top_up(top_up: str, path: str, copy: int) -> str:  # noqa: ARG001 - the shape of this policy
    """The ledger reference of a credit: whatever path reports a payment, it counts once."""
    return f"topup:{top_up}"


def captured_amount(requested: int, received: int) -> int:  # noqa: ARG001 - the shape of this policy
    """Credit what the provider took."""
    return received


def at_most_requested(requested: int, received: int) -> bool:
    """Whether a payment can belong to a top-up of `requested`."""
    return 0 < received <= requested


def minor_units(amount: int, currency: str) -> int:  # noqa: ARG001 - the shape of this policy
    """Both sides count minor units, so nothing is converted."""
    return amount


def exact(amount: int) -> int:
    """Integers stay as they are."""
    return amount


def whole_positive_amount(value: object) -> int:
    """The amount of a top-up: an integer from 1 to `LARGEST_AMOUNT`.

    Raises:
        ApiError: 422 for anything else.
    """
    if type(value) is not int or not 1 <= value <= LARGEST_AMOUNT:
        raise ApiError(422, "invalid_amount", f"amount must be an integer from 1 to {LARGEST_AMOUNT}")
    return value


def add_to_balance(store: Store, transaction: Transaction, account: str, amount: int) -> None:  # noqa: ARG001 - the shape of this policy
    """Change the balance in the database itself, in the transaction of its ledger entry."""
    transaction.execute("UPDATE account SET balance = balance + ? WHERE id = ?", amount, account)


def check_and_hold(store: Store, check: Check, hold: Effect) -> None:
    """Check what is available and take it in one transaction."""
    with store.transaction() as transaction:
        check(transaction)
        hold(transaction)


def all_units_available(available: int, units: int) -> bool:
    """Whether `available` pays for `units`."""
    return available >= units


def begins_paid_period(bill: Bill) -> bool:
    """Whether an invoice grants the quota of its period: it is paid, though perhaps with nothing."""
    return bill.status == "paid" and bill.reason in GRANTING_REASONS


def until_it_ends(standing: Standing) -> bool:
    """Whether a subscription gives access: while it runs, also when its last payment failed."""
    ended = standing.cancel_at_period_end and standing.now >= standing.period_end
    return standing.status in {"active", "past_due"} and not ended


def unknown_state() -> ApiError:
    """The answer when the billing state cannot be read: our failure, not the customer's."""
    return ApiError(503, "billing_state_unknown", "the billing state cannot be read now; try again")


def client_key(key: str, request_id: str) -> str:  # noqa: ARG001 - the shape of this policy
    """What identifies an attempt: the client's key alone."""
    return key


def given_build(build_id: str) -> str:
    """The process serves the build that was deployed."""
    return build_id


@dataclass(frozen=True, kw_only=True)
class Policies:
    """Every decision that a fault can replace."""

    # webhook intake
    checks_signature: bool = True
    signature_candidates: Callable[[Sequence[str]], Sequence[str]] = every_candidate
    signed_bytes: Callable[[bytes], bytes] = as_received
    tolerance_s: float | None = TOLERANCE_S
    refusal: Callable[[Event, Callable[[Event], bool]], ApiError | None] = refuse_none

    store_delivery: Callable[[Store, str, Effect], None] = store_each

    # webhook processing
    processes_inbox: bool = True
    rechecks_age: bool = False
    honours_mode: bool = True
    apply_once: Callable[[Store, str, Effect], bool] = mark_with_effect
    swallows_errors: bool = False

    # crediting
    credits_payments: bool = True
    credit_reference: Callable[[str, str, int], str] = one_credit_a_top_up
    credited_amount: Callable[[int, int], int] = captured_amount
    accepts_received: Callable[[int, int], bool] = at_most_requested
    compares_currency: bool = True
    to_provider: Callable[[int, str], int] = minor_units
    from_provider: Callable[[int, str], int] = minor_units

    # ledger
    kept_amount: Callable[[int], int] = exact
    enters_credits: bool = True
    write_balance: Callable[[Store, Transaction, str, int], None] = add_to_balance

    # top-up attempts
    valid_amount: Callable[[object], int] = whole_positive_amount
    remembers_attempts: bool = True
    reserves_attempts: bool = True
    compares_attempts: bool = True
    attempt_key: Callable[[str, str], str] = client_key
    completion_gap_s: float = 0.0
    charges_again_on_failed_write: bool = False

    # usage
    gates_usage: bool = True
    reserve: Callable[[Store, Check, Effect], None] = check_and_hold
    affordable: Callable[[int, int], bool] = all_units_available
    releases_failed_holds: bool = True
    charges_failed_work: bool = False
    denial_cache_s: float = 0.0
    unknown_state: Callable[[], ApiError] = unknown_state

    # subscriptions
    reserve_subscription: Callable[[Store, Check, Effect], None] = check_and_hold
    asks_provider: bool = True
    grants_quota: Callable[[Bill], bool] = begins_paid_period
    entitles: Callable[[Standing], bool] = until_it_ends

    # deployment
    build_id: Callable[[str], str] = given_build
